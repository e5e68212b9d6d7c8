import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

@Suite("Writing PyTorch files")
struct TorchWritingTests {
  private static let state = TorchFixture.expectations.files["writer.pth"]!

  private func entries() throws -> [StoredTensor] {
    try Self.state.tensors.map {
      try StoredTensor(
        TargetKey($0.name), dtype: #require(DType(rawValue: $0.dtype)), shape: Shape($0.shape))
    }
  }

  private func write(to path: String, replacing: Bool = false) throws {
    var writer = try TorchWriter(destination: path, entries: entries(), replacing: replacing)
    for tensor in Self.state.tensors {
      try writer.write([UInt8](Data(base64Encoded: tensor.base64)!))
    }
    try writer.commit()
  }

  @Test("the file is torch.save's, byte for byte but for its identifier")
  func bytes() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/written.pth"
      try write(to: path)
      var written = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      var reference = try TorchFixture.bytes("valid/writer.pth")
      #expect(written.count == reference.count)
      // The identifier's data, its checksum behind them and in the directory.
      let archive = try ZIPArchive(path: path)
      let identifier = try #require(archive.entry(named: "archive/.data/serialization_id"))
      let data = identifier.dataRange
      let record = reference.count - 98 - 46 - identifier.name.utf8.count
      for range in [data, data.upperBound + 4..<data.upperBound + 8, record + 16..<record + 20] {
        #expect(written[range].count == range.count)
        written.replaceSubrange(range, with: repeatElement(0, count: range.count))
        reference.replaceSubrange(range, with: repeatElement(0, count: range.count))
      }
      #expect(written == reference)
    }
  }

  @Test("what is written is read")
  func roundTrip() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/written.pth"
      try write(to: path)
      let checkpoint = try TorchCheckpoint(path: path)
      #expect(checkpoint.tensors.count == Self.state.tensors.count)
      for tensor in Self.state.tensors {
        let bytes = try checkpoint.copiedBytes(of: SourceKey(tensor.name))
        #expect(bytes == [UInt8](Data(base64Encoded: tensor.base64)!))
      }
      let archive = try ZIPArchive(path: path)
      for entry in archive.entries {
        try archive.checkCRC(of: entry)
        #expect(entry.dataRange.lowerBound.isMultiple(of: 64))
      }
    }
  }

  @Test(
    "pickles of any length are torch.save's", arguments: [0, 1, 2, 999, 1000, 1001, 2001])
  func pickles(count: Int) throws {
    let entries = try (0..<count).map {
      try StoredTensor(
        TargetKey("layer.\($0).weight"), dtype: .i8, shape: Shape([$0 % 3, 70000 * ($0 % 2)]))
    }
    try withTemporaryFolder { folder in
      let path = folder + "/written.pth"
      var writer = try TorchWriter(destination: path, entries: entries, replacing: false)
      for entry in entries { try writer.write([UInt8](repeating: 0, count: entry.byteCount)) }
      try writer.commit()
      let pickle = try #require(ZIPArchive(path: path).entry(named: "archive/data.pkl"))
      #expect(pickle.crc32 == TorchFixture.expectations.pickleChecksums["\(count)"])
      guard count > 0 else { return }
      #expect(try TorchCheckpoint(path: path).tensors.count == count)
    }
  }

  @Test("the same tensors give the same bytes whatever the file's name")
  func determinism() throws {
    try withTemporaryFolder { folder in
      let paths = ["a.pth", "b.pt"].map { "\(folder)/\($0)" }
      for path in paths { try write(to: path) }
      let files = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
      #expect(files[0] == files[1])
    }
  }

  @Test("a file that is not finished leaves nothing behind")
  func unfinished() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/written.pth"
      func start(_ entries: [StoredTensor], _ bytes: [UInt8]?) throws {
        var writer = try TorchWriter(destination: path, entries: entries, replacing: false)
        if let bytes { try writer.write(bytes) }
        try writer.commit()
      }
      let entry = try StoredTensor(TargetKey("w"), dtype: .f32, shape: Shape([1]))
      #expect(try fault { try start([entry], nil) }?.code == .writeFailed)
      #expect(try fault { try start([entry], [1]) }?.code == .writeFailed)
      #expect(try fault { try start([entry, entry], nil) }?.code == .duplicateTensor)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test("element types that PyTorch does not have are refused", arguments: [DType.f4, .f6E2M3])
  func foreignTypes(dtype: DType) throws {
    try withTemporaryFolder { folder in
      let entry = try StoredTensor(TargetKey("w"), dtype: dtype, shape: Shape([8]))
      let fault = try fault {
        _ = try TorchWriter(destination: folder + "/w.pth", entries: [entry], replacing: false)
      }
      #expect(fault?.code == .wrongDType)
    }
  }
}
