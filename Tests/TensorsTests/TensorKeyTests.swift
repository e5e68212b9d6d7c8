import Tensors
import Testing

@Suite("Tensor names")
struct TensorKeyTests {
  @Test("names are one only when their bytes are")
  func equality() {
    #expect(SourceKey("a") == SourceKey("a"))
    #expect(SourceKey("\u{E9}") != SourceKey("e\u{301}"))
    #expect(SourceKey("K") != SourceKey("\u{212A}"))
    #expect(TargetKey("가") != TargetKey("\u{1100}\u{1161}"))
  }

  @Test("a set keeps names apart that Swift's strings do not")
  func hashing() {
    let names = ["\u{E9}", "e\u{301}", "K", "\u{212A}", "Å", "\u{212B}", "A\u{30A}"]
    #expect(Set(names.map(SourceKey.init)).count == 7)
    let table = Dictionary(
      uniqueKeysWithValues: names.enumerated().map { (SourceKey($1), $0) })
    for (index, name) in names.enumerated() { #expect(table[SourceKey(name)] == index) }
  }

  @Test("names are ordered by their bytes, as other readers order them")
  func order() {
    let ascending = [
      "", "A", "B", "a", "a.0", "a.10", "a.2", "ab", "e\u{301}", "\u{E9}", "\u{FFFF}", "𐀀",
    ]
    #expect(ascending.shuffled().map(SourceKey.init).sorted().map(\.name) == ascending)
    for (left, right) in zip(ascending, ascending.dropFirst()) {
      #expect(TargetKey(left) < TargetKey(right))
      #expect(!(TargetKey(right) < TargetKey(left)))
    }
  }

  @Test("equality and order agree")
  func consistency() {
    let keys = ["\u{E9}", "e\u{301}", "e", "K", "\u{212A}"].map(SourceKey.init)
    for left in keys {
      for right in keys {
        let relations = [left < right, left == right, right < left]
        #expect(relations.filter { $0 }.count == 1)
      }
    }
  }
}

@Suite("Names that are spellings of one text")
struct SpellingTests {
  /// 2¹⁴ names that Swift takes for one string; were they to collide, this would take minutes.
  @Test("do not slow a table of names down", .timeLimit(.minutes(1)))
  func doNotCollide() {
    let keys = (0..<1 << 14).map { number in
      SourceKey((0..<14).map { number >> $0 & 1 == 0 ? "\u{E9}" : "e\u{301}" }.joined())
    }
    #expect(Set(keys).count == keys.count)
    // A collision is equal hashes; a few may happen by chance among 2¹⁴ of 64 bits, many may not.
    #expect(Set(keys.map(\.hashValue)).count > keys.count - 4)
  }
}
