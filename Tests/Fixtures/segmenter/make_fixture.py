"""Makes the fixture beside this script: a small segmenter of unusual geometry, run in PyTorch.

    python make_fixture.py [folder]

Needs torch and safetensors. The modules follow the published architectures (BEiT: arXiv:2106.08254,
UPerNet: arXiv:1807.10221) and use PyTorch's own layers throughout, so that the numbers owe nothing
to the code that they test. Everything that the paper's own goldens leave at a round value is odd
here: three heads of five channels, patches and grid that are not square, an RGB image, a block
more than the decoder reads, one bias table for all blocks, a perceptron of no simple ratio.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

HIDDEN, HEADS, MLP, DEPTH = 15, 3, 37, 5
CHANNELS, PATCH, GRID = 3, (6, 9), (5, 3)
LAYERS = (0, 2, 3, 4)
CLASSES = 4
SCALES = (1, 2, 3, 6)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(HIDDEN, 3 * HIDDEN, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(HIDDEN))
        self.v_bias = nn.Parameter(torch.zeros(HIDDEN))
        self.proj = nn.Linear(HIDDEN, HIDDEN)

    def forward(self, x, bias):
        joint = self.qkv(x)
        q, k, v = joint.split(HIDDEN, dim=-1)
        heads = lambda t: t.unflatten(-1, (HEADS, -1)).transpose(1, 2)
        y = F.scaled_dot_product_attention(
            heads(q + self.q_bias), heads(k), heads(v + self.v_bias), attn_mask=bias)
        return self.proj(y.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(HIDDEN, eps=1e-6)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(HIDDEN, eps=1e-6)
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Linear(HIDDEN, MLP), "fc2": nn.Linear(MLP, HIDDEN)})
        self.gamma_1 = nn.Parameter(torch.ones(HIDDEN))
        self.gamma_2 = nn.Parameter(torch.ones(HIDDEN))

    def forward(self, x, bias):
        x = x + self.gamma_1 * self.attn(self.norm1(x), bias)
        return x + self.gamma_2 * self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        rows = (2 * GRID[0] - 1) * (2 * GRID[1] - 1) + 3
        self.relative_position_bias_table = nn.Parameter(torch.zeros(rows, HEADS))

    def forward(self):
        table = self.relative_position_bias_table
        places = [(y, x) for y in range(GRID[0]) for x in range(GRID[1])]
        size = len(places) + 1
        bias = torch.empty(HEADS, size, size)
        bias[:, 0, :], bias[:, :, 0], bias[:, 0, 0] = (
            table[-3][:, None], table[-2][:, None], table[-1])
        for i, (qy, qx) in enumerate(places):
            for j, (ky, kx) in enumerate(places):
                row = (qy - ky + GRID[0] - 1) * (2 * GRID[1] - 1) + qx - kx + GRID[1] - 1
                bias[:, i + 1, j + 1] = table[row]
        return bias[None]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, HIDDEN))
        self.patch_embed = nn.ModuleDict(
            {"proj": nn.Conv2d(CHANNELS, HIDDEN, PATCH, stride=PATCH)})
        self.rel_pos_bias = Positions()
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))

    def forward(self, image):
        tokens = self.patch_embed["proj"](image).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token, tokens], dim=1)
        bias = self.rel_pos_bias()
        features = []
        for block in self.blocks:
            x = block(x, bias)
            features.append(x[:, 1:])
        return tokens, features


class Unit(nn.Module):
    def __init__(self, inputs, outputs, size):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Head(nn.Module):
    def __init__(self, width=HIDDEN):
        super().__init__()
        up = lambda: nn.ConvTranspose2d(width, width, 2, stride=2)
        self.fpn1 = nn.Sequential(up(), nn.BatchNorm2d(width), nn.GELU(), up())
        self.fpn2 = nn.Sequential(up())
        self.psp_modules = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(s), Unit(width, width, 1)) for s in SCALES)
        self.bottleneck = Unit((1 + len(SCALES)) * width, width, 3)
        self.lateral_convs = nn.ModuleList(Unit(width, width, 1) for _ in range(3))
        self.fpn_convs = nn.ModuleList(Unit(width, width, 3) for _ in range(3))
        self.fpn_bottleneck = Unit(4 * width, width, 3)
        self.conv_seg = nn.Conv2d(width, CLASSES, 1)

    def forward(self, maps):
        sized = lambda x, like: F.interpolate(x, size=like.shape[2:], mode="bilinear")
        maps = [self.fpn1(maps[0]), self.fpn2(maps[1]), maps[2], F.max_pool2d(maps[3], 2)]
        pooled = [maps[3]] + [sized(module(maps[3]), maps[3]) for module in self.psp_modules]
        levels = [unit(x) for unit, x in zip(self.lateral_convs, maps)]
        levels.append(self.bottleneck(torch.cat(pooled, 1)))
        for i in (3, 2, 1):
            levels[i - 1] = levels[i - 1] + sized(levels[i], levels[i - 1])
        outputs = [unit(x) for unit, x in zip(self.fpn_convs, levels)] + [levels[3]]
        fused = self.fpn_bottleneck(torch.cat([sized(x, outputs[0]) for x in outputs], 1))
        scores = self.conv_seg(fused)
        return fused, F.interpolate(scores, scale_factor=4, mode="bilinear")


def randomise(module):
    """Weights that keep the activations' scale, and statistics that are none of the defaults."""
    for name, tensor in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            tensor.fill_(1)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith(("gamma_1", "gamma_2")) or name.endswith(
            ("norm1.weight", "norm2.weight", "bn.weight", "fpn1.1.weight")):
            tensor.uniform_(0.6, 1.4)
        elif name.endswith("relative_position_bias_table"):
            tensor.normal_(std=0.7)
        elif tensor.ndim > 1 and "token" not in name:
            transposed = name.startswith("fpn")  and ".conv" not in name
            fan_in = tensor.shape[0] if transposed else tensor[0].numel()
            tensor.normal_(std=1.4 * fan_in**-0.5)
        else:
            tensor.normal_(std=0.4)


@torch.no_grad()
def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    folder = folder if folder.is_dir() else folder.parent
    torch.manual_seed(20240229)
    encoder, head = Encoder().eval(), Head().eval()
    randomise(encoder)
    randomise(head)
    image = torch.randn(1, CHANNELS, GRID[0] * PATCH[0], GRID[1] * PATCH[1])
    tokens, features = encoder(image)
    maps = [features[i].transpose(1, 2).unflatten(2, GRID).contiguous() for i in LAYERS]
    fused, logits = head(maps)
    weights = dict(encoder.state_dict())
    weights.update({f"decoder.{name}": t for name, t in head.state_dict().items()})
    save_file({k: v.contiguous() for k, v in weights.items()}, folder / "model.safetensors")
    record = {"input": image, "tokens": tokens, "logits": logits, "fused": fused}
    record.update({f"feature.{i}": feature for i, feature in enumerate(features)})
    save_file({k: v.contiguous() for k, v in record.items()}, folder / "record.safetensors")
    print({k: (tuple(v.shape), float(v.std())) for k, v in record.items()})


if __name__ == "__main__":
    main()
