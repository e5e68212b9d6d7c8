#!/usr/bin/env python3
"""Makes the fixtures of VolumesTests with nibabel, numpy and torch; run it in this folder.

volumes.json   what nibabel reads in each .nii and .nii.gz beside it
resampling.json  planes resized by torch
overlap.json   Dice scores by numpy
windows.json   the paper's windows by numpy's edge padding
"""

import gzip
import io
import json

import nibabel
import numpy
import torch
import torch.nn.functional

generator = numpy.random.default_rng(2024)
shape = (3, 4, 2)

TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]
SHEARED = numpy.array([[1.5, 0.2, 0.1, -20.25], [-0.3, 2.0, 0.4, 7.5], [0.05, -0.1, 3.0, 11.0], [0, 0, 0, 1]])
# A rotation with all of b, c and d, times the voxel sizes 1.5, 2, 3.
TURNED = nibabel.affines.from_matvec(
    nibabel.quaternions.quat2mat([0.8, 0.36, -0.32, 0.36]) @ numpy.diag([1.5, 2, 3]), [10, -20, 30.5])
HALF_TURN = nibabel.affines.from_matvec(
    nibabel.quaternions.quat2mat([0, 0.6, 0.8, 0]) @ numpy.diag([1.5, 2, 3]), [1, 2, 3])
LEFT_HANDED = TURNED @ numpy.diag([1, 1, -1, 1])

entries = {}


def stored_values(dtype):
    """Random bits over the whole range of integers; floats of all magnitudes."""
    kind = numpy.dtype(dtype)
    if kind.kind in "iu":
        limits = numpy.iinfo(kind)
        values = generator.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)
        values[0, 0, 0], values[-1, -1, -1] = limits.min, limits.max
        return values
    return (generator.normal(size=shape) * 10.0 ** generator.integers(-6, 7, shape)).astype(kind)


def write(name, image):
    """Writes an image with gzip's time stamp at 0, and notes what nibabel reads back."""
    data = image.to_bytes()
    if name.endswith(".gz"):
        buffer = io.BytesIO()
        with gzip.GzipFile("", "wb", mtime=0, fileobj=buffer) as file:
            file.write(data)
        data = buffer.getvalue()
    with open(name, "wb") as file:
        file.write(data)
    again = nibabel.load(name)
    entries[name] = {
        "shape": list(again.shape),
        "affine": again.affine.ravel().tolist(),
        "spacing": nibabel.affines.voxel_sizes(again.affine).tolist(),
        # nibabel computes in 64 bits; the first axis runs fastest.
        "values": again.get_fdata(dtype=numpy.float64).ravel(order="F").tolist(),
    }


def stored_bits(values, affine, endianness, scaling):
    """A file with the values bit for bit, the scaling set in the header alone."""
    header = nibabel.Nifti1Header(endianness=endianness)
    header.set_data_dtype(values.dtype)
    data = bytearray(nibabel.Nifti1Image(values, affine, header).to_bytes())
    data[112:120] = numpy.array(scaling, dtype=endianness + "f4").tobytes()
    return Prepared(bytes(data))


class Prepared:
    """An image that is already bytes."""

    def __init__(self, data):
        self.data = data

    def to_bytes(self):
        return self.data


for dtype in TYPES:
    for endianness, order in [("<", "little"), (">", "big")]:
        for ending in ["nii", "nii.gz"]:
            scaling = (0, 0) if ending == "nii" else (-0.37, 12.5)
            image = stored_bits(stored_values(dtype), SHEARED, endianness, scaling)
            write(f"{dtype}-{order}.{ending}", image)

values = numpy.arange(24, dtype=numpy.int16).reshape(shape)


def placed(name, sform=None, qform=None, sizes=None):
    made = nibabel.Nifti1Image(values, None)
    made.header.set_xyzt_units("mm", "sec")
    made.header["descrip"] = name
    if sizes is not None:
        made.header.set_zooms(sizes)
    if qform is not None:
        made.set_qform(qform, code=1)
    made.set_sform(sform, code=2 if sform is not None else 0)
    if qform is None:
        made.header["qform_code"] = 0
    write(f"{name}.nii", made)


placed("sform-only", sform=SHEARED)
placed("qform-only", qform=TURNED)
placed("qform-half-turn", qform=HALF_TURN)
placed("qform-left-handed", qform=LEFT_HANDED)
placed("sform-and-qform", sform=SHEARED, qform=LEFT_HANDED)
placed("neither", sizes=(1.5, 2, 3))

write("trailing-one.nii.gz", nibabel.Nifti1Image(values[..., None], SHEARED))
write("two-channels.nii.gz", nibabel.Nifti1Image(numpy.stack([values, 100 - values], axis=-1), SHEARED))
extended = nibabel.Nifti1Image(values, SHEARED)
extended.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"forty bytes of a comment " * 4))
write("extension.nii.gz", extended)
labels = generator.integers(0, 4, (6, 5, 4)).astype(numpy.float64)
write("float-labels.nii.gz", nibabel.Nifti1Image(labels, SHEARED))

with open("volumes.json", "w") as file:
    json.dump(entries, file)

# Resampling. ---------------------------------------------------------------------------------

resampled = []
for source, target in [((5, 7), (11, 9)), ((11, 9), (5, 7)), ((6, 6), (6, 13)), ((1, 4), (3, 2)),
                       ((8, 8), (8, 8)), ((9, 5), (1, 1)), ((12, 13), (7, 20))]:
    plane = torch.from_numpy(generator.normal(size=source).astype(numpy.float32))
    bilinear = torch.nn.functional.interpolate(
        plane[None, None], size=target, mode="bilinear", align_corners=False)[0, 0]
    nearest = torch.nn.functional.interpolate(plane[None, None], size=target, mode="nearest-exact")[0, 0]
    resampled.append({
        "source": source, "target": target, "values": plane.flatten().tolist(),
        "bilinear": bilinear.flatten().tolist(), "nearest": nearest.flatten().tolist(),
    })
with open("resampling.json", "w") as file:
    json.dump(resampled, file)

# Dice. ---------------------------------------------------------------------------------------

overlaps = []
for classes, missing in [(2, []), (4, []), (5, [2]), (3, [1, 2])]:
    present = [index for index in range(classes) if index not in missing]
    reference = generator.choice(present, (5, 6, 4))
    prediction = numpy.where(generator.random((5, 6, 4)) < 0.6, reference, generator.choice(present, (5, 6, 4)))
    dice = []
    for index in range(classes):
        a, b = prediction == index, reference == index
        size = a.sum() + b.sum()
        dice.append(2 * (a & b).sum() / size if size else None)
    overlaps.append({
        "shape": [5, 6, 4], "classes": classes,
        "prediction": prediction.ravel(order="F").tolist(),
        "reference": reference.ravel(order="F").tolist(), "dice": dice,
    })
with open("overlap.json", "w") as file:
    json.dump(overlaps, file)

# Windows. ------------------------------------------------------------------------------------

windows = []
for depth in [1, 2, 3, 4, 5, 7]:
    for slices in [1, 2, 6]:
        before = depth // 2
        padded = numpy.pad(numpy.arange(slices), (before, depth - 1 - before), mode="edge")
        windows.append({
            "depth": depth, "slices": slices,
            "windows": [padded[k:k + depth].tolist() for k in range(slices)],
        })
with open("windows.json", "w") as file:
    json.dump(windows, file)
