"""Going on with other steps or another scheduler, against a model of which the right answer is known.

For pictures whose every number comes from one bell curve the best denoiser is a formula, and all schedulers without
noise of their own walk the same way: from one kept step they must end at the same picture, however they count.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from studio.api import StepState, StudioError
from studio.inference import schedulers
from studio.inference.tap import SchedulerTap, Tapped

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MEAN, SPREAD = 0.7, 0.5
SHAPE = (1, 4, 16, 16)
WALKS = ["ddim", "euler", "dpmpp_2m", "dpmpp_2m_karras", "unipc", "heun"]
NOISY = ["euler_a", "dpmpp_2m_sde", "lcm", "ddpm"]


def own() -> Any:
    from diffusers import PNDMScheduler

    return PNDMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)


@dataclass
class Walk:
    """What a run left: its end, and the state after each call."""

    end: torch.Tensor
    states: list[StepState] = field(default_factory=list)
    calls: int = 0
    skipped: int = 0


def sigma_at(scheduler: Any, time: float) -> float:
    kept = own().alphas_cumprod.double()
    logs = ((1 - kept) / kept).sqrt().log()
    low = min(int(time), len(logs) - 2)
    return math.exp(float(logs[low] + (logs[low + 1] - logs[low]) * (time - low)))


def answer(scheduler: Any, given: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    """The noise in what the model is given, as exactly as it can be told."""
    sigma = sigma_at(scheduler, float(time))
    grown = given.double() * math.sqrt(sigma * sigma + 1)
    clean = MEAN + SPREAD**2 / (SPREAD**2 + sigma * sigma) * (grown - MEAN)
    return ((grown - clean) / sigma).to(given.dtype)


def walk(name: str, steps: int, resume: StepState | None = None, *, enter: int = 0) -> Walk:
    """A run as a pipeline does it; `enter` leaves out so many steps at the beginning, as img2img does."""
    scheduler = schedulers.make(name, own())
    scheduler.set_timesteps(steps)
    found = Walk(torch.zeros(SHAPE))

    def stepped(tapped: Tapped) -> None:
        if getattr(scheduler, "state_in_first_order", True):
            found.states.append(StepState(*tap.state(tapped.latents)))

    tap = SchedulerTap(scheduler, stepped)
    random = torch.Generator().manual_seed(3)
    latents = torch.randn(SHAPE, generator=random) * scheduler.init_noise_sigma
    with tap:
        if resume is not None:
            tap.skip_to(int(resume.values["calls"]), resume, lambda: None)
        times = scheduler.timesteps[enter:]
        if enter and hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(enter)
        for time in times:
            given = scheduler.scale_model_input(latents, time)
            found.calls += 0 if tap.skipping else 1
            noise = torch.zeros(SHAPE) if tap.skipping else answer(scheduler, given, time)
            more = {"generator": random} if name in NOISY else {}
            latents = scheduler.step(noise, time, latents, **more, return_dict=False)[0]
        found.end, found.skipped = latents, tap.skipped[0]
    return found


@functools.cache
def straight(name: str) -> Walk:
    """A run of 30 steps without a stop."""
    return walk(name, 30)


def apart(one: torch.Tensor, two: torch.Tensor) -> float:
    """How far two ends lie apart, as a share of the spread of pictures."""
    return float((one - two).pow(2).mean().sqrt()) / SPREAD


@pytest.mark.parametrize("after", WALKS)
@pytest.mark.parametrize("before", WALKS)
def test_another_scheduler_goes_the_same_way_from_there(before: str, after: str) -> None:
    whole = straight(before)
    assert apart(whole.end, straight("dpmpp_2m_karras").end) < 0.12  # the schedulers themselves agree so well
    for place in (9, 20):
        assert apart(walk(after, 30, whole.states[place]).end, whole.end) < 0.12, place


@pytest.mark.parametrize("name", [*WALKS, *NOISY])
@pytest.mark.parametrize("steps", [12, 48])
def test_more_or_fewer_steps_go_on_from_the_same_noise(name: str, steps: int) -> None:
    whole = straight(name)
    rest = walk(name, steps, whole.states[14])
    order = 2 if name == "heun" else 1
    assert rest.calls + rest.skipped == pytest.approx(steps * order - (order - 1), abs=1)
    assert 0 < rest.skipped < steps * order
    if name in WALKS:
        assert apart(rest.end, whole.end) < 0.12
    else:  # other noise, other pictures: but of the same kind, with nothing left over
        assert abs(float(rest.end.mean()) - MEAN) < 0.12
        assert float(rest.end.std()) < 1.35 * SPREAD


@pytest.mark.parametrize("name", WALKS)
def test_what_was_kept_behind_a_crossing_goes_on_bit_identically(name: str) -> None:
    start = walk("ddim" if name != "ddim" else "euler", 20).states[7]
    branch = walk(name, 30, start)
    for place in (0, len(branch.states) // 2):
        again = walk(name, 30, branch.states[place])
        assert torch.equal(again.end, branch.end), place
        assert again.calls < branch.calls


def test_a_step_of_a_picture_to_picture_run_crosses_too() -> None:
    whole = walk("dpmpp_2m", 30, enter=10)
    assert apart(walk("euler", 30, whole.states[5], enter=10).end, whole.end) < 0.12
    with pytest.raises(StudioError, match="more noise left"):
        walk("euler", 30, whole.states[0], enter=25)


def test_what_cannot_be_said_is_refused_in_words() -> None:
    whole = walk("ddim", 10)
    with pytest.raises(StudioError, match="Nothing is left to do"):
        walk("euler", 10, whole.states[-1])
    old = StepState(whole.states[3].tensors, {k: v for k, v in whole.states[3].values.items() if k != "level"})
    with pytest.raises(StudioError, match="its noise cannot be told"):
        walk("euler", 10, old)
