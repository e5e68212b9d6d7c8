import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

/// The files that `Tests/Fixtures/safetensors/make_fixtures.py` wrote with the reference
/// implementation.
enum SafetensorsFixture {
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/safetensors")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// What the reference makes of a header before eight bytes of data.
  struct Verdict: Decodable {
    let header: String
    let accepted: Bool

    var file: [UInt8] {
      safetensorsFile([UInt8](Data(base64Encoded: header)!), data: [UInt8](repeating: 0, count: 8))
    }
  }

  static func verdicts() throws -> [String: Verdict] {
    try JSONDecoder().decode(
      [String: Verdict].self, from: Data(try bytes("verdicts.json")))
  }
}

/// A file of any header, with whatever stands for its length.
func safetensorsFile(_ header: [UInt8], data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header + data
}

/// Opens a file of these bytes and reads all of it.
func safetensorsOutcome(
  of bytes: [UInt8], _ mode: SafetensorsHeader.Mode = .strict
) throws -> Fault? {
  try withTemporaryFile(bytes) { path in
    let outcome = try fault {
      let source = try SafetensorsCheckpoint(path: path, reading: mode)
      for tensor in source.tensors {
        try source.withBytes(of: tensor.key) { #expect($0.byteCount == tensor.byteCount) }
      }
    }
    if mode == .strict { try HostileCorpus.keep(path, of: "safetensors", refusedWith: outcome) }
    return outcome
  }
}

extension TensorSource {
  /// A tensor's bytes, copied.
  func copiedBytes(of key: SourceKey) throws -> [UInt8] {
    try withBytes(of: key) { span in span.withUnsafeBytes { [UInt8]($0) } }
  }

  /// What a writer needs to know of every tensor.
  func writerEntries() throws -> [StoredTensor] {
    try tensors.map {
      try StoredTensor(TargetKey($0.key.name), dtype: $0.dtype, shape: $0.shape)
    }
  }
}
