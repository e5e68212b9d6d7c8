"""Segments the reference brain in 2D and with the inflated models, and scores it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from augment import tissue_label
from data import CLASSES, load_mni152
from model import Segmenter, inflate, resize
from train import colour, enlarge

Labels = NDArray[np.uint8]
Scores = dict[str, float]

VARIANTS = (("center", 3), ("center", 5), ("average", 3), ("average", 5))
BATCH = 8


def windows(image: NDArray[np.float32], depth: int) -> torch.Tensor:
    """Every slice with its neighbours, [D, depth, H, W]; end slices repeat."""
    around = np.arange(depth) - depth // 2
    chosen = np.arange(image.shape[2])[:, None] + around
    chosen = chosen.clip(0, image.shape[2] - 1)
    return torch.from_numpy(image[:, :, chosen]).permute(2, 3, 0, 1).contiguous()


@torch.inference_mode()
def segment(model: Segmenter, image: NDArray[np.float32], depth: int = 1) -> Labels:
    """Labels of a windowed volume; a 2D model takes `depth` 1."""
    labels = []
    for batch in windows(image, depth).split(BATCH):
        shown = enlarge(batch)
        logits = model(colour(shown) if depth == 1 else shown)
        full = resize(logits, shown.shape[-1])
        labels.append(resize(full, image.shape[0]).argmax(dim=1))
    return torch.cat(labels).permute(1, 2, 0).numpy().astype(np.uint8)


def dice(predicted: Labels, truth: Labels) -> Scores:
    """Dice of every tissue, over all voxels of the volume at once."""
    scores = {}
    for label, name in enumerate(CLASSES[1:], start=1):
        ours, theirs = predicted == label, truth == label
        scores[name] = float(2 * (ours & theirs).sum() / (ours.sum() + theirs.sum()))
    return scores


def evaluate(
    model: Segmenter, image: NDArray[np.float32], truth: Labels
) -> dict[str, Scores]:
    """Dice of the 2D model and of every inflated one."""
    found = {"2D": dice(segment(model, image), truth)}
    for strategy, depth in VARIANTS:
        volume_model = inflate(model, depth, strategy)
        labels = segment(volume_model, image, depth)
        found[f"3D {strategy}, {depth} slices"] = dice(labels, truth)
    return found


def best_thresholds(image: NDArray[np.float32], truth: Labels) -> tuple[float, float]:
    """Where grey and white matter begin, for the best mean Dice inside the brain."""
    steps = np.linspace(0, 1, 101)
    inside = image > 0
    below = [
        np.append(0, np.histogram(image[inside & (truth == label)], steps)[0].cumsum())
        for label in range(len(CLASSES))
    ]
    everything = sum(below)
    best = (0.0, 0.0, 0.0)
    for i in range(len(steps)):
        for j in range(i + 1, len(steps)):
            grey = below[1][j] - below[1][i]
            white = below[2][-1] - below[2][j]
            grey_total = everything[j] - everything[i] + below[1][-1]
            white_total = everything[-1] - everything[j] + below[2][-1]
            score = grey / max(grey_total, 1) + white / max(white_total, 1)
            best = max(best, (float(score), float(steps[i]), float(steps[j])))
    return best[1], best[2]


def threshold_baseline(image: NDArray[np.float32], truth: Labels) -> Scores:
    """Dice of two thresholds from the training brain: what intensity alone can do."""
    brain = load_mni152()
    known = tissue_label(*torch.from_numpy(brain.tissue)).numpy()
    grey, white = best_thresholds(brain.window(brain.intensity), known)
    return dice((image > grey).astype(np.uint8) + (image > white), truth)


def table(scores: dict[str, Scores]) -> str:
    """The scores as a Markdown table."""
    lines = [f"| model | {' | '.join(CLASSES[1:])} | mean |", "|---|---|---|---|"]
    for name, score in scores.items():
        values = [*score.values(), float(np.mean(list(score.values())))]
        lines.append(f"| {name} | {' | '.join(f'{v:.4f}' for v in values)} |")
    return "\n".join(lines)
