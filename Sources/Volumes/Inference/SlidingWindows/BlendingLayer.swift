/// The weighted sums of scores and weights, over a band of the padded volume that moves along one
/// axis: what lies behind is finished, what lies ahead not yet begun.
struct BlendingLayer {
  /// Of the band.
  private let counts: [Int]
  private let axis: Int
  private let classCount: Int
  /// The band's first place along the axis.
  private var start: Int
  /// `[height, width, depth, classes]`, the band's places along the axis taken modulo its thickness.
  private var sums: [Float]
  /// `[height, width, depth]`.
  private var weightSums: [Float]

  init(counts: [Int], axis: Int, start: Int = 0, classCount: Int) {
    self.counts = counts
    self.axis = axis
    self.start = start
    self.classCount = classCount
    let places = counts[0] * counts[1] * counts[2]
    weightSums = [Float](repeating: 0, count: places)
    sums = [Float](repeating: 0, count: places * classCount)
  }

  /// - Parameters:
  ///   - scores: `[classes, height, width, depth]` of the window.
  ///   - origin: in the padded volume; the window lies within the band.
  mutating func add(
    _ scores: [Float], weights: [Float], window: VolumeExtents, at origin: [Int]
  ) {
    let voxelCount = window.voxelCount
    var index = 0
    for row in 0..<window.height {
      for column in 0..<window.width {
        for slice in 0..<window.depth {
          let place = place(origin[0] + row, origin[1] + column, origin[2] + slice)
          let weight = weights[index]
          weightSums[place] += weight
          for channel in 0..<classCount {
            sums[place * classCount + channel] += scores[channel * voxelCount + index] * weight
          }
          index += 1
        }
      }
    }
  }

  /// Hands out the blended scores of all places before `end` along the axis and forgets them.
  mutating func finish(
    upTo end: Int, _ body: (_ place: (Int, Int, Int), _ scores: borrowing Span<Float>) -> Void
  ) {
    var bounds = counts.map { 0..<$0 }
    bounds[axis] = start..<end
    var scores = [Float](repeating: 0, count: classCount)
    for row in bounds[0] {
      for column in bounds[1] {
        for slice in bounds[2] {
          let place = place(row, column, slice)
          for channel in 0..<classCount {
            scores[channel] = sums[place * classCount + channel] / weightSums[place]
            sums[place * classCount + channel] = 0
          }
          weightSums[place] = 0
          body((row, column, slice), scores.span)
        }
      }
    }
    start = end
  }

  @inline(__always)
  private func place(_ row: Int, _ column: Int, _ slice: Int) -> Int {
    let row = axis == 0 ? row % counts[0] : row
    let column = axis == 1 ? column % counts[1] : column
    let slice = axis == 2 ? slice % counts[2] : slice
    return (row * counts[1] + column) * counts[2] + slice
  }
}
