"""What `swin.py` checks besides forward passes: options, MONAI's releases, refusals."""

import torch

import common
import swin_sources as sources
from swin_targets import (
    MONAI_DEPTH, convert, expect_own_buffers, grey_image, unetr_arguments, unetr_features,
    unetr_options, words, write)

MONAI_NORMS = {
    "instance": "instance", "batch": "batch", "group": ("group", {"num_groups": 2}),
    "instance-affine": ("instance", {"affine": True})}


def written(case: common.Case) -> dict[str, torch.Tensor]:
    return common.safetensors.torch.load_file(case.output)


def loads(case: common.Case, norm: str, **changes) -> None:
    """Every combination of options has the tensors that MONAI's module with it has."""
    nets = common.need_package("monai.networks.nets")
    arguments = unetr_arguments(**changes)
    allowed = [] if arguments.get("qkv_bias", True) else ["--allow-loss", "query-bias"]
    path = case.save(sources.timm(patch=2).state)
    case.convert(
        path, "monai-swinunetr", *unetr_options(arguments, (96, 96, MONAI_DEPTH)),
        "--target-option", f"norm_name={norm}", *allowed)
    module = nets.SwinUNETR(**arguments, norm_name=MONAI_NORMS[norm])
    expect_own_buffers(case, module)
    common.load_strictly(module, case.output)
    case.remark("loads")


def release(case: common.Case, number: str, downsample: str) -> None:
    """An older release computes with the converted weights what the newest does. (Until 1.4 the
    window had to be 7, and wants an image's size.)"""
    nets = common.need_package("monai.networks.nets")
    if number not in case.bench.monai_folders:
        raise common.Skipped(f"say where MONAI {number} is with --monai {number}=FOLDER")
    size, windows = (64, 64, 32), (7, 7, 7)
    source = sources.monai_2d(window_size=7)
    arguments = unetr_arguments(patch_norm=False, window_size=windows, downsample=downsample)
    options = [
        *unetr_options(arguments, size), "--patch-embed", "center",
        "--target-version", f"monai-{number}"]
    if number in ("1.3", "1.4") and downsample == "merging":
        case.expect_refusal(write(case, source), "monai-swinunetr", *options, saying="mergingv2")
        case.remark("refused")
        return
    convert(case, source, "monai-swinunetr", *options)
    volume = common.image(1, size[0], size[1] * size[2]).reshape(1, 1, *size)
    newest = common.load_strictly(nets.SwinUNETR(**arguments), case.output)(volume)
    if number in ("1.3", "1.4"):
        arguments = {
            name: value for name, value in arguments.items()
            if name not in ("patch_norm", "window_size")} | {"img_size": size}
    older = common.run_release(
        case.bench.monai_folders[number], "monai.networks.nets", "SwinUNETR", arguments,
        case.output, volume)
    case.compare("logits", older, newest)


def smaller_patches(case: common.Case) -> None:
    """Patches of 4 for a target that has 2: the kernel is timm's, its depths equal shares."""
    timm = common.import_timm()
    source = sources.timm(patch=4)
    arguments = unetr_arguments()
    report = case.convert(
        write(case, source), "monai-swinunetr", *unetr_options(arguments, (96, 96, MONAI_DEPTH)),
        "--patch-embed", "average")
    case.expect_verdict(report, ".*resizing of the patch embedding")
    kernel = written(case)["swinViT.patch_embed.proj.weight"]
    resized = timm.layers.resample_patch_embed(
        source.state["patch_embed.proj.weight"].sum(1, keepdim=True), [2, 2])
    case.compare("kernels", kernel, common.depth_constant(resized, 2) / 2, 1e-5)


def another_window(case: common.Case) -> None:
    """Tables for a window of another size: torch's own bicubic interpolation."""
    source = sources.timm()
    report = case.convert(
        write(case, source), "transseg-swin", *words("--image-size", *source.size, 5),
        *words("--window", 5, 5, 1), "--out-channels", "5", "--rel-pos-resize", "bicubic")
    case.expect_verdict(report, ".*resizing of the relative position bias")
    found = written(case)
    for name, table in source.state.items():
        if name.endswith("relative_position_bias_table"):
            heads = table.shape[1]
            square = table.T.reshape(1, heads, 5, 5)
            resized = torch.nn.functional.interpolate(square, size=(9, 9), mode="bicubic")
            expected = resized.reshape(heads, 81).T
            distance = common.relative_distance(found[f"encoder.{name}"], expected)
            if distance > 1e-5:
                raise common.Failure(f"{name} differs by {distance:.2g} relative")
    case.remark("tables as torch resizes them")


