import Files
import Testing

@Suite("Taking paths apart")
struct PathComponentsTests {
  struct Parts: Sendable, CustomTestStringConvertible {
    let path, folder, name, ending: String
    var testDescription: String { "\"\(path)\"" }

    init(_ path: String, _ folder: String, _ name: String, _ ending: String = "") {
      (self.path, self.folder, self.name, self.ending) = (path, folder, name, ending)
    }
  }

  // Written down rather than asked of Foundation, whose NSString traps on some of them.
  static let paths = [
    Parts("", "", ""), Parts("/", "/", "/"), Parts("//", "/", "/"), Parts("a", "", "a"),
    Parts("a/", "", "a"), Parts("/a", "/", "a"), Parts("/a/", "/", "a"), Parts("a/b", "a", "b"),
    Parts("a/b/", "a", "b"), Parts("a//b", "a", "b"), Parts("/a/b.txt", "/a", "b.txt", "txt"),
    Parts("a.b/c", "a.b", "c"), Parts("a.b/c.d.e", "a.b", "c.d.e", "e"),
    Parts(".hidden", "", ".hidden"), Parts("a/.hidden.txt", "a", ".hidden.txt", "txt"),
    Parts("model.safetensors.index.json", "", "model.safetensors.index.json", "json"),
    Parts("./x", ".", "x"), Parts("../x", "..", "x"), Parts("..", "", ".."),
    Parts("ä/ö.ü", "ä", "ö.ü", "ü"), Parts("x.", "", "x."),
    Parts("a b/c d.pth", "a b", "c d.pth", "pth"),
    Parts("e\u{301}/e\u{301}.h5", "e\u{301}", "e\u{301}.h5", "h5"),
  ]

  @Test("tells folder, name and extension", arguments: paths)
  func parts(expected: Parts) {
    let path = expected.path
    #expect(path.deletingLastPathComponent == expected.folder)
    #expect(path.lastPathComponent == expected.name)
    #expect(path.pathExtension == expected.ending)
  }

  @Test(
    "puts a name after a folder",
    arguments: [("", "m"), ("/", "/m"), ("//", "/m"), ("a", "a/m"), ("a/", "a/m"), ("/a/", "/a/m")])
  func appending(folder: String, expected: String) {
    #expect(folder.appendingPathComponent("m") == expected)
  }

  @Test("a folder is told from a file and from nothing")
  func folders() {
    #expect(isFolder(at: "/") && !isFolder(at: "/dev/null") && !isFolder(at: "/no/such/folder"))
  }
}
