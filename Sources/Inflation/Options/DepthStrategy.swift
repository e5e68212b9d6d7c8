import Diagnostics
import Glibc

/// How a 2D patch-embedding kernel spreads over the depth of a 3D one. The weights of all slices add
/// up to 1, so that a volume of equal slices gives what the image gave.
package enum DepthStrategy: Sendable, Hashable {
  /// The kernel divided by the depth, at every slice ("inflation" in the paper).
  case average
  /// The kernel at slice ⌊D/2⌋, zeros elsewhere ("centering" in the paper).
  case center
  case first
  case last
  /// Weights of a normal distribution about the middle, its standard deviation in slices.
  case gaussian(Double)
  /// Weights that fall linearly from the middle to nothing just beyond the ends.
  case linear
  /// The average over the depth; patches of another size are resized linearly, not cubically.
  case trilinear

  package static let forms = "average, center, first, last, gaussian:S, linear, trilinear"

  /// - Throws: `usage` when the text is none of ``forms``.
  package init(parsing text: String) throws {
    switch text {
    case "average": self = .average
    case "center": self = .center
    case "first": self = .first
    case "last": self = .last
    case "linear": self = .linear
    case "trilinear": self = .trilinear
    default:
      guard let sigma = parameter(of: text, named: "gaussian"), sigma > 0 else {
        throw noSuch("way to spread kernels over the depth", text, DepthStrategy.forms)
      }
      self = .gaussian(sigma)
    }
  }

  package var name: String {
    switch self {
    case .average: "average"
    case .center: "center"
    case .first: "first"
    case .last: "last"
    case .gaussian(let sigma): "gaussian:\(sigma)"
    case .linear: "linear"
    case .trilinear: "trilinear"
    }
  }

  /// The weight of every slice; they add up to 1.
  package func weights(depth: Int) -> [Double] {
    let middle = Double(depth - 1) / 2
    let raw = (0..<depth).map { (slice: Int) -> Double in
      let distance = Double(slice) - middle
      return switch self {
      case .average, .trilinear: 1
      case .center: slice == depth / 2 ? 1 : 0
      case .first: slice == 0 ? 1 : 0
      case .last: slice == depth - 1 ? 1 : 0
      case .gaussian(let sigma): bell(distance / sigma)
      case .linear: middle + 1 - abs(distance)
      }
    }
    let sum = raw.reduce(0, +)
    // A narrow bell about the middle of an even number of slices may vanish at all of them.
    guard sum > 0 else { return DepthStrategy.center.weights(depth: depth) }
    return raw.map { $0 / sum }
  }
}

/// How a position embedding, which knows no depth, spreads over it.
package enum PositionDepthStrategy: Sendable, Hashable {
  /// The same at every depth.
  case tile
  /// The same at every depth, plus scaled sines and cosines of the slice's number.
  case sinusoidal(Double)
  /// At the middle depth alone.
  case centerOnly

  package static let forms = "tile, sincos-depth, sincos-depth:SCALE, center-only"

  /// - Throws: `usage` when the text is none of ``forms``.
  package init(parsing text: String) throws {
    switch text {
    // Grids of a 3D source are resized along all three axes, which is what interpolating means.
    case "tile", "interpolate": self = .tile
    case "center-only": self = .centerOnly
    case "sincos-depth": self = .sinusoidal(1)
    default:
      guard let scale = parameter(of: text, named: "sincos-depth") else {
        throw noSuch("way to give positions a depth", text, PositionDepthStrategy.forms)
      }
      self = .sinusoidal(scale)
    }
  }

  package var name: String {
    switch self {
    case .tile: "tile"
    case .sinusoidal(let scale): "sincos-depth:\(scale)"
    case .centerOnly: "center-only"
    }
  }

  var addsToTiles: Bool { if case .sinusoidal = self { true } else { false } }

  func weights(depth: Int) -> [Double] {
    self == .centerOnly
      ? DepthStrategy.center.weights(depth: depth) : [Double](repeating: 1, count: depth)
  }
}

/// How the bias of a spatial offset depends on the depth offset.
package enum BiasDepthStrategy: Sendable, Hashable {
  /// The same at every depth offset.
  case tile
  /// At depth offset 0 alone.
  case centerOnly
  /// λ to the power of the depth offset's magnitude times as much.
  case decay(Double)

  package static let forms = "tile, center-only, decay:LAMBDA"

  /// - Throws: `usage` when the text is none of ``forms``.
  package init(parsing text: String) throws {
    switch text {
    case "tile": self = .tile
    case "center-only": self = .centerOnly
    default:
      guard let factor = parameter(of: text, named: "decay"), (0...1).contains(factor) else {
        throw noSuch("way to give biases a depth", text, BiasDepthStrategy.forms)
      }
      self = .decay(factor)
    }
  }

  package var name: String {
    switch self {
    case .tile: "tile"
    case .centerOnly: "center-only"
    case .decay(let factor): "decay:\(factor)"
    }
  }

  /// The factor of every depth offset of a window, from −(depth − 1) to depth − 1.
  func weights(window depth: Int) -> [Double] {
    (0..<2 * depth - 1).map { index in
      let distance = abs(index - (depth - 1))
      return switch self {
      case .tile: 1
      case .centerOnly: distance == 0 ? 1 : 0
      case .decay(let factor): (0..<distance).reduce(1) { product, _ in product * factor }
      }
    }
  }
}

/// How a position embedding is brought to another grid.
package enum PositionResizeMethod: String, Sendable, CaseIterable {
  /// Bicubic with antialiasing, as timm does it.
  case bicubicAntialiased = "bicubic-antialias"
  /// Bicubic without, as the code of DINO and DINOv2 does it.
  case bicubic
}

/// How a relative-position-bias table is brought to another grid.
package enum BiasResizeMethod: String, Sendable, CaseIterable {
  /// BEiT's: a spline over knots that grow geometrically from the centre.
  case geometric
  /// PyTorch's bicubic interpolation without antialiasing.
  case bicubic
}

/// The number in `name:number` or `name(number)`.
func parameter(of text: String, named name: String) -> Double? {
  let rest = text.dropFirst(name.count)
  guard text.hasPrefix(name) else { return nil }
  let number: Substring
  if rest.hasPrefix(":") {
    number = rest.dropFirst()
  } else if rest.hasPrefix("("), rest.hasSuffix(")") {
    number = rest.dropFirst().dropLast()
  } else {
    return nil
  }
  return Double(number).flatMap { $0.isFinite && abs($0) <= 1e6 ? $0 : nil }
}

func noSuch(_ what: String, _ text: String, _ forms: String) -> Fault {
  Fault(.usage, "\"\(printable(text))\" is no \(what)", remedy: "say one of \(forms)")
}

private func bell(_ distance: Double) -> Double { exp(-distance * distance / 2) }
