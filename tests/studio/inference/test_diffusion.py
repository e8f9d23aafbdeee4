from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from studio.api import JobCancelled, JobPaused, Model, Request, StudioError
from studio.inference import devices, pipelines
from studio.inference.diffusion import DiffusionRun, Plan
from studio.inference.schedulers_table import SCHEDULERS
from studio.testing import FakeContext
from tests import tiny_models

STEPS = 6
ORDINARY = [entry.name for entry in SCHEDULERS if not entry.flow]
KEPT_EXACTLY = ["ddim", "euler", "euler_a", "dpmpp_2m", "dpmpp_2m_sde", "unipc", "heun", "lcm", "ddpm"]


@dataclass(frozen=True)
class NoParams:
    """The run takes a Plan; the context's params are not looked at."""


@pytest.fixture(scope="module")
def loaded(tiny: Model) -> pipelines.Loaded:
    return load(tiny)


def load(model: Model, precision: str = "float32") -> pipelines.Loaded:
    device = devices.pick("cpu", precision=precision, threads=1)
    return pipelines.load(model, device=device, check=lambda: None)


def plan(**changes: Any) -> Plan:
    return replace(Plan("a red castle", seed=7, steps=STEPS, width=64, height=64), **changes)


def context(folder: Path, **options: Any) -> FakeContext:
    return FakeContext(Request("image.diffusion"), NoParams, scratch=folder, **options)


def make(loaded: pipelines.Loaded, folder: Path, **changes: Any) -> tuple[np.ndarray, FakeContext]:
    seen = context(folder)
    return DiffusionRun(loaded, plan(**changes), seen).pixels(), seen


@pytest.mark.parametrize("scheduler", ORDINARY)
def test_every_scheduler_streams_all_steps_with_previews_and_states(
    loaded: pipelines.Loaded, folder: Path, scheduler: str
) -> None:
    pixels, seen = make(loaded, folder, scheduler=scheduler)
    assert pixels.shape == (64, 64, 3)
    assert pixels.std() > 0.001
    assert [step.index for step in seen.steps] == list(range(STEPS))
    assert {step.total for step in seen.steps} == {STEPS}
    previews = [step.preview for step in seen.steps]
    assert all(preview is not None and (preview.width, preview.height) == (8, 8) for preview in previews)
    assert len({preview.data for preview in previews if preview}) == STEPS
    assert all(seen.states[index].tensors["latents"].shape == (1, 4, 8, 8) for index in range(STEPS))


@pytest.mark.parametrize("scheduler", ORDINARY)
def test_the_estimate_ends_at_the_picture(loaded: pipelines.Loaded, folder: Path, scheduler: str) -> None:
    """At the last step what the model expects is what it made: for every scheduler the estimate is the true one."""
    seen = context(folder)
    run = DiffusionRun(loaded, plan(scheduler=scheduler, preview="estimate"), seen)
    pixels = run.pixels()
    guess = run.partial()
    assert guess is not None
    assert np.abs(guess - pixels).max() < 0.02


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others(loaded: pipelines.Loaded, folder: Path) -> None:
    first, _ = make(loaded, folder)
    again, _ = make(loaded, folder)
    other, _ = make(loaded, folder, seed=8)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "change",
    [{"prompt": "blue sea"}, {"guidance_scale": 2.0}, {"negative_prompt": "hill"}, {"steps": 5}, {"clip_skip": 1}],
)
def test_everything_in_the_plan_matters(loaded: pipelines.Loaded, folder: Path, change: dict[str, Any]) -> None:
    first, _ = make(loaded, folder)
    other, _ = make(loaded, folder, **change)
    assert not np.array_equal(first, other)


def test_in_fp32_the_pixels_are_those_of_the_bare_pipeline(tiny: Model, loaded: pipelines.Loaded, folder: Path) -> None:
    bare = StableDiffusionPipeline.from_pretrained(tiny.path, safety_checker=None, requires_safety_checker=False)
    bare.set_progress_bar_config(disable=True)
    expected = bare(
        "a red castle",
        negative_prompt="",
        num_inference_steps=STEPS,
        width=64,
        height=64,
        guidance_scale=7.5,
        generator=torch.Generator("cpu").manual_seed(7),
        output_type="np",
    ).images[0]
    ours, _ = make(loaded, folder)
    assert np.abs(ours - expected).max() < 1e-4


def test_bfloat16_makes_the_same_picture_from_the_same_seed(
    tiny: Model, loaded: pipelines.Loaded, folder: Path
) -> None:
    half = load(tiny, "bfloat16")
    assert half.pipe.unet.dtype == torch.bfloat16
    full_pixels, full = make(loaded, folder, scheduler="euler_a")
    half_pixels, seen = make(half, folder, scheduler="euler_a")
    assert seen.states[2].tensors["latents"].dtype == "F32"
    assert np.abs(full_pixels - half_pixels).mean() < 0.02
    # The noise itself is the same, not merely alike: 16-bit draws would give another picture.
    assert np.corrcoef(full_pixels.ravel(), half_pixels.ravel())[0, 1] > 0.9
    assert len(full.steps) == len(seen.steps)


