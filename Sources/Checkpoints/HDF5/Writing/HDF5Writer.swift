import Diagnostics
import Files
import Tensors

/// Writes an HDF5 file tensor by tensor, as h5py would from a state dict: a dataset each, in one
/// piece, little-endian.
///
/// Booleans become h5py's enumeration; bfloat16 becomes 16-bit integers with the attribute
/// `dtype = "bfloat16"`. Same entries and bytes, same file.
package struct HDF5Writer: CheckpointWriter, ~Copyable {
  /// The order in which the tensors' bytes have to come.
  package var order: [StoredTensor] { plan.order }
  private let plan: HDF5FilePlan
  private let file: AtomicFile
  private var progress: WritingOrder

  /// Creates the file under a temporary name and writes everything but the tensors.
  ///
  /// - Throws: `cannot-create`, `write-failed`, `duplicate-tensor`, `hdf5-name-collision` when
  ///   `grouped` names would make one tensor the group of another, `hdf5-name`, `hdf5-limit`,
  ///   `hdf5-element-type`.
  package init(
    destination: String, entries: [StoredTensor], naming: HDF5Naming, replacing: Bool
  ) throws {
    let plan = try located(in: .init(file: destination)) {
      try HDF5FilePlan(entries, naming: naming)
    }
    let file = try AtomicFile(destination: destination, replacing: replacing)
    try file.write(plan.header)
    progress = WritingOrder(plan.order)
    self.plan = plan
    self.file = file
  }

  /// Writes the bytes of the next tensor in ``order``.
  ///
  /// - Throws: `write-failed`, also when these are not as many bytes as the tensor has.
  package mutating func write(_ bytes: RawSpan) throws {
    _ = try progress.next(byteCount: bytes.byteCount, to: file.destination)
    try file.write(bytes)
  }

  /// Gives the finished file its name.
  ///
  /// - Throws: `write-failed`, also when tensors are missing.
  package consuming func commit() throws {
    try progress.checkComplete(file.destination)
    try file.commit()
  }
}
