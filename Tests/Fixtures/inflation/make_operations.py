"""Writes operations.json: what timm, PyTorch and MONAI make of small kernels and embeddings.

    python make_operations.py

patch: timm's resample_patch_embed; linear_patch: the same with PyTorch's antialiased bilinear
resizing in place of the bicubic. position: timm's resample_abs_pos_embed, or PyTorch's bicubic
without antialiasing; of three axes each is resized by PyTorch on its own. channels: timm's
adapt_input_conv. sinusoidal: MONAI's build_sincos_position_embedding. merging: the order in which
MONAI's PatchMerging modules concatenate the eight offsets. linear and convolution: PyTorch's own
bounds of a new layer's weights.
"""

import json
from pathlib import Path

import numpy as np
import torch
from monai.networks.blocks.pos_embed_utils import build_sincos_position_embedding
from monai.networks.nets.swin_unetr import PatchMerging, PatchMergingV2
from timm.layers import resample_abs_pos_embed
from timm.layers.patch_embed import resample_patch_embed
from timm.models import adapt_input_conv
from torch.nn.functional import interpolate


def flat(tensor) -> list[float]:
    return [float(f"{value:.9g}") for value in np.asarray(tensor, dtype=np.float64).flatten()]


def rounded(random: np.random.Generator, *shape: int) -> torch.Tensor:
    return torch.tensor(np.round(random.normal(size=shape), 3), dtype=torch.float32)


def case(kind: str, before: torch.Tensor, after, **members) -> dict:
    after = torch.as_tensor(np.asarray(after))
    return {
        "kind": kind, **members, "before": flat(before), "beforeShape": list(before.shape),
        "after": flat(after), "afterShape": list(after.shape),
    }


def linear_patch(kernel: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    basis = torch.eye(kernel[0, 0].numel()).reshape(-1, 1, *kernel.shape[2:])
    resized = interpolate(basis, size=size, mode="bilinear", antialias=True, align_corners=False)
    matrix = resized.reshape(len(basis), -1).T.double()
    # Its rank is less than either side when one axis grows and the other shrinks.
    inverse = torch.linalg.pinv(matrix.T, rtol=1e-5)
    answer = torch.einsum("ij,ocj->oci", inverse, kernel.flatten(2).double())
    return answer.reshape(*kernel.shape[:2], *size)


def along(volume: torch.Tensor, size: int, axis: int) -> torch.Tensor:
    moved = volume.movedim(axis, -1)
    rows = moved.reshape(1, 1, -1, moved.shape[-1])
    resized = interpolate(rows, size=(rows.shape[2], size), mode="bicubic", antialias=True)
    return resized.reshape(*moved.shape[:-1], size).movedim(-1, axis)


def offsets(module: torch.nn.Module) -> list[int]:
    """For each place of the concatenation the lexicographic number of its offset."""
    module.norm, module.reduction = torch.nn.Identity(), torch.nn.Identity()
    numbers = torch.arange(8, dtype=torch.float32).reshape(1, 2, 2, 2, 1)
    return [int(value) for value in module(numbers).flatten()]


def bound(layer: torch.nn.Module) -> dict:
    torch.manual_seed(0)
    layer.reset_parameters()
    return {"weight": float(layer.weight.detach().abs().max()), "bias": float(layer.bias.detach().abs().max())}


def main() -> None:
    random = np.random.default_rng(4)
    cases = []
    for old, new in [((4, 4), (8, 8)), ((8, 8), (6, 6)), ((4, 4), (2, 2)), ((3, 5), (5, 4)),
                     ((14, 14), (16, 16))]:
        kernel = rounded(random, 1 if old[0] > 8 else 2, 1, *old)
        cases.append(case("patch", kernel, resample_patch_embed(kernel, new)))
        cases.append(case("linear-patch", kernel, linear_patch(kernel, new)))
    for old, new in [((4, 4), (6, 6)), ((4, 4), (3, 5)), ((6, 6), (2, 9))]:
        embedding = rounded(random, 1, 1 + old[0] * old[1], 2)
        sizes = {"sourceGrid": list(old), "targetGrid": list(new)}
        timm = resample_abs_pos_embed(embedding, new_size=list(new), num_prefix_tokens=1)
        cases.append(case("position", embedding[0], timm[0], method="bicubic-antialias", **sizes))
        grid = embedding[:, 1:].reshape(1, *old, 2).permute(0, 3, 1, 2)
        plain = interpolate(grid, size=new, mode="bicubic", align_corners=False)
        plain = torch.cat([embedding[0, :1], plain[0].permute(1, 2, 0).reshape(-1, 2)])
        cases.append(case("position", embedding[0], plain, method="bicubic", **sizes))
    volume = rounded(random, 3, 4, 2, 2)
    resized = along(along(along(volume, 5, 0), 3, 1), 4, 2)
    cases.append(case("position", volume.reshape(-1, 2), resized.reshape(-1, 2),
                      method="bicubic-antialias", sourceGrid=[3, 4, 2], targetGrid=[5, 3, 4]))
    for channels in [1, 3, 4, 7]:
        kernel = rounded(random, 2, 3, 1, 2)
        cases.append(case("channels", kernel, adapt_input_conv(channels, kernel.clone())))
    for grid, hidden in [((2, 3), 8), ((2, 3, 4), 12)]:
        made = build_sincos_position_embedding(grid, hidden, spatial_dims=len(grid))
        cases.append(case("sinusoidal", torch.zeros(0), made.detach()[0], targetGrid=list(grid)))
    document = {
        "cases": cases,
        "merging": {
            "merging": offsets(PatchMerging(1, spatial_dims=3)),
            "mergingv2": offsets(PatchMergingV2(1, spatial_dims=3)),
        },
        "bounds": {
            "convolution": bound(torch.nn.Conv3d(16, 64, 3)),
            "linear": bound(torch.nn.Linear(400, 300)),
            "transposed": bound(torch.nn.ConvTranspose3d(32, 64, 2)),
        },
    }
    text = json.dumps(document).replace('{"kind"', '\n{"kind"')
    (Path(__file__).parent / "operations.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
