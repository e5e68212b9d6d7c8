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
      ("beit-huggingface", PackageResources.beit_huggingface_json),
      ("beit-huggingface-5", PackageResources.beit_huggingface_5_json),
      ("clip-huggingface", PackageResources.clip_huggingface_json),
      ("clip-openai", PackageResources.clip_openai_json),
      ("conv-transpose", PackageResources.conv_transpose_json),
      ("deit-distilled", PackageResources.deit_distilled_json),
      ("deit-huggingface", PackageResources.deit_huggingface_json),
      ("deit-huggingface-5", PackageResources.deit_huggingface_5_json),
      ("dinov2-huggingface", PackageResources.dinov2_huggingface_json),
      ("dinov2-huggingface-5", PackageResources.dinov2_huggingface_5_json),
      ("monai-swinunetr", PackageResources.monai_swinunetr_json),
      ("monai-swinunetr-2d", PackageResources.monai_swinunetr_2d_json),
      ("monai-unetr", PackageResources.monai_unetr_json),
      ("monai-vit", PackageResources.monai_vit_json),
      ("monai-vit-2d", PackageResources.monai_vit_2d_json),
      ("monai-vit-2d-perceptron", PackageResources.monai_vit_2d_perceptron_json),
      ("sam", PackageResources.sam_json),
      ("sam-huggingface", PackageResources.sam_huggingface_json),
      ("sam-timm", PackageResources.sam_timm_json),
      ("setr-pup", PackageResources.setr_pup_json),
      ("swin", PackageResources.swin_json),
      ("swin-huggingface", PackageResources.swin_huggingface_json),
      ("swin-huggingface-5", PackageResources.swin_huggingface_5_json),
      ("swin-huggingface-5-backbone", PackageResources.swin_huggingface_5_backbone_json),
      ("swin-openmmlab", PackageResources.swin_openmmlab_json),
      ("swin-timm", PackageResources.swin_timm_json),
      ("swin-torchvision", PackageResources.swin_torchvision_json),
      ("swinv2", PackageResources.swinv2_json),
      ("swinv2-huggingface", PackageResources.swinv2_huggingface_json),
      ("swinv2-timm", PackageResources.swinv2_timm_json),
      ("swinv2-torchvision", PackageResources.swinv2_torchvision_json),
      ("transseg-beit", PackageResources.transseg_beit_json),
      ("transseg-dino", PackageResources.transseg_dino_json),
      ("transseg-swin", PackageResources.transseg_swin_json),
      ("upernet", PackageResources.upernet_json),
      ("upernet-swin", PackageResources.upernet_swin_json),
      ("upernet-swin-huggingface", PackageResources.upernet_swin_huggingface_json),
      ("video-swin", PackageResources.video_swin_json),
      ("vit", PackageResources.vit_json),
      ("vit-google", PackageResources.vit_google_json),
      ("vit-huggingface", PackageResources.vit_huggingface_json),
      ("vit-huggingface-5", PackageResources.vit_huggingface_5_json),
      ("vit-patch-positions", PackageResources.vit_patch_positions_json),
      ("vit-torchvision", PackageResources.vit_torchvision_json),
      ("vit-torchvision-mlp", PackageResources.vit_torchvision_mlp_json),
    ]
  }

  /// Sources, targets and options that are known to work, each the text of one `Recipes/*.json`.
  package static var recipes: [(name: String, text: [UInt8])] {
    [
      ("beit-base-to-monai-unetr", PackageResources.beit_base_to_monai_unetr_json),
      ("beit-base-to-monai-vit", PackageResources.beit_base_to_monai_vit_json),
      ("beit-base-to-transseg-beit", PackageResources.beit_base_to_transseg_beit_json),
      ("dino-base-to-monai-unetr", PackageResources.dino_base_to_monai_unetr_json),
      ("dino-base-to-monai-vit", PackageResources.dino_base_to_monai_vit_json),
      ("dino-base-to-transseg-dino", PackageResources.dino_base_to_transseg_dino_json),
      ("dinov2-base-to-monai-unetr", PackageResources.dinov2_base_to_monai_unetr_json),
      ("dinov2-base-to-monai-vit", PackageResources.dinov2_base_to_monai_vit_json),
      ("dinov2-base-to-transseg-dino", PackageResources.dinov2_base_to_transseg_dino_json),
      ("mae-base-to-monai-unetr", PackageResources.mae_base_to_monai_unetr_json),
      ("mae-base-to-monai-vit", PackageResources.mae_base_to_monai_vit_json),
      ("mae-base-to-transseg-dino", PackageResources.mae_base_to_transseg_dino_json),
      ("sam-base-to-monai-unetr", PackageResources.sam_base_to_monai_unetr_json),
      ("sam-base-to-monai-vit", PackageResources.sam_base_to_monai_vit_json),
      ("swin-base-to-transseg-swin", PackageResources.swin_base_to_transseg_swin_json),
      ("swin-base-to-video-swin", PackageResources.swin_base_to_video_swin_json),
      ("swin-small-to-monai-swinunetr", PackageResources.swin_small_to_monai_swinunetr_json),
      ("swin-small-to-transseg-swin", PackageResources.swin_small_to_transseg_swin_json),
      ("swin-small-to-video-swin", PackageResources.swin_small_to_video_swin_json),
      ("swin-tiny-to-monai-swinunetr", PackageResources.swin_tiny_to_monai_swinunetr_json),
      ("swin-tiny-to-transseg-swin", PackageResources.swin_tiny_to_transseg_swin_json),
      ("swin-tiny-to-video-swin", PackageResources.swin_tiny_to_video_swin_json),
      ("vit-base-to-monai-unetr", PackageResources.vit_base_to_monai_unetr_json),
      ("vit-base-to-monai-vit", PackageResources.vit_base_to_monai_vit_json),
      ("vit-base-to-transseg-dino", PackageResources.vit_base_to_transseg_dino_json),
    ]
  }
}
