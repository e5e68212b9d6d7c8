import Checkpoints
import Tensors
import Testing

@Suite("How checkpoints differ, value by value")
struct CheckpointDifferenceTests {
  private func difference(
    _ first: (DType, [UInt8]), _ second: (DType, [UInt8]), tolerance: Double? = nil
  ) throws -> CheckpointDifference.Entry? {
    try withTemporaryFolder { folder in
      let sources = try [first, second].enumerated().map { number, tensor in
        let path = "\(folder)/\(number).safetensors"
        let entry = try StoredTensor(
          TargetKey("x"), dtype: tensor.0, shape: Shape([tensor.1.count * 8 / tensor.0.bitWidth]))
        var writer = try SafetensorsWriter(
          destination: path, entries: [entry], metadata: [:], replacing: false)
        try writer.write(tensor.1.span.bytes)
        try writer.commit()
        return try SafetensorsCheckpoint(path: path)
      }
      return try CheckpointDifference(sources[0], sources[1], tolerance: tolerance).entries.first
    }
  }

  private func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  @Test("numbers that are one in single precision differ in double precision")
  func doubles() throws {
    let (one, other) = (bytes([1.0, 2.0]), bytes([1.0, 2.0 + 1e-12]))
    let entry = try #require(try difference((.f64, one), (.f64, other)))
    #expect(entry.kind == .values && abs((entry.distance ?? 0) - 1e-12) < 1e-15)
    #expect(try difference((.f64, one), (.f64, one)) == nil)
  }

  @Test("integers have a distance")
  func integers() throws {
    let entry = try #require(
      try difference((.i64, bytes([4, -8] as [Int64])), (.i64, bytes([6, -8] as [Int64]))))
    #expect(entry.distance == 2 && entry.relativeDistance == 0.25)
  }

  @Test("integers that are one as floating-point numbers differ all the same")
  func largeIntegers() throws {
    let (one, other) = (bytes([Int64(1) << 60]), bytes([Int64(1) << 60 + 1]))
    #expect(try difference((.i64, one), (.i64, other))?.kind == .values)
  }

  @Test("zeros of both signs do not differ, and other types only without a tolerance")
  func zeros() throws {
    #expect(try difference((.f32, bytes([Float(0)])), (.f32, bytes([-Float(0)]))) == nil)
    let (one, other) = (bytes([Float(3)]), bytes([Int32(3)]))
    #expect(try difference((.f32, one), (.i32, other))?.kind == .dtype)
    #expect(try difference((.f32, one), (.i32, other), tolerance: 0) == nil)
  }
}
