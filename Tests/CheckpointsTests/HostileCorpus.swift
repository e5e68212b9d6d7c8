import Diagnostics
import Foundation

/// The files that the tests see refused, kept for `Scripts/conformance/hostile.py`, which gives each
/// to the tool itself and measures its time and memory.
enum HostileCorpus {
  /// Where to keep them; nowhere unless the environment says so.
  private static let folder = ProcessInfo.processInfo.environment["INFLATE_CKPT_HOSTILE_CORPUS"]

  /// Keeps a copy of the file, named after the fault and its own bytes, so that equal ones are one.
  static func keep(_ path: String, of format: String, refusedWith fault: Fault?) throws {
    guard let folder, let fault, fault.code.exitStatus == .invalidData else { return }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    var mark: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { mark = (mark ^ UInt64(byte)) &* 0x100_0000_01B3 }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let name = "\(format)-\(fault.code)-\(String(mark, radix: 16))"
    try bytes.write(to: URL(fileURLWithPath: folder).appendingPathComponent(name))
  }
}
