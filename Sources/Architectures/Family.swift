import Diagnostics
import Documents
import Tensors

/// How a family of models names and shapes its tensors: data, read from `Zoo/Families/*.json` or
/// from a user's own file.
package struct Family: Sendable {
  package let id: String
  package let title: String
  /// 2 for image models, 3 for models of volumes.
  package let dimensions: Int
  /// What may stand before every name.
  package let prefixes: [String]
  package let tensors: [TensorRule]
  /// Tensors that have no place in a segmenter, with the rule that drops them.
  package let drops: [DropEntry]
  /// Parts with descriptions of their own: the decoders that the family is used with, the usual one
  /// first.
  package let components: [Component]
  /// `symbol = expression`: taken for true, in order, when shapes leave a symbol open.
  package let assumptions: [(symbol: String, value: ShapeExpression)]
  /// The running indices of names and how many values each has, outer ones first.
  package let indices: [(name: String, count: ShapeExpression)]
  /// What the family's models can be built with or without, each with its values, the usual one
  /// first: `proj_type`, `version`.
  package let options: [(name: String, values: [String])]
  package let activation: Activation
  /// What a conversion can choose and nobody said.
  package let geometry: GeometryRules
  private let constants: [String: Double]
  private let decoderLayersByDepth: [Int: [Int]]
  private let customaryHeads: [Int: Int]
  private let rulesByForm: [String: [Int]]
  private let dropsByForm: [String: [Int]]

  /// A part with a description of its own, such as a decoder.
  package struct Component: Sendable {
    package let familyID: String
    package let prefixes: [String]
  }

  /// What the blocks' perceptrons bend with; no weight tells it.
  package enum Activation: String, Sendable, CaseIterable {
    case gelu
    case tanhGELU = "gelu-tanh"
    case quickGELU = "quick-gelu"
  }

  /// What a target's geometry follows when the user leaves it open, and what it must keep to.
  package struct GeometryRules: Sendable {
    /// `symbol = expression`, in order.
    package let defaults: [(symbol: String, value: ShapeExpression)]
    package let fixed: [Fixed]
    package let multiples: [String: Int]
    /// The one axis of the volume that may run through the slices, when it cannot be chosen.
    package let depthAxis: Int?
    /// Combinations of options that no checkpoint can be made for.
    package let refusals: [Refusal]
  }

  /// A hyper-parameter without a choice, under some of the options perhaps.
  package struct Fixed: Sendable {
    package let symbol: String
    package let value: Int
    package let conditions: [String: [String]]
  }

  package struct Refusal: Sendable {
    package let conditions: [String: [String]]
    package let reason: String
    package let remedy: String?
  }

  /// A number that the weights do not tell, such as `layerNormEpsilon`.
  package func constant(_ name: String) -> Double? { constants[name] }

  /// The blocks whose outputs the paper's decoders take from an encoder of `depth` blocks.
  package func decoderLayers(depth: Int) -> [Int]? { decoderLayersByDepth[depth] }

  /// The number of attention heads that published models of this width have; their weights do not
  /// tell it.
  package func customaryHeads(hidden: Int) -> Int? { customaryHeads[hidden] }

  /// - Throws: `invalid-document` or `invalid-family` with a pointer into the description.
  package init(_ document: JSONReader) throws {
    try document.allowOnlyStated([
      "$schema", "formatVersion", "id", "title", "dimensions", "prefixes", "tensors", "drops",
      "components", "assumptions", "constants", "decoderLayers", "indices", "options", "activation",
      "defaults", "fixed", "multiples", "depthAxis", "refuses", "customaryHeads",
    ])
    _ = try document.member("formatVersion").integer(in: 2...2)
    _ = try document.optionalMember("$schema")?.string()
    id = try document.member("id").familyID()
    title = try document.member("title").text(1...200)
    dimensions = try document.member("dimensions").integer(in: 2...3)
    prefixes = try document.optionalMember("prefixes")?.prefixes() ?? [""]
    indices = try document.optionalMember("indices")?.members().map(Family.equation) ?? []
    options = try document.optionalMember("options")?.members().map(Family.option) ?? []
    tensors = try document.member("tensors").elements().map(TensorRule.init)
    drops = try document.optionalMember("drops")?.elements().map(DropEntry.init) ?? []
    components = try document.optionalMember("components")?.elements().map(Family.component) ?? []
    assumptions =
      try document.optionalMember("assumptions")?.elements().map(Family.assumption) ?? []
    constants = try document.optionalMember("constants")?.dictionary { try $0.constant() } ?? [:]
    activation = try document.optionalMember("activation")?.choice() ?? .gelu
    let layers = try document.optionalMember("decoderLayers")?.members().map(Family.layers) ?? []
    decoderLayersByDepth = Dictionary(layers) { first, _ in first }
    customaryHeads =
      try document.optionalMember("customaryHeads").map(Family.customaryHeads) ?? [:]
    geometry = try GeometryRules(document)
    rulesByForm = Dictionary(grouping: tensors.indices) { [tensors] in tensors[$0].name.form }
    dropsByForm = Dictionary(grouping: drops.indices) { [drops] in drops[$0].name.form }
    try checkRules(document)
  }

  /// The rules that may be about a tensor of this name.
  func rules(for name: NumberedName) -> some Sequence<(number: Int, rule: TensorRule)> {
    (rulesByForm[name.form] ?? []).lazy.map { ($0, tensors[$0]) }
  }

  /// The first entry that drops a tensor of this name.
  func drop(for name: NumberedName) -> DropRule? {
    let exact = (dropsByForm[name.form] ?? []).first { drops[$0].name.indices(of: name) != nil }
    let entry =
      exact.map { drops[$0] } ?? drops.first { $0.name.isOpen && $0.name.indices(of: name) != nil }
    return entry?.rule
  }
}

