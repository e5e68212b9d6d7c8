import Documents
import Foundation
import Testing

@testable import Architectures

/// Names and shapes of a small model by its own package; see `make_state_dicts.py` beside the file.
struct StateDictionary: Sendable, CustomTestStringConvertible {
  let name: String
  let family: String
  let parameters: [String: Int]
  let options: [String: String]
  /// The rules that drop tensors whatever the target is.
  let drops: [String]
  let source: ShapesOnly

  var testDescription: String { name }

  static let all: [StateDictionary] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/families/state_dicts.json")
    do {
      let document = try JSONReader(JSONValue(parsing: Array(Data(contentsOf: file))))
      return try document.members().map { try StateDictionary($0.name, $0.reader) }
    } catch {
      return []
    }
  }()

  private init(_ name: String, _ document: JSONReader) throws {
    self.name = name
    family = try document.member("family").string()
    parameters = try document.member("parameters").dictionary { try $0.integer() }
    options = try document.optionalMember("options")?.dictionary { try $0.string() } ?? [:]
    drops = try document.member("drops").elements().map { try $0.string() }
    var shapes: [String: [Int]] = [:]
    for (shape, names) in try document.member("tensors").members() {
      let extents = shape.split(separator: ",").compactMap { Int($0) }
      for name in try names.elements() { shapes[try name.string()] = extents }
    }
    source = ShapesOnly(shapes: shapes)
  }
}
