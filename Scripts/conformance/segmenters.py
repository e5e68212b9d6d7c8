"""Compares forward passes with MONAI's over generated configurations of its models.

    python segmenters.py inflate-ckpt [--cases N] [--seed N]

Needs torch, monai, safetensors and numpy. Every case builds a model of random options and weights,
records MONAI's own run of it, and has `verify --fixture` repeat that run: the scores and several
intermediate results must agree to 1e-4 of the largest magnitude. One weight in each case is then
changed, and the comparison must fail.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
from monai.networks.nets import UNETR, SwinUNETR, ViT
from safetensors.torch import save_file


def randomise(model, generator):
    """Weights that keep activations at their scale, statistics that are nobody's defaults."""
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point():
            continue
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=generator)
        elif tensor.ndim <= 1:
            centre = 1.0 if name.endswith("weight") else 0.0
            tensor.uniform_(centre - 0.4, centre + 0.4, generator=generator)
        elif "bias_table" in name or "position" in name:
            tensor.normal_(0, 0.5, generator=generator)
        else:
            transposed = "transp_conv" in name or name.endswith(".0.conv.weight")
            fan_in = tensor.shape[0] if transposed else tensor[0].numel()
            tensor.normal_(0, 1.2 * fan_in**-0.5, generator=generator)


def norm(choose):
    return choose.choice(["instance", "batch", ("instance", {"affine": True}),
                          ("group", {"num_groups": 2})])


