import Architectures
import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Inflation

@Suite("Decoder weights that the source lacks")
struct DecoderTests {
  private func source() throws -> any TensorSource {
    try openCheckpoint(at: Golden.path("beit/source.safetensors"))
  }

  private func options(
    _ initialisation: DecoderInitialisation, _ change: (inout ConversionOptions) -> Void = { _ in }
  ) throws -> ConversionOptions {
    var options = try ConversionOptions(imageSize: [64, 64, 3])
    options.decoderInitialisation = initialisation
    options.outputChannels = 3
    change(&options)
    return options
  }

  @Test("are PyTorch's defaults, the same for the same seed and tensor")
  func seeded() throws {
    let values = { (seed: UInt64, classes: Int) in
      try Golden.withConverted(
        source(),
        options(.seeded) {
          $0.seed = seed
          $0.outputChannels = classes
        }
      ) { converted in
        try converted.tensors.filter { $0.key.name.hasPrefix("decoder.") && $0.dtype == .f32 }
          .map { ($0.key.name, try converted.floats(of: $0.key)) }
      }
    }
    let first = Dictionary(uniqueKeysWithValues: try values(0, 3))
    let other = Dictionary(uniqueKeysWithValues: try values(0, 4))
    let reseeded = Dictionary(uniqueKeysWithValues: try values(1, 3))
    for (name, tensor) in first {
      if name.contains(".bn.") || name.contains("fpn1.1.") {
        let constant: Float = name.hasSuffix("weight") || name.hasSuffix("running_var") ? 1 : 0
        #expect(tensor.values.allSatisfy { $0 == constant }, "\(name)")
        continue
      }
      #expect(Set(tensor.values).count > 1, "\(name)")
      #expect(tensor != reseeded[name], "\(name)")
      if !name.contains("conv_seg") { #expect(tensor == other[name], "\(name)") }
    }
    // 128 inputs of 3×3: uniform in ±1/√(9·128), which has a deviation of the bound over √3.
    let fusion = try #require(first["decoder.fpn_bottleneck.conv.weight"])
    let bound = 1 / Float(9 * 128).squareRoot()
    #expect(fusion.values.allSatisfy { abs($0) <= bound })
    let squares = fusion.values.reduce(0.0) { $0 + Double($1 * $1) }
    let deviation = (squares / Double(fusion.values.count)).squareRoot()
    #expect(abs(deviation * 3.0.squareRoot() / Double(bound) - 1) < 0.02)
  }

  @Test("are zeros when asked for")
  func zeros() throws {
    try Golden.withConverted(source(), options(.zeros)) { converted in
      let weight = try converted.floats(of: SourceKey("decoder.conv_seg.weight"))
      #expect(weight.values.allSatisfy { $0 == 0 })
      let variance = try converted.floats(of: SourceKey("decoder.bottleneck.bn.running_var"))
      #expect(variance.values.allSatisfy { $0 == 1 })
      let count = try converted.integers(
        of: SourceKey("decoder.bottleneck.bn.num_batches_tracked"))
      #expect(count == [0])
    }
  }

  @Test("are left out when asked for, and no number of classes is needed")
  func omitted() throws {
    try Golden.withConverted(source(), options(.omit) { $0.outputChannels = nil }) { converted in
      #expect(converted.tensors.allSatisfy { $0.key.name.hasPrefix("encoder.") })
      let model = try FamilyCatalogue.builtIn().recognise(converted)
      #expect(!model.hasDecoder)
    }
  }

  @Test("come from another file, which tells the number of classes")
  func fromFile() throws {
    let path = Golden.path("beit/decoder.safetensors")
    let file = try openCheckpoint(at: path)
    try Golden.withConverted(source(), options(.file(path)) { $0.outputChannels = nil }) {
      converted in
      for tensor in file.tensors {
        try file.withBytes(of: tensor.key) { expected in
          let bytes = expected.withUnsafeBytes { Array($0) }
          let actual = try converted.withBytes(of: tensor.key) { $0.withUnsafeBytes { Array($0) } }
          #expect(actual == bytes, "\(tensor.key)")
        }
      }
      #expect(try FamilyCatalogue.builtIn().recognise(converted).parameters["classes"] == 5)
    }
  }

  @Test("in a file must be there, and in the right shape")
  func wrongFile() throws {
    let fault = { (classes: Int?, path: String) in
      try #require(throws: Fault.self) {
        try Golden.plan(
          source(), options(.file(Golden.path(path))) { $0.outputChannels = classes })
      }
    }
    let shape = try fault(7, "beit/decoder.safetensors")
    #expect(shape.code == .unsupportedGeometry)
    #expect(shape.place.tensor?.hasPrefix("decoder.conv_seg.") == true)
    #expect(shape.place.file?.hasSuffix("decoder.safetensors") == true)
    let missing = try fault(5, "beit/source.safetensors")
    #expect(missing.code == .missingTensor)
    #expect(missing.place.tensor?.hasPrefix("decoder.") == true)
  }

