"""Writes the HDF5 fixtures beside this script: `valid/` with the values that numpy holds in
`expected.json`, and `hostile/`, which a reader has to refuse.

    pip install h5py numpy && python make_fixtures.py

The files are committed; run this only to change them (h5py 3.16 on HDF5 2.0 made them).
`written/` is not made here: those are the files that the tests of the writer reproduce.
"""

import base64
import json
import pathlib
import shutil
import zlib

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent
LATEST = ("v110", "v110")
VALID, HOSTILE = HERE / "valid", HERE / "hostile"
NAMES = {
    "f2": "F16", "f4": "F32", "f8": "F64", "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64",
    "u1": "U8", "u2": "U16", "u4": "U32", "u8": "U64", "b1": "BOOL",
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


def ramp(shape, dtype="<f4"):
    """Values that compress."""
    return np.arange(int(np.prod(shape)), dtype=dtype).reshape(shape)


class File:
    """An h5py file under `valid/` that notes what its tensors should read as."""

    def __init__(self, name, **options):
        self.name, self.file = name, h5py.File(VALID / name, "w", **options)
        expected[name] = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def expect(self, path, array, dtype=None):
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        expected[self.name][path.replace("/", ".")] = {
            "dtype": dtype or NAMES[array.dtype.str[1:]],
            "shape": list(array.shape),
            "base64": base64.b64encode(little.tobytes()).decode(),
        }

    def add(self, path, array, dtype=None, **options):
        array = np.asarray(array)
        dataset = self.file.create_dataset(path, data=array, **options)
        self.expect(path, array, dtype)
        return dataset


def element_types():
    with File("element_types.h5") as f:
        for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
            for order, word in (("<", "little"), (">", "big")):
                f.add(f"{word}.{code}", values((3, 5), order + code))
        f.add("bool", values((7,), "?"))


def names():
    with File("flat.h5") as f:
        f.add("blocks.0.attn.qkv.weight", values((6, 2), "<f4"))
        f.add("blocks.0.attn.qkv.bias", values((6,), "<f4"))
        f.add("cls_token", values((1, 1, 4), "<f4"))
        f.add("größe", values((2,), "<f4"))
    with File("grouped.h5") as f:
        f.add("model/blocks/0/attn/qkv/weight", values((6, 2), "<f4"))
        f.add("model/blocks/0/attn/qkv/bias", values((6,), "<f4"))
        f.add("model/blocks.1/norm/weight", values((4,), "<f4"))
        f.file.create_group("model/nothing")
        f.file.attrs["framework"] = "PyTorch"
        f.file["model"].attrs["layer_names"] = ["a", "b"]
    with File("many.h5") as f:
        for i in range(20):
            f.add(f"layer.{i}.bias", values((1,), "<f4", i))
    with File("tied.h5") as f:
        weight = values((3, 2), "<f4")
        f.add("embedding.weight", weight)
        f.file["head.weight"] = f.file["embedding.weight"]
        f.expect("head.weight", weight)
    with File("creation_order.h5", track_order=True) as f:
        for i in range(5):
            f.add(f"z{9 - i}/bias", values((2,), "<f4", i))


def shapes():
    with File("shapes.h5") as f:
        f.add("scalar", np.float32(1.5))
        f.add("scalar.count", np.int64(-3))
        f.add("empty", np.zeros((0,), "<f4"))
        f.add("empty.matrix", np.zeros((3, 0, 2), ">f8"))
        f.add("empty.chunked", np.zeros((0, 4), "<f4"), chunks=(2, 4), maxshape=(None, 4))
        f.add("seven", values((1, 2, 1, 3, 1, 2, 2), "<i2"))
        f.file.create_dataset("unwritten", (5,), "<f4")
        f.expect("unwritten", np.zeros(5, "<f4"))


def chunks():
    with File("chunked.h5") as f:
        f.add("plain", values((4, 6), "<f4"), chunks=(2, 3))
        f.add("edges", values((7, 9), "<f4"), chunks=(4, 4))
        f.add("gzip", ramp((10, 9)), chunks=(4, 4), compression="gzip")
        f.add("shuffle", values((7, 9), "<f8"), chunks=(4, 4), shuffle=True)
        f.add("gzip.shuffle", ramp((3, 7, 9), ">f8"), chunks=(2, 4, 4), compression="gzip",
              shuffle=True)
        f.add("gzip.half", ramp((33,), "<f2"), chunks=(8,), compression=9, shuffle=True)
        f.add("bytes", ramp((30,), "u1"), chunks=(8,), compression=1, shuffle=True)
        f.add("bool", values((9,), "?"), chunks=(4,), compression="gzip")
        f.add("checksum", values((7, 3), "<i2"), chunks=(4, 3), fletcher32=True)
        f.add("checksum.odd", ramp((15,), "u1"), chunks=(5,), fletcher32=True)
        f.add("checksum.gzip", ramp((1, 600), "<i4"), chunks=(1, 599), fletcher32=True,
              compression="gzip", shuffle=True)
        f.add("resizable", ramp((3, 2)), chunks=(8, 8), maxshape=(None, None), compression="gzip")
        f.add("four.axes", ramp((5, 3, 4, 4)), chunks=(2, 1, 4, 4), compression="gzip")
        holes = f.file.create_dataset("holes", (6, 6), "<i4", chunks=(3, 3))
        holes[3:, :3] = 7
        array = np.zeros((6, 6), "<i4")
        array[3:, :3] = 7
        f.expect("holes", array)
        array = ramp((4, 2))
        mixed = f.file.create_dataset("filter.mask", (4, 2), "<f4", chunks=(2, 2),
                                      compression="gzip", shuffle=True)
        mixed.id.write_direct_chunk((0, 0), array[:2].tobytes(), filter_mask=0b11)
        mixed.id.write_direct_chunk((2, 0), zlib.compress(array[2:].tobytes()), filter_mask=0b01)
        f.expect("filter.mask", array)
    with File("many_chunks.h5") as f:
        # More chunks than one B-tree node holds.
        f.add("bias", ramp((70,), "u1"), chunks=(1,))


def brain_floats():
    with File("bfloat16.h5") as f:
        bits = values((3, 4), "<u2")
        f.add("text", bits, "BF16").attrs["dtype"] = "bfloat16"
        f.add("fixed", bits, "BF16").attrs["dtype"] = np.bytes_("bfloat16")
        f.add("flag", bits, "BF16").attrs["bfloat16"] = True
        f.add("number", bits, "BF16").attrs["bfloat16"] = np.int32(1)
        f.add("chunked", ramp((9,), "<u2"), "BF16", chunks=(4,),
              compression="gzip").attrs["dtype"] = "bfloat16"
        f.add("big", values((3,), ">u2"), "BF16").attrs["dtype"] = "bfloat16"
        f.add("not", bits).attrs["dtype"] = "uint16"
        f.add("not.flag", bits).attrs["bfloat16"] = False
        kind = h5py.h5t.IEEE_F32LE.copy()
        kind.set_fields(15, 7, 8, 0, 7)
        kind.set_size(2)
        kind.set_ebias(127)
        space = h5py.h5s.create_simple((3, 4))
        native = h5py.h5d.create(f.file.id, b"native", kind, space)
        native.write(h5py.h5s.ALL, h5py.h5s.ALL, bits, mtype=kind)
        f.expect("native", bits, "BF16")


def layouts():
    with File("compact.h5") as f:
        array = values((3, 2), "<f4")
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_layout(h5py.h5d.COMPACT)
        dataset = h5py.h5d.create(f.file.id, b"compact", h5py.h5t.IEEE_F32LE,
                                  h5py.h5s.create_simple((3, 2)), properties)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, array)
        f.expect("compact", array)
    with File("user_block.h5", userblock_size=1024) as f:
        f.add("contiguous", values((3,), "<f4"))
        f.add("chunked", ramp((9,)), chunks=(4,), compression="gzip")
    with File("version_1.8.h5", libver=("v108", "v108")) as f:
        f.add("group/contiguous", values((3,), "<f4"))
        f.add("group/chunked", ramp((9,)), chunks=(4,), compression="gzip", shuffle=True)
        f.add("group/bf16", values((2,), "<u2"), "BF16").attrs["dtype"] = "bfloat16"
    with File("version_1.10.h5", libver=("v110", "v110")) as f:
        f.add("contiguous", values((3,), "<f4"))
        f.add("single", ramp((9,)), chunks=(9,))
        f.add("single.gzip", ramp((9,)), chunks=(9,), compression="gzip")
        f.add("fixed", ramp((9, 5)), chunks=(4, 2))
        f.add("fixed.gzip", ramp((9, 5)), chunks=(4, 2), compression="gzip", shuffle=True)
        f.add("fixed.bounded", ramp((9, 5)), chunks=(4, 2), maxshape=(20, 11), compression="gzip")
        f.add("fixed.pages", ramp((1100,), "u1"), chunks=(1,))
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((4, 2))
        properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        array = ramp((9, 5))
        early = h5py.h5d.create(f.file.id, b"implicit", h5py.h5t.IEEE_F32LE,
                                h5py.h5s.create_simple((9, 5), (9, 12)), properties)
        early.write(h5py.h5s.ALL, h5py.h5s.ALL, array)
        f.expect("implicit", array)
    with File("version_2.0.h5", libver=("v200", "v200")) as f:
        f.add("contiguous", values((3,), "<f4"))
        f.add("single", ramp((9,)), chunks=(9,), compression="gzip")
        f.add("fixed", ramp((9, 5)), chunks=(4, 2))
        f.add("fixed.gzip", ramp((9, 5)), chunks=(4, 2), compression="gzip", shuffle=True)
        f.add("growing.gzip", ramp((9, 5)), chunks=(4, 2), maxshape=(None, 5), compression="gzip")
        f.add("tree.gzip", ramp((9, 5)), chunks=(4, 2), maxshape=(None,) * 2, compression="gzip")


