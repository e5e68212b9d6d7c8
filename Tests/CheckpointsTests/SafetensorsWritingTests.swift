import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

@Suite("Writing safetensors")
struct SafetensorsWritingTests {
  static let files = [
    "element_types.safetensors", "shapes.safetensors", "names.safetensors", "empty.safetensors",
    "metadata_alone.safetensors", "sub_byte.safetensors",
  ]

  @Test(
    "the bytes are those of the reference implementation, in whatever order tensors are given",
    arguments: files, [false, true])
  func bytesOfTheReference(file: String, isReversed: Bool) throws {
    let source = try SafetensorsCheckpoint(path: SafetensorsFixture.path(file))
    let entries = try source.writerEntries()
    try withTemporaryFolder { folder in
      let path = folder + "/copy.safetensors"
      var writer = try SafetensorsWriter(
        destination: path, entries: isReversed ? entries.reversed() : entries,
        metadata: source.metadata, replacing: false)
      for entry in writer.order {
        try writer.write(try source.copiedBytes(of: SourceKey(entry.key.name)))
      }
      try writer.commit()
      let written = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      #expect(written == (try SafetensorsFixture.bytes(file)))
    }
  }

  @Test("every element type comes back bit for bit", arguments: DType.allCases)
  func elementTypes(dtype: DType) throws {
    let shape = try Shape([3, 8])
    let bytes = (0..<(try shape.byteCount(of: dtype))).map {
      UInt8(truncatingIfNeeded: $0 * 37 + 11)
    }
    let entry = try StoredTensor(TargetKey("weight"), dtype: dtype, shape: shape)
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      var writer = try SafetensorsWriter(
        destination: path, entries: [entry], metadata: [:], replacing: false)
      try writer.write(bytes)
      try writer.commit()
      let source = try SafetensorsCheckpoint(path: path)
      #expect(source.tensors.map(\.dtype) == [dtype])
      #expect(source.tensors.map(\.shape) == [shape])
      #expect(try source.copiedBytes(of: SourceKey("weight")) == bytes)
    }
  }

  @Test("every element type that the reference writes is read from its file")
  func fixtureTypes() throws {
    var found: Set<DType> = []
    for file in ["element_types.safetensors", "sub_byte.safetensors"] {
      found.formUnion(
        try SafetensorsCheckpoint(path: SafetensorsFixture.path(file)).tensors.map(\.dtype))
    }
    #expect(found == Set(DType.allCases))
  }

  @Test("several entries of metadata come in the order of their keys, the same every time")
  func metadataOrder() throws {
    let metadata = Dictionary(uniqueKeysWithValues: (0..<20).map { ("key\($0)", "\($0)") })
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      let writer = try SafetensorsWriter(
        destination: path, entries: [], metadata: metadata, replacing: false)
      try writer.commit()
      let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      let places = metadata.keys.sorted().map { text.range(of: "\"\($0)\"")!.lowerBound }
      #expect(places == places.sorted())
    }
  }

  @Test("what cannot be read back is not written")
  func refusals() throws {
    func entry(_ name: String) throws -> StoredTensor {
      try .init(TargetKey(name), dtype: .u8, shape: Shape([1]))
    }
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      for names in [["a", "a"], ["__metadata__"]] {
        let fault = #expect(throws: Fault.self) {
          let writer = try SafetensorsWriter(
            destination: path, entries: names.map(entry), metadata: [:], replacing: false)
          try writer.commit()
        }
        #expect(fault?.code == .duplicateTensor)
      }
      let fault = #expect(throws: Fault.self) {
        var writer = try SafetensorsWriter(
          destination: path, entries: [entry("a")], metadata: [:], replacing: false)
        try writer.write([1, 2])
      }
      #expect(fault?.code == .writeFailed)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
    }
  }
}
