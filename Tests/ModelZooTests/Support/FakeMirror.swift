import ModelZoo

/// A mirror that does what a test tells it to.
struct FakeMirror: Mirror {
  let name = "fake"
  /// What it claims to have, and what it does when that is read.
  let byteCount: Int
  /// What happens when somebody asks for a file.
  var asked: @Sendable () throws -> Void = {}
  let read: @Sendable ((RawSpan) throws -> Void) throws -> Void

  func open(_: ModelFile, of _: ZooName) throws -> (any MirroredFile)? {
    try asked()
    return Copy(byteCount: byteCount, reading: read)
  }

  func places(of file: ModelFile, of _: ZooName) -> [String] { ["fake:\(file.name)"] }

  private struct Copy: MirroredFile {
    let place = "fake:copy"
    let byteCount: Int
    let reading: ((RawSpan) throws -> Void) throws -> Void

    func read(_ body: (RawSpan) throws -> Void) throws { try reading(body) }
  }
}
