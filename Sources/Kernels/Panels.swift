/// The panels of 16 channels that the micro-kernels work in.
enum Panels {
  static let width = 16

  /// How many panels hold that many channels; the last one may be filled in part.
  static func count(for channels: Int) -> Int { (channels + width - 1) / width }

  /// That many channels, rounded up to whole panels.
  static func padded(_ channels: Int) -> Int { count(for: channels) * width }
}
