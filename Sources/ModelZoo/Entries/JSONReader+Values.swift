import Diagnostics
import Documents

extension JSONReader {
  /// Asked before anything else, so that a document of a later tool is not called misspelt.
  func checkFormat(version: Int) throws {
    let found = try member("formatVersion")
    guard try found.integer() == version else {
      throw found.fault(
        "the document has another format than the \(version) that this tool reads",
        remedy: "use a newer release of the tool")
    }
    _ = try optionalMember("$schema")?.string()
  }

  /// Like `allowOnly`, and refuses members that are `null`: an absent value is left out, so that
  /// there is one way to write a document.
  func allowOnlyStated(_ names: Set<String>) throws {
    try allowOnly(names)
    for (name, reader) in try members() where reader.value == .null {
      throw reader.fault("\"\(printable(name))\" is null", remedy: "leave the member out")
    }
  }

  /// The string here, made into a value that checks itself.
  func converted<Value>(_ make: (String) throws -> Value) throws -> Value {
    let text = try string()
    return try located(in: .init(pointer: pointer)) { try make(text) }
  }

  /// The list called `name`; an absent one is empty.
  func list<Value>(_ name: String, of make: (String) throws -> Value) throws -> [Value] {
    try optionalMember(name)?.elements().map { try $0.converted(make) } ?? []
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(of _: Choice.Type) throws -> Choice {
    let text = try string()
    guard let choice = Choice(rawValue: text) else {
      throw fault(
        "\"\(printable(text))\" is not known here",
        remedy: "known: \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }
}
