import Diagnostics
import Files
import Glibc

/// Files as the user names them: paths, patterns (`models/*.safetensors`, in quotes where the shell
/// should not expand them), and lists (`@files.txt`, one path or pattern a line).
enum PathList {
  /// - Throws: `missing-input` for a pattern that nothing matches and a list that is not there.
  static func expanded(_ arguments: [String]) throws -> [String] {
    try arguments.flatMap { argument in
      argument.hasPrefix("@") && argument.count > 1
        ? try lines(of: String(argument.dropFirst())).flatMap(matches)
        : try matches(of: argument)
    }
  }

  private static func lines(of path: String) throws -> [String] {
    let file = try MappedFile(path: path)
    let text = try file.withBytes { bytes in
      bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
    return text.split(whereSeparator: \.isNewline)
      .map { String($0.drop { $0 == " " || $0 == "\t" }) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  /// A file of that very name counts before what the name would match.
  private static func matches(of pattern: String) throws -> [String] {
    guard pattern.contains(where: { "*?[".contains($0) }), access(pattern, F_OK) != 0 else {
      return [pattern]
    }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, GLOB_ERR, nil, &found) == 0 else {
      throw Fault(.missingInput, "nothing matches \"\(printable(pattern))\"")
    }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      found.gl_pathv[index].map { String(cString: $0) }
    }
  }
}
