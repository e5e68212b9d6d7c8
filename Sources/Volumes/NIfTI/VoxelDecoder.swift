/// Turns stored voxels into intensities or labels, a chunk at a time.
///
/// The loops are generic over the stored type and specialised for each: nothing is decided per
/// voxel. A voxel of several numbers (complex, colours) counts as so many places.
struct VoxelDecoder {
  let type: VoxelType
  let isBigEndian: Bool
  let scaling: IntensityScaling

  init(_ header: NIfTIHeader) {
    type = header.voxelType
    isBigEndian = header.isBigEndian
    scaling = header.scaling
  }

  /// Fills `output` with intensities: computed in 64 bits, then rounded to 32.
  ///
  /// - Parameter bytes: whole voxels, exactly as many numbers as `output` has places.
  func decodeIntensities(_ bytes: RawSpan, into output: UnsafeMutableBufferPointer<Float>) {
    switch type.component {
    case .uint8: intensities(bytes, UInt8.self, output)
    case .int8: intensities(bytes, Int8.self, output)
    case .uint16: intensities(bytes, UInt16.self, output)
    case .int16: intensities(bytes, Int16.self, output)
    case .uint32: intensities(bytes, UInt32.self, output)
    case .int32: intensities(bytes, Int32.self, output)
    case .uint64: intensities(bytes, UInt64.self, output)
    case .int64: intensities(bytes, Int64.self, output)
    case .float32: intensities(bytes, Float.self, output)
    case .float64: intensities(bytes, Double.self, output)
    default: intensities(bytes, Binary128.self, output)
    }
  }

  /// Fills `output` with labels.
  ///
  /// - Returns: the first voxel of the chunk that is not a whole number from 0 to 2³¹ − 1, with its
  ///   value.
  func decodeLabels(
    _ bytes: RawSpan, into output: UnsafeMutableBufferPointer<Int32>
  ) -> (index: Int, value: Double)? {
    switch type.component {
    case .uint8: labels(bytes, UInt8.self, output)
    case .int8: labels(bytes, Int8.self, output)
    case .uint16: labels(bytes, UInt16.self, output)
    case .int16: labels(bytes, Int16.self, output)
    case .uint32: labels(bytes, UInt32.self, output)
    case .int32: labels(bytes, Int32.self, output)
    case .uint64: labels(bytes, UInt64.self, output)
    case .int64: labels(bytes, Int64.self, output)
    case .float32: labels(bytes, Float.self, output)
    case .float64: labels(bytes, Double.self, output)
    default: labels(bytes, Binary128.self, output)
    }
  }

  private func intensities<Stored: StoredVoxel>(
    _ bytes: RawSpan, _ stored: Stored.Type, _ output: UnsafeMutableBufferPointer<Float>
  ) {
    let (slope, intercept) = (scaling.slope, scaling.intercept)
    if scaling == .none {
      forEachVoxel(bytes, stored, count: output.count) { index, value in
        output.initializeElement(at: index, to: Float(value))
      }
    } else if type.isComplex {
      // slope · z + intercept: a real intercept leaves the imaginary part alone.
      forEachVoxel(bytes, stored, count: output.count) { index, value in
        let shift = index & 1 == 0 ? intercept : 0
        output.initializeElement(at: index, to: Float(value * slope + shift))
      }
    } else {
      forEachVoxel(bytes, stored, count: output.count) { index, value in
        output.initializeElement(at: index, to: Float(value * slope + intercept))
      }
    }
  }

  private func labels<Stored: StoredVoxel>(
    _ bytes: RawSpan, _ stored: Stored.Type, _ output: UnsafeMutableBufferPointer<Int32>
  ) -> (index: Int, value: Double)? {
    let (slope, intercept) = (scaling.slope, scaling.intercept)
    var fault: (index: Int, value: Double)?
    forEachVoxel(bytes, stored, count: output.count) { index, value in
      let scaled = value * slope + intercept
      let label = Int32(exactly: scaled) ?? -1
      if label < 0, fault == nil { fault = (index, scaled) }
      output.initializeElement(at: index, to: label)
    }
    return fault
  }

  @inline(__always)
  private func forEachVoxel<Stored: StoredVoxel>(
    _ bytes: RawSpan, _ stored: Stored.Type, count: Int, _ body: (Int, Double) -> Void
  ) {
    let width = MemoryLayout<Stored.Bits>.size
    precondition(bytes.byteCount == count * width, "one stored voxel a place")
    // In bounds by the line above.
    if isBigEndian {
      for index in 0..<count {
        let bits = bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: index * width, as: Stored.Bits.self)
        body(index, Stored.value(of: Stored.Bits(bigEndian: bits)))
      }
    } else {
      for index in 0..<count {
        let bits = bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: index * width, as: Stored.Bits.self)
        body(index, Stored.value(of: Stored.Bits(littleEndian: bits)))
      }
    }
  }
}

/// A type that a file may store its voxels in.
private protocol StoredVoxel {
  associatedtype Bits: FixedWidthInteger & BitwiseCopyable
  static func value(of bits: Bits) -> Double
}

extension StoredVoxel where Self: FixedWidthInteger {
  @inline(__always)
  static func value(of bits: Self) -> Double { Double(bits) }
}

extension UInt8: StoredVoxel {}
extension Int8: StoredVoxel {}
extension UInt16: StoredVoxel {}
extension Int16: StoredVoxel {}
extension UInt32: StoredVoxel {}
extension Int32: StoredVoxel {}
extension UInt64: StoredVoxel {}
extension Int64: StoredVoxel {}

extension Float: StoredVoxel {
  @inline(__always)
  static func value(of bits: UInt32) -> Double { Double(Float(bitPattern: bits)) }
}

extension Double: StoredVoxel {
  @inline(__always)
  static func value(of bits: UInt64) -> Double { Double(bitPattern: bits) }
}

/// IEEE 754's binary128, rounded to 64 bits; no hardware here computes with it.
private enum Binary128: StoredVoxel {
  static func value(of bits: UInt128) -> Double {
    let fraction = bits & ((1 << 112) - 1)
    let exponent = Int(truncatingIfNeeded: bits >> 112) & 0x7FFF
    let sign: FloatingPointSign = bits >> 127 == 1 ? .minus : .plus
    switch exponent {
    case 0x7FFF: return fraction != 0 ? .nan : sign == .minus ? -.infinity : .infinity
    // Far below what 64 bits can hold.
    case 0: return sign == .minus ? -0.0 : 0
    default:
      let significand = Double((1 << 112) | fraction)
      return Double(sign: sign, exponent: exponent - 16383 - 112, significand: significand)
    }
  }
}
