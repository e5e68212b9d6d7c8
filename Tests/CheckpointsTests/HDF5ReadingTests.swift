import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

@Suite("Reading HDF5")
struct HDF5ReadingTests {
  @Test(
    "every tensor has the bytes that numpy wrote",
    arguments: [
      "element_types.h5", "flat.h5", "grouped.h5", "many.h5", "tied.h5", "creation_order.h5",
      "shapes.h5", "chunked.h5", "many_chunks.h5", "bfloat16.h5", "compact.h5", "user_block.h5",
      "version_1.8.h5", "version_1.10.h5", "version_2.0.h5", "dense_links.h5",
      "dense_attributes.h5", "growing.h5", "committed_types.h5", "tf_model.h5", "keras.weights.h5",
    ])
  func valuesAreThoseOfNumPy(file: String) throws {
    let expected = try #require(try HDF5Fixture.expected()[file])
    let checkpoint = try HDF5Checkpoint(path: HDF5Fixture.path("valid/\(file)"))
    #expect(Set(checkpoint.tensors.map(\.key.name)) == Set(expected.keys))
    for tensor in checkpoint.tensors {
      let expected = try #require(expected[tensor.key.name])
      #expect(tensor.dtype.rawValue == expected.dtype, "\(tensor.key)")
      #expect(tensor.shape.extents == expected.shape, "\(tensor.key)")
      let bytes = try checkpoint.bytes(of: tensor.key.name)
      #expect(Data(bytes).base64EncodedString() == expected.base64, "\(tensor.key)")
    }
  }

  @Test("every fixture that numpy described is read by a test")
  func noFixtureIsForgotten() throws {
    #expect(try HDF5Fixture.expected().count == 21)
  }

  @Test("tensors come in ascending order of their names")
  func tensorsAreSorted() throws {
    let checkpoint = try HDF5Checkpoint(path: HDF5Fixture.path("valid/creation_order.h5"))
    #expect(checkpoint.tensors.map(\.key.name) == (5...9).map { "z\($0).bias" })
    #expect(checkpoint.formatName == "HDF5")
    #expect(checkpoint.metadata.isEmpty)
  }

  @Test("a group of so many links that its heap and its index have several levels")
  func manyLinks() throws {
    let checkpoint = try HDF5Checkpoint(path: HDF5Fixture.path("valid/dense_links_many.h5"))
    #expect(Set(checkpoint.tensors.map(\.key.name)) == Set((0..<1120).map(String.init)))
    for name in ["0", "700", "1119"] { #expect(try checkpoint.bytes(of: name) == [7]) }
  }

  @Test("a dataset that grew far beyond what was written of it")
  func farChunk() throws {
    let checkpoint = try HDF5Checkpoint(path: HDF5Fixture.path("valid/growing_far.h5"))
    var expected = [UInt8](repeating: 0, count: 200_000)
    (expected[3], expected[199_999]) = (1, 3)
    #expect(try checkpoint.bytes(of: "far") == expected)
  }

  @Test("Keras's variables are named by their groups, joined by dots")
  func kerasNames() throws {
    let model = try HDF5Checkpoint(path: HDF5Fixture.path("valid/tf_model.h5"))
    let query = "vit.tf_vi_t.vit.encoder.layer_._0.attention.attention.query.kernel:0"
    #expect(model.description(of: SourceKey(query))?.shape.extents == [3, 3])
    let weights = try HDF5Checkpoint(path: HDF5Fixture.path("valid/keras.weights.h5"))
    #expect(weights.tensors.first?.key.name == "layers.dense.vars.0")
  }

  @Test("a tensor that is not there is a fault with its name")
  func missingTensor() throws {
    let path = HDF5Fixture.path("valid/flat.h5")
    let checkpoint = try HDF5Checkpoint(path: path)
    #expect(checkpoint.description(of: SourceKey("norm.bias")) == nil)
    let fault = #expect(throws: Fault.self) { try checkpoint.bytes(of: "norm.bias") }
    #expect(fault?.code == .missingTensor)
    #expect(fault?.place == .init(file: path, tensor: "norm.bias"))
  }

  @Test("tensors can be read from several threads at once")
  func concurrentReading() async throws {
    let checkpoint = try HDF5Checkpoint(path: HDF5Fixture.path("valid/chunked.h5"))
    let expected = try checkpoint.bytes(of: "gzip.shuffle")
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<32 { group.addTask { try checkpoint.bytes(of: "gzip.shuffle") } }
      for try await bytes in group { #expect(bytes == expected) }
    }
  }

  @Test(
    "h5py's copy of a state dict equals its safetensors copy", arguments: ["beit", "beit_shared"])
  func equalsSafetensors(model: String) throws {
    let folder = HDF5Fixture.folder.appendingPathComponent("transseg/\(model)")
    let checkpoint = try HDF5Checkpoint(path: folder.appendingPathComponent("source.h5").path)
    let twin = try SafetensorsCheckpoint(
      path: folder.appendingPathComponent("source.safetensors").path)
    #expect(checkpoint.tensors == twin.tensors)
    #expect(!checkpoint.tensors.isEmpty)
    for tensor in checkpoint.tensors {
      let same = try checkpoint.withBytes(of: tensor.key) { bytes in
        try twin.withBytes(of: tensor.key) { other in
          bytes.withUnsafeBytes { bytes in other.withUnsafeBytes { bytes.elementsEqual($0) } }
        }
      }
      #expect(same, "\(tensor.key)")
    }
  }
}
