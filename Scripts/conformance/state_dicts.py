"""Reads what torch.save and safetensors write of state dicts, in all the ways that people save them.

    pip install safetensors torch numpy
    python Scripts/conformance/state_dicts.py path/to/inflate-ckpt

Each row is a file, or a folder of shards; `inflate-ckpt repack` brings it into safetensors and into
a `.pth`, which safetensors and `torch.load(weights_only=True)` read. Names, element types, shapes
and every bit have to be those of the tensors that went in.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import safetensors
import safetensors.torch
import torch

generator = torch.Generator().manual_seed(3)


def random(*shape):
    return torch.randn(*shape, generator=generator)


def plain():
    return collections.OrderedDict(
        [("blocks.0.weight", random(3, 4)), ("blocks.0.bias", random(4)), ("cls_token", random(1, 1, 4))])


def views():
    base = random(6, 8)
    return {
        "offset": base[2:4], "strided": base[:, ::2], "transposed": base.t(), "row": base[3],
        "permuted": random(2, 3, 4).permute(2, 0, 1), "expanded": random(1, 5).expand(4, 5),
        "scalar": base[1, 1], "empty": base[:0], "stepped": base[::3, 1::3],
    }


def tied():
    weight = random(5, 2)
    return {"embed.weight": weight, "head.weight": weight, "part": weight[1:3]}


def module():
    layer = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    return layer.state_dict()


def training(state):
    parameters = [torch.nn.Parameter(value.clone()) for value in state.values()]
    optimizer = torch.optim.AdamW(parameters)
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return {"model": state, "optimizer": optimizer.state_dict(), "epoch": 7, "args": {"lr": 0.1}}


def save(path, value, **options):
    torch.save(value, path, **options)


def save_big_endian(path, state):
    """What a big-endian machine would have written: the same archive with its storages turned."""
    little = path.with_suffix(".little")
    torch.save(state, little)
    widths = {str(i): value.element_size() for i, value in enumerate(state.values())}
    with zipfile.ZipFile(little) as source, zipfile.ZipFile(path, "w") as target:
        for item in source.infolist():
            data = source.read(item)
            name = item.filename.split("/", 1)[1]
            if name == "byteorder":
                data = b"big"
            if name.startswith("data/"):
                width = widths[name[5:]]
                data = np.frombuffer(data, f"<u{width}").astype(f">u{width}").tobytes()
            target.writestr(item.filename, data)


def save_shards(folder, state):
    folder.mkdir()
    places = {}
    for number, (name, tensor) in enumerate(state.items(), 1):
        places[name] = f"model-{number:05}-of-{len(state):05}.safetensors"
        safetensors.torch.save_file({name: tensor}, folder / places[name])
    size = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


LEGACY = {"_use_new_zipfile_serialization": False}
MIXED = lambda: {
    "bf16": random(4).bfloat16(), "f16": random(4).half(), "f64": random(4).double(),
    "i8": torch.arange(-3, 3, dtype=torch.int8), "bool": random(5) > 0, "i64": torch.arange(3)}
# A row's title, its file's name, the tensors that are to be found, and how they are saved.
ROWS = [
    ("a state dict", "a.pth", plain, save),
    ("the legacy format", "b.pt", plain, lambda path, state: save(path, state, **LEGACY)),
    ("views", "c.pth", views, save),
    ("views, legacy", "d.pth", views, lambda path, state: save(path, state, **LEGACY)),
    ("tied weights", "e.bin", tied, save),
    ("tied weights, legacy", "f.bin", tied, lambda path, state: save(path, state, **LEGACY)),
    ("a module's state dict", "g.pth", module, save),
    ("parameters", "h.pth", plain, lambda path, state: save(
        path, {name: torch.nn.Parameter(value) for name, value in state.items()})),
    ("mixed element types", "i.pth", MIXED, save),
    ("mixed element types, legacy", "j.pth", MIXED,
     lambda path, state: save(path, state, **LEGACY)),
    ("big-endian", "k.pth", MIXED, save_big_endian),
    ("with an optimizer", "l.pth", plain, lambda path, state: save(path, training(state))),
    *[(f"wrapped as {wrapper}", f"m-{wrapper}.pth", plain,
       lambda path, state, wrapper=wrapper: save(path, {wrapper: state, "epoch": 3}))
      for wrapper in ("model", "state_dict", "teacher", "student", "module", "net")],
    ("shards", "n", plain, save_shards),
]


def as_bytes(tensor):
    tensor = tensor.detach().contiguous()
    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def faults(expected, found):
    yield from (f"{name} is missing" for name in expected.keys() - found.keys())
    yield from (f"{name} is extra" for name in found.keys() - expected.keys())
    for name in expected.keys() & found.keys():
        one, other = expected[name], found[name]
        if (one.dtype, one.shape) != (other.dtype, other.shape):
            yield f"{name}: {one.dtype} {list(one.shape)} became {other.dtype} {list(other.shape)}"
        elif as_bytes(one) != as_bytes(other):
            yield f"{name}: other bytes"


def check_raw_types(tool, folder):
    """Types that torch has none of go through as bytes, in the reference's own file."""
    made = {
        name: {"dtype": name, "shape": shape, "data_offsets": offsets} for name, shape, offsets in (
            ("F4", [4, 2], [0, 4]), ("F6_E2M3", [4], [4, 7]), ("F6_E3M2", [8], [7, 13]),
            ("F8_E4M3FNUZ", [3], [13, 16]))}
    header = json.dumps({"__metadata__": {"a": "ä", "format": "pt"}, **made}).encode()
    header += b" " * (-len(header) % 8)
    source, target = folder / "raw.safetensors", folder / "raw-out.safetensors"
    source.write_bytes(len(header).to_bytes(8, "little") + header + bytes(range(16)))
    subprocess.run([tool, "repack", source, "-o", target], check=True, stdout=subprocess.DEVNULL)
    tensors = [dict(safetensors.deserialize(path.read_bytes())) for path in (source, target)]
    wrong = [name for name in made if tensors[0][name] != tensors[1].get(name)]
    with safetensors.safe_open(target, "numpy") as file:
        wrong += [] if file.metadata() == {"a": "ä", "format": "pt"} else ["metadata"]
    return wrong


def main():
    tool, failures = sys.argv[1], 0
    print(f"torch {torch.__version__}, safetensors {safetensors.__version__}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for title, file, make, write in ROWS:
            expected = make()
            write(folder / file, expected)
            found = []
            for ending, read in (
                (".safetensors", safetensors.torch.load_file),
                (".pth", lambda path: torch.load(path, weights_only=True)),
            ):
                output = folder / f"output{ending}"
                subprocess.run(
                    [tool, "repack", folder / file, "-o", output, "--force"], check=True,
                    stdout=subprocess.DEVNULL)
                found += list(faults(expected, read(output)))
            failures += len(found)
            print(f"{title:28} {len(expected):3} tensors: {'; '.join(found) or 'equal'}")
        wrong = check_raw_types(tool, folder)
        failures += len(wrong)
        print(f"{'types of less than a byte':28}   4 tensors: {'; '.join(wrong) or 'equal'}")
    print(f"{failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
