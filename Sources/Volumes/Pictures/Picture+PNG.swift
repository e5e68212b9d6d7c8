import CZlib
import Diagnostics
import Files

extension Picture {
  /// The picture as a PNG file (ISO/IEC 15948): truecolour, 8 bits, not interlaced.
  package func pngBytes() throws -> [UInt8] {
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    let bitDepth: UInt8 = 8
    let truecolour: UInt8 = 2
    let size = bigEndian(UInt32(width)) + bigEndian(UInt32(height))
    file += chunk("IHDR", size + [bitDepth, truecolour, 0, 0, 0])
    var compressed: [UInt8] = []
    let deflater = try Deflater(.zlib)
    let emit = { (bytes: RawSpan) in bytes.withUnsafeBytes { compressed.append(contentsOf: $0) } }
    try deflater.append(filteredRows().span.bytes, emit: emit)
    try deflater.finish(emit: emit)
    file += chunk("IDAT", compressed)
    file += chunk("IEND", [])
    return file
  }

  /// - Throws: the faults of files.
  package func writePNG(to path: String, replacing: Bool) throws {
    let bytes = try pngBytes()
    let file = try AtomicFile(destination: path, replacing: replacing)
    try file.write(bytes)
    try file.commit()
  }

  /// Every row as its difference from the one above (filter 2, "up"), which makes an enlarged
  /// picture's repeated rows vanish in compression.
  private func filteredRows() -> [UInt8] {
    let up: UInt8 = 2
    let rowLength = width * 3
    var result: [UInt8] = []
    result.reserveCapacity((rowLength + 1) * height)
    for row in 0..<height {
      result.append(up)
      let start = row * rowLength
      for index in start..<start + rowLength {
        result.append(row == 0 ? pixels[index] : pixels[index] &- pixels[index - rowLength])
      }
    }
    return result
  }

  private func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let checked = Array(type.utf8) + content
    let checksum = checked.withUnsafeBufferPointer { bytes in
      UInt32(crc32_z(0, bytes.baseAddress, bytes.count))
    }
    return bigEndian(UInt32(content.count)) + checked + bigEndian(checksum)
  }

  private func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
