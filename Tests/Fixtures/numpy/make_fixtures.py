"""Writes the NumPy fixtures beside this script: `valid/` with the values that NumPy holds in
`expected.json`, and `hostile/`, which a reader has to refuse.

    pip install numpy && python make_fixtures.py

The files are committed; run this only to change them (NumPy 2.4 made them).
"""

import base64
import json
import pathlib
import zipfile

import numpy as np
from numpy.lib import format as npy

HERE = pathlib.Path(__file__).parent
VALID, HOSTILE = HERE / "valid", HERE / "hostile"
NAMES = {
    "f2": "F16", "f4": "F32", "f8": "F64", "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64",
    "u1": "U8", "u2": "U16", "u4": "U32", "u8": "U64", "b1": "BOOL", "c8": "C64",
}
expected = {}


def values(shape, dtype, seed=0):
    """Every bit pattern of floats may come up, NaNs among them: bytes are compared, not numbers."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if dtype.kind == "b":
        return (np.arange(count) % 3 == 0).reshape(shape)
    raw = np.random.default_rng(seed + count).bytes(count * dtype.itemsize)
    return np.frombuffer(raw, dtype).reshape(shape)


def little(array):
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)


def note(file, arrays):
    expected[file] = {
        name: {
            "dtype": NAMES[array.dtype.str[1:]],
            "shape": list(array.shape),
            "base64": base64.b64encode(little(array).tobytes()).decode(),
        }
        for name, array in arrays.items()
    }


def save(file, arrays, write=np.savez):
    write(VALID / file, **arrays)
    note(file, arrays)


types = {}
for code in NAMES:
    for order in "<>":
        dtype = np.dtype(code).newbyteorder(order)
        types[f"{code}/{'little' if order == '<' else 'big'}"] = values((2, 3), dtype)
save("element_types.npz", types)
save("element_types_deflated.npz", types, np.savez_compressed)

shapes = {
    "scalar": np.float32(3.25).reshape(()),
    "none": np.zeros((0,), "<f4"),
    "none_in_the_middle": np.zeros((2, 0, 3), "<f2"),
    "vector": values((7,), "<f4"),
    "matrix": values((3, 5), "<f4"),
    "kernel": values((2, 3, 4, 5), "<f2"),
    "ones": values((1, 6, 1), "<i4"),
    "deep": values((1, 2, 1, 2, 1, 2, 1, 2), "<i2"),
}
save("shapes.npz", shapes)
fortran = {name: np.asfortranarray(array) for name, array in shapes.items()}
fortran |= {
    f"big/{code}": np.asfortranarray(values((3, 4, 5), np.dtype(code).newbyteorder(">")))
    for code in ("f2", "f4", "f8", "c8")
}
save("fortran.npz", fortran)
save("fortran_deflated.npz", fortran, np.savez_compressed)

# The names of Google's ViT checkpoints, kernels channels-last.
block = "Transformer/encoderblock_0"
attention = f"{block}/MultiHeadDotProductAttention_1"
save("google_vit.npz", {
    "embedding/kernel": values((2, 2, 3, 8), "<f4"),
    "embedding/bias": values((8,), "<f4"),
    "cls": values((1, 1, 8), "<f4"),
    "Transformer/posembed_input/pos_embedding": values((1, 5, 8), "<f4"),
    f"{block}/LayerNorm_0/scale": values((8,), "<f4"),
    f"{attention}/query/kernel": values((8, 2, 4), "<f4"),
    f"{attention}/out/kernel": values((2, 4, 8), "<f4"),
    f"{block}/MlpBlock_3/Dense_0/kernel": values((8, 16), "<f4"),
    "pre_logits/kernel": values((8, 8), "<f4"),
    "größe/π": values((2,), "<f4"),
})
save("empty.npz", {})
# Far more than goes in comes out: a test knows the values without `expected.json`.
np.savez_compressed(VALID / "zeros_deflated.npz", zeros=np.zeros((64, 1024), "<f4"))

versions = {f"version_{major}": values((4, 2), "<f4", major) for major in (1, 2, 3)}
with zipfile.ZipFile(VALID / "versions.npz", "w") as archive:
    for major, (name, array) in enumerate(versions.items(), 1):
        with archive.open(f"{name}.npy", "w") as member:
            npy.write_array(member, array, version=(major, 0))
note("versions.npz", versions)


# What zipfile writes where it cannot seek back: sizes behind the data.
class Pipe:
    def __init__(self, path):
        self.file = open(path, "wb")

    def write(self, data):
        return self.file.write(data)

    def flush(self):
        self.file.flush()


streamed = {"a": values((5,), "<f4"), "b/c": values((2, 2), "<i8")}
for method, name in ((zipfile.ZIP_STORED, "streamed"), (zipfile.ZIP_DEFLATED, "streamed_deflated")):
    pipe = Pipe(VALID / f"{name}.npz")
    with zipfile.ZipFile(pipe, "w", method) as archive:
        for key, array in streamed.items():
            with archive.open(f"{key}.npy", "w", force_zip64=key == "a") as member:
                npy.write_array(member, array)
    pipe.file.close()
    note(f"{name}.npz", streamed)

(HERE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")

hostile = {
    "object": np.array([{"a": 1}, None], dtype=object),
    "structured": np.zeros(3, dtype=[("weight", "<f4"), ("bias", "<f4")]),
    "unicode": np.array(["weight", "bias"]),
    "bytes": np.array([b"weight", b"bias"]),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "void": np.zeros(4, dtype="V2"),
    "complex_double": np.zeros(2, "<c16"),
    "long_double": np.zeros(2, np.longdouble),
}
for name, array in hostile.items():
    np.savez(HOSTILE / f"{name}.npz", weight=array)
with zipfile.ZipFile(HOSTILE / "text_member.npz", "w") as archive:
    archive.writestr("readme.txt", "not an array")
