import Diagnostics
import Tensors

/// The extents that a dataset or an attribute declares.
enum HDF5Dataspace {
  /// A scalar is of rank 0. `maximum` holds nil for an extent without bound.
  case simple(extents: [UInt64], maximum: [UInt64?])
  /// No value at all, not even an empty list of them.
  case null

  static let maximumRank = 32

  /// - Throws: `hdf5-corrupt`, `hdf5-unsupported`.
  init(reading cursor: HDF5Cursor) throws {
    var cursor = cursor
    let version = try cursor.version(1...2)
    let rank = Int(try cursor.u8())
    let flags = try cursor.u8()
    guard rank <= HDF5Dataspace.maximumRank else {
      throw cursor.fault("\(rank) axes are declared; HDF5 allows \(HDF5Dataspace.maximumRank)")
    }
    guard version == 1 || flags <= 1, flags & ~3 == 0 else {
      throw cursor.fault("unknown flags \(flags)")
    }
    if version == 1 {
      try cursor.skip(5)
    } else {
      let place = cursor
      switch try cursor.u8() {
      case 0 where rank == 0: break
      case 1: break
      case 2 where rank == 0:
        self = .null
        return
      case let kind: throw place.fault("kind \(kind) with \(rank) axes")
      }
    }
    let extents = try (0..<rank).map { _ in try cursor.u64() }
    let bounded = flags & 1 != 0
    let maximum = try extents.map { bounded ? try cursor.address() : $0 }
    for (extent, maximum) in zip(extents, maximum) where maximum.map({ $0 < extent }) ?? false {
      throw cursor.fault("extent \(extent) is beyond its own maximum \(maximum ?? 0)")
    }
    self = .simple(extents: extents, maximum: maximum)
  }

  /// - Throws: `hdf5-null-dataspace`, or `invalid-shape` for extents that cannot be counted.
  func shape() throws -> Shape {
    guard case .simple(let extents, _) = self else {
      throw Fault(
        .hdf5NullDataspace, "the dataset has a null dataspace: neither a shape nor a value",
        remedy: "write the tensor with a shape, or leave it out")
    }
    return try Shape(
      try extents.map { extent in
        guard let extent = Int(exactly: extent) else {
          throw Fault(.invalidShape, "extent \(extent) is beyond 63 bits")
        }
        return extent
      })
  }
}
