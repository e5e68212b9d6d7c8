import Diagnostics
import Tensors

/// Every byte of a file before its first tensor, and where the tensors come after that.
///
/// Superblock version 0, groups with symbol tables and contiguous datasets: what h5py writes by
/// default, and what every release of the library since 1.0 reads. The bytes follow from the entries
/// alone; there is no time in them.
package struct HDF5FilePlan: Sendable {
  /// The order of the tensors' bytes: widest element type first, which keeps every tensor aligned
  /// without gaps, then by name. It is the order of safetensors files too.
  package let order: [StoredTensor]
  package let header: [UInt8]
  /// The offset in the file of each tensor of ``order``.
  package let dataOffsets: [Int]
  /// The bytes of the whole file.
  package let byteCount: Int

  /// - Throws: `duplicate-tensor`, `hdf5-name`, `hdf5-name-collision`, `hdf5-limit`,
  ///   `hdf5-element-type`.
  package init(_ entries: [StoredTensor], naming: HDF5Naming) throws {
    let order = entries.sorted {
      $0.dtype != $1.dtype ? $0.dtype > $1.dtype : $0.key < $1.key
    }
    try HDF5FilePlan.checkEntries(order)
    let tree = try HDF5NameTree(order.map(\.key), naming: naming)
    let relative = try HDF5FilePlan.offsets(of: order)
    // The structures take the same room wherever the data starts: once to measure, once to keep.
    // All of them are multiples of eight bytes, so that the first tensor is aligned.
    let dataStart = try HDF5FilePlan.encode(tree, order, relative, dataStart: 0).count
    let (end, overflow) = relative[order.count].addingReportingOverflow(dataStart)
    guard !overflow else { throw HDF5FilePlan.tooLarge }
    self.order = order
    header = try HDF5FilePlan.encode(tree, order, relative, dataStart: dataStart, end: end)
    dataOffsets = relative.dropLast().map { $0 + dataStart }
    byteCount = end
  }

  private static func checkEntries(_ entries: [StoredTensor]) throws {
    var names: Set<TargetKey> = []
    for entry in entries {
      let place = Fault.Place(tensor: entry.key.name)
      guard names.insert(entry.key).inserted else {
        throw Fault(.duplicateTensor, "two tensors of one name cannot be written", at: place)
      }
      guard entry.shape.rank <= HDF5Dataspace.maximumRank else {
        throw Fault(
          .hdf5Limit, "\(entry.shape.rank) axes; HDF5 allows \(HDF5Dataspace.maximumRank)",
          at: place)
      }
    }
  }

  /// Where each tensor starts, counted from the first one's byte, and where the last one ends.
  private static func offsets(of order: [StoredTensor]) throws -> [Int] {
    var offsets = [0]
    for entry in order {
      let (end, overflow) = offsets[offsets.count - 1].addingReportingOverflow(entry.byteCount)
      guard !overflow else { throw tooLarge }
      offsets.append(end)
    }
    return offsets
  }

  private static var tooLarge: Fault {
    Fault(.overLimit, "the tensors together take more bytes than 63 bits can count")
  }

  private static func encode(
    _ tree: HDF5NameTree, _ order: [StoredTensor], _ offsets: [Int], dataStart: Int,
    end: Int = 0
  ) throws -> [UInt8] {
    var encoder = HDF5Encoder()
    encoder.zeros(superblockByteCount)
    let root = try append(tree, to: &encoder) { tensor, encoder in
      let entry = order[tensor]
      try located(in: .init(tensor: entry.key.name)) {
        try encoder.appendDataset(
          dtype: entry.dtype, shape: entry.shape, byteCount: entry.byteCount,
          data: entry.byteCount == 0 ? nil : UInt64(dataStart + offsets[tensor]))
      }
    }
    let first = superblock(root, end: UInt64(end))
    return first + encoder.bytes.dropFirst(first.count)
  }

  /// A group after everything in it, since it says where that stands.
  private static func append(
    _ tree: HDF5NameTree, to encoder: inout HDF5Encoder,
    dataset: (Int, inout HDF5Encoder) throws -> Void
  ) throws -> HDF5Symbol {
    var symbols: [HDF5Symbol] = []
    for (name, target) in tree.links {
      switch target {
      case .dataset(let tensor):
        symbols.append(HDF5Symbol(name: name, header: encoder.address, contents: nil))
        try dataset(tensor, &encoder)
      case .group(let inner):
        let group = try append(inner, to: &encoder, dataset: dataset)
        symbols.append(HDF5Symbol(name: name, header: group.header, contents: group.contents))
      }
    }
    let group = encoder.appendGroup(symbols)
    return HDF5Symbol(name: [], header: group.header, contents: group.contents)
  }

  private static let superblockByteCount = 96

  private static func superblock(_ root: HDF5Symbol, end: UInt64) -> [UInt8] {
    var encoder = HDF5Encoder()
    encoder.append(HDF5Superblock.signature)
    // The versions of superblock, free space, root group and shared header messages.
    encoder.append([0, 0, 0, 0, 0])
    // Addresses and lengths of eight bytes.
    encoder.append([8, 8, 0])
    encoder.u16(HDF5Encoder.symbolNodeRank)
    encoder.u16(HDF5Encoder.treeNodeRank)
    encoder.u32(0)
    encoder.u64(0)
    encoder.noAddress()
    encoder.u64(end)
    encoder.noAddress()
    encoder.appendSymbol(nameOffset: 0, root.header, root.contents)
    return encoder.bytes
  }
}
