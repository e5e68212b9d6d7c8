"""Compares `model.py` with outputs of the paper's own modules.

    python check_goldens.py FOLDER

FOLDER is the `transseg/beit` case: `config.json`, `decoder.safetensors`,
`target_{inflation,centering}.safetensors` and `io_{inflation,centering}.safetensors`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from model import Geometry, Segmenter, resize

TOLERANCE = 1e-4


def load_target(folder: Path, name: str, config: dict) -> Segmenter:
    """The 3D model of the case, its slices taken as channels."""
    geometry = Geometry(
        image=config["img_size"][0],
        patch=config["patch"],
        channels=config["img_size"][2],
        hidden=config["hidden"],
        depth=config["depth"],
        heads=config["heads"],
        classes=config["classes"],
        layers=tuple(config["layer_idxs"]),
    )
    encoder = load_file(folder / f"target_{name}.safetensors")
    state = {key.removeprefix("encoder."): value for key, value in encoder.items()}
    state = {k: v for k, v in state.items() if "relative_position_index" not in k}
    kernel = state["patch_embed.proj.weight"]
    state["patch_embed.proj.weight"] = kernel.flatten(1, 2)
    state.update(load_file(folder / "decoder.safetensors"))
    model = Segmenter(geometry)
    model.load_state_dict(state)
    return model.eval()


def flatten_kernel(model: Segmenter) -> Segmenter:
    """The 2D model that one grey image goes through: slices summed."""
    state = model.state_dict()
    kernel = state["patch_embed.proj.weight"]
    flat = Segmenter(Geometry(**{**vars(model.geometry), "channels": 1}))
    summed = kernel.sum(dim=1, keepdim=True)
    flat.load_state_dict({**state, "patch_embed.proj.weight": summed})
    return flat.eval()


def distance(actual: Tensor, expected: Tensor) -> float:
    """Largest difference, relative to the largest expected value."""
    return ((actual - expected).abs().max() / expected.abs().max()).item()


@torch.inference_mode()
def compare(folder: Path, name: str, config: dict) -> dict[str, float]:
    """Distances of one case: features, logits, and 3D against 2D."""
    model = load_target(folder, name, config)
    case = load_file(folder / f"io_{name}.safetensors")
    image = case["input_bchwd"].permute(0, 1, 4, 2, 3).flatten(1, 2)
    maps = model.features(image)
    found = {
        f"feature {i}": distance(x.flatten(2).transpose(1, 2), case[f"feature_{i}"])
        for i, x in enumerate(maps)
    }
    logits = resize(model(image), image.shape[-1])
    found["logits"] = distance(logits, case["logits_bchw"])
    constant = image[:, :1]
    found["depth-constant 3D against 2D"] = distance(
        model(constant.expand_as(image)), flatten_kernel(model)(constant)
    )
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    config = json.loads((folder / "config.json").read_text())
    failed = False
    for name in ("inflation", "centering"):
        for what, value in compare(folder, name, config).items():
            failed |= value > TOLERANCE
            print(f"{name:10} {what:30} {value:.1e}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
