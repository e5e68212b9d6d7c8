"""Shortens the state dicts that the paper's own loaders made, so that a clone can hold them.

    python make_fixtures.py FOLDER

FOLDER has `swin`, `videoswin` and `dino`, each with `source.safetensors` (dino: `source_wrapped.pth`
too) and `target_*.safetensors`. The sources are taken as they are. Of a target the tensors that
equal the source's tensor of the same name bit for bit are only named, in the metadata under
`copied`; those that equal another tensor of the target are named with it under `repeated`.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file


def tensors(path: Path) -> dict[str, np.ndarray]:
    with safe_open(path, "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def same(left: np.ndarray | None, right: np.ndarray) -> bool:
    return (
        left is not None
        and left.dtype == right.dtype
        and left.shape == right.shape
        and left.tobytes() == right.tobytes()
    )


def shortened(source: dict[str, np.ndarray], target: dict[str, np.ndarray]):
    kept: dict[str, np.ndarray] = {}
    copied: list[str] = []
    repeated: dict[str, str] = {}
    for name, tensor in sorted(target.items()):
        if same(source.get(name.removeprefix("encoder.")), tensor):
            copied.append(name)
            continue
        twin = next((other for other, value in kept.items() if same(value, tensor)), None)
        if twin is None:
            kept[name] = np.ascontiguousarray(tensor)
        else:
            repeated[name] = twin
    return kept, {"copied": json.dumps(copied), "repeated": json.dumps(repeated, sort_keys=True)}


def main() -> None:
    given, here = Path(sys.argv[1]), Path(__file__).parent
    for model in ["swin", "videoswin", "dino"]:
        folder = here / model
        folder.mkdir(exist_ok=True)
        source = "source_wrapped.pth" if model == "dino" else "source.safetensors"
        shutil.copyfile(given / model / source, folder / source)
        weights = tensors(given / model / "source.safetensors")
        for path in sorted((given / model).glob("target_*.safetensors")):
            kept, names = shortened(weights, tensors(path))
            save_file(kept, folder / path.name, metadata=names)


if __name__ == "__main__":
    main()
