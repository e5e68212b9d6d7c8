"""Trains the 2D model on MNI152.

    python train.py --out WEIGHTS.pt [--steps N]

Seeded: the same machine, versions and thread count give the same weights.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from augment import TrainingSlices
from data import CLASSES, load_mni152
from model import Geometry, Segmenter, initialise, resize

SEED = 20
STEPS = 900
BATCH = 4
PEAK_RATE = 1.5e-3
WEIGHT_DECAY = 0.02
WARM_UP = 60
THREADS = 2


def enlarge(slices: Tensor) -> Tensor:
    """Grey 192 x 192 slices [B, n, 192, 192] at the 384 x 384 the model looks at."""
    return resize(slices, 2 * slices.shape[-1])


def colour(grey: Tensor) -> Tensor:
    """A grey image as the RGB image a 2D checkpoint expects."""
    return grey.expand(-1, 3, -1, -1)


def loss(logits: Tensor, label: Tensor) -> Tensor:
    """Cross entropy plus soft Dice over the tissues, background left out."""
    chosen = F.one_hot(label, len(CLASSES)).permute(0, 3, 1, 2).float()
    share = logits.softmax(dim=1)
    common = (share * chosen).sum(dim=(0, 2, 3))
    total = (share + chosen).sum(dim=(0, 2, 3))
    dice = 1 - ((2 * common + 1) / (total + 1))[1:].mean()
    return F.cross_entropy(logits, label) + dice


def rate(step: int, steps: int) -> float:
    """Learning rate as a share of its peak: linear warm-up, then half a cosine."""
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / max(1, steps - WARM_UP)))


def optimiser(model: Segmenter) -> torch.optim.Optimizer:
    """AdamW; vectors, norms and bias tables do not decay."""
    named = list(model.named_parameters())
    kept = [p for n, p in named if p.ndim < 2 or "bias" in n or "token" in n]
    ids = {id(p) for p in kept}
    decayed = [p for _, p in named if id(p) not in ids]
    groups = [
        {"params": decayed, "weight_decay": WEIGHT_DECAY},
        {"params": kept, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=PEAK_RATE)


def training_slices(seed: int) -> TrainingSlices:
    """MNI152 between its lowest and highest slice worth looking at."""
    brain = load_mni152()
    tissue = brain.tissue.sum(axis=0).sum(axis=(0, 1))
    heights = [k for k, amount in enumerate(tissue) if amount > 1000]
    image = torch.from_numpy(brain.window(brain.intensity))
    maps = torch.from_numpy(brain.tissue)
    return TrainingSlices(image, maps, (heights[0], heights[-1]), seed)


def train(steps: int) -> Segmenter:
    """The trained model, in evaluation mode."""
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    model = Segmenter(Geometry())
    initialise(model)
    model = model.to(memory_format=torch.channels_last).train()
    slices = training_slices(SEED)
    adam = optimiser(model)
    schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: rate(step, steps))

    started, recent = time.monotonic(), 0.0
    for step in range(1, steps + 1):
        image, label = slices.batch(BATCH)
        image = colour(enlarge(image)).contiguous(memory_format=torch.channels_last)
        # Up by two from the head is the same as up by four and back down by two.
        value = loss(resize(model(image), label.shape[-1]), label)
        adam.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        schedule.step()
        recent = value.item() if step == 1 else 0.95 * recent + 0.05 * value.item()
        if step % 20 == 0:
            passed = time.monotonic() - started
            print(f"step {step:5}  loss {recent:.4f}  {passed:6.0f} s", flush=True)
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the 2D model on MNI152.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    model = train(options.steps)
    torch.save(model.state_dict(), options.out)


if __name__ == "__main__":
    main()