  @Test("need a number of classes and four blocks to be fed from")
  func unknownSizes() throws {
    let classes = try #require(throws: Fault.self) {
      try Golden.plan(source(), options(.seeded) { $0.outputChannels = nil })
    }
    #expect(classes.code == .usage)
    #expect(classes.remedy?.contains("--out-channels") == true)
    let layers = try #require(throws: Fault.self) {
      try Golden.plan(MemorySource.beit(), options(.seeded))
    }
    #expect(layers.code == .missingHyperParameter)
    #expect(layers.remedy?.contains("--layers") == true)
  }

  @Test(
    "are asked for in one of four ways", arguments: ["", "from:", "random", "Seeded", "file:x"])
  func unknownWay(text: String) {
    #expect { try DecoderInitialisation(parsing: text) } throws: {
      ($0 as? Fault)?.code == .usage
    }
  }

  @Test("may come from a file whose name has a colon")
  func colon() throws {
    #expect(try DecoderInitialisation(parsing: "from:a:b") == .file("a:b"))
  }
}

@Suite("Converting")
struct ConversionTests {
  @Test("gives the same bytes for the same source and options", arguments: DepthStrategy.examples)
  func deterministic(strategy: DepthStrategy) throws {
    var options = try ConversionOptions(imageSize: [96, 64, 4])
    options.patchEmbedding = strategy
    options.outputChannels = 2
    let source = try openCheckpoint(at: Golden.path("beit_shared/source.safetensors"))
    let outputs = try (0..<2).map { _ in
      try Golden.withConverted(source, options) { try Data(contentsOf: URL(filePath: $0.path)) }
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test("to the two types of 16 bits stays within their rounding", arguments: [DType.f16, .bf16])
  func narrow(dtype: DType) throws {
    let source = try MemorySource.beit()
    let wide = try Golden.withConverted(source, .small()) { converted in
      try converted.tensors.filter { $0.dtype == .f32 }.map { try converted.floats(of: $0.key) }
    }
    let narrow = try Golden.withConverted(source, .small { $0.storedDType = .all(dtype) }) {
      converted in
      try converted.tensors.filter { $0.dtype == dtype }.map { try converted.floats(of: $0.key) }
    }
    #expect(wide.count == narrow.count)
    for (exact, rounded) in zip(wide, narrow) {
      let bound: Float = dtype == .f16 ? 1 / 2048 : 1 / 256
      #expect(
        zip(exact.values, rounded.values).allSatisfy { abs($0 - $1) <= bound * abs($0) + 1e-7 })
    }
  }

  @Test("to F16 refuses numbers that it cannot hold, and leaves nothing behind")
  func overRange() throws {
    var source = try MemorySource.beit()
    var values = source.contents["cls_token"]?.values ?? []
    values[3] = -65520
    source.contents["cls_token"] = try FloatTensor(shape: Shape([1, 1, 8]), values: values)
    let options = try ConversionOptions.small { $0.storedDType = .all(.f16) }
    let folder = NSTemporaryDirectory() + "inflation-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let conversion = Conversion(plan: try Golden.plan(source, options).plan, source: source)
    let fault = try #require(throws: Fault.self) {
      try conversion.write(
        to: CheckpointOutput(path: folder + "/out.safetensors", replacing: false),
        record: conversion.record())
    }
    #expect(fault.code == .overRange)
    #expect(fault.place.tensor == "encoder.cls_token")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    values[3] = -65519
    source.contents["cls_token"] = try FloatTensor(shape: Shape([1, 1, 8]), values: values)
    let stored = try Golden.withConverted(source, options) {
      try $0.floats(of: SourceKey("encoder.cls_token")).values[3]
    }
    #expect(stored == -65504)
  }

  @Test("records what verification needs to know")
  func record() throws {
    let source = try MemorySource.beit()
    let options = try ConversionOptions.small {
      $0.channels = .mean
      $0.patchEmbedding = .center
    }
    try Golden.withConverted(source, options) { converted in
      let record = try #require(try ConversionRecord(metadata: converted.metadata))
      #expect(record.targetID == "transseg-beit")
      #expect(
        record.options == [
          "patch-embed": "center", "channels": "mean", "rel-pos-resize": "geometric",
          "dtype": "keep",
        ])
      #expect(record.parameters["patchDepth"] == 5)
      #expect(record.sourceDigest == (try contentDigest(of: source).description))
    }
  }
}
