/// Why a source tensor ends unused, and what that costs: nothing is lost without such a rule.
package struct DropRule: Sendable, Hashable {
  package let id: String
  package let consequence: String
  package let effect: Effect

  package enum Effect: Sendable, Hashable {
    /// The target computes the same tokens without it.
    case none
    /// The target has no place for it by its very design, and its tokens differ by that much.
    case tokens
    /// The blocks compute something else; the user has to agree with `--allow-loss`.
    case blocks
  }

  package var changesEncoder: Bool { effect == .blocks }

  package init?(id: String) {
    guard let rule = DropRule.all.first(where: { $0.id == id }) else { return nil }
    self = rule
  }

  private init(_ id: String, _ consequence: String, _ effect: Effect = .none) {
    self.id = id
    self.consequence = consequence
    self.effect = effect
  }

  package static let all: [DropRule] = [
    DropRule("classification-head", "a segmenter has no image-level classes"),
    DropRule("pooling-norm", "normalises pooled tokens for the classification head alone"),
    DropRule("final-norm", "stands after the last block, whose output the decoder takes as it is"),
    DropRule("mask-token", "used in masked pre-training only"),
    DropRule("pretraining-head", "used in pre-training only"),
    DropRule("projection-head", "projects pooled tokens into a space shared with text"),
    DropRule("text-tower", "encodes text"),
    DropRule("segmentation-neck", "a decoder's part that the target does not have"),
    DropRule("derived-buffer", "follows from the geometry and is computed anew"),
    DropRule("decoder-left-out", "the encoder alone was asked for"),
    DropRule(
      "decoder-classes", "the target has another number of classes; its classifier starts anew"),
    DropRule("decoder-replaced", "the target's decoder is of another kind and starts anew"),
    DropRule("unused-weights", "no forward pass reads it"),
    DropRule("key-bias", "shifts all scores of a query alike, which the softmax takes out again"),
    DropRule("folded-scale", "multiplied into the weights before it"),
    DropRule("class-token", "the target has no class token for the others to attend to", .tokens),
    DropRule(
      "distillation-token", "the target has no distillation token for the others to attend to",
      .tokens),
    DropRule(
      "register-tokens", "the target has no register tokens for the others to attend to", .tokens),
    DropRule(
      "absolute-position-embedding",
      "the target knows positions by its relative position bias alone", .blocks),
    DropRule("query-bias", "the target's queries have no bias, and it does not fold", .blocks),
    DropRule("pre-norm", "the target does not normalise tokens before its first block", .blocks),
    DropRule("patch-norm", "the target does not normalise its patch embedding", .blocks),
    DropRule("stage-norm", "normalises a stage's output, which the target passes on as it is"),
    DropRule(
      "relative-position-bias", "the target's attention knows no relative positions", .blocks),
    DropRule(
      "decomposed-relative-position",
      "biases that depend on the query have no place in the target's attention", .blocks),
    DropRule(
      "cosine-attention", "the target scores by products of queries and keys, not by their angle",
      .blocks),
    DropRule(
      "post-norm", "the target normalises before attention and perceptron, not after", .blocks),
    DropRule(
      "window-attention", "blocks that attended within windows attend everywhere in the target",
      .blocks),
    DropRule("activation", "the target's perceptrons have another activation", .blocks),
    DropRule("left-out-layers", "the target has fewer blocks", .blocks),
    DropRule("unknown-tensor", "no description speaks of it", .blocks),
  ]
}
