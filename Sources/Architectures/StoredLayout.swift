import Diagnostics
import Tensors

/// How a tensor is stored when that is not the way its role is defined, written in the manner of
/// einops: `hidden (patchHeight patchWidth channels) -> hidden channels patchHeight patchWidth`.
///
/// Names that are symbols have their values, `offsets=8` says one, and one unknown of a group
/// follows from the group's extent.
package struct StoredLayout: Sendable, Hashable, CustomStringConvertible {
  package let description: String
  private let stored: [Group]
  private let canonical: [Group]
  private let selection: Selection?

  private typealias Group = [Axis]

  private struct Axis: Sendable, Hashable {
    let name: String
    let extent: ShapeExpression?
  }

  /// Along one axis the stored tensor has its elements in an order of its own: `stored[i]` is the
  /// canonical tensor's `positions[i]`.
  private struct Selection: Sendable, Hashable {
    let axis: String
    let positions: [Int]
  }

  /// - Parameter order: for an axis of eight or four offsets, corners of a cube or a square, which
  ///   of them (in lexicographic order) stands at each place.
  /// - Throws: `invalid-family`.
  package init(_ text: String, order: (axis: String, positions: [Int])? = nil) throws {
    description = text
    let sides = text.split(separator: "->", omittingEmptySubsequences: false)
    guard sides.count == 2, text.utf8.count <= 400 else { throw StoredLayout.malformed(text) }
    stored = try StoredLayout.groups(of: sides[0], in: text)
    canonical = try StoredLayout.groups(of: sides[1], in: text)
    let names = [stored, canonical].map { $0.joined().map(\.name).sorted() }
    guard names[0] == names[1], Set(names[0]).count == names[0].count else {
      throw StoredLayout.malformed(text)
    }
    selection = order.map { Selection(axis: $0.axis, positions: $0.positions) }
    if let selection {
      guard selection.positions.sorted() == Array(0..<selection.positions.count),
        [4, 8].contains(selection.positions.count), names[0].contains(selection.axis)
      else {
        throw Fault(.invalidFamily, "the order is none of 4 or 8 offsets of an axis in the layout")
      }
    }
  }

  /// From the tensor as it is stored to its canonical form.
  ///
  /// - Throws: `unsupported-geometry` when the shape does not fit.
  package func toCanonical(
    from shape: Shape, given values: [String: Int], at indices: Indices
  ) throws -> Rearrangement {
    let extents = try extents(of: stored, shape.extents, values, indices)
    return try rearrangement(from: stored, to: canonical, extents, toCanonical: true)
  }

  /// From the canonical form, of `shape`, to the tensor as it is stored.
  ///
  /// - Throws: `unsupported-geometry` when the shape does not fit.
  package func toStored(
    from shape: Shape, given values: [String: Int], at indices: Indices
  ) throws -> Rearrangement {
    let extents = try extents(of: canonical, joiningCorners(shape.extents), values, indices)
    return try rearrangement(from: canonical, to: stored, extents, toCanonical: false)
  }

  /// The canonical shape of a tensor that is stored with `shape`.
  package func canonicalShape(
    of shape: Shape, given values: [String: Int], at indices: Indices
  ) throws -> Shape {
    try toCanonical(from: shape, given: values, at: indices).shape
  }

  private func rearrangement(
    from input: [Group], to output: [Group], _ extents: [String: Int], toCanonical: Bool
  ) throws -> Rearrangement {
    let from = input.joined().map(\.name)
    let to = output.joined().map(\.name)
    var shape = try output.map { group in
      guard let extent = group.map({ extents[$0.name] ?? 1 }).productIfRepresentable() else {
        throw mismatch(input.joined().map { extents[$0.name] ?? 1 })
      }
      return extent
    }
    if toCanonical { shape = splittingCorners(shape) }
    return try Rearrangement(
      split: from.map { extents[$0] ?? 1 },
      order: to.compactMap { name in from.firstIndex(of: name) },
      shape: try Shape(shape),
      selection: selection.flatMap { selection in
        from.firstIndex(of: selection.axis).map {
          .init(
            axis: $0,
            positions: toCanonical
              ? StoredLayout.inverse(selection.positions) : selection.positions)
        }
      })
  }

  private static func inverse(_ positions: [Int]) -> [Int] {
    var inverse = positions
    for (place, position) in positions.enumerated() { inverse[position] = place }
    return inverse
  }

  /// An axis of ordered offsets is one axis in the layout and one for each dimension in the role.
  private func splittingCorners(_ extents: [Int]) -> [Int] {
    guard let selection, let axis = cornersAxis else { return extents }
    let corners = [Int](repeating: 2, count: selection.positions.count == 8 ? 3 : 2)
    return Array(extents[..<axis]) + corners + Array(extents[(axis + 1)...])
  }

  private func joiningCorners(_ extents: [Int]) throws -> [Int] {
    guard let selection, let axis = cornersAxis else { return extents }
    let dimensions = selection.positions.count == 8 ? 3 : 2
    guard extents.count == canonical.count + dimensions - 1,
      let count = Array(extents[axis..<axis + dimensions]).productIfRepresentable()
    else { throw mismatch(extents) }
    return Array(extents[..<axis]) + [count] + Array(extents[(axis + dimensions)...])
  }

  private var cornersAxis: Int? {
    canonical.firstIndex { $0.contains { $0.name == selection?.axis } }
  }
}