/// One line of a family's description: a name, what it is for, its shape.
package struct TensorRule: Sendable {
  package let name: NamePattern
  package let role: RolePattern
  /// Extents as stored.
  package let shape: [ShapeExpression]
  /// Set when the tensor is not stored the way its role is defined.
  package let layout: StoredLayout?
  package let isOptional: Bool
  /// What stands for the tensor when a source has none: the value that computes the same.
  package let neutral: Neutral?
  /// Set for a tensor that follows from the geometry alone.
  package let derivation: Derivation?
  /// For a position embedding: the roles of the tokens that its first rows belong to.
  package let prefixRows: [Role]
  /// The options under which the tensor is there.
  package let conditions: [String: [String]]
  /// How many values an index has here, when fewer than everywhere.
  package let ranges: [String: ShapeExpression]
  /// Whether the kernel is a transposed convolution's.
  package let isTransposed: Bool

  package enum Neutral: String, Sendable, CaseIterable {
    case ones
    case zeros
  }

  package enum Derivation: String, Sendable, CaseIterable {
    /// BEiT's table of row numbers, the class token's three rows last.
    case beitRelativePositionIndex = "beit-relative-position-index"
    /// Swin's table of row numbers for a window, its axes in the volume's order.
    case swinRelativePositionIndex = "swin-relative-position-index"
    /// The same with the depth as the window's first axis.
    case videoSwinRelativePositionIndex = "video-swin-relative-position-index"
  }

  /// Whether a tensor of the shape may go by the rule, as far as its extents are numbers.
  func mayHave(_ actual: Shape) -> Bool {
    shape.count == actual.rank
      && zip(shape, actual.extents).allSatisfy { rule, extent in
        rule.value(given: [:]).map { $0 == extent } ?? true
      }
  }

  /// Whether the rule holds for a model built with `options`.
  package func holds(under options: [String: String]) -> Bool {
    conditions.hold(under: options)
  }
}

package struct DropEntry: Sendable {
  package let name: NamePattern
  package let rule: DropRule
}

extension [String: [String]] {
  /// Whether every option has one of its values; an option that nothing is known of may have any.
  package func hold(under options: [String: String]) -> Bool {
    allSatisfy { name, values in options[name].map(values.contains) ?? true }
  }
}
