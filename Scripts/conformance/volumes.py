"""Holds volumes and metrics against nibabel, MONAI and scipy on random and degenerate input.

    pip install nibabel monai torch scipy numpy
    swift build --configuration release --product examine-volumes
    python Scripts/conformance/volumes.py .build/release/examine-volumes [SEED]

geometry   every voxel type in both byte orders and both versions, matrices (sheared ones too),
           quaternions, neither: affine, axes, spacing and voxels as nibabel reads them
turning    all 48 frames as `as_reoriented` turns them
spacing    grids and voxels as MONAI's Spacing has them
metrics    Dice, IoU, Hausdorff-95, average surface distances against MONAI and scipy, to 1e-6
windows    blended scores against sliding_window_inference, to 1e-5

Each part ends with a control: the same comparison with something exchanged, which has to fail.
"""

import itertools
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import warnings

import nibabel
import numpy
import torch
from monai.data import MetaTensor
from monai.inferers import sliding_window_inference
from monai.metrics import (
    compute_average_surface_distance, compute_dice, compute_hausdorff_distance, compute_iou)
from monai.transforms import Spacing
from nibabel.orientations import aff2axcodes, axcodes2ornt, io_orientation, ornt_transform
from scipy.ndimage import binary_erosion, distance_transform_edt, gaussian_filter

warnings.filterwarnings("ignore")
TOOL = sys.argv[1]
generator = numpy.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 7)
folder = pathlib.Path(tempfile.mkdtemp())


def tool(*arguments) -> dict:
    run = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{arguments}: {run.stderr}")
    return json.loads(run.stdout)


class Part:
    """Counts comparisons; keeps the largest difference and whether a control was noticed."""

    def __init__(self, name, bound):
        self.name, self.bound, self.largest, self.count = name, bound, 0.0, 0

    def compare(self, found, wanted, what):
        found, wanted = numpy.asarray(found, float), numpy.asarray(wanted, float)
        if found.shape != wanted.shape:
            sys.exit(f"{self.name}: {what}: shape {found.shape}, not {wanted.shape}")
        both = numpy.isinf(found) & (found == wanted)
        scale = max(1.0, numpy.abs(wanted[numpy.isfinite(wanted)]).max(initial=0))
        distance = numpy.abs(numpy.where(both, 0, found - numpy.where(both, found, wanted))).max(initial=0) / scale
        self.count += 1
        self.largest = max(self.largest, distance) if distance == distance else math.inf
        if not distance <= self.bound:
            sys.exit(f"{self.name}: {what}: differs by {distance}, allowed is {self.bound}")

    def control(self, found, wanted):
        found, wanted = numpy.asarray(found, float), numpy.asarray(wanted, float)
        if found.shape == wanted.shape and numpy.allclose(found, wanted, rtol=0, atol=10 * self.bound):
            sys.exit(f"{self.name}: the control was not noticed")

    def __del__(self):
        print(f"{self.name:9} {self.count:5} comparisons, largest difference {self.largest:.1e} (allowed {self.bound:g})")


def voxels(path) -> numpy.ndarray:
    tool("convert", path, folder / "converted.nii")
    return nibabel.load(folder / "converted.nii").get_fdata()


def random_affine(shear: float) -> numpy.ndarray:
    rotation = numpy.linalg.qr(generator.normal(size=(3, 3)))[0]
    linear = rotation @ numpy.diag(generator.uniform(0.3, 4, 3))
    return nibabel.affines.from_matvec(linear + shear * generator.normal(size=(3, 3)), generator.normal(size=3) * 50)


