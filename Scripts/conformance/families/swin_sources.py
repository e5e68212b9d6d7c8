"""2D Swin transformers in every naming that is about, each with its own package's forward pass.

A `Source` holds a peer's module with random weights, its checkpoint under the names in question,
and where in the module to listen. Names for which no package can be had (Microsoft's repository,
OpenMMLab; torchvision, where it is not installed) are given to the weights of timm's module, which
computes the same.
"""

import dataclasses
import re
import sys
import types

import torch

import common

EMBEDDING, DEPTHS, HEADS, WINDOW = 12, (2, 1, 1, 2), (1, 2, 3, 4), 3
GRID = (48, 48)
"""Tokens of the first stage. The last of four stages has 6×6: more than a window, so that its
blocks shift, and a multiple of it, so that nothing is padded."""

STAGES = len(DEPTHS)

# torchvision's module about its compiled operators, which may not fit torch; Swin uses none.
_REGISTRATIONS = "torchvision._meta_registrations"
sys.modules.setdefault(_REGISTRATIONS, types.ModuleType(_REGISTRATIONS))


@dataclasses.dataclass
class Features:
    """B,C,H,W each: the patch embedding, every stage's last block, every merge."""

    embedded: torch.Tensor
    stages: list[torch.Tensor]
    merged: list[torch.Tensor]


