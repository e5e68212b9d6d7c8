/// The entries, families and recipes that the binary carries inside itself, so that it works copied
/// alone to another machine. A test compares these lists with the folders beside this file.
package enum BuiltInZoo {
  /// Published 2D checkpoints, each the text of one `Models/*.json`.
  package static var models: [(name: String, text: [UInt8])] {
    [
      (
        "beit-base-patch16-224-pt22k-ft22k",
        PackageResources.beit_base_patch16_224_pt22k_ft22k_json
      ),
      ("beit-tiny-brain-2d", PackageResources.beit_tiny_brain_2d_json),
      ("dino-vitb16", PackageResources.dino_vitb16_json),
      ("dinov2-vitb14", PackageResources.dinov2_vitb14_json),
      ("google-vit-b16-in21k", PackageResources.google_vit_b16_in21k_json),
      ("mae-vitb16", PackageResources.mae_vitb16_json),
      ("sam-vit-b", PackageResources.sam_vit_b_json),
      ("swin-base-patch4-window7-224-22k", PackageResources.swin_base_patch4_window7_224_22k_json),
      ("swin-tiny-patch4-window7-224", PackageResources.swin_tiny_patch4_window7_224_json),
      ("torchvision-swin-t", PackageResources.torchvision_swin_t_json),
    ]
  }
  /// How families name and shape their tensors, each the text of one `Families/*.json`.
  package static var families: [(name: String, text: [UInt8])] {
    [
      ("beit", PackageResources.beit_json),
      ("transseg-beit", PackageResources.transseg_beit_json),
      ("upernet", PackageResources.upernet_json),
    ]
  }
}
