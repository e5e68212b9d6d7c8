/// An image with many channels: `[height, width, channels]`, channels running fastest.
package struct FeatureMap: Sendable {
  package let height: Int
  package let width: Int
  /// `[height · width, channels]`, row by row of the image.
  package let pixels: Matrix

  package var channelCount: Int { pixels.columnCount }

  package init(height: Int, width: Int, pixels: Matrix) {
    precondition(
      height * width == pixels.rowCount, "\(pixels.rowCount) pixels for \(height) × \(width)")
    self.height = height
    self.width = width
    self.pixels = pixels
  }

  /// Contents unspecified until written.
  package init(height: Int, width: Int, channels: Int, from workspace: Workspace? = nil) {
    self.init(
      height: height, width: width,
      pixels: Matrix(rows: height * width, columns: channels, from: workspace))
  }

  package func channels(_ range: Range<Int>) -> FeatureMap {
    FeatureMap(height: height, width: width, pixels: pixels.columns(range))
  }
}

extension FeatureMap {
  /// The values channel by channel, `[channels, height, width]`, as most programs keep images.
  package var planarValues: [Float] {
    let pixelCount = height * width
    return [Float](unsafeUninitializedCapacity: pixelCount * channelCount) { target, count in
      withRows(pixels) { pixels in
        for pixel in 0..<pixelCount {
          let row = pixels.row(pixel)
          for channel in 0..<channelCount { target[channel * pixelCount + pixel] = row[channel] }
        }
      }
      count = pixelCount * channelCount
    }
  }
}
