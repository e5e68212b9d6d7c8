import Diagnostics
import Files
import Foundation
import Testing

@testable import Volumes

@Suite("Pictures")
struct PictureTests {
  /// The chunks of a PNG file, each checksum recomputed bit by bit as the standard defines it.
  static func chunks(_ file: [UInt8]) throws -> [(type: String, content: [UInt8])] {
    try #require(file.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10])
    func word(_ start: Int) -> UInt32 { file[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) } }
    var chunks: [(String, [UInt8])] = []
    var start = 8
    while start < file.count {
      let end = start + 8 + Int(word(start))
      var checksum: UInt32 = 0xFFFF_FFFF
      for byte in file[start + 4..<end] {
        checksum ^= UInt32(byte)
        for _ in 0..<8 {
          checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xEDB8_8320 : checksum >> 1
        }
      }
      #expect(word(end) == ~checksum)
      let type = String(decoding: file[start + 4..<start + 8], as: UTF8.self)
      chunks.append((type, Array(file[start + 8..<end])))
      start = end + 4
    }
    return chunks
  }

  static func inflated(_ bytes: [UInt8], count: Int) throws -> [UInt8] {
    try withFile(bytes) { path in
      let stream = try InflatingStream(MappedFile(path: path))
      var result = [UInt8](repeating: 0, count: count)
      var span = result.mutableSpan
      var output = span.mutableBytes
      #expect(try stream.read(count, into: &output) == count)
      try stream.finish(limit: 0)
      return result
    }
  }

  @Test("a PNG file holds the picture's pixels, whole and unchanged")
  func png() throws {
    var picture = Picture(width: 7, height: 5, background: Colour(red: 10, green: 200, blue: 30))
    picture.draw("a1", x: 1, y: 0, scale: 1, colour: Colour(grey: 250))
    let chunks = try PictureTests.chunks(picture.pngBytes())
    #expect(chunks.map(\.type) == ["IHDR", "IDAT", "IEND"])
    #expect(chunks[0].content == [0, 0, 0, 7, 0, 0, 0, 5, 8, 2, 0, 0, 0])
    let rows = try PictureTests.inflated(chunks[1].content, count: 5 * 22)
    var above = [UInt8](repeating: 0, count: 21)
    for row in 0..<5 {
      #expect(rows[row * 22] == 2)
      let line = zip(rows[row * 22 + 1..<row * 22 + 22], above).map { $0 &+ $1 }
      #expect(line == Array(picture.pixels[row * 21..<row * 21 + 21]))
      above = line
    }
  }

  @Test("every letter, digit and sign of a title is drawn, and differently from every other")
  func font() {
    let characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-–_.,:%/()+="
    let unknown = BitmapFont.rows(of: "€")
    var drawings: Set<[UInt8]> = [unknown]
    for character in characters {
      let rows = BitmapFont.rows(of: character)
      #expect((7...9).contains(rows.count))
      #expect(drawings.insert(rows).inserted, "\(character) looks like another character")
    }
  }

  @Test("nothing is drawn outside a picture")
  func clipping() {
    var picture = Picture(width: 3, height: 3, background: Colour(grey: 0))
    picture.fill(x: -5, y: -5, width: 20, height: 20, with: Colour(grey: 9))
    picture.draw("W", x: 2, y: 2, scale: 3, colour: Colour(grey: 7))
    #expect(picture.pixels.count == 27)
  }

  /// A dark volume with one bright voxel at the first axis' end and the second's beginning.
  static func montage(_ orientation: OrientationFields) throws -> Picture {
    let geometry = try VolumeGeometry(
      extents: VolumeExtents(height: 30, width: 20, depth: 1), orientation: orientation)
    var values = [Float](repeating: 0, count: 600)
    values[29] = 1
    var labels = [Int32](repeating: 0, count: 600)
    labels[29] = 1
    let volume = try Volume(geometry: geometry, values: values)
    let overlay = try LabelVolume(geometry: geometry, labels: labels)
    let montage = try Montage(
      volume: volume, intensities: IntensityWindow(low: 0, high: 1),
      overlays: [.init(title: "labels", labels: overlay)])
    return montage.picture()
  }

  /// Where the volume column is white, beside text: the bright voxel.
  static func whitePixels(_ picture: Picture) -> [(x: Int, y: Int)] {
    (0..<picture.height).flatMap { y in
      (0..<picture.width).compactMap { x in
        picture[x, y] == Colour(grey: 255) ? (x, y) : nil
      }
    }
  }

  @Test("the picture shows right on the right and the nose up, whichever way the axes run")
  func orientation() throws {
    let upright = PictureTests.whitePixels(try PictureTests.montage(.upright()))
    #expect(upright.count == 4)
    // The first axis' end is right, the second's beginning is down.
    var turned = OrientationFields.upright()
    turned.matrix[0] = -1
    turned.matrix[5] = -1
    let mirrored = PictureTests.whitePixels(try PictureTests.montage(turned))
    #expect(mirrored.count == 4)
    #expect(upright[0].x - mirrored[0].x == 2 * 29)
    #expect(upright[0].y - mirrored[0].y == 2 * 19)
  }

  @Test("labels are laid over the volume in colour, in their own column")
  func overlay() throws {
    let picture = try PictureTests.montage(.upright())
    let colour = try #require(Colour.ofClass(1))
    let expected = Colour(grey: 255).blended(with: colour, share: 0.55)
    let white = try #require(PictureTests.whitePixels(picture).first)
    let coloured = (0..<picture.width).filter { picture[$0, white.y] == expected }
    #expect(coloured.count == 2)
    #expect(coloured.allSatisfy { $0 > white.x })
    #expect(Colour.ofClass(0) == nil)
  }

  @Test("slices are chosen at the quarters of the labelled depth")
  func quarters() throws {
    #expect(Montage.quarters(of: 0...100) == [25, 50, 75])
    #expect(Montage.quarters(of: 40...48) == [42, 44, 46])
    #expect(Montage.quarters(of: 3...3) == [3])
    var labels = [Int32](repeating: 0, count: 4 * 20)
    labels[4 * 8 + 1] = 2
    labels[4 * 12 + 3] = 1
    let volume = try LabelVolume(geometry: geometry(2, 2, 20), labels: labels)
    #expect(volume.labelledSlices == 8...12)
  }

  @Test("a slice that is not there and an overlay of another size are refused")
  func refusals() throws {
    let volume = try Volume(geometry: geometry(2, 2, 2), values: Array(repeating: 0, count: 8))
    let other = try LabelVolume(geometry: geometry(2, 2, 1), labels: Array(repeating: 0, count: 4))
    let window = try IntensityWindow(low: 0, high: 1)
    try expectFault(.usage) {
      _ = try Montage(volume: volume, intensities: window, overlays: [], slices: [2])
    }
    try expectFault(.extentsMismatch) {
      _ = try Montage(
        volume: volume, intensities: window, overlays: [.init(title: "labels", labels: other)])
    }
  }
}