@pytest.mark.parametrize("scheduler", KEPT_EXACTLY)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_going_on_from_a_kept_step_is_bit_identical(tiny: Model, folder: Path, scheduler: str, precision: str) -> None:
    loaded = load(tiny, precision) if precision not in _HOSTS else _HOSTS[precision]
    _HOSTS[precision] = loaded
    whole, seen = make(loaded, folder, scheduler=scheduler)
    for index in (0, 2, STEPS - 2):
        branch = context(folder, resume=(index, seen.states[index]))
        again = DiffusionRun(loaded, plan(scheduler=scheduler), branch).pixels()
        assert np.array_equal(whole, again), f"from step {index}"
        assert [step.index for step in branch.steps] == list(range(index + 1, STEPS))
        assert branch.states[STEPS - 1] == seen.states[STEPS - 1]


_HOSTS: dict[str, pipelines.Loaded] = {}


def test_going_on_with_another_prompt_changes_the_rest(loaded: pipelines.Loaded, folder: Path) -> None:
    whole, seen = make(loaded, folder)
    branch = context(folder, resume=(2, seen.states[2]))
    other = DiffusionRun(loaded, plan(prompt="blue sea"), branch).pixels()
    assert not np.array_equal(whole, other)


@pytest.mark.parametrize("change", [{"width": 128}])
def test_a_step_that_does_not_fit_is_refused_in_words(
    loaded: pipelines.Loaded, folder: Path, change: dict[str, Any]
) -> None:
    _, seen = make(loaded, folder)
    branch = context(folder, resume=(2, seen.states[2]))
    with pytest.raises(StudioError, match="step"):
        DiffusionRun(loaded, plan(**change), branch).pixels()
    make(loaded, folder)


class CountingStop(FakeContext):
    """Is cancelled after its flag was looked at so many times."""

    looks_left = 10**9
    asked = 0

    @property
    def cancelled(self) -> bool:
        self.asked += 1
        self.looks_left -= 1
        return self.looks_left < 0

    def check(self) -> None:
        if self.looks_left < 0:
            raise JobCancelled


def counting(folder: Path, after: int) -> CountingStop:
    seen = CountingStop(Request("image.diffusion"), NoParams, scratch=folder)
    seen.looks_left = after
    return seen


@pytest.mark.parametrize("share", [0.02, 0.3, 0.55, 0.8, 0.99])
def test_it_stops_anywhere_within_a_fraction_of_a_step(loaded: pipelines.Loaded, folder: Path, share: float) -> None:
    whole, plain = make(loaded, folder)
    loaded.embeddings.clear()
    free = counting(folder, 10**9)
    DiffusionRun(loaded, plan(), free).pixels()
    assert free.asked > STEPS * 15, "the flag is looked at many times in every step"
    loaded.embeddings.clear()
    stopped = counting(folder, int(free.asked * share))
    run = DiffusionRun(loaded, plan(), stopped)
    with pytest.raises(JobCancelled):
        run.pixels()
    assert stopped.looks_left == -1, "it stopped at the first look that said so"
    partial = run.partial()
    assert (partial is None) == (not stopped.steps)
    if partial is not None:
        assert partial.shape == (64, 64, 3)
    again, seen = make(loaded, folder)
    assert np.array_equal(whole, again), "the pipeline is as it was"
    assert len(seen.steps) == len(plain.steps)


def test_it_can_be_stopped_in_the_decoder(loaded: pipelines.Loaded, folder: Path) -> None:
    class AtTheEnd(FakeContext):
        looks_after = 0

        @property
        def cancelled(self) -> bool:
            self.looks_after += len(self.steps) == STEPS
            return self.looks_after > 5

        def check(self) -> None:
            if self.cancelled:
                raise JobCancelled

    seen = AtTheEnd(Request("image.diffusion"), NoParams, scratch=folder)
    run = DiffusionRun(loaded, plan(), seen)
    with pytest.raises(JobCancelled):
        run.pixels()
    assert len(seen.steps) == STEPS
    assert run.partial() is not None


def test_pausing_stops_at_the_step_and_going_on_gives_the_same_picture(loaded: pipelines.Loaded, folder: Path) -> None:
    whole, _ = make(loaded, folder, scheduler="dpmpp_2m_sde")
    seen = context(folder, pause_at=3)
    with pytest.raises(JobPaused):
        DiffusionRun(loaded, plan(scheduler="dpmpp_2m_sde"), seen).pixels()
    rest = context(folder, resume=(3, seen.states[3]))
    assert np.array_equal(whole, DiffusionRun(loaded, plan(scheduler="dpmpp_2m_sde"), rest).pixels())


