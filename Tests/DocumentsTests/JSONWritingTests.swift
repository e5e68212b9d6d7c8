import Documents
import Foundation
import Testing

@Suite("Writing JSON")
struct JSONWritingTests {
  /// `python.json`, which `make_fixture.py` beside it wrote.
  private static func pythonLines() throws -> [String] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/documents/python.json").standardizedFileURL
    let lines = [UInt8](try Data(contentsOf: path)).split(separator: 0x0A)
    return lines.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("what Python wrote is read and written again to the same bytes")
  func pythonsBytes() throws {
    let lines = try Self.pythonLines()
    #expect(lines.count == 31)
    for line in lines {
      let text = try JSONValue(parsing: line).text(.compact)
      #expect(Array(text.utf8) == Array(line.utf8), "\(line)")
    }
  }

  @Test("what is written in either layout reads back as the same value")
  func roundTrip() throws {
    for line in try Self.pythonLines() {
      let value = try JSONValue(parsing: line)
      #expect(try JSONValue(parsing: value.text(.compact)) == value)
      #expect(try JSONValue(parsing: value.text(.indented)) == value)
    }
  }

  @Test("every finite number reads back as itself")
  func numbers() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<10_000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite else { continue }
      guard case .number(let read) = try JSONValue(parsing: JSONValue.number(value).text()) else {
        Issue.record("\(value) became a whole number")
        continue
      }
      #expect(read.bitPattern == value.bitPattern)
    }
  }

  @Test("numbers that JSON lacks become null")
  func notFinite() {
    for value in [Double.nan, .infinity, -.infinity] {
      #expect(JSONValue.number(value).text(.compact) == "null")
    }
  }

  @Test("the indented layout has a member a line and plain lists on one")
  func indented() {
    let value: JSONValue = .object([
      "plain": .integers([1, 2]), "empty": .array([]), "none": .object([JSONValue.Member]()),
      "nested": .array([.object(["a": 1]), .strings(["b"])]), "absent": nil,
    ])
    #expect(
      value.text() == """
        {
          "plain": [1, 2],
          "empty": [],
          "none": {},
          "nested": [
            {
              "a": 1
            },
            ["b"]
          ]
        }

        """)
  }
}
