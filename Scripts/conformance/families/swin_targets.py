"""The comparisons of `swin.py`: one a target."""

import re

import torch

import common
import transseg
from swin_sources import DEPTHS, EMBEDDING, GRID, HEADS, STAGES, WINDOW, Source, listen


def grey_image(source: Source) -> torch.Tensor:
    """A grey slice, B,C,H,W, in as many channels as the source takes."""
    return common.image(1, *source.size).repeat(1, source.channels, 1, 1)


def write(case: common.Case, source: Source):
    """The source's checkpoint on disk, as its package writes it."""
    if source.folder:
        source.module.save_pretrained(case.folder / "source")
        return case.folder / "source"
    return case.save(source.state)


def convert(case, source: Source, target: str, *options, lost=()) -> common.Report:
    report = case.convert(write(case, source), target, *options)
    case.expect_family(report, source.family)
    case.expect_verdict(report, "exact", source.drops | set(lost))
    return report


def words(option: str, *numbers: int) -> list[str]:
    return [option, ",".join(map(str, numbers))]


def expect_own_buffers(case: common.Case, module: torch.nn.Module, prefix: str = "") -> None:
    """Loading replaces the buffers that the module computed, so compare them before: the tables
    of row numbers are what every bias is looked up by."""
    written = common.safetensors.torch.load_file(case.output)
    buffers = dict(module.named_buffers())
    for name, buffer in buffers.items():
        if name.endswith("relative_position_index"):
            if not torch.equal(written[prefix + name], buffer):
                raise common.Failure(f"{name} is not what the module computes")


def compare_all(case, what: str, found: list, expected: list) -> None:
    """Every one of them has to agree; the remark is the worst."""
    if len(found) != len(expected):
        raise common.Failure(f"{len(found)} {what}, not {len(expected)}")
    distances = [common.relative_distance(f, e) for f, e in zip(found, expected)]
    worst = max(range(len(found)), key=lambda number: distances[number])
    case.compare(f"{len(found)} {what}", found[worst], expected[worst])


def at_every_depth(features: list[torch.Tensor], depths: list[int]) -> list[torch.Tensor]:
    """B,C,H,W to B,C,H,W,D."""
    return [common.depth_constant(f, depth) for f, depth in zip(features, depths)]


def normalised(features: torch.Tensor) -> torch.Tensor:
    """LayerNorm without parameters over the channels of B,C,H,W."""
    channels = features.movedim(1, -1)
    return torch.nn.functional.layer_norm(channels, channels.shape[-1:]).movedim(-1, 1)


def normalised_by(source: Source, stage: int, features: torch.Tensor) -> torch.Tensor:
    """What the source's own norm of the stage's output makes of it, B,C,H,W."""
    if source.stage_norms is None:
        return normalised(features)
    number = stage + 1 if "hidden_states_norms" in source.stage_norms else stage
    norm = source.module.get_submodule(source.stage_norms.format(number))
    return norm(features.movedim(1, -1)).movedim(-1, 1)


# MONAI --------------------------------------------------------------------------------------------

MONAI_DEPTH = 32
MONAI_WINDOW = (WINDOW, WINDOW, 2)
"""Sixteen slices of tokens are 16, 8, 4, 2 in the stages: each a multiple of the window's depth."""


def unetr_arguments(**changes) -> dict:
    return {
        "in_channels": 1, "out_channels": 3, "feature_size": EMBEDDING, "depths": DEPTHS,
        "num_heads": HEADS, "window_size": MONAI_WINDOW, "patch_norm": True} | changes


def unetr_options(arguments: dict, size) -> list[str]:
    """The command line that asks for the module with these arguments."""
    chosen = [
        f"{name}={str(arguments[name]).lower()}"
        for name in ("downsample", "patch_norm", "use_v2", "qkv_bias", "norm_name")
        if name in arguments]
    return [
        *words("--image-size", *size), *words("--window", *arguments["window_size"]),
        "--in-channels", str(arguments["in_channels"]),
        "--out-channels", str(arguments["out_channels"]),
        *[word for choice in chosen for word in ("--target-option", choice)]]


