"""A BEiT encoder with a UPerNet head, in the tensor names of the published checkpoints.

The encoder's tensors carry BEiT's own names (`blocks.0.attn.qkv.weight`), the head's
the names TransSeg gives them under `decoder.`, so that a state dict of this module is
what a user would hold after fine-tuning a 2D model.

A 3D window is a 2D image whose slices are channels: a kernel that spans the whole depth
of its window computes the same sum either way. One module therefore serves as the 2D
model (three channels) and as its inflated counterpart (one channel a slice).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Geometry:
    """The sizes that fix every tensor shape of the model."""

    image: int = 384
    patch: int = 16
    channels: int = 3
    hidden: int = 96
    depth: int = 4
    heads: int = 4
    mlp_ratio: int = 4
    classes: int = 3
    layers: tuple[int, ...] = (0, 1, 2, 3)
    pool_scales: tuple[int, ...] = (1, 2, 3, 6)

    @property
    def grid(self) -> int:
        """Patches along one side of the image."""
        return self.image // self.patch


def relative_position_index(grid: int) -> Tensor:
    """Row of the bias table for every pair of tokens; the class token comes first."""
    span = 2 * grid - 1
    row, column = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
    row, column = row.flatten(), column.flatten()
    row_offset = row[:, None] - row[None, :] + grid - 1
    column_offset = column[:, None] - column[None, :] + grid - 1

    index = torch.empty(grid * grid + 1, grid * grid + 1, dtype=torch.long)
    index[1:, 1:] = row_offset * span + column_offset
    index[0, :] = span * span  # class token to token
    index[:, 0] = span * span + 1  # token to class token
    index[0, 0] = span * span + 2
    return index


def resize(x: Tensor, size: int) -> Tensor:
    """Bilinear resampling to a square, pixel centres aligned, no antialiasing."""
    return F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)


class Attention(nn.Module):
    """Self-attention with a learnt bias for every relative position."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        hidden, grid = geometry.hidden, geometry.grid
        self.heads = geometry.heads
        self.qkv = nn.Linear(hidden, 3 * hidden, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(hidden))
        self.v_bias = nn.Parameter(torch.zeros(hidden))
        self.proj = nn.Linear(hidden, hidden)
        rows = (2 * grid - 1) ** 2 + 3
        self.relative_position_bias_table = nn.Parameter(torch.zeros(rows, self.heads))
        # Derived from the grid alone, and far larger than the weights: never stored.
        self.register_buffer("index", relative_position_index(grid), persistent=False)

    def position_bias(self) -> Tensor:
        """The bias as [heads, tokens, tokens]."""
        rows = F.embedding(self.index, self.relative_position_bias_table)
        return rows.permute(2, 0, 1)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, hidden = x.shape
        bias = torch.cat([self.q_bias, torch.zeros_like(self.v_bias), self.v_bias])
        qkv = F.linear(x, self.qkv.weight, bias)
        q, k, v = qkv.view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scale = (hidden // self.heads) ** -0.5
        scores = (q * scale) @ k.transpose(-2, -1) + self.position_bias()
        mixed = scores.softmax(dim=-1) @ v
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, hidden))


