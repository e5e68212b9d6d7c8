import Diagnostics
import Documents

/// The kinds of values in descriptions of families and recipes.
extension JSONReader {
  /// Like `allowOnly`, and refuses members that are `null`: an absent value is left out, so that
  /// there is one way to write a document.
  package func allowOnlyStated(_ names: Set<String>) throws {
    try allowOnly(names)
    for (name, reader) in try members() where reader.value == .null {
      throw reader.fault("\"\(printable(name))\" is null", remedy: "leave the member out")
    }
  }

  /// Lower-case ASCII letters, digits and `-._`, a letter or digit first, at most 100.
  package func familyID() throws -> String {
    let id = try string()
    let isFirst = { (byte: UInt8) in
      (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
    guard (1...100).contains(id.utf8.count), isFirst(id.utf8.first!),
      id.utf8.allSatisfy({ isFirst($0) || [0x2D, 0x2E, 0x5F].contains($0) })
    else {
      throw fault(
        "\"\(printable(id))\" cannot be the id of a family",
        remedy: "use 1 to 100 lower-case letters, digits and -._ with a letter or digit first")
    }
    return id
  }

  /// A text without control characters.
  package func text(_ length: ClosedRange<Int>) throws -> String {
    let text = try string()
    guard length.contains(text.unicodeScalars.count),
      !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      throw fault(
        "a text of \(length.lowerBound) to \(length.upperBound) characters without control "
          + "characters is expected")
    }
    return text
  }

  /// A text of printable ASCII characters without spaces, as the names of tensors are.
  package func word(_ length: ClosedRange<Int>) throws -> String {
    let text = try string()
    guard length.contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw fault(
        "a text of \(length.lowerBound) to \(length.upperBound) ASCII characters without spaces "
          + "is expected")
    }
    return text
  }

  /// What may stand before names; at least one, which may be empty.
  func prefixes() throws -> [String] {
    let prefixes = try elements().map { try $0.word(0...200) }
    guard !prefixes.isEmpty else { throw fault("the list is empty") }
    return prefixes
  }

  /// A number that a layer can be built with.
  func constant() throws -> Double {
    let number = try number()
    guard number.magnitude <= 1e9 else { throw fault("\(number) is beyond ±1e9") }
    return number
  }

  /// One of an enumeration's raw values.
  package func choice<Choice>() throws -> Choice
  where Choice: RawRepresentable<String> & CaseIterable {
    let text = try string()
    guard let choice = Choice(rawValue: text) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw fault("\"\(printable(text))\" is none of \(known)")
    }
    return choice
  }
}
