import Diagnostics
import Tensors

extension NPYHeader {
  /// Whether the data are as every `TensorSource` lends them.
  var isRowMajorLittleEndian: Bool {
    !elementType.isBigEndian && (!isColumnMajor || shape.extents.count { $0 != 1 } <= 1)
  }

  /// Lends the array's data with the last axis running fastest and numbers little-endian.
  func withRowMajor<Result>(
    _ data: RawSpan, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    if isRowMajorLittleEndian { return try body(data) }
    let isSwapped = elementType.isBigEndian
    switch elementType.dtype.bitWidth {
    case 8:
      let elements = rearranged(data) { (element: UInt8) in element }
      return try body(elements.span.bytes)
    case 16:
      let elements = rearranged(data) { (element: UInt16) in
        isSwapped ? element.byteSwapped : element
      }
      return try body(elements.span.bytes)
    case 32:
      let elements = rearranged(data) { (element: UInt32) in
        isSwapped ? element.byteSwapped : element
      }
      return try body(elements.span.bytes)
    default:
      // A complex number is two numbers, each with its own bytes.
      let isComplex = elementType.dtype == .c64
      let elements = rearranged(data) { (element: UInt64) in
        guard isSwapped else { return element }
        let bytes = element.byteSwapped
        return isComplex ? bytes << 32 | bytes >> 32 : bytes
      }
      return try body(elements.span.bytes)
    }
  }

  /// The elements in row-major order; `convert` swaps bytes, and so works on either kind of machine.
  private func rearranged<Element: FixedWidthInteger & BitwiseCopyable>(
    _ data: RawSpan, _ convert: (Element) -> Element
  ) -> [Element] {
    let width = MemoryLayout<Element>.size
    let count = shape.elementCount
    var elements: [Element] = []
    elements.reserveCapacity(count)
    guard isColumnMajor, count > 0, let last = shape.extents.last else {
      for index in 0..<count {
        elements.append(
          convert(data.unsafeLoadUnaligned(fromByteOffset: index * width, as: Element.self)))
      }
      return elements
    }
    // Column-major strides grow from the first axis on.
    var strides = [1]
    for extent in shape.extents.dropLast() { strides.append(strides.last! * extent) }
    let rowStride = strides.last!
    var position = [Int](repeating: 0, count: shape.rank)
    var start = 0
    while elements.count < count {
      for column in 0..<last {
        let offset = (start + column * rowStride) * width
        elements.append(convert(data.unsafeLoadUnaligned(fromByteOffset: offset, as: Element.self)))
      }
      // On to the next row, like an odometer.
      for axis in (0..<shape.rank - 1).reversed() {
        position[axis] += 1
        start += strides[axis]
        guard position[axis] == shape[axis] else { break }
        start -= strides[axis] * shape[axis]
        position[axis] = 0
      }
    }
    return elements
  }
}
