import Diagnostics
import Tensors

/// What stands in front of an array's data: a signature, a version, a length and a Python literal.
struct NPYHeader: Equatable {
  let elementType: NPYElementType
  let shape: Shape
  /// Whether the first axis runs fastest.
  let isColumnMajor: Bool
  /// The bytes before the data.
  let byteCount: Int

  private static let signature: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Signature, version and the longer of the two lengths.
  private static let fixedByteCount = 12
  /// NumPy itself stops at 10,000 characters.
  private static let largestText = 1 << 16
  private static let largestRank = 64

  /// - Parameter prefix: gives the member's first bytes, as many as it is asked for or all.
  /// - Throws: `numpy-header`, `numpy-element-type`, `invalid-shape`.
  init(reading prefix: (Int) throws -> [UInt8]) throws {
    // Nearly every header fits in this, and is then inflated once.
    var bytes = try prefix(256)
    let text = try NPYHeader.textRange(in: bytes)
    if text.upperBound > bytes.count { bytes = try prefix(text.upperBound) }
    guard text.upperBound <= bytes.count else {
      throw NPYHeader.fault(
        "the array's header should be \(text.upperBound) bytes long, its member has only "
          + "\(bytes.count)")
    }
    let literal = try PythonLiteral(
      parsing: Array(bytes[text]), allowsLongSuffix: bytes[6] < 3)
    let members = try NPYHeader.members(of: literal)
    guard case .boolean(let isColumnMajor) = members["fortran_order"] else {
      throw NPYHeader.fault("fortran_order is neither True nor False")
    }
    elementType = try NPYElementType(descr: members["descr"]!)
    shape = try NPYHeader.shape(members["shape"]!)
    self.isColumnMajor = isColumnMajor
    byteCount = text.upperBound
  }

  private static func fault(_ reason: String) -> Fault {
    Fault(
      .numpyHeader, reason, remedy: "the file is damaged, or was not written by NumPy")
  }

  private static func textRange(in bytes: [UInt8]) throws -> Range<Int> {
    guard bytes.count >= fixedByteCount, bytes.starts(with: signature) else {
      throw fault("the member does not begin with NumPy's signature")
    }
    let length = bytes.span.bytes
    switch (bytes[6], bytes[7]) {
    case (1, 0): return 10..<10 + Int(length.unsigned16(at: 8))
    case (2, 0), (3, 0):
      let count = Int(length.unsigned32(at: 8))
      guard count <= largestText else {
        throw fault("a header of \(count) bytes, more than the \(largestText) allowed")
      }
      return 12..<12 + count
    default: throw fault("version \(bytes[6]).\(bytes[7]) of the array format is unknown")
    }
  }

  /// Exactly the three members that the format names, each once.
  private static func members(of literal: PythonLiteral) throws -> [String: PythonLiteral] {
    guard case .dictionary(let members) = literal else {
      throw fault("the array's header is no dictionary")
    }
    var values: [String: PythonLiteral] = [:]
    for member in members {
      guard ["descr", "fortran_order", "shape"].contains(member.name) else {
        throw fault("the array's header has an unknown member \"\(printable(member.name))\"")
      }
      guard values.updateValue(member.value, forKey: member.name) == nil else {
        throw fault("the array's header gives \(member.name) twice")
      }
    }
    for name in ["descr", "fortran_order", "shape"] where values[name] == nil {
      throw fault("the array's header lacks \(name)")
    }
    return values
  }

  private static func shape(_ literal: PythonLiteral) throws -> Shape {
    guard case .tuple(let elements) = literal else { throw fault("shape is no tuple") }
    guard elements.count <= largestRank else {
      throw fault("\(elements.count) axes, more than the \(largestRank) that NumPy allows")
    }
    return try Shape(
      elements.map { element in
        guard case .integer(let extent) = element else { throw fault("shape holds no numbers") }
        return extent
      })
  }
}
