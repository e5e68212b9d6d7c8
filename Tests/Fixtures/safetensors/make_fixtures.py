"""Writes the safetensors fixtures beside this script with the reference implementation, and what it
thinks of many a header in `verdicts.json`.

    pip install safetensors==0.8.0 huggingface_hub torch numpy && python make_fixtures.py

The files are committed; run this only to change them (safetensors 0.8.0 and huggingface_hub 2.4.0
made them).
"""

import base64
import json
import pathlib
import shutil
import struct
import tempfile

import numpy as np
import torch
from huggingface_hub import save_torch_state_dict
from safetensors import TensorSpec, safe_open, serialize

HERE = pathlib.Path(__file__).parent
# The reference's names for what its files call F32, F16, …; F6 types cannot be written with it.
DTYPES = {
    "bool": 8, "float4_e2m1fn_x2": 8, "uint8": 8, "int8": 8, "float8_e5m2": 8, "float8_e4m3fn": 8,
    "float8_e8m0fnu": 8, "float8_e4m3fnuz": 8, "float8_e5m2fnuz": 8, "int16": 16, "uint16": 16,
    "float16": 16, "bfloat16": 16, "int32": 32, "uint32": 32, "float32": 32, "complex64": 64,
    "float64": 64, "int64": 64, "uint64": 64,
}
random = np.random.default_rng(3)


def tensors(specification):
    """Tensors of random bytes; the second value keeps them alive."""
    result, buffers = {}, []
    for name, (dtype, shape) in specification.items():
        count = int(np.prod(shape)) * DTYPES[dtype] // 8
        buffer = np.frombuffer(random.bytes(count) + b"\0", np.uint8)
        buffers.append(buffer)
        result[name] = TensorSpec(
            dtype=dtype, shape=list(shape), data_ptr=buffer.ctypes.data, data_len=count)
    return result, buffers


def write(file, specification, metadata=None):
    named, _buffers = tensors(specification)
    (HERE / file).write_bytes(serialize(named, metadata))


write("element_types.safetensors", {f"tensor.{name}": (name, (2, 3)) for name in DTYPES})
write("shapes.safetensors", {
    "scalar": ("float32", ()),
    "none": ("float32", (0,)),
    "none.in.the.middle": ("float16", (2, 0, 3)),
    "odd": ("uint8", (7,)),
    "deep": ("bfloat16", (1, 2, 1, 2, 1, 3)),
})
# One entry of metadata: the reference writes several in no certain order.
names = [
    "plain", "é", "e\u0301", "日本語", "😀", 'quote"', "back\\slash", "sla/sh", "tab\t", "new\nline",
    "bell\u0007", "form\fback\b\r", "del\u007f", "\u2028", "", " ", "Z", "a", "a.10", "a.2", "__meta__",
]
write("names.safetensors", {name: ("uint8", (1,)) for name in names}, {"na\"me\n": "va\\lue\u0001é"})
write("empty.safetensors", {})
write("metadata_alone.safetensors", {}, {"format": "pt"})


def file_of(header, data):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header)) + header + data


