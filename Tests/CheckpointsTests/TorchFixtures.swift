import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

/// The files that `Tests/Fixtures/torch/make_fixtures.py` wrote with PyTorch.
enum TorchFixture {
  static let fixtures = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")

  static func path(_ name: String) -> String {
    fixtures.appendingPathComponent("torch").appendingPathComponent(name).path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  struct Expectations: Decodable {
    let files: [String: File]
    /// Of the pickles of state dicts of so many tensors.
    let pickleChecksums: [String: UInt32]
  }

  /// What PyTorch saved into one file.
  struct File: Decodable {
    let wrapper: String?
    let ignored: [String]
    let skipped: [String]
    let tensors: [Tensor]
  }

  struct Tensor: Decodable {
    let name: String
    let dtype: String
    let shape: [Int]
    let base64: String
  }

  static let expectations: Expectations = {
    let data = try! Data(bytes("expected.json"))
    return try! JSONDecoder().decode(Expectations.self, from: data)
  }()

  /// Opens a file of these bytes and reads all of it.
  static func outcome(of bytes: [UInt8]) throws -> Fault? {
    try withTemporaryFile(bytes, name: "checkpoint.pth") { try outcome(ofFileAt: $0) }
  }

  static func outcome(ofFileAt path: String) throws -> Fault? {
    let outcome = try fault {
      let checkpoint = try TorchCheckpoint(path: path)
      for tensor in checkpoint.tensors {
        try checkpoint.withBytes(of: tensor.key) { #expect($0.byteCount == tensor.byteCount) }
      }
    }
    try HostileCorpus.keep(path, of: "torch", refusedWith: outcome)
    return outcome
  }
}

/// A file that has to be refused, and with which code.
struct TorchCase: CustomTestStringConvertible, Sendable {
  let name: String
  let file: [UInt8]
  let code: Fault.Code
  let reason: String

  /// - Parameter reason: what the fault has to mention.
  init(_ name: String, _ file: [UInt8], _ code: Fault.Code, saying reason: String = "") {
    self.name = name
    self.file = file
    self.code = code
    self.reason = reason
  }

  var testDescription: String { name }

  /// Expects the fault, with a place that helps to find it.
  func check() throws {
    let start = threadSeconds()
    let fault = try TorchFixture.outcome(of: file)
    #expect(fault?.code == code, "\(name): \(fault.map { "\($0)" } ?? "no fault")")
    #expect(fault?.code.exitStatus == .invalidData)
    #expect(fault?.place.file != nil)
    if !reason.isEmpty { #expect(fault?.reason.contains(reason) == true) }
    #expect(threadSeconds() - start < 2)
  }
}

/// What this thread has computed so far, whatever else the machine is busy with.
private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
