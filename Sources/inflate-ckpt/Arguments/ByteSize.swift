import Diagnostics

/// A number of bytes as people write it: `500MB`, `5GB`, `2G`, in powers of a thousand.
struct ByteSize {
  let bytes: Int

  /// - Throws: `usage` when the text is no positive size.
  init(parsing text: String) throws {
    let units = [
      "": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000, "K": 1_000,
      "M": 1_000_000, "G": 1_000_000_000,
    ]
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), number > 0,
      let unit = units[text.dropFirst(digits.count).uppercased()]
    else {
      throw Fault(.usage, "\"\(printable(text))\" is no size: for example 500MB or 5GB")
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit)
    guard !overflow else { throw Fault(.usage, "\(printable(text)) is beyond any disk") }
    self.bytes = bytes
  }
}
