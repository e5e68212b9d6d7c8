import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

/// The files that `Tests/Fixtures/hdf5/make_fixtures.py` wrote with h5py.
enum HDF5Fixture {
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  static func path(_ name: String) -> String {
    folder.appendingPathComponent("hdf5").appendingPathComponent(name).path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// What numpy held for one tensor.
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

  /// Opens a file of these bytes and reads every tensor; what comes out is nil or a fault.
  static func outcome(of bytes: [UInt8]) throws -> Fault? {
    let path = NSTemporaryDirectory() + "hdf5-\(UUID().uuidString).h5"
    defer { unlink(path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try outcome(ofFileAt: path)
  }

  static func outcome(ofFileAt path: String) throws -> Fault? {
    do {
      let checkpoint = try HDF5Checkpoint(path: path)
      for tensor in checkpoint.tensors {
        try checkpoint.withBytes(of: tensor.key) {
          #expect($0.byteCount == tensor.byteCount)
        }
      }
      return nil
    } catch let fault as Fault {
      try HostileCorpus.keep(path, of: "hdf5", refusedWith: fault)
      return fault
    }
  }
}

extension HDF5Checkpoint {
  /// A tensor's bytes, copied.
  func bytes(of name: String) throws -> [UInt8] {
    try withBytes(of: SourceKey(name)) { span in span.withUnsafeBytes { [UInt8]($0) } }
  }
}