def sub_byte():
    header, data = {}, b""
    for dtype, bits in (("F6_E3M2", 6), ("F6_E2M3", 6), ("F4", 4)):
        content = random.bytes(8 * bits // 8)
        header[f"tensor.{dtype}"] = {
            "dtype": dtype, "shape": [2, 4], "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    # The order of the reference's own writer: dtypes descending.
    path = HERE / "sub_byte.safetensors"
    text = json.dumps(header, separators=(",", ":"))
    path.write_bytes(file_of(text + " " * (-len(text) % 8), data))
    with safe_open(path, "np") as opened:
        assert sorted(opened.keys()) == sorted(header)


sub_byte()


def shards():
    folder = HERE / "sharded"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    state = {
        f"blocks.{block}.{name}": torch.from_numpy(random.standard_normal(shape).astype("f4"))
        for block in range(3)
        for name, shape in (("weight", (6, 8)), ("bias", (8,)), ("large", (20, 10)))
    }
    save_torch_state_dict(state, folder, max_shard_size=600)
    for file in folder.iterdir():
        file.chmod(0o644)


shards()

INFO = '"dtype":"F32","shape":[2],"data_offsets":[0,8]'
A = f'"a":{{{INFO}}}'
HALVES = [f'"a":{{"dtype":"F32","shape":[1],"data_offsets":[{4 * i},{4 * i + 4}]}}' for i in (0, 1)]
HEADERS = {
    "plain": f"{{{A}}}",
    "spaces before": f"  {{{A}}}",
    "line and tab before": f"\n\t{{{A}}}",
    "byte order mark": b"\xef\xbb\xbf" + f"{{{A}}}".encode(),
    "spaces after": f"{{{A}}}   ",
    "line after": f"{{{A}}}\n",
    "NUL after": f"{{{A}}}\0",
    "text after": f"{{{A}}}x",
    "second object after": f"{{{A}}}{{}}",
    "spaces inside": f'{{ "a" : {{ {INFO} }} }}',
    "name twice": f"{{{A},{A}}}",
    "name twice, once escaped": f'{{{A},"\\u0061":{{{INFO}}}}}',
    "name twice, other dtype": f'{{{A},{A.replace("F32", "I32")}}}',
    "name twice, other bytes": f"{{{HALVES[0]},{HALVES[1]}}}",
    "name twice, first of no dtype": f'{{{A.replace("F32", "X32")},{A}}}',
    "name twice, first beyond the file": f'{{{A.replace("8]", "99]")},{A}}}',
    "name twice, last beyond the file": f'{{{A},{A.replace("8]", "99]")}}}',
    "name twice, first without dtype": f'{{"a":{{"shape":[2],"data_offsets":[0,8]}},{A}}}',
    "unknown member": f'{{"a":{{{INFO},"x":1}}}}',
    "unknown nested member": f'{{"a":{{{INFO},"x":{{"y":[1.5,{{"z":null}}]}}}}}}',
    "unknown member twice": f'{{"a":{{{INFO},"x":1,"x":2}}}}',
    "unknown member with a huge number": f'{{"a":{{{INFO},"x":1e999}}}}',
    "unknown member, deep": f'{{"a":{{{INFO},"x":{"[" * 100}{"]" * 100}}}}}',
    "unknown member, too deep": f'{{"a":{{{INFO},"x":{"[" * 130}{"]" * 130}}}}}',
    "dtype twice": f'{{"a":{{"dtype":"F32",{INFO}}}}}',
    "shape twice": f'{{"a":{{"shape":[2],{INFO}}}}}',
    "offsets twice": f'{{"a":{{{INFO},"data_offsets":[0,8]}}}}',
    "metadata": f'{{"__metadata__":{{"x":"1"}},{A}}}',
    "metadata last": f'{{{A},"__metadata__":{{"x":"1"}}}}',
    "metadata null": f'{{"__metadata__":null,{A}}}',
    "metadata empty": f'{{"__metadata__":{{}},{A}}}',
    "metadata with a name twice": f'{{"__metadata__":{{"x":"1","x":"2"}},{A}}}',
    "metadata twice": f'{{"__metadata__":{{}},"__metadata__":{{}},{A}}}',
    "metadata null twice": f'{{"__metadata__":null,"__metadata__":null,{A}}}',
    "metadata number": f'{{"__metadata__":{{"x":1}},{A}}}',
    "metadata null inside": f'{{"__metadata__":{{"x":null}},{A}}}',
    "metadata list": f'{{"__metadata__":[],{A}}}',
    "metadata text": f'{{"__metadata__":"x",{A}}}',
    "metadata as a tensor": f'{{"__metadata__":{{{INFO}}}}}',
    "control character in a name": f'{{"a\x01":{{{INFO}}}}}',
    "half a surrogate pair": f'{{"\\ud800":{{{INFO}}}}}',
    "surrogate pair": f'{{"\\ud83d\\ude00":{{{INFO}}}}}',
    "unknown escape": f'{{"\\x61":{{{INFO}}}}}',
    "no UTF-8": b'{"a\xff":{' + INFO.encode() + b"}}",
    "no name": f'{{"":{{{INFO}}}}}',
    "minus zero": f'{{{A.replace("[0", "[-0")}}}',
    "negative offset": f'{{{A.replace("[0", "[-8").replace("8]", "0]")}}}',
    "negative extent": f'{{{A.replace("[2]", "[-2]")}}}',
    "two negative extents": f'{{{A.replace("[2]", "[-2,-1]")}}}',
    "fraction": f'{{{A.replace("[2]", "[2.0]")}}}',
    "exponent": f'{{{A.replace("8]", "8e0]")}}}',
    "leading zero": f'{{{A.replace("[2]", "[02]")}}}',
    "hexadecimal": f'{{{A.replace("[2]", "[0x2]")}}}',
    "plus": f'{{{A.replace("[2]", "[+2]")}}}',
    "extent as text": f'{{{A.replace("[2]", chr(91) + chr(34) + "2" + chr(34) + "]")}}}',
    "extent beyond 64 bits": f'{{{A.replace("[2]", "[18446744073709551616]")}}}',
    "extent of 64 bits": f'{{{A.replace("[2]", "[18446744073709551615]")}}}',
    "extents beyond 64 bits": f'{{{A.replace("[2]", "[4294967296,4294967296]")}}}',
    "offset beyond 64 bits": f'{{{A.replace("8]", "18446744073709551616]")}}}',
    "offset of 64 bits": f'{{{A.replace("8]", "18446744073709551615]")}}}',
    "no dtype": '{"a":{"shape":[2],"data_offsets":[0,8]}}',
    "no shape": '{"a":{"dtype":"F32","data_offsets":[0,8]}}',
    "no offsets": '{"a":{"dtype":"F32","shape":[2]}}',
    "null dtype": f'{{{A.replace(chr(34) + "F32" + chr(34), "null")}}}',
    "lower-case dtype": f'{{{A.replace("F32", "f32")}}}',
    "unknown dtype": f'{{{A.replace("F32", "F128")}}}',
    "null shape": f'{{{A.replace("[2]", "null")}}}',
    "no list of extents": f'{{{A.replace("[2]", "2")}}}',
    "one offset": f'{{{A.replace("[0,8]", "[8]")}}}',
    "three offsets": f'{{{A.replace("[0,8]", "[0,8,8]")}}}',
    "no offsets in the list": f'{{{A.replace("[0,8]", "[]")}}}',
    "offsets the wrong way": f'{{{A.replace("[0,8]", "[8,0]")}}}',
    "bytes for fewer elements": f'{{{A.replace("[2]", "[1]")}}}',
    "bytes for more elements": f'{{{A.replace("[2]", "[3]")}}}',
    "a hole in front": f'{{{A.replace("[0,8]", "[4,8]").replace("[2]", "[1]")}}}',
    "a hole behind": f'{{{A.replace("[0,8]", "[0,4]").replace("[2]", "[1]")}}}',
    "beyond the file": f'{{{A.replace("[0,8]", "[0,12]").replace("[2]", "[3]")}}}',
    "overlap": f'{{{A},{A.replace(chr(34) + "a", chr(34) + "b", 1)}}}',
    "overlap in part": f'{{{HALVES[0]},"b":{{{INFO}}}}}',
    "two halves": f'{{{HALVES[0]},{HALVES[1].replace(chr(34) + "a", chr(34) + "b", 1)}}}',
    "nothing in front": f'{{"b":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}},{A}}}',
    "nothing behind": f'{{"b":{{"dtype":"U8","shape":[0],"data_offsets":[8,8]}},{A}}}',
    "nothing in the middle": f'{{"b":{{"dtype":"U8","shape":[0],"data_offsets":[4,4]}},{A}}}',
    "nothing beyond": f'{{"b":{{"dtype":"U8","shape":[0],"data_offsets":[9,9]}},{A}}}',
    "half a byte": '{"a":{"dtype":"F4","shape":[15],"data_offsets":[0,8]}}',
    "whole bytes of halves": '{"a":{"dtype":"F4","shape":[16],"data_offsets":[0,8]}}',
    "scalar": '{"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}',
    "null tensor": '{"a":null}',
    "tensor as text": '{"a":"F32"}',
    "list": "[]",
    "number": "8",
    "null": "null",
    "nothing": "",
    "spaces alone": "        ",
    "no tensors": "{}",
    "brace alone": "{",
    "comma at the end": f"{{{A},}}",
    "comma in the list": f'{{{A.replace("[2]", "[2,]")}}}',
    "no comma": f"{{{A} {HALVES[1]}}}",
    "single quotes": f"{{{A}}}".replace('"', "'"),
    "comment": f"{{/**/{A}}}",
    "cut off": f"{{{A}}}"[:-1],
    "cut off in a name": '{"a',
    "cut off in an escape": '{"a\\u00',
    "NaN": f'{{{A.replace("[2]", "[NaN]")}}}',
    "brackets": "[" * 1000,
    "braces": '{"a":' * 500,
}


def verdict(header):
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        file.write(file_of(header, bytes(8)))
        file.flush()
        try:
            with safe_open(file.name, "np") as opened:
                opened.keys()
            return True
        except Exception:
            return False


(HERE / "verdicts.json").write_text(json.dumps({
    name: {
        "header": base64.b64encode(h if isinstance(h, bytes) else h.encode()).decode(),
        "accepted": verdict(h),
    }
    for name, h in HEADERS.items()
}, indent=1) + "\n")
