import Diagnostics
import Testing

@testable import Architectures

@Suite("Name patterns")
struct NamePatternTests {
  @Test(
    "that make no sense are refused",
    arguments: [
      "", "{", "}", "a{b}}", "a{<b}", "a{1<b}", "a{b<}", "a{b<c}", "a}b", "{{b}}", "a{b}{c}",
      "a{b}.{b}", "a{b c}", "ä", "a b", "a\u{0}", "a1{b}", "a{b}1", "a{}", "a{b*b}", "a{b+c}",
      "a{1-b}", "a{b-1}", "a{b[c]}", "a{3}", "*", "a*b", "a{b}*", "a**",
      "a.{x-x*(x-1)*4611686018427387903-x*(x-1)*2}", String(repeating: "a", count: 1001),
    ])
  func malformed(text: String) {
    #expect { try NamePattern(text) } throws: { ($0 as? Fault)?.code == .invalidFamily }
  }

  private func indices(_ pattern: String, _ name: String) throws -> Indices? {
    try NamePattern(pattern).indices(of: NumberedName(name))
  }

  @Test("give the running indices of a name, and the name of indices")
  func runningIndices() throws {
    let pattern = try NamePattern("features.{2*stage+1}.{block}.norm1.weight")
    #expect(pattern.indices == ["stage", "block"])
    #expect(pattern.name(at: ["stage": 3, "block": 12]) == "features.7.12.norm1.weight")
    #expect(
      pattern.indices(of: NumberedName("features.7.12.norm1.weight")) == ["stage": 3, "block": 12])
    #expect(try indices("w", "w") == [:])
    #expect(try indices("layers{stage+1}.0.w", "layers1.0.w") == ["stage": 0])
  }

  @Test(
    "are not names that differ in a number, its spelling or what is around it",
    arguments: [
      "features.6.12.norm1.weight", "features.7.12.norm2.weight", "features.07.12.norm1.weight",
      "features.7.012.norm1.weight", "features.+7.12.norm1.weight", "features.7.12.norm1.weigh",
      "features.7.12.norm1.weightx", "features.7.99999.norm1.weight", "features.٧.12.norm1.weight",
      "features.7..norm1.weight", "", "#", "features.#.#.norm#.weight",
    ])
  func strangers(name: String) throws {
    #expect(try indices("features.{2*stage+1}.{block}.norm1.weight", name) == nil)
  }

  @Test("that are open stand for every name that begins so, byte by byte")
  func open() throws {
    #expect(try indices("head.*", "head.a.0.b") == [:])
    #expect(try indices("head.*", "head.") == [:])
    #expect(try indices("head.*", "heads.a") == nil)
    #expect(try indices("cafe*", "cafe\u{301}") == [:])
  }

  @Test("have one number for large ones, which no arithmetic overflows")
  func large() throws {
    let pattern = try NamePattern("a.{1000000*block+9223372036850000000}.w")
    #expect(pattern.name(at: ["block": 9999]) == "a.\(Int.max).w")
  }
}
