"""Repaint in latents: with every scheduler, what is known comes out as it was, whatever the model says elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import DDPMScheduler, FlowMatchEulerDiscreteScheduler

from studio.api import StudioError
from studio.inference import schedulers
from studio.inference.known import Known
from studio.inference.loading import hushed
from studio.inference.schedulers_table import SCHEDULERS

NAMES = [entry.name for entry in SCHEDULERS if entry.name not in ("auto", "flow_euler")]


def scheduler(name: str, prediction: str) -> Any:
    base = DDPMScheduler(beta_schedule="scaled_linear", prediction_type=prediction, clip_sample=False)
    with hushed():
        return schedulers.make(name, base)


def walk(steps: Any, known: Known, clean: torch.Tensor) -> torch.Tensor:
    """From pure noise, with a model that answers nonsense."""
    noise = torch.Generator().manual_seed(2)
    with hushed():
        steps.set_timesteps(12)
    x = torch.randn(clean.shape, generator=noise) * getattr(steps, "init_noise_sigma", 1.0)
    for time in steps.timesteps:
        answer = torch.randn(clean.shape, generator=noise)
        steered = known(steps, x, answer, time)
        takes = "generator" in steps.step.__code__.co_varnames
        x = steps.step(steered, time, x, **({"generator": noise} if takes else {}), return_dict=False)[0]
    return x


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_known_stays(name: str, prediction: str) -> None:
    try:
        steps = scheduler(name, prediction)
    except StudioError:
        pytest.fail("every scheduler of the table can be made for such a model")
    clean = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    free = torch.zeros(1, 4, 8, 8)
    free[..., :4] = 1
    made = walk(steps, Known(clean, free), clean)
    outside = (made - clean)[..., 4:].abs().max()
    inside = (made - clean)[..., :4].abs().mean()
    assert outside < 0.15, f"{outside:.3f}"
    assert inside > 0.5


def test_flow_matching_too() -> None:
    steps = FlowMatchEulerDiscreteScheduler()
    clean = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    made = walk(steps, Known(clean, torch.zeros_like(clean)), clean)
    assert (made - clean).abs().max() < 1e-4


def test_another_shape_is_said() -> None:
    known = Known(torch.zeros(1, 4, 8, 8), torch.zeros(1, 4, 8, 8))
    with pytest.raises(StudioError, match="cannot repaint"):
        known(None, torch.zeros(1, 4, 4, 4), torch.zeros(1, 4, 4, 4), 1)
