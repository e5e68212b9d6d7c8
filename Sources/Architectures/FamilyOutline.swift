/// What can be told of a family without reading its whole description: enough to say how many of a
/// checkpoint's tensors it can name.
///
/// The binary carries dozens of descriptions, and a checkpoint belongs to one of them. To read them
/// all at every start would take longer than reading the checkpoint's header does.
struct FamilyOutline: Sendable {
  let id: String
  let dimensions: Int
  let prefixes: [String]
  /// The families of its components.
  let componentIDs: [String]
  /// Of the names in its rules and drops: the marks of their forms, each once.
  let marks: [FormMark]
  /// What the names that end in `*` begin with.
  let openNames: [String]

  init(_ family: Family) {
    id = family.id
    dimensions = family.dimensions
    prefixes = family.prefixes
    componentIDs = family.components.map(\.familyID)
    let names = family.tensors.map(\.name) + family.drops.map(\.name)
    marks = FormMark.each(names.filter { !$0.isOpen }.map { FormMark(of: $0.form.utf8) })
    openNames = names.filter(\.isOpen).map { String($0.description.dropLast()) }
  }

  /// Glances over the text of a description, for the few strings that matter here.
  ///
  /// - Returns: nil for a text that spells one of them with escapes, or lacks one.
  init?(glancingOver text: [UInt8]) {
    var glance = Glance()
    guard glance.over(text), let id = glance.id, let dimensions = glance.dimensions else {
      return nil
    }
    self.id = id
    self.dimensions = dimensions
    prefixes = glance.prefixes ?? [""]
    componentIDs = glance.componentIDs
    marks = FormMark.each(glance.marks)
    openNames = glance.openNames
  }
}

/// Stands for the form of a name, as ``NamePattern`` and ``NumberedName`` have it: equal forms have
/// equal marks, and different ones as good as never the same.
struct FormMark: Sendable, Hashable, Comparable {
  /// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
  private var value: UInt64 = 0xCBF2_9CE4_8422_2325

  private init() {}

  init(of form: some Sequence<UInt8>) {
    for byte in form { add(byte) }
  }

  /// Every mark once, in ascending order.
  static func each(_ marks: [FormMark]) -> [FormMark] {
    var each: [FormMark] = []
    for mark in marks.sorted() where mark != each.last { each.append(mark) }
    return each
  }

  static func < (left: FormMark, right: FormMark) -> Bool { left.value < right.value }

  private mutating func add(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
  }

  /// The mark of a pattern's form: whatever stands in braces is a number.
  init(ofPattern pattern: ArraySlice<UInt8>) {
    var isInside = false
    var isAfterDigit = false
    for byte in pattern {
      if isInside {
        isInside = byte != UInt8(ascii: "}")
        continue
      }
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      isInside = byte == UInt8(ascii: "{")
      if isInside || (isDigit && !isAfterDigit) {
        add(UInt8(ascii: "#"))
      } else if !isDigit {
        add(byte)
      }
      isAfterDigit = isDigit
    }
  }
}

/// One pass over a description's text, which takes its strings and what they are the values of.
private struct Glance {
  var id: String?
  var dimensions: Int?
  var prefixes: [String]?
  var componentIDs: [String] = []
  var marks: [FormMark] = []
  var openNames: [String] = []
  /// The member of the whole document, and of the innermost object, that is being read.
  private var section: ArraySlice<UInt8> = []
  private var member: ArraySlice<UInt8> = []
  private var depth = 0

  /// - Returns: whether all that was taken is spelt without escapes.
  mutating func over(_ text: [UInt8]) -> Bool {
    var position = 0
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "2"), UInt8(ascii: "3"):
        if depth == 1, section.elementsEqual("dimensions".utf8) {
          dimensions = Int(text[position] - UInt8(ascii: "0"))
        }
      case UInt8(ascii: "\""):
        let start = position + 1
        position = start
        while position < text.count, text[position] != UInt8(ascii: "\"") {
          if text[position] == UInt8(ascii: "\\") { return false }
          position += 1
        }
        let string = text[start..<position]
        let isName = position + 1 < text.count && text[position + 1] == UInt8(ascii: ":")
        if isName { enter(string) } else { take(string) }
      default: break
      }
      position += 1
    }
    return depth == 0
  }

  private mutating func enter(_ name: ArraySlice<UInt8>) {
    member = name
    if depth == 1 { section = name }
  }

  private mutating func take(_ string: ArraySlice<UInt8>) {
    switch depth {
    case 1 where section.elementsEqual("id".utf8): id = String(decoding: string, as: UTF8.self)
    case 2 where section.elementsEqual("prefixes".utf8):
      prefixes = (prefixes ?? []) + [String(decoding: string, as: UTF8.self)]
    case 3 where member.elementsEqual("name".utf8): takeName(string)
    case 3 where member.elementsEqual("family".utf8):
      componentIDs.append(String(decoding: string, as: UTF8.self))
    default: break
    }
  }

  private mutating func takeName(_ name: ArraySlice<UInt8>) {
    if name.last == UInt8(ascii: "*") {
      openNames.append(String(decoding: name.dropLast(), as: UTF8.self))
    } else {
      marks.append(FormMark(ofPattern: name))
    }
  }
}
