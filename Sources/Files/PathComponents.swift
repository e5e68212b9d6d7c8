/// Paths as text, taken apart and put together as the system reads them. Foundation's `NSString` does
/// the same; a binary with Foundation in it takes several times as long to start.
extension String {
  /// `c.txt` of `/a/b/c.txt`; slashes at the end do not count.
  package var lastPathComponent: String {
    let path = withoutClosingSlashes
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), path.utf8.count > 1 else {
      return String(path)
    }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// `/a/b` of `/a/b/c.txt`; empty for a name alone, and `/` for what lies in the root.
  package var deletingLastPathComponent: String {
    let path = withoutClosingSlashes
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return slash == path.startIndex ? "/" : String(String(path[..<slash]).withoutClosingSlashes)
  }

  /// `txt` of `/a/b/c.txt`; empty when the name has none, or is nothing else.
  package var pathExtension: String {
    let name = lastPathComponent
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else {
      return ""
    }
    return String(name[name.utf8.index(after: dot)...])
  }

  /// `/a/b/c.txt` of `/a/b` and `c.txt`.
  package func appendingPathComponent(_ component: String) -> String {
    if isEmpty { return component }
    if component.isEmpty { return String(withoutClosingSlashes) }
    return withoutClosingSlashes == "/" ? "/" + component : withoutClosingSlashes + "/" + component
  }

  /// The path without slashes at its end; the root keeps its own.
  private var withoutClosingSlashes: Substring {
    var path = self[...]
    while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") {
      path = path[..<path.utf8.index(before: path.endIndex)]
    }
    return path
  }
}
