"""Making the scheduler that was asked for from the configuration of the model's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import diffusers
import torch

from studio.api import StudioError

from .schedulers_table import BY_NAME

SIGMA_CAP = 25.0
"""Above this noise level a picture's content is gone: SD1.5 ends at 14.6."""


def is_flow(scheduler: Any) -> bool:
    """True for the scheduler of a flow-matching model."""
    return "FlowMatch" in type(scheduler).__name__ or scheduler.config.get("prediction_type") == "flow_prediction"


def make(name: str, own: Any) -> Any:
    """A new scheduler. `name` is one of BY_NAME; `own` is the model's scheduler, whose noise schedule is taken over.

    Raises StudioError where the two do not go together.
    """
    entry = BY_NAME.get(name)
    if entry is None:
        raise StudioError(f"There is no scheduler called {name[:40]!r}.", f"Known: {', '.join(BY_NAME)}.")
    if not entry.cls:
        return type(own).from_config(own.config)
    if entry.flow != is_flow(own):
        kind = "flow-matching models only" if entry.flow else "models that predict noise; this one is a flow model"
        raise StudioError(
            f"The scheduler {entry.label} is for {kind}.",
            "Choose Automatic as the scheduler." if entry.flow else "Choose Automatic or Flow-match Euler.",
        )
    cls = getattr(diffusers, entry.cls)
    if isinstance(own, cls) and not entry.options:
        return cls.from_config(own.config)
    return cls.from_config(_config_for(cls, own), **entry.options)


def _config_for(cls: type, own: Any) -> Mapping[str, Any]:
    """The part of the model's scheduler configuration that `cls` understands."""
    known = cls._get_init_keys(cls)  # type: ignore[attr-defined]
    config = {key: value for key, value in own.config.items() if key in known}
    # Clipping x0 to -1 … 1 is right for pixels and wrong for latents; some classes clip unless told not to.
    if "clip_sample" in known and "clip_sample" not in own.config:
        config["clip_sample"] = False
    # A diffusers default that is only valid for the noise schedule it was written beside.
    config.pop("variance_type", None)
    betas = capped_betas(own) if cls.__name__ in _WALK_THROUGH_SIGMA else None
    if betas is not None:
        config.update(trained_betas=betas)
        config.pop("rescale_betas_zero_snr", None)
    return config


_WALK_THROUGH_SIGMA = (
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "HeunDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler",
)


def capped_betas(own: Any) -> list[float] | None:
    """Betas of the same noise schedule with its highest noise levels pressed together above SIGMA_CAP; None where no
    level is above 4 × SIGMA_CAP.

    Schedules that end in pure noise (cosine, zero terminal SNR) have sigmas of 4,000 and more at the end. Samplers
    that walk through sigma, above all with Karras' spacing, spend most of their steps there, where nothing happens.
    """
    levels = getattr(own, "alphas_cumprod", None)
    if levels is None:
        return None
    kept = levels.cpu().double().clamp(1e-12, 1.0)  # some graphics have no doubles
    sigmas = ((1 - kept) / kept).sqrt()
    if float(sigmas.max()) <= 4 * SIGMA_CAP:
        return None
    logs = sigmas.log()
    edge = math.log(SIGMA_CAP)
    logs = torch.where(logs > edge, edge + (logs - edge) * 0.05, logs)
    kept = 1 / (1 + (2 * logs).exp())
    before = torch.cat([torch.ones(1, dtype=kept.dtype), kept[:-1]])
    return [float(beta) for beta in (1 - kept / before).clamp(0.0, 0.999)]
