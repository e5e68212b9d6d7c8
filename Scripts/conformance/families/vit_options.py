"""The cases of `vit.py` that are about options rather than namings: strategies, channels, grids,
variants of the targets and their releases, decoders, containers."""

import safetensors.torch
import torch

import common
import transseg
import vit_cases as cases
import vit_huggingface as huggingface
import vit_sources as sources
from vit_sources import GRID, HEADS, HIDDEN, PATCH


# MONAI's variants and releases ------------------------------------------------------------------


def perceptron(case: common.Case) -> None:
    """The patch embedding as a linear layer over (height, width, depth, channel)."""
    vit_variant(case, sources.timm_vit(), ["--target-option", "proj_type=perceptron"],
                proj_type="perceptron")


def without_query_key_value_bias(case: common.Case) -> None:
    """Key and value biases fold away; the query's is a loss that needs consent."""
    vit_variant(case, sources.timm_vit(), ["--target-option", "qkv_bias=false"], {"query-bias"},
                qkv_bias=False)


def nothing_to_lose(case: common.Case) -> None:
    """A source without qkv bias into a target without: no consent needed."""
    vit_variant(case, sources.timm_vit(qkv_bias=False), ["--target-option", "qkv_bias=false"],
                qkv_bias=False)


def vit_variant(case, source, options, lost=frozenset(), **changes):
    nets = common.need_package("monai.networks.nets")
    image, volume = cases.slice_and_volume(source, cases.MONAI_DEPTH)
    arguments = cases.monai_arguments(source, **changes)
    words = cases.geometry(arguments["img_size"], arguments["patch_size"])
    # The key's bias cancels in the softmax.
    gone = {"key-bias"} if "query-bias" in lost else set()
    report = cases.convert(
        case, source, "monai-vit", *words, *options, lost=(source.pieces | lost | gone))
    target = common.load_strictly(nets.ViT(**arguments), case.output)
    final, blocks = target(volume)
    reference = source.reference(image, report.rules, epsilon=1e-5)
    depth = arguments["img_size"][2] // arguments["patch_size"][2]
    cases.compare_states(case, reference, blocks, final, depth)


def releases(case: common.Case) -> None:
    """Keys of other MONAI releases, by the releases themselves."""
    if not case.bench.monai_folders:
        raise common.Skipped("name other releases with --monai RELEASE=FOLDER")
    source = sources.timm_vit()
    image, volume = cases.slice_and_volume(source, cases.MONAI_DEPTH)
    arguments = cases.monai_arguments(source)
    words = cases.geometry(arguments["img_size"], arguments["patch_size"])
    for release, folder in case.bench.monai_folders.items():
        for bias in (True, False):
            given = arguments | {"qkv_bias": bias}
            options = [
                "--target-version", f"monai-{release}", "--target-option",
                f"qkv_bias={str(bias).lower()}", "--allow-loss", "query-bias"]
            report = case.convert(cases.write(case, source), "monai-vit", *words, *options)
            tokens = common.run_release(
                folder, "monai.networks.nets", "ViT", given, case.output, volume)
            reference = source.reference(image, report.rules, epsilon=1e-5)
            expected = reference.patches(reference.final).unsqueeze(2).expand(-1, -1, 2, -1)
            case.compare(f"{release}, qkv_bias={bias}", tokens, expected.flatten(1, 2))


def unetr_releases(case: common.Case) -> None:
    if not case.bench.monai_folders:
        raise common.Skipped("name other releases with --monai RELEASE=FOLDER")
    source = sources.timm_vit(depth=12)
    _, volume = cases.slice_and_volume(source, cases.MONAI_DEPTH)
    arguments = cases.monai_arguments(source) | {"out_channels": 3, "feature_size": 8}
    del arguments["patch_size"], arguments["num_layers"]
    words = [*cases.geometry(arguments["img_size"], (16, 16, 16)), "--feature-size", "8",
             "--out-channels", "3"]
    for release, folder in case.bench.monai_folders.items():
        case.convert(
            cases.write(case, source), "monai-unetr", *words, "--target-version",
            f"monai-{release}")
        logits = common.run_release(
            folder, "monai.networks.nets", "UNETR", arguments, case.output, volume)
        if not torch.isfinite(logits).all():
            raise common.Failure(f"MONAI {release}: the logits are not finite")
        case.remark(f"{release} loads and runs")


