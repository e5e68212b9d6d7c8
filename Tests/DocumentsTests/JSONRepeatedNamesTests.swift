import Diagnostics
import Documents
import Testing

@Suite("Names that a JSON object gives twice")
struct JSONRepeatedNamesTests {
  @Test("are refused, unless the caller wants to decide which one counts")
  func repeatedNames() throws {
    let text = #"{"a":1,"b":{"c":2,"c":3},"\u0061":4}"#
    let fault = #expect(throws: Fault.self) { try JSONValue(parsing: text) }
    #expect(fault?.code == .invalidDocument)

    var limits = JSONValue.Limits()
    limits.keepsRepeatedNames = true
    let value = try JSONValue(parsing: text, limits: limits)
    #expect(
      value
        == .object([
          .init("a", 1), .init("b", .object([.init("c", 2), .init("c", 3)])), .init("a", 4),
        ]))
  }
}
