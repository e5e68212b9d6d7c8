import Inflation
import Tensors
import Testing

@testable import Verification

@Suite("Tensors that no training leaves behind")
struct StatisticsCheckTests {
  private func check(
    _ damage: (inout EditedSource) throws -> Void, withSource: Bool = true
  ) throws -> Check {
    let source = try Sample.source()
    var converted = try Sample.conversion(.average)
    try damage(&converted)
    return try Sample.verify(converted, against: withSource ? source : nil).check("statistics")
  }

  @Test("none in a sound conversion, with its source and without")
  func sound() throws {
    for withSource in [true, false] {
      let check = try check({ _ in }, withSource: withSource)
      #expect(check.verdict == .pass)
      #expect(check.figure == 0)
    }
  }

  @Test("a dead, an exploded and an untouched tensor are named", arguments: [true, false])
  func odd(withSource: Bool) throws {
    let weight = "encoder.blocks.1.mlp.fc2.weight"
    let dead = try check(
      { try $0.edit(weight) { values, _ in for index in values.indices { values[index] = 0 } } },
      withSource: withSource)
    #expect(dead.verdict == .fallShort)
    #expect(dead.tensor == weight)
    let exploded = try check(
      { try $0.edit(weight) { values, _ in for index in values.indices { values[index] *= 1e5 } } },
      withSource: withSource)
    #expect(exploded.verdict == .fallShort)
    #expect(exploded.tensor == weight)
    let norm = "encoder.blocks.2.norm1"
    let untouched = try check(
      {
        try $0.edit(norm + ".weight") { values, _ in values = values.map { _ in 1 } }
        try $0.edit(norm + ".bias") { values, _ in values = values.map { _ in 0 } }
      }, withSource: withSource)
    #expect(untouched.verdict == .fallShort)
    #expect(untouched.tensor == norm + ".weight")
  }

  @Test("what is as odd in the 2D model is not the conversion's doing")
  func oddSource() throws {
    var source = try Sample.source()
    let weight = "blocks.1.mlp.fc2.weight"
    try source.edit(weight) { values, _ in values = values.map { _ in 0 } }
    let converted = try Sample.converted(source, Sample.options(.center))
    #expect(try Sample.verify(converted, against: source).check("statistics").verdict == .pass)
    #expect(try Sample.verify(converted).check("statistics").verdict == .fallShort)
  }

  @Test("a decoder made up from a seed waits to be trained")
  func seeded() throws {
    let encoder = try Sample.golden("beit/source.safetensors")
    let converted = try Sample.converted(
      encoder, Sample.options(.average) { $0.outputChannels = 3 })
    for source in [encoder, nil] {
      let check = try Sample.verify(converted, against: source).check("statistics")
      #expect(check.verdict == .pass, "\(check.detail)")
    }
  }
}