def unetr(make, *options, **changes):
    return lambda case: cases.to_monai_unetr(case, make(), *options, **changes)


# Strategies -------------------------------------------------------------------------------------


def depth_strategies(case: common.Case) -> None:
    """Whatever the depth profile, the kernel sums to the slice's: equal on a constant depth."""
    nets = common.need_package("monai.networks.nets")
    source = sources.timm_vit()
    image, volume = cases.slice_and_volume(source, cases.MONAI_DEPTH)
    arguments = cases.monai_arguments(source)
    words = cases.geometry(arguments["img_size"], arguments["patch_size"])
    path = cases.write(case, source)
    kernels = {}
    for strategy in ("average", "center", "first", "last", "gaussian:2", "linear", "trilinear"):
        report = case.convert(path, "monai-vit", *words, "--patch-embed", strategy)
        target = common.load_strictly(nets.ViT(**arguments), case.output)
        reference = source.reference(image, report.rules, epsilon=1e-5)
        expected = reference.patches(reference.final).unsqueeze(2).expand(-1, -1, 2, -1)
        case.compare(strategy, target(volume)[0], expected.flatten(1, 2))
        kernels[strategy] = target.patch_embedding.patch_embeddings.weight.clone()
    for strategy in ("center", "first", "last", "gaussian:2", "linear"):
        case.expect_different(strategy, kernels[strategy], kernels["average"])


def colour(case: common.Case) -> None:
    """Three channels into three: the kernels as they are."""
    nets = common.need_package("monai.networks.nets")
    source = sources.timm_vit()
    image = common.image(3, PATCH * GRID, PATCH * GRID)
    volume = common.depth_constant(image, cases.MONAI_DEPTH)
    arguments = cases.monai_arguments(source, in_channels=3)
    words = cases.geometry(arguments["img_size"], arguments["patch_size"])
    report = case.convert(
        cases.write(case, source), "monai-vit", *words, "--in-channels", "3")
    target = common.load_strictly(nets.ViT(**arguments), case.output)
    reference = source.reference(image, report.rules, epsilon=1e-5)
    expected = reference.patches(reference.final).unsqueeze(2).expand(-1, -1, 2, -1)
    case.compare("tokens", target(volume)[0], expected.flatten(1, 2))


def channel_strategies(case: common.Case) -> None:
    """The kernels of other channel counts against timm's own adaptation and the definitions."""
    timm = common.import_timm()
    source = sources.timm_vit()
    kernel = source.state["patch_embed.proj.weight"]
    path = cases.write(case, source)
    adapt = timm.models.adapt_input_conv
    sums = kernel.sum(1, keepdim=True)
    expected = {
        (1, "sum"): sums, (1, "mean"): kernel.mean(1, keepdim=True),
        (4, "repeat"): adapt(4, kernel.clone()), (2, "repeat"): adapt(2, kernel.clone()),
        (1, "select:2"): 3 * kernel[:, 2:3], (4, "sum"): sums.expand(-1, 4, -1, -1) / 4}
    words = cases.geometry((64, 64, 4), (PATCH, PATCH, 4))
    for (count, strategy), wanted in expected.items():
        case.convert(
            path, "monai-vit", *words, "--in-channels", count, "--channels", strategy,
            "--patch-embed", "average")
        found = embedding(case)
        case.compare(f"{strategy} to {count}", found.sum(-1), wanted, 1e-5)


def embedding(case: common.Case) -> torch.Tensor:
    return safetensors.torch.load_file(case.output)["patch_embedding.patch_embeddings.weight"]


def patch_sizes(case: common.Case) -> None:
    """Kernels of another patch size against timm's pseudo-inverse resizing."""
    timm = common.import_timm()
    resample = timm.layers.resample_patch_embed
    for old, new in ((14, 16), (16, 8), (16, 14)):
        source = sources.timm_vit(img_size=old * GRID, patch_size=old)
        size = (new * GRID, new * GRID, 4)
        case.convert(
            case.save(source.state), "monai-vit", *cases.geometry(size, (new, new, 4)))
        kernel = source.state["patch_embed.proj.weight"]
        wanted = resample(kernel, [new, new]).sum(1, keepdim=True)
        case.compare(f"{old} to {new}", embedding(case).sum(-1), wanted, 1e-4)