def geometry() -> None:
    part = Part("geometry", 1e-12)
    types = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]
    for version, endian, dtype, ending in itertools.product((1, 2), "<>", types, ("nii", "nii.gz")):
        header = (nibabel.Nifti1Header if version == 1 else nibabel.Nifti2Header)(endianness=endian)
        header.set_data_dtype(dtype)
        shape = tuple(generator.integers(1, 7, 3))
        values = (generator.normal(size=shape) * 60 + 60).clip(0 if dtype[0] == "u" else -100, 120).astype(dtype)
        image = (nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image)(values, None, header)
        placing = int(generator.integers(0, 4))
        if placing in (1, 3):
            image.set_sform(random_affine(0.3), code=int(generator.integers(1, 5)))
        if placing in (2, 3):
            image.set_qform(random_affine(0), code=int(generator.integers(1, 5)))
        image.header["scl_slope"], image.header["scl_inter"] = 1, 0
        path = folder / f"volume.{ending}"
        nibabel.save(image, path)
        again, found = nibabel.load(path), tool("describe", path)
        what = f"NIfTI-{version} {endian}{dtype} placed by {placing}"
        part.compare(found["affine"], again.affine.ravel(), what + ": affine")
        part.compare(found["spacing"], nibabel.affines.voxel_sizes(again.affine), what + ": spacing")
        part.compare(voxels(path), again.get_fdata().astype(numpy.float32), what + ": voxels")
        if found["axes"] != "".join(aff2axcodes(again.affine)) or found["shape"] != list(shape):
            sys.exit(f"geometry: {what}: {found}")
        part.control(found["affine"], (again.affine + 1e-6).ravel())


def turning() -> None:
    part = Part("turning", 1e-5)
    for order, signs in itertools.product(itertools.permutations("RAS"), itertools.product((0, 1), repeat=3)):
        opposite = {"R": "L", "A": "P", "S": "I"}
        codes = "".join(letter if keep else opposite[letter] for letter, keep in zip(order, signs))
        values = generator.normal(size=(4, 3, 5)).astype(numpy.float32)
        image = nibabel.Nifti1Image(values, random_affine(0.2))
        nibabel.save(image, folder / "in.nii")
        tool("reorient", folder / "in.nii", folder / "out.nii", codes)
        image, found = nibabel.load(folder / "in.nii"), nibabel.load(folder / "out.nii")
        wanted = image.as_reoriented(ornt_transform(io_orientation(image.affine), axcodes2ornt(codes)))
        part.compare(found.get_fdata(), wanted.get_fdata(), codes + ": voxels")
        part.compare(found.affine, wanted.affine, codes + ": affine")
        part.control(found.get_fdata(), wanted.get_fdata()[::-1])


def spacing() -> None:
    # Files hold transforms in 32 bits and voxels, too.
    part = Part("spacing", 2e-5)
    for case in range(30):
        shape = tuple(int(size) for size in generator.integers(3, 12, 3))
        values = generator.normal(size=shape).astype(numpy.float32)
        nibabel.save(nibabel.Nifti2Image(values, random_affine(0.1 if case % 3 == 0 else 0)), folder / "in.nii")
        image = nibabel.load(folder / "in.nii")
        wanted_spacing = generator.uniform(0.4, 4, 3).round(3).tolist()
        for name, mode, border in (("linear", "bilinear", "border"), ("cubic", 3, "nearest")):
            transform = Spacing(pixdim=wanted_spacing, mode=mode, padding_mode=border)
            result = transform(MetaTensor(torch.from_numpy(values[None]), affine=torch.from_numpy(image.affine)))
            tool("respace", folder / "in.nii", folder / "out.nii", ",".join(map(str, wanted_spacing)), name)
            found = nibabel.load(folder / "out.nii")
            part.compare(found.affine, result.affine.numpy(), f"case {case}: affine")
            part.compare(found.get_fdata(), result.numpy()[0], f"case {case} {name}")
            part.control(found.get_fdata(), result.numpy()[0] + 1)


def masks():
    empty = numpy.zeros((7, 6, 5), bool)
    one, other = empty.copy(), empty.copy()
    one[1, 2, 3] = other[6, 0, 0] = True
    full = ~empty
    yield from itertools.product((empty, one, other, full), repeat=2)
    for _ in range(60):
        shape = tuple(int(size) for size in generator.integers(1, 24, 3))
        smooth, share = generator.uniform(0, 2.5), generator.uniform(0.01, 0.95)
        pair = []
        for _ in range(2):
            noise = gaussian_filter(generator.normal(size=shape), smooth)
            pair.append(noise > numpy.quantile(noise, 1 - share))
        yield tuple(pair)


