"""Times reading a 1.2 GB checkpoint, in every container, against named peers: one table.

    inspect       the header alone, in a fresh process; safetensors.safe_open with numpy
    safetensors   every byte of every tensor; cat FILE >/dev/null
    fresh file    the same of a file that was just written
    PyTorch       every byte; torch.load(mmap=True) and a pass over every tensor
    HDF5          every byte; h5py and a pass over every tensor
    SHA-256       inspect --sha256, the processor's seconds in the process, and those with the kernel's,
                  which brings in the file's pages; openssl speed, which reads no file

All run in fresh processes, in turn, with a warm file cache. PyTorch and h5py are also given their
time without the interpreter and its imports. A ratio is the peer's time by the tool's.

    python Benchmarks/benchmark_checkpoints.py [--rounds N] [--tools FOLDER]
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from benchmark_inspect import PEER, peak_memory, run, write_vit_large

# A pass over the bytes, as the tool's reader makes one; the time of it alone goes to standard output.
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


def row(title, bound, pairs, memory="") -> None:
    """One line of the table, from the times of the tool and of its peer in each round."""
    own, other = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    ratio = statistics.median(peer / tool for tool, peer in pairs)
    print(f"{title:44} {own:8.1f} {other:8.1f} {ratio:6.2f} {bound:>6}  {memory}", flush=True)


def compare(title, bound, ours, peer, rounds, measure_peer=run) -> None:
    for command in (ours, peer):
        run(command)
    memory = f"{peak_memory(ours):.0f} MB, peer {peak_memory(peer):.0f} MB"
    row(title, bound, [(run(ours), measure_peer(peer)) for _ in range(rounds)], memory)


def compare_fresh(bound, stream, path, rounds) -> None:
    """Every round writes the file anew, for the tool and for its peer alike."""
    pairs = []
    for _ in range(rounds):
        pair = []
        for command in ([stream], ["cat"]):
            fresh = path + ".fresh"
            shutil.copyfile(path, fresh)
            os.sync()
            pair.append(run([*command, fresh]))
            os.remove(fresh)
        pairs.append(pair)
    row("safetensors just written / cat", bound, pairs)


def processor_times(command: list[str]) -> tuple[float, float]:
    """Milliseconds of processors that a finished process took itself, and the kernel for it."""
    before = os.times()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return (
        1000 * (after.children_user - before.children_user),
        1000 * (after.children_system - before.children_system))


def openssl_time(byte_count: int) -> float:
    """Milliseconds in which openssl's own measurement says that it hashes so many bytes."""
    report = subprocess.run(
        ["openssl", "speed", "-seconds", "1", "-bytes", "16384", "-evp", "sha256"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    thousands = float(re.search(r"^sha256\s+([\d.]+)k", report, re.MULTILINE | re.IGNORECASE)[1])
    return byte_count / thousands


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tools", default=".build/release")
    options = parser.parse_args()
    rounds = options.rounds
    tool = os.path.join(options.tools, "inflate-ckpt")
    stream = os.path.join(options.tools, "stream-checkpoint")
    with tempfile.TemporaryDirectory() as folder:
        paths = {
            ending: os.path.join(folder, f"beit{ending}")
            for ending in (".safetensors", ".pth", ".h5")}
        plain = paths[".safetensors"]
        write_vit_large(plain)
        for ending in (".pth", ".h5"):
            subprocess.run(
                [tool, "repack", plain, "-o", paths[ending]], check=True, stdout=subprocess.DEVNULL)
        size = os.path.getsize(plain)
        print(f"{size / 1e9:.2f} GB, medians of {rounds} rounds")
        print(f"{'':44} {'ms':>8} {'peer ms':>8} {'ratio':>6} {'bound':>6}  peak memory")
        compare(
            "inspect / safe_open", "10", [tool, "inspect", plain],
            [sys.executable, "-c", PEER, plain], 2 * rounds)
        compare("safetensors / cat", "0.8", [stream, plain], ["cat", plain], rounds)
        compare_fresh("0.8", stream, plain, rounds)
        for title, script, ending in (("torch.load(mmap)", TORCH, ".pth"), ("h5py", HDF5, ".h5")):
            ours, peer = [stream, paths[ending]], [sys.executable, "-c", script, paths[ending]]
            compare(f"{ending} / {title}", "1", ours, peer, rounds)
            compare(
                f"{ending} / {title}, imports apart", "1", ours, peer, rounds, inner_time)
        hashing = [tool, "inspect", "--sha256", plain]
        hashed = [(processor_times(hashing), openssl_time(size)) for _ in range(rounds)]
        row(
            "SHA-256 / openssl speed, a core", "0.9", [(own, peer) for (own, _), peer in hashed],
            f"{peak_memory(hashing):.0f} MB")
        row(
            "the same with the kernel's time", "", [(sum(both), peer) for both, peer in hashed])


if __name__ == "__main__":
    main()