class Mlp(nn.Module):
    """Two linear layers around an exact GELU."""

    def __init__(self, hidden: int, ratio: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(hidden, ratio * hidden)
        self.fc2 = nn.Linear(ratio * hidden, hidden)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm transformer block with LayerScale."""

    def __init__(self, geometry: Geometry, layer_scale: float) -> None:
        super().__init__()
        hidden = geometry.hidden
        self.norm1 = nn.LayerNorm(hidden, eps=1e-6)
        self.attn = Attention(geometry)
        self.norm2 = nn.LayerNorm(hidden, eps=1e-6)
        self.mlp = Mlp(hidden, geometry.mlp_ratio)
        self.gamma_1 = nn.Parameter(torch.full((hidden,), layer_scale))
        self.gamma_2 = nn.Parameter(torch.full((hidden,), layer_scale))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.gamma_1 * self.attn(self.norm1(x))
        return x + self.gamma_2 * self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    """Cuts the image into patches and projects each to a token."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        patch = geometry.patch
        self.proj = nn.Conv2d(geometry.channels, geometry.hidden, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x).flatten(2).transpose(1, 2)


class ConvNorm(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


def doubling(channels: int) -> nn.ConvTranspose2d:
    """A transposed convolution that doubles both sides."""
    return nn.ConvTranspose2d(channels, channels, kernel_size=2, stride=2)


class UPerHead(nn.Module):
    """UPerNet over four equally coarse feature maps, rescaled to a pyramid first."""

    def __init__(self, geometry: Geometry, dropout: float) -> None:
        super().__init__()
        channels, levels = geometry.hidden, len(geometry.layers)
        self.fpn1 = nn.Sequential(
            doubling(channels), nn.BatchNorm2d(channels), nn.GELU(), doubling(channels)
        )
        self.fpn2 = nn.Sequential(doubling(channels))
        self.psp_modules = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(scale), ConvNorm(channels, channels, 1))
            for scale in geometry.pool_scales
        )
        pooled = (1 + len(geometry.pool_scales)) * channels
        self.bottleneck = ConvNorm(pooled, channels, 3)
        self.lateral_convs = nn.ModuleList(
            ConvNorm(channels, channels, 1) for _ in range(levels - 1)
        )
        self.fpn_convs = nn.ModuleList(
            ConvNorm(channels, channels, 3) for _ in range(levels - 1)
        )
        self.fpn_bottleneck = ConvNorm(levels * channels, channels, 3)
        self.dropout = nn.Dropout2d(dropout)
        self.conv_seg = nn.Conv2d(channels, geometry.classes, 1)

    def pyramid(self, features: list[Tensor]) -> list[Tensor]:
        """The features at 4, 2, 1 and 1/2 times the token grid."""
        first, second, third, fourth = features
        return [self.fpn1(first), self.fpn2(second), third, F.max_pool2d(fourth, 2)]

    def pool(self, x: Tensor) -> Tensor:
        """Pyramid pooling over the coarsest level."""
        side = x.shape[-1]
        pooled = [resize(module(x), side) for module in self.psp_modules]
        return self.bottleneck(torch.cat([x, *pooled], dim=1))

    def forward(self, features: list[Tensor]) -> Tensor:
        levels = self.pyramid(features)
        laterals = [conv(x) for conv, x in zip(self.lateral_convs, levels)]
        laterals.append(self.pool(levels[-1]))
        for i in range(len(laterals) - 1, 0, -1):
            side = laterals[i - 1].shape[-1]
            laterals[i - 1] = laterals[i - 1] + resize(laterals[i], side)

        outputs = [conv(x) for conv, x in zip(self.fpn_convs, laterals)]
        outputs.append(laterals[-1])
        side = outputs[0].shape[-1]
        merged = torch.cat([outputs[0], *(resize(x, side) for x in outputs[1:])], dim=1)
        return self.conv_seg(self.dropout(self.fpn_bottleneck(merged)))


class Segmenter(nn.Module):
    """The whole model: image [B, channels, S, S] to logits [B, classes, S/4, S/4]."""

    def __init__(
        self, geometry: Geometry, layer_scale: float = 0.1, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.geometry = geometry
        self.cls_token = nn.Parameter(torch.zeros(1, 1, geometry.hidden))
        self.patch_embed = PatchEmbed(geometry)
        self.blocks = nn.ModuleList(
            Block(geometry, layer_scale) for _ in range(geometry.depth)
        )
        self.decoder = UPerHead(geometry, dropout)

    def features(self, x: Tensor) -> list[Tensor]:
        """The token map after every block, class token removed."""
        grid, hidden = self.geometry.grid, self.geometry.hidden
        tokens = self.patch_embed(x)
        tokens = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], dim=1)
        maps = []
        for block in self.blocks:
            tokens = block(tokens)
            patches = tokens[:, 1:].transpose(1, 2)
            maps.append(patches.reshape(len(x), hidden, grid, grid))
        return maps

    def forward(self, x: Tensor) -> Tensor:
        maps = self.features(x)
        return self.decoder([maps[i] for i in self.geometry.layers])


def initialise(model: Segmenter) -> None:
    """BEiT's initialisation of the encoder; the head keeps PyTorch's own."""
    for block in model.blocks:
        for layer in (block.attn.qkv, block.attn.proj, block.mlp.fc1, block.mlp.fc2):
            nn.init.trunc_normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    nn.init.trunc_normal_(model.cls_token, std=0.02)


def inflate(model: Segmenter, depth: int, strategy: str) -> Segmenter:
    """The 3D counterpart for windows of `depth` grey slices; `average` or `center`."""
    geometry = Geometry(**{**vars(model.geometry), "channels": depth})
    state = model.state_dict()
    grey = state["patch_embed.proj.weight"].sum(dim=1, keepdim=True)
    if strategy == "average":
        kernel = grey.expand(-1, depth, -1, -1) / depth
    elif strategy == "center":
        kernel = torch.zeros(grey.shape[0], depth, *grey.shape[2:])
        kernel[:, depth // 2] = grey[:, 0]
    else:
        raise ValueError(f"unknown strategy {strategy!r}")
    inflated = Segmenter(geometry)
    inflated.load_state_dict({**state, "patch_embed.proj.weight": kernel})
    return inflated.eval()
