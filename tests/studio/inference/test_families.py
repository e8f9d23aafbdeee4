"""The same path for models of other architectures: packed latents, two text encoders, flow matching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.api import JobCancelled, Request
from studio.inference import devices, pipelines
from studio.inference.diffusion import DiffusionRun, Plan
from studio.testing import FakeContext
from tests import tiny_models

STEPS = 5


@dataclass(frozen=True)
class NoParams:
    """The run takes a Plan."""


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("build", [tiny_models.stable_diffusion_xl, tiny_models.flux])
def test_steps_branches_and_cancelling_in_every_family(
    build: Callable[[], Any], precision: str, tmp_path: Path
) -> None:
    model = tiny_models.save(build(), tmp_path / "model")
    device = devices.pick("cpu", precision=precision, threads=1)
    loaded = pipelines.load(model, device=device, check=lambda: None)
    starts = (None, Image.linear_gradient("L").convert("RGB").resize((96, 64)))

    def context(**options: Any) -> FakeContext:
        return FakeContext(Request("image.diffusion"), NoParams, scratch=tmp_path, **options)

    for start in starts:
        plan = Plan("a red castle", seed=3, steps=STEPS, width=96, height=64, guidance_scale=4.0, image=start)
        seen = context()
        whole = DiffusionRun(loaded, plan, seen).pixels()
        assert whole.shape == (64, 96, 3)
        assert whole.std() > 0.01
        assert len(seen.steps) == (STEPS if start is None else 3)
        assert all(step.preview and (step.preview.width, step.preview.height) == (12, 8) for step in seen.steps)
        assert len({step.preview.data for step in seen.steps if step.preview}) == len(seen.steps)
        branch = context(resume=(1, seen.states[1]))
        assert np.array_equal(whole, DiffusionRun(loaded, plan, branch).pixels())
        stopped = DiffusionRun(loaded, plan, context(cancel_at=1))
        with pytest.raises(JobCancelled):
            stopped.pixels()
        partial = stopped.partial()
        assert partial is not None
        assert partial.shape == (64, 96, 3)
        assert np.array_equal(whole, DiffusionRun(loaded, plan, context()).pixels())