@dataclasses.dataclass
class Source:
    """`parts` names the module's patch embedding, its stages' last blocks and its merges; `drops`
    are the rules by which tensors outside the encoder are dropped for any target."""

    family: str
    module: torch.nn.Module
    state: dict[str, torch.Tensor]
    parts: tuple[str, list[str], list[str]]
    drops: frozenset[str] = frozenset()
    patch: int = 4
    folder: bool = False
    """Whether a folder with the package's own config.json and weights is the source."""
    stage_norms: str | None = None
    """Where the module has a norm for every stage's output: its name with {} for the stage."""

    @property
    def size(self) -> tuple[int, int]:
        return GRID[0] * self.patch, GRID[1] * self.patch

    @property
    def channels(self) -> int:
        return next(weight.shape[1] for weight in self.module.parameters() if weight.ndim == 4)

    def features(self, image: torch.Tensor) -> Features:
        embedding, blocks, merges = self.parts
        _, heard = listen(self.module, [embedding, *blocks, *merges], image)

        def picture(name, stage):
            tensor, channels = heard[name], EMBEDDING * 2**stage
            height, width = (extent // 2**stage for extent in GRID)
            if tensor.shape[1] == channels and tensor.ndim == 4 and tensor.shape[-1] != channels:
                return tensor
            return tensor.reshape(1, height, width, channels).permute(0, 3, 1, 2)

        return Features(
            picture(embedding, 0), [picture(name, stage) for stage, name in enumerate(blocks)],
            [picture(name, stage + 1) for stage, name in enumerate(merges)])


def listen(module: torch.nn.Module, names: list[str], *inputs, **options):
    """The module's output, and what these parts of it put out meanwhile, by their names."""
    heard = {}

    def hook(name):
        def keep(part, given, output):
            heard[name] = output[0] if isinstance(output, tuple) else output
        return keep

    hooks = [module.get_submodule(name).register_forward_hook(hook(name)) for name in names]
    try:
        output = module(*inputs, **options)
    finally:
        for registered in hooks:
            registered.remove()
    return output, heard


def fill(module: torch.nn.Module) -> torch.nn.Module:
    """`common.fill` with biases of relative positions that no softmax can overlook."""
    common.fill(module)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("relative_position_bias_table"):
                parameter.mul_(4)
    return module


def last_blocks(pattern: str) -> list[str]:
    """`layers.{stage}.blocks.{block}` for the last block of every stage."""
    return [pattern.format(stage=s, block=depth - 1) for s, depth in enumerate(DEPTHS)]


# timm, and names given to its weights -------------------------------------------------------------


def timm_module(version: int = 1, patch: int = 4, **changes) -> torch.nn.Module:
    common.import_timm()
    if version == 1:
        from timm.models.swin_transformer import SwinTransformer as Kind
    else:
        from timm.models.swin_transformer_v2 import SwinTransformerV2 as Kind
    arguments = {
        "img_size": tuple(extent * patch for extent in GRID), "patch_size": patch,
        "embed_dim": EMBEDDING, "depths": DEPTHS, "num_heads": HEADS, "window_size": WINDOW,
        "num_classes": 5}
    return fill(Kind(**(arguments | changes)))


TIMM_PARTS = (
    "patch_embed", last_blocks("layers.{stage}.blocks.{block}"),
    [f"layers.{stage}.downsample" for stage in range(1, STAGES)])


def timm(version: int = 1, patch: int = 4, **changes) -> Source:
    module = timm_module(version, patch, **changes)
    drops = {"classification-head"} if changes.get("num_classes", 5) else set()
    return Source(
        "swin-timm" if version == 1 else "swinv2-timm", module, dict(module.state_dict()),
        TIMM_PARTS, frozenset(drops), patch)


def microsoft_names(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """timm's weights as Microsoft's files have them: merges with the stage before them, and the
    buffers that its modules keep."""
    state = {}
    for name, tensor in module.state_dict().items():
        name = re.sub(
            r"^layers\.(\d+)\.downsample", lambda m: f"layers.{int(m[1]) - 1}.downsample", name)
        state[name.replace("head.fc.", "head.")] = tensor
    for name, part in module.named_modules():
        if hasattr(part, "relative_position_index"):
            state[f"{name}.relative_position_index"] = part.relative_position_index
        if getattr(part, "relative_coords_table", None) is not None:
            state[f"{name}.relative_coords_table"] = part.relative_coords_table
        if getattr(part, "attn_mask", None) is not None:
            state[f"{name}.attn_mask"] = part.attn_mask
    return state


def microsoft(version: int = 1, patch: int = 4, prefix: str = "", **changes) -> Source:
    source = timm(version, patch, **changes)
    state = {prefix + name: tensor for name, tensor in microsoft_names(source.module).items()}
    return dataclasses.replace(
        source, family="swin" if version == 1 else "swinv2", state=state,
        drops=source.drops | {"derived-buffer"})


def microsoft_masked() -> Source:
    """SimMIM's pre-training checkpoints: the encoder beside what paints masked patches."""
    source = microsoft(prefix="encoder.", num_classes=0)
    extra = {
        "encoder.mask_token": torch.ones(1, 1, EMBEDDING),
        "decoder.0.weight": torch.ones(3072, EMBEDDING * 8, 1, 1),
        "decoder.0.bias": torch.ones(3072)}
    return dataclasses.replace(
        source, state=source.state | extra,
        drops=source.drops | {"mask-token", "pretraining-head"})


def with_stage_norms(source: Source, name: str, prefix: str) -> Source:
    """A segmentation backbone: a norm for every stage's output, no final norm, no head."""
    norms = torch.nn.Module()
    for stage in range(STAGES):
        norms.add_module(f"norm{stage}", torch.nn.LayerNorm(EMBEDDING * 2**stage))
    source.module.add_module("stage_norms", common.fill(norms, seed=7))
    state = {prefix + key: tensor for key, tensor in source.state.items()
             if not key.startswith(("norm.", "head."))}
    for key, tensor in norms.state_dict().items():
        stage, kind = re.match(r"norm(\d)\.(.*)", key).groups()
        state[f"{prefix}{name.format(stage)}.{kind}"] = tensor
    return dataclasses.replace(
        source, state=state, drops=source.drops - {"classification-head"},
        stage_norms="stage_norms.norm{}")


def microsoft_segmentation() -> Source:
    return with_stage_norms(microsoft(), "norm{}", "backbone.")


def openmmlab() -> Source:
    """OpenMMLab's merges unfold 2×2 patches channel by channel."""
    source = microsoft()
    state = {}
    for name, tensor in source.state.items():
        if name.startswith("head."):
            continue
        for old, new in (
            ("layers.", "stages."), ("patch_embed.proj.", "patch_embed.projection."),
            ("attn.", "attn.w_msa."), ("mlp.fc1", "ffn.layers.0.0"), ("mlp.fc2", "ffn.layers.1")
        ):
            name = name.replace(old, new)
        if name.endswith("attn_mask"):
            continue
        if ".downsample." in name:
            *out, merged = tensor.shape
            tensor = tensor.reshape(*out, 2, 2, merged // 4).movedim((-3, -2), (-1, -2))
            tensor = tensor.reshape(*out, merged)
        state[name] = tensor
    renamed = dataclasses.replace(source, family="swin-openmmlab", state=state)
    return with_stage_norms(renamed, "norm{}", "backbone.")


# torchvision --------------------------------------------------------------------------------------


def torchvision(version: int = 1, patch: int = 4) -> Source:
    try:
        package = common.need_package("torchvision.models.swin_transformer")
    except common.Skipped:
        return torchvision_names(timm(version, patch))
    kinds = {} if version == 1 else {
        "block": package.SwinTransformerBlockV2, "downsample_layer": package.PatchMergingV2}
    module = fill(package.SwinTransformer(
        patch_size=[patch] * 2, embed_dim=EMBEDDING, depths=list(DEPTHS), num_heads=list(HEADS),
        window_size=[WINDOW] * 2, num_classes=5, **kinds))
    parts = (
        "features.0", [f"features.{2 * s + 1}.{d - 1}" for s, d in enumerate(DEPTHS)],
        [f"features.{2 * stage + 2}" for stage in range(STAGES - 1)])
    return Source(
        "swin-torchvision" if version == 1 else "swinv2-torchvision", module,
        dict(module.state_dict()), parts, frozenset({"classification-head", "derived-buffer"}),
        patch)


def torchvision_names(source: Source) -> Source:
    state = {}
    for name, tensor in source.state.items():
        for pattern, new in (
            (r"patch_embed\.proj", "features.0.0"), (r"patch_embed\.norm", "features.0.2"),
            (r"mlp\.fc1", "mlp.0"), (r"mlp\.fc2", "mlp.3"), (r"head\.fc", "head"),
        ):
            name = re.sub(pattern, new, name)
        name = re.sub(
            r"layers\.(\d+)\.downsample", lambda m: f"features.{2 * int(m[1])}", name)
        name = re.sub(
            r"layers\.(\d+)\.blocks", lambda m: f"features.{2 * int(m[1]) + 1}", name)
        if "cpb_mlp" in name or "q_bias" in name or "v_bias" in name:
            raise common.Skipped("no package torchvision")
        state[name] = tensor
    return dataclasses.replace(source, family="swin-torchvision", state=state)


# Hugging Face -------------------------------------------------------------------------------------


def huggingface(
    name: str = "SwinModel", hub: bool = True, patch: int = 4, drops=(), **changes
) -> Source:
    """`save_pretrained` writes the hub's names, the live modules' differ since transformers 5
    (not for Swin V2)."""
    transformers = common.need_package("transformers")
    kind = getattr(transformers, name)
    config = kind.config_class(**({
        "image_size": [extent * patch for extent in GRID], "patch_size": patch,
        "embed_dim": EMBEDDING, "depths": list(DEPTHS), "num_heads": list(HEADS),
        "window_size": WINDOW, "num_labels": 5} | changes))
    module = fill(kind(config))
    prefix = next((p for p in ("swin.", "swinv2.") if hasattr(module, p[:-1])), "")
    encoder = f"{prefix}encoder.layers"
    parts = (
        f"{prefix}embeddings", last_blocks(encoder + ".{stage}.blocks.{block}"),
        [f"{encoder}.{stage}.downsample" for stage in range(STAGES - 1)])
    family = "swinv2-huggingface" if "v2" in name else "swin-huggingface" + ("" if hub else "-5")
    return Source(
        family, module, dict(module.state_dict()), parts, frozenset(drops), patch, folder=hub)


def huggingface_upernet(hub: bool) -> Source:
    """A whole 2D segmenter; its norms of the stages' outputs belong to the backbone."""
    transformers = common.need_package("transformers")
    backbone = transformers.SwinConfig(
        image_size=[extent * 4 for extent in GRID], patch_size=4, embed_dim=EMBEDDING,
        depths=list(DEPTHS), num_heads=list(HEADS), window_size=WINDOW,
        out_features=[f"stage{stage + 1}" for stage in range(STAGES)])
    module = fill(transformers.UperNetForSemanticSegmentation(transformers.UperNetConfig(
        backbone_config=backbone, hidden_size=16, num_labels=5,
        auxiliary_in_channels=EMBEDDING * 4, auxiliary_channels=8)))
    encoder = "backbone.swin.encoder.layers"
    parts = (
        "backbone.swin.embeddings", last_blocks(encoder + ".{stage}.blocks.{block}"),
        [f"{encoder}.{stage}.downsample" for stage in range(STAGES - 1)])
    return Source(
        "swin-huggingface" if hub else "swin-huggingface-5-backbone", module,
        dict(module.state_dict()), parts, frozenset({"segmentation-neck", "final-norm"}),
        folder=hub, stage_norms="backbone.hidden_states_norms.stage{}")


# MONAI --------------------------------------------------------------------------------------------


def monai_2d(**changes) -> Source:
    nets = common.need_package("monai.networks.nets")
    arguments = {
        "in_channels": 1, "out_channels": 3, "feature_size": EMBEDDING, "depths": DEPTHS,
        "num_heads": HEADS, "window_size": WINDOW, "spatial_dims": 2}
    module = fill(nets.SwinUNETR(**(arguments | changes)))
    parts = (
        "swinViT.patch_embed",
        [f"swinViT.layers{s + 1}.0.blocks.{depth - 1}" for s, depth in enumerate(DEPTHS)],
        [f"swinViT.layers{stage}.0.downsample" for stage in range(1, STAGES + 1)])
    return Source(
        "monai-swinunetr-2d", module, dict(module.state_dict()), parts,
        frozenset({"derived-buffer"}), patch=2)
