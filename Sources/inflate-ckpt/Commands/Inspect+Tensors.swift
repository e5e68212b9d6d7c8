import Diagnostics
import Documents
import Files
import Tensors

/// One tensor's line of the inspection.
extension Inspect {
  var columns: [(title: String, alignment: TextTable.Alignment)] {
    var columns: [(title: String, alignment: TextTable.Alignment)] = [
      ("tensor", .left), ("dtype", .left), ("shape", .left), ("bytes", .right),
    ]
    if stats {
      columns += ["min", "max", "mean", "std", "NaN", "inf"].map { ($0, .right) }
    }
    if sha256 { columns.append(("sha256", .left)) }
    return columns
  }

  func cells(of tensor: TensorDescription, in source: any TensorSource) throws -> [String] {
    var cells = [
      printable(tensor.key.name), tensor.dtype.rawValue, tensor.shape.description,
      String(tensor.byteCount),
    ]
    if stats {
      let statistics = try statistics(of: tensor, in: source)
      let figures = [
        statistics?.minimum, statistics?.maximum, statistics?.mean, statistics?.standardDeviation,
        statistics.map { Double($0.nanCount) }, statistics.map { Double($0.infiniteCount) },
      ]
      cells += figures.map { $0.map(Quantities.figure) ?? "–" }
    }
    if sha256 { cells.append(try digest(of: tensor, in: source).description) }
    return cells
  }

  func document(
    of tensor: TensorDescription, in source: any TensorSource
  ) throws -> JSONValue {
    let statistics = stats ? try statistics(of: tensor, in: source) : nil
    return .object([
      "name": .string(tensor.key.name), "dtype": .string(tensor.dtype.rawValue),
      "shape": .integers(tensor.shape.extents), "bytes": .integer(Int64(tensor.byteCount)),
      "statistics": statistics.map(Self.document),
      "sha256": sha256 ? .string(try digest(of: tensor, in: source).description) : nil,
    ])
  }

  private static func document(of statistics: TensorStatistics) -> JSONValue {
    .object([
      "min": statistics.minimum.map { .number($0) },
      "max": statistics.maximum.map { .number($0) },
      "mean": statistics.mean.map { .number($0) },
      "std": statistics.standardDeviation.map { .number($0) },
      "nanCount": .integer(Int64(statistics.nanCount)),
      "infiniteCount": .integer(Int64(statistics.infiniteCount)),
    ])
  }

  /// nil for tensors that hold no real numbers.
  private func statistics(
    of tensor: TensorDescription, in source: any TensorSource
  ) throws -> TensorStatistics? {
    guard tensor.dtype.holdsRealNumbers else { return nil }
    return try source.withBytes(of: tensor.key) { try TensorStatistics(of: $0, tensor.dtype) }
  }

  private func digest(
    of tensor: TensorDescription, in source: any TensorSource
  ) throws -> SHA256Digest {
    try source.withBytes(of: tensor.key) { SHA256Digest.of($0) }
  }
}
