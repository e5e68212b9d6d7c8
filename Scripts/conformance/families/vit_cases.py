"""The comparisons of `vit.py`, one a target."""

import functools

import torch

import common
import transseg
import vit_sources as sources
from vit_sources import HEADS, HIDDEN, Source

# Rules that change what the blocks compute need the user's consent.
CONSENT = {
    "pre-norm", "query-bias", "absolute-position-embedding", "relative-position-bias",
    "decomposed-relative-position", "window-attention", "activation"}
TARGETS = ["monai-vit", "transseg-dino", "transseg-beit"]


def slice_and_volume(source: Source, depth: int, channels: int = 1):
    """A grey slice as the source takes it, B,C,H,W, and the volume B,C,H,W,D that repeats it."""
    size = source.patch * sources.GRID
    grey = common.image(1, size, size)
    volume = common.depth_constant(grey, depth).repeat(1, channels, 1, 1, 1)
    return grey.repeat(1, source.channels, 1, 1), volume


def write(case: common.Case, source: Source, ending: str = ".safetensors"):
    """The source's checkpoint on disk, as its package writes it."""
    if source.folder:
        source.module.save_pretrained(case.folder / "source")
        return case.folder / "source"
    if source.family == "vit-google":
        ending = ".npz"
    return case.save(source.state, f"source{ending}")


def convert(case, source, target, *options, lost=frozenset(), verdict="exact|lossy"):
    """Converts, agreeing with what is lost; checks family, rules and verdict."""
    consent = [word for rule in sorted(lost & CONSENT) for word in ("--allow-loss", rule)]
    path = write(case, source)
    if consent:
        case.expect_refusal(path, target, *options, saying="allow-loss")
    report = case.convert(path, target, *options, *consent)
    case.expect_family(report, source.family)
    case.expect_verdict(report, verdict, source.drops | lost)
    return report


def layer_count(source: Source) -> int:
    """The number of blocks."""
    image, _ = slice_and_volume(source, 1)
    return len(source.walk(source.module, image, frozenset()).blocks)


def mlp_width(source: Source) -> int:
    """Of the MLPs' hidden layers, which not every package lets one choose."""
    names = ("fc1.weight", "linear1.weight", "lin1.weight")
    blocks = ((n, w) for n, w in source.module.named_parameters() if "text" not in n)
    return next(w.shape[0] for n, w in blocks if n.endswith(names))


def geometry(image_size, patch_size) -> list[str]:
    sizes = {"--image-size": image_size, "--patch-size": patch_size}
    words = [word for option, size in sizes.items() for word in (option, ",".join(map(str, size)))]
    return [*words, "--heads", str(HEADS)]


def compare_states(case, reference, blocks, final, depth: int = 1) -> None:
    """`blocks` are the target's patch tokens B,(H·W·D),C after its blocks, `final` those after its
    last norm, where it has one; at every depth they have to be the slice's."""

    def every_depth(tokens):
        patches = reference.patches(tokens)
        return patches.unsqueeze(2).expand(-1, -1, depth, -1).flatten(1, 2)

    distances = []
    for number, (found, tokens) in enumerate(zip(blocks, reference.blocks, strict=True)):
        distances.append(common.relative_distance(found, every_depth(tokens)))
        if not distances[-1] <= common.TOLERANCE:
            raise common.Failure(f"tokens after block {number} differ by {distances[-1]:.2g}")
    case.remark(f"tokens of {len(blocks)} blocks within {max(distances):.1g}")
    if final is not None and reference.final is not None:
        case.compare("normed tokens", final, every_depth(reference.final))


def expect_loss_to_matter(case, source, image, reference, epsilon) -> None:
    """The negative control: with what is lost, the source computes something else."""
    whole = source.reference(image, set(), epsilon)
    case.expect_different(
        "whole and reduced source", reference.patches(reference.blocks[-1]),
        whole.patches(whole.blocks[-1]))


# MONAI ------------------------------------------------------------------------------------------

MONAI_DEPTH, MONAI_PATCH = 32, 16
MONAI_LACKS = {
    "class-token", "distillation-token", "register-tokens", "pre-norm", "relative-position-bias",
    "decomposed-relative-position", "window-attention", "activation"}


def monai_arguments(source: Source, **changes) -> dict:
    size = source.patch * sources.GRID
    return {
        "in_channels": 1, "img_size": (size, size, MONAI_DEPTH),
        "patch_size": (source.patch, source.patch, MONAI_PATCH), "hidden_size": HIDDEN,
        "mlp_dim": mlp_width(source), "num_layers": layer_count(source), "num_heads": HEADS,
        "proj_type": "conv", "qkv_bias": True} | changes


