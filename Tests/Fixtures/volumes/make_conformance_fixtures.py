#!/usr/bin/env python3
"""Makes more fixtures of VolumesTests, with nibabel, scipy and MONAI 1.6.1; run it in this folder.

nifti2-*, rgb*, complex*, float128*   what no file of make_fixtures.py has
more-volumes.json   what nibabel (or, where it cannot, numpy) reads in them
orientation.json    volumes turned by nibabel's as_reoriented
spacing.json        volumes resampled by MONAI's Spacing
intensity.json      volumes normalised by MONAI's NormalizeIntensity
surfaces.json       MONAI's and scipy's measures on random and degenerate masks
averages.json       the paper's averages, by numpy
sliding.json        MONAI's sliding_window_inference

Labels are strings of digits, one a voxel; all arrays are listed with the first axis fastest.
"""

import gzip
import itertools
import json
import warnings
from fractions import Fraction

import nibabel
import numpy
import torch
from nibabel.orientations import aff2axcodes, axcodes2ornt, io_orientation, ornt_transform

warnings.filterwarnings("ignore")
generator = numpy.random.default_rng(2025)
SHEARED = numpy.array([[1.5, 0.2, 0.1, -20.25], [-0.3, 2.0, 0.4, 7.5], [0.05, -0.1, 3.0, 11.0], [0, 0, 0, 1]])


def short(values, digits=9):
    """A flat list, first axis fastest, with as many digits as 32 bits need."""
    return [float(f"{value:.{digits}g}") for value in numpy.asarray(values).ravel(order="F")]


def digits(labels):
    return "".join(str(int(value)) for value in numpy.asarray(labels).ravel(order="F"))


def save(name, document):
    with open(name, "w") as file:
        json.dump(document, file, separators=(",", ":"))


# NIfTI-2 and the types of several numbers. -----------------------------------------------------

entries = {}


def note(name, data, shape, affine, channels):
    """Writes a file and what is to be read in it: channels first, each first axis fastest."""
    if name.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    with open(name, "wb") as file:
        file.write(data)
    entries[name] = {
        "shape": list(shape), "affine": numpy.asarray(affine).ravel().tolist(),
        "channels": [numpy.asarray(channel, float).ravel(order="F").tolist() for channel in channels],
    }


def nifti2(values, endianness, **placing):
    header = nibabel.Nifti2Header(endianness=endianness)
    header.set_data_dtype(values.dtype)
    header.set_xyzt_units("mm", "sec")
    header.set_dim_info(freq=1, phase=0, slice=2)
    image = nibabel.Nifti2Image(values, placing.get("sform"), header)
    image.set_sform(placing.get("sform"), code=2 if placing.get("sform") is not None else 0)
    if placing.get("qform") is not None:
        image.set_qform(placing["qform"], code=1)
    return image


QUARTER = nibabel.affines.from_matvec(
    nibabel.quaternions.quat2mat([0.8, 0.36, -0.32, 0.36]) @ numpy.diag([1.5, 2, 3]), [10, -20, 30.1])
for dtype, endianness, placing in [
        ("int16", "<", {"sform": SHEARED / 3}), ("float64", ">", {"qform": QUARTER}),
        ("uint8", ">", {"sform": SHEARED, "qform": QUARTER}), ("float32", "<", {})]:
    values = (generator.normal(size=(3, 4, 2)) * 50 + 100).astype(dtype)
    name = f"nifti2-{dtype}-{'little' if endianness == '<' else 'big'}.nii" + (".gz" if dtype == "int16" else "")
    image = nifti2(values, endianness, **placing)
    data = image.to_bytes()
    again = nibabel.Nifti2Image.from_bytes(data)
    note(name, data, again.shape, again.affine, [again.get_fdata()])

four = generator.integers(-500, 500, (3, 2, 2, 4)).astype(numpy.int16)
image = nifti2(four, "<", sform=SHEARED)
note("nifti2-four-channels.nii.gz", image.to_bytes(), four.shape, SHEARED, numpy.moveaxis(four, -1, 0))

colours = generator.integers(0, 256, (3, 2, 2, 4), dtype=numpy.uint8)
for name, count in [("rgb24", 3), ("rgba32", 4)]:
    kind = numpy.dtype([(channel, "u1") for channel in "RGBA"[:count]])
    values = numpy.ascontiguousarray(colours[..., :count]).view(kind)[..., 0]
    header = nibabel.Nifti1Header()
    header.set_data_dtype(kind)
    image = nibabel.Nifti1Image(values, SHEARED, header)
    note(f"{name}.nii", image.to_bytes(), values.shape, image.affine, [values[channel] for channel in kind.names])

