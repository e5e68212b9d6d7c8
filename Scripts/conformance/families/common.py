"""What the conformance scripts of all families share.

A script makes a `Bench` from its command line, runs its cases through `Bench.case`, and ends with
`Bench.close()`: one line a case, a closing count, exit status 1 when any case failed.

    bench = Bench("what is compared")
    with bench.case("timm ViT to monai-vit") as case:
        source = case.save(fill(model).state_dict())
        report = case.convert(source, "monai-vit", "--image-size", "32,32,16", "--heads", "2")
        case.expect_verdict(report, "exact")
        load_strictly(target, case.output)
        case.compare("tokens", target(volume), model(image))
    bench.close()

Weights are random and nowhere at their initial values: a LayerNorm of ones, a bias of zeros or a
class token of zeros would hide a tensor that went to the wrong place.
"""

import argparse
import contextlib
import importlib
import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import types

import h5py
import numpy as np
import safetensors.torch
import torch

from empty_packages import empty_packages

TOLERANCE = 1e-4


class Failure(Exception):
    """What a case found wrong."""


class Skipped(Exception):
    """Why a case cannot be run here."""


class Report:
    """A conversion report as `convert --json` prints it."""

    def __init__(self, document: dict):
        self.document = document

    @property
    def verdict(self) -> str:
        return self.document["verdict"]

    @property
    def rules(self) -> set[str]:
        """The rules that dropped tensors, and those by which the target deviates without one."""
        losses = self.document["dropped"] + self.document.get("deviations", [])
        return {loss["rule"] for loss in losses}

    @property
    def family(self) -> str:
        return self.document["source"]["family"]

    def action(self, name: str) -> str:
        """What was done for one tensor of the target."""
        for tensor in self.document["tensors"]:
            if tensor["name"] == name:
                return tensor["action"]
        raise Failure(f"the report does not speak of {name}")


