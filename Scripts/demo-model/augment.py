"""Slices cut through the training brain in ever new ways.

Every training slice is sampled from the volume itself along a turned, tilted, scaled
and bent plane, so one brain yields far more than its 155 axial slices. Then its
intensities are disturbed the way scanners disturb them.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from data import SIDE

TISSUE_SHARE = 0.7
"""Grey and white matter together must fill this share of a voxel to count as tissue.

An average of 152 heads has a wide rim of half-filled voxels around the cortex. At 0.5
they would be grey matter; in a single head, as the labels of Colin27 see it, most of
them are fluid.
"""


def uniform(random: torch.Generator, low: float, high: float) -> float:
    """One number from [low, high)."""
    return low + (high - low) * torch.rand((), generator=random).item()


def chance(random: torch.Generator, probability: float) -> bool:
    """True with the given probability."""
    return torch.rand((), generator=random).item() < probability


def rotation(axis: int, degrees: float) -> Tensor:
    """The 3x3 rotation about one axis."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    a, b = [i for i in range(3) if i != axis]
    matrix = torch.eye(3)
    matrix[a, a], matrix[a, b], matrix[b, a], matrix[b, b] = cosine, -sine, sine, cosine
    return matrix


def smooth_field(random: torch.Generator, channels: int, cells: int) -> Tensor:
    """Smooth random fields [channels, SIDE, SIDE] of about unit size."""
    coarse = torch.randn(1, channels, cells, cells, generator=random)
    return F.interpolate(coarse, (SIDE, SIDE), mode="bicubic", align_corners=True)[0]


def plane(random: torch.Generator, height: float) -> Tensor:
    """Voxel coordinates [SIDE, SIDE, 3], from the volume's centre, of a random cut.

    `height` is where the undisturbed axial plane lies.
    """
    side = torch.arange(SIDE) - (SIDE - 1) / 2
    rows, columns = torch.meshgrid(side, side, indexing="ij")
    if chance(random, 0.5):
        rows = -rows  # left and right
    if chance(random, 0.1):
        columns = -columns  # front and back
    points = torch.stack([rows, columns, torch.zeros_like(rows)], dim=-1)

    matrix = rotation(2, uniform(random, -17, 17))
    matrix = matrix @ rotation(0, uniform(random, -12, 12))
    matrix = matrix @ rotation(1, uniform(random, -12, 12))
    scales = [uniform(random, 0.85, 1.15) for _ in range(2)] + [1.0]
    points = points @ (matrix * torch.tensor(scales)).T

    shift = [uniform(random, -10, 10), uniform(random, -10, 10), height]
    points = points + torch.tensor(shift)
    if chance(random, 0.7):
        bend = smooth_field(random, 2, 7) * uniform(random, 0.5, 3.0)
        points = points + F.pad(bend, (0, 0, 0, 0, 0, 1)).permute(1, 2, 0)
    return points


def sample(volume: Tensor, points: Tensor) -> Tensor:
    """Trilinear values [C, SIDE, SIDE] of `volume` [C, H, W, D] at `points`."""
    size = torch.tensor(volume.shape[1:], dtype=torch.float32)
    grid = (points / (size - 1) * 2).flip(-1)[None, :, :, None]
    values = F.grid_sample(volume[None], grid, mode="bilinear", align_corners=True)
    return values[0, :, :, :, 0]


def blur(image: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of [1, SIDE, SIDE]."""
    radius = max(1, math.ceil(3 * sigma))
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    taps = taps / taps.sum()
    image = F.conv2d(image[None], taps.view(1, 1, 1, -1), padding=(0, radius))
    return F.conv2d(image, taps.view(1, 1, -1, 1), padding=(radius, 0))[0]


def disturb(image: Tensor, random: torch.Generator) -> Tensor:
    """The windowed slice [1, SIDE, SIDE] as another scanner might have seen it.

    MNI152 is an average of 152 heads and softer than any single one, so sharpening is
    even likelier here than blurring.
    """
    brain = image > 0
    if chance(random, 0.5):
        strength = uniform(random, 0.3, 1.5)
        image = image + strength * (image - blur(image, uniform(random, 0.7, 1.5)))
    elif chance(random, 0.4):
        image = blur(image, uniform(random, 0.4, 1.0))
    image = image.clamp(0, 1) ** math.exp(uniform(random, -0.35, 0.35))
    image = image * uniform(random, 0.92, 1.08) + uniform(random, -0.06, 0.06)
    if chance(random, 0.6):
        field = smooth_field(random, 1, 4) * uniform(random, 0.0, 0.08)
        image = image * torch.exp(field)
    if chance(random, 0.7):
        noise = torch.randn(image.shape, generator=random)
        image = image + noise * uniform(random, 0.0, 0.05)
    return torch.where(brain, image, 0.0).clamp(0, 1)


def tissue_label(grey: Tensor, white: Tensor) -> Tensor:
    """0, 1 (grey matter) or 2 (white matter) from the two probabilities."""
    return torch.where(white > grey, 2, 1) * (grey + white >= TISSUE_SHARE)


class TrainingSlices:
    """An endless, seeded supply of (slice, label) pairs from one brain."""

    def __init__(
        self, image: Tensor, maps: Tensor, heights: tuple[int, int], seed: int
    ) -> None:
        """A windowed `image` [H, W, D] and `maps` [2, H, W, D] of its tissues."""
        self.volume = torch.cat([image[None], maps])
        self.heights = heights
        self.random = torch.Generator().manual_seed(seed)

    def one(self) -> tuple[Tensor, Tensor]:
        """A slice [1, SIDE, SIDE] in 0...1 and its labels [SIDE, SIDE]."""
        centre = (self.volume.shape[-1] - 1) / 2
        height = uniform(self.random, *self.heights) - centre
        image, grey, white = sample(self.volume, plane(self.random, height))
        return disturb(image[None], self.random), tissue_label(grey, white)

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """A batch of slices [size, 1, SIDE, SIDE] and labels [size, SIDE, SIDE]."""
        images, labels = zip(*(self.one() for _ in range(size)))
        return torch.stack(images), torch.stack(labels)
