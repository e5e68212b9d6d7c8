import Diagnostics
import Tensors

/// How a tensor's elements lie in its storage, checked to lie within.
struct TorchView: Sendable, Hashable {
  let dtype: DType
  let shape: Shape
  /// In elements, as `offset` is.
  let strides: [Int]
  let offset: Int

  var byteCount: Int { shape.elementCount * width }
  private var width: Int { dtype.bitWidth / 8 }

  /// - Throws: `invalid-shape`, `torch-view`, `torch-view-limit`.
  init(
    dtype: DType, extents: [Int], strides: [Int], offset: Int, storageByteCount: Int,
    limits: TorchLimits
  ) throws {
    guard extents.count == strides.count, extents.count <= limits.rank else {
      throw Fault(
        .torchView,
        "\(extents.count) sizes and \(strides.count) strides; at most \(limits.rank) "
          + "of each make a tensor")
    }
    shape = try Shape(extents)
    self.dtype = dtype
    self.strides = strides
    self.offset = offset
    let byteCount = try shape.byteCount(of: dtype)
    guard offset >= 0, strides.allSatisfy({ $0 >= 0 }) else {
      throw Fault(.torchView, "offset \(offset) or one of the strides \(strides) is negative")
    }
    guard byteCount > 0 else { return }
    guard let last = TorchView.lastElement(extents, strides, offset),
      last < storageByteCount / width
    else {
      throw Fault(
        .torchView,
        "\(dtype) \(shape) at element \(offset) with strides \(strides) does not lie in a storage "
          + "of \(storageByteCount) bytes")
    }
    guard byteCount <= max(storageByteCount, limits.expandedByteCount) else {
      throw Fault(
        .torchViewLimit,
        "\(byteCount) bytes are expanded from a storage of \(storageByteCount)",
        remedy: "save a copy of the part that is not repeated")
    }
  }

  private static func lastElement(_ extents: [Int], _ strides: [Int], _ offset: Int) -> Int? {
    var last = offset
    for (extent, stride) in zip(extents, strides) {
      let (reach, isTooFar) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, isTooLarge) = last.addingReportingOverflow(reach)
      if isTooFar || isTooLarge { return nil }
      last = sum
    }
    return last
  }

  /// Where the elements lie in the storage's bytes, when they lie there row-major without gaps.
  var contiguousRange: Range<Int>? {
    guard byteCount > 0 else { return 0..<0 }
    var expected = 1
    for (extent, stride) in zip(shape.extents, strides).reversed() where extent != 1 {
      guard stride == expected else { return nil }
      expected *= extent
    }
    return offset * width..<offset * width + byteCount
  }
}
