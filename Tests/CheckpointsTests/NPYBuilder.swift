/// Makes an array's bytes out of whatever text is to stand for its header.
struct NPYBuilder {
  static let values: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 192]

  var signature = [0x93] + Array("NUMPY".utf8)
  var version: [UInt8]
  var text: [UInt8]
  /// What the length field says; nil for the truth.
  var length: Int?
  var data = NPYBuilder.values

  init(_ text: String, version: UInt8 = 1) {
    self.text = Array(text.utf8)
    self.version = [version, 0]
  }

  var bytes: [UInt8] {
    let length = self.length ?? text.count
    let width = version[0] == 1 ? 2 : 4
    let field = (0..<width).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    return signature + version + field + text + data
  }

  /// An archive with the array alone.
  var archive: [UInt8] { ZIPBuilder(.init("weight.npy", bytes)).build().bytes }
}
