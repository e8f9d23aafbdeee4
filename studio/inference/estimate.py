"""The clean picture that a model expects at the end (x0), for every scheduler at every step."""

from __future__ import annotations

from typing import Any

import torch


def clean_estimate(
    scheduler: Any, answer: Any, *, sample: torch.Tensor, output: torch.Tensor, timestep: Any
) -> torch.Tensor | None:
    """x0 in the space of the latents, or None where nothing is known about the scheduler.

    `answer` is what `scheduler.step` answered, `sample` and `output` what it was given: noisy latents and the model's
    output (after guidance) of the same shape.
    """
    for name in ("pred_original_sample", "denoised"):
        given = getattr(answer, name, None)
        if isinstance(given, torch.Tensor):
            return given
    if _keeps_x0(scheduler):
        newest = scheduler.model_outputs[-1]
        if isinstance(newest, torch.Tensor):
            return newest
    if output.shape != sample.shape:
        return None
    index = getattr(scheduler, "step_index", None)
    sigmas = getattr(scheduler, "sigmas", None)
    if isinstance(sigmas, torch.Tensor) and index is not None and 1 <= index < len(sigmas) + 1:
        sigma = sigmas[index - 1].to(sample)
        return _from_sigma(scheduler, sigma, sample=sample, output=output)
    levels = getattr(scheduler, "alphas_cumprod", None)
    if isinstance(levels, torch.Tensor) and timestep is not None:
        level = levels[int(torch.as_tensor(timestep).reshape(-1)[0])].to(sample)
        return _from_level(_prediction(scheduler), level, sample=sample, output=output)
    return None


def _keeps_x0(scheduler: Any) -> bool:
    config = scheduler.config
    predicts = str(config.get("algorithm_type", "")).endswith("++") or bool(config.get("predict_x0"))
    return predicts and bool(getattr(scheduler, "model_outputs", None))


def _prediction(scheduler: Any) -> str:
    return str(scheduler.config.get("prediction_type", "epsilon"))


def _from_sigma(scheduler: Any, sigma: torch.Tensor, *, sample: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    if "FlowMatch" in type(scheduler).__name__ or _prediction(scheduler) == "flow_prediction":
        return sample - sigma * output
    kind = _prediction(scheduler)
    if kind == "epsilon":
        return sample - sigma * output
    if kind == "v_prediction":  # eq. 8 of Progressive Distillation, arXiv:2202.00512, with x scaled by its sigma
        return sample / (sigma**2 + 1) - output * sigma / (sigma**2 + 1).sqrt()
    return output


def _from_level(kind: str, level: torch.Tensor, *, sample: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    """Eq. 12 of DDIM, arXiv:2010.02502; `level` is the cumulative product of alphas at the step."""
    if kind == "epsilon":
        return (sample - (1 - level).sqrt() * output) / level.sqrt()
    if kind == "v_prediction":
        return level.sqrt() * sample - (1 - level).sqrt() * output
    return output
