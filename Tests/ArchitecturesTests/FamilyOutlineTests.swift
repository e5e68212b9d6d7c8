import BuiltInZoo
import Diagnostics
import Documents
import Tensors
import Testing

@testable import Architectures

@Suite("Glancing over descriptions of families")
struct FamilyOutlineTests {
  @Test("a glance at a built-in description tells what reading it tells")
  func builtIn() throws {
    for (name, text) in BuiltInZoo.families {
      let glance = try #require(FamilyOutline(glancingOver: text), "\(name)")
      let outline = FamilyOutline(try Family(JSONReader(JSONValue(parsing: text))))
      #expect(glance.id == outline.id && glance.dimensions == outline.dimensions, "\(name)")
      #expect(glance.prefixes == outline.prefixes, "\(name)")
      #expect(glance.componentIDs == outline.componentIDs, "\(name)")
      #expect(glance.marks == outline.marks && !glance.marks.isEmpty, "\(name)")
      #expect(glance.openNames == outline.openNames, "\(name)")
    }
  }

  @Test("a text that a glance cannot take in is read whole")
  func escapes() throws {
    let text = """
      {"formatVersion": 2, "id": "one", "title": "O\\u006ee", "dimensions": 2,
       "tensors": [{"name": "a", "role": "a", "shape": []}]}
      """
    #expect(FamilyOutline(glancingOver: Array(text.utf8)) == nil)
    #expect(try FamilyEntry(parsing: Array(text.utf8)).family().title == "One")
    #expect(throws: Fault.self) { try FamilyEntry(parsing: Array(text.dropLast().utf8)) }
  }

  @Test("a pattern's mark is that of the names it stands for, and of no others")
  func marks() throws {
    let pattern = "layers.{stage}.blocks2.{2*block+1}.norm1.weight"
    let mark = FormMark(ofPattern: Array(pattern.utf8)[...])
    #expect(mark == FormMark(of: try NamePattern(pattern).form.utf8))
    #expect(mark == FormMark(of: NumberedName("layers.0.blocks2.13.norm1.weight").form.utf8))
    #expect(mark != FormMark(of: NumberedName("layers.0.blocks.13.norm1.weight").form.utf8))
  }

  @Test(
    "numbers in a name have to be the pattern's own",
    arguments: [
      ("blocks.3.norm1.w", 3), ("blocks.3.norm2.w", nil), ("blocks.03.norm1.w", nil),
      ("blocks.#.norm1.w", nil), ("blocks.3.norm#.w", nil), ("blocks.0.norm1.w", 0),
      ("blocks.00.norm1.w", nil), ("blocks.12345.norm1.w", nil),
    ] as [(String, Int?)])
  func indices(name: String, block: Int?) throws {
    let found = try NamePattern("blocks.{block}.norm1.w").indices(of: NumberedName(name))
    #expect(found == block.map { ["block": $0] })
  }

  @Test("patterns hold no number sign, which stands for numbers in forms")
  func numberSign() {
    #expect(throws: Fault.self) { try NamePattern("a#b{block}") }
  }
}