for dtype, endianness in [("complex64", "<"), ("complex128", ">")]:
    values = (generator.normal(size=(3, 2, 2)) + 1j * generator.normal(size=(3, 2, 2))).astype(dtype)
    header = nibabel.Nifti1Header(endianness=endianness)
    header.set_data_dtype(dtype)
    data = bytearray(nibabel.Nifti1Image(values, SHEARED, header).to_bytes())
    data[112:120] = numpy.array([2.5, -3], dtype=endianness + "f4").tobytes()
    again = nibabel.Nifti1Image.from_bytes(bytes(data))
    complexes = numpy.asanyarray(again.dataobj)
    note(f"{dtype}-{'little' if endianness == '<' else 'big'}.nii", bytes(data), again.shape, again.affine,
         [complexes.real, complexes.imag])


def binary128(value, order):
    """IEEE 754's quadruple precision of a fraction, truncated to its 113 bits."""
    if value == 0:
        return bytes(16)
    sign, magnitude, exponent = value < 0, abs(Fraction(value)), 0
    while magnitude >= 2:
        magnitude, exponent = magnitude / 2, exponent + 1
    while magnitude < 1:
        magnitude, exponent = magnitude * 2, exponent - 1
    bits = int(sign) << 127 | (exponent + 16383) << 112 | int((magnitude - 1) * 2**112)
    return bits.to_bytes(16, order)


