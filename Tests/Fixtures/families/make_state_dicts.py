"""Names and shapes of small models, as their own packages give them: state_dicts.json.

    pip install torch timm transformers torchvision monai einops safetensors h5py
    python Tests/Fixtures/families/make_state_dicts.py --transseg CLONE [--monai 1.4=FOLDER]…

Each entry has the family that has to be recognised, the hyper-parameters that the model was built
with, the ids of the rules that drop tensors, and the tensors: names by shape, a running number
that several names differ in written out. The models are those of Scripts/conformance/families,
so that what is recognised here is what is converted there; where packages name tensors no more,
that folder's renamed modules stand in.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "Scripts/conformance/families"))

import safetensors.torch  # noqa: E402
import torch  # noqa: E402

import common  # noqa: E402
import swin  # noqa: E402
import swin_sources  # noqa: E402
import swin_targets  # noqa: E402
import transseg  # noqa: E402
import vit  # noqa: E402
import vit_cases  # noqa: E402
import vit_sources  # noqa: E402
from vit_sources import DEPTH, GRID, HEADS, HIDDEN, MLP  # noqa: E402

RELEASE = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
nets = importlib.import_module("monai.networks.nets")
state = getattr(nets, sys.argv[2])(**json.loads(sys.argv[3])).state_dict()
print(json.dumps({name: list(tensor.shape) for name, tensor in state.items()}))
"""


def shapes(state) -> dict[str, list[int]]:
    return {name: list(tensor.shape) for name, tensor in state.items()}


def stored(source) -> dict[str, list[int]]:
    """What is in the source's files, where it is a folder that its package writes."""
    if not source.folder:
        return shapes(source.state)
    with tempfile.TemporaryDirectory() as folder:
        source.module.save_pretrained(folder)
        return shapes(safetensors.torch.load_file(pathlib.Path(folder) / "model.safetensors"))


def entry(family, parameters, drops, tensors, options=None) -> dict:
    by_shape: dict[str, list[str]] = {}
    for name in sorted(tensors):
        by_shape.setdefault(",".join(map(str, tensors[name])), []).append(name)
    made = {"family": family, "parameters": parameters, "drops": sorted(drops)}
    if options:
        made["options"] = options
    return made | {"tensors": by_shape}


def vision_transformers():
    for name, make in vit.every_source():
        source = make()
        parameters = {
            "hidden": HIDDEN, "depth": DEPTH, "mlp": vit_cases.mlp_width(source),
            "channels": source.channels, "patchHeight": source.patch, "patchWidth": source.patch,
            "gridHeight": GRID, "gridWidth": GRID}
        yield name, entry(source.family, parameters, source.drops, stored(source))


def swin_parameters(**changes) -> dict:
    return {
        "embedding": swin_sources.EMBEDDING, "stages": swin_sources.STAGES,
        "windowHeight": swin_sources.WINDOW, "windowWidth": swin_sources.WINDOW,
        **{f"depth[{n}]": depth for n, depth in enumerate(swin_sources.DEPTHS)},
        **{f"heads[{n}]": heads for n, heads in enumerate(swin_sources.HEADS)}} | changes


def swin_transformers():
    made = [(name, make) for name, make in (*swin.every_source(4), *swin.more_sources())]
    made += [
        ("Swin V2, timm", lambda: swin_sources.timm(2)),
        ("Swin V2, Microsoft", lambda: swin_sources.microsoft(2)),
        ("Swin V2, torchvision", lambda: swin_sources.torchvision(2)),
        ("Swin V2, Hugging Face", lambda: swin_sources.huggingface("Swinv2Model")),
        ("SwinUNETR of images, MONAI", swin_sources.monai_2d),
        ("SwinUNETR of images with patch norm, MONAI",
         lambda: swin_sources.monai_2d(patch_norm=True)),
        ("SwinUNETR of images, batch norm, MONAI",
         lambda: swin_sources.monai_2d(norm_name="batch"))]
    for name, make in made:
        source = make()
        parameters = swin_parameters(
            channels=source.channels, patchHeight=source.patch, patchWidth=source.patch)
        if "swinv2" in source.family:
            # The continuous bias knows no window.
            del parameters["windowHeight"], parameters["windowWidth"]
        yield name, entry(source.family, parameters, source.drops, stored(source))


