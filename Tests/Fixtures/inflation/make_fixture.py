"""Writes interpolation.json: what PyTorch and SciPy make of small planes.

    python make_fixture.py

bicubic: torch.nn.functional.interpolate(mode="bicubic", align_corners=False).
geometric: BEiT's resizing of a relative-position-bias plane; scipy.interpolate.interp2d,
which BEiT used, is gone from SciPy, and its cubic spline is the tensor product of two
not-a-knot splines with arguments clamped to the knots' range.
"""

import json
from pathlib import Path

import numpy as np
import torch
from scipy.interpolate import make_interp_spline
from torch.nn.functional import interpolate

BICUBIC = [((7, 7), (11, 11)), ((5, 9), (9, 5)), ((3, 4), (13, 2)), ((1, 3), (4, 6))]
GEOMETRIC = [
    ((7, 7), (11, 11)),
    ((7, 13), (23, 27)),
    ((27, 27), (63, 47)),
    ((13, 11), (7, 5)),
    ((5, 5), (31, 31)),
]


def knots(count: int, reach: int) -> np.ndarray:
    """The published fine-tuning code's geometric progression, found by bisection."""
    left, right = 1.01, 1.5
    while right - left > 1e-6:
        ratio = (left + right) / 2.0
        if (1.0 - ratio**count) / (1.0 - ratio) > reach:
            right = ratio
        else:
            left = ratio
    distances, position = [], 1.0
    for step in range(count):
        distances.append(position)
        position += ratio ** (step + 1)
    return np.array([-d for d in reversed(distances)] + [0.0] + distances)


def along(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    count = values.shape[axis]
    if size == count:
        return values
    places = knots(count // 2, size // 2)
    offsets = np.arange(size) - size // 2
    spline = make_interp_spline(places, values, k=3, axis=axis)
    return spline(np.clip(offsets, places[0], places[-1]))


def main() -> None:
    random = np.random.default_rng(20)
    cases = []
    for method, sizes in [("bicubic", BICUBIC), ("geometric", GEOMETRIC)]:
        for source, target in sizes:
            plane = np.round(random.normal(size=source), 3)
            if method == "bicubic":
                tensor = torch.tensor(plane, dtype=torch.float64)[None, None]
                result = interpolate(tensor, size=target, mode="bicubic", align_corners=False)
                result = result[0, 0].numpy()
            else:
                result = along(along(plane, target[0], 0), target[1], 1)
            cases.append({
                "method": method,
                "source": list(source),
                "target": list(target),
                "plane": plane.flatten().tolist(),
                "result": [float(f"{value:.10g}") for value in result.flatten()],
            })
    folder = Path(__file__).parent
    text = json.dumps({"cases": cases}).replace('{"method"', '\n{"method"')
    (folder / "interpolation.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
