/// How far the 3D model's output of one layer is from the 2D model's, on one slice repeated through
/// the depth.
package struct LayerFidelity: Sendable, Equatable {
  /// As ``ActivationTaps`` names it: `patchEmbedding`, `blocks[3]`, `decoder.fusion`, `logits`.
  package let layer: String
  /// max |Δ| / max |reference|.
  package let distance: Double
  /// Whether the 3D model can give the same here; if not, the distance is only reported.
  package var mustAgree = true
}
