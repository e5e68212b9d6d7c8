/// An image or a volume with many channels: `[height, width, depth, channels]`, channels running
/// fastest; an image is one of depth 1.
package struct FeatureMap: Sendable {
  package let height: Int
  package let width: Int
  package let depth: Int
  /// `[height · width · depth, channels]`, row by row of the image, slice by slice in each pixel.
  package let pixels: Matrix

  package var channelCount: Int { pixels.columnCount }
  package var pixelCount: Int { pixels.rowCount }

  package init(height: Int, width: Int, depth: Int = 1, pixels: Matrix) {
    precondition(
      height * width * depth == pixels.rowCount,
      "\(pixels.rowCount) pixels for \(height) × \(width) × \(depth)")
    self.height = height
    self.width = width
    self.depth = depth
    self.pixels = pixels
  }

  /// Contents unspecified until written.
  package init(
    height: Int, width: Int, depth: Int = 1, channels: Int, from workspace: Workspace? = nil
  ) {
    self.init(
      height: height, width: width, depth: depth,
      pixels: Matrix(rows: height * width * depth, columns: channels, from: workspace))
  }

  /// A map of the same extents. Contents unspecified until written.
  package func sibling(channels: Int, from workspace: Workspace? = nil) -> FeatureMap {
    FeatureMap(height: height, width: width, depth: depth, channels: channels, from: workspace)
  }

  /// The same extents with other pixels.
  package func with(pixels: Matrix) -> FeatureMap {
    FeatureMap(height: height, width: width, depth: depth, pixels: pixels)
  }

  package func channels(_ range: Range<Int>) -> FeatureMap {
    with(pixels: pixels.columns(range))
  }

  package func hasExtents(of other: FeatureMap) -> Bool {
    height == other.height && width == other.width && depth == other.depth
  }
}

extension FeatureMap {
  /// The values channel by channel and slice by slice, `[channels, depth, height, width]`.
  package var planarValues: [Float] {
    let plane = height * width
    return [Float](unsafeUninitializedCapacity: pixelCount * channelCount) { target, count in
      let base = target.baseAddress
      withRows(pixels) { pixels in
        // So few positions at a time that the pixels are still in the cache for the next channel.
        parallelRanges(plane, of: 64) { range in
          for slice in 0..<depth {
            for channel in 0..<channelCount {
              let line = base! + (channel * depth + slice) * plane
              for position in range {
                line[position] = pixels.row(position * depth + slice)[channel]
              }
            }
          }
        }
      }
      count = pixelCount * channelCount
    }
  }

  /// A map from values channel by channel and slice by slice, `[channels, depth, height, width]`.
  package init(
    planar values: [Float], channels: Int, depth: Int, height: Int, width: Int,
    from workspace: Workspace? = nil
  ) {
    precondition(values.count == channels * depth * height * width)
    self.init(height: height, width: width, depth: depth, channels: channels, from: workspace)
    let plane = height * width
    withRows(pixels) { target in
      values.withUnsafeBufferPointer { values in
        parallelRanges(plane, of: 64) { range in
          for slice in 0..<depth {
            for channel in 0..<channels {
              let line = values.baseAddress! + (channel * depth + slice) * plane
              for position in range {
                target.row(position * depth + slice)[channel] = line[position]
              }
            }
          }
        }
      }
    }
  }
}

extension FeatureMap {
  /// The values in memory of their own.
  package func copied(from workspace: Workspace? = nil) -> FeatureMap {
    let copy = sibling(channels: channelCount, from: workspace)
    pixels.copy(to: copy.pixels)
    return copy
  }

  /// One slice as an image.
  package func slice(_ index: Int, from workspace: Workspace? = nil) -> FeatureMap {
    precondition(index >= 0 && index < depth)
    let image = FeatureMap(height: height, width: width, channels: channelCount, from: workspace)
    withRows(pixels, image.pixels) { source, target in
      for pixel in 0..<height * width {
        target.row(pixel).update(from: source.row(pixel * depth + index), count: channelCount)
      }
    }
    return image
  }
}
