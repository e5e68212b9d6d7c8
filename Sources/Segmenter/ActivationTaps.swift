import Diagnostics
import Kernels
import Tensors

/// Asks a forward pass for results between its layers, and holds them afterwards.
///
/// Names read like roles: `patchEmbedding`, `blocks[3]`, `decoder.fusion`. Tokens come as
/// `[tokens, hidden]` without the class token, maps as `[channels, height, width]`, those of a model
/// of whole volumes as `[channels, depth, height, width]`.
package struct ActivationTaps: Sendable {
  package let requested: Set<String>
  package private(set) var tensors: [String: FloatTensor] = [:]

  package init(_ requested: Set<String> = []) { self.requested = requested }

  package subscript(name: String) -> FloatTensor? { tensors[name] }

  /// - Throws: `usage` when a name stands for nothing that the model computes.
  func check(against known: [String]) throws {
    if let unknown = requested.subtracting(known).min() {
      throw Fault(
        .usage, "the model has no activation called \"\(printable(unknown))\"",
        remedy: "it has: \(known.joined(separator: ", "))")
    }
  }

  /// Looks at tokens on their way: keeps them if asked to, and lets only finite values by.
  mutating func pass(_ tokens: Matrix, as name: String) throws {
    if let place = tokens.firstNonFinite {
      throw ActivationTaps.fault(
        tokens[place.row, place.column], name, "token \(place.row), channel \(place.column)")
    }
    guard requested.contains(name) else { return }
    tensors[name] = try FloatTensor(
      shape: Shape([tokens.rowCount, tokens.columnCount]), values: tokens.values)
  }

  /// The same for a feature map.
  mutating func pass(_ map: FeatureMap, isVolume: Bool, as name: String) throws {
    if let place = map.pixels.firstNonFinite {
      let (line, slice) = place.row.quotientAndRemainder(dividingBy: map.depth)
      let (y, x) = line.quotientAndRemainder(dividingBy: map.width)
      throw ActivationTaps.fault(
        map.pixels[place.row, place.column], name,
        "channel \(place.column), row \(y), column \(x)" + (isVolume ? ", slice \(slice)" : ""))
    }
    guard requested.contains(name) else { return }
    let depth = isVolume || map.depth > 1 ? [map.depth] : []
    tensors[name] = try FloatTensor(
      shape: Shape([map.channelCount] + depth + [map.height, map.width]),
      values: map.planarValues)
  }

  private static func fault(_ value: Float, _ name: String, _ place: String) -> Fault {
    Fault(
      .nonFiniteActivation, "the output of \(name) is \(value) at \(place), the first such value",
      remedy: "look for damaged weights in this layer and for an input of unusual scale")
  }
}
