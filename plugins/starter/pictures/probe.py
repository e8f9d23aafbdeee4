"""The judge: a small classifier that learns from renders alone what a picture shows.

It never sees a generated picture before it judges one, and it is judged itself: its accuracy on held-out renders
is the ceiling that stands beside every figure.
"""

from __future__ import annotations

import copy
import itertools
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..training.checkpoint import load_checkpoint, save_checkpoint
from ..training.pace import Pace
from ..world import Scene, render, sample_scene
from ..world.frame import SQUARE, Frame
from ..world.render import LOOK
from ..world.scene import COLOURS, OBJECTS, PLACES, POSITIONS, STYLES, TIMES, WEATHERS
from .autoencoder import HELD_OUT, to_tensor

QUESTIONS: dict[str, tuple[str, ...]] = {
    "place": PLACES,
    "time": TIMES,
    "weather": WEATHERS,
    "object": OBJECTS,
    "colour": COLOURS,
    "position": POSITIONS,
    "style": STYLES,
}
SIDE = 128


def answers(scene: Scene) -> list[int]:
    """The right answers about a scene with exactly one thing."""
    (thing,) = scene.things
    said = (scene.place, scene.time, scene.weather, thing.kind, thing.colour, thing.position, scene.style)
    return [options.index(word) for options, word in zip(QUESTIONS.values(), said, strict=True)]


def single(start: int) -> Scene:
    """The first scene from `start` on, in steps of a million, that has exactly one thing."""
    while len((scene := sample_scene(start)).things) != 1:
        start += 1_000_003
    return scene


class Probe(nn.Module):
    """Pictures [n, 3, 128, 128] to answers, and to the features that the Fréchet distance is taken in."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (3, 32, 64, 128, 160, 160)
        layers: list[nn.Module] = []
        for i, (a, b) in enumerate(itertools.pairwise(sizes)):
            layers += [nn.Conv2d(a, b, 5 if i == 0 else 3, 2, 2 if i == 0 else 1), nn.GroupNorm(8, b), nn.SiLU()]
        self.body = nn.Sequential(*layers)
        self.mix = nn.Linear(160 * 16, 128)
        self.heads = nn.ModuleList(nn.Linear(128, len(options)) for options in QUESTIONS.values())

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """[n, 128]."""
        return F.silu(self.mix(self.body(x).flatten(1)))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        h = F.dropout(self.features(x), 0.1, self.training)
        return [head(h) for head in self.heads]


def small(pictures: np.ndarray) -> torch.Tensor:
    """[n, h, w, 3] bytes to the probe's input, a square: other shapes are pressed together, so that left stays left."""
    return F.adaptive_avg_pool2d(to_tensor(pictures), SIDE)


def get_probe(work: Path, *, scenes: int = 10_000) -> Probe:
    """The trained probe, from the work folder where it is there already."""
    torch.manual_seed(4)
    probe = Probe()
    path = work / f"probe-{LOOK}-{scenes}.safetensors"
    if load_checkpoint(path, models={"probe": probe}, optimiser=None) is None:
        _teach(probe, Pace(work, "probe"), first=2 * HELD_OUT, scenes=scenes, frames=(SQUARE,))
        save_checkpoint(path, models={"probe": probe}, optimiser=None, info={"scenes": scenes})
    return probe.eval()


def get_shape_probe(work: Path, start: Probe, *, frames: tuple[Frame, ...], scenes: int) -> Probe:
    """A probe that goes on from `start` with renders in these shapes, pressed to squares as it will get them."""
    torch.manual_seed(6)
    probe = copy.deepcopy(start)
    names = "-".join(f"{frame.wide}x{frame.high}" for frame in frames)
    path = work / f"probe-{LOOK}-{scenes}-{names}.safetensors"
    if load_checkpoint(path, models={"probe": probe}, optimiser=None) is None:
        first = 2 * HELD_OUT + 500_000
        _teach(probe.train(), Pace(work, "probe"), first=first, scenes=scenes, frames=frames, rate=1e-3)
        save_checkpoint(path, models={"probe": probe}, optimiser=None, info={"scenes": scenes})
    return probe.eval()


def _teach(
    probe: Probe,
    pace: Pace,
    *,
    first: int,
    scenes: int,
    frames: tuple[Frame, ...],
    rate: float = 2e-3,
    epochs: int = 5,
    batch: int = 50,
) -> None:
    """Train on that many renders from scene `first` on, in each of the shapes by turns."""
    inputs = torch.empty(scenes, 3, SIDE, SIDE, dtype=torch.float16)
    wanted = torch.empty(scenes, len(QUESTIONS), dtype=torch.long)
    for i in range(scenes):
        scene = single(first + i)
        inputs[i] = small(render(scene, frames[i % len(frames)])[None])[0].half()
        wanted[i] = torch.tensor(answers(scene))
    optimiser = torch.optim.AdamW(probe.parameters(), lr=rate, weight_decay=0.02)
    total = epochs * scenes // batch
    step = 0
    for epoch in range(epochs):
        order = np.random.default_rng([epoch, 41]).permutation(scenes)
        for start in range(0, scenes - batch + 1, batch):
            for group in optimiser.param_groups:
                group["lr"] = rate * min(1.0, (step + 1) / 50) * max(0.02, 1 - step / total)
            chosen = torch.from_numpy(order[start : start + batch])
            x = inputs[chosen].float()
            with torch.autocast("cpu", torch.bfloat16):
                out = probe(x + 0.04 * torch.randn_like(x))
            loss = torch.stack([F.cross_entropy(o.float(), wanted[chosen, i]) for i, o in enumerate(out)]).sum()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            step += 1
            if step % 100 == 0:
                pace.note(step, total, loss=loss.item())


@torch.no_grad()
def judge(probe: Probe, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answers [n, questions] and features [n, 128] for pictures [n, h, w, 3]."""
    given, features = [], []
    for i in range(0, len(pictures), 50):
        h = probe.features(small(pictures[i : i + 50]))
        features.append(h.numpy())
        given.append(np.stack([head(h).argmax(1).numpy() for head in probe.heads], 1))
    return np.concatenate(given), np.concatenate(features)


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """The Fréchet distance of two sets of features, as normal distributions (Heusel et al. 2017, eq. 6)."""
    mean = float(np.square(a.mean(0) - b.mean(0)).sum())
    first, second = np.cov(a.T.astype(np.float64)), np.cov(b.T.astype(np.float64))
    # The trace of the root of a product of covariances needs only eigenvalues, all real and not negative.
    roots = np.sqrt(np.clip(np.linalg.eigvals(first @ second).real, 0, None)).sum()
    return mean + float(np.trace(first) + np.trace(second) - 2 * roots)