def start_picture() -> Image.Image:
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    return Image.fromarray(
        np.stack([np.tile(ramp, (64, 1)), np.tile(ramp[:, None], (1, 64)), np.full((64, 64), 90)], 2).astype(np.uint8)
    )


@pytest.mark.parametrize("scheduler", KEPT_EXACTLY)
def test_from_a_picture_strength_says_how_many_steps_are_left(
    loaded: pipelines.Loaded, folder: Path, scheduler: str
) -> None:
    start = start_picture()
    half, seen = make(loaded, folder, scheduler=scheduler, image=start, strength=0.5)
    assert len(seen.steps) == STEPS // 2
    assert seen.steps[-1].total == STEPS // 2
    most, _ = make(loaded, folder, scheduler=scheduler, image=start, strength=1.0)
    assert half.shape == (64, 64, 3)
    assert not np.array_equal(half, most)
    branch = context(folder, resume=(1, seen.states[1]))
    again = DiffusionRun(loaded, plan(scheduler=scheduler, image=start, strength=0.5), branch).pixels()
    assert np.array_equal(half, again)


def test_no_strength_still_makes_a_picture(loaded: pipelines.Loaded, folder: Path) -> None:
    _, seen = make(loaded, folder, image=start_picture(), strength=0.0)
    assert len(seen.steps) == 1


def test_a_pipeline_without_a_callback_goes_through_the_tap(folder: Path, tmp_path: Path) -> None:
    model = tiny_models.save(tiny_models.unconditional(), tmp_path / "pixels")
    loaded = load(model)
    pixels, seen = make(loaded, folder, steps=5)
    assert pixels.shape == (16, 16, 3)
    assert [step.index for step in seen.steps] == [0, 1, 2, 3, 4]
    assert all(step.preview and step.preview.width == 16 for step in seen.steps)
    branch = context(folder, resume=(2, seen.states[2]))
    assert np.array_equal(pixels, DiffusionRun(loaded, plan(steps=5), branch).pixels())
    stopped = context(folder, cancel_at=2)
    run = DiffusionRun(loaded, plan(steps=5), stopped)
    with pytest.raises(JobCancelled):
        run.pixels()
    partial = run.partial()
    assert partial is not None
    assert partial.shape == (16, 16, 3)


def test_previews_are_not_made_while_nobody_looks(loaded: pipelines.Loaded, folder: Path) -> None:
    seen = context(folder, looks=False)
    DiffusionRun(loaded, plan(preview="detailed"), seen).pixels()
    assert all(step.preview is None for step in seen.steps)
    assert not seen.previews


def test_detailed_previews_have_the_size_of_the_picture(loaded: pipelines.Loaded, folder: Path) -> None:
    _, seen = make(loaded, folder, preview="detailed")
    assert len(seen.previews) == STEPS - 1
    assert {(preview.width, preview.height) for preview in seen.previews} == {(64, 64)}


def test_prompts_are_read_once(tiny: Model, folder: Path) -> None:
    loaded = load(tiny)
    make(loaded, folder)
    assert loaded.embeddings.hits == 0
    make(loaded, folder, seed=1)
    assert loaded.embeddings.hits == 1
    make(loaded, folder, image=start_picture())
    assert loaded.embeddings.hits == 2
    make(loaded, folder, prompt="blue sea")
    assert loaded.embeddings.hits == 2


def test_the_scheduler_that_the_pipeline_had_stays_its_own(loaded: pipelines.Loaded, folder: Path) -> None:
    before = loaded.pipe.scheduler
    make(loaded, folder, scheduler="unipc")
    assert loaded.pipe.scheduler is before
    assert "prepare_latents" not in vars(loaded.pipe)


def test_an_empty_result_is_an_error_with_a_way_out(tiny: Model, folder: Path) -> None:
    broken = load(tiny)
    with torch.no_grad():
        broken.pipe.unet.conv_out.weight.fill_(float("nan"))
    with pytest.raises(StudioError, match="empty"):
        make(broken, folder)


def test_a_shortage_of_memory_is_said_and_the_next_job_works(
    loaded: pipelines.Loaded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_args: Any, **_kwargs: Any) -> None:
        torch.empty(2**56, dtype=torch.uint8)  # what torch really says when there is not so much

    monkeypatch.setattr(loaded.pipe.vae, "decode", short)
    with pytest.raises(StudioError, match="not enough memory for a picture of 64 × 64") as caught:
        make(loaded, folder)
    assert "smaller" in caught.value.hint
    monkeypatch.undo()
    make(loaded, folder)
