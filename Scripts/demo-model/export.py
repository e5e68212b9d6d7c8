"""Writes everything the repository bundles from the trained weights, and measures it.

    python export.py --weights WEIGHTS.pt --labels LABELS.npy --repository FOLDER

Writes `Zoo/Reference/` (checkpoints, volume, labels, reference.json) and
`Tests/Fixtures/demo/demo-slice.safetensors`. Every figure is that of the weights as
stored, rounded to half precision.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from data import CLASSES, SIDE, Brain, load_colin27
from evaluate import dice, evaluate, segment, table, threshold_baseline
from model import Geometry, Segmenter
from train import THREADS, colour, enlarge

NAME = "beit-tiny-brain-2d"
SLICES = 72
"""Slices of the bundled volume, from the middle of the brain."""

State = dict[str, Tensor]


def rounded(state: State) -> State:
    """The state dict as it is stored: half precision, counters left whole."""
    return {
        name: (t.half() if t.is_floating_point() else t).contiguous()
        for name, t in state.items()
    }


def load_model(state: State) -> Segmenter:
    """The model with the given weights, computing in single precision."""
    model = Segmenter(Geometry())
    model.load_state_dict(state)
    return model.eval()


def write_hdf5(state: State, path: Path) -> None:
    """One flat, contiguous dataset a tensor."""
    with h5py.File(path, "w") as file:
        for name, tensor in state.items():
            file.create_dataset(name, data=tensor.numpy())


def write_nifti(volume: np.ndarray, affine: np.ndarray, path: Path) -> None:
    """A gzipped NIfTI-1 file that comes out the same every time."""
    image = nib.Nifti1Image(volume, affine)
    image.set_sform(affine, code="mni")
    image.set_qform(affine, code="mni")
    image.header.set_xyzt_units("mm")
    path.write_bytes(gzip.compress(image.to_bytes(), compresslevel=9, mtime=0))


def middle(brain: Brain) -> Brain:
    """The SLICES slices around the middle of the brain."""
    filled = np.nonzero(brain.intensity.any(axis=(0, 1)))[0]
    first = int(filled[0] + filled[-1] + 1 - SLICES) // 2
    affine = brain.affine.copy()
    affine[:, 3] = brain.affine @ [0, 0, first, 1]
    kept = slice(first, first + SLICES)
    return Brain(
        intensity=np.ascontiguousarray(brain.intensity[:, :, kept]),
        tissue=np.ascontiguousarray(brain.tissue[:, :, kept]),
        affine=affine,
        window=brain.window,
    )


def write_fixture(model: Segmenter, brain: Brain, path: Path) -> None:
    """One slice and the head's own logits for it, to check another implementation."""
    index = brain.intensity.shape[2] // 2
    grey = torch.from_numpy(brain.window(brain.intensity[:, :, index]))[None, None]
    with torch.inference_mode():
        logits = model(colour(enlarge(grey)))
    notes = {
        "checkpoint": f"{NAME}.safetensors",
        "volume": "colin27-t1.nii.gz",
        "sliceIndex": index,
        "intensityWindow": [brain.window.low, brain.window.high],
        "slice": "B,C,H,W,D after the intensity window, at 192 x 192",
        "logits": "B,C,H,W of the head before its x4 resize, for the slice enlarged to "
        "384 x 384 (bilinear, pixel centres aligned) and repeated to three channels",
    }
    tensors = {"slice": grey[..., None].contiguous(), "logits": logits.contiguous()}
    # One entry: safetensors writes several in an order that changes from run to run.
    save_file(tensors, path, {"demo-slice": json.dumps(notes)})


def description(brain: Brain, scores: dict, extra: dict, folder: Path) -> dict:
    """What `reference.json` says."""
    geometry = asdict(Geometry())
    names = (
        f"{NAME}.safetensors",
        f"{NAME}.h5",
        "colin27-t1.nii.gz",
        "colin27-labels.nii.gz",
    )
    return {
        "checkpoints": [f"{NAME}.safetensors", f"{NAME}.h5"],
        "volume": "colin27-t1.nii.gz",
        "labels": "colin27-labels.nii.gz",
        "intensityWindow": [brain.window.low, brain.window.high],
        "classes": list(CLASSES),
        "sliceSize": [SIDE, SIDE],
        "imageSize": [geometry["image"]] * 2,
        "model": {
            "family": "beit",
            "patchSize": [geometry["patch"]] * 2,
            "inChannels": geometry["channels"],
            "hidden": geometry["hidden"],
            "depth": geometry["depth"],
            "heads": geometry["heads"],
            "mlpRatio": geometry["mlp_ratio"],
            "decoder": "upernet",
            "decoderChannels": geometry["hidden"],
            "decoderLayers": list(geometry["layers"]),
            "poolScales": list(geometry["pool_scales"]),
            "outChannels": geometry["classes"],
        },
        "dice2D": scores["2D"],
        "dice": scores,
        **extra,
        "files": {
            name: {
                "bytes": (folder / name).stat().st_size,
                "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            }
            for name in names
        },
    }


def rounded_figures(value: object) -> object:
    """The same document with every Dice to five digits."""
    if isinstance(value, dict):
        return {key: rounded_figures(item) for key, item in value.items()}
    return round(value, 5) if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description="Write and measure the bundled files.")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument(
        "--labels", type=Path, required=True, help="cache of the labels"
    )
    parser.add_argument("--repository", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    reference = options.repository / "Zoo" / "Reference"
    fixtures = options.repository / "Tests" / "Fixtures" / "demo"
    reference.mkdir(parents=True, exist_ok=True)
    fixtures.mkdir(parents=True, exist_ok=True)

    state = rounded(torch.load(options.weights, weights_only=True))
    save_file(state, reference / f"{NAME}.safetensors", {"format": "pt"})
    write_hdf5(state, reference / f"{NAME}.h5")
    model = load_model(state)

    whole = load_colin27(options.labels)
    brain = middle(whole)
    write_nifti(brain.intensity, brain.affine, reference / "colin27-t1.nii.gz")
    write_nifti(brain.tissue, brain.affine, reference / "colin27-labels.nii.gz")
    write_fixture(model, brain, fixtures / "demo-slice.safetensors")

    image = brain.window(brain.intensity)
    scores = evaluate(model, image, brain.tissue)
    extra = {
        "dice2DWholeBrain": dice(
            segment(model, whole.window(whole.intensity)), whole.tissue
        ),
        "diceTwoThresholds": threshold_baseline(image, brain.tissue),
    }
    print(
        table(
            {
                **scores,
                "2D, whole brain": extra["dice2DWholeBrain"],
                "two thresholds": extra["diceTwoThresholds"],
            }
        )
    )
    document = rounded_figures(description(brain, scores, extra, reference))
    (reference / "reference.json").write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
