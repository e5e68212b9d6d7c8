"""Times volumes and metrics against nibabel and MONAI, on a scan of 512 × 512 × 200 voxels.

    reading    the scan from .nii.gz: nibabel's get_fdata(dtype=float32)
    metrics    Dice, Hausdorff-95 and average surface distance of 14 classes: MONAI's
               compute_hausdorff_distance (with scipy's distance transforms) alone

Both sides in fresh processes, in turn, with a warm file cache; each side's time is that of the task
alone, without start-up and imports, and without reading the labels.

    python Benchmarks/benchmark_volumes.py [--rounds N] [--tools FOLDER]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

READING = """
import sys, time, nibabel, numpy
start = time.perf_counter()
values = nibabel.load(sys.argv[1]).get_fdata(dtype=numpy.float32)
print(time.perf_counter() - start)
"""
METRICS = """
import sys, time, warnings, nibabel, numpy, torch
from monai.metrics import compute_hausdorff_distance
warnings.filterwarnings("ignore")
volumes = [nibabel.load(path) for path in sys.argv[1:3]]
spacing = [float(size) for size in volumes[0].header.get_zooms()[:3]]
labels = [torch.from_numpy(numpy.asarray(volume.dataobj).astype("int64")) for volume in volumes]
start = time.perf_counter()
for kind in range(1, 14):
    masks = [(volume == kind)[None, None].float() for volume in labels]
    compute_hausdorff_distance(*masks, include_background=True, percentile=95, spacing=spacing)
print(time.perf_counter() - start)
"""


def make(folder: str) -> tuple[str, str, str]:
    """A scan of a body with noise, and two segmentations of thirteen organs that differ a little."""
    import nibabel
    import numpy
    from scipy.ndimage import gaussian_filter

    generator = numpy.random.default_rng(5)
    shape = (512, 512, 200)
    affine = numpy.diag([0.75, 0.75, 2.5, 1])
    grid = numpy.meshgrid(*[numpy.linspace(-1, 1, size, dtype=numpy.float32) for size in shape], indexing="ij")
    body = sum(axis**2 for axis in grid[:2]) < 0.8
    scan = numpy.where(body, 40, -1000) + generator.normal(size=shape).astype(numpy.float32) * 25
    coarse = generator.normal(size=(32, 32, 13))
    labels = []
    for shift in (0, 0.04):
        volume = numpy.zeros(shape, numpy.uint8)
        for kind in range(1, 14):
            place = numpy.random.default_rng(kind).uniform(-0.55, 0.55, 3)
            size = numpy.random.default_rng(kind + 50).uniform(0.12, 0.3, 3) * (1 + shift)
            wobble = gaussian_filter(coarse, 2)[:, :, :, None].mean() + shift
            inside = sum(((axis - centre - shift * 0.2) / side) ** 2 for axis, centre, side in zip(grid, place, size))
            volume[inside < 1 + wobble] = kind
        labels.append(volume)
    paths = [os.path.join(folder, name) for name in ("scan.nii.gz", "prediction.nii.gz", "labels.nii.gz")]
    for path, values in zip(paths, [scan.astype(numpy.int16), *labels]):
        nibabel.save(nibabel.Nifti1Image(values, affine), path)
    return tuple(paths)


def ours(command: list[str]) -> float:
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["seconds"]


def peer(command: list[str]) -> float:
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tools", default=".build/release")
    options = parser.parse_args()
    tool = os.path.join(options.tools, "examine-volumes")
    with tempfile.TemporaryDirectory() as folder:
        scan, prediction, labels = make(folder)
        print("512 × 512 × 200 voxels: the tool against its peer, seconds and how many times as fast")
        for title, own, other, rounds in (
            ("reading .nii.gz / nibabel", [tool, "read", scan], [sys.executable, "-c", READING, scan], options.rounds),
            ("all metrics / MONAI's Hausdorff-95", [tool, "metrics", prediction, labels, "14"],
             [sys.executable, "-c", METRICS, prediction, labels], max(1, options.rounds // 2)),
        ):
            times = [(ours(own), peer(other)) for _ in range(rounds)]
            ratio = statistics.median(second / first for first, second in times)
            medians = [statistics.median(column) for column in zip(*times)]
            print(f"{title:36} {medians[0]:7.2f} s against {medians[1]:7.2f} s: {ratio:5.2f}")


if __name__ == "__main__":
    main()
