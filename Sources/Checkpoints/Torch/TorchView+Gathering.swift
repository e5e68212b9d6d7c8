import Tensors

extension TorchView {
  /// Lends the elements row-major and little-endian, from a buffer that is made for the purpose.
  func withGathered<Result>(
    from storage: RawSpan, isBigEndian: Bool, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    switch dtype.bitWidth {
    case 8: return try body(gathered(storage) { (element: UInt8) in element }.span.bytes)
    case 16:
      return try body(
        gathered(storage) { (element: UInt16) in
          isBigEndian ? element.byteSwapped : element
        }.span.bytes)
    case 32:
      return try body(
        gathered(storage) { (element: UInt32) in
          isBigEndian ? element.byteSwapped : element
        }.span.bytes)
    default:
      // A complex number is two numbers, each with its own bytes.
      let isComplex = dtype == .c64
      return try body(
        gathered(storage) { (element: UInt64) in
          guard isBigEndian else { return element }
          let bytes = element.byteSwapped
          return isComplex ? bytes << 32 | bytes >> 32 : bytes
        }.span.bytes)
    }
  }

  /// `convert` swaps bytes, and so works on either kind of machine.
  private func gathered<Element: FixedWidthInteger & BitwiseCopyable>(
    _ storage: RawSpan, _ convert: (Element) -> Element
  ) -> [Element] {
    let width = MemoryLayout<Element>.size
    var elements: [Element] = []
    guard shape.elementCount > 0 else { return elements }
    elements.reserveCapacity(shape.elementCount)
    let rowCount = shape.extents.last ?? 1
    let rowStride = strides.last ?? 0
    var position = [Int](repeating: 0, count: max(0, shape.rank - 1))
    var start = offset
    while true {
      for column in 0..<rowCount {
        let element = storage.unsafeLoadUnaligned(
          fromByteOffset: (start + column * rowStride) * width, as: Element.self)
        elements.append(convert(element))
      }
      // On to the next row, like an odometer.
      var axis = position.count - 1
      while axis >= 0 {
        position[axis] += 1
        start += strides[axis]
        guard position[axis] == shape[axis] else { break }
        start -= strides[axis] * shape[axis]
        position[axis] = 0
        axis -= 1
      }
      if axis < 0 { return elements }
    }
  }
}