def dense():
    """Links and attributes in heaps, which more than eight of them go into."""
    with File("dense_links.h5", track_order=True) as f:
        for i in range(9):
            f.add(f"z{8 - i}.bias", values((2,), "<f4", i))
            f.add(f"inner/{i}", values((1,), "<f4", i))
    with File("dense_attributes.h5", libver=LATEST) as f:
        bits = values((2,), "<u2")
        marked = f.add("marked", bits, "BF16")
        other = f.add("other", bits)
        for i in range(20):
            marked.attrs[f"note.{i}"] = np.int8(i)
        for i in range(9):
            other.attrs[f"note.{i}"] = np.int8(i)
        marked.attrs["dtype"] = "bfloat16"
        other.attrs["dtype"] = "uint16"
    # More than `expected.json` should hold: the test knows what is in these.
    with h5py.File(VALID / "dense_links_many.h5", "w", libver=LATEST) as f:
        f["0"] = np.uint8(7)
        for i in range(1, 1120):
            f[f"{i}"] = f["0"]


def growing():
    """Datasets without bound: arrays that grow along one axis, trees of records along several."""
    with File("growing.h5", libver=LATEST) as f:
        for name, options in {"": {}, "gzip.": {"compression": "gzip", "shuffle": True}}.items():
            f.add(f"{name}first", ramp((9, 5)), chunks=(2, 2), maxshape=(None, 5), **options)
            f.add(f"{name}last", ramp((5, 9)), chunks=(2, 2), maxshape=(7, None), **options)
            f.add(f"{name}both", ramp((9, 5)), chunks=(2, 2), maxshape=(None, None), **options)
        f.add("middle", ramp((3, 4, 5)), chunks=(2, 1, 2), maxshape=(3, None, 8))
        f.add("tree", ramp((9, 10), "u1"), chunks=(1, 1), maxshape=(None, None))
        f.add("gzip.tree", ramp((8, 9), "u1"), chunks=(1, 1), maxshape=(None, None), fletcher32=True)
        f.add("array", ramp((150,), "u1"), chunks=(1,), maxshape=(None,))
        f.file.create_dataset("empty", (0, 3), "<f4", chunks=(2, 2), maxshape=(None, 3))
        f.expect("empty", np.zeros((0, 3), "<f4"))
        shrunk = f.file.create_dataset("shrunk", data=ramp((20,)), chunks=(3,), maxshape=(None,))
        shrunk.resize((7,))
        f.expect("shrunk", ramp((7,)))
    with h5py.File(VALID / "growing_far.h5", "w", libver=LATEST) as f:
        far = f.create_dataset("far", (200_000,), "u1", chunks=(1,), maxshape=(None,))
        far[3], far[199_999] = 1, 3


