"""Writes the PyTorch files that the tests read. Needs torch 2.13 and numpy; run it in this folder.

valid/    files with what is in them in expected.json
refused/  files that torch.save writes and the reader refuses

valid/beit.pth and valid/dino_wrapped.pth are not made here: the first has the tensors of
../transseg/beit/source.safetensors, the second wraps a DINO backbone as its training does.
"""

import argparse
import base64
import collections
import io
import json
import pathlib
import sys
import warnings
import zipfile
import zlib
from unittest import mock

import numpy
import torch

warnings.filterwarnings("ignore")
torch.manual_seed(0)
here = pathlib.Path(__file__).parent
expected = {}

# The names that safetensors has for element types.
NAMES = {
    torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.uint8: "U8", torch.int8: "I8", torch.int16: "I16", torch.int32: "I32",
    torch.int64: "I64", torch.bool: "BOOL", torch.complex64: "C64", torch.uint16: "U16",
    torch.uint32: "U32", torch.uint64: "U64", torch.float8_e5m2: "F8_E5M2",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2fnuz: "F8_E5M2FNUZ",
    torch.float8_e4m3fnuz: "F8_E4M3FNUZ", torch.float8_e8m0fnu: "F8_E8M0",
}


def raw(tensor):
    flat = tensor.detach().clone(memory_format=torch.contiguous_format).reshape(-1)
    return b"" if flat.numel() == 0 else bytes(flat.view(torch.uint8).numpy())


def save(name, obj, state, wrapper=None, ignored=(), skipped=(), **options):
    path = here / "valid" / name
    torch.save(obj, path, **options)
    expect(name, state, wrapper, ignored, skipped)


def expect(name, state, wrapper=None, ignored=(), skipped=()):
    expected[name] = {
        "wrapper": wrapper, "ignored": list(ignored), "skipped": list(skipped),
        "tensors": [
            {
                "name": key, "dtype": NAMES[value.dtype], "shape": list(value.shape),
                "base64": base64.b64encode(raw(value)).decode(),
            }
            for key, value in state.items()
        ],
    }


def every_dtype():
    state = {}
    for index, dtype in enumerate(NAMES):
        bits = torch.arange(24 * 8, dtype=torch.uint8) * 7 + index
        if dtype == torch.bool:
            bits = bits % 2
        state[f"dtype.{NAMES[dtype]}"] = bits.view(dtype)[:6].clone().reshape(2, 3)
    state["scalar"] = torch.tensor(2.5)
    state["empty"] = torch.zeros(0)
    state["empty_axis"] = torch.zeros(2, 0, 3, dtype=torch.int16)
    state["rank5"] = torch.arange(32, dtype=torch.int32).reshape(2, 2, 2, 2, 2)
    return state


def views(dtype=torch.float32):
    base = torch.arange(60).to(dtype).reshape(3, 4, 5)
    tied = torch.arange(6).to(dtype)
    return {
        "base": base, "transposed": base.transpose(0, 2), "slice": base[1:, 2:3, 1:4],
        "step": base[:, ::2, ::2], "row": base[2], "column": base[:, 1, 3],
        "permuted": base.permute(2, 0, 1), "expanded": base[0, :1, :1].expand(3, 4),
        "scalar": base[1, 2, 3], "empty": base[3:], "tied.a": tied, "tied.b": tied,
        "windows": tied.unfold(0, 3, 1), "ones": base[:, :1, :].transpose(0, 1),
    }


def training(state):
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    return {
        "model": state, "optimizer": optimizer.state_dict(), "epoch": 3, "arch": "vit",
        "lr_scheduler": scheduler.state_dict(), "best_acc1": torch.tensor(71.5),
        "args": argparse.Namespace(lr=1e-3, layers=[1, 2], name=None, path=pathlib.Path("x")),
        "score": numpy.float64(0.5), "rng": numpy.arange(4), "betas": (0.9, 0.999),
        "big": 1 << 100, "set": {1, 2}, "bytes": b"\x00\xff", "size": torch.Size([1, 2]),
        "history": collections.defaultdict(list, loss=[0.5, 0.25]), "dtype": torch.float16,
        "device": torch.device("cpu"), "scaler": {"scale": 65536.0, "_growth_tracker": 0},
        "dino_loss": {"center": torch.zeros(1, 4)},
    }


def big_endian(state, path):
    """What torch.save writes on a big-endian machine; torch.load swaps it back, which is checked."""
    swapped = {}
    for key, value in state.items():
        width = value.element_size() // (2 if value.is_complex() else 1)
        data = bytearray(raw(value))
        for start in range(0, len(data), width):
            data[start : start + width] = data[start : start + width][::-1]
        flat = torch.frombuffer(data, dtype=torch.uint8).clone() if data else torch.zeros(0)
        swapped[key] = flat.view(value.dtype).reshape(value.shape)
    with mock.patch.object(sys, "byteorder", "big"):
        torch.save(swapped, path)
    for key, value in torch.load(path, weights_only=True).items():
        # Storages that are counted in bytes are not swapped by torch.load.
        if NAMES[value.dtype] not in ("U16", "U32", "U64"):
            assert raw(value) == raw(state[key]), key


