import Diagnostics
import Tensors

/// What one element of an array is and how it is stored.
struct NPYElementType: Equatable {
  let dtype: DType
  let isBigEndian: Bool

  private static let names: [Substring: DType] = [
    "b1": .bool, "i1": .i8, "u1": .u8, "i2": .i16, "u2": .u16, "i4": .i32, "u4": .u32, "i8": .i64,
    "u8": .u64, "f2": .f16, "f4": .f32, "f8": .f64, "c8": .c64,
  ]

  /// - Parameter descr: NumPy's description of an element: `'<f4'`.
  /// - Throws: `numpy-element-type`, with the type's name.
  init(descr: PythonLiteral) throws {
    guard case .string(let text) = descr else {
      throw NPYElementType.refused("a structured element type", "save each field on its own")
    }
    // The one name beside NumPy's own: 16 bits for which NumPy itself has no name.
    if text == "bfloat16" {
      self.init(dtype: .bf16, isBigEndian: false)
      return
    }
    guard let order = text.first, "<>|".contains(order), text.unicodeScalars.count <= 32 else {
      throw NPYElementType.refused("\"\(printable(text, limit: 32))\"", nil)
    }
    let name = text.dropFirst()
    guard let dtype = NPYElementType.names[name] else {
      throw NPYElementType.unknown(text, kind: name.first ?? " ")
    }
    guard order != "|" || dtype.bitWidth == 8 else {
      throw NPYElementType.refused("\"\(text)\", which names no byte order", nil)
    }
    self.init(dtype: dtype, isBigEndian: order == ">" && dtype.bitWidth > 8)
  }

  private init(dtype: DType, isBigEndian: Bool) {
    self.dtype = dtype
    self.isBigEndian = isBigEndian
  }

  private static func refused(_ what: String, _ remedy: String?) -> Fault {
    Fault(
      .numpyElementType, "the array's elements are \(what), which no tensor holds", remedy: remedy)
  }

  private static func unknown(_ text: String, kind: Character) -> Fault {
    let quoted = "\"\(printable(text))\""
    return switch kind {
    case "O":
      refused("Python objects (\(quoted)), which are pickled", "save the arrays inside them")
    case "V":
      refused(
        "nameless bytes (\(quoted))",
        "if they are bfloat16, save them as float32: NumPy does not keep their name")
    case "U", "S", "a": refused("text (\(quoted))", "leave the array out")
    case "M", "m": refused("dates or times (\(quoted))", "leave the array out")
    default: refused(quoted, "save the array as float32")
    }
  }
}
