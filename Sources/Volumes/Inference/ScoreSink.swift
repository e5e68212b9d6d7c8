import Glibc

/// What a run over a volume keeps of the scores at each voxel: one or more words of 32 bits.
protocol ScoreSink {
  /// Takes the scores of all classes at the voxel with this place among the volume's values.
  mutating func put(_ scores: borrowing Span<Float>, at voxel: Int)

  /// What is kept of `voxels`, for a journal.
  func words(of voxels: [Int]) -> [UInt32]

  /// The inverse of `words`.
  mutating func restore(_ words: [UInt32], of voxels: [Int])

  var wordsPerVoxel: Int { get }
}

/// Keeps the class with the largest score; of equal scores the first wins.
struct LabelSink: ScoreSink {
  private(set) var labels: [Int32]

  init(voxelCount: Int) { labels = [Int32](repeating: 0, count: voxelCount) }

  var wordsPerVoxel: Int { 1 }

  @inline(__always)
  mutating func put(_ scores: borrowing Span<Float>, at voxel: Int) {
    var best = 0
    for index in 1..<max(1, scores.count) where scores[index] > scores[best] { best = index }
    labels[voxel] = Int32(truncatingIfNeeded: best)
  }

  func words(of voxels: [Int]) -> [UInt32] { voxels.map { UInt32(bitPattern: labels[$0]) } }

  mutating func restore(_ words: [UInt32], of voxels: [Int]) {
    for (voxel, word) in zip(voxels, words) { labels[voxel] = Int32(bitPattern: word) }
  }
}

/// Keeps a number for each class: the score itself, or its softmax.
struct ScoreVolumesSink: ScoreSink {
  /// By class, in the volume's order.
  private(set) var values: [[Float]]
  private let areProbabilities: Bool
  private var scratch: [Float]

  init(classCount: Int, voxelCount: Int, asProbabilities: Bool) {
    values = [[Float]](repeating: [Float](repeating: 0, count: voxelCount), count: classCount)
    areProbabilities = asProbabilities
    scratch = [Float](repeating: 0, count: classCount)
  }

  var wordsPerVoxel: Int { values.count }

  mutating func put(_ scores: borrowing Span<Float>, at voxel: Int) {
    guard areProbabilities else {
      for index in values.indices { values[index][voxel] = scores[index] }
      return
    }
    // softmax(s) = exp(s − max s) / Σ exp(s − max s), which no score is too large for.
    var largest = scores[0]
    for index in 1..<max(1, scores.count) { largest = max(largest, scores[index]) }
    var sum: Float = 0
    for index in scratch.indices {
      scratch[index] = expf(scores[index] - largest)
      sum += scratch[index]
    }
    for index in values.indices { values[index][voxel] = scratch[index] / sum }
  }

  func words(of voxels: [Int]) -> [UInt32] {
    values.flatMap { plane in voxels.map { plane[$0].bitPattern } }
  }

  mutating func restore(_ words: [UInt32], of voxels: [Int]) {
    for index in values.indices {
      for (offset, voxel) in voxels.enumerated() {
        values[index][voxel] = Float(bitPattern: words[index * voxels.count + offset])
      }
    }
  }
}
