import Architectures
import Checkpoints
import Diagnostics
import Documents
import Foundation
import Segmenter
import Tensors

/// A run of another implementation on a small model; `peers/make_fixtures.py` says what is in it.
struct PeerCase: CustomStringConvertible {
  let name: String

  static let volumes = [
    "unetr-conv", "unetr-perceptron", "unetr-group", "swinunetr-default", "swinunetr-v2",
    "transseg-swin", "video-swin", "transseg-dino-setr", "transseg-dino-transposed",
  ].map(PeerCase.init)
  static let encoders = [
    "monai-vit", "vit-huggingface", "deit-huggingface", "dinov2-registers", "clip-huggingface",
    "vit-timm", "swin-huggingface", "swinv2-huggingface", "swin-timm", "swinv2-timm",
  ].map(PeerCase.init)

  var description: String { name }

  private var folder: String { "\(fixtureFolder)/segmenter/peers" }

  private func document() throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).json"))
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  /// The model's tensors, computed from the list.
  func source() throws -> GeneratedSource {
    let entries = try document()["tensors"] as? [[String: Any]] ?? []
    return try GeneratedSource(
      entries.enumerated().map { number, entry in
        let bounds = (entry["low"] as? Double).map { ($0, entry["high"] as? Double ?? 0) }
        return GeneratedSource.Entry(
          description: try TensorDescription(
            SourceKey(entry["name"] as? String ?? ""), dtype: bounds == nil ? .i64 : .f32,
            shape: Shape(entry["shape"] as? [Int] ?? [])),
          number: number, bounds: bounds)
      })
  }

  func hints() throws -> RecognitionHints {
    let hints = try document()["hints"] as? [String: Any] ?? [:]
    return RecognitionHints(
      familyID: hints["family"] as? String,
      parameters: hints["parameters"] as? [String: Int] ?? [:],
      options: hints["options"] as? [String: String] ?? [:])
  }

  private func recording() throws -> SafetensorsCheckpoint {
    try SafetensorsCheckpoint(path: "\(folder)/\(name).safetensors")
  }

  /// `[channels, depth, height, width]`
  func window() throws -> FloatTensor {
    let input = try recording().floats(of: SourceKey("input"))
    let depth = input.shape.rank == 5 ? input.shape[4] : 1
    let (channels, area) = (input.shape[1], input.shape[2] * input.shape[3])
    var values = [Float](repeating: 0, count: input.values.count)
    for (index, value) in input.values.enumerated() {
      let (plane, slice) = index.quotientAndRemainder(dividingBy: depth)
      values[(plane / area * depth + slice) * area + plane % area] = value
    }
    return try FloatTensor(
      shape: Shape([channels, depth, input.shape[2], input.shape[3]]), values: values)
  }

  /// What was recorded, by the names that ``ActivationTaps`` knows, and `logits`.
  func results() throws -> [String: FloatTensor] {
    let recording = try recording()
    var results: [String: FloatTensor] = [:]
    for tensor in recording.tensors where tensor.key.name != "input" {
      let name = tensor.key.name
      results[name.hasPrefix("tap.") ? String(name.dropFirst(4)) : name] =
        try recording.floats(of: tensor.key)
    }
    return results
  }
}

/// Tensors whose values are computed when they are asked for: value i of tensor t is
/// splitmix64(t · 2³² + i), its upper 24 bits spread over the tensor's range.
struct GeneratedSource: TensorSource {
  struct Entry {
    let description: TensorDescription
    let number: Int
    /// Nil for integers, which are all zero.
    let bounds: (low: Double, high: Double)?
  }

  let path = "generated"
  let formatName = "memory"
  let metadata: [String: String] = [:]
  private let entries: [SourceKey: Entry]

  init(_ entries: [Entry]) {
    self.entries = Dictionary(uniqueKeysWithValues: entries.map { ($0.description.key, $0) })
  }

  var tensors: [TensorDescription] {
    entries.values.map(\.description).sorted { $0.key < $1.key }
  }

  func description(of key: SourceKey) -> TensorDescription? { entries[key]?.description }

  func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard let entry = entries[key] else {
      throw Fault(.missingTensor, "no such tensor", at: .init(tensor: key.name))
    }
    let bytes = try entry.bytes()
    return try body(bytes.span.bytes)
  }
}

extension GeneratedSource.Entry {
  fileprivate func bytes() throws -> [UInt8] {
    let count = description.shape.elementCount
    guard let bounds else { return [UInt8](repeating: 0, count: count * 8) }
    let values = (0..<count).map { index in
      var z = (UInt64(number) << 32 &+ UInt64(index) &+ 1) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      return Float(Double(z >> 40) / 16_777_216 * (bounds.high - bounds.low) + bounds.low)
    }
    return try DType.f32.encode(values)
  }
}