def monai_targets(folders: dict[str, str]):
    from monai.networks import nets

    encoder = {"hidden": HIDDEN, "mlp": MLP, "channels": 1}
    vit_arguments = {
        "in_channels": 1, "img_size": (64, 64, 32), "patch_size": (16, 16, 16),
        "hidden_size": HIDDEN, "mlp_dim": MLP, "num_layers": DEPTH, "num_heads": HEADS}
    unetr_arguments = {
        "in_channels": 1, "out_channels": 3, "img_size": (64, 64, 32), "feature_size": 8,
        "hidden_size": HIDDEN, "mlp_dim": MLP, "num_heads": HEADS}
    swin_arguments = {
        "in_channels": 1, "out_channels": 3, "feature_size": 12,
        "depths": swin_sources.DEPTHS, "num_heads": swin_sources.HEADS, "window_size": 3}
    # A perceptron's patches, and a volume's grid, are not in the shapes.
    grid = encoder
    window = swin_parameters(channels=1, windowDepth=3, patchDepth=2, patchHeight=2, patchWidth=2)
    cases = [
        ("ViT", "ViT", vit_arguments | {"qkv_bias": qkv, "proj_type": kind}, grid | {"depth": DEPTH},
         {"qkv_bias": str(qkv).lower(), "proj_type": kind})
        for qkv in (True, False) for kind in ("conv", "perceptron")]
    cases += [
        ("UNETR", "UNETR", unetr_arguments | {"qkv_bias": qkv, "proj_type": kind, "norm_name": norm},
         grid | {"depth": 12, "classes": 3, "featureSize": 8},
         {"qkv_bias": str(qkv).lower(), "proj_type": kind, "norm_name": norm})
        for qkv, kind, norm in (
            (True, "conv", "instance"), (False, "conv", "instance"),
            (False, "perceptron", "instance"), (True, "conv", "batch"))]
    cases += [
        ("SwinUNETR", "SwinUNETR",
         swin_arguments | {"use_v2": v2, "patch_norm": patch_norm, "qkv_bias": True},
         window | {"classes": 3}, {"use_v2": str(v2).lower(), "patch_norm": str(patch_norm).lower()})
        for v2 in (False, True) for patch_norm in (False, True)]
    cases.append((
        "SwinUNETR, mergingv2", "SwinUNETR", swin_arguments | {"downsample": "mergingv2"}, window,
        {}))
    for name, kind, arguments, parameters, options in cases:
        family = f"monai-{kind.lower()}"
        what = ", ".join(f"{key}={value}" for key, value in options.items())
        model = getattr(nets, kind)(**arguments)
        if options.get("proj_type") == "perceptron" and kind == "ViT":
            parameters = {name: n for name, n in parameters.items() if name != "channels"}
        # The norm of patches came with release 1.5, and without it nothing tells 1.6 from it.
        known = options | ({"version": "1.6"} if kind != "SwinUNETR" else {})
        yield f"{name} ({what}), MONAI 1.6", entry(
            family, parameters, (), shapes(model.state_dict()), known)
    for release, folder in folders.items():
        for kind, arguments in (
            ("ViT", vit_arguments | {"qkv_bias": True}), ("UNETR", unetr_arguments),
            # Earlier releases have windows of 7, and those before 1.5 need an image size.
            ("SwinUNETR", {
                name: value for name, value in swin_arguments.items() if name != "window_size"
            } | ({"img_size": (64, 64, 32)} if release in ("1.3", "1.4") else {}))
        ):
            words = [sys.executable, "-c", RELEASE, folder, kind, json.dumps(arguments)]
            state = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
            sevens = {axis: 7 for axis in ("windowHeight", "windowWidth", "windowDepth")}
            parameters = {"SwinUNETR": window | sevens, "ViT": grid, "UNETR": grid}[kind]
            yield f"{kind}, MONAI {release}", entry(f"monai-{kind.lower()}", parameters, (), state)