def make_valid():
    dtypes = every_dtype()
    save("dtypes.pth", dtypes, dtypes)
    save("views.pth", views(), views())
    save("half_views.pth", views(torch.float16), views(torch.float16))

    marked = torch.nn.Parameter(torch.arange(3.0))
    marked.note = "kept"
    module = torch.nn.BatchNorm1d(2)
    parameters = {
        "parameter": torch.nn.Parameter(torch.arange(4.0)), "marked": marked,
        "buffer": torch.nn.Buffer(torch.arange(2.0)), "frozen": torch.nn.Parameter(
            torch.arange(2), requires_grad=False),
    }
    save("parameters.pth", parameters, parameters)
    save("state_dict.pth", module.state_dict(), module.state_dict())

    state = collections.OrderedDict(a=torch.arange(3.0), b=torch.arange(2))
    checkpoint = training(state)
    skipped = [key for key in checkpoint if key != "model"]
    save("training.pth", checkpoint, state, "model", skipped=skipped)
    save("training_legacy.pth", checkpoint, state, "model", skipped=skipped,
         _use_new_zipfile_serialization=False)
    save("nested.pth", {"state_dict": {"model": state, "step": 1}, "epoch": 1}, state,
         "state_dict/model", skipped=["epoch"])
    save("same_twice.pth", {"model": state, "state_dict": state}, state, "model",
         skipped=["state_dict"])
    save("other_wrapper.pth", {"weights": state, "optimizer": {"state": {0: {"m": state["a"]}}}},
         state, "weights", skipped=["optimizer"])
    save("leaves.pth", {**state, "_extra_state": {"x": 1}, "version": 2}, state,
         ignored=["_extra_state", "version"])
    save("teacher_student.pth", {"teacher": state, "student": {"a": torch.zeros(3)}, "epoch": 1},
         state, "teacher", skipped=["student", "epoch"])
    # One letter composed and decomposed: two names.
    names = {"\u00e9": state["a"], "e\u0301": state["b"], "": torch.ones(1), "a b": torch.ones(1)}
    save("names.pth", names, names)

    legacy = {**every_dtype(), **views()}
    save("legacy.pth", legacy, legacy, _use_new_zipfile_serialization=False)
    big_endian(dtypes, here / "valid" / "big_endian.pth")
    expect("big_endian.pth", dtypes)

    torch.serialization.set_crc32_options(False)
    save("no_checksums.pth", state, state)
    torch.serialization.set_crc32_options(True)


def make_writer_reference():
    """The file that the writer has to write, and the checksums of longer pickles."""
    state = collections.OrderedDict(every_dtype())
    stream = io.BytesIO()
    torch.save(state, stream)
    (here / "valid" / "writer.pth").write_bytes(stream.getvalue())
    expect("writer.pth", state)
    checksums = {}
    for count in (0, 1, 2, 999, 1000, 1001, 2001):
        stream = io.BytesIO()
        torch.save(collections.OrderedDict(
            (f"layer.{index}.weight", torch.zeros(index % 3, 70000 * (index % 2), dtype=torch.int8))
            for index in range(count)), stream)
        with zipfile.ZipFile(stream) as archive:
            checksums[str(count)] = zlib.crc32(archive.read("archive/data.pkl"))
    return checksums


class Whole(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x):
        return self.layer(x)


def make_refused():
    folder = here / "refused"
    state = {"a": torch.arange(3.0), "b": torch.arange(2)}
    with torch.serialization.skip_data():
        torch.save(state, folder / "skip_data.pth")
    torch.save({"a": torch.zeros(2, dtype=torch.complex128)}, folder / "complex128.pth")
    torch.save({"a": torch.zeros(2, dtype=torch.complex64).conj()}, folder / "conjugate.pth")
    torch.save({"a": torch.eye(3).to_sparse()}, folder / "sparse.pth")
    torch.save({"a": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)},
               folder / "quantized.pth")
    torch.save(torch.nn.Linear(2, 1), folder / "module.pth")
    # A class without a source file: the legacy format would put the file's text beside it.
    exec("class Layer(torch.nn.Linear): pass", globals())
    torch.save(Layer(2, 1), folder / "module_legacy.pth",  # noqa: F821
               _use_new_zipfile_serialization=False)
    torch.save({"model": state, "optimizer": torch.optim.SGD([torch.nn.Parameter(state["a"])])},
               folder / "optimizer_object.pth")
    torch.save([state["a"]], folder / "list.pth")
    torch.save(state["a"], folder / "tensor.pth")
    torch.save({"epoch": 1}, folder / "no_tensors.pth")
    torch.save({"model": state, "model_ema": {"a": torch.zeros(3)}}, folder / "ambiguous.pth")
    torch.jit.save(torch.jit.script(Whole()), str(folder / "script.pt"))
    for protocol in (3, 4, 5):
        torch.save(state, folder / f"protocol{protocol}.pth", pickle_protocol=protocol)
    with zipfile.ZipFile(here / "valid" / "state_dict.pth") as source:
        with zipfile.ZipFile(folder / "deflated.pth", "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    damaged = bytearray((here / "valid" / "state_dict.pth").read_bytes())
    with zipfile.ZipFile(here / "valid" / "state_dict.pth") as source:
        info = source.getinfo("state_dict/data/0")
        extra = int.from_bytes(damaged[info.header_offset + 28 : info.header_offset + 30], "little")
        damaged[info.header_offset + 30 + len(info.filename) + extra] ^= 1
    (folder / "damaged_storage.pth").write_bytes(damaged)


make_valid()
checksums = make_writer_reference()
make_refused()
(here / "expected.json").write_text(
    json.dumps({"files": expected, "pickleChecksums": checksums}, indent=1, ensure_ascii=True) + "\n")
