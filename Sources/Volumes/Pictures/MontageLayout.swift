/// Where the parts of a montage lie in its picture, in pixels.
struct MontageLayout {
  static let background = Colour(grey: 20)
  private static let ink = Colour(grey: 235)
  private static let quietInk = Colour(grey: 160)
  private static let gutter = 8
  private static let fontScale = 2
  /// The side of a legend's coloured square.
  private static let swatch = 7 * fontScale
  private static let lineHeight = BitmapFont.height * fontScale + gutter
  /// Slices smaller than this are shown at twice their size.
  private static let comfortableSize = 400

  let titles: [String]
  private let size: PlaneSize
  private let rowCount: Int
  private let enlargement: Int
  /// Whether the first axis runs to the patient's left, the second backwards: then the picture is
  /// turned to show right on the right and the nose up.
  private let mirrorsRow: Bool
  private let mirrorsColumn: Bool
  private let classNames: [String]

  init(_ montage: Montage) {
    let extents = montage.volume.extents
    let affine = montage.volume.geometry.affine
    titles = ["volume"] + montage.overlays.map(\.title)
    size = extents.plane
    rowCount = montage.slices.count
    enlargement = max(extents.height, extents.width) < MontageLayout.comfortableSize ? 2 : 1
    mirrorsRow = affine[0, 0] < 0
    mirrorsColumn = affine[1, 1] < 0
    classNames = montage.classNames
  }

  /// The first axis runs across the picture, the second up.
  private var tileWidth: Int { size.height * enlargement }
  private var tileHeight: Int { size.width * enlargement }

  /// A column is as wide as its tiles, or as the widest title.
  private var columnWidth: Int {
    titles.reduce(tileWidth) { max($0, BitmapFont.width(of: $1) * MontageLayout.fontScale) }
  }

  var width: Int {
    MontageLayout.gutter + titles.count * (columnWidth + MontageLayout.gutter)
  }

  var height: Int {
    legendEntries.reduce(legendTop) { max($0, $1.y + MontageLayout.lineHeight) }
  }

  private var legendTop: Int { top(rowCount) }

  private func left(_ column: Int) -> Int {
    MontageLayout.gutter + column * (columnWidth + MontageLayout.gutter)
  }

  private func top(_ row: Int) -> Int {
    MontageLayout.gutter + MontageLayout.lineHeight + row * (tileHeight + MontageLayout.gutter)
  }

  func drawTitle(_ title: String, column: Int, into picture: inout Picture) {
    let width = BitmapFont.width(of: title) * MontageLayout.fontScale
    picture.draw(
      title, x: left(column) + (columnWidth - width) / 2, y: MontageLayout.gutter,
      scale: MontageLayout.fontScale, colour: MontageLayout.ink)
  }

  func drawCaption(_ caption: String, row: Int, into picture: inout Picture) {
    picture.draw(
      caption, x: left(0) + 4, y: top(row) + 4, scale: MontageLayout.fontScale,
      colour: MontageLayout.quietInk)
  }

  /// - Parameter tile: row-major `[height, width]`, like a plane.
  func draw(_ tile: [Colour], row: Int, column: Int, into picture: inout Picture) {
    let left = left(column) + (columnWidth - tileWidth) / 2
    let top = top(row)
    for first in 0..<size.height {
      let across = mirrorsRow ? size.height - 1 - first : first
      for second in 0..<size.width {
        let up = mirrorsColumn ? second : size.width - 1 - second
        picture.fill(
          x: left + across * enlargement, y: top + up * enlargement, width: enlargement,
          height: enlargement, with: tile[first * size.width + second])
      }
    }
  }

  func drawLegend(into picture: inout Picture) {
    for (index, entry) in legendEntries.enumerated() {
      guard let colour = Colour.ofClass(Int32(index + 1)) else { continue }
      let side = MontageLayout.swatch
      picture.fill(x: entry.x, y: entry.y, width: side, height: side, with: colour)
      picture.draw(
        classNames[index], x: entry.x + side + MontageLayout.gutter, y: entry.y,
        scale: MontageLayout.fontScale, colour: MontageLayout.ink)
    }
  }

  /// The top left of every class's entry, broken into lines as the width demands.
  private var legendEntries: [(x: Int, y: Int)] {
    var (x, y) = (MontageLayout.gutter, legendTop)
    return classNames.map { name in
      let text = BitmapFont.width(of: name) * MontageLayout.fontScale
      let end = x + MontageLayout.swatch + MontageLayout.gutter + text
      if end > width, x > MontageLayout.gutter {
        x = MontageLayout.gutter
        y += MontageLayout.lineHeight
      }
      defer { x += MontageLayout.swatch + text + 3 * MontageLayout.gutter }
      return (x, y)
    }
  }
}