def committed_types():
    with File("committed_types.h5") as f:
        f.file["types/float"] = np.dtype("<f4")
        f.file["types/flag"] = np.dtype("?")
        f.file["removed"] = np.dtype(">i4")
        for name, code in (("a", "types/float"), ("z", "types/float"), ("flag", "types/flag"),
                           ("number", "removed")):
            array = values((3,), f.file[code].dtype)
            f.file.create_dataset(name, data=array, dtype=f.file[code])
            f.expect(name, array)
        del f.file["removed"]


def keras():
    """Keras's own layouts: names of variables are paths that repeat the layers', and end in `:0`."""
    layer = "vit/encoder/layer_._0"
    with File("tf_model.h5", libver=("v108", "v108")) as f:
        f.file.attrs["backend"] = "tensorflow"
        f.file.attrs["layer_names"] = ["vit", "classifier"]
        names = []
        for part in ("attention/attention/query", "output/dense"):
            for name, shape in (("kernel", (3, 3)), ("bias", (3,))):
                names.append(f"tf_vi_t/{layer}/{part}/{name}:0")
                f.add(f"vit/{names[-1]}", values(shape, "<f4", len(names)))
        f.file["vit"].attrs["weight_names"] = names
        f.add("classifier/tf_vi_t/classifier/kernel:0", values((3, 2), "<f4"))
        f.file.create_group("top_level_model_weights")
    with File("keras.weights.h5", libver=("v108", "v108")) as f:
        f.add("layers/dense/vars/0", values((3, 2), "<f4"))
        f.add("layers/dense/vars/1", values((2,), "<f4"))
        f.add("layers/layer_normalization/vars/0", values((3,), "<f4"))
        f.file.create_group("layers/dropout/vars")
        f.file.create_group("optimizer/vars")


