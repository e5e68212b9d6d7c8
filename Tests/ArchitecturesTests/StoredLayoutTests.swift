import Diagnostics
import Tensors
import Testing

@testable import Architectures

@Suite("Stored layouts")
struct StoredLayoutTests {
  private func layout(_ text: String) throws -> StoredLayout { try StoredLayout(text) }

  @Test(
    "that make no sense are refused",
    arguments: [
      "", "a", "a -> b", "a a -> a a", "a -> a -> a", "(a b -> a b", "a) -> a", "() a -> a",
      "((a)) -> a", "a b -> (a b", "a= -> a", "2 -> 2", "(1 a) -> a", "ä -> ä",
      "-> ", String(repeating: "a", count: 401),
    ])
  func malformed(text: String) {
    #expect { try StoredLayout(text) } throws: { ($0 as? Fault)?.code == .invalidFamily }
  }

  @Test("lead to the canonical form and back")
  func bothWays() throws {
    let layout = try layout("hidden (rows columns=2 channels) -> hidden channels rows columns")
    let stored = try Shape([2, 12])
    let there = try layout.toCanonical(from: stored, given: ["channels": 3], at: [:])
    #expect(there.shape.extents == [2, 3, 2, 2])
    let values = (0..<24).map(Float.init)
    let canonical = try there.applied(to: FloatTensor(shape: stored, values: values))
    // numpy: arange(24).reshape(2, 2, 2, 3).transpose(0, 3, 1, 2).ravel()[:12]
    #expect(canonical.values.prefix(12) == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
    let back = try layout.toStored(from: canonical.shape, given: ["channels": 3], at: [:])
    #expect(back.shape == stored)
    #expect(try back.applied(to: canonical).values == values)
    #expect(there.movesNothing == false)
  }

  @Test("of corners take each to its place in lexicographic order, and back")
  func corners() throws {
    let order = [0, 2, 3, 1]
    let layout = try StoredLayout("(corner features) -> corner features", order: ("corner", order))
    let stored = try FloatTensor(shape: Shape([8]), values: [0, 1, 10, 11, 20, 21, 30, 31])
    let there = try layout.toCanonical(from: stored.shape, given: ["corner": 4], at: [:])
    let canonical = try there.applied(to: stored)
    #expect(canonical.shape.extents == [2, 2, 2])
    #expect(canonical.values == [0, 1, 30, 31, 10, 11, 20, 21])
    let back = try layout.toStored(from: canonical.shape, given: ["corner": 4], at: [:])
    #expect(try back.applied(to: canonical) == stored)
  }

  @Test("of lists take the element of a running index")
  func lists() throws {
    let layout = try layout("(heads=heads[stage] size) out -> heads size out")
    let shape = try Shape([12, 5])
    let values = ["heads[0]": 2, "heads[1]": 4]
    #expect(
      try layout.canonicalShape(of: shape, given: values, at: ["stage": 1]).extents == [4, 3, 5])
    #expect(throws: Fault.self) {
      try layout.canonicalShape(of: shape, given: values, at: ["stage": 2])
    }
  }

  @Test(
    "do not take a shape that does not fit",
    arguments: [[2, 12, 1], [12], [2, 13], [], [2, 0]])
  func misfits(extents: [Int]) throws {
    let layout = try layout("hidden (rows=2 columns=2 channels=3) -> hidden channels rows columns")
    #expect { try layout.canonicalShape(of: Shape(extents), given: [:], at: [:]) } throws: {
      ($0 as? Fault)?.code == .unsupportedGeometry
    }
  }

  @Test(
    "survive numbers that nothing can have",
    arguments: [
      "(a=4294967296 b=4294967296) c -> a b c", "(a=0-1 b=0-1) c -> a b c", "(a=0 b) c -> a b c",
      "(a=9223372036854775807 b) c -> a b c", "(a b) c -> a b c", "(a=1//2 b) c -> a b c",
      "a=2^8 b c -> a b c", "(a b c) -> a b c",
    ])
  func absurd(text: String) throws {
    let layout = try layout(text)
    for extents in [[0, 0], [1, 1], [0, 4], [4, 4, 4], [1 << 40, 1]] {
      for values in [[:], ["a": 0], ["a": -1, "b": -1], ["a": .max], ["a": .min, "b": .max]] {
        _ = try? layout.toCanonical(from: Shape(extents), given: values, at: [:])
        _ = try? layout.toStored(from: Shape(extents), given: values, at: [:])
      }
    }
  }
}