# Halves of the last bit of 64 are among them, which rounding has to get right.
fractions = [Fraction(int(generator.integers(-2**62, 2**62)), int(generator.integers(1, 2**40))) for _ in range(20)]
fractions += [Fraction(0), 1 + Fraction(1, 2**53), 1 + Fraction(3, 2**53), Fraction(1, 2**140)]
for code, name, order in [(1536, "float128", "little"), (1536, "float128", "big"), (2048, "complex256", "little")]:
    components = 2 if name == "complex256" else 1
    shape = (3, 4, 2 // components)
    template = nibabel.Nifti1Image(numpy.zeros(shape, numpy.uint8), SHEARED,
                                   nibabel.Nifti1Header(endianness="<" if order == "little" else ">"))
    data = bytearray(template.to_bytes()[:352])
    data[70:74] = code.to_bytes(2, order) + (128 * components).to_bytes(2, order)
    data[112:120] = bytes(8)
    data += b"".join(binary128(value, order) for value in fractions)
    numbers = numpy.array([float(value) for value in fractions])
    channels = [numbers[channel::components].reshape(shape, order="F") for channel in range(components)]
    note(f"{name}-{order}.nii", bytes(data), shape, template.affine, channels)

save("more-volumes.json", entries)

# Orientation. --------------------------------------------------------------------------------

cases = []
rotations = [numpy.eye(3)[list(order)] @ numpy.diag(signs)
             for order in itertools.permutations(range(3)) for signs in itertools.product([1, -1], repeat=3)]
linears = [rotation @ numpy.diag([1.5, 2, 3]) for rotation in rotations]
linears += [rotation @ SHEARED[:3, :3] for rotation in rotations[::5]]
for _ in range(12):
    linears.append(generator.normal(size=(3, 3)) * 2)
# Ties: the first of equally clear axes wins.
turn = numpy.sqrt(0.5)
linears += [numpy.array([[turn, -turn, 0], [turn, turn, 0], [0, 0, 1]]), numpy.ones((3, 3)) + numpy.eye(3)]
for index, linear in enumerate(linears):
    affine = nibabel.affines.from_matvec(linear, generator.normal(size=3) * 30)
    codes = ["RAS", "LPS", "SAR", "PIL"][index % 4]
    shape = (2, 3, 4)
    values = numpy.arange(24, dtype=numpy.float32).reshape(shape)
    image = nibabel.Nifti1Image(values, affine)
    image.header.set_dim_info(freq=0, phase=1, slice=2)
    turned = image.as_reoriented(ornt_transform(io_orientation(affine), axcodes2ornt(codes)))
    cases.append({
        "affine": affine.ravel().tolist(), "codes": "".join(aff2axcodes(affine)), "target": codes,
        "targetAffine": turned.affine.ravel().tolist(), "shape": list(turned.shape),
        "encodingAxes": int(turned.header["dim_info"]),
        "values": [int(value) for value in turned.get_fdata().ravel(order="F")],
    })
save("orientation.json", cases)

# Spacing. ------------------------------------------------------------------------------------

from monai.data import MetaTensor  # noqa: E402
from monai.transforms import NormalizeIntensity, Spacing  # noqa: E402

OBLIQUE = nibabel.affines.from_matvec(
    nibabel.quaternions.quat2mat([0.8, 0.36, -0.32, 0.36]) @ numpy.diag([0.8, 1.1, 2.7]), [3, 4, -5])
FLIPPED = nibabel.affines.from_matvec(numpy.diag([-1.0, 1.5, 2.5]), [90, -126, -72])
cases = []
for affine, shape, spacing, kinds in [
        (numpy.diag([1, 1, 1, 1.0]), (5, 4, 6), (0.7, 1.3, 2), "linear nearest cubic"),
        (FLIPPED, (6, 5, 4), (1.5, 1.5, 2), "linear nearest cubic"),
        (OBLIQUE, (6, 4, 3), (1.5, 1.5, 1.5), "linear nearest cubic"),
        (SHEARED, (5, 4, 4), (2, 1.5, 2.2), "linear nearest cubic"),
        (FLIPPED, (6, 5, 4), (0.5, 0.75, 1.25), "nearest"),
        (FLIPPED, (7, 6, 8), (2, 3, 5), "linear nearest"),
        (FLIPPED, (4, 3, 5), (-1, 0, 2), "linear"),
        (FLIPPED, (1, 3, 2), (0.8, 0.8, 0.8), "linear nearest cubic"),
        (FLIPPED, (3, 3, 3), (1.0004, 1.5, 2.5), "linear")]:
    values = generator.normal(size=shape).astype(numpy.float32) * 100
    for kind in kinds.split():
        mode = {"linear": "bilinear", "nearest": "nearest", "cubic": 3}[kind]
        border = "nearest" if kind == "cubic" else "border"
        transform = Spacing(pixdim=spacing, mode=mode, padding_mode=border)
        result = transform(MetaTensor(torch.from_numpy(values[None]), affine=torch.from_numpy(affine)))
        cases.append({
            "affine": affine.ravel().tolist(), "shape": list(shape), "spacing": list(spacing),
            "values": short(values), "interpolation": kind,
            "targetAffine": result.affine.numpy().ravel().tolist(), "targetShape": list(result.shape[1:]),
            "result": short(result.numpy()[0]),
        })
save("spacing.json", cases)

cases = []
for nonzero in [False, True]:
    for kind in ["normal", "holes", "constant", "zero"]:
        values = (generator.normal(size=(4, 3, 2)) * 30 + 400).astype(numpy.float32)
        if kind == "holes":
            values[generator.random(values.shape) < 0.4] = 0
        elif kind != "normal":
            values[:] = 7 if kind == "constant" else 0
        result = NormalizeIntensity(nonzero=nonzero)(torch.from_numpy(values.copy())[None])
        cases.append({"nonzero": nonzero, "shape": list(values.shape), "values": short(values),
                      "result": short(result.numpy()[0])})
save("intensity.json", cases)

# Metrics. ------------------------------------------------------------------------------------

from monai.metrics import (  # noqa: E402
    compute_average_surface_distance, compute_dice, compute_hausdorff_distance, compute_iou)
from scipy.ndimage import binary_erosion, distance_transform_edt  # noqa: E402


def blobs(shape, share, smooth):
    from scipy.ndimage import gaussian_filter
    noise = gaussian_filter(generator.normal(size=shape), smooth)
    return noise > numpy.quantile(noise, 1 - share)


def by_scipy(a, b, spacing):
    """Both directions' distances by exact distance transforms of the whole volume."""
    if not a.any() or not b.any():
        return None
    edges = [mask ^ binary_erosion(mask) for mask in (a, b)]
    maps = [distance_transform_edt(~edge, sampling=spacing) for edge in edges]
    return [maps[1][edges[0]], maps[0][edges[1]]]


def number(value):
    value = float(value)
    return None if numpy.isnan(value) else "infinity" if numpy.isinf(value) else value


empty = numpy.zeros((6, 5, 4), bool)
one, other = empty.copy(), empty.copy()
one[1, 2, 3] = other[5, 0, 0] = True
full = ~empty
masks = [(empty, empty), (empty, one), (one, empty), (one, one), (one, other), (full, full), (one, full),
         (full, one), (full, empty), (empty, full)]
for shape, share, smooth in [((9, 7, 5), 0.5, 0), ((9, 8, 7), 0.03, 0), ((14, 11, 9), 0.2, 1.5), ((16, 12, 1), 0.3, 1),
                             ((1, 1, 12), 0.3, 0), ((20, 16, 12), 0.1, 2), ((12, 12, 12), 0.9, 0)]:
    masks += [(blobs(shape, share, smooth), blobs(shape, share, smooth))]
cases = []
for index, (a, b) in enumerate(masks):
    spacing = [[1.0, 1.0, 1.0], [0.75, 0.75, 3.0], [2.5, 1.25, 0.6]][index % 3]
    tensors = [torch.from_numpy(mask[None, None].astype(numpy.float32)) for mask in (a, b)]
    distances = {"include_background": True, "spacing": spacing}
    transforms = by_scipy(a, b, spacing)
    cases.append({
        "shape": list(a.shape), "spacing": spacing, "prediction": digits(a), "reference": digits(b),
        "dice": number(compute_dice(*tensors, ignore_empty=True)),
        "iou": number(compute_iou(*tensors, ignore_empty=True)),
        "hausdorff": number(compute_hausdorff_distance(*tensors, **distances)),
        "hausdorff95": number(compute_hausdorff_distance(*tensors, percentile=95, **distances)),
        "average": number(compute_average_surface_distance(*tensors, **distances)),
        "averageSymmetric": number(compute_average_surface_distance(*tensors, symmetric=True, **distances)),
        "scipyHausdorff": transforms and max(float(part.max()) for part in transforms),
        "scipyHausdorff95": transforms and max(float(numpy.percentile(part, 95)) for part in transforms),
        "scipyAverage": transforms and float(transforms[0].mean()),
        "scipyAverageSymmetric": transforms and float(numpy.concatenate(transforms).mean()),
    })
save("surfaces.json", cases)


def averages(images, classes):
    """By the formulas of the paper's evaluation: counts by class, pooled or image by image."""
    def scores(pairs):
        prediction, label = (numpy.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
        same = numpy.bincount(label[prediction == label], minlength=classes)
        of_prediction = numpy.bincount(prediction, minlength=classes)
        of_label = numpy.bincount(label, minlength=classes)
        with numpy.errstate(invalid="ignore"):
            return {"accuracy": same.sum() / of_label.sum(), "classAccuracy": same / of_label,
                    "iou": same / (of_prediction + of_label - same),
                    "dice": 2 * same / (of_prediction + of_label)}
    pooled = scores(images)
    single = [scores([image]) for image in images]
    each = {key: numpy.nanmean([score[key] for score in single], axis=0) for key in pooled}
    result = {}
    for name, group in [("pooled", pooled), ("perImage", each)]:
        dice = group["dice"]
        result[name] = {
            "accuracy": float(group["accuracy"]), "dice": [number(value) for value in dice],
            "meanClassAccuracy": float(numpy.nanmean(group["classAccuracy"])),
            "meanIntersectionOverUnion": float(numpy.nanmean(group["iou"])),
            "meanDice": float(numpy.nanmean(dice)), "meanDiceWithoutBackground": float(numpy.nanmean(dice[1:])),
            "meanDiceOfEightOrgans":
                float(numpy.nanmean(dice[[1, 2, 3, 4, 6, 7, 8, 11]])) if classes == 14 else None,
        }
    return result


ALPHABET = "0123456789abcdef"
cases = []
for classes, missing in [(14, []), (14, [5]), (4, [2])]:
    images = []
    for index in range(3):
        present = [kind for kind in range(classes) if kind not in missing and (index or kind != 3)]
        label = generator.choice(present, (8, 7, 3))
        prediction = numpy.where(generator.random(label.shape) < 0.6, label, generator.choice(present, label.shape))
        images.append((prediction, label))
    cases.append({
        "classes": classes, "shape": [8, 7, 3],
        "images": [["".join(ALPHABET[value] for value in side.ravel(order="F")) for side in image]
                   for image in images],
        **averages(images, classes),
    })
save("averages.json", cases)

# Sliding windows. ----------------------------------------------------------------------------

from monai.inferers import sliding_window_inference  # noqa: E402


def model(window):
    """Scores that depend on the intensity and on the place in the window, as a model's do."""
    count = window.shape[2:].numel()
    pattern = (torch.arange(count, dtype=torch.float32) * 37 % 11).reshape(window.shape[2:]) / 10
    first, last = window[:, :1], window[:, -1:]
    return torch.cat([first * 0.5 + pattern, -last + 0.3, first * pattern - 0.2], dim=1)


cases = []
for shape, window, overlap, channels in [
        ((9, 8, 7), (4, 4, 4), (0.25, 0.25, 0.25), 1), ((10, 6, 5), (4, 6, 2), (0.5, 0.5, 0.5), 2),
        ((3, 8, 2), (5, 4, 5), (0.25, 0.6, 0.0), 1), ((7, 7, 12), (3, 0, 5), (0.9, 0.1, 0.7), 1),
        ((2, 2, 2), (5, 4, 3), (0.5, 0.5, 0.5), 1), ((6, 5, 11), (6, 5, 3), (0.8, 0.8, 0.34), 2)]:
    values = generator.normal(size=(channels, *shape)).astype(numpy.float32)
    for mode in ["constant", "gaussian"]:
        result = sliding_window_inference(
            torch.from_numpy(values)[None], window, 1, model, overlap=overlap, mode=mode, cval=-0.5)[0].numpy()
        cases.append({
            "shape": list(shape), "window": list(window), "overlap": list(overlap), "mode": mode,
            "channels": [short(channel) for channel in values], "scores": [short(channel, 8) for channel in result],
            "labels": digits(result.argmax(0)),
        })
save("sliding.json", cases)
