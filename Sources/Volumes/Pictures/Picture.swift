/// A picture of 8-bit red, green and blue.
package struct Picture: Sendable, Equatable {
  package let width: Int
  package let height: Int
  /// Row-major from the top left, three bytes a pixel.
  package private(set) var pixels: [UInt8]

  package init(width: Int, height: Int, background: Colour) {
    precondition(width > 0 && height > 0, "a picture has pixels")
    self.width = width
    self.height = height
    pixels = []
    pixels.reserveCapacity(width * height * 3)
    for _ in 0..<width * height {
      pixels.append(background.red)
      pixels.append(background.green)
      pixels.append(background.blue)
    }
  }

  /// Pixels outside the picture are not drawn.
  package subscript(x: Int, y: Int) -> Colour {
    get {
      let start = (y * width + x) * 3
      return Colour(red: pixels[start], green: pixels[start + 1], blue: pixels[start + 2])
    }
    set {
      guard (0..<width).contains(x), (0..<height).contains(y) else { return }
      let start = (y * width + x) * 3
      pixels[start] = newValue.red
      pixels[start + 1] = newValue.green
      pixels[start + 2] = newValue.blue
    }
  }

  package mutating func fill(x: Int, y: Int, width: Int, height: Int, with colour: Colour) {
    for row in y..<y + height {
      for column in x..<x + width { self[column, row] = colour }
    }
  }

  /// Draws `text` with its top left at (x, y), every dot of the font `scale` pixels wide.
  package mutating func draw(_ text: String, x: Int, y: Int, scale: Int, colour: Colour) {
    for (index, character) in text.enumerated() {
      let left = x + index * BitmapFont.advance * scale
      for (row, dots) in BitmapFont.rows(of: character).enumerated() {
        for column in 0..<BitmapFont.width where dots >> (BitmapFont.width - 1 - column) & 1 == 1 {
          fill(
            x: left + column * scale, y: y + row * scale, width: scale, height: scale,
            with: colour)
        }
      }
    }
  }
}

package struct Colour: Sendable, Hashable {
  package var red: UInt8
  package var green: UInt8
  package var blue: UInt8

  package init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  package init(grey: UInt8) { self.init(red: grey, green: grey, blue: grey) }

  /// `share` of `other` (0…1) laid over this colour.
  func blended(with other: Colour, share: Float) -> Colour {
    func mix(_ below: UInt8, _ above: UInt8) -> UInt8 {
      UInt8((Float(below) * (1 - share) + Float(above) * share).rounded())
    }
    return Colour(
      red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue))
  }

  /// This colour with that of a class laid over it, as pictures of segmentations have it.
  package func overlaid(withClass label: Int32) -> Colour {
    Colour.ofClass(label).map { blended(with: $0, share: 0.55) } ?? self
  }

  /// The colour of a class; the background has none. Okabe and Ito's palette, which colour-blind
  /// readers can tell apart, repeats after eight.
  package static func ofClass(_ label: Int32) -> Colour? {
    label > 0 ? classPalette[Int(label - 1) % classPalette.count] : nil
  }

  private static let classPalette = [
    Colour(red: 230, green: 159, blue: 0), Colour(red: 0, green: 114, blue: 178),
    Colour(red: 0, green: 158, blue: 115), Colour(red: 204, green: 121, blue: 167),
    Colour(red: 240, green: 228, blue: 66), Colour(red: 213, green: 94, blue: 0),
    Colour(red: 86, green: 180, blue: 233), Colour(red: 170, green: 68, blue: 85),
  ]
}
