"""Loads modules of the paper's repository (TransSeg) from a clone of it.

The repository is not committed here; `--transseg FOLDER` names a clone. What its modules import
and inference does not need (mmcv, mmseg) is replaced by empty classes, except for the two things
that the UPerNet head computes with.
"""

import importlib
import sys
import warnings

import common
import torch


class ConvModule(torch.nn.Module):
    """What mmcv's class of this name computes here: convolution without bias, batch norm, ReLU.
    Its parts are called `conv` and `bn`, as there."""

    def __init__(self, channels, out_channels, kernel_size, padding=0, **ignored):
        super().__init__()
        self.conv = torch.nn.Conv2d(
            channels, out_channels, kernel_size, padding=padding, bias=False)
        self.bn = torch.nn.BatchNorm2d(out_channels)

    def forward(self, x):
        return torch.relu(self.bn(self.conv(x)))


def module(folder, name: str):
    """The module `name` (`encoders.beit3d`, `decoders.upernet`) of the clone in `folder`."""
    if folder is None:
        raise common.Skipped("say where the paper's repository is with --transseg")
    source = (folder / "src").resolve()
    if not (source / "backbones").is_dir():
        raise common.Skipped(f"no clone of the paper's repository in {folder}")
    common.import_timm()
    if str(source) not in sys.path:
        sys.path.append(str(source))
    # It names modules of timm's by where they once were.
    warnings.filterwarnings("ignore", category=FutureWarning, module="timm")
    with common.empty_packages("mmcv", "mmseg"):
        sys.modules["mmcv.cnn"] = importlib.import_module("mmcv.cnn")
        sys.modules["mmcv.cnn"].ConvModule = ConvModule
        sys.modules["mmseg.ops"] = importlib.import_module("mmseg.ops")
        sys.modules["mmseg.ops"].resize = torch.nn.functional.interpolate
        return importlib.import_module(f"backbones.{name}")
