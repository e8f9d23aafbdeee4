"""LoRAs over a transformer: the same overlay for models without a UNet, and nothing of it is left afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.api import Model, Request
from studio.inference import devices, pipelines
from studio.inference.diffusion import DiffusionRun, Plan
from studio.testing import FakeContext
from tests import tiny_loras, tiny_models, tiny_newer


@dataclass(frozen=True)
class NoParams:
    """The run takes a Plan."""


@pytest.mark.parametrize(
    "build", [tiny_models.flux, tiny_newer.qwen_image, tiny_newer.chroma, tiny_newer.z_image], ids=lambda b: b.__name__
)
def test_a_lora_over_a_transformer(build: Callable[[], Any], tmp_path: Path, cpu: devices.Device) -> None:
    pipe = build()
    model = tiny_models.save(pipe, tmp_path / "model")
    chance = torch.Generator().manual_seed(1)
    state = {}
    for name, layer in pipe.transformer.named_modules():
        if isinstance(layer, torch.nn.Linear) and name.endswith(("to_q", "to_k", "to_v")):
            state[f"transformer.{name}.lora_A.weight"] = torch.randn(2, layer.in_features, generator=chance) * 0.5
            state[f"transformer.{name}.lora_B.weight"] = torch.randn(layer.out_features, 2, generator=chance) * 0.5
    ink = tiny_loras.save(tmp_path / "ink.safetensors", state, base="")
    loaded = pipelines.load(model, device=cpu, check=lambda: None)
    plan = Plan("a red castle", seed=1, steps=3, width=64, height=64, guidance_scale=3.0)

    def make(*added: tuple[Model, float]) -> np.ndarray:
        loaded.overlay.put(loaded.pipe, loaded.embeddings, added)
        return DiffusionRun(loaded, plan, FakeContext(Request("a.b"), NoParams, scratch=tmp_path)).pixels()

    bare = make()
    inked = make((ink, 1.0))
    assert not np.array_equal(bare, inked)
    assert not np.array_equal(inked, make((ink, 0.5)))
    assert np.array_equal(inked, make((ink, 1.0)))
    assert np.array_equal(bare, make())
