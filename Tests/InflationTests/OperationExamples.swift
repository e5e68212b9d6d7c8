import Documents
import Foundation
import Tensors
import Testing

@testable import Inflation

/// What timm, PyTorch and MONAI make of small tensors; see
/// `Tests/Fixtures/inflation/make_operations.py`.
struct OperationExample: Sendable, CustomTestStringConvertible {
  let kind: String
  let method: String?
  let sourceGrid: [Int]
  let targetGrid: [Int]
  let before: FloatTensor
  let after: FloatTensor

  var testDescription: String {
    "\(kind) \(method ?? "") \(before.shape) → \(after.shape)"
  }

  private init(_ reader: JSONReader) throws {
    let tensor = { (name: String) in
      try FloatTensor(
        shape: Shape(reader.member("\(name)Shape").elements().map { try $0.integer() }),
        values: reader.member(name).elements().map { Float(try $0.number()) })
    }
    let grid = { (name: String) in
      try reader.optionalMember(name)?.elements().map { try $0.integer() } ?? []
    }
    kind = try reader.member("kind").string()
    method = try reader.optionalMember("method")?.string()
    (sourceGrid, targetGrid) = (try grid("sourceGrid"), try grid("targetGrid"))
    (before, after) = (try tensor("before"), try tensor("after"))
  }

  static func document() throws -> JSONReader {
    let path = Golden.path("../inflation/operations.json")
    let text = try #require(FileManager.default.contents(atPath: path))
    return try JSONReader(JSONValue(parsing: [UInt8](text)))
  }

  static let all: [OperationExample] = {
    let cases = try? document().member("cases").elements()
    return (cases ?? []).compactMap { try? OperationExample($0) }
  }()

  static func of(_ kinds: String...) -> [OperationExample] {
    all.filter { kinds.contains($0.kind) }
  }

  /// max |actual − after| over max |after|.
  func distance(of actual: FloatTensor) -> Float {
    guard actual.shape == after.shape else { return .infinity }
    let scale = after.values.map(abs).max() ?? 0
    return (zip(actual.values, after.values).map { abs($0 - $1) }.max() ?? 0) / scale
  }
}

@Suite("Operations, against those of timm, PyTorch and MONAI")
struct OperationAgreementTests {
  @Test("have all their examples")
  func complete() { #expect(OperationExample.all.count == 23) }

  private func resizedPatch(
    _ example: OperationExample, _ strategy: DepthStrategy, depthAxis: Int = 2
  ) throws -> FloatTensor {
    var extents = example.after.shape.extents
    extents.insert(1, at: 2 + depthAxis)
    let result = try PatchEmbeddingInflation(
      from: example.before.shape, to: Shape(extents), strategy: strategy, channels: .keep,
      depthAxis: depthAxis
    ).apply(to: [example.before])
    return try FloatTensor(shape: example.after.shape, values: result.values)
  }

  @Test(
    "resize patches as timm does, linearly if asked",
    arguments: OperationExample.of("patch", "linear-patch"), [0, 1, 2])
  func patches(example: OperationExample, depthAxis: Int) throws {
    let isLinear = example.kind == "linear-patch"
    let right = try resizedPatch(example, isLinear ? .trilinear : .average, depthAxis: depthAxis)
    #expect(example.distance(of: right) <= 1e-5)
    let wrong = try resizedPatch(example, isLinear ? .average : .trilinear, depthAxis: depthAxis)
    #expect(example.distance(of: wrong) > 1e-3)
  }

  @Test(
    "resize position embeddings as timm and PyTorch do, along two axes or three",
    arguments: OperationExample.of("position"))
  func positions(example: OperationExample) throws {
    let isFlat = example.sourceGrid.count == 2
    let convert = { (method: PositionResizeMethod) in
      try PositionEmbeddingConversion(
        shape: example.after.shape, sourcePrefix: isFlat ? ["classToken"] : [],
        targetPrefix: isFlat ? ["classToken"] : [], sourceGrid: example.sourceGrid,
        targetGrid: example.targetGrid + (isFlat ? [1] : []), depthAxis: 2, method: method,
        depth: .tile, isTransSegCompatible: false
      ).apply(to: [example.before])
    }
    let method = try #require(PositionResizeMethod(rawValue: example.method ?? ""))
    #expect(try example.distance(of: convert(method)) <= 1e-5)
    let other = method == .bicubic ? PositionResizeMethod.bicubicAntialiased : .bicubic
    #expect(try example.distance(of: convert(other)) > 1e-3)
  }

  @Test("join channels as timm does", arguments: OperationExample.of("channels"))
  func channels(example: OperationExample) throws {
    let count = example.after.shape[1]
    let strategy: ChannelStrategy = count == 1 ? .sum : count == 3 ? .keep : .cycle
    let actual = try strategy.apply(to: example.before, targetChannels: count)
    #expect(example.distance(of: actual) <= 1e-6)
  }

  @Test("make MONAI's fixed position embeddings", arguments: OperationExample.of("sinusoidal"))
  func sinusoidal(example: OperationExample) throws {
    let values = SinusoidalPositions(
      grid: example.targetGrid, hidden: example.after.shape[1]
    ).values
    let actual = try FloatTensor(shape: example.after.shape, values: values)
    #expect(example.distance(of: actual) <= 1e-6)
    #expect(
      example.distance(of: try FloatTensor(shape: actual.shape, values: values.reversed())) > 0.1)
  }

  @Test(
    "start layers within PyTorch's own bounds",
    arguments: [
      ("convolution", [64, 16, 3, 3, 3]), ("linear", [300, 400]),
      ("transposed", [32, 64, 2, 2, 2]),
    ])
  func bounds(layer: String, shape: [Int]) throws {
    // The largest of many uniform values is nearly the bound.
    let peak = try OperationExample.document().member("bounds").member(layer).member("weight")
      .number()
    let bound = 1 / Float(shape.dropFirst().reduce(1, *)).squareRoot()
    let count = shape.reduce(1, *)
    let values = Initialisation.uniform(bound: bound, stream: 7).values(count)
    let largest = try #require(values.map(abs).max())
    #expect(largest <= bound)
    #expect(abs(Double(largest) / peak - 1) < 1e-3)
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(count)
    #expect(abs(mean) < 4 * Double(bound) / (3 * Double(count)).squareRoot())
  }
}