def by_scipy(a, b, sampling):
    edges = [mask ^ binary_erosion(mask) for mask in (a, b)]
    maps = [distance_transform_edt(~edge, sampling=sampling) for edge in edges]
    parts = maps[1][edges[0]], maps[0][edges[1]]
    return {
        "hausdorff95": max(numpy.percentile(part, 95) for part in parts),
        "average": parts[0].mean(), "averageSymmetric": numpy.concatenate(parts).mean()}


def metrics() -> None:
    part = Part("metrics", 1e-6)
    for index, (a, b) in enumerate(masks()):
        sampling = [1.0, 1.0, 1.0] if index % 2 else generator.uniform(0.4, 4, 3).tolist()
        affine = numpy.diag([*sampling, 1])
        for name, mask in (("a", a), ("b", b)):
            nibabel.save(nibabel.Nifti2Image(mask.astype(numpy.uint8), affine), folder / f"{name}.nii")
        found = tool("metrics", folder / "a.nii", folder / "b.nii", 2)["classes"][1]
        # Null stands for no such class and for infinitely far apart.
        found = {key: math.nan if value is None else value for key, value in found.items()}
        tensors = [torch.from_numpy(mask[None, None].astype(numpy.float32)) for mask in (a, b)]
        options = {"include_background": True, "spacing": sampling}
        wanted = {
            "dice": compute_dice(*tensors, ignore_empty=False), "iou": compute_iou(*tensors, ignore_empty=False),
            "hausdorff95": compute_hausdorff_distance(*tensors, percentile=95, **options),
            "average": compute_average_surface_distance(*tensors, **options),
            "averageSymmetric": compute_average_surface_distance(*tensors, symmetric=True, **options),
        }
        for name, value in wanted.items():
            value = float(value)
            if name in ("dice", "iou") and not a.any() and not b.any():
                # MONAI calls nothing where nothing is a perfect score, this tool no score.
                assert math.isnan(found[name]) and value == 1
            elif math.isfinite(value):
                part.compare(found[name], value, f"pair {index}: {name}")
            elif not math.isnan(found[name]):
                sys.exit(f"metrics: pair {index}: {name} is {found[name]}, MONAI's {value}")
        if a.any() and b.any():
            for name, value in by_scipy(a, b, sampling).items():
                part.compare(found[name], value, f"pair {index}: {name} by scipy")
        part.compare(
            found["volumeDifference"], (int(a.sum()) - int(b.sum())) * math.prod(sampling), f"pair {index}: volume")
        if 0 < a.sum() != b.sum():
            part.control(found["average"], found["average"] * 1.001 + 0.001)


def plain_model(window):
    """Scores that depend on the intensity and on the place in the window, as a model's do."""
    count = window.shape[2:].numel()
    pattern = (torch.arange(count, dtype=torch.float32) * 37 % 11).reshape(window.shape[2:]) / 10
    first, last = window[:, :1], window[:, -1:]
    return torch.cat([first * 0.5 + pattern, -last + 0.3, first * pattern - 0.2], dim=1)


def windows() -> None:
    part = Part("windows", 1e-5)
    for case in range(60):
        shape = tuple(int(size) for size in generator.integers(1, 22, 3))
        size = tuple(int(side) for side in generator.integers(1, 14, 3))
        overlap = float(generator.choice([0, 0.25, 0.5, 0.6, 0.75, 0.9]))
        values = generator.normal(size=shape).astype(numpy.float32)
        nibabel.save(nibabel.Nifti1Image(values, numpy.eye(4)), folder / "in.nii")
        for mode in ("constant", "gaussian"):
            tool("slide", folder / "in.nii", folder / "out.nii", ",".join(map(str, size)), overlap, mode)
            found = nibabel.load(folder / "out.nii").get_fdata().reshape(*shape, 3)
            wanted = sliding_window_inference(
                torch.from_numpy(values[None, None]), size, 1, plain_model, overlap=overlap, mode=mode)[0].numpy()
            part.compare(numpy.moveaxis(found, -1, 0), wanted, f"{shape} in {size}, {overlap}, {mode}")
            part.control(numpy.moveaxis(found, -1, 0), wanted + 1e-3)


for check in (geometry, turning, spacing, metrics, windows):
    check()
