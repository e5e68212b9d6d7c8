import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

/// The files that `Tests/Fixtures/numpy/make_fixtures.py` wrote with NumPy.
enum NumPyFixture {
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/numpy")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// What NumPy held for one tensor.
  struct Expected: Decodable {
    let dtype: String
    let shape: [Int]
    let base64: String
  }

  /// By file, then by tensor.
  static func expected() throws -> [String: [String: Expected]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path("expected.json")))
    return try JSONDecoder().decode([String: [String: Expected]].self, from: data)
  }
}

@Suite("Reading NumPy archives")
struct NumPyReadingTests {
  static let files = [
    "element_types.npz", "element_types_deflated.npz", "shapes.npz", "fortran.npz",
    "fortran_deflated.npz", "google_vit.npz", "empty.npz", "versions.npz", "streamed.npz",
    "streamed_deflated.npz",
  ]

  private func bytes(of name: String, in source: NumPyArchive) throws -> [UInt8] {
    try source.withBytes(of: SourceKey(name)) { $0.withUnsafeBytes { [UInt8]($0) } }
  }

  @Test("every tensor has the bytes that NumPy wrote", arguments: files)
  func valuesAreThoseOfNumPy(file: String) throws {
    let expected = try #require(try NumPyFixture.expected()[file])
    let source = try NumPyArchive(path: NumPyFixture.path("valid/\(file)"))
    #expect(source.tensors.map(\.key) == expected.keys.map(SourceKey.init).sorted())
    for tensor in source.tensors {
      let expected = try #require(expected[tensor.key.name])
      #expect(tensor.dtype.rawValue == expected.dtype, "\(tensor.key)")
      #expect(tensor.shape.extents == expected.shape, "\(tensor.key)")
      let found = try bytes(of: tensor.key.name, in: source)
      #expect(Data(found).base64EncodedString() == expected.base64, "\(tensor.key)")
    }
  }

  @Test("every fixture that NumPy described is read by a test")
  func noFixtureIsForgotten() throws {
    #expect(try NumPyFixture.expected().keys.sorted() == Self.files.sorted())
  }

  @Test("a tensor may inflate to a thousand times its bytes")
  func zeros() throws {
    let source = try NumPyArchive(path: NumPyFixture.path("valid/zeros_deflated.npz"))
    #expect(
      try bytes(of: "zeros", in: source) == [UInt8](repeating: 0, count: 64 * 1024 * 4))
  }

  @Test("an archive is NumPy's when all of its members are arrays by their names")
  func recognition() throws {
    for file in Self.files {
      let archive = try ZIPArchive(path: NumPyFixture.path("valid/\(file)"))
      #expect(NumPyArchive.recognises(archive))
    }
    let other = try ZIPArchive(path: NumPyFixture.path("hostile/text_member.npz"))
    #expect(!NumPyArchive.recognises(other))
  }

  @Test("the container and what it lacks are named")
  func naming() throws {
    let path = NumPyFixture.path("valid/shapes.npz")
    let source = try NumPyArchive(path: path)
    #expect(source.formatName == "NumPy archive")
    #expect(source.path == path)
    #expect(source.metadata.isEmpty)
    #expect(source.description(of: SourceKey("absent")) == nil)
    let fault = #expect(throws: Fault.self) { try bytes(of: "absent", in: source) }
    #expect(fault?.code == .missingTensor)
    #expect(fault?.place == .init(file: path, tensor: "absent"))
  }

  @Test("headers are taken in every spelling that NumPy has used")
  func spellings() throws {
    let headers: [NPYBuilder] = [
      .init("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"),
      .init("{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<f4\"}"),
      .init("{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }\n"),
      .init("  { 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2 , ) }  "),
      .init("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", version: 2),
      .init("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", version: 3),
      .init("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }"),
      .init(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
          + .init(repeating: " ", count: 9000)),
    ]
    for header in headers {
      try withTemporaryFile(header.archive) { path in
        let source = try NumPyArchive(path: path)
        #expect(try bytes(of: "weight", in: source) == NPYBuilder.values)
      }
    }
  }

  @Test("bfloat16 is taken where the header names it")
  func bfloat16() throws {
    let array = NPYBuilder("{'descr': 'bfloat16', 'fortran_order': False, 'shape': (4,), }")
    try withTemporaryFile(array.archive) { path in
      let source = try NumPyArchive(path: path)
      #expect(source.tensors.map(\.dtype) == [.bf16])
      #expect(try bytes(of: "weight", in: source) == NPYBuilder.values)
    }
  }

  @Test("tensors can be read from several threads at once")
  func concurrentReading() async throws {
    let source = try NumPyArchive(path: NumPyFixture.path("valid/fortran_deflated.npz"))
    let expected = try bytes(of: "kernel", in: source)
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<32 { group.addTask { try bytes(of: "kernel", in: source) } }
      for try await bytes in group { #expect(bytes == expected) }
    }
  }
}
