/// Why a source tensor ends unused, and what that costs: nothing is lost without such a rule.
package struct DropRule: Sendable, Hashable {
  package let id: String
  package let consequence: String
  /// Whether the encoder's blocks compute something else without the tensor; then the user has to
  /// agree with `--allow-loss`.
  package let changesEncoder: Bool

  package init?(id: String) {
    guard let rule = DropRule.all.first(where: { $0.id == id }) else { return nil }
    self = rule
  }

  private init(_ id: String, _ consequence: String, changesEncoder: Bool = false) {
    self.id = id
    self.consequence = consequence
    self.changesEncoder = changesEncoder
  }

  package static let all: [DropRule] = [
    DropRule("classification-head", "a segmenter has no image-level classes"),
    DropRule("pooling-norm", "normalises pooled tokens for the classification head alone"),
    DropRule("final-norm", "stands after the last block, whose output the decoder takes as it is"),
    DropRule("mask-token", "used in masked pre-training only"),
    DropRule("pretraining-head", "used in pre-training only"),
    DropRule("derived-buffer", "follows from the geometry and is computed anew"),
    DropRule("decoder-left-out", "the encoder alone was asked for"),
    DropRule(
      "decoder-classes", "the target has another number of classes; its classifier starts anew"),
    DropRule(
      "absolute-position-embedding",
      "the target knows positions by its relative position bias alone", changesEncoder: true),
    DropRule("unknown-tensor", "no description speaks of it", changesEncoder: true),
  ]
}
