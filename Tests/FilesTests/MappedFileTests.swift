import Diagnostics
import Files
import Foundation
import Testing

@Suite("Mapping files")
struct MappedFileTests {
  private let sandbox: Sandbox

  init() throws { sandbox = try Sandbox() }

  private func bytes(of file: MappedFile, in range: Range<Int>) throws -> [UInt8] {
    try file.withBytes(in: range) { bytes in bytes.withUnsafeBytes { [UInt8]($0) } }
  }

  @Test("any range of a file is lent, empty ones too")
  func ranges() throws {
    let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    try sandbox.write(content, to: "file")
    let file = try MappedFile(path: sandbox("file"))
    #expect(file.byteCount == content.count)
    for range in [0..<0, 0..<10_000, 1..<2, 4095..<4097, 9_999..<10_000, 10_000..<10_000] {
      #expect(try bytes(of: file, in: range) == Array(content[range]))
    }
    #expect(try file.withBytes { $0.byteCount } == content.count)
  }

  @Test(
    "ranges that reach beyond the file are faults",
    arguments: [
      0..<5, 4..<5, 5..<5, -1..<1, -1 ..< -1, Int.min..<0, 0..<Int.max, Int.max..<Int.max,
    ])
  func outside(range: Range<Int>) throws {
    try sandbox.write([1, 2, 3, 4], to: "file")
    let file = try MappedFile(path: sandbox("file"))
    let refusal = try #require(fault { _ = try bytes(of: file, in: range) })
    #expect(refusal.code == .unreadable)
    #expect(refusal.place.file == sandbox("file"))
  }

  @Test("an empty file is a file without bytes")
  func empty() throws {
    try sandbox.write([], to: "file")
    let file = try MappedFile(path: sandbox("file"))
    #expect(file.byteCount == 0)
    #expect(try file.withBytes { $0.byteCount } == 0)
    #expect(fault { _ = try bytes(of: file, in: 0..<1) }?.code == .unreadable)
    file.release(0..<0)
  }

  @Test("what is missing says so, what is no file is unreadable")
  func notFiles() throws {
    try sandbox.makeFolder("folder")
    try sandbox.write([1], to: "file")
    try sandbox.link("dangling", to: "nowhere")
    try sandbox.link("loop", to: "loop")
    #expect(mkfifo(sandbox("pipe"), 0o600) == 0)
    let codes: [(String, Fault.Code)] = [
      ("nothing", .missingInput), ("file/below", .missingInput), ("dangling", .missingInput),
      ("folder", .unreadable), ("pipe", .unreadable), ("loop", .unreadable),
    ]
    for (name, code) in codes {
      let refusal = fault { _ = try MappedFile(path: sandbox(name)) }
      #expect(refusal?.code == code, "\(name)")
      #expect(refusal?.place.file == sandbox(name))
    }
    #expect(fault { _ = try MappedFile(path: "") }?.code == .missingInput)
    #expect(fault { _ = try MappedFile(path: "/dev/zero") }?.code == .unreadable)
  }

  @Test("a link to a file is the file")
  func links() throws {
    try sandbox.write([1, 2], to: "file")
    try sandbox.link("link", to: "file")
    #expect(try MappedFile(path: sandbox("link")).byteCount == 2)
  }

  @Test("a file that was cut since it was opened is a fault, not the process's end")
  func shrunk() throws {
    try sandbox.write([UInt8](repeating: 1, count: 100_000), to: "file")
    let file = try MappedFile(path: sandbox("file"))
    #expect(truncate(sandbox("file"), 10) == 0)
    #expect(fault { _ = try bytes(of: file, in: 50_000..<50_001) }?.code == .unreadable)
    #expect(try bytes(of: file, in: 0..<10) == [UInt8](repeating: 1, count: 10))
  }

  @Test("a file that was removed or replaced since it was opened is still read")
  func replaced() throws {
    try sandbox.write([1, 2, 3], to: "file")
    let file = try MappedFile(path: sandbox("file"))
    try FileManager.default.removeItem(atPath: sandbox("file"))
    try sandbox.write([9], to: "file")
    #expect(try bytes(of: file, in: 0..<3) == [1, 2, 3])
  }

  @Test("pages given back are read again, whatever range is given back")
  func release() throws {
    let content = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 * 3) }
    try sandbox.write(content, to: "file")
    let file = try MappedFile(path: sandbox("file"))
    for range in [0..<20_000, 0..<0, 4096..<8192, 100..<300, 19_999..<20_000, 0..<1 << 40] {
      file.release(range)
      #expect(try bytes(of: file, in: 0..<20_000) == content)
    }
  }

  @Test("files that are let go leave no descriptor behind")
  func descriptors() throws {
    try sandbox.write([1], to: "file")
    // More than a process may hold open.
    for _ in 0..<5_000 {
      _ = try MappedFile(path: sandbox("file"))
      #expect(fault { _ = try MappedFile(path: sandbox.path) } != nil)
    }
  }
}
