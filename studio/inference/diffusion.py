"""Running any diffusers picture pipeline step by step: every step seen, kept, and stoppable in the middle."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from studio.api import GeneratorContext, Preview, StepState, StudioError

from . import noise
from .decoding import PARTIAL_SECONDS, decode
from .entering import Entrance, can_enter, steps_left_out
from .known import known_of
from .latents import spread_out
from .loading import hushed
from .memory import shortage_in_words
from .pipelines import Loaded
from .placing import decode_in_tiles
from .previews import to_preview, unit_noise
from .sizes import Sheet, multiple_of
from .skipping import without_denoiser
from .tap import Enter, SchedulerTap, Tapped
from .tensors import from_blob, to_blob


@dataclass(frozen=True, slots=True)
class Plan:
    """One picture: `image` is an RGB picture of `width` × `height` to start from, or None; `mask` (L, of the same size)
    is white where it is to be painted anew. `preview` is "noise", "estimate", "detailed" or "off". With `tiles` it is
    decoded in tiles.
    """

    prompt: str
    seed: int
    steps: int
    width: int
    height: int
    guidance_scale: float = 7.5
    negative_prompt: str = ""
    guidance_rescale: float = 0.0
    clip_skip: int = 0
    scheduler: str = "auto"
    image: Image.Image | None = None
    mask: Image.Image | None = None
    strength: float = 0.6
    preview: str = "noise"
    tiles: bool = False


class DiffusionRun:
    """One run of a pipeline. `pixels()` does it; after a JobCancelled out of it, `partial()` is what there is."""

    def __init__(self, loaded: Loaded, plan: Plan, context: GeneratorContext) -> None:
        self._loaded = loaded
        self._plan = plan
        self._context = context
        self._pipe = loaded.pipe_for("image" if plan.image is not None else "text")
        self._sheet = Sheet(plan.width, plan.height, multiple_of(self._pipe))
        self._image, self._mask = (given and self._sheet.laid(given) for given in (plan.image, plan.mask))
        self._scheduler = loaded.new_scheduler(plan.scheduler)
        self._enters = plan.image is not None and self._pipe is loaded.pipe
        if self._enters and not can_enter(self._pipe, self._scheduler):
            raise StudioError(
                "This model cannot start from a picture.", "Take the picture away, or choose another model."
            )
        self._generator = noise.generator(plan.seed)
        self._tap = SchedulerTap(self._scheduler, self._tapped)
        self._arguments = inspect.signature(type(self._pipe).__call__).parameters
        self._has_callback = "callback_on_step_end" in self._arguments
        self._newest: Tapped | None = None
        self._skipped = self._ahead = 0
        self._skipping = ExitStack()
        self._total_calls = 0
        self._said = time.perf_counter()

    @property
    def scheduler_name(self) -> str:
        """The diffusers class that does the steps."""
        return type(self._scheduler).__name__

    def pixels(self) -> np.ndarray:
        """[height, width, 3] in 0 … 1, fp32. Raises JobCancelled, JobPaused and StudioError; the pipeline can be used
        again after each of them.
        """
        pixels = self._sheet.cut(_pixels_of(self.answer()))
        loaded = self._loaded
        loaded.seconds_per_decoded_pixel = (time.perf_counter() - self._said) / max(1, pixels[..., 0].size)
        return self._checked(pixels)

    def answer(self) -> Any:
        """What the pipeline returns, of whatever medium; raises as `pixels` does."""
        plan, loaded, pipe = self._plan, self._loaded, self._pipe
        loaded.device.prepare()
        own, pipe.scheduler = pipe.scheduler, self._scheduler
        decode_in_tiles(pipe, plan.tiles)
        loaded.flag.context = self._context
        try:
            with (
                shortage_in_words(*self._what_needs_memory()),
                loaded.without_gradients(),
                hushed(),
                self._tap,
                self._skipping,
                _drawn_in_full(pipe),
            ):
                self._begin()
                if self._image is not None and self._mask is not None:
                    self._tap.steer = known_of(pipe, self._image, self._mask)
                return pipe(**self._options())
        finally:
            loaded.flag.context = None
            pipe.scheduler = own
            pipe.maybe_free_model_hooks()

    def _what_needs_memory(self) -> tuple[str, str]:
        """What there may not be enough memory for, and what to do then."""
        what = f"for a picture of {self._plan.width} × {self._plan.height} pixels with this model"
        return what, "Make the picture smaller, close other programs, or choose a smaller model."

    def partial(self) -> np.ndarray | None:
        """The picture as the model expected it to become at the last step, or None before the first one."""
        if self._newest is None:
            return None
        seen = self._newest.clean if self._newest.clean is not None else self._newest.latents
        sheet = self._sheet
        pixels = decode(self._loaded, seen, width=sheet.wide, height=sheet.high, seconds=PARTIAL_SECONDS)
        return sheet.cut(pixels) if pixels is not None and bool(np.isfinite(pixels).all()) else None

    def _begin(self) -> None:
        resume = self._context.resume
        if resume is None:
            self._enter()
            return
        index, state = resume
        self._skipped = int(state.values.get("calls", 0))
        if self._skipped < 1:
            raise StudioError("This step cannot be continued.", "Choose another step.")
        self._check_space(state)
        self._tap.skip_to(self._skipped, state, lambda: self._resumed(index, state))
        self._skipping.enter_context(without_denoiser(self._pipe))

    def _enter(self) -> None:
        """Begin with the picture where the pipeline only knows how to begin with noise."""
        plan = self._plan
        left_out = steps_left_out(plan.steps, plan.strength)
        if self._image is not None and self._enters and left_out > 0:
            self._begin_behind(left_out, Entrance(self._pipe, self._image, self._generator))

    def _begin_behind(self, steps: int, entrance: Enter) -> None:
        """Leave out the first `steps`, and begin with what `entrance` puts in place there."""
        calls = steps * max(1, int(getattr(self._scheduler, "order", 1)))
        self._tap.skip_to(calls, entrance, self._entered)
        self._skipping.enter_context(without_denoiser(self._pipe))

    def _entered(self) -> None:
        self._skipping.close()
        self._skipped, _ = self._tap.skipped
        self._ahead = -(self._skipped // max(1, int(getattr(self._scheduler, "order", 1))))

    def _check_space(self, state: StepState) -> None:
        """The same four channels mean other colours to another autoencoder."""
        kept, now = state.values.get("space"), latent_space(self._pipe)
        if kept is not None and dict(kept) != now:
            raise StudioError(
                "This model works in another latent space than the one that made this step.",
                "Choose a model of the same family, or start from the picture itself instead.",
                details=f"{dict(kept)} and {now}",
            )

    def _resumed(self, index: int, state: StepState) -> None:
        self._skipping.close()
        self._skipped, crosses = self._tap.skipped
        order = max(1, int(getattr(self._scheduler, "order", 1)))
        # With other steps the row goes on where it was left; what it counts is not the new scheduler's calls.
        self._ahead = index + 1 - self._skipped // order if crosses else int(state.values.get("ahead", 0))
        kept = state.tensors.get("generator")
        if state.values.get("seed", self._plan.seed) != self._plan.seed:
            self._generator.manual_seed(self._plan.seed)  # another seed: the noise that is still to come is another
        elif kept is not None:
            self._generator.set_state(from_blob(kept))

    def _options(self) -> dict[str, Any]:
        plan = self._plan
        wanted: dict[str, Any] = {
            "prompt": plan.prompt,
            "num_inference_steps": plan.steps,
            self._guidance_name(): plan.guidance_scale,
            "width": self._sheet.wide,
            "height": self._sheet.high,
            "generator": self._generator,
            "output_type": "np",
            "clean_caption": False,  # would take HTML out of the prompt, with a library that is not here
            "use_resolution_binning": False,
        }
        if plan.guidance_scale > 1:
            wanted["negative_prompt"] = plan.negative_prompt
        if plan.guidance_rescale > 0:
            wanted["guidance_rescale"] = plan.guidance_rescale
        if plan.clip_skip > 0:
            wanted["clip_skip"] = plan.clip_skip
        if self._image is not None and not self._enters:
            least = 1 / plan.steps  # below, no step would be left to do
            wanted.update(image=self._image, strength=min(1.0, max(plan.strength, least + 1e-6)))
        if self._has_callback:
            wanted["callback_on_step_end"] = self._stepped
            known = getattr(self._pipe, "_callback_tensor_inputs", ())
            wanted["callback_on_step_end_tensor_inputs"] = [name for name in ("latents",) if name in known]
        return {name: value for name, value in wanted.items() if name in self._arguments}

    def _guidance_name(self) -> str:
        """What the pipeline calls guidance; where `guidance_scale` is for distilled models only, it is None there."""
        usual = self._arguments.get("guidance_scale")
        if usual is not None and (usual.default is not None or "true_cfg_scale" not in self._arguments):
            return "guidance_scale"
        return "true_cfg_scale" if "true_cfg_scale" in self._arguments else "guidance_scale"

    def _tapped(self, tapped: Tapped) -> None:
        self._newest = tapped
        if not self._has_callback:
            self._say(tapped.latents)

    def _stepped(self, _pipe: Any, _index: int, _time: Any, given: dict[str, Any]) -> Mapping[str, Any]:
        if self._newest is not None and self._tap.calls > self._skipped:
            latents = given.get("latents")
            self._say(latents if isinstance(latents, torch.Tensor) else self._newest.latents)
        return {}

    def _say(self, latents: torch.Tensor) -> None:
        """Report a step, unless the scheduler is in the middle of one (Heun asks the model twice)."""
        newest, calls = self._newest, self._tap.calls
        assert newest is not None
        if not self._total_calls:
            self._total_calls = self._count_calls()
        order = max(1, int(getattr(self._scheduler, "order", 1)))
        self._said = time.perf_counter()
        if order > 1 and not getattr(self._scheduler, "state_in_first_order", True) and calls < self._total_calls:
            return
        total = -(-self._total_calls // order)
        index = min((calls - 1) // order, total - 1)
        self._context.step(
            index + self._ahead,
            total + self._ahead,
            preview=None if self._plan.preview == "off" else lambda: self._preview(newest),
            state=lambda: self._state(latents),
        )
        if self._plan.preview == "detailed" and calls < self._total_calls:
            self._context.preview(lambda: self._detailed(newest))

    def _count_calls(self) -> int:
        """How often `step` will be called: img2img enters the row of timesteps further down."""
        times = [float(value) for value in self._scheduler.timesteps.tolist()]  # at once: they may lie on a card
        first = self._tap.first
        away = [1.0 if first is None else abs(value - first) for value in times]
        nearest = min(away, default=1.0)  # rows in 0 … 1 with many steps lie close together
        places = [number for number, value in enumerate(away) if value <= nearest < 1e-4]
        return len(times) - (places[-1] if places else 0)

    def _state(self, latents: torch.Tensor) -> StepState:
        tensors, values = self._tap.state(latents)
        tensors["generator"] = to_blob(self._generator.get_state())
        return StepState(
            tensors, {**values, "seed": self._plan.seed, "space": latent_space(self._pipe), "ahead": self._ahead}
        )

    def _preview(self, tapped: Tapped) -> Preview:
        noisy = self._plan.preview == "noise" or tapped.clean is None
        seen = unit_noise(tapped.latents) if noisy or tapped.clean is None else tapped.clean
        return to_preview(self._sheet.cut(self._loaded.colours.pixels(self._spread(seen))))

    def _detailed(self, tapped: Tapped) -> Preview:
        seen = tapped.clean if tapped.clean is not None else tapped.latents
        pixels = decode(self._loaded, seen, width=self._sheet.wide, height=self._sheet.high)
        if pixels is None:
            return self._preview(tapped)
        return to_preview(torch.from_numpy(self._sheet.cut(pixels)), limit=1024)

    def _spread(self, latents: torch.Tensor) -> torch.Tensor:
        flat = spread_out(self._pipe, latents, width=self._sheet.wide, height=self._sheet.high)
        channels = self._loaded.colours.channels
        if flat is None or flat.shape[0] != channels:
            return torch.zeros(channels, 8, 8)
        return flat

    def _checked(self, pixels: np.ndarray) -> np.ndarray:
        half = self._loaded.device.dtype.itemsize < 4
        if np.isfinite(pixels).all() and not (half and pixels.max() <= 0):
            return pixels
        raise StudioError(
            "The picture came out empty: the model's numbers ran over.",
            "Choose Full as the precision in Settings."
            if half
            else "Try another scheduler, a lower guidance or another size.",
        )


def latent_space(pipe: Any) -> dict[str, float]:
    """What must agree for one model to go on with another's latents; empty for models that work on pixels."""
    vae = getattr(pipe, "vae", None)
    config: Mapping[str, Any] = getattr(vae, "config", {}) or {}
    names = ("latent_channels", "z_dim", "scaling_factor", "shift_factor")
    return {name: float(config[name]) for name in names if isinstance(config.get(name), (int, float))}


def _drawn_in_full(pipe: Any) -> ExitStack:
    """Draw the first noise in fp32 where the pipeline has a place for it, else all through its run."""
    stack = ExitStack()
    prepare = getattr(pipe, "prepare_latents", None)
    if prepare is None:
        stack.enter_context(noise.FullPrecisionNoise())
        return stack

    def prepared(*args: Any, **kwargs: Any) -> Any:
        with noise.FullPrecisionNoise():
            return prepare(*args, **kwargs)

    pipe.prepare_latents = prepared
    stack.callback(delattr, pipe, "prepare_latents")
    return stack


def _pixels_of(answer: Any) -> np.ndarray:
    images = answer.images if hasattr(answer, "images") else answer[0]
    first = images[0]
    if isinstance(first, torch.Tensor):
        first = first.float().cpu().numpy()
    if isinstance(first, Image.Image):
        return np.asarray(first.convert("RGB"), dtype=np.float32) / 255
    pixels = np.asarray(first, dtype=np.float32)
    if pixels.shape[0] in (1, 3) and pixels.shape[-1] not in (1, 3):
        pixels = pixels.transpose(1, 2, 0)
    return np.repeat(pixels, 3, axis=2) if pixels.shape[-1] == 1 else pixels
