"""Compares the tool's HDF5 with h5py's, both ways.

    pip install h5py numpy && python Scripts/conformance/hdf5.py path/to/inflate-ckpt

Reading: h5py writes a file for every row below; names, element types and shapes that `inspect
--json` prints have to be those that went in. Writing: h5py reads the files that the writer's tests
reproduce byte for byte, `Tests/Fixtures/hdf5/written`, and has to find the values of
`expected.json`.
"""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

FIXTURES = pathlib.Path(__file__).parents[2] / "Tests" / "Fixtures" / "hdf5"
NAMES = {
    "f2": "F16", "f4": "F32", "f8": "F64", "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64",
    "u1": "U8", "u2": "U16", "u4": "U32", "u8": "U64", "b1": "BOOL",
}
WRITTEN = {
    "flat.h5": ["element_types.h5", "shapes.h5", "bfloat16.h5", "flat.h5", "many.h5"],
    "grouped.h5": ["element_types.h5", "flat.h5", "grouped.h5"],
}


def ramp(shape, dtype="<f4"):
    return np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)


def state_dict(separator):
    for block in range(3):
        for name, shape in (("attn.qkv.weight", (12, 4)), ("norm1.bias", (4,))):
            yield f"blocks.{block}.{name}".replace(".", separator), ramp(shape), {}
    yield "cls_token", ramp((1, 1, 4)), {}


def element_types():
    for code in NAMES:
        for order in "<>":
            yield f"{'little' if order == '<' else 'big'}_{code}", ramp((3, 5), order + code), {}


def shapes():
    for shape in ((), (0,), (1,), (3, 0, 2), (2, 3, 4, 5)):
        yield "shape_" + "_".join(map(str, shape)), ramp(shape), {}


def storage():
    for name, options in {
        "contiguous": {},
        "chunked": {"chunks": (4, 4)},
        "gzip": {"chunks": (4, 4), "compression": "gzip"},
        "shuffle": {"chunks": (4, 4), "compression": "gzip", "shuffle": True},
        "checksum": {"chunks": (4, 4), "fletcher32": True},
        "resizable": {"chunks": (4, 4), "maxshape": (None, 11)},
        "resizable_both": {"chunks": (4, 4), "maxshape": (None, None), "compression": "gzip"},
    }.items():
        yield name, ramp((9, 11)), options


def keras():
    root = "vit/vit/encoder/layer_._0/attention/attention/query"
    yield f"{root}/kernel:0", ramp((4, 4)), {}
    yield f"{root}/bias:0", ramp((4,)), {}
    yield "classifier/tf_vi_t/classifier/kernel:0", ramp((4, 2)), {}


def many():
    for number in range(3000):
        yield f"layer.{number}.weight", ramp((2,)), {}


def long_names():
    """So many bytes of names that the heap of the latest format has tables within tables."""
    for number in range(9000):
        yield f"{number}.{'n' * 80}", ramp(()), {}


# Every row: the options of h5py.File, and what goes in.
ROWS = {
    "flat names": ({}, lambda: state_dict(".")),
    "grouped names": ({}, lambda: state_dict("/")),
    "creation order": ({"track_order": True}, lambda: state_dict(".")),
    "creation order, grouped": ({"track_order": True}, lambda: state_dict("/")),
    "element types": ({}, element_types),
    "shapes": ({}, shapes),
    "storage": ({}, storage),
    "storage of release 1.8": ({"libver": ("v108", "v108")}, storage),
    "storage of release 1.10": ({"libver": ("v110", "v110")}, storage),
    "the latest format": ({"libver": "latest"}, storage),
    "Keras names": ({}, keras),
    "3000 tensors": ({}, many),
    "3000 tensors in creation order": ({"track_order": True}, many),
    "3000 tensors in the latest format": ({"libver": "latest"}, many),
    "long names in the latest format": ({"libver": "latest"}, long_names),
    "user block": ({"userblock_size": 512}, lambda: state_dict("/")),
}


def description(array):
    return NAMES[array.dtype.str[1:]], list(array.shape)


def write(path, options, tensors):
    """Writes the file; what it returns is what the tool should say."""
    with h5py.File(path, "w", **options) as file:
        expected = {}
        for name, array, storage_options in tensors:
            file.create_dataset(name, data=array, **storage_options)
            expected[name.replace("/", ".")] = description(array)
        brain = file.create_dataset("brain_float", data=ramp((4,), "<u2"))
        brain.attrs["dtype"] = "bfloat16"
        return expected | {"brain_float": ("BF16", [4])}


def inspect(tool, path):
    process = subprocess.run([tool, "inspect", path, "--json"], capture_output=True, text=True)
    if process.returncode != 0:
        return process.stderr.strip()
    tensors = json.loads(process.stdout)["tensors"]
    return {tensor["name"]: (tensor["dtype"], tensor["shape"]) for tensor in tensors}


def read(path):
    """What h5py finds in a file: dtype, shape and bytes by name."""
    found = {}

    def visit(name, dataset):
        if isinstance(dataset, h5py.Dataset):
            array = np.asarray(dataset[()])
            dtype, shape = description(array)
            if dataset.attrs.get("dtype") == b"bfloat16":
                dtype = "BF16"
            found[name.replace("/", ".")] = {
                "dtype": dtype, "shape": shape,
                "base64": base64.b64encode(array.tobytes()).decode(),
            }

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def differences(found, expected):
    if not isinstance(found, dict):
        return [found]
    return [f"{name}: {found.get(name)} where {expected.get(name)} is expected"
            for name in sorted(found.keys() | expected.keys())
            if found.get(name) != expected.get(name)]


def main(tool):
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (options, tensors) in ROWS.items():
            path = pathlib.Path(folder) / "state.h5"
            expected = write(path, options, tensors())
            results[f"read: {name}"] = differences(inspect(tool, path), expected)
    values = json.loads((FIXTURES / "expected.json").read_text())
    for name, sources in WRITTEN.items():
        expected = {key: tensor for source in sources for key, tensor in values[source].items()}
        found = read(FIXTURES / "written" / name)
        results[f"written: {name}"] = differences(found, expected)
    for name, lines in results.items():
        print("ok    " if not lines else "FAILED", name)
        for line in lines[:5]:
            print("      ", line)
    return 1 if any(results.values()) else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