def padded_windows(case: common.Case) -> None:
    """Windows of 3 do not divide depths of 16, 8, 4 and 2: what is padded attends along, which the
    2D model has nothing of, and the verdict has to say so."""
    nets = common.need_package("monai.networks.nets")
    source = sources.timm(patch=2)
    arguments = unetr_arguments(window_size=(3, 3, 3))
    report = case.convert(
        write(case, source), "monai-swinunetr",
        *unetr_options(arguments, (*source.size, MONAI_DEPTH)), "--patch-embed", "average")
    module = common.load_strictly(nets.SwinUNETR(**arguments), case.output)
    image = grey_image(source)
    _, stages, _, _ = unetr_features(module, common.depth_constant(image[:, :1], MONAI_DEPTH))
    expected = common.depth_constant(source.features(image).stages[0], MONAI_DEPTH // 2)
    case.expect_different("first stages", stages[0], expected)
    case.expect_verdict(report, ".*padding")


def containers(case: common.Case) -> None:
    source = sources.microsoft()
    options = [
        *words("--image-size", *source.size, 8), *words("--window", 3, 3, 2), "--out-channels", "5",
        "--patch-embed", "average"]
    case.convert(write(case, source), "video-swin", *options)
    case.expect_same_bytes(source.state, "video-swin", *options)


def encoder_alone(case: common.Case) -> None:
    source = sources.huggingface_upernet(hub=True)
    report = case.convert(
        write(case, source), "transseg-swin", *words("--image-size", *source.size, 5),
        "--decoder", "none")
    if any(name.startswith("decoder.") for name in written(case)):
        raise common.Failure("there is a decoder")
    if "decoder-left-out" not in report.rules:
        raise common.Failure(f"dropped by {sorted(report.rules)}")
    case.remark("no decoder")


def refusals(case: common.Case) -> None:
    """Each with the target, what is wrong with it, and what the message has to speak of."""
    unetr = unetr_options(unetr_arguments(), (96, 96, MONAI_DEPTH))
    paper = [*words("--image-size", 192, 192, 5), "--out-channels", "5"]
    small = sources.timm(patch=2)
    without = unetr_options(unetr_arguments(patch_norm=False), (96, 96, MONAI_DEPTH))
    uneven = unetr_options(unetr_arguments(), (100, 96, MONAI_DEPTH))
    no_table = {
        name: tensor for name, tensor in small.state.items()
        if name != "layers.1.blocks.0.attn.relative_position_bias_table"}
    absolute = sources.huggingface(use_absolute_embeddings=True, hub=False)
    for name, state, target, options, saying in (
        ("width 16", sources.timm(patch=2, embed_dim=16, num_heads=(1, 2, 4, 8)).state,
         "monai-swinunetr", unetr, "multiple of 12"),
        ("three stages", sources.timm(patch=2, depths=(1, 1, 1), num_heads=(1, 2, 3)).state,
         "monai-swinunetr", unetr, "stages"),
        ("patch norm", small.state, "monai-swinunetr", without, "patch-norm"),
        ("size", small.state, "monai-swinunetr", uneven, "32"),
        ("feature size", small.state, "monai-swinunetr", [*unetr, "--feature-size", "48"], "48"),
        ("no table", no_table, "monai-swinunetr", unetr, "relative_position_bias_table"),
        ("positions", absolute.state, "transseg-swin", paper, "absolute-position-embedding"),
        ("depth", small.state, "transseg-swin", [*paper, *words("--patch-size", 4, 4, 3)], "epth"),
        ("vit", small.state, "monai-vit", words("--image-size", 64, 64, 16), "nothing"),
    ):
        path = case.save(state, f"{name.replace(' ', '-')}.safetensors")
        try:
            case.expect_refusal(path, target, *options, saying=saying)
        except common.Failure as failure:
            raise common.Failure(f"{name}: {failure}") from None
        case.remark(name)


def second_version(case: common.Case, source: sources.Source) -> None:
    """Scores by angles and norms behind the layers: no target computes them, so that no table
    could be made up for one in silence."""
    path = write(case, source)
    for target, options in (
        ("transseg-swin", words("--image-size", 192, 192, 5)),
        ("video-swin", words("--image-size", 192, 192, 8)),
        ("monai-swinunetr", unetr_options(unetr_arguments(), (96, 96, MONAI_DEPTH))),
    ):
        case.expect_refusal(path, target, *options, "--out-channels", "5", saying="Swin V2|cosine")
    case.remark("refused by three targets")


def cases():
    """Names of cases with what they do."""
    for norm in MONAI_NORMS:
        yield f"SwinUNETR with {norm} norm", lambda case, norm=norm: loads(case, norm)
    yield "SwinUNETR V2", lambda case: loads(case, "instance", use_v2=True)
    yield "SwinUNETR V2 with batch norm and mergingv2", lambda case: loads(
        case, "batch", use_v2=True, downsample="mergingv2")
    yield "SwinUNETR without qkv bias", lambda case: loads(case, "instance", qkv_bias=False)
    for number in ("1.3", "1.4", "1.5"):
        for downsample in ("merging", "mergingv2"):
            yield f"SwinUNETR of MONAI {number}, {downsample}", (
                lambda case, number=number, downsample=downsample: release(
                    case, number, downsample))
    yield "patches of another size", smaller_patches
    yield "windows of another size", another_window
    yield "windows that do not divide the depth", padded_windows
    yield "every container", containers
    yield "encoder alone", encoder_alone
    yield "refusals", refusals
    for name, make in (
        ("timm", lambda: sources.timm(2)), ("Microsoft", lambda: sources.microsoft(2)),
        ("torchvision", lambda: sources.torchvision(2)),
        ("Hugging Face", lambda: sources.huggingface("Swinv2Model")),
    ):
        yield f"Swin V2, {name}", lambda case, make=make: second_version(case, make())
