import Diagnostics

/// The extents of a tensor, outermost first; an empty list is a scalar.
///
/// A shape that exists can be counted: the product of its extents fits an `Int`.
package struct Shape: Sendable, Hashable, CustomStringConvertible {
  package let extents: [Int]
  package let elementCount: Int

  /// - Throws: `invalid-shape` for a negative extent or a product beyond 63 bits.
  package init(_ extents: [Int]) throws {
    var count = 1
    for extent in extents {
      guard extent >= 0 else {
        throw Fault(.invalidShape, "extent \(extent) of shape \(extents) is negative")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw Fault(.invalidShape, "shape \(extents) has more elements than 63 bits can count")
      }
      count = product
    }
    self.extents = extents
    elementCount = count
  }

  package var rank: Int { extents.count }

  package subscript(axis: Int) -> Int { extents[axis] }

  /// The bytes that `elementCount` elements of `dtype` take.
  ///
  /// - Throws: `invalid-shape` when they do not fit 63 bits or do not fill whole bytes.
  package func byteCount(of dtype: DType) throws -> Int {
    let (bits, overflow) = elementCount.multipliedReportingOverflow(by: dtype.bitWidth)
    guard !overflow else {
      throw Fault(.invalidShape, "\(dtype) \(self) takes more bytes than 63 bits can count")
    }
    guard bits.isMultiple(of: 8) else {
      throw Fault(.invalidShape, "\(dtype) \(self) does not fill whole bytes")
    }
    return bits / 8
  }

  package var description: String { "[\(extents.map(String.init).joined(separator: ", "))]" }
}

extension Fault.Code {
  package static let invalidShape = Fault.Code("invalid-shape", exit: .invalidData)
  package static let wrongDType = Fault.Code("wrong-dtype", exit: .invalidData)
  package static let missingTensor = Fault.Code("missing-tensor", exit: .invalidData)
}