def hostile(name, libver=("v108", "v108")):
    """The format of release 1.8, whose files are smaller."""
    return h5py.File(HOSTILE / name, "w", libver=libver)


def hostile_objects():
    with hostile("soft_link.h5", libver=("earliest", "v108")) as f:
        f["group/weight"] = ramp((2,))
        f["group/alias"] = h5py.SoftLink("/group/weight")
    with hostile("external_link.h5") as f:
        f["group/weight"] = ramp((2,))
        f["group/elsewhere"] = h5py.ExternalLink("/etc/passwd", "/weight")
    with hostile("group_cycle.h5") as f:
        f["outer/inner/weight"] = ramp((2,))
        f["outer/inner/again"] = f["outer"]
    with hostile("group_twice.h5") as f:
        f["a/weight"] = ramp((2,))
        f["b"] = f["a"]
    with hostile("colliding_names.h5") as f:
        f["a/b"] = ramp((2,))
        f["a.b"] = ramp((2,))
    with hostile("deep.h5") as f:
        f["/".join("g" * 34) + "/weight"] = ramp((2,))
    with hostile("long_name.h5") as f:
        f["n" * 1025] = ramp((2,))
    with hostile("not_utf8.h5", libver=("earliest", "v108")) as f:
        f[b"weight\xff"] = ramp((2,))


def hostile_types():
    with hostile("compound.h5") as f:
        f["weight"] = np.zeros(2, [("a", "<f4"), ("b", "<i4")])
    with hostile("complex.h5") as f:
        f["weight"] = np.zeros(2, "<c8")
    with hostile("variable_string.h5") as f:
        f["weight"] = "text"
    with hostile("fixed_string.h5") as f:
        f["weight"] = np.bytes_("text")
    with hostile("opaque.h5") as f:
        f["weight"] = np.void(b"1234")
    with hostile("reference.h5") as f:
        f.create_dataset("weight", (1,), dtype=h5py.ref_dtype)
    with hostile("array.h5") as f:
        f.create_dataset("weight", (2,), dtype=np.dtype(("<f4", (3,))))
    with hostile("variable_length.h5") as f:
        f.create_dataset("weight", (2,), dtype=h5py.vlen_dtype(np.dtype("<f4")))
    with hostile("enumeration.h5") as f:
        f.create_dataset("weight", (2,), dtype=h5py.enum_dtype({"A": 1, "B": 2}, "i1"))
    with hostile("odd_float.h5") as f:
        kind = h5py.h5t.IEEE_F32LE.copy()
        kind.set_ebias(126)
        h5py.h5d.create(f.id, b"weight", kind, h5py.h5s.create_simple((2,)))
    with hostile("odd_integer.h5") as f:
        kind = h5py.h5t.STD_I32LE.copy()
        kind.set_precision(24)
        h5py.h5d.create(f.id, b"weight", kind, h5py.h5s.create_simple((2,)))
    with hostile("null_dataspace.h5") as f:
        f["weight"] = h5py.Empty("<f4")


