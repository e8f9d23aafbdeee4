"""Running any diffusers pipeline that makes sound, step by step, like those that make pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from studio.api import GeneratorContext, Preview, StepState, StudioError

from . import crossing
from .diffusion import DiffusionRun, Plan
from .entering import steps_left_out
from .known import Known
from .momentum import GuidanceMomentum
from .pipelines import Loaded
from .resampling import Frames
from .sound_parts import Part
from .sound_pictures import outline, picture
from .sound_spaces import SoundSpace, WaveSpace
from .sound_view import LatentView
from .tap import Tapped
from .tensors import from_blob, to_blob


@dataclass(frozen=True, slots=True)
class SoundPlan(Plan):
    """`seconds` of sound; `width` and `height` mean nothing here. `strength` counts where a sound is given."""

    seconds: float = 10.0
    lyrics: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """[channels, frames] in which `part`, whose frames count in a line that this begins at `part.begin` of, is to be
    made; what lies outside of it is known.
    """

    sound: torch.Tensor
    part: Part


class SoundRun(DiffusionRun):
    """One run of an audio pipeline. `samples()` does it; with a known `space`, `latents()`."""

    def __init__(
        self,
        loaded: Loaded,
        plan: SoundPlan,
        context: GeneratorContext,
        *,
        space: SoundSpace | None = None,
        view: LatentView | None = None,
        part: Part | None = None,
        given: Given | None = None,
    ) -> None:
        super().__init__(loaded, plan, context)
        self._space, self._view, self._part, self._given = space, view, part, given
        self._clean: torch.Tensor | None = None
        self._known: Known | None = None
        self._momentum = GuidanceMomentum(self._pipe)

    def latents(self) -> torch.Tensor:
        """What the model made, to be decoded by its space. Raises JobCancelled, JobPaused and StudioError."""
        answer = self.answer()
        found = answer.audios if hasattr(answer, "audios") else answer[0]
        if not isinstance(found, torch.Tensor) or found.ndim < 3:  # AudioLDM decodes whatever it is asked for
            found = self._newest.latents if self._newest is not None else torch.full((1, 1, 1), torch.nan)
        if not bool(found.isfinite().all()):
            raise _empty()
        return found

    def estimate(self) -> torch.Tensor | None:
        """The latents that the model expected at the last step, or None before the first one."""
        if self._newest is None:
            return None
        return self._newest.clean if self._newest.clean is not None else self._newest.latents

    def samples(self) -> tuple[np.ndarray, int]:
        """([channels, frames], fp32, rate in Hz) as the pipeline itself decodes it. Raises as `latents` does."""
        answer = self.answer()
        found = answer.audios if hasattr(answer, "audios") else answer[0]
        first = found[0]
        if isinstance(first, torch.Tensor):
            first = first.float().cpu().numpy()
        sound = np.atleast_2d(np.asarray(first, np.float32))
        if sound.shape[0] > 8 and sound.shape[1] <= 8:
            sound = sound.T
        if not np.isfinite(sound).all():
            raise _empty()
        return sound, rate_of(self._pipe)

    def answer(self) -> Any:
        """As of pictures; what a pipeline draws without the job's generator depends on the seed too."""
        cards = [self._loaded.device.torch] if self._loaded.device.kind == "cuda" else []
        with torch.random.fork_rng(cards), self._momentum:
            torch.manual_seed(self._plan.seed)
            return super().answer()

    def _entered(self) -> None:
        super()._entered()
        self._momentum.put_back(None, None)  # steps that were left out have not pushed

    def _resumed(self, index: int, state: StepState) -> None:
        super()._resumed(index, state)
        kept = state.tensors.get("momentum")
        self._momentum.put_back(None if kept is None else from_blob(kept), self._momentum.kept)

    def _state(self, latents: torch.Tensor) -> StepState:
        state, kept = super()._state(latents), self._momentum.kept
        return state if kept is None else StepState({**state.tensors, "momentum": to_blob(kept)}, state.values)

    def _what_needs_memory(self) -> tuple[str, str]:
        assert isinstance(self._plan, SoundPlan)
        hint = "Make it shorter, close other programs, or choose a smaller model."
        return f"for {self._plan.seconds:.0f} seconds of sound with this model", hint

    def _begin(self) -> None:
        given, space = self._given, self._space
        if given is not None and space is not None:
            clean = space.encode(given.sound)
            if not bool(clean.isfinite().all()):
                raise _empty()
            self._known = Known(*self._laid_out(clean, given.part, space))
            self._tap.steer = self._steered
        super()._begin()

    def _steered(self, scheduler: Any, sample: torch.Tensor, output: torch.Tensor, timestep: Any) -> torch.Tensor:
        if self._known is None or self._clean is None or sample.shape != self._clean.shape:
            raise StudioError(
                "This model's encoder and the rest of it do not fit each other: it cannot hear what is there.",
                "Make a new sound, or choose another model.",
            )
        return self._known(scheduler, sample, output, timestep)

    def _laid_out(self, clean: torch.Tensor, part: Part, space: SoundSpace) -> tuple[torch.Tensor, torch.Tensor]:
        """The known latents and where the model is free, as long as the latents of the pipeline are: some make a
        window of their own length whatever is asked for, and fill it with silence.
        """
        axis, length = space.axis, clean.shape[space.axis]
        total = space.longest // space.hop if type(self._pipe).__name__ == "StableAudioPipeline" else length
        free = torch.zeros(total)
        first, last = part.first - part.begin, part.last - part.begin
        # One frame of tolerance: rates of which neither divides the other leave a border beside a cell's.
        begin, end = (first + 1) // space.hop, space.cells(max(last - 1, first + 1))
        free[begin:end] = 1
        free[length:] = 1
        padded = list(clean.shape)
        padded[axis] = total
        whole = torch.zeros(padded)
        whole.narrow(axis, 0, length).copy_(clean)
        shape = [1] * clean.ndim
        shape[axis] = total
        self._clean = whole
        return whole, free.reshape(shape).expand(padded).contiguous()

    def _enter(self) -> None:
        plan = self._plan
        left_out = steps_left_out(plan.steps, plan.strength)
        if self._clean is None or left_out < 1:
            return
        if not crossing.scaling(self._scheduler):
            raise StudioError("This model's sampler cannot begin with a sound.", "Set Change to 1.")
        self._begin_behind(left_out, self._entrance)

    def _entrance(self, scheduler: Any, sample: torch.Tensor, calls: int, first: float) -> torch.Tensor:
        clean = self._clean
        if clean is None or clean.shape != sample.shape:
            raise StudioError("This model cannot begin with this sound.", "Set Change to 1.")
        noise = torch.randn(clean.shape, generator=self._generator, dtype=torch.float32)
        return crossing.with_noise(scheduler, clean, noise, calls=calls, first=first).to(sample.device)

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
            "audio_duration_s": plan.seconds,
            "duration": plan.seconds,
            "lyrics": plan.lyrics,
            "max_new_tokens": _words_made(self._pipe),
            "output_type": "np" if self._space is None else "latent",
        }
        if plan.guidance_scale > 1:
            wanted["negative_prompt"] = plan.negative_prompt
        if self._has_callback:
            wanted["callback_on_step_end"] = self._stepped
            known = getattr(self._pipe, "_callback_tensor_inputs", ())
            wanted["callback_on_step_end_tensor_inputs"] = [name for name in ("latents",) if name in known]
        if self._space is not None:
            wanted |= self._in_cells(self._space)
        return {name: value for name, value in wanted.items() if name in self._arguments}

    def _in_cells(self, space: SoundSpace) -> dict[str, Any]:
        """The length so that rounding in the pipeline comes to the very cells it is counted in here; and the sound
        itself for a model that was trained to hear what it fits a part into.
        """
        assert isinstance(self._plan, SoundPlan)
        frames = round(self._plan.seconds * space.rate)
        cells = space.cells(frames)
        if not isinstance(space, WaveSpace):
            return {"audio_length_in_s": (cells * space.hop + 0.5) / space.rate}
        seconds = (cells - 0.5) * space.hop / space.rate
        wanted: dict[str, Any] = {"audio_duration": seconds, "duration": seconds}
        given = self._given
        if given is not None and "src_audio" in self._arguments:
            filled = torch.nn.functional.pad(given.sound, (0, cells * space.hop - given.sound.shape[1]))
            part = given.part
            wanted |= {
                "task_type": "repaint",
                "src_audio": filled,
                "repainting_start": (part.first - part.begin + 1) / space.rate,
                "repainting_end": (space.cells(part.last - part.begin - 1) + 0.5) * space.hop / space.rate,
            }
        return wanted

    def _preview(self, tapped: Tapped) -> Preview:
        seen = tapped.clean if tapped.clean is not None else tapped.latents
        if self._view is None or self._part is None:
            return heat(seen)
        return self._view.look(seen, self._part)


def _words_made(pipe: Any) -> int:
    """How much AudioLDM 2's language model adds to a prompt, where its configuration does not say it."""
    config = getattr(getattr(pipe, "language_model", None), "config", None)
    return int(getattr(config, "max_new_tokens", None) or 8)


def _empty() -> StudioError:
    return StudioError(
        "The sound came out empty: the model's numbers ran over.", "Choose Full as the precision in Settings."
    )


def heat(latents: torch.Tensor) -> Preview:
    """Latents of an unknown kind as a picture: time to the right, values upwards, large is bright."""
    rows = latents[0].detach().float().cpu()
    while rows.ndim > 2:  # [channels, time, frequencies]: frequencies of one channel after the other
        rows = rows.permute(0, 2, 1).reshape(-1, rows.shape[1])
    return picture(outline(rows))


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


def loud_enough(sound: Frames) -> Frames:
    """What goes beyond full scale is made quieter as a whole, to 1 dB below it, instead of being cut off."""
    peak = float(np.abs(sound).max(initial=0.0))
    return sound if peak <= 1 else np.asarray(sound * (10 ** (-1 / 20) / peak), np.float32)
