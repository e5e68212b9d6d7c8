"""Carries tensors through the tool between every pair of containers, by their own libraries.

    pip install safetensors torch h5py numpy
    python Scripts/conformance/containers.py path/to/inflate-ckpt

safetensors, h5py, torch and numpy each write the same tensors; `inflate-ckpt repack` brings every
file into every container that it writes; the container's own library reads the result, which has
to be equal bit for bit. A safetensors file that is repacked into safetensors has to come out byte
for byte as the reference implementation wrote it.
"""

import io
import pathlib
import pickle
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import safetensors.torch
import torch

# Element types that a container cannot hold are left out of its files, and those that an older
# torch does not know are left out of all.
NAMES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
    "uint16", "uint32", "uint64", "complex64", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
    "float8_e5m2fnuz", "float8_e8m0fnu",
]
TYPES = [getattr(torch, name) for name in NAMES if hasattr(torch, name)]
NUMPY = {dtype for dtype in TYPES if "float8" not in str(dtype) and dtype != torch.bfloat16}
HDF5 = (NUMPY - {torch.complex64}) | {torch.bfloat16}
SHAPES = [(), (0,), (5,), (3, 0, 2), (2, 3, 4)]


def as_bytes(tensor: torch.Tensor) -> bytes:
    tensor = tensor.contiguous()
    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def tensors(types) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    made = {}
    for dtype in TYPES:
        if dtype not in types:
            continue
        for shape in SHAPES:
            count = int(np.prod(shape)) * dtype.itemsize
            raw = torch.randint(0, 256, (count,), dtype=torch.uint8, generator=generator)
            if dtype == torch.bool:
                raw = raw % 2
            name = str(dtype).removeprefix("torch.") + "." + "x".join(map(str, shape))
            made[name] = raw.view(dtype).reshape(shape)
    return made


def write_hdf5(path: pathlib.Path, made: dict[str, torch.Tensor]) -> None:
    with h5py.File(path, "w") as file:
        for name, tensor in made.items():
            if tensor.dtype == torch.bfloat16:
                file[name] = tensor.view(torch.uint16).numpy()
                file[name].attrs["dtype"] = "bfloat16"
            else:
                file[name] = tensor.numpy()


def read_hdf5(path: pathlib.Path) -> dict[str, torch.Tensor]:
    with h5py.File(path) as file:
        found = {}
        for name, dataset in file.items():
            tensor = torch.from_numpy(np.asarray(dataset[()]))
            marked = dataset.attrs.get("dtype") in ("bfloat16", b"bfloat16")
            found[name] = tensor.view(torch.bfloat16) if marked else tensor
        return found


def kept_by_torch() -> set:
    """The types that this torch itself writes and reads back without running code."""
    found = set()
    for dtype in TYPES:
        file = io.BytesIO()
        try:
            torch.save(torch.zeros(8, dtype=torch.uint8).view(dtype), file)
            file.seek(0)
            torch.load(file, weights_only=True)
            found.add(dtype)
        except (KeyError, pickle.UnpicklingError):
            print(f"{dtype} is left out of .pth files: this torch cannot keep it itself")
    return found


KEPT = kept_by_torch()
# How a container's own library writes and reads it, its ending, and what it can hold.
CONTAINERS = {
    "safetensors": (
        lambda path, made: safetensors.torch.save_file(made, path),
        lambda path: safetensors.torch.load_file(path), ".safetensors", set(TYPES)),
    "torch": (
        lambda path, made: torch.save(made, path),
        lambda path: torch.load(path, weights_only=True), ".pth", KEPT),
    "torch, legacy": (
        lambda path, made: torch.save(made, path, _use_new_zipfile_serialization=False),
        None, ".pth", KEPT - {torch.uint16, torch.uint32, torch.uint64}),
    "h5py": (write_hdf5, read_hdf5, ".h5", HDF5),
    "numpy": (
        lambda path, made: np.savez(path, **{k: v.numpy() for k, v in made.items()}),
        None, ".npz", NUMPY),
    "numpy, deflated": (
        lambda path, made: np.savez_compressed(path, **{k: v.numpy() for k, v in made.items()}),
        None, ".npz", NUMPY),
}


def compare(expected: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> list[str]:
    faults = [f"{name} is missing" for name in expected.keys() - found.keys()]
    faults += [f"{name} is extra" for name in found.keys() - expected.keys()]
    for name in expected.keys() & found.keys():
        one, other = expected[name], found[name]
        if (one.dtype, one.shape) != (other.dtype, other.shape):
            faults.append(f"{name}: {one.dtype} {one.shape} became {other.dtype} {other.shape}")
        elif as_bytes(one) != as_bytes(other):
            faults.append(f"{name}: other bytes")
    return faults


def main() -> None:
    tool = sys.argv[1]
    failures = 0
    unknown = [name for name in NAMES if not hasattr(torch, name)]
    print(f"torch {torch.__version__}" + (f", without {', '.join(unknown)}" if unknown else ""))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for source, (write, _, source_ending, held) in CONTAINERS.items():
            for target, (_, read, ending, can_hold) in CONTAINERS.items():
                if read is None:
                    continue
                made = tensors(held & can_hold)
                original = folder / f"original{source_ending}"
                output = folder / f"output{ending}"
                write(original, made)
                subprocess.run(
                    [tool, "repack", original, "-o", output, "--force"], check=True,
                    stdout=subprocess.DEVNULL)
                faults = compare(made, read(output))
                if source == target == "safetensors":
                    if original.read_bytes() != output.read_bytes():
                        faults.append("the file's bytes differ from the reference's")
                verdict = "equal" if not faults else "; ".join(faults)
                print(f"{source:16} → {target:12} {len(made):3} tensors: {verdict}")
                failures += len(faults)
    print(f"{failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
