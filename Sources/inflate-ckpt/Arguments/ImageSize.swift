import Diagnostics

/// Extents in voxels, in the axis order of the volume: `H,W,D`.
struct ImageSize {
  let extents: [Int]

  /// - Throws: `usage` when the text is not three positive whole numbers.
  init(parsing text: String) throws {
    extents = try Self.numbers(in: text, from: 1)
    guard extents.count == 3 else {
      throw Fault(
        .usage, "\"\(printable(text))\" is not height, width and depth: for example 512,512,5")
    }
  }

  /// Whole numbers of at least `minimum`, separated by commas.
  static func numbers(in text: String, from minimum: Int) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let number = Int(part), number >= minimum, number <= 1 << 20 else {
        throw Fault(.usage, "\"\(printable(String(part)))\" is no whole number from \(minimum)")
      }
      return number
    }
  }
}
