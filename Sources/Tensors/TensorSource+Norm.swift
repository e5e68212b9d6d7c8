extension TensorSource {
  /// The Euclidean norm over all elements of a tensor, which is decoded piece by piece; nil when it
  /// holds no floating-point numbers of 16 bits or more.
  ///
  /// - Throws: `missing-tensor`, or what reading the file brings up.
  package func euclideanNorm(of key: SourceKey) throws -> Double? {
    let description = try requiredDescription(of: key)
    let dtype = description.dtype
    guard dtype.isFloatingPoint else { return nil }
    // Small enough for the processor's nearer caches, and a whole number of elements of any type.
    let pieceByteCount = 1 << 16
    return try withBytes(of: key) { bytes in
      var squares = 0.0
      var start = 0
      while start < bytes.byteCount {
        let end = min(start + pieceByteCount, bytes.byteCount)
        for value in try dtype.decodeFloats(bytes.extracting(start..<end)) {
          squares += Double(value) * Double(value)
        }
        start = end
      }
      return squares.squareRoot()
    }
  }
}
