"""Going on from a step with other steps or another scheduler: its noise level is found in the new row of levels.

Every scheduler of the field walks down a row of noise levels; what is kept after a step is a picture with the noise of
one level in it. Three things differ: how many levels there are and where, how the latents are scaled (sections 4 and
C.1.3 of Elucidating Diffusion Models, arXiv:2206.00364), and what a multistep scheduler remembers. So the latents are
scaled anew, the level nearest to theirs in the new row is set to theirs, and the history is dropped.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from studio.api import StepState, StudioError

from .schedulers import is_flow

_GROWING = ("EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete", "EDMDPMSolverMultistep", "CosineSDE")
"""x = x0 + sigma * noise."""
_STEADY = ("DDIM", "DDPM", "LCM", "DPMSolverMultistep", "DPMSolverSinglestep", "UniPCMultistep", "DEISMultistep")
"""x = (x0 + sigma * noise) / sqrt(sigma² + 1): as much in all, the noise in place of the picture."""
_ALIKE = 1e-3
_PURE = 24.0
"""A sigma above which there is nothing but noise: where rows begin differs between schedulers, and does not matter."""


def scaling(scheduler: Any) -> str:
    """How its latents are scaled: "growing", "steady", "flow", or "" for one that nobody knows."""
    if is_flow(scheduler):
        return "flow"
    name = type(scheduler).__name__.removesuffix("Scheduler")
    return "growing" if name in _GROWING else "steady" if name in _STEADY else ""


def level_left(scheduler: Any, timestep: float) -> float | None:
    """Sigma of the noise that is left after the step at `timestep`; None where nobody knows."""
    kind = scaling(scheduler)
    if not kind:
        return None
    index, sigmas = getattr(scheduler, "step_index", None), getattr(scheduler, "sigmas", None)
    if isinstance(sigmas, torch.Tensor) and index is not None:
        return float(sigmas[min(index, len(sigmas) - 1)])
    if kind == "flow":
        return None
    row = [float(value) for value in scheduler.timesteps]
    if type(scheduler).__name__.startswith("DDIM"):
        left = timestep - _ratio(scheduler)
    else:
        later = [value for value in row if value < timestep - 1e-4]
        left = later[0] if later else -1
    return _sigma_of(scheduler, left)


def enter(scheduler: Any, level: Any, kind: Any, first: float) -> int:
    """Change the row of `scheduler` so that it goes through `level`, at which a step was kept with latents of another
    `kind` of scaling; how many of its calls lie before that. `first` is the timestep at which the run begins. Raises
    StudioError where there is no way.
    """
    sigma, kind = _known(level, kind)
    if kind is None or (kind == "flow") != (scaling(scheduler) == "flow") or not scaling(scheduler):
        raise StudioError(
            "This step was made in another way than these settings work, and its noise cannot be told.",
            "Keep steps, strength and the kind of scheduler as they were up to here, or begin anew.",
        )
    if sigma <= 0:
        raise StudioError("Nothing is left to do after this step.", "Branch from an earlier one.")
    begin = _place(scheduler, first)
    if type(scheduler).__name__.startswith("DDIM"):
        return _enter_ddim(scheduler, sigma, begin)
    order = max(1, int(getattr(scheduler, "order", 1)))
    levels = _levels(scheduler)[begin::order]
    place = _nearest(levels, sigma)
    if place < 1:
        raise StudioError(
            "This step has more noise left than these settings begin with.",
            "Choose more steps or a larger strength, or branch from a later step.",
        )
    at = begin + place * order
    time = _time_of(scheduler, sigma, kind)
    scheduler.timesteps[at] = time if scheduler.timesteps.is_floating_point() else round(time)
    sigmas = getattr(scheduler, "sigmas", None)
    if isinstance(sigmas, torch.Tensor):
        sigmas[at] = min(sigma, float(sigmas[begin]))
    return place * order


def arrive(scheduler: Any, state: StepState, latents: torch.Tensor, first: float, calls: int) -> torch.Tensor:
    """The kept latents as `scheduler` scales them, and `scheduler` put behind its first `calls`."""
    sigma, kind = _known(state.values.get("level"), state.values.get("scaling"))
    if hasattr(scheduler, "_step_index"):
        scheduler._step_index = _place(scheduler, first) + calls
    wanted = scaling(scheduler)
    if kind == wanted or kind == "flow":
        return latents
    spread = math.sqrt(sigma * sigma + 1)
    if wanted == "steady":
        return latents / spread
    # Beyond the end of the new row there is only noise, and as much of it as the row begins with.
    level = float(scheduler.sigmas[_place(scheduler, first) + calls])
    return latents * math.sqrt(level * level + 1)


def with_noise(scheduler: Any, clean: torch.Tensor, noise: torch.Tensor, *, calls: int, first: float) -> torch.Tensor:
    """`clean` with as much of `noise` as there is after the first `calls` of the run that begins at `first`, scaled as
    `scheduler` scales it; and `scheduler` put there.
    """
    at = _place(scheduler, first) + calls
    if hasattr(scheduler, "_step_index"):
        scheduler._step_index = at
    sigma, kind = _levels(scheduler)[at], scaling(scheduler)
    if kind == "flow":
        return torch.lerp(clean, noise, sigma)
    mixed = clean + sigma * noise
    return mixed if kind == "growing" else mixed / math.sqrt(sigma * sigma + 1)


def row(scheduler: Any) -> dict[str, torch.Tensor]:
    """Copies of what `enter` changes, to be put back with `setattr`."""
    found = {name: getattr(scheduler, name, None) for name in ("timesteps", "sigmas")}
    return {name: value.clone() for name, value in found.items() if isinstance(value, torch.Tensor)}


def _known(level: Any, kind: Any) -> tuple[float, str | None]:
    known = isinstance(level, (int, float)) and isinstance(kind, str) and math.isfinite(level)
    return (float(level), str(kind)) if known else (0.0, None)


def _nearest(levels: list[float], sigma: float) -> int:
    """The place in a falling row whose level is nearest to sigma, but not the first, whose step nobody leaves out."""
    if sigma >= _PURE and len(levels) > 1 and levels[1] <= sigma:
        return 1
    above = [place for place, level in enumerate(levels) if level >= sigma * (1 - _ALIKE)]
    over = above[-1] if above else -1
    under = over + 1
    if under >= len(levels) or levels[under] <= 0:
        return over
    if over < 0:
        return -1
    near = abs(math.log(levels[over] / sigma)) <= abs(math.log(levels[under] / sigma))
    return over if near and over > 0 else under


def _enter_ddim(scheduler: Any, sigma: float, begin: int) -> int:
    """DDIM goes down by the same number of timesteps each time, whatever its row says: the rest of it is moved."""
    ratio, count = _ratio(scheduler), len(scheduler.timesteps)
    time = round(_time_of(scheduler, sigma, "steady"))
    left = time // ratio + 1
    place = count - left
    if place <= begin:
        raise StudioError(
            "This step has more noise left than these settings begin with.",
            "Choose more steps or a larger strength, or branch from a later step.",
        )
    for number in range(left):
        scheduler.timesteps[place + number] = time - number * ratio
    return place - begin


def _place(scheduler: Any, first: float) -> int:
    """Where in its row the run begins: img2img enters further down."""
    away = [abs(float(value) - first) for value in scheduler.timesteps]
    nearest = min(away, default=1.0)
    return away.index(nearest) if nearest < 1e-4 else 0


def _ratio(scheduler: Any) -> int:
    return int(scheduler.config.num_train_timesteps // scheduler.num_inference_steps)


def _levels(scheduler: Any) -> list[float]:
    sigmas = getattr(scheduler, "sigmas", None)
    if isinstance(sigmas, torch.Tensor):
        return [float(value) for value in sigmas[: len(scheduler.timesteps)]]
    return [_sigma_of(scheduler, float(value)) for value in scheduler.timesteps]


def _sigma_of(scheduler: Any, timestep: float) -> float:
    if timestep < 0:
        return 0.0
    kept = float(scheduler.alphas_cumprod[min(round(timestep), len(scheduler.alphas_cumprod) - 1)])
    return math.sqrt((1 - kept) / max(kept, 1e-12))


def _time_of(scheduler: Any, sigma: float, kind: str) -> float:
    """The model's own time at a noise level."""
    if kind == "flow":
        return float(sigma * scheduler.config.num_train_timesteps)
    if hasattr(scheduler, "precondition_noise"):
        return float(scheduler.precondition_noise(torch.tensor(sigma)))
    kept = scheduler.alphas_cumprod.cpu().double().clamp(1e-12, 1 - 1e-12)
    logs = ((1 - kept) / kept).sqrt().log().tolist()
    wanted = math.log(max(sigma, 1e-9))
    if wanted <= logs[0]:
        return 0.0
    for number in range(1, len(logs)):
        if logs[number] >= wanted:
            low, high = logs[number - 1], logs[number]
            return float(number - 1 + (wanted - low) / max(high - low, 1e-12))
    return float(len(logs) - 1)
