import Diagnostics
import Tensors

/// How kernels over the source's input channels become kernels over the target's.
///
/// With n source and m target channels, every rule but `mean` and `keep` scales so that m equal
/// images give as much as n did.
package enum ChannelStrategy: Sendable, Hashable {
  /// Each target channel gets the sum over the source's, divided by m: exact when every source
  /// channel carried the same grey image (the paper's rule).
  case sum
  /// Each target channel gets the mean over the source's, undivided.
  case mean
  /// The channels as they are; needs equal numbers.
  case keep
  /// The source's channels over and over, times n/m (timm's rule).
  case cycle
  /// One source channel for all, times n/m.
  case select(Int)
  /// For each target channel a source channel, or nil for their mean; times n/m.
  case list([Int?])

  package static let forms = "sum, mean, keep, repeat, select:I, or a list such as 0,1,mean,2"

  /// - Throws: `usage` when the text is none of ``forms``.
  package init(parsing text: String) throws {
    switch text {
    case "sum": self = .sum
    case "mean": self = .mean
    case "keep": self = .keep
    case "repeat": self = .cycle
    default:
      if let channel = parameter(of: text, named: "select").flatMap({ Int(exactly: $0) }),
        channel >= 0
      {
        self = .select(channel)
        return
      }
      let words = text.split(separator: ",", omittingEmptySubsequences: false)
      let entries = words.map { word -> Int?? in
        word == "mean" ? .some(nil) : Int(word).flatMap { $0 >= 0 ? .some($0) : nil }
      }
      let chosen = entries.compactMap { $0 }
      guard words.count > 1, chosen.count == words.count else {
        throw noSuch("way to join channels", text, ChannelStrategy.forms)
      }
      self = .list(chosen)
    }
  }

  package var name: String {
    switch self {
    case .sum: "sum"
    case .mean: "mean"
    case .keep: "keep"
    case .cycle: "repeat"
    case .select(let channel): "select:\(channel)"
    case .list(let entries): entries.map { $0.map(String.init) ?? "mean" }.joined(separator: ",")
    }
  }

  /// - Throws: `unsupported-geometry` when the numbers do not fit the rule.
  package func check(from sources: Int, to targets: Int) throws {
    switch self {
    case .sum, .mean, .cycle: return
    case .keep:
      guard sources == targets else {
        throw Fault(
          .unsupportedGeometry, "\(sources) input channels cannot be kept for \(targets)",
          remedy: "say --channels sum")
      }
    case .select(let channel): try check(channel, of: sources)
    case .list(let entries):
      guard entries.count == targets else {
        throw Fault(
          .unsupportedGeometry,
          "\(entries.count) channels are listed for a model of \(targets)",
          remedy: "say --in-channels \(entries.count), or list \(targets)")
      }
      for case let channel? in entries { try check(channel, of: sources) }
    }
  }

  /// How much of each source channel every target channel gets, `[target][source]`.
  ///
  /// - Throws: as ``check(from:to:)``.
  package func coefficients(from sources: Int, to targets: Int) throws -> [[Double]] {
    try check(from: sources, to: targets)
    let scale = Double(sources) / Double(targets)
    let only = { (channel: Int, weight: Double) -> [Double] in
      (0..<sources).map { $0 == channel ? weight : 0 }
    }
    switch self {
    case .sum, .mean:
      let weight = 1 / Double(self == .sum ? targets : sources)
      return Array(repeating: Array(repeating: weight, count: sources), count: targets)
    case .keep: return (0..<targets).map { only($0, 1) }
    case .cycle: return (0..<targets).map { only($0 % sources, scale) }
    case .select(let channel): return (0..<targets).map { _ in only(channel, scale) }
    case .list(let entries):
      return entries.map { channel in
        channel.map { only($0, scale) }
          ?? [Double](repeating: scale / Double(sources), count: sources)
      }
    }
  }

  private func check(_ channel: Int, of count: Int) throws {
    guard channel < count else {
      throw Fault(
        .unsupportedGeometry, "there is no input channel \(channel) among the source's \(count)",
        remedy: "they count from 0 to \(count - 1)")
    }
  }

  /// Whether m equal grey images give what n equal ones gave.
  package func isExact(from sources: Int, to targets: Int) -> Bool {
    switch self {
    case .sum, .keep: true
    case .mean: sources == targets
    case .cycle: targets.isMultiple(of: sources)
    case .select, .list: false
    }
  }

  /// - Parameter kernel: `[hidden, channels, …]`
  /// - Returns: `[hidden, targetChannels, …]`
  func apply(to kernel: FloatTensor, targetChannels: Int) throws -> FloatTensor {
    let sources = kernel.shape[1]
    if self == .keep, sources == targetChannels { return kernel }
    let coefficients = try coefficients(from: sources, to: targetChannels)
    let area = kernel.shape.extents.dropFirst(2).reduce(1, *)
    let shape = try Shape([kernel.shape[0], targetChannels] + kernel.shape.extents.dropFirst(2))
    var combined = FloatTensor(shape: shape)
    let divisor: Float? =
      switch self {
      case .sum: Float(targetChannels)
      case .mean: Float(sources)
      default: nil
      }
    for output in 0..<kernel.shape[0] {
      for (target, weights) in coefficients.enumerated() {
        let start = (output * targetChannels + target) * area
        for index in 0..<area {
          let at = { (channel: Int) in kernel.values[(output * sources + channel) * area + index] }
          if let divisor {
            // In 32 bits and in this order, as PyTorch's sum: the paper's kernels come out bit for bit.
            combined[start + index] = (0..<sources).reduce(0) { $0 + at($1) } / divisor
          } else {
            combined[start + index] = Float(
              weights.indices.reduce(0) { $0 + weights[$1] * Double(at($1)) })
          }
        }
      }
    }
    return combined
  }
}
