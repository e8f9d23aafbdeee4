"""Stable Audio's sampler without torchsde, and with its chance in the job's own generator.

The model's own class draws the noise of its steps from a Brownian tree of a library that is not here, of which no step
could be kept. This one takes the same steps (SDE-DPM-Solver++, arXiv:2211.01095, over the same noise levels) with noise
from the generator that every other sampler uses, and tells the model the same time: the angle of the noise level.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from diffusers import EDMDPMSolverMultistepScheduler
from diffusers.configuration_utils import register_to_config

REPLACES = "CosineDPMSolverMultistepScheduler"
"""The class in whose place it stands."""


class CosineSDEScheduler(EDMDPMSolverMultistepScheduler):
    """Takes the configuration of the class that it replaces."""

    @register_to_config
    def __init__(
        self,
        sigma_min: float = 0.3,
        sigma_max: float = 500.0,
        sigma_data: float = 1.0,
        sigma_schedule: Any = "exponential",
        num_train_timesteps: int = 1000,
        solver_order: int = 2,
        prediction_type: Any = "v_prediction",
        rho: float = 7.0,
        solver_type: Any = "midpoint",
        lower_order_final: bool = True,
        euler_at_final: bool = False,
        final_sigmas_type: Any = "zero",
    ) -> None:
        super().__init__(
            sigma_min=sigma_min,
            sigma_max=sigma_max,
            sigma_data=sigma_data,
            sigma_schedule=sigma_schedule,
            num_train_timesteps=num_train_timesteps,
            prediction_type=prediction_type,
            rho=rho,
            solver_order=solver_order,
            algorithm_type="sde-dpmsolver++",
            solver_type=solver_type,
            lower_order_final=lower_order_final,
            euler_at_final=euler_at_final,
            final_sigmas_type=final_sigmas_type,
        )

    def precondition_noise(self, sigma: float | torch.Tensor) -> torch.Tensor:
        """What the model is told of a noise level: 0 for none, 1 for nothing else."""
        return torch.as_tensor(sigma, dtype=torch.float32).atan() / math.pi * 2
