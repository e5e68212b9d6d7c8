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

  /// What reading a tensor tells of it; nothing when that was not asked for.
  struct Reading: Sendable {
    /// nil for tensors that hold no real numbers.
    var statistics: TensorStatistics?
    var digest: SHA256Digest?
  }

  /// One for each of the tensors.
  func readings(
    of tensors: [TensorDescription], in source: any TensorSource
  ) throws -> [Reading] {
    guard stats || sha256 else { return tensors.map { _ in Reading() } }
    return try source.mapBytes(of: tensors) { [stats, sha256] tensor, bytes in
      Reading(
        statistics: stats && tensor.dtype.holdsRealNumbers
          ? try TensorStatistics(of: bytes, tensor.dtype) : nil,
        digest: sha256 ? SHA256Digest.of(bytes) : nil)
    }
  }

  func cells(of tensor: TensorDescription, _ reading: Reading) -> [String] {
    var cells = [
      printable(tensor.key.name), tensor.dtype.rawValue, tensor.shape.description,
      String(tensor.byteCount),
    ]
    if stats {
      let statistics = reading.statistics
      let figures = [
        statistics?.minimum, statistics?.maximum, statistics?.mean, statistics?.standardDeviation,
        statistics.map { Double($0.nanCount) }, statistics.map { Double($0.infiniteCount) },
      ]
      cells += figures.map { $0.map(Figure.text) ?? "–" }
    }
    if let digest = reading.digest { cells.append(digest.description) }
    return cells
  }

  func document(of tensor: TensorDescription, _ reading: Reading) -> JSONValue {
    .object([
      "name": .string(tensor.key.name), "dtype": .string(tensor.dtype.rawValue),
      "shape": .integers(tensor.shape.extents), "bytes": .integer(Int64(tensor.byteCount)),
      "statistics": reading.statistics.map(Self.document),
      "sha256": reading.digest.map { .string($0.description) },
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
}
