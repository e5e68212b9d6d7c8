"""Runs one model of one release of a package, for `common.run_release`.

    python run_release.py IN.pth OUT.pth

IN holds the release's folder, the model's module, name and constructor arguments, the checkpoint
to load with strict=True, and the input volume or None; OUT takes the model's output.
"""

import importlib
import sys
import warnings

import torch


def main() -> None:
    warnings.simplefilter("ignore")
    given = torch.load(sys.argv[1])
    sys.path.insert(0, given["folder"])
    import safetensors.torch

    kind = getattr(importlib.import_module(given["module"]), given["name"])
    model = kind(**given["arguments"])
    model.load_state_dict(safetensors.torch.load_file(given["checkpoint"]), strict=True)
    output = None
    if given["volume"] is not None:
        with torch.no_grad():
            output = model.eval()(given["volume"])
    torch.save(output[0] if isinstance(output, tuple | list) else output, sys.argv[2])


if __name__ == "__main__":
    main()
