import Checkpoints
import Diagnostics
import Documents
import Foundation
import Tensors
import Testing

@testable import Inflation

/// One of the paper's loaders, run on one source; see `Tests/Fixtures/transseg/README.md`.
struct PaperRun: Sendable, CustomTestStringConvertible {
  let folder: String
  let output: String
  let target: String
  let imageSize: [Int]
  var strategy = DepthStrategy.average

  var testDescription: String { "\(folder)/\(output)" }

  static let all = [
    PaperRun(
      folder: "swin", output: "target_inflation", target: "transseg-swin", imageSize: [112, 112, 5]),
    PaperRun(
      folder: "swin", output: "target_centering", target: "transseg-swin",
      imageSize: [112, 112, 5],
      strategy: .center),
    PaperRun(
      folder: "videoswin", output: "target_inflation", target: "video-swin", imageSize: [64, 64, 8]),
    PaperRun(
      folder: "dino", output: "target_inflation_same", target: "transseg-dino",
      imageSize: [64, 64, 5]),
    PaperRun(
      folder: "dino", output: "target_centering_same", target: "transseg-dino",
      imageSize: [64, 64, 5], strategy: .center),
    PaperRun(
      folder: "dino", output: "target_inflation_resized", target: "transseg-dino",
      imageSize: [96, 96, 5]),
    PaperRun(
      folder: "dino", output: "target_centering_resized", target: "transseg-dino",
      imageSize: [96, 96, 5], strategy: .center),
  ]

  func source() throws -> any TensorSource {
    let name = folder == "dino" ? "source_wrapped.pth" : "source.safetensors"
    return try openCheckpoint(at: Golden.path("\(folder)/\(name)"))
  }

  func options(isCompatible: Bool) throws -> ConversionOptions {
    var options = try ConversionOptions(imageSize: imageSize)
    options.patchEmbedding = strategy
    options.includesDecoder = false
    options.isTransSegCompatible = isCompatible
    if folder == "videoswin" {
      options.inputChannels = 3
      options.window = [7, 7, 4]
    }
    return options
  }

  func withConverted<Result>(
    isCompatible: Bool = true, _ body: (SafetensorsCheckpoint) throws -> Result
  ) throws -> Result {
    try Golden.withConverted(
      source(), options(isCompatible: isCompatible), to: target,
      heads: folder == "dino" ? 2 : nil, body)
  }

  /// A tensor of the paper's state dict, and where its values stand: in the fixture by a name of its
  /// own, or in the source.
  struct Expected {
    let name: String
    let place: Place

    enum Place {
      case fixture(SourceKey)
      case source(SourceKey)
    }
  }

  func expected() throws -> [Expected] {
    let fixture = try SafetensorsCheckpoint(path: Golden.path("\(folder)/\(output).safetensors"))
    let source = try source()
    let names = { (member: String) in
      try JSONReader(JSONValue(parsing: fixture.metadata[member] ?? ""))
    }
    var expected = fixture.tensors.map { Expected(name: $0.key.name, place: .fixture($0.key)) }
    for (name, reader) in try names("repeated").members() {
      expected.append(Expected(name: name, place: .fixture(SourceKey(try reader.string()))))
    }
    for reader in try names("copied").elements() {
      let name = try reader.string()
      let key = try Self.key(String(name.dropFirst("encoder.".count)), in: source)
      expected.append(Expected(name: name, place: .source(key)))
    }
    return expected
  }

  /// The key of a name before which a prefix may stand.
  static func key(_ name: String, in source: any TensorSource) throws -> SourceKey {
    let keys = source.tensors.map(\.key).filter { $0.name.hasSuffix(name) }
    return try #require(keys.min { $0.name.count < $1.name.count }, "\(name)")
  }
}