def unetr(choose):
    size = [16 * choose.randint(1, 3) for _ in range(3)]
    heads = choose.choice([2, 3, 4])
    options = dict(
        in_channels=choose.randint(1, 4), out_channels=choose.randint(2, 5), img_size=size,
        feature_size=choose.choice([2, 4, 6, 16]), hidden_size=12 * choose.randint(1, 3),
        mlp_dim=choose.randint(10, 60), num_heads=heads, norm_name=norm(choose),
        proj_type=choose.choice(["conv", "perceptron"]), conv_block=choose.random() < 0.5,
        res_block=choose.random() < 0.5, qkv_bias=choose.random() < 0.5)
    if options["norm_name"] == ("instance", {"affine": True}):
        options["norm_name"] = "instance"
    model = UNETR(**options)
    grid = dict(zip(("gridHeight", "gridWidth", "gridDepth"), (n // 16 for n in size)))
    parameters = {"heads": heads, "patchHeight": 16, "patchWidth": 16, "patchDepth": 16} | grid
    taps = {f"blocks[{i}]": model.vit.blocks[i] for i in range(0, 12, 3)}
    taps |= {f"decoder.{n}": getattr(model, n) for n in
             ("encoder1", "encoder2", "encoder3", "encoder4", "decoder5", "decoder3")}
    return model, "monai-unetr", options, parameters, size, taps, [3, 6, 9, 11]


def swinunetr(choose):
    size = [32 * choose.randint(1, 2) for _ in range(3)]
    window = choose.choice([7, 4, (3, 5, 4), (7, 5, 2)])
    options = dict(
        in_channels=choose.randint(1, 4), out_channels=choose.randint(2, 4), feature_size=12,
        depths=[choose.randint(1, 2) for _ in range(4)], norm_name=norm(choose),
        num_heads=choose.choice([(1, 2, 4, 8), (3, 3, 6, 12), (2, 4, 4, 4)]),
        window_size=window, mlp_ratio=choose.choice([2.0, 4.0]), qkv_bias=choose.random() < 0.6,
        patch_norm=choose.random() < 0.5, downsample=choose.choice(["merging", "mergingv2"]),
        use_v2=choose.random() < 0.4)
    model = SwinUNETR(**options)
    sides = window if isinstance(window, tuple) else (window,) * 3
    parameters = dict(zip(("windowHeight", "windowWidth", "windowDepth"), sides))
    parameters |= dict(zip(("imageHeight", "imageWidth", "imageDepth"), size))
    taps = {}
    for stage in range(4):
        for number, block in enumerate(getattr(model.swinViT, f"layers{stage + 1}")[0].blocks):
            taps[f"stages[{stage}].blocks[{number}]"] = block
    taps |= {f"decoder.{n}": getattr(model, n) for n in
             ("encoder1", "encoder2", "encoder10", "decoder5", "decoder3", "decoder1")}
    return model, "monai-swinunetr", options, parameters, size, taps, []


def vit(choose):
    patch = [choose.choice([4, 8]) for _ in range(3)]
    size = [p * choose.randint(1, 4) for p in patch]
    heads = choose.choice([2, 3, 4])
    options = dict(
        in_channels=choose.randint(1, 4), img_size=size, patch_size=patch,
        hidden_size=12 * choose.randint(1, 3), mlp_dim=choose.randint(10, 60),
        num_layers=choose.randint(1, 4), num_heads=heads, qkv_bias=choose.random() < 0.5)
    model = ViT(**options)
    parameters = {"heads": heads}
    names = ("Height", "Width", "Depth")
    parameters |= {f"grid{n}": s // p for n, s, p in zip(names, size, patch)}
    taps = {f"blocks[{i}]": block for i, block in enumerate(model.blocks)}
    taps["finalNorm"] = model.norm
    return model, "monai-vit", options, parameters, size, taps, []


def record(case, folder):
    """Writes MODEL and FIXTURE into the folder."""
    model, family, options, parameters, size, taps, layers = case
    target_options = {}
    if isinstance(options.get("norm_name"), tuple):
        kind, arguments = options["norm_name"]
        target_options["norm_name"] = "group" if kind == "group" else "instance-affine"
        if kind == "group":
            parameters = parameters | {"normGroups": arguments["num_groups"]}
    image = torch.randn(1, options["in_channels"], *size)
    results, hooks = {"input": image}, []

    def keep(role):
        def hook(_, __, output):
            is_swin = role.startswith("stages")
            results[f"tap.{role}"] = (output.movedim(-1, 1) if is_swin else output).contiguous()
        return hook

    for role, module in taps.items():
        hooks.append(module.register_forward_hook(keep(role)))
    with torch.no_grad():
        output = model.eval()(image)
    for hook in hooks:
        hook.remove()
    if family != "monai-vit":
        results["logits"] = output.contiguous()
    note = {"formatVersion": 1, "target": family, "parameters": parameters,
            "decoderLayers": layers, "options": {}, "sourceSHA256": "0" * 64}
    if target_options:
        note["targetOptions"] = target_options
    metadata = {"inflate-ckpt": json.dumps(note)}
    tensors = {k: v.clone().contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata=metadata)
    save_file(results, folder / "fixture.safetensors")
    return tensors, metadata


def distance(tool, folder):
    """What `verify` measures."""
    run = subprocess.run(
        [tool, "verify", folder / "model.safetensors", "--fixture", folder / "fixture.safetensors",
         "--json"], capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise SystemExit(f"verify ended with {run.returncode}: {run.stderr}")
    for check in json.loads(run.stdout)["reports"][0]["checks"]:
        if check["id"] == "fixture":
            return check
    raise SystemExit(f"no fixture was checked: {run.stdout}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--cases", type=int, default=26)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    choose = random.Random(given.seed)
    generator = torch.Generator().manual_seed(given.seed)
    torch.manual_seed(given.seed)
    failures = 0
    for number in range(given.cases):
        case = (unetr, swinunetr, unetr, swinunetr, vit)[number % 5](choose)
        randomise(case[0], generator)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            tensors, metadata = record(case, folder)
            check = distance(given.tool, folder)
            name = "decoder1.conv_block.conv2.conv.weight"
            name = next((k for k in tensors if k.endswith("attn.qkv.weight")), name)
            tensors[name][0, 0] += 1
            save_file(tensors, folder / "model.safetensors", metadata=metadata)
            control = distance(given.tool, folder)
        passed = check["verdict"] == "pass" and control["verdict"] != "pass"
        failures += not passed
        print(f"{number:3} {'ok  ' if passed else 'FAIL'} {case[1]:16} {check.get('figure')}"
              f" (changed: {control.get('figure')}) {case[2]}", flush=True)
    print(f"{given.cases - failures} of {given.cases} agree")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