def unetr_features(module, volume):
    """The embedding, the stages' last blocks, the merges and the encoder's outputs, B,C,H,W,D."""
    blocks = [f"layers{s + 1}.0.blocks.{depth - 1}" for s, depth in enumerate(DEPTHS)]
    merges = [f"layers{stage}.0.downsample" for stage in range(1, STAGES + 1)]
    outputs, heard = listen(
        module.swinViT, ["patch_embed", *blocks, *merges], volume, normalize=True)
    return (
        heard["patch_embed"], [heard[name].movedim(-1, 1) for name in blocks],
        [heard[name].movedim(-1, 1) for name in merges], outputs)


def to_swin_unetr(case: common.Case, source: Source, strategy="average", **changes) -> None:
    nets = common.need_package("monai.networks.nets")
    arguments = unetr_arguments(**changes)
    lost = {"final-norm"} if "monai" not in source.family else set()
    options = unetr_options(arguments, (*source.size, MONAI_DEPTH))
    convert(case, source, "monai-swinunetr", *options, "--patch-embed", strategy, lost=lost)
    module = nets.SwinUNETR(**arguments)
    expect_own_buffers(case, module)
    common.load_strictly(module, case.output)
    image = grey_image(source)
    volume = common.depth_constant(image[:, :1], MONAI_DEPTH).repeat(
        1, arguments["in_channels"], 1, 1, 1)
    expected = source.features(image)
    embedded, stages, merged, outputs = unetr_features(module, volume)
    depths = [MONAI_DEPTH // 2**(stage + 1) for stage in range(STAGES + 1)]
    case.compare("embedding", embedded, at_every_depth([expected.embedded], depths)[0])
    compare_all(case, "stages", stages, at_every_depth(expected.stages, depths))
    compare_all(
        case, "merges", merged[:len(expected.merged)],
        at_every_depth(expected.merged, depths[1:]))
    reference = [normalised(f) for f in (expected.embedded, *expected.merged[:STAGES - 1])]
    compare_all(case, "outputs", list(outputs[:STAGES]), at_every_depth(reference, depths))
    case.expect_different(
        "stages and mirrored ones", stages[-1], at_every_depth(expected.stages, depths)[-1].flip(2))


def to_swin_unetr_whole(case: common.Case, source: Source, **changes) -> None:
    """A 2D SwinUNETR: its decoder comes along, so that the logits can be compared. Its
    convolutions look at the middle of the depth alone; averaging ones would see the zeros beyond
    the volume's ends."""
    nets = common.need_package("monai.networks.nets")
    arguments = unetr_arguments(patch_norm=False) | changes
    convert(
        case, source, "monai-swinunetr",
        *unetr_options(arguments, (*source.size, MONAI_DEPTH)), "--patch-embed", "center")
    module = common.load_strictly(nets.SwinUNETR(**arguments), case.output)
    image = grey_image(source)
    volume = common.depth_constant(image, MONAI_DEPTH)
    case.compare(
        "logits", module(volume), common.depth_constant(source.module(image), MONAI_DEPTH))


# The paper's modules ------------------------------------------------------------------------------


def swin_arguments(source: Source, depth: int, channels: int = 1) -> dict:
    return {
        "pretrain_img_size": (depth, *source.size),
        "patch_size": (depth, source.patch, source.patch), "in_chans": channels,
        "embed_dim": EMBEDDING, "depths": list(DEPTHS), "num_heads": list(HEADS),
        "window_size": WINDOW, "mlp_ratio": mlp_ratio(source), "drop_path_rate": 0.0}


def mlp_ratio(source: Source) -> float:
    """The perceptrons' width as a multiple of the embedding's."""
    kernels = {n: w for n, w in source.state.items() if w.ndim == 2 and w.shape[1] == EMBEDDING}
    widths = [w.shape[0] for n, w in kernels.items() if re.search(r"fc1|mlp\.0|intermediate", n)]
    return widths[0] / EMBEDDING if widths else 4.0


def to_transseg_swin(case: common.Case, source: Source, strategy="average", channels=1) -> None:
    depth = 5
    encoder = transseg.module(case.bench.arguments.transseg, "encoders.swin_transformer")
    lost = set() if source.stage_norms else {"final-norm"}
    convert(
        case, source, "transseg-swin", *words("--image-size", *source.size, depth),
        "--in-channels", str(channels), "--out-channels", "5", "--patch-embed", strategy, lost=lost)
    module = encoder.SwinTransformer(**swin_arguments(source, depth, channels))
    expect_own_buffers(case, module, "encoder.")
    common.load_strictly(module, case.output, "encoder.")
    image = grey_image(source)
    volume = common.depth_constant(image[:, :1], depth).repeat(1, channels, 1, 1, 1)
    expected = source.features(image).stages
    # Its modules take B,C,D,H,W.
    found = module(volume.movedim(-1, 2))
    compare_all(case, "stages", list(found), [
        normalised_by(source, stage, features) for stage, features in enumerate(expected)])
    case.expect_different(
        "stages and mirrored ones", found[-1],
        normalised_by(source, STAGES - 1, expected[-1]).flip(2))
    compare_decoder(case, source, image, found)


def compare_decoder(case, source: Source, image, features) -> None:
    """The 2D segmenter's logits, where the source is one; both heads resize to the image's size in
    their own way, so it is their features at a quarter of it that are compared."""
    if not hasattr(source.module, "decode_head"):
        return
    decoder = transseg.module(case.bench.arguments.transseg, "decoders.upernet")
    head = common.load_strictly(decoder.UPerHead(
        layer_idxs=[0, 1, 2, 3], in_channels=[EMBEDDING * 2**s for s in range(STAGES)],
        channels=16, num_classes=5, fpns=False), case.output, "decoder.")
    _, found = listen(head, ["conv_seg"], features)
    _, expected = listen(source.module, ["decode_head.classifier"], image)
    case.compare("logits", found["conv_seg"], expected["decode_head.classifier"])


def to_video_swin(case: common.Case, source: Source, window: int = 2, channels: int = 3) -> None:
    depth, patch = 8, 2
    encoder = transseg.module(case.bench.arguments.transseg, "encoders.swin_transformer_3d")
    lost = {"stage-norm"} if source.stage_norms else set()
    convert(
        case, source, "video-swin", *words("--image-size", *source.size, depth),
        *words("--window", WINDOW, WINDOW, window), "--in-channels", str(channels),
        "--out-channels", "5", "--patch-embed", "average", "--decoder", "none", lost=lost)
    module = encoder.SwinTransformer3D(
        patch_size=(patch, source.patch, source.patch), in_chans=channels, embed_dim=EMBEDDING,
        depths=list(DEPTHS), num_heads=list(HEADS), window_size=(window, WINDOW, WINDOW),
        patch_norm=True, drop_path_rate=0.0)
    expect_own_buffers(case, module, "encoder.")
    common.load_strictly(module, case.output, "encoder.")
    image = grey_image(source)
    volume = common.depth_constant(image[:, :1], depth).repeat(1, channels, 1, 1, 1).movedim(-1, 2)
    expected = source.features(image)
    blocks = [f"layers.{s}.blocks.{count - 1}" for s, count in enumerate(DEPTHS)]
    merges = [f"layers.{stage}.downsample" for stage in range(STAGES - 1)]
    _, heard = listen(module, ["patch_embed", *blocks, *merges], volume)
    depths = [depth // patch] * STAGES  # never merged along
    case.compare(
        "embedding", heard["patch_embed"].movedim(2, -1),
        at_every_depth([expected.embedded], depths)[0])
    for what, names, reference in (
        ("stages", blocks, expected.stages), ("merges", merges, expected.merged)
    ):
        found = [heard[name].permute(0, 4, 2, 3, 1) for name in names]
        compare_all(case, what, found, at_every_depth(reference, depths))
    case.expect_different(
        "stages and mirrored ones", heard[blocks[-1]], heard[blocks[-1]].flip(2))
