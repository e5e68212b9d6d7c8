import Documents
import Foundation
import SchemaSupport
import Testing

@Suite("Agreement with Python's jsonschema")
struct ValidatorAgreementTests {
  /// A violation in the form that the fixture has it.
  struct Finding: Hashable {
    let pointer: String
    let keyword: String
  }

  @Test("finds the same violations at the same places in every generated case")
  func sameViolations() throws {
    let cases = try JSONReader(fixture()).member("cases").elements()
    #expect(cases.count >= 300)
    var instances = 0
    for example in cases {
      let schema = try Schema(example.member("schema").value)
      for test in try example.member("tests").elements() {
        let instance = test.value["instance"] ?? .null
        let expected = try Set(test.member("violations").elements().map(Self.finding))
        let found = Set(
          schema.violations(of: instance).map { Finding(pointer: $0.pointer, keyword: $0.keyword) })
        #expect(found == expected, "\(test.pointer)")
        instances += 1
      }
    }
    #expect(instances >= 1500)
  }

  private static func finding(_ pair: JSONReader) throws -> Finding {
    let parts = try pair.elements()
    return Finding(pointer: try parts[0].string(), keyword: try parts[1].string())
  }

  private func fixture() throws -> JSONValue {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let file = folder.appendingPathComponent("../Fixtures/schemas/cases.json").path
    let text = try #require(FileManager.default.contents(atPath: file))
    return try JSONValue(parsing: [UInt8](text), limits: .init(depth: 64))
  }
}