class Bench:
    """Runs cases one after another and counts."""

    def __init__(self, description: str, **more_arguments: dict):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--binary", type=pathlib.Path, required=True, help="inflate-ckpt")
        parser.add_argument("--only", default="", help="a regular expression for the cases' names")
        parser.add_argument("--work", type=pathlib.Path, help="keep the files in this folder")
        parser.add_argument(
            "--transseg", type=pathlib.Path, help="a clone of the paper's repository (TransSeg)")
        parser.add_argument(
            "--monai", action="append", default=[], metavar="RELEASE=FOLDER",
            help="another MONAI release: 1.4=FOLDER, a `pip install --no-deps --target FOLDER`")
        for name, options in more_arguments.items():
            parser.add_argument(f"--{name.replace('_', '-')}", **options)
        self.arguments = parser.parse_args()
        self.binary = self.arguments.binary.resolve()
        self.monai_folders = dict(pair.split("=", 1) for pair in self.arguments.monai)
        self._temporary = None
        if self.arguments.work:
            self.work = self.arguments.work.resolve()
            self.work.mkdir(parents=True, exist_ok=True)
        else:
            self._temporary = tempfile.TemporaryDirectory()
            self.work = pathlib.Path(self._temporary.name)
        self.passed, self.failed, self.skipped = 0, [], []

    def wants(self, name: str) -> bool:
        return re.search(self.arguments.only, name) is not None

    @contextlib.contextmanager
    def case(self, name: str):
        """One case; its body is left at the first thing that is wrong."""
        case = Case(self, name)
        try:
            with torch.no_grad():
                yield case
            self.passed += 1
            print(f"passed   {name}: {'; '.join(case.remarks)}", flush=True)
        except Skipped as reason:
            self.skipped.append(name)
            print(f"skipped  {name}: {reason}", flush=True)
        except Exception as error:  # one broken case must not hide the others
            self.failed.append(name)
            kind = "" if isinstance(error, Failure) else f"{type(error).__name__}: "
            print(f"FAILED   {name}: {kind}{error}", flush=True)

    def close(self) -> None:
        """Prints the closing count and ends the process."""
        for name in self.failed:
            print(f"FAILED   {name}")
        print(f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped")
        if self._temporary:
            self._temporary.cleanup()
        sys.exit(1 if self.failed or not self.passed else 0)


class Case:
    """One case's folder, conversions and comparisons."""

    def __init__(self, bench: Bench, name: str):
        self.bench = bench
        self.remarks: list[str] = []
        self.folder = bench.work / re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.output = self.folder / "target.safetensors"

    def remark(self, text: str) -> None:
        self.remarks.append(text)

    def save(self, state: dict[str, torch.Tensor], name: str = "source.safetensors"):
        """Writes a source checkpoint; the name's ending picks the container."""
        path = self.folder / name
        save(state, path)
        return path

    def convert(self, source, target: str, *options, output=None) -> Report:
        """Runs the tool and leaves the result at `output`, by default `self.output`."""
        command = [
            self.bench.binary, "convert", source, "--to", target, "-o", output or self.output,
            "--json", "--force", *options]
        command = [str(word) for word in command]
        finished = subprocess.run(command, capture_output=True, text=True)
        if finished.returncode != 0:
            said = finished.stderr.strip() or f"exit status {finished.returncode}"
            raise Failure(f"{' '.join(command[1:])}: {said}")
        return Report(json.loads(finished.stdout))

    def expect_refusal(self, source, target: str, *options, saying: str) -> None:
        """The tool has to refuse with a message that matches the expression `saying`."""
        output = self.folder / "refused.safetensors"
        command = [self.bench.binary, "convert", source, "--to", target, "-o", output, *options]
        finished = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if finished.returncode == 0 or output.exists():
            raise Failure(f"{' '.join(map(str, options))} was not refused")
        if not re.search(saying, finished.stderr):
            raise Failure(f"refused, but not for \"{saying}\": {finished.stderr.strip()}")

    def expect_family(self, report: Report, family: str) -> None:
        if report.family != family:
            raise Failure(f"recognised as {report.family}, not as {family}")

    def expect_verdict(self, report: Report, expression: str, rules=None) -> None:
        """`expression` has to match the verdict from its first letter on; `rules`, where given,
        have to be the rules by which tensors were dropped, no more and no fewer."""
        if not re.match(expression, report.verdict):
            raise Failure(f"the verdict is \"{report.verdict}\", not \"{expression}\"")
        if rules is not None and report.rules != set(rules):
            raise Failure(f"dropped by {sorted(report.rules)}, not by {sorted(rules)}")
        self.remark(report.verdict)

    def compare(self, what: str, found, expected, tolerance: float = TOLERANCE) -> None:
        """max |found − expected| has to stay within `tolerance` · max |expected|."""
        distance = relative_distance(found, expected)
        if not distance <= tolerance:
            raise Failure(f"{what} differ by {distance:.2g} relative")
        self.remark(f"{what} within {distance:.1g}")

    def expect_different(self, what: str, found, expected, beyond: float = 1e-2) -> None:
        """The negative control: what must not be equal."""
        distance = relative_distance(found, expected)
        if not distance > beyond:
            raise Failure(f"{what} differ by {distance:.2g} only: the case shows nothing")

    def expect_same_bytes(self, state: dict, target: str, *options) -> None:
        """The same weights in every container, and a second run, give the bytes at `output`."""
        expected = self.output.read_bytes()
        names = ["again.safetensors", "sharded", "flat.h5", "grouped.h5", "weights.pth"]
        for name in names:
            output = self.folder / "again.target.safetensors"
            self.convert(self.save(state, name), target, *options, output=output)
            if output.read_bytes() != expected:
                raise Failure(f"from {name} come other bytes")
        self.remark(f"same bytes from {len(names)} containers")


def relative_distance(found, expected) -> float:
    if found.shape != expected.shape:
        raise Failure(f"shape {tuple(found.shape)}, not {tuple(expected.shape)}")
    if not torch.isfinite(expected).all():
        raise Failure("the reference itself is not finite")
    return float((found - expected).abs().max() / expected.abs().max())


def fill(module: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Random values, none trivial, for all parameters and running statistics; the module, ready
    for inference. Matrices keep the size of what goes through them, so that no later layer drowns
    an error of an earlier one."""
    generator = torch.Generator().manual_seed(seed)

    def normal(like, scale):
        return torch.randn(like.shape, generator=generator) * scale

    with torch.no_grad():
        norms = {
            f"{path}.weight" for path, child in module.named_modules()
            if "norm" in type(child).__name__.lower()}
        for name, parameter in module.named_parameters():
            if name in norms or re.search(r"(gamma|lambda)(_?\d)?$|layer_scale", name):
                parameter.copy_(1 + normal(parameter, 0.3))
            elif "logit_scale" in name:
                parameter.copy_(1 + normal(parameter, 0.5))
            elif parameter.ndim >= 2 and re.search(r"weight$|proj$", name):
                fan_in = max(1, parameter[0].numel())
                parameter.copy_(normal(parameter, fan_in**-0.5))
            else:  # biases, tokens, position embeddings, bias tables
                parameter.copy_(normal(parameter, 0.3))
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(normal(buffer, 0.2))
            elif name.endswith("running_var"):
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))
    return module.eval()


def image(channels: int, height: int, width: int, seed: int = 1) -> torch.Tensor:
    """A random image, B,C,H,W."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, channels, height, width), generator=generator)


def depth_constant(slice_: torch.Tensor, depth: int) -> torch.Tensor:
    """The volume B,C,H,W,D whose every slice along the depth is the image B,C,H,W."""
    return slice_.unsqueeze(-1).expand(*slice_.shape, depth).contiguous()


def middle_slice(tokens: torch.Tensor, depth: int) -> torch.Tensor:
    """Of tokens B,(H·W·D),C, those of the depth's middle: B,(H·W),C."""
    batch, count, hidden = tokens.shape
    return tokens.view(batch, count // depth, depth, hidden)[:, :, depth // 2]


def load_strictly(module: torch.nn.Module, path, prefix: str = "") -> torch.nn.Module:
    """Loads the tensors under `prefix` into the module, every one of them."""
    state = safetensors.torch.load_file(path)
    if prefix:
        state = {
            name.removeprefix(prefix): tensor for name, tensor in state.items()
            if name.startswith(prefix)}
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise Failure(f"does not load with strict=True: {error}") from None
    return module.eval()


def save(state: dict[str, torch.Tensor], path: pathlib.Path) -> None:
    """Writes .safetensors, .h5, .pth, .npz; a name without an ending is a folder of shards.
    A file called grouped.h5 has a group for every dot."""
    state = {name: tensor.detach().contiguous().clone() for name, tensor in state.items()}
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    elif path.suffix == ".pth":
        torch.save(state, path)
    elif path.suffix == ".npz":
        np.savez(path, **{name: tensor.numpy() for name, tensor in state.items()})
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            for name, tensor in state.items():
                name = name.replace(".", "/") if path.stem == "grouped" else name
                file.create_dataset(name, data=tensor.numpy())
    else:
        save_shards(state, path)


def save_shards(state: dict[str, torch.Tensor], folder: pathlib.Path, count: int = 3) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = {}
    for number in range(count):
        name = f"model-{number + 1:05}-of-{count:05}.safetensors"
        part = {key: state[key] for key in sorted(state)[number::count]}
        safetensors.torch.save_file(part, folder / name)
        weights |= dict.fromkeys(part, name)
    index = {
        "metadata": {"total_size": sum(t.numel() * t.element_size() for t in state.values())},
        "weight_map": weights}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))


def run_release(folder, module: str, name: str, arguments: dict, checkpoint, volume=None):
    """Loads a checkpoint with strict=True into `module.name(**arguments)` of the package release
    that is installed in `folder`, in a process of its own, and returns its output for the volume
    (the first, where it returns several)."""
    script = pathlib.Path(__file__).with_name("run_release.py")
    with tempfile.TemporaryDirectory() as work:
        given, result = pathlib.Path(work) / "in.pth", pathlib.Path(work) / "out.pth"
        torch.save({
            "folder": str(folder), "module": module, "name": name, "arguments": arguments,
            "checkpoint": str(checkpoint), "volume": volume}, given)
        finished = subprocess.run(
            [sys.executable, script, given, result], capture_output=True, text=True)
        if finished.returncode != 0:
            raise Failure(f"{name} of {folder}: {finished.stderr.strip().splitlines()[-1]}")
        return torch.load(result)


def need_package(name: str):
    """Imports a package or skips the case."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Skipped(f"no package {name} ({error})") from None


def import_timm():
    """timm, with empty classes in the place of torchvision where that is not installed: the models
    here use none of it."""
    if not HAS_TORCHVISION:
        with empty_packages("torchvision"):
            return need_package("timm")
    return need_package("timm")


def mend_torchvision() -> bool:
    """Whether there is torchvision. Its models run even where its compiled operators do not fit
    the torch that is installed; only their registration has to be left out, before any other
    package looks for them."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return False
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        name = "torchvision._meta_registrations"
        sys.modules[name] = types.ModuleType(name)
        importlib.import_module("torchvision")
    return True


HAS_TORCHVISION = mend_torchvision()
