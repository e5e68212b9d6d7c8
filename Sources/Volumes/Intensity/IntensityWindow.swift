import Diagnostics

/// The range of intensities that a model was trained to see, mapped to 0…1.
///
/// clip((v − low) / (high − low), 0, 1): MONAI's `ScaleIntensityRange` with `clip=True`.
package struct IntensityWindow: Sendable, Hashable {
  package let low: Float
  package let high: Float

  /// - Throws: `usage` when the bounds are not finite numbers in ascending order.
  package init(low: Float, high: Float) throws {
    guard low < high, (high - low).isFinite else {
      throw Fault(
        .usage, "an intensity window from \(low) to \(high) is empty or endless",
        remedy: "give two numbers, the lower first: --intensity-window -175,250")
    }
    self.low = low
    self.high = high
  }

  /// A window that stands in the source.
  init(uncheckedLow low: Float, high: Float) {
    precondition(low < high && (high - low).isFinite, "an intensity window has two bounds")
    self.low = low
    self.high = high
  }

  /// From `LOW,HIGH`.
  ///
  /// - Throws: `usage` when the text is not two numbers.
  package init(parsing text: String) throws {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 2, let low = Float(trimmingSpaces(parts[0])),
      let high = Float(trimmingSpaces(parts[1]))
    else {
      throw Fault(
        .usage, "\"\(printable(text))\" is not an intensity window",
        remedy: "give two numbers, the lower first: --intensity-window -175,250")
    }
    try self.init(low: low, high: high)
  }

  @inline(__always)
  package func normalised(_ value: Float) -> Float {
    min(max((value - low) / (high - low), 0), 1)
  }

  package func normalised(_ volume: Volume) throws -> Volume {
    try Volume(geometry: volume.geometry, values: volume.values.map { normalised($0) })
  }

  package func normalised(_ plane: Plane) -> Plane {
    var plane = plane
    for index in plane.values.indices {
      plane.values[index] = normalised(plane.values[index])
    }
    return plane
  }
}

extension IntensityWindow: CustomStringConvertible {
  package var description: String { "\(low),\(high)" }
}

private func trimmingSpaces(_ text: Substring) -> Substring {
  var text = text
  while text.first == " " { text.removeFirst() }
  while text.last == " " { text.removeLast() }
  return text
}
