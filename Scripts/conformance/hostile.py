"""Gives the tool every file that the tests see refused, and measures what each costs.

    Scripts/conformance/hostile.py path/to/inflate-ckpt [--corpus FOLDER]

The corpus is made by the tests themselves, out of generators and small damaged files:

    INFLATE_CKPT_HOSTILE_CORPUS=FOLDER swift test --filter CheckpointsTests

which this script runs when it is given no folder. `inspect --stats --sha256` reads every byte that
it can; it has to exit with 65 and a message that names the file, in less than 2 seconds and 100 MB.
Memory is measured by GNU time (`apt-get install time`).
"""

import argparse
import collections
import os
import pathlib
import subprocess
import sys
import tempfile
import time

LONGEST, LARGEST = 2.0, 100.0


def make_corpus(folder: str) -> None:
    subprocess.run(
        ["swift", "test", "--filter", "CheckpointsTests"], check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "INFLATE_CKPT_HOSTILE_CORPUS": folder})


def measure(tool: str, path: pathlib.Path):
    """Exit status, the last line of standard error, seconds and megabytes of one run."""
    with tempfile.NamedTemporaryFile("r") as report:
        start = time.perf_counter()
        run = subprocess.run(
            ["/usr/bin/time", "--quiet", "--format", "%M", "--output", report.name, tool, "inspect",
             "--stats", "--sha256", path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            errors="replace", timeout=60)
        seconds = time.perf_counter() - start
        return run.returncode, run.stderr, seconds, int(report.read().split()[-1]) / 1000


def faults(path: pathlib.Path, status: int, message: str, seconds: float, memory: float):
    if status != 65:
        yield f"exit status {status}: {message.strip()[-200:] or 'no message'}"
    if not (message.startswith("error: ") and path.name in message):
        yield f"the message does not name the file: {message.strip()[:200]}"
    if seconds >= LONGEST:
        yield f"{seconds:.2f} s"
    if memory >= LARGEST:
        yield f"{memory:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("--corpus")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        if not options.corpus:
            make_corpus(temporary)
        files = sorted(pathlib.Path(options.corpus or temporary).iterdir())
        counts, slowest, largest = collections.Counter(), {}, {}
        codes = collections.defaultdict(set)
        failures = 0
        for path in files:
            outcome = measure(options.tool, path)
            wrong = list(faults(path, *outcome))
            if wrong:
                failures += 1
                print(f"{path.name}: {'; '.join(wrong)}")
            form = path.name.split("-")[0]
            counts[form] += 1
            codes[form].add(path.name.rsplit("-", 1)[0])
            slowest[form] = max(slowest.get(form, 0), outcome[2])
            largest[form] = max(largest.get(form, 0), outcome[3])
        for form, count in counts.items():
            print(
                f"{form:12} {count:6} files, {len(codes[form]):3} codes; at most "
                f"{1000 * slowest[form]:6.0f} ms and {largest[form]:5.1f} MB")
        print(f"{sum(counts.values())} files, {failures} failures")
        sys.exit(1 if failures or not files else 0)


if __name__ == "__main__":
    main()
