"""Times our engine against PyTorch, ONNX Runtime and OpenVINO, side by side.

    python Benchmarks/segmenters --transseg FOLDER [--only NAME]… [--rounds N] [--work FOLDER]

For each model all take turns, every turn in a fresh process of two threads and 32-bit floats that
loads the model, runs it twice and reports the better run; of `--rounds` turns the best counts. Peak
memory is that of the whole process. Results must agree to 1e-4 of PyTorch's largest magnitude.

Besides: our engine with one thread, SwinUNETR on cubes of 64 to 160 voxels, and the first result of
a fresh process on UNETR against `import torch`. Everything goes to a table and to a picture.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy

import picture

HERE = pathlib.Path(__file__).parent
PEERS = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
TITLES = {
    "swinunetr": "SwinUNETR f48 96³", "unetr": "UNETR 96³",
    "transseg": "BEiT-B + UPerNet 512²×5", "vit": "ViT-B 224² (2D)"}
ACTIVATIONS = {"vit": "finalNorm"}
CUBES = (64, 96, 128, 160)
TOLERANCE = 1e-4


class Run:
    """A process that ended: what it printed, its time in all, its peak memory in MB."""

    def __init__(self, command):
        start = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.perf_counter() - start
        if process.returncode:
            raise SystemExit(f"{command} ended with {process.returncode}")
        self.megabytes = usage.ru_maxrss * 1024 / 1e6
        self.printed = json.loads(output) if output else {}

    @property
    def seconds(self):
        return min(self.printed["seconds"])


class Bench:
    def __init__(self, given, work):
        self.given, self.work = given, work
        self.tool = pathlib.Path(given.tools) / "run-segmenter"
        self.transseg = ["--transseg", given.transseg] if given.transseg else []

    def prepare(self, name):
        folder = self.work / name
        if not (folder / "model.xml").exists():
            command = [sys.executable, HERE / "models.py", name, folder, *self.transseg]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return folder

    def ours(self, name, threads=2, passes=2, input="input.safetensors"):
        folder = self.work / name
        output = folder / "ours.bin"
        return Run([self.tool, folder / "model.safetensors", folder / input, output, threads,
                    passes, *filter(None, [ACTIVATIONS.get(name)])])

    def peer(self, peer, name, threads=2, passes=2):
        return Run([sys.executable, HERE / "peer.py", peer, name, self.work / name, threads, passes,
                    *self.transseg])

    def compare(self, name):
        """One model, everybody in turn."""
        folder = self.prepare(name)
        peers = [peer for peer in PEERS
                 if peer != "onnxruntime" or (folder / "model.onnx").exists()]
        best = {}
        for _ in range(self.given.rounds):
            for who in ["ours", *peers]:
                run = self.ours(name) if who == "ours" else self.peer(who, name)
                seconds, megabytes = best.get(who, (float("inf"), float("inf")))
                best[who] = min(seconds, run.seconds), min(megabytes, run.megabytes)
        single = min(self.ours(name, threads=1).seconds for _ in range(min(2, self.given.rounds)))
        return {"best": best, "single": single, "distances": distances(folder, peers)}

    def cubes(self):
        """Nanoseconds for each voxel of cubes."""
        import models
        folder = self.prepare("swinunetr")
        result = {}
        for side in CUBES:
            models.save_input(models.image((1, 1, side, side, side)), folder / f"{side}.safetensors")
            run = self.ours("swinunetr", input=f"{side}.safetensors")
            result[side] = run.seconds / side**3 * 1e9
        return result

    def start(self):
        """Whole processes: our first result, and the import of PyTorch."""
        self.prepare("unetr")
        pairs = [(self.ours("unetr", passes=1).wall, Run([sys.executable, "-c", "import torch"]).wall)
                 for _ in range(self.given.rounds)]
        return [min(column) for column in zip(*pairs)]


def distances(folder, peers):
    """How far everybody is from PyTorch, relative to its largest magnitude."""
    reference = numpy.load(folder / "torch.npy")
    scale = numpy.abs(reference).max()
    ours = numpy.fromfile(folder / "ours.bin", numpy.float32)
    if reference.ndim == 5:  # ours has the depth before height and width
        _, classes, height, width, depth = reference.shape
        ours = numpy.moveaxis(ours.reshape(1, classes, depth, height, width), 2, -1)
    others = {"ours": ours.reshape(reference.shape)}
    others |= {peer: numpy.load(folder / f"{peer}.npy") for peer in peers if peer != "torch"}
    return {who: float(numpy.abs(values - reference).max() / scale) for who, values in others.items()}


def table(results):
    lines = []
    for name, result in results["models"].items():
        best = result["best"]
        fastest = min((who for who in best if who != "ours"), key=lambda who: best[who][0])
        seconds, megabytes = best["ours"]
        lines.append(TITLES[name])
        for who, (time_, memory) in best.items():
            distance = result["distances"].get(who)
            mark = "" if distance is None else f"  {distance:.1e} from PyTorch"
            mark += "" if (distance or 0) <= TOLERANCE else "  NOT THE SAME"
            lines.append(f"  {PEERS.get(who, 'inflate-ckpt'):14} {time_:8.3f} s {memory:7.0f} MB{mark}")
        lines.append(
            f"  to the fastest ({PEERS[fastest]}): time {seconds / best[fastest][0]:.2f}, memory "
            f"{megabytes / best[fastest][1]:.2f}; two threads {result['single'] / seconds:.2f} × one")
    if "cubes" in results:
        cubes = ", ".join(f"{side}³ {value:.0f}" for side, value in results["cubes"].items())
        lines.append(f"SwinUNETR, nanoseconds a voxel: {cubes}")
    if "start" in results:
        ours, peer = results["start"]
        lines.append(f"UNETR's first result of a fresh process {ours:.2f} s, `import torch` {peer:.2f} s")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transseg", help="a clone of the paper's repository")
    parser.add_argument("--only", action="append", choices=[*TITLES, "cubes", "start"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tools", default=".build/release")
    parser.add_argument("--work", type=pathlib.Path, help="keep models here")
    parser.add_argument("--picture", type=pathlib.Path, default="segmenters.svg")
    given = parser.parse_args()
    wanted = given.only or [*TITLES, "cubes", "start"]
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(given, given.work or pathlib.Path(temporary))
        results = {"models": {name: bench.compare(name) for name in TITLES if name in wanted}}
        for part in ("cubes", "start"):
            if part in wanted:
                results[part] = getattr(bench, part)()
    print(table(results))
    if results["models"]:
        given.picture.write_text(picture.draw(results["models"], TITLES, PEERS))
    wrong = [name for name, result in results["models"].items()
             if not max(result["distances"].values()) <= TOLERANCE]
    sys.exit(f"results differ: {', '.join(wrong)}" if wrong else 0)


if __name__ == "__main__":
    main()