def grids(case: common.Case) -> None:
    """Position embeddings of another grid against timm's and torch's resizing."""
    timm = common.import_timm()
    source = sources.timm_vit()
    positions = source.state["pos_embed"]
    path = cases.write(case, source)
    square = positions[:, 1:].view(1, GRID, GRID, HIDDEN).permute(0, 3, 1, 2)
    for height, width in ((6, 6), (3, 5), (2, 2)):
        size = (height * PATCH, width * PATCH, 8)
        words = cases.geometry(size, (PATCH, PATCH, 4))
        wanted = {
            "bicubic-antialias": timm.layers.resample_abs_pos_embed(
                positions, [height, width], num_prefix_tokens=1)[:, 1:],
            "bicubic": torch.nn.functional.interpolate(
                square, (height, width), mode="bicubic").flatten(2).transpose(1, 2)}
        for method, plane in wanted.items():
            report = case.convert(path, "monai-vit", *words, "--pos-embed-resize", method)
            case.expect_verdict(report, "exact up to|lossy")
            found = safetensors.torch.load_file(case.output)["patch_embedding.position_embeddings"]
            expected = plane.unsqueeze(2).expand(-1, -1, 2, -1).flatten(1, 2)
            case.compare(f"{method} to {height}×{width}", found, expected, 1e-5)


# Wrappers, containers, decoders ------------------------------------------------------------------


def wrappers(case: common.Case) -> None:
    """DINO's training checkpoint: the teacher's backbone, with an epoch beside it."""
    source = sources.without_head(sources.timm_vit())
    options = cases.geometry((64, 64, 16), (PATCH, PATCH, 16))
    case.convert(cases.write(case, source), "monai-vit", *options)
    expected = safetensors.torch.load_file(case.output)
    state = {f"module.backbone.{name}": tensor for name, tensor in source.state.items()}
    torch.save({"teacher": state, "epoch": 3}, case.folder / "wrapped.pth")
    case.convert(case.folder / "wrapped.pth", "monai-vit", *options)
    found = safetensors.torch.load_file(case.output)
    if found.keys() != expected.keys() or any(
            not torch.equal(found[name], expected[name]) for name in found):
        raise common.Failure("the wrapped checkpoint gives other weights")
    case.remark("equal tensors")


def containers(make, target: str, *options):
    def check(case: common.Case) -> None:
        source = make()
        path = case.save(source.state, "source.safetensors")
        size = source.patch * GRID
        patch = "16" if target.startswith("monai") else "5"
        depth = "32" if target.startswith("monai") else "5"
        words = [
            "--image-size", f"{size},{size},{depth}", "--patch-size",
            f"{source.patch},{source.patch},{patch}", "--heads", str(HEADS), *options]
        case.convert(path, target, *words)
        case.expect_same_bytes(source.state, target, *words)

    return check


def decoders(case: common.Case) -> None:
    """The paper's three heads load with strict=True what is initialised for them."""
    folder = case.bench.arguments.transseg
    heads = {
        "upernet": transseg.module(folder, "decoders.upernet").UPerHead,
        "setr-pup": transseg.module(folder, "decoders.setrpup").SetrPupHead,
        "conv-transpose": transseg.module(folder, "decoders.convtrans").ConvTransHead}
    source = sources.timm_beit(depth=12)
    path = cases.write(case, source)
    words = cases.geometry((64, 64, 5), (PATCH, PATCH, 5))
    for name, kind in heads.items():
        case.convert(path, "transseg-beit", *words, "--decoder", name, "--out-channels", "3")
        arguments = {"channels": HIDDEN, "num_classes": 3}
        if name == "upernet":
            arguments["in_channels"] = [HIDDEN] * 4
        head = common.load_strictly(kind(**arguments), case.output, "decoder.")
        features = [torch.randn(1, HIDDEN, 4, 4) for _ in range(12)]
        if not torch.isfinite(head(features)).all():
            raise common.Failure(f"{name}: the logits are not finite")
        case.remark(f"{name} loads and runs")


