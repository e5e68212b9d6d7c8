import Diagnostics

/// A tensor's name with running indices: `layers.{stage}.blocks.{block}.norm1.weight`.
///
/// A number in braces is linear in one index, `{2*stage+1}`; a pattern that ends in `*` stands for
/// every name that begins so.
package struct NamePattern: Sendable, Hashable, CustomStringConvertible {
  package let description: String
  /// The names of the running indices, as they stand in the name.
  package let indices: [String]
  /// Whether any rest may follow.
  package let isOpen: Bool
  /// The name with `#` in the place of every number; what ``NumberedName`` finds a pattern by.
  package let form: String
  private let pieces: [Piece]
  /// How many numbers stand in the name.
  private let numberCount: Int

  private enum Piece: Sendable, Hashable {
    /// Text with the numbers that stand in it.
    case text(String, numbers: [Substring])
    case number(LinearNumber)
  }

  /// Beyond this no checkpoint's names go, and trying them would cost more than they are worth.
  static let maximumByteCount = 1000

  /// - Throws: `invalid-family` when the braces or what is in them make no sense.
  package init(_ text: String) throws {
    description = text
    isOpen = text.hasSuffix("*")
    pieces = try NamePattern.pieces(of: isOpen ? String(text.dropLast()) : text, in: text)
    indices = pieces.compactMap {
      if case .number(let number) = $0 { number.index } else { nil }
    }
    numberCount = pieces.reduce(0) {
      if case .text(_, let numbers) = $1 { $0 + numbers.count } else { $0 + 1 }
    }
    form = pieces.map {
      switch $0 {
      case .text(let text, _): NumberedName(text).form
      case .number: "#"
      }
    }.joined()
    guard (1...NamePattern.maximumByteCount).contains(text.utf8.count), !form.contains("##"),
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), indices.count == Set(indices).count,
      !isOpen || indices.isEmpty, !form.contains("*"), !text.contains("#"), !pieces.isEmpty
    else { throw NamePattern.malformed(text) }
  }

  /// The name with the indices' numbers in it.
  package func name(at indices: Indices) -> String {
    pieces.map {
      switch $0 {
      case .text(let text, _): text
      case .number(let number): String(number.value(at: indices))
      }
    }.joined()
  }

  /// The indices with which the pattern is `name`, or nil when it never is.
  func indices(of name: NumberedName) -> Indices? {
    // By bytes: Swift's strings take names for equal that a file tells apart.
    if isOpen { return name.text.utf8.starts(with: description.utf8.dropLast()) ? [:] : nil }
    // A name with a number sign of its own has fewer numbers than its form shows.
    guard name.form.utf8.elementsEqual(form.utf8), name.numbers.count == numberCount else {
      return nil
    }
    var found: Indices = [:]
    var position = 0
    for piece in pieces {
      switch piece {
      case .text(_, let numbers):
        // Names of one form differ in their numbers alone.
        guard name.numbers[position..<position + numbers.count].elementsEqual(numbers) else {
          return nil
        }
        position += numbers.count
      case .number(let number):
        guard let value = name.value(position).flatMap(number.solved) else { return nil }
        found[number.index] = value
        position += 1
      }
    }
    return found
  }

  private static func pieces(of text: String, in whole: String) throws -> [Piece] {
    var pieces: [Piece] = []
    for (number, part) in text.split(separator: "{", omittingEmptySubsequences: false).enumerated()
    {
      let halves = part.split(separator: "}", omittingEmptySubsequences: false)
      guard halves.count == (number == 0 ? 1 : 2) else { throw malformed(whole) }
      if number > 0 {
        guard let linear = try? LinearNumber(ShapeExpression(String(halves[0]))) else {
          throw malformed(whole)
        }
        pieces.append(.number(linear))
      }
      if let rest = halves.last, !rest.isEmpty {
        let text = String(rest)
        pieces.append(.text(text, numbers: NumberedName(text).numbers))
      }
    }
    return pieces
  }

  private static func malformed(_ text: String) -> Fault {
    Fault(
      .invalidFamily, "\"\(printable(text))\" is no name pattern",
      remedy: "write a running index as {index}, a number made of it as {2*index+1}")
  }
}

/// A number in a name that grows with one running index: `2*stage+1`.
private struct LinearNumber: Sendable, Hashable {
  let index: String
  private let factor: Int
  private let offset: Int

  /// Nil for what is not linear in one index.
  init?(_ expression: ShapeExpression) {
    let values = { expression.value(given: [:], at: [$0: $1]) }
    guard let name = expression.names.first, expression.names.count == 1,
      let zeroth = values(name, 0), let first = values(name, 1), let second = values(name, 2),
      zeroth >= 0, first > zeroth, second > first, second - first == first - zeroth
    else { return nil }
    index = name
    offset = zeroth
    factor = first - zeroth
  }

  func value(at indices: Indices) -> Int {
    let (product, isTooLarge) = (indices[index] ?? 0).multipliedReportingOverflow(by: factor)
    let (sum, overflow) = product.addingReportingOverflow(offset)
    return isTooLarge || overflow ? .max : sum
  }

  func solved(_ value: Int) -> Int? {
    guard value >= offset, (value - offset).isMultiple(of: factor) else { return nil }
    return (value - offset) / factor
  }
}

/// A name taken apart at its numbers: `blocks.12.norm1` is `blocks.#.norm#` with 12 and 1.
struct NumberedName: Sendable, Hashable {
  let text: String
  let form: String
  let numbers: [Substring]

  init(_ text: String) {
    self.text = text
    var form: [UInt8] = []
    var numbers: [Substring] = []
    let bytes = text.utf8
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let isDigit = (0x30...0x39).contains(bytes[position])
      let end =
        bytes[position...].firstIndex { (0x30...0x39).contains($0) != isDigit } ?? bytes.endIndex
      if isDigit {
        numbers.append(text[position..<end])
        form.append(0x23)
      } else {
        form.append(contentsOf: bytes[position..<end])
      }
      position = end
    }
    self.form = String(decoding: form, as: UTF8.self)
    self.numbers = numbers
  }

  /// The number at a place, if it is small enough to be an index and has no zeros before it.
  func value(_ place: Int) -> Int? {
    guard place < numbers.count, numbers[place].utf8.count <= 4,
      numbers[place].utf8.first != 0x30 || numbers[place].utf8.count == 1
    else { return nil }
    return Int(numbers[place])
  }

  /// No model has that many blocks; a file may claim them.
  static let indexLimit = 10_000
}

/// Whether the text can name a hyper-parameter: ASCII letters and digits, a letter first.
func isSymbol(_ text: some StringProtocol) -> Bool {
  guard let first = text.unicodeScalars.first, first.isASCIILetter else { return false }
  return text.unicodeScalars.allSatisfy {
    $0.isASCIILetter || ("0"..."9").contains($0)
  }
}

extension Unicode.Scalar {
  fileprivate var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
}