def hostile_storage():
    with hostile("external_storage.h5") as f:
        f.create_dataset("weight", (2,), "<f4", external=[("/etc/passwd", 0, 8)])
    with hostile("virtual.h5", libver=("earliest", "v110")) as f:
        layout = h5py.VirtualLayout((2,), "<f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "weight", (2,))
        f.create_virtual_dataset("weight", layout)
    with hostile("filter_lzf.h5", LATEST) as f:
        f.create_dataset("weight", data=ramp((64,)), chunks=(64,), compression="lzf")
    with hostile("filter_scale_offset.h5", LATEST) as f:
        f.create_dataset("weight", data=ramp((64,), "<i4"), chunks=(64,), scaleoffset=0)
    with hostile("filter_szip.h5", LATEST) as f:
        f.create_dataset("weight", data=ramp((64,)), chunks=(64,), compression="szip")
    with hostile("fill_value.h5") as f:
        f.create_dataset("weight", (4,), "<f4", chunks=(2,), fillvalue=1.5)[:2] = 0
    with hostile("unwritten.h5", LATEST) as f:
        f.create_dataset("weight", (1 << 30,), "<f4", chunks=(1 << 20,), compression="gzip")
    with hostile("bomb.h5", LATEST) as f:
        bomb = f.create_dataset("weight", (1024,), "<f4", chunks=(1024,), compression="gzip")
        # 4 KiB are declared; the stream goes on for 1 MiB.
        bomb.id.write_direct_chunk((0,), zlib.compress(bytes(1 << 20), 9))
    with hostile("short_chunk.h5", LATEST) as f:
        short = f.create_dataset("weight", (1024,), "<f4", chunks=(1024,), compression="gzip")
        short.id.write_direct_chunk((0,), zlib.compress(bytes(4095)))
    with hostile("trailing_bytes.h5", LATEST) as f:
        trailing = f.create_dataset("weight", (16,), "<f4", chunks=(16,), compression="gzip")
        trailing.id.write_direct_chunk((0,), zlib.compress(bytes(64)) + b"more")
    with hostile("not_deflate.h5", LATEST) as f:
        wrong = f.create_dataset("weight", (16,), "<f4", chunks=(16,), compression="gzip")
        wrong.id.write_direct_chunk((0,), b"this is no zlib stream")
    with hostile("bad_checksum.h5", LATEST) as f:
        wrong = f.create_dataset("weight", (4,), "<f4", chunks=(4,), fletcher32=True)
        wrong.id.write_direct_chunk((0,), bytes(16) + b"\1\2\3\4")
    with hostile("chunk_size.h5", LATEST) as f:
        wrong = f.create_dataset("weight", (4,), "<f4", chunks=(4,), compression="gzip")
        wrong.id.write_direct_chunk((0,), bytes(12), filter_mask=1)


def base():
    """What the tests damage byte by byte, and patch in ways that no library writes."""
    with hostile("base.h5", libver=("earliest", "v108")) as f:
        f["weight"] = ramp((3, 5))
        f.create_dataset("chunked", data=ramp((7, 9)), chunks=(4, 4), compression="gzip",
                         shuffle=True)
        f.create_dataset("bf16", data=ramp((2,), "<u2")).attrs["dtype"] = "bfloat16"
        f.create_dataset("bool", data=np.array([True, False]))
    with hostile("base_1.10.h5", LATEST) as f:
        f["group/weight"] = ramp((3, 5))
        f.create_dataset("chunked", data=ramp((7, 9)), chunks=(4, 4), compression="gzip")
    with hostile("base_dense.h5", LATEST) as f:
        bits = f.create_dataset("bf16", data=ramp((2,), "<u2"))
        for i in range(50):
            f[f"tied.{i}"] = bits
            bits.attrs[f"{i}"] = np.int8(i)
        bits.attrs["dtype"] = np.bytes_("bfloat16")
        f.create_dataset("array", data=ramp((40,), "u1"), chunks=(1,), maxshape=(None,))
        f.create_dataset("tree", data=ramp((3, 9), "u1"), chunks=(1, 1), maxshape=(None, None))
        f.create_dataset("gzip", data=ramp((9, 4)), chunks=(4, 4), maxshape=(None, None),
                         compression="gzip")


def main():
    for folder in (VALID, HOSTILE):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    for step in (element_types, names, shapes, chunks, brain_floats, layouts, dense, growing,
                 committed_types, keras, hostile_objects, hostile_types, hostile_storage, base):
        step()
    lines = [f"{json.dumps(name)}: {json.dumps(tensors)}" for name, tensors in expected.items()]
    (HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
