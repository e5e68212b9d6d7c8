"""The two brains: MNI152 to learn from, Colin27 to be judged on.

Both are read as they are installed (MNI152 with the nilearn package, Colin27 with
Debian's mricron-data), both have their first voxel axis pointing right and their second
forward, and an axial slice is `volume[:, :, k]`: height is the first axis, width the
second.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

COLIN27 = Path("/usr/share/mricron/templates/ch2bet.nii.gz")
CLASSES = ("background", "grey matter", "white matter")
SIDE = 192
"""Voxels along a side of the square that every slice is cropped or padded to."""

Volume = NDArray[np.generic]


@dataclass(frozen=True)
class Window:
    """An intensity window: `low` becomes 0, `high` becomes 1, the rest is clipped."""

    low: float
    high: float

    def __call__(self, volume: Volume) -> NDArray[np.float32]:
        scaled = (volume.astype(np.float32) - self.low) / (self.high - self.low)
        return np.clip(scaled, 0, 1).astype(np.float32)


@dataclass(frozen=True)
class Brain:
    """A volume, square in plane, with what is known about every voxel."""

    intensity: Volume
    tissue: Volume
    """MNI152: probabilities [2, H, W, D] of grey and white matter. Colin27: labels."""
    affine: NDArray[np.float64]
    window: Window


def intensity_window(volume: Volume) -> Window:
    """First and 99th percentile inside the (skull-stripped) brain, to whole numbers."""
    low, high = np.percentile(volume[volume > 0], [1, 99])
    return Window(float(round(low)), float(round(high)))


def square(volume: Volume, centre: tuple[int, int]) -> Volume:
    """The SIDE x SIDE square around `centre` of every slice, padded with zeros."""
    starts = [c - SIDE // 2 for c in centre]
    before = [max(0, -start) for start in starts]
    after = [max(0, s + SIDE - n) for s, n in zip(starts, volume.shape[:2])]
    padded = np.pad(volume, [(before[0], after[0]), (before[1], after[1]), (0, 0)])
    row, column = (start + pad for start, pad in zip(starts, before))
    return padded[row : row + SIDE, column : column + SIDE]


def brain_centre(volume: Volume) -> tuple[int, int]:
    """Middle of the brain's bounding box, in plane."""
    rows, columns, _ = np.nonzero(volume)
    middle = (
        (rows.min() + rows.max() + 1) // 2,
        (columns.min() + columns.max() + 1) // 2,
    )
    return int(middle[0]), int(middle[1])


def squared_affine(affine: NDArray, centre: tuple[int, int]) -> NDArray[np.float64]:
    """The affine after `square`: world coordinates stay what they were."""
    offset = np.array([centre[0] - SIDE // 2, centre[1] - SIDE // 2, 0, 1])
    moved = np.array(affine, dtype=np.float64)
    moved[:, 3] = affine @ offset
    return moved


def load(path: Path) -> tuple[Volume, NDArray[np.float64]]:
    """Voxels and affine of a volume whose axes point right, forward and up."""
    image = nib.load(path)
    if nib.aff2axcodes(image.affine) != ("R", "A", "S"):
        raise ValueError(f"{path.name}: axes do not point right, forward and up")
    return np.asarray(image.dataobj), image.affine


def load_mni152() -> Brain:
    """The training brain, with its probability maps."""
    folder = Path(str(files("nilearn"))) / "datasets" / "data"
    volumes = {}
    for kind in ("t1", "gm", "wm"):
        name = f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"
        volumes[kind], affine = load(folder / name)
    centre = brain_centre(volumes["t1"])
    maps = [square(volumes[kind], centre) / np.float32(255) for kind in ("gm", "wm")]
    return Brain(
        intensity=square(volumes["t1"], centre),
        tissue=np.stack(maps).astype(np.float32),
        affine=squared_affine(affine, centre),
        window=intensity_window(volumes["t1"]),
    )


def hmrf_labels(volume: Volume) -> NDArray[np.uint8]:
    """Grey and white matter by a hidden Markov random field; the rest and CSF are 0."""
    from dipy.segment.tissue import TissueClassifierHMRF

    classifier = TissueClassifierHMRF(verbose=False)
    _, tissue, _ = classifier.classify(volume.astype(np.float64), 3, 0.1)
    return np.select([tissue == 2, tissue == 3], [1, 2], 0).astype(np.uint8)


def load_colin27(cache: Path) -> Brain:
    """The reference brain; its labels take two minutes and are kept in `cache`."""
    volume, affine = load(COLIN27)
    if not cache.exists():
        np.save(cache, hmrf_labels(volume))
    centre = brain_centre(volume)
    return Brain(
        intensity=square(volume, centre),
        tissue=square(np.load(cache), centre),
        affine=squared_affine(affine, centre),
        window=intensity_window(volume),
    )
