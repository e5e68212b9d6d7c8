import Diagnostics
import Files
import Tensors

/// Writes an HDF5 file tensor by tensor, as h5py would from a state dict: a dataset each, in one
/// piece, little-endian.
///
/// Booleans become h5py's enumeration; bfloat16 becomes 16-bit integers with the attribute
/// `dtype = "bfloat16"`. Same entries and bytes, same file.
package struct HDF5Writer: CheckpointWriter, ~Copyable {
  /// What a safetensors file is told of a tensor is what this one needs to know too.
  package typealias Entry = StoredTensor

  /// The order in which the tensors' bytes have to come.
  package var order: [Entry] { plan.order }
  private let plan: HDF5FilePlan
  private let file: AtomicFile
  private var written = 0

  /// Creates the file under a temporary name and writes everything but the tensors.
  ///
  /// - Throws: `cannot-create`, `write-failed`, `duplicate-tensor`, `hdf5-name-collision` when
  ///   `grouped` names would make one tensor the group of another, `hdf5-name`, `hdf5-limit`,
  ///   `hdf5-element-type`.
  package init(
    destination: String, entries: [Entry], naming: HDF5Naming, replacing: Bool
  ) throws {
    let plan = try located(in: .init(file: destination)) {
      try HDF5FilePlan(entries, naming: naming)
    }
    let file = try AtomicFile(destination: destination, replacing: replacing)
    try file.write(plan.header)
    self.plan = plan
    self.file = file
  }

  package mutating func write(_ bytes: [UInt8]) throws { try write(bytes.span.bytes) }

  /// Writes the bytes of the next tensor in ``order``.
  ///
  /// - Throws: `write-failed`, also when these are not as many bytes as the tensor has.
  package mutating func write(_ bytes: RawSpan) throws {
    guard written < order.count else {
      throw Fault(
        .writeFailed, "all \(order.count) tensors were written before",
        at: .init(file: file.destination))
    }
    let entry = order[written]
    guard bytes.byteCount == entry.byteCount else {
      throw Fault(
        .writeFailed, "\(bytes.byteCount) bytes for a tensor of \(entry.byteCount)",
        at: .init(file: file.destination, tensor: entry.key.name))
    }
    try file.write(bytes)
    written += 1
  }

  /// Gives the finished file its name.
  ///
  /// - Throws: `write-failed`, also when tensors are missing.
  package consuming func commit() throws {
    guard written == order.count else {
      throw Fault(
        .writeFailed, "\(order.count - written) tensors were not written",
        at: .init(file: file.destination))
    }
    try file.commit()
  }
}
