import Checkpoints
import Foundation
import Tensors
import Testing

@testable import Inflation

@Suite("The paper's own state dicts")
struct GoldenTests {
  @Test(
    "are reproduced tensor by tensor",
    arguments: ["beit", "beit_shared"], [DepthStrategy.average, .center])
  func reproduced(folder: String, strategy: DepthStrategy) throws {
    let name = strategy == .average ? "inflation" : "centering"
    let golden = try SafetensorsCheckpoint(
      path: Golden.path("\(folder)/target_\(name).safetensors"))
    let source = try openCheckpoint(at: Golden.path("\(folder)/source.safetensors"))
    try Golden.withConverted(source, Golden.options(strategy)) { converted in
      for expected in golden.tensors {
        let actual = try #require(converted.description(of: expected.key), "\(expected.key)")
        #expect(actual.shape == expected.shape)
        #expect(actual.dtype == expected.dtype)
        try compare(expected, golden, converted, strategy)
      }
      let decoder = try SafetensorsCheckpoint(path: Golden.path("beit/decoder.safetensors"))
      #expect(converted.tensors.count == golden.tensors.count + decoder.tensors.count)
    }
  }

  /// The bounds of what counts as right: copied and centred values bit-equal, averages to 1e-6,
  /// geometric tables to 1e-4.
  private func compare(
    _ expected: TensorDescription, _ golden: SafetensorsCheckpoint,
    _ converted: SafetensorsCheckpoint, _ strategy: DepthStrategy
  ) throws {
    guard expected.dtype.isFloatingPoint else {
      #expect(try converted.integers(of: expected.key) == golden.integers(of: expected.key))
      return
    }
    let actual = try converted.floats(of: expected.key).values
    let wanted = try golden.floats(of: expected.key).values
    let scale = wanted.map(abs).max() ?? 0
    let distance = zip(actual, wanted).map { abs($0 - $1) }.max() ?? 0
    let name = expected.key.name
    if name.hasSuffix("relative_position_bias_table") {
      #expect(distance <= 1e-4 * scale, "\(name)")
    } else if name.hasSuffix("patch_embed.proj.weight"), strategy == .average {
      #expect(distance <= 1e-6 * scale, "\(name)")
    } else {
      #expect(actual == wanted, "\(name)")
    }
  }

  @Test(
    "come out byte for byte the same from safetensors and from HDF5",
    arguments: ["beit", "beit_shared"])
  func sameBytesFromBothContainers(folder: String) throws {
    let options = try Golden.options(.average)
    let outputs = try ["safetensors", "h5"].map { container in
      let source = try openCheckpoint(at: Golden.path("\(folder)/source.\(container)"))
      return try Golden.withConverted(source, options) {
        try Data(contentsOf: URL(filePath: $0.path))
      }
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test("are missed when two depth indices of a centred kernel are swapped")
  func swappedDepthIsSeen() throws {
    let golden = try SafetensorsCheckpoint(
      path: Golden.path("beit/target_centering.safetensors"))
    let source = try openCheckpoint(at: Golden.path("beit/source.safetensors"))
    try Golden.withConverted(source, Golden.options(.center)) { converted in
      let key = SourceKey("encoder.patch_embed.proj.weight")
      var actual = try converted.floats(of: key)
      let area = 16 * 16
      for index in 0..<area {
        let value = actual[2 * area + index]
        actual[2 * area + index] = actual[area + index]
        actual[area + index] = value
      }
      #expect(try actual.values != golden.floats(of: key).values)
    }
  }
}
