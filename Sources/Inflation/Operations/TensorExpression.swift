import Diagnostics
import Tensors

/// How the values of a target tensor come about, down to the tensors that they are made from.
package indirect enum TensorExpression: Sendable {
  case source(TensorDescription)
  /// A tensor of the file that `--decoder-init from:FILE` names.
  case adopted(TensorDescription)
  case initialised(Initialisation, Shape)
  case rearranged(TensorExpression, Rearrangement)
  /// Some of the rows, along the first axis.
  case rows(TensorExpression, Range<Int>, Shape)
  /// Tensors one after the other along the first axis.
  case joined([TensorExpression], Shape)
  case computed(any TensorComputation, [TensorExpression])

  package var shape: Shape {
    switch self {
    case .source(let description), .adopted(let description): description.shape
    case .initialised(_, let shape), .rows(_, _, let shape), .joined(_, let shape): shape
    case .rearranged(_, let rearrangement): rearrangement.shape
    case .computed(let computation, _): computation.shape
    }
  }

  func rows(_ range: Range<Int>) throws -> TensorExpression {
    let extents = shape.extents
    guard let count = extents.first, range.upperBound <= count else {
      throw Fault(.unsupportedGeometry, "rows \(range) are not all in \(shape)")
    }
    return .rows(self, range, try Shape([range.count] + extents.dropFirst()))
  }

  static func joined(_ parts: [TensorExpression]) throws -> TensorExpression {
    let rows = parts.reduce(0) { $0 + ($1.shape.extents.first ?? 0) }
    let rest = parts[0].shape.extents.dropFirst()
    guard parts.allSatisfy({ $0.shape.extents.dropFirst() == rest }) else {
      throw Fault(
        .unsupportedGeometry, "\(parts.map(\.shape.description)) cannot be joined")
    }
    return .joined(parts, try Shape([rows] + rest))
  }

  /// In another order; one that undoes the last step takes it back, and one that moves nothing is
  /// no more than another shape.
  func rearranged(_ next: Rearrangement) throws -> TensorExpression {
    if case .rearranged(let inner, let last) = self, last.selection == nil, next.selection == nil,
      last.undoes(next), inner.shape == next.shape
    {
      return inner
    }
    return next.movesNothing && next.shape == shape ? self : .rearranged(self, next)
  }

  private var parts: [TensorExpression] {
    switch self {
    case .source, .adopted, .initialised: []
    case .rearranged(let part, _), .rows(let part, _, _): [part]
    case .joined(let parts, _), .computed(_, let parts): parts
    }
  }

  /// The tensors that the value is made from, each once, in the order in which they are used.
  package var inputs: [TensorDescription] {
    var inputs: [TensorDescription] = []
    forEachLeaf { leaf in
      switch leaf {
      case .source(let description), .adopted(let description):
        if !inputs.contains(description) { inputs.append(description) }
      default: break
      }
    }
    return inputs
  }

  /// The source's tensors among ``inputs``.
  package var sourceKeys: [SourceKey] {
    var keys: [SourceKey] = []
    forEachLeaf { if case .source(let description) = $0 { keys.append(description.key) } }
    return keys
  }

  private func forEachLeaf(_ body: (TensorExpression) -> Void) {
    if parts.isEmpty { body(self) } else { for part in parts { part.forEachLeaf(body) } }
  }

  /// The step that says most about the tensor.
  package var action: Action {
    let own: Action =
      switch self {
      case .source: .copy
      case .adopted: .adopt
      case .initialised: .initialise
      case .rearranged(_, let rearrangement): rearrangement.movesNothing ? .reshape : .permute
      case .rows: .split
      case .joined: .merge
      case .computed(let computation, _): computation.action
      }
    let others = parts.map(\.action).filter { $0 != .initialise }
    return others.reduce(own) { max($0, $1) }
  }

  /// What is done, in the order in which it is done.
  package var steps: [String] {
    let own: String? =
      switch self {
      case .source: nil
      case .adopted: "from the decoder's file"
      case .initialised(let initialisation, _): initialisation.summary
      case .rearranged(_, let rearrangement):
        rearrangement.movesNothing ? "reshape to \(shape)" : "permute to \(shape)"
      case .rows(_, let range, _): "rows \(range.lowerBound)–\(range.upperBound - 1)"
      case .joined(let parts, _): "join \(parts.count) along the first axis"
      case .computed(let computation, _): computation.detail
      }
    return parts.flatMap(\.steps) + [own].compactMap { $0 }
  }

  /// What the steps do to the effect of the weights, narrowing aside.
  var exactness: Exactness {
    let own: Exactness =
      switch self {
      case .computed(let computation, _): computation.exactness
      case .initialised(let initialisation, _): initialisation.isNeutral ? .exact : .initialised
      default: .exact
      }
    return parts.map(\.exactness).reduce(own) { max($0, $1) }
  }

  /// Whether elements are only moved, so that any element type can be carried along undecoded.
  func onlyMoves(_ dtype: DType) -> Bool {
    switch self {
    case .source(let description), .adopted(let description): description.dtype == dtype
    case .initialised, .computed: false
    case .rearranged(let part, _), .rows(let part, _, _): part.onlyMoves(dtype)
    case .joined(let parts, _): parts.allSatisfy { $0.onlyMoves(dtype) }
    }
  }
}

/// Arithmetic that makes one tensor of others.
package protocol TensorComputation: Sendable {
  /// The result's shape.
  var shape: Shape { get }
  var action: Action { get }
  /// One line for a reader of the plan.
  var detail: String { get }
  var exactness: Exactness { get }

  func apply(to inputs: [FloatTensor]) throws -> FloatTensor
}

/// What becomes of a target tensor, the more telling later: a merged tensor that is then resized
/// counts as resized.
package enum Action: String, Sendable, CaseIterable, Comparable {
  case initialise
  case adopt
  case copy
  case reshape
  case permute
  case split
  case merge
  case fold
  case resize
  case inflate

  package static func < (left: Action, right: Action) -> Bool {
    allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
  }
}

/// What is known of a target tensor's effect without running the model, the best first.
package enum Exactness: String, Sendable, CaseIterable, Comparable {
  /// Bit-equal to the source, or computing the same up to 32-bit rounding.
  case exact
  /// Derived by arithmetic and stored in fewer bits than it was computed in.
  case narrowed
  /// The same but near the first and last slices, where the image ends in 3D and not in 2D.
  case boundary
  /// An interpolation to another grid, or another law over the depth than the 2D model has.
  case resized
  /// Not from the source.
  case initialised

  package static func < (left: Exactness, right: Exactness) -> Bool {
    allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
  }
}

extension Rearrangement {
  /// Whether `other`, which follows, puts every element back.
  fileprivate func undoes(_ other: Rearrangement) -> Bool {
    guard other.split == order.map({ split[$0] }) else { return false }
    return other.order.map { order[$0] } == Array(split.indices)
  }
}
