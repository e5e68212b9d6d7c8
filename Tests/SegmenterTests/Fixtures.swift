import Architectures
import Checkpoints
import Diagnostics
import Segmenter
import Tensors
import Testing

/// The folder `Tests/Fixtures`, beside this target's.
let fixtureFolder =
  #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" }
  + "/Fixtures"

/// A case that the paper's own code computed.
struct Golden: CustomStringConvertible {
  let folder: String
  /// `inflation` or `centering`.
  let strategy: String

  static let all = ["beit", "beit_shared"].flatMap { folder in
    ["inflation", "centering"].map { Golden(folder: folder, strategy: $0) }
  }

  var description: String { "\(folder)/\(strategy)" }

  private func checkpoint(_ name: String) throws -> SafetensorsCheckpoint {
    try SafetensorsCheckpoint(path: "\(fixtureFolder)/transseg/\(folder)/\(name).safetensors")
  }

  func image2D() throws -> SafetensorsCheckpoint { try checkpoint("source") }

  /// Encoder and decoder of the volume model.
  func source() throws -> EditedSource {
    EditedSource([try checkpoint("target_\(strategy)"), try checkpoint("decoder")])
  }

  /// `[1, depth, height, width]`; the file has the depth last.
  func window() throws -> FloatTensor {
    let input = try checkpoint("io_\(strategy)").floats(of: SourceKey("input_bchwd"))
    let (height, width, depth) = (input.shape[2], input.shape[3], input.shape[4])
    var values = [Float](repeating: 0, count: input.values.count)
    for (index, value) in input.values.enumerated() {
      values[index % depth * height * width + index / depth] = value
    }
    return try FloatTensor(shape: Shape([1, depth, height, width]), values: values)
  }

  func logits() throws -> FloatTensor {
    try checkpoint("io_\(strategy)").floats(of: SourceKey("logits_bchw"))
  }

  func feature(_ block: Int) throws -> FloatTensor {
    try checkpoint("io_\(strategy)").floats(of: SourceKey("feature_\(block)"))
  }
}

/// The case of odd geometry; `make_fixture.py` says what is in it.
enum OddFixture {
  static func source() throws -> EditedSource {
    EditedSource([
      try SafetensorsCheckpoint(path: "\(fixtureFolder)/segmenter/model.safetensors")
    ])
  }

  static func recorded(_ name: String) throws -> FloatTensor {
    try SafetensorsCheckpoint(path: "\(fixtureFolder)/segmenter/record.safetensors")
      .floats(of: SourceKey(name))
  }

  /// What the shapes of this fixture do not tell.
  static let hints = RecognitionHints(
    familyID: "beit", parameters: ["gridHeight": 5, "gridWidth": 3], decoderLayers: [0, 2, 3, 4])

  /// `[3, 1, height, width]`
  static func window() throws -> FloatTensor {
    let input = try recorded("input")
    return try FloatTensor(
      shape: Shape([3, 1, input.shape[2], input.shape[3]]), values: input.values)
  }
}

func segmenter(
  _ source: any TensorSource, _ hints: RecognitionHints = RecognitionHints()
) throws -> SegmentationModel {
  try SegmentationModel(
    model: FamilyCatalogue.builtIn().recognise(source, hints: hints), source: source)
}

/// The largest difference, as a part of the reference's largest magnitude; infinite where the two
/// cannot be compared.
func relativeDistance(_ found: FloatTensor, _ reference: FloatTensor) -> Float {
  guard found.values.count == reference.values.count else { return .infinity }
  var difference: Float = 0
  var magnitude: Float = .leastNormalMagnitude
  for (left, right) in zip(found.values, reference.values) {
    guard left.isFinite, right.isFinite else { return .infinity }
    difference = max(difference, abs(left - right))
    magnitude = max(magnitude, abs(right))
  }
  return difference / magnitude
}

/// What counts as the same forward pass, in the design's words: max |Δ| ≤ 10⁻⁴ · max |reference|.
let forwardPassBound: Float = 1e-4

/// The code of the fault that `body` throws.
func faultCode(_ body: () throws -> Void) -> Fault.Code? {
  do { try body() } catch let fault as Fault { return fault.code } catch {}
  return nil
}

/// The fault that `body` throws.
func fault(of body: () throws -> Void) -> Fault? {
  do { try body() } catch let fault as Fault { return fault } catch {}
  return nil
}