def decoders(folder, channels: list[int], single: int):
    kind = transseg.module(folder, "decoders.upernet").UPerHead
    make = {
        "upernet": lambda: kind(
            layer_idxs=[0, 1, 2, 3], in_channels=channels, channels=channels[0], num_classes=5,
            **({"fpns": False} if len(set(channels)) > 1 else {})),
        "setr-pup": lambda: transseg.module(folder, "decoders.setrpup").SetrPupHead(single, 5),
        "conv-transpose": lambda: transseg.module(
            folder, "decoders.convtrans").ConvTransHead(single, 5)}
    for name, maker in make.items():
        yield name, {f"decoder.{key}": shape for key, shape in shapes(maker().state_dict()).items()}
    yield "encoder alone", {}


def transseg_targets(folder):
    beit = transseg.module(folder, "encoders.beit3d").BEiT3D(
        img_size=(64, 64, 5), patch_size=(16, 16, 5), in_chans=1, embed_dim=HIDDEN, depth=4,
        num_heads=HEADS, mlp_ratio=2, qkv_bias=True, init_values=1, use_abs_pos_emb=False,
        use_rel_pos_bias=True)
    dino = transseg.module(folder, "encoders.dino3d").VisionTransformer3D(
        img_size=(5, 64, 64), patch_size=(16, 16, 5), in_chans=1, embed_dim=HIDDEN, depth=4,
        num_heads=HEADS, mlp_ratio=2, qkv_bias=True)
    source = swin_sources.timm()
    swin2 = transseg.module(folder, "encoders.swin_transformer").SwinTransformer(
        **swin_targets.swin_arguments(source, 5, 1))
    video = transseg.module(folder, "encoders.swin_transformer_3d").SwinTransformer3D(
        patch_size=(2, 4, 4), in_chans=1, embed_dim=swin_sources.EMBEDDING,
        depths=list(swin_sources.DEPTHS), num_heads=list(swin_sources.HEADS),
        window_size=(2, 7, 7), patch_norm=True)
    plain = {
        "hidden": HIDDEN, "depth": 4, "mlp": 48, "channels": 1, "patchDepth": 5,
        "gridHeight": GRID, "gridWidth": GRID}
    hierarchical = swin_parameters(channels=1)
    widths = [swin_sources.EMBEDDING * 2**stage for stage in range(swin_sources.STAGES)]
    for family, module, parameters, channels in (
        ("transseg-beit", beit, plain, [HIDDEN] * 4), ("transseg-dino", dino, plain, [HIDDEN] * 4),
        ("transseg-swin", swin2, hierarchical | {"patchDepth": 5}, widths),
        ("video-swin", video, hierarchical | {
            "patchDepth": 2, "windowDepth": 2, "windowHeight": 7, "windowWidth": 7}, widths),
    ):
        encoder = {f"encoder.{name}": s for name, s in shapes(module.state_dict()).items()}
        for decoder, tensors in decoders(folder, channels, channels[-1]):
            yield f"{family} with {decoder}, TransSeg", entry(
                family, parameters, (), encoder | tensors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transseg", type=pathlib.Path, required=True)
    parser.add_argument("--monai", action="append", default=[], metavar="RELEASE=FOLDER")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    entries: dict[str, dict] = {}
    folders = dict(pair.split("=", 1) for pair in arguments.monai)
    with torch.no_grad():
        for made in (
            vision_transformers(), swin_transformers(), monai_targets(folders),
            transseg_targets(arguments.transseg),
        ):
            for name, found in made:
                assert name not in entries, name
                entries[name] = found
    with open(HERE / "state_dicts.json", "w", encoding="utf-8") as file:
        lines = [f"{json.dumps(name)}: {json.dumps(made, separators=(',', ':'))}"
                 for name, made in entries.items()]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(entries)} models")


if __name__ == "__main__":
    main()