def to_monai_vit(case: common.Case, source: Source) -> None:
    """Two patches along the depth, whose positions are tiled."""
    nets = common.need_package("monai.networks.nets")
    image, volume = slice_and_volume(source, MONAI_DEPTH)
    source.check(image)
    arguments = monai_arguments(source)
    lost = source.pieces & MONAI_LACKS
    options = geometry(arguments["img_size"], arguments["patch_size"])
    report = convert(case, source, "monai-vit", *options, lost=lost)
    target = common.load_strictly(nets.ViT(**arguments), case.output)
    final, blocks = target(volume)
    reference = source.reference(image, report.rules, epsilon=1e-5)
    compare_states(case, reference, blocks, final, MONAI_DEPTH // MONAI_PATCH)
    if lost:
        expect_loss_to_matter(case, source, image, reference, 1e-5)


def to_monai_unetr(case: common.Case, source: Source, *options, **changes) -> None:
    """Twelve blocks and patches of 16³ voxels; the decoder is initialised."""
    nets = common.need_package("monai.networks.nets")
    image, volume = slice_and_volume(source, MONAI_DEPTH)
    arguments = monai_arguments(source) | {"out_channels": 3, "feature_size": 8} | changes
    size = arguments["img_size"]
    for name in ("patch_size", "num_layers"):
        del arguments[name]
    words = [
        *geometry(size, (16, 16, 16)), "--feature-size", "8", "--out-channels", "3", *options]
    report = convert(
        case, source, "monai-unetr", *words, lost=source.pieces & MONAI_LACKS)
    target = common.load_strictly(nets.UNETR(**arguments), case.output)
    final, blocks = target.vit(volume)
    reference = source.reference(image, report.rules, epsilon=1e-5)
    compare_states(case, reference, blocks, final, MONAI_DEPTH // 16)
    logits = target(volume)
    if logits.shape != (1, 3, *size) or not torch.isfinite(logits).all():
        raise common.Failure("the decoder's logits are not finite")


def has_key_bias(source: Source) -> bool:
    """BEiT's attention has none, and most others can be built without."""
    names = ("qkv.bias", "in_proj_bias", "key.bias", "k_proj.bias", "key/bias")
    return any(name.endswith(names) for name in source.state)


# The paper's models -----------------------------------------------------------------------------

SLICES = 5
TRANSSEG_LACKS = {
    "distillation-token", "register-tokens", "pre-norm", "decomposed-relative-position",
    "window-attention", "activation"}


def transseg_geometry(source: Source):
    size = source.patch * sources.GRID
    image_size, patch_size = (size, size, SLICES), (source.patch, source.patch, SLICES)
    return image_size, patch_size, [*geometry(image_size, patch_size), "--decoder", "none"]


def slices_first(volume: torch.Tensor) -> torch.Tensor:
    """B,C,H,W,D as the paper's models take it: B,C,D,H,W."""
    return volume.permute(0, 1, 4, 2, 3)


def to_transseg_dino(case: common.Case, source: Source) -> None:
    """A class token and absolute positions, all slices in one patch."""
    package = transseg.module(case.bench.arguments.transseg, "encoders.dino3d")
    image, volume = slice_and_volume(source, SLICES)
    size, patch, options = transseg_geometry(source)
    lost = source.pieces & (TRANSSEG_LACKS | {"relative-position-bias"})
    report = convert(case, source, "transseg-dino", *options, lost=lost)
    target = package.VisionTransformer3D(
        img_size=(SLICES, *size[:2]), patch_size=patch, in_chans=1, embed_dim=HIDDEN,
        depth=layer_count(source), num_heads=HEADS, mlp_ratio=mlp_width(source) / HIDDEN,
        qkv_bias=True, norm_layer=functools.partial(torch.nn.LayerNorm, eps=1e-6))
    common.load_strictly(target, case.output, "encoder.")
    tokens, blocks = target.prepare_tokens(slices_first(volume)), []
    for block in target.blocks:
        tokens = block(tokens)
        blocks.append(tokens)
    reference = source.reference(image, report.rules, epsilon=1e-6)
    final = target.norm(tokens)
    compare_states(case, reference, [tokens[:, 1:] for tokens in blocks], final[:, 1:])
    if "class-token" in source.pieces:
        case.compare("class token", blocks[-1][:, :1], reference.blocks[-1][:, :1])
    if lost:
        expect_loss_to_matter(case, source, image, reference, 1e-6)


def to_transseg_beit(case: common.Case, source: Source) -> None:
    """A class token and relative positions, all slices in one patch."""
    package = transseg.module(case.bench.arguments.transseg, "encoders.beit3d")
    image, volume = slice_and_volume(source, SLICES)
    size, patch, options = transseg_geometry(source)
    lost = source.pieces & TRANSSEG_LACKS
    if "beit" not in source.family:
        lost |= {"absolute-position-embedding"}
    if source.walk(source.module, image, frozenset()).final is not None:
        lost |= {"final-norm"}
    if has_key_bias(source):
        lost |= {"key-bias"}
    report = convert(case, source, "transseg-beit", *options, lost=lost)
    target = package.BEiT3D(
        img_size=size, patch_size=patch, in_chans=1, embed_dim=HIDDEN, depth=layer_count(source),
        num_heads=HEADS, mlp_ratio=mlp_width(source) / HIDDEN, qkv_bias=True, init_values=1,
        use_abs_pos_emb=False, use_rel_pos_bias=True)
    common.load_strictly(target, case.output, "encoder.")
    blocks = target.forward_features(slices_first(volume))
    # Without positions, the class token's own may go on as a part of the token.
    row = set() if report.action("encoder.cls_token") == "fold" else {"class-position"}
    reference = source.reference(image, report.rules | row, epsilon=1e-6)
    compare_states(case, reference, blocks, None)
    if lost - {"final-norm", "key-bias"}:
        expect_loss_to_matter(case, source, image, reference, 1e-6)


def concerns(source: Source, target: str) -> bool:
    """The paper's models have a class token, which a source without one cannot give."""
    return target == "monai-vit" or "class-token" in source.pieces


def convert_and_compare(case: common.Case, source: Source, target: str) -> None:
    compare = {
        "monai-vit": to_monai_vit, "transseg-dino": to_transseg_dino,
        "transseg-beit": to_transseg_beit}[target]
    compare(case, source)
