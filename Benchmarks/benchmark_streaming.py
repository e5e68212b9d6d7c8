"""Times reading every byte of every tensor of a 1.2 GB checkpoint against named peers.

    safetensors   cat FILE >/dev/null
    PyTorch       torch.load(mmap=True) and a pass over every tensor
    HDF5          h5py and a pass over every tensor

All run in fresh processes, in turn, with a warm file cache. Python's peers are also given their
time without the interpreter and its imports.

    python Benchmarks/benchmark_streaming.py [--rounds N] [--tools FOLDER]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

from benchmark_inspect import peak_memory, run, write_vit_large

# A pass over the bytes, as the tool's reader makes one; the time of it alone goes to standard error.
TORCH = """
import sys, time, torch
start = time.perf_counter()
state = torch.load(sys.argv[1], mmap=True, weights_only=True)
for tensor in state.values():
    tensor.view(torch.int32).sum()
print(1000 * (time.perf_counter() - start))
"""
HDF5 = """
import sys, time, h5py, numpy
start = time.perf_counter()
with h5py.File(sys.argv[1]) as file:
    for dataset in file.values():
        dataset[()].view("int32").sum()
print(1000 * (time.perf_counter() - start))
"""


def inner_time(command: list[str]) -> float:
    """Milliseconds that a Python peer measures without its imports."""
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def compare(title, ours, peer, rounds, measure_peer=run):
    times = [(run(ours), measure_peer(peer)) for _ in range(rounds)]
    ratio = statistics.median(own / other for own, other in times)
    own = statistics.median(own for own, _ in times)
    other = statistics.median(other for _, other in times)
    memory = f"{peak_memory(ours):6.1f} MB against {peak_memory(peer):6.1f} MB"
    print(f"{title:34} {own:7.1f} ms against {other:7.1f} ms: {ratio:5.2f}; {memory}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tools", default=".build/release")
    options = parser.parse_args()
    tool = os.path.join(options.tools, "inflate-ckpt")
    stream = os.path.join(options.tools, "stream-checkpoint")
    with tempfile.TemporaryDirectory() as folder:
        files = {ending: os.path.join(folder, f"beit{ending}") for ending in (".safetensors", ".pth", ".h5")}
        write_vit_large(files[".safetensors"])
        for ending in (".pth", ".h5"):
            subprocess.run(
                [tool, "repack", files[".safetensors"], "-o", files[ending]], check=True,
                stdout=subprocess.DEVNULL)
        for path in files.values():
            run([stream, path])
        print("reading every byte: the tool against its peer, ratio of times, peak memory")
        cat = ["cat", files[".safetensors"]]
        compare("safetensors / cat", [stream, files[".safetensors"]], cat, options.rounds)
        for title, script, ending in (("torch.load(mmap)", TORCH, ".pth"), ("h5py", HDF5, ".h5")):
            peer = [sys.executable, "-c", script, files[ending]]
            compare(f"{ending} / {title}", [stream, files[ending]], peer, options.rounds)
            compare(
                f"{ending} / {title}, imports apart", [stream, files[ending]], peer,
                options.rounds, inner_time)


if __name__ == "__main__":
    main()
