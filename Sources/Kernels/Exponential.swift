/// Eight floats at a time; the compiler maps them to whatever registers the machine has.
typealias Vector8 = SIMD8<Float>

extension SIMD8<Float> {
  @inline(__always)
  static func load(_ pointer: UnsafePointer<Float>) -> Vector8 {
    UnsafeRawPointer(pointer).loadUnaligned(as: Vector8.self)
  }

  /// The first `count` floats, zeros after them.
  @inline(__always)
  static func load(_ pointer: UnsafePointer<Float>, count: Int) -> Vector8 {
    if count >= 8 { return load(pointer) }
    var vector = Vector8.zero
    for lane in 0..<count { vector[lane] = pointer[lane] }
    return vector
  }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Vector8.self)
  }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Float>, count: Int) {
    if count >= 8 { return store(pointer) }
    for lane in 0..<count { pointer[lane] = self[lane] }
  }

  /// The sum in one fixed order.
  @inline(__always)
  var laneSum: Double {
    var total = 0.0
    for lane in 0..<8 { total += Double(self[lane]) }
    return total
  }
}

/// eˣ for x ≤ 88, within two units of the last place; 0 below −87.3; NaN stays NaN.
///
/// x = n·ln 2 + r with |r| ≤ ½ ln 2, the Taylor polynomial of degree 7 in r (remainder 4·10⁻⁹),
/// and 2ⁿ put into the exponent bits.
@inline(__always)
func exponential(_ argument: Vector8) -> Vector8 {
  let tooSmall = argument .< -87.3
  let x = argument.replacing(with: 88, where: argument .> 88)
  // Adding 1.5·2²³ rounds to the nearest integer and leaves it in the low bits.
  let magic: Float = 12_582_912
  let shifted = x * 1.442_695_04 + magic
  let n = shifted - magic
  // ln 2 in two parts, the first with so few bits that n times it is exact.
  let r = (x - n * 0.693_359_375) + n * 2.121_944_4e-4
  var polynomial = r * (1 / 5040) + (1 / 720)
  polynomial = polynomial * r + (1 / 120)
  polynomial = polynomial * r + (1 / 24)
  polynomial = polynomial * r + (1 / 6)
  polynomial = polynomial * r + 0.5
  polynomial = polynomial * r * r + r + 1
  let bits = unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &- magic.bitPattern
  let power = unsafeBitCast((bits &+ 127) &<< 23, to: Vector8.self)
  return (polynomial * power).replacing(with: 0, where: tooSmall)
}
