"""Stable Audio's sampler: the times its model was trained with, and a chance that can be kept."""

from __future__ import annotations

import math

import torch

from studio.inference import crossing
from studio.inference.cosine_steps import CosineSDEScheduler
from studio.inference.known import Known
from studio.inference.loading import hushed


def scheduler(steps: int = 10) -> CosineSDEScheduler:
    with hushed():
        made = CosineSDEScheduler.from_config({"sigma_min": 0.3, "sigma_max": 500, "solver_order": 2})
    made.set_timesteps(steps)
    return made


def walk(made: CosineSDEScheduler, seed: int, known: Known | None = None) -> torch.Tensor:
    noise = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 4, 16, generator=noise) * made.init_noise_sigma
    answers = torch.Generator().manual_seed(9)
    for time in made.timesteps:
        made.scale_model_input(x, time)
        answer = torch.randn(x.shape, generator=answers)
        if known is not None:
            answer = known(made, x, answer, time)
        x = made.step(answer, time, x, generator=noise).prev_sample
    return x


def test_the_model_is_told_the_angle_of_the_noise() -> None:
    made = scheduler()
    assert torch.allclose(made.timesteps, made.sigmas[:-1].atan() * 2 / math.pi)
    assert float(made.timesteps[0]) > 0.99
    assert made.config.sigma_schedule == "exponential"
    assert type(made).from_config(made.config).config.algorithm_type == "sde-dpmsolver++"


def test_its_chance_is_the_generators() -> None:
    assert torch.equal(walk(scheduler(), 1), walk(scheduler(), 1))
    assert not torch.equal(walk(scheduler(), 1), walk(scheduler(), 2))


def test_what_is_known_stays() -> None:
    clean = torch.randn(1, 4, 16, generator=torch.Generator().manual_seed(1))
    free = torch.zeros_like(clean)
    free[..., :4] = 1
    made = walk(scheduler(), 1, Known(clean, free))
    assert (made - clean)[..., 4:].abs().max() < 1e-4
    assert (made - clean)[..., :4].abs().mean() > 0.1


def test_a_run_of_many_steps_knows_its_place() -> None:
    """In a row in 0 … 1, neighbours lie as close as 1e-4 to each other."""
    made = scheduler(400)
    assert crossing.scaling(made) == "growing"
    made.scale_model_input(torch.zeros(1), made.timesteps[0])
    mixed = crossing.with_noise(
        made, torch.zeros(1, 4, 16), torch.ones(1, 4, 16), calls=200, first=float(made.timesteps[1])
    )
    assert torch.allclose(mixed, made.sigmas[201].expand(1, 4, 16))
    assert made.step_index == 201
