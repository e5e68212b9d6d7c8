import Diagnostics
import Tensors

/// A dataset that was found to be a tensor: everything about it is checked but the bytes of its
/// compressed chunks.
struct HDF5Dataset: Sendable {
  enum Storage: Sendable {
    /// The bytes lie in the file as they are.
    case plain(Range<Int>)
    case chunked(HDF5ChunkTable)
    /// Nothing was ever written; every element is zero.
    case zeros
  }

  let number: HDF5Number
  let shape: Shape
  let byteCount: Int
  let storage: Storage

  /// - Throws: a fault that says what about the dataset cannot be read.
  init(_ header: HDF5ObjectHeader, in metadata: HDF5Metadata) throws {
    // The checks that say why before the checks that say what: a virtual dataset's extents and a
    // string's size mean nothing here.
    guard let layoutMessage = try header.message(.layout),
      let typeMessage = try header.dataType(in: metadata),
      let spaceMessage = try header.message(.dataspace)
    else {
      throw Fault(
        .hdf5Object, "it is neither a group nor a dataset",
        remedy: "keep groups and datasets in the file and nothing else")
    }
    guard !header.has(.externalFiles) else {
      throw Fault(
        .hdf5ExternalStorage, "the dataset keeps its elements in other files",
        remedy: "copy it into a plain dataset")
    }
    let layout = try HDF5Layout(reading: layoutMessage)
    var number = try HDF5DataType(reading: typeMessage).number()
    let space = try HDF5Dataspace(reading: spaceMessage)
    shape = try space.shape()
    if number.dtype == .u16, try HDF5Dataset.isMarkedBFloat16(header, metadata) {
      number.dtype = .bf16
    }
    self.number = number
    byteCount = try shape.byteCount(of: number.dtype)
    guard byteCount <= metadata.limits.tensorByteCount else {
      throw Fault(
        .hdf5Limit,
        "\(number.dtype) \(shape) takes \(byteCount) bytes, more than \(metadata.limits.tensorByteCount)"
      )
    }
    switch layout {
    case .compact(let range):
      try HDF5Dataset.check(range.count, against: byteCount)
      storage = .plain(range)
    case .contiguous(let address, let stored):
      try HDF5Dataset.check(stored, against: byteCount)
      storage = try HDF5Dataset.contiguous(address, byteCount, header, metadata)
    case .chunked(let chunked):
      storage = try HDF5Dataset.chunks(
        chunked, shape, space, number, byteCount, header, metadata)
    }
    if case .chunked = layout { return }
    guard !header.has(.filterPipeline) else {
      throw Fault(.hdf5Filter, "filters are declared for a dataset without chunks")
    }
  }

  private static func check(_ stored: Int, against byteCount: Int) throws {
    guard stored == byteCount else {
      throw Fault(
        .hdf5Extent, "\(stored) bytes are stored where the extents declare \(byteCount)",
        remedy: "the file is damaged: fetch, copy or write it again")
    }
  }

  private static func contiguous(
    _ address: UInt64?, _ byteCount: Int, _ header: HDF5ObjectHeader, _ metadata: HDF5Metadata
  ) throws -> Storage {
    if byteCount == 0 { return .plain(0..<0) }
    guard let address else {
      try checkUnwritten(byteCount, header, metadata.limits)
      return .zeros
    }
    do {
      return .plain(
        try metadata.range(at: address, count: byteCount, subject: "the dataset's data"))
    } catch let fault as Fault {
      throw Fault(.hdf5Extent, fault.reason, at: fault.place, remedy: fault.remedy)
    }
  }

  private static func chunks(
    _ layout: HDF5ChunkedLayout, _ shape: Shape, _ space: HDF5Dataspace, _ number: HDF5Number,
    _ byteCount: Int, _ header: HDF5ObjectHeader, _ metadata: HDF5Metadata
  ) throws -> Storage {
    guard layout.elementByteCount == number.byteCount, case .simple(_, let maximum) = space else {
      throw Fault(
        .hdf5Corrupt,
        "chunks of elements of \(layout.elementByteCount) bytes hold \(number.dtype)")
    }
    let grid = try HDF5ChunkGrid(
      shape: shape, chunkExtents: layout.extents, elementByteCount: number.byteCount,
      limits: metadata.limits)
    let pipeline = try header.message(.filterPipeline).map {
      try HDF5FilterPipeline(reading: $0, elementByteCount: number.byteCount)
    }
    let table = try HDF5ChunkTable(
      layout.index, grid: grid, pipeline: pipeline ?? HDF5FilterPipeline(), maximum: maximum,
      in: metadata)
    let missing = grid.cellCount - table.chunks.count
    if missing > 0 {
      let (product, overflow) = missing.multipliedReportingOverflow(by: grid.chunkByteCount)
      try checkUnwritten(
        overflow ? byteCount : min(product, byteCount), header, metadata.limits)
    }
    return .chunked(table)
  }

  private static func checkUnwritten(
    _ byteCount: Int, _ header: HDF5ObjectHeader, _ limits: HDF5Limits
  ) throws {
    guard try HDF5FillValue.isZero(in: header) else {
      throw Fault(
        .hdf5FillValue, "parts were never written, and their fill value is not zero",
        remedy: HDF5FillValue.zeroRemedy)
    }
    guard byteCount <= limits.unwrittenByteCount else {
      throw Fault(
        .hdf5Extent, "\(byteCount) bytes of the declared extents were never written",
        remedy: HDF5FillValue.zeroRemedy)
    }
  }

  /// HDF5 1.10 has no type for bfloat16, so that it is stored as 16-bit integers with a mark.
  private static func isMarkedBFloat16(
    _ header: HDF5ObjectHeader, _ metadata: HDF5Metadata
  ) throws -> Bool {
    let values = try HDF5Attribute.values(named: ["dtype", "bfloat16"], in: header, metadata)
    if case .text("bfloat16") = values["dtype"] { return true }
    if case .flag(true) = values["bfloat16"] { return true }
    return false
  }
}