extension StoredLayout {
  /// The extent of every axis by its name.
  private func extents(
    of groups: [Group], _ actual: [Int], _ values: [String: Int], _ indices: Indices
  ) throws -> [String: Int] {
    guard groups.count == actual.count else { throw mismatch(actual) }
    var extents: [String: Int] = [:]
    for axis in (stored + canonical).joined() {
      let given = axis.extent.map { $0.value(given: values, at: indices) } ?? values[axis.name]
      guard let given else { continue }
      guard (1...1 << 40).contains(given) else { throw mismatch(actual) }
      extents[axis.name] = given
    }
    for (group, extent) in zip(groups, actual) {
      let known = group.compactMap { extents[$0.name] }
      guard let product = known.productIfRepresentable() else { throw mismatch(actual) }
      switch group.count - known.count {
      case 0: guard product == extent else { throw mismatch(actual) }
      case 1:
        guard product > 0, extent.isMultiple(of: product) else { throw mismatch(actual) }
        extents[group.first { extents[$0.name] == nil }?.name ?? ""] = extent / product
      default: throw mismatch(actual)
      }
    }
    return extents
  }

  private func mismatch(_ extents: [Int]) -> Fault {
    Fault(.unsupportedGeometry, "extents \(extents) do not fit the layout \(description)")
  }

  /// One level of parentheses; `1` is an axis of extent 1.
  private static func groups(of side: Substring, in text: String) throws -> [Group] {
    var groups: [Group] = []
    var open: Group?
    let spaced = side.replacing("(", with: " ( ").replacing(")", with: " ) ")
    for word in spaced.split(separator: " ") {
      switch word {
      case "(":
        guard open == nil else { throw malformed(text) }
        open = []
      case ")":
        guard let group = open, !group.isEmpty else { throw malformed(text) }
        groups.append(group)
        open = nil
      case "1":
        guard open == nil else { throw malformed(text) }
        groups.append([])
      default:
        let axis = try axis(word, in: text)
        if open != nil { open?.append(axis) } else { groups.append([axis]) }
      }
    }
    guard open == nil, !groups.isEmpty else { throw malformed(text) }
    return groups
  }

  private static func axis(_ word: Substring, in text: String) throws -> Axis {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard isSymbol(parts[0]) else { throw malformed(text) }
    return Axis(
      name: String(parts[0]),
      extent: parts.count == 2 ? try ShapeExpression(String(parts[1])) : nil)
  }

  private static func malformed(_ text: String) -> Fault {
    Fault(
      .invalidFamily, "\"\(printable(text))\" is no layout",
      remedy: "write the stored axes, ->, and the role's axes: \"(a b) c -> c a b\"")
  }
}

extension [Int] {
  /// The product, or nil beyond 63 bits.
  fileprivate func productIfRepresentable() -> Int? {
    reduce(Optional(1)) { product, factor in
      product.flatMap {
        let (value, overflow) = $0.multipliedReportingOverflow(by: factor)
        return overflow ? nil : value
      }
    }
  }
}

extension Fault.Code {
  package static let unsupportedGeometry = Fault.Code("unsupported-geometry", exit: .invalidData)
}
