import Files
import Foundation
import Testing

@Suite("Taking paths apart")
struct PathComponentsTests {
  static let paths = [
    "", "/", "//", "a", "a/", "/a", "/a/", "a/b", "a/b/", "a//b", "/a/b.txt", "a.b/c", "a.b/c.d.e",
    ".hidden", "a/.hidden", "a/.hidden.txt", "model.safetensors.index.json", "./x", "../x", "..",
    "ä/ö.ü", "a b/c d.pth", "x.", "e\u{301}/e\u{301}.h5",
  ]

  @Test("is what Foundation makes of them", arguments: paths)
  func foundation(path: String) {
    let expected = path as NSString
    #expect(path.lastPathComponent == expected.lastPathComponent)
    #expect(path.pathExtension == expected.pathExtension)
    // Foundation leaves repeated slashes standing inside.
    #expect(path.deletingLastPathComponent == expected.deletingLastPathComponent)
    for name in ["model", "model.pth"] {
      #expect(
        path.appendingPathComponent(name).replacing("//", with: "/")
          == expected.appendingPathComponent(name))
    }
  }

  @Test("a folder is told from a file and from nothing")
  func folders() throws {
    #expect(isFolder(at: "/") && !isFolder(at: "/dev/null") && !isFolder(at: "/no/such/folder"))
  }
}