@Suite("The paper's other loaders")
struct PaperTargetTests {
  @Test("are reproduced tensor by tensor with --compat transseg", arguments: PaperRun.all)
  func reproduced(run: PaperRun) throws {
    let fixture = try SafetensorsCheckpoint(
      path: Golden.path("\(run.folder)/\(run.output).safetensors"))
    let source = try run.source()
    try run.withConverted { converted in
      let expected = try run.expected()
      #expect(Set(converted.tensors.map(\.key.name)) == Set(expected.map(\.name)))
      for tensor in expected {
        let key = SourceKey(tensor.name)
        switch tensor.place {
        case .fixture(let other): try compare(key, converted, with: other, fixture, run)
        case .source(let other): try compare(key, converted, with: other, source, run)
        }
      }
    }
  }

  /// Averages to 1e-6; everything else, moved or copied or taken from the nearest, bit for bit.
  private func compare(
    _ key: SourceKey, _ converted: SafetensorsCheckpoint, with other: SourceKey,
    _ holder: any TensorSource, _ run: PaperRun
  ) throws {
    let description = try converted.requiredDescription(of: key)
    #expect(try holder.requiredDescription(of: other).shape == description.shape, "\(key)")
    guard description.dtype.isFloatingPoint else {
      #expect(try converted.integers(of: key) == holder.integers(of: other), "\(key)")
      return
    }
    let actual = try converted.floats(of: key).values
    let wanted = try holder.floats(of: other).values
    guard key.name.hasSuffix("patch_embed.proj.weight"), run.strategy == .average else {
      #expect(actual == wanted, "\(key)")
      return
    }
    let scale = wanted.map(abs).max() ?? 0
    let distance = zip(actual, wanted).map { abs($0 - $1) }.max() ?? .infinity
    #expect(distance <= 1e-6 * scale, "\(key)")
  }

  @Test(
    "are repeated without it as well, but for DINO's resized positions", arguments: PaperRun.all)
  func plain(run: PaperRun) throws {
    let differing = try run.withConverted { quirky in
      try run.withConverted(isCompatible: false) { plain in
        try plain.tensors.map(\.key).filter { key in
          try plain.withBytes(of: key) { bytes in
            try quirky.withBytes(of: key) { other in
              !bytes.withUnsafeBytes { left in other.withUnsafeBytes { left.elementsEqual($0) } }
            }
          }
        }.map(\.name)
      }
    }
    #expect(differing == (run.output.hasSuffix("resized") ? ["encoder.pos_embed"] : []))
  }

  @Test("put the class token's row last where the model reads it first")
  func classTokenRow() throws {
    let run = try #require(PaperRun.all.last)
    let source = try run.source()
    let row = try source.floats(of: PaperRun.key("pos_embed", in: source)).values.prefix(32)
    let positions = { (isCompatible: Bool) in
      try run.withConverted(isCompatible: isCompatible) {
        try $0.floats(of: SourceKey("encoder.pos_embed")).values
      }
    }
    #expect(try positions(true).suffix(32) == row)
    #expect(try positions(false).prefix(32) == row)
  }

  @Test("sum the channels even where their number stays")
  func channels() throws {
    let source = try MemorySource.beit()
    let kernel = { (isCompatible: Bool) in
      let options = try ConversionOptions.small {
        $0.inputChannels = 3
        $0.patchEmbedding = .center
        $0.isTransSegCompatible = isCompatible
      }
      return try Golden.withConverted(source, options) { converted in
        let kernel = try converted.floats(of: SourceKey("encoder.patch_embed.proj.weight"))
        // [hidden, channels, 5, 4, 4], the middle slice of the first three channels
        return (0..<3).map { kernel.values[($0 * 5 + 2) * 16] }
      }
    }
    let original = try source.floats(of: "patch_embed.proj.weight").values
    let channels = (0..<3).map { original[$0 * 16] }
    #expect(try kernel(false) == channels)
    let mean = channels.reduce(0, +) / 3
    #expect(try kernel(true) == [mean, mean, mean])
  }
}
