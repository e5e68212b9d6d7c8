"""Joins the goldens' recorded runs into the one-file form that `verify --fixture` takes.

    python make_fixtures.py

Per strategy, from ../transseg/beit/io_*.safetensors (the paper's own modules in PyTorch):
`input` [1, C, H, W, D], `logits` [1, classes, H, W], `feature.<i>` [1, tokens, hidden].
"""

import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

HERE = Path(__file__).parent


def renamed(name: str) -> str:
    """input_bchwd, logits_bchw, feature_0 in the goldens."""
    if name.startswith("feature_"):
        return f"feature.{name.removeprefix('feature_')}"
    return name.split("_")[0]


def main() -> None:
    for name in ["inflation", "centering"]:
        path = HERE.parent / "transseg" / "beit" / f"io_{name}.safetensors"
        with safe_open(path, "pt") as golden:
            tensors = {renamed(key): golden.get_tensor(key) for key in golden.keys()}
        geometry = {"imageSize": list(tensors["input"].shape[2:])}
        save_file(tensors, HERE / f"{name}.safetensors", {"geometry": json.dumps(geometry)})


if __name__ == "__main__":
    main()
