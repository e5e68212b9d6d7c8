extension JSONValue {
  package enum Layout: Sendable {
    case compact
    /// Two spaces a level; arrays of plain values on one line.
    case indented
  }

  /// The JSON text of this value, the same for the same value on every machine.
  ///
  /// Numbers that JSON cannot write (NaN, infinities) become `null`.
  package func text(_ layout: Layout = .indented) -> String {
    var output = ""
    write(to: &output, layout: layout, level: 0)
    if layout == .indented { output += "\n" }
    return output
  }

  private var isPlain: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private func write(to output: inout String, layout: Layout, level: Int) {
    switch self {
    case .null: output += "null"
    case .boolean(let value): output += value ? "true" : "false"
    case .integer(let value): output += String(value)
    case .number(let value): output += value.isFinite ? "\(value)" : "null"
    case .string(let value): JSONValue.write(value, to: &output)
    case .array(let values):
      let inline = layout == .compact || values.allSatisfy(\.isPlain)
      JSONValue.writeList(
        values, brackets: ("[", "]"), separator: inline && layout == .indented ? ", " : ",",
        broken: !inline, level: level, to: &output
      ) { value, output in
        value.write(to: &output, layout: layout, level: level + 1)
      }
    case .object(let members):
      JSONValue.writeList(
        members, brackets: ("{", "}"), separator: ",", broken: layout == .indented, level: level,
        to: &output
      ) { member, output in
        JSONValue.write(member.name, to: &output)
        output += layout == .indented ? ": " : ":"
        member.value.write(to: &output, layout: layout, level: level + 1)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], brackets: (String, String), separator: String, broken: Bool, level: Int,
    to output: inout String, element write: (Element, inout String) -> Void
  ) {
    output += brackets.0
    for (index, element) in elements.enumerated() {
      if index > 0 { output += separator }
      if broken { output += "\n" + String(repeating: "  ", count: level + 1) }
      write(element, &output)
    }
    if broken, !elements.isEmpty { output += "\n" + String(repeating: "  ", count: level) }
    output += brackets.1
  }

  private static func write(_ string: String, to output: inout String) {
    output += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "\u{8}": output += "\\b"
      case "\u{C}": output += "\\f"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: output.unicodeScalars.append(scalar)
      }
    }
    output += "\""
  }
}
