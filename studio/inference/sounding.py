"""Running any diffusers pipeline that makes sound, step by step, like those that make pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from studio.api import Preview, StudioError, media

from .diffusion import DiffusionRun, Plan
from .tap import Tapped

HEIGHT, WIDTH = 96, 192
"""Pixels of the look at a step."""


@dataclass(frozen=True, slots=True)
class SoundPlan(Plan):
    """`seconds` of sound; `width` and `height` mean nothing here."""

    seconds: float = 10.0
    lyrics: str = ""


class SoundRun(DiffusionRun):
    """One run of an audio pipeline. `samples()` does it."""

    def samples(self) -> tuple[np.ndarray, int]:
        """([channels, frames] in -1 … 1, fp32, rate in Hz). Raises JobCancelled, JobPaused and StudioError."""
        answer = self.answer()
        found = answer.audios if hasattr(answer, "audios") else answer[0]
        first = found[0]
        if isinstance(first, torch.Tensor):
            first = first.float().cpu().numpy()
        sound = np.atleast_2d(np.asarray(first, np.float32))
        if sound.shape[0] > 8 and sound.shape[1] <= 8:
            sound = sound.T
        if not np.isfinite(sound).all():
            raise StudioError(
                "The sound came out empty: the model's numbers ran over.", "Choose Full as the precision in Settings."
            )
        return np.clip(sound, -1, 1), rate_of(self._pipe)

    def _options(self) -> dict[str, Any]:
        plan = self._plan
        assert isinstance(plan, SoundPlan)
        wanted: dict[str, Any] = {
            "prompt": plan.prompt,
            "num_inference_steps": plan.steps,
            "guidance_scale": plan.guidance_scale,
            "generator": self._generator,
            "audio_end_in_s": plan.seconds,
            "audio_length_in_s": plan.seconds,
            "audio_duration": plan.seconds,
            "duration": plan.seconds,
            "lyrics": plan.lyrics,
            "output_type": "np",
        }
        if plan.guidance_scale > 1:
            wanted["negative_prompt"] = plan.negative_prompt
        if self._has_callback:
            wanted["callback_on_step_end"] = self._stepped
            known = getattr(self._pipe, "_callback_tensor_inputs", ())
            wanted["callback_on_step_end_tensor_inputs"] = [name for name in ("latents",) if name in known]
        return {name: value for name, value in wanted.items() if name in self._arguments}

    def _preview(self, tapped: Tapped) -> Preview:
        seen = tapped.clean if tapped.clean is not None else tapped.latents
        return heat(seen)


def heat(latents: torch.Tensor) -> Preview:
    """Latents as a picture: time to the right, channels (and frequencies) upwards, loud is bright."""
    rows = latents[0].detach().float().cpu()
    while rows.ndim > 2:  # [channels, time, frequencies]: frequencies of one channel after the other
        rows = rows.permute(0, 2, 1).reshape(-1, rows.shape[1])
    spread = rows.abs()
    spread = spread / spread.max().clamp(min=1e-6)
    picture = torch.nn.functional.interpolate(spread[None, None], (HEIGHT, WIDTH), mode="area")[0, 0].sqrt()
    dark, bright = torch.tensor([28.0, 28, 32]), torch.tensor([150.0, 165, 255])
    pixels = (dark + picture.flip(0)[..., None] * (bright - dark)).round().clamp(0, 255).to(torch.uint8)
    return Preview(media.RGB, pixels.numpy().tobytes(), WIDTH, HEIGHT)


def rate_of(pipe: Any) -> int:
    """Samples a second of what a pipeline makes."""
    for part in ("vocoder", "vae"):
        config: Mapping[str, Any] = getattr(getattr(pipe, part, None), "config", None) or {}
        if not isinstance(config, Mapping):
            config = config.to_dict() if hasattr(config, "to_dict") else {}
        rate = config.get("sampling_rate") or config.get("sample_rate")
        if isinstance(rate, int):
            return rate
    return int(getattr(pipe, "sample_rate", 44_100))
