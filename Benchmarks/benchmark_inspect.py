"""Times `inflate-ckpt inspect` on a 1.2 GB checkpoint against safetensors' own reader.

Both run in fresh processes, in turn, with a warm file cache.

    python Benchmarks/benchmark_inspect.py [--rounds N] [--tool PATH]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

PEER = """
import sys
from safetensors import safe_open
with safe_open(sys.argv[1], "numpy") as checkpoint:
    for name in checkpoint.keys():
        tensor = checkpoint.get_slice(name)
        tensor.get_shape(), tensor.get_dtype()
"""


def write_vit_large(path: str) -> None:
    """A checkpoint with the names, shapes and size of BEiT-L/16 in single precision."""
    import numpy
    from safetensors.numpy import save_file

    hidden, depth = 1024, 24
    tensors = {
        "cls_token": (1, 1, hidden),
        "patch_embed.proj.weight": (hidden, 3, 16, 16),
        "patch_embed.proj.bias": (hidden,),
    }
    for block in range(depth):
        for name, shape in {
            "norm1.weight": (hidden,),
            "norm1.bias": (hidden,),
            "attn.q_bias": (hidden,),
            "attn.v_bias": (hidden,),
            "attn.qkv.weight": (3 * hidden, hidden),
            "attn.proj.weight": (hidden, hidden),
            "attn.proj.bias": (hidden,),
            "attn.relative_position_bias_table": (732, 16),
            "gamma_1": (hidden,),
            "gamma_2": (hidden,),
            "norm2.weight": (hidden,),
            "norm2.bias": (hidden,),
            "mlp.fc1.weight": (4 * hidden, hidden),
            "mlp.fc1.bias": (4 * hidden,),
            "mlp.fc2.weight": (hidden, 4 * hidden),
            "mlp.fc2.bias": (hidden,),
        }.items():
            tensors[f"blocks.{block}.{name}"] = shape
    zeros = {name: numpy.zeros(shape, "float32") for name, shape in tensors.items()}
    save_file(zeros, path)


def run(command: list[str]) -> float:
    """Wall time in milliseconds of one finished process."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return 1000 * (time.perf_counter() - start)


def peak_memory(command: list[str]) -> float:
    """Peak memory in megabytes, by GNU time: a child of this process would be charged with the
    memory of Python itself, which it is forked from."""
    report = subprocess.run(
        ["/usr/bin/time", "--format", "%M", *command],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True,
    )
    return int(report.stderr.split()[-1]) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--tool", default=".build/release/inflate-ckpt")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "beit-large.safetensors")
        write_vit_large(path)
        commands = {
            "inflate-ckpt inspect": [options.tool, "inspect", path],
            "safe_open, numpy": [sys.executable, "-c", PEER, path],
        }
        for command in commands.values():
            run(command)
        rounds = [
            {name: run(command) for name, command in commands.items()}
            for _ in range(options.rounds)
        ]
        print(f"{os.path.getsize(path) / 1e9:.2f} GB, median of {options.rounds} rounds")
        for name in commands:
            elapsed = statistics.median(result[name] for result in rounds)
            memory = peak_memory(commands[name])
            print(f"{name:22} {elapsed:8.1f} ms {memory:8.1f} MB peak")
        ours, peer = commands
        ratio = statistics.median(r[peer] / r[ours] for r in rounds)
        print(f"{ours} is {ratio:.1f} times as fast")


if __name__ == "__main__":
    main()