def no_class_token(case: common.Case) -> None:
    """A target's class token that no source gives takes part in the attention: not exact."""
    source = sources.monai(classification=False)
    _, _, options = cases.transseg_geometry(source)
    path = cases.write(case, source)
    try:
        report = case.convert(path, "transseg-dino", *options)
    except common.Failure as refusal:
        case.remark(f"refused: {str(refusal).splitlines()[0][-80:]}")
        return
    if report.verdict == "exact":
        raise common.Failure("the verdict is \"exact\", with a class token out of nothing")
    case.remark(report.verdict)


def refusals(case: common.Case) -> None:
    """Geometry that no target has."""
    path = cases.write(case, sources.timm_vit())
    sizes = ["--image-size", "64,64,32", "--patch-size", "16,16,16"]
    case.expect_refusal(path, "monai-unetr", *sizes, saying="12|depth")
    case.expect_refusal(
        path, "monai-vit", "--image-size", "64,64,30", "--patch-size", "16,16,16", saying="30|16")
    case.expect_refusal(path, "monai-vit", *sizes, "--heads", "5", saying="5")
    case.remark("three refused")


def half_precision(case: common.Case) -> None:
    """A source in bfloat16 keeps its type and, within it, its values."""
    source = sources.timm_vit()
    state = {name: tensor.bfloat16() for name, tensor in source.state.items()}
    words = cases.geometry((64, 64, 16), (PATCH, PATCH, 16))
    case.convert(case.save(source.state), "monai-vit", *words)
    whole = safetensors.torch.load_file(case.output)
    case.convert(case.save(state), "monai-vit", *words)
    for name, tensor in safetensors.torch.load_file(case.output).items():
        if tensor.dtype != torch.bfloat16 and "norm_cross_attn" not in name:
            raise common.Failure(f"{name} became {tensor.dtype}")
        if whole[name].abs().max() > 0:
            distance = common.relative_distance(tensor.float(), whole[name])
            if distance > 2e-2:
                raise common.Failure(f"{name} differs by {distance:.2g}")
    case.remark("all of bfloat16, within its precision")


def hf_vit_of_twelve(hub: bool = True):
    return huggingface.source(
        "ViTModel", "vit-huggingface", hub, {"classification-head"}, num_hidden_layers=12)


CASES = {
    "monai-unetr from ViT, timm": unetr(lambda: sources.timm_vit(depth=12)),
    "monai-unetr from ViT, Hugging Face's files": unetr(hf_vit_of_twelve),
    "monai-unetr from ViT, Google": unetr(lambda: sources.google(depth=12)),
    "monai-unetr from DINOv2, Hugging Face": unetr(lambda: huggingface.source(
        "Dinov2Model", "dinov2-huggingface", True, {"mask-token"}, mlp_ratio=2,
        num_hidden_layers=12)),
    "monai-unetr by perceptron": unetr(
        lambda: sources.timm_vit(depth=12), "--target-option", "proj_type=perceptron",
        proj_type="perceptron"),
    "monai-unetr with batch norm": unetr(
        lambda: sources.timm_vit(depth=12), "--target-option", "norm_name=batch",
        norm_name="batch"),
    "monai-unetr without residual blocks": unetr(
        lambda: sources.timm_vit(depth=12), "--target-option", "res_block=false", res_block=False),
    "monai-unetr without convolution blocks": unetr(
        lambda: sources.timm_vit(depth=12), "--target-option", "conv_block=false",
        conv_block=False),
    "monai-vit by perceptron": perceptron,
    "monai-vit without qkv bias": without_query_key_value_bias,
    "monai-vit without qkv bias from a source without": nothing_to_lose,
    "monai-vit, other releases": releases,
    "monai-unetr, other releases": unetr_releases,
    "depth strategies": depth_strategies,
    "three channels": colour,
    "channel strategies": channel_strategies,
    "patch sizes": patch_sizes,
    "grids": grids,
    "wrappers": wrappers,
    "containers, ViT to monai-vit": containers(sources.timm_vit, "monai-vit"),
    "containers, DINOv2 to monai-vit": containers(
        lambda: sources.dinov2_meta(registers=True), "monai-vit"),
    "containers, BEiT to transseg-beit": containers(
        sources.timm_beit, "transseg-beit", "--decoder", "none"),
    "decoders": decoders,
    "no class token": no_class_token,
    "refusals": refusals,
    "bfloat16": half_precision,
}
