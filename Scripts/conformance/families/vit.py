"""Converts vision transformers of every naming and compares forward passes with their packages'.

    pip install torch timm transformers monai einops safetensors h5py
    python Scripts/conformance/families/vit.py --binary path/to/inflate-ckpt
        [--transseg CLONE] [--monai 1.4=FOLDER]… [--only EXPRESSION] [--work FOLDER]

For every source: a checkpoint with random weights by its own package, `inflate-ckpt convert`, the
target's package loads the result with strict=True, and its tokens for a volume that does not
change along the depth are compared with the source's tokens for the slice, after every block. What
the report says is lost is taken out of the source first, so that a loss that the report keeps
silent about fails the case; which losses there may be is written down here.

Grid depths above 1 are no obstacle: with position embeddings tiled along the depth, every token
stands there D times, and the softmax over D equal scores each averages D equal values.
"""

import torch

import common
import vit_cases
import vit_huggingface as huggingface
import vit_options
import vit_sources as sources


def every_source():
    """Names and makers of all sources."""
    vit, hf = sources.timm_vit, huggingface.source
    yield "ViT, timm", vit
    yield "ViT without qkv bias, timm", lambda: vit(qkv_bias=False)
    yield "ViT of one channel, timm", lambda: vit(in_chans=1)
    yield "ViT averaging tokens, timm", lambda: vit(
        global_pool="avg", drops={"classification-head", "pooling-norm"})
    yield "DeiT III, timm", lambda: vit("deit3_small_patch16_224", "vit-patch-positions")
    yield "DeiT distilled, timm", lambda: vit(
        "deit_tiny_distilled_patch16_224", "deit-distilled",
        pieces={"class-token", "distillation-token"})
    yield "CLIP, timm", lambda: vit("vit_base_patch16_clip_224", pieces={"class-token", "pre-norm"})
    yield "CLIP with quick GELU, timm", lambda: vit(
        "vit_base_patch16_clip_quickgelu_224", pieces={"class-token", "pre-norm"})
    yield "DINOv2, timm", lambda: vit(
        "vit_base_patch14_dinov2", drops={"none"}, img_size=56, patch_size=14, num_classes=0)
    yield "DINOv2 with registers, timm", lambda: vit(
        "vit_base_patch14_reg4_dinov2", "vit-patch-positions", {"none"},
        {"class-token", "register-tokens"}, img_size=56, patch_size=14, num_classes=0)
    yield "SigLIP, timm", lambda: vit(
        "vit_base_patch16_siglip_224", "vit-patch-positions", pieces={"none"}, num_classes=0)
    yield "MAE, Meta", sources.mae
    yield "DINO, Meta", lambda: sources.wrapped(
        sources.without_head(vit()), "module.backbone.")
    yield "DINOv2, Meta", lambda: sources.dinov2_meta(registers=False)
    yield "DINOv2 with registers, Meta", lambda: sources.dinov2_meta(registers=True)
    yield "ViT, torchvision", lambda: sources.torchvision("linear_1", "linear_2", "vit-torchvision")
    yield "ViT, torchvision since 0.14", lambda: sources.torchvision("0", "3", "vit-torchvision-mlp")
    yield "ViT, Google", sources.google
    yield "ViT, Google fine-tuned", lambda: sources.google("opt/target/")
    yield "BEiT, timm", sources.timm_beit
    yield "BEiT, Microsoft", sources.microsoft_beit
    yield "BEiT with one table, Microsoft", lambda: sources.microsoft_beit(
        use_shared_rel_pos_bias=True, use_rel_pos_bias=False)
    yield "BEiT without LayerScale, timm", lambda: sources.timm_beit(init_values=None)
    yield "SAM, timm", lambda: sources.timm_sam(meta=False)
    yield "SAM, Meta", lambda: sources.timm_sam(meta=True)
    yield "ViT of images, MONAI", lambda: sources.monai(classification=False)
    yield "ViT of images with class token, MONAI", lambda: sources.monai(classification=True)
    yield "ViT of images by perceptron, MONAI", lambda: sources.monai(
        classification=False, perceptron=True, channels=1)
    head, distilled = {"classification-head"}, {"class-token", "distillation-token"}
    for hub, naming in ((True, "Hugging Face's files"), (False, "transformers 5")):
        yield f"ViT, {naming}", lambda hub=hub: hf("ViTModel", "vit-huggingface", hub, head)
        yield f"ViT with head, {naming}", lambda hub=hub: hf(
            "ViTForImageClassification", "vit-huggingface", hub, head)
        yield f"ViT for masked images, {naming}", lambda hub=hub: hf(
            "ViTForMaskedImageModeling", "vit-huggingface", hub,
            {"mask-token", "pretraining-head"})
        yield f"MAE, {naming}", lambda hub=hub: huggingface.mae("ViTMAEModel", hub)
        yield f"MAE with decoder, {naming}", lambda hub=hub: huggingface.mae(
            "ViTMAEForPreTraining", hub, {"pretraining-head"})
        yield f"DeiT, {naming}", lambda hub=hub: hf(
            "DeiTModel", "deit-huggingface", hub, head, distilled)
        yield f"DeiT with heads, {naming}", lambda hub=hub: hf(
            "DeiTForImageClassificationWithTeacher", "deit-huggingface", hub, head, distilled)
        yield f"DINOv2, {naming}", lambda hub=hub: hf(
            "Dinov2Model", "dinov2-huggingface", hub, {"mask-token"}, mlp_ratio=2)
        yield f"DINOv2 with head, {naming}", lambda hub=hub: hf(
            "Dinov2ForImageClassification", "dinov2-huggingface", hub, head | {"mask-token"},
            image_size=56, patch_size=14)
        yield f"DINOv2 with registers, {naming}", lambda hub=hub: hf(
            "Dinov2WithRegistersModel", "dinov2-huggingface", hub, {"mask-token"},
            {"class-token", "register-tokens"})
        yield f"BEiT, {naming}", lambda hub=hub: huggingface.beit(
            "BeitModel", hub, {"pooling-norm"}, use_relative_position_bias=True)
        yield f"BEiT with head and one table, {naming}", lambda hub=hub: huggingface.beit(
            "BeitForImageClassification", hub, head | {"pooling-norm"},
            use_shared_relative_position_bias=True)
        yield f"BEiT for masked images, {naming}", lambda hub=hub: huggingface.beit(
            "BeitForMaskedImageModeling", hub, {"final-norm", "mask-token", "pretraining-head"},
            use_relative_position_bias=True, use_mask_token=True)
    yield "CLIP, Hugging Face", huggingface.clip
    yield "CLIP with projection, Hugging Face", lambda: huggingface.clip(
        "CLIPVisionModelWithProjection")
    yield "CLIP with text, Hugging Face", huggingface.clip_with_text
    yield "CLIP, OpenAI", huggingface.clip_openai
    yield "SAM, Hugging Face", huggingface.sam


def main() -> None:
    bench = common.Bench(__doc__.splitlines()[0])
    torch.manual_seed(0)
    for name, make in every_source():
        targets = [to for to in vit_cases.TARGETS if bench.wants(f"{name} → {to}")]
        source = make() if targets else None
        for target in targets:
            if vit_cases.concerns(source, target):
                with bench.case(f"{name} → {target}") as case:
                    vit_cases.convert_and_compare(case, source, target)
    for name, check in vit_options.CASES.items():
        if bench.wants(name):
            with bench.case(name) as case:
                check(case)
    bench.close()


if __name__ == "__main__":
    main()
