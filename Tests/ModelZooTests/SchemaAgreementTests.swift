import BuiltInSchemas
import Diagnostics
import Documents
import ModelZoo
import SchemaSupport
import Testing

/// The schemas and the code say yes and no to the same documents, but for what the schemas'
/// descriptions leave to the code.
@Suite("Agreement of schemas and code")
struct SchemaAgreementTests {
  private func schema(_ name: String) throws -> Schema {
    try Schema(parsing: #require(BuiltInSchemas.text(of: name)))
  }

  /// What a member may be replaced by, right here and wrong there; nil takes it out.
  private static let values: [JSONValue?] = {
    let plain = #"""
      [null, true, 0, 1, -1, 96, 1.5, 2000000000, 1125899906842624, 1125899906842625,
       "", "a", "A", "a.b", "a..b", "../a", "/a", "a/b", "a b", " a", "é", "a\nb", "a\u007f",
       "a\u0085", "MIT", "Apache-2.0 OR MIT", "(MIT)", "published", "name-prefix", "first-seen",
       "torch", "hdf5", "https://a", "http://b/c?d", "ftp://a", "https://", "https://é",
       "x-01234567.pth", "x-0123456.pth", "x-01234567/a", "a-b-0123456789abcdef.tar.gz", "a\n",
       [], [1], [0, 1, 2], ["a"], [1.5], ["https://a"], {}, {"text": "own", "url": "https://a"},
       {"text": "own"}, {"spdx": "MIT"}, {"title": "A"}, {"a": 1}, {"1a": 1},
       {"a": [1, 2], "b": []}]
      """#
    let long = [("0", 64), ("0", 63), ("A", 64), ("a", 101), ("a", 201), ("é", 2000), ("a", 2001)]
      .map { JSONValue.string(String(repeating: $0.0, count: $0.1)) }
    guard case .array(let values)? = try? JSONValue(parsing: plain) else { return [] }
    return [nil] + values + long
  }()

  private func compare(
    _ document: JSONValue, with schema: Schema, leavingToCode: (Fault) -> Bool,
    reading read: (JSONValue) throws -> Void
  ) -> (accepted: Int, refused: Int) {
    var counts = (accepted: 0, refused: 0)
    for path in document.paths where !path.isEmpty {
      for value in Self.values {
        let changed = document.setting(path[...], to: value)
        let violations = schema.violations(of: changed)
        do {
          try read(changed)
          counts.accepted += 1
          #expect(violations.isEmpty, "\(path): \(value.map { $0.text(.compact) } ?? "absent")")
        } catch let fault as Fault {
          counts.refused += 1
          #expect(
            !violations.isEmpty || leavingToCode(fault),
            "\(path): \(value.map { $0.text(.compact) } ?? "absent"): \(fault)")
        } catch {
          Issue.record(error)
        }
      }
    }
    return counts
  }

  @Test("model entries: whatever one side accepts, the other does")
  func modelEntries() throws {
    let counts = try compare(
      Samples.full(), with: schema("model-entry"),
      leavingToCode: {
        $0.reason.contains("cannot exist beside") || $0.reason.contains("first of its digest")
          || $0.reason.contains("digits of a digest")
      },
      reading: { _ = try ModelEntry(reading: JSONReader($0)) })
    #expect(counts.accepted > 200)
    #expect(counts.refused > 1000)
  }

  @Test("mirror indices: whatever one side accepts, the other does")
  func mirrorIndices() throws {
    let digest = JSONValue.string(Samples.digest(of: [1]).description)
    let document = JSONValue.object([
      "formatVersion": 1,
      "files": .array([
        .object(["name": "a/b", "size": 3, "sha256": digest]),
        .object(["name": "c", "size": 4, "sha256": digest]),
      ]),
    ])
    let counts = try compare(
      document, with: schema("mirror-index"),
      leavingToCode: { $0.reason.contains("cannot exist beside") },
      reading: { _ = try MirrorIndex(reading: JSONReader($0)) })
    #expect(counts.accepted > 20)
    #expect(counts.refused > 300)
  }

  @Test("what the code writes is what the schemas describe")
  func written() throws {
    let entry = try ModelEntry(parsing: Array(Samples.fullText.utf8))
    #expect(try schema("model-entry").violations(of: entry.document).isEmpty)
    let bare = try Samples.entry(holding: [1])
    #expect(try schema("model-entry").violations(of: bare.document).isEmpty)
    let index = try MirrorIndex(files: [
      .init(name: RelativePath("a"), size: 1, digest: Samples.digest(of: [1]))
    ])
    #expect(try schema("mirror-index").violations(of: index.document).isEmpty)
    #expect(try MirrorIndex(parsing: Array(index.document.text().utf8)) == index)
  }
}
