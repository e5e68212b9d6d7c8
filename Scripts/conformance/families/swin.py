"""Converts Swin transformers of every naming and compares forward passes with their packages'.

    pip install torch timm transformers torchvision monai einops safetensors h5py
    python Scripts/conformance/families/swin.py --binary path/to/inflate-ckpt
        [--transseg CLONE] [--monai 1.4=FOLDER]… [--only EXPRESSION] [--work FOLDER]

For every source: a checkpoint with random weights by its own package, `inflate-ckpt convert`, the
target's package loads the result with strict=True, and its patch embedding, stages and merges for
a volume that does not change along the depth are compared with the source's for the slice.

What makes that exact: every bias is repeated over the depth's offsets and every merge spread over
them, so that of D equal keys each gets a D-th of the softmax, whichever window along the depth it
is in. It takes depths that are multiples of the window's in every stage, since padding adds keys
that are not equal, and heights and widths of at least a window.
"""

import torch

import common
import swin_options
import swin_sources as sources
import swin_targets as targets


def every_source(patch: int):
    """Names and makers of the sources that have no more than an encoder."""
    head = {"classification-head"}
    hf = sources.huggingface
    yield "Swin, timm", lambda: sources.timm(patch=patch)
    yield "Swin, Microsoft", lambda: sources.microsoft(patch=patch)
    yield "Swin, torchvision", lambda: sources.torchvision(patch=patch)
    for hub, naming in ((True, "Hugging Face's files"), (False, "transformers 5")):
        yield f"Swin, {naming}", lambda hub=hub: hf(hub=hub, patch=patch)
        yield f"Swin with head, {naming}", lambda hub=hub: hf(
            "SwinForImageClassification", hub, patch, head)


def more_sources():
    """Variations that one target is enough for."""
    yield "Swin of one channel, timm", lambda: sources.timm(in_chans=1)
    yield "Swin without head, timm", lambda: sources.timm(num_classes=0)
    yield "Swin without qkv bias, timm", lambda: sources.timm(qkv_bias=False)
    yield "Swin with narrow perceptrons, timm", lambda: sources.timm(mlp_ratio=2.0)
    yield "Swin of several processes, Microsoft", lambda: sources.microsoft(prefix="module.")
    yield "Swin for masked images, Microsoft", sources.microsoft_masked
    yield "Swin of a segmenter, Microsoft", sources.microsoft_segmentation
    yield "Swin of a segmenter, OpenMMLab", sources.openmmlab
    for hub, naming in ((True, "Hugging Face's files"), (False, "transformers 5")):
        yield f"Swin for masked images, {naming}", lambda hub=hub: sources.huggingface(
            "SwinForMaskedImageModeling", hub, drops={"mask-token", "pretraining-head"})
        yield f"UPerNet with Swin, {naming}", lambda hub=hub: sources.huggingface_upernet(hub)


def cases():
    """Names of cases with what they do."""
    for name, make in every_source(patch=2):
        yield f"{name} → monai-swinunetr", make, targets.to_swin_unetr
    for name, make in every_source(patch=4):
        yield f"{name} → transseg-swin", make, targets.to_transseg_swin
        yield f"{name} → video-swin", make, targets.to_video_swin
    for name, make in more_sources():
        yield f"{name} → transseg-swin", make, targets.to_transseg_swin
    yield from strategies()
    yield from monai_cases()


def strategies():
    small = lambda: sources.timm(patch=2)  # noqa: E731
    yield "Swin, centred → monai-swinunetr", small, lambda case, source: targets.to_swin_unetr(
        case, source, "center")
    yield "Swin, centred → transseg-swin", sources.timm, lambda case, source: (
        targets.to_transseg_swin(case, source, "center"))
    yield "Swin, three channels → transseg-swin", sources.timm, lambda case, source: (
        targets.to_transseg_swin(case, source, channels=3))
    yield "Swin, window cut to the depth → video-swin", sources.timm, lambda case, source: (
        targets.to_video_swin(case, source, window=8, channels=1))
    yield "Swin of a segmenter → video-swin", sources.microsoft_segmentation, targets.to_video_swin


def monai_cases():
    small = lambda: sources.timm(patch=2)  # noqa: E731
    yield "Swin → monai-swinunetr, mergingv2", small, lambda case, source: targets.to_swin_unetr(
        case, source, downsample="mergingv2")
    yield "Swin → monai-swinunetr, two modalities", small, lambda case, source: (
        targets.to_swin_unetr(case, source, in_channels=2))
    yield "SwinUNETR of images, MONAI → monai-swinunetr", sources.monai_2d, (
        lambda case, source: targets.to_swin_unetr(case, source, patch_norm=False))
    yield "SwinUNETR of images with patch norm, MONAI → monai-swinunetr", (
        lambda: sources.monai_2d(patch_norm=True)), targets.to_swin_unetr
    for norm in ("instance", "batch"):
        yield f"SwinUNETR of images, {norm} norm, MONAI → monai-swinunetr, whole", (
            lambda norm=norm: sources.monai_2d(norm_name=norm)), (
            lambda case, source, norm=norm: targets.to_swin_unetr_whole(
                case, source, norm_name=norm))


def main() -> None:
    bench = common.Bench(__doc__.splitlines()[0])
    torch.manual_seed(0)
    for name, make, compare in cases():
        if bench.wants(name):
            with bench.case(name) as case:
                compare(case, make())
    for name, check in swin_options.cases():
        if bench.wants(name):
            with bench.case(name) as case:
                check(case)
    bench.close()


if __name__ == "__main__":
    main()
