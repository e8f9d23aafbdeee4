"""Families that the older ones say little about: films' autoencoders, measured patches, distilled models, and
pipelines that only know how to begin with noise.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from studio.api import JobCancelled, Request, StudioError
from studio.inference import devices, pipelines
from studio.inference.diffusion import DiffusionRun, Plan
from studio.inference.entering import clean_latents, steps_left_out
from studio.inference.latents import spread_out, unscaled
from studio.inference.pipelines import Loaded
from studio.testing import FakeContext
from tests import tiny_models, tiny_newer
from tests.studio.inference.test_families import NoParams

STEPS, WIDTH, HEIGHT = 5, 96, 64
BEGIN_WITH_NOISE = ("aura_flow", "chroma", "lumina2", "sana")
EDITS = ("flux2_klein",)
"""They look at the picture while they make another one: no denoising strength."""
NOISY = ("consistency",)
"""Their steps draw new noise to the end."""


@pytest.fixture(params=tiny_newer.NEWER)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def loaded(family: str, tmp_path: Path) -> Loaded:
    model = tiny_models.save(tiny_newer.NEWER[family](), tmp_path / "model")
    return pipelines.load(model, device=devices.pick("cpu", precision="bfloat16", threads=1), check=lambda: None)


def picture() -> Image.Image:
    return Image.linear_gradient("L").convert("RGB").resize((WIDTH, HEIGHT))


def right_half() -> Image.Image:
    mask = Image.new("L", (WIDTH, HEIGHT))
    mask.paste(255, (WIDTH // 2, 0, WIDTH, HEIGHT))
    return mask


def run_of(loaded: Loaded, folder: Path, *, told: FakeContext | None = None, **more: Any) -> tuple[Any, FakeContext]:
    told = told or FakeContext(Request("image.diffusion"), NoParams, scratch=folder)
    plan = {"seed": 3, "steps": STEPS, "width": WIDTH, "height": HEIGHT, "guidance_scale": 4.0, **more}
    return DiffusionRun(loaded, Plan("a red castle", **plan), told), told


def test_pictures_steps_branches_and_cancelling(loaded: Loaded, family: str, tmp_path: Path) -> None:
    starts: tuple[dict[str, Any], ...] = ({}, {"image": picture()}, {"image": picture(), "mask": right_half()})
    for start in starts:
        run, seen = run_of(loaded, tmp_path, **start)
        whole = run.pixels()
        assert whole.shape == (HEIGHT, WIDTH, 3)
        assert whole.std() > 0.01
        done = STEPS if not start or family in (*EDITS, *NOISY) else 3  # 5 steps at a strength of 0.6
        assert [step.index for step in seen.steps] == list(range(done))
        assert {step.total for step in seen.steps} == {done}
        looks = [step.preview for step in seen.steps if step.preview is not None]
        assert {(look.width, look.height) for look in looks} == {(WIDTH // 8, HEIGHT // 8)}
        assert len({look.data for look in looks}) == done
        for index in (0, 1):
            told = FakeContext(
                Request("image.diffusion"), NoParams, scratch=tmp_path, resume=(index, seen.states[index])
            )
            again, _ = run_of(loaded, tmp_path, told=told, **start)
            assert np.array_equal(whole, again.pixels())
            assert [step.index for step in told.steps] == list(range(index + 1, done))
        impatient = FakeContext(Request("image.diffusion"), NoParams, scratch=tmp_path, cancel_at=1)
        stopped, _ = run_of(loaded, tmp_path, told=impatient, **start)
        with pytest.raises(JobCancelled):
            stopped.pixels()
        partial = stopped.partial()
        assert partial is not None
        assert partial.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("family", [name for name in tiny_newer.NEWER if name not in NOISY], indirect=True)
@torch.no_grad()
def test_what_is_known_of_a_picture_is_what_comes_out(loaded: Loaded, family: str, tmp_path: Path) -> None:
    """With nothing to paint, any model's answer is led to the picture's own latents, whatever their layout."""
    run, seen = run_of(loaded, tmp_path, image=picture(), mask=Image.new("L", (WIDTH, HEIGHT)))
    run.pixels()
    pipe = loaded.pipe_for("image")
    clean = clean_latents(pipe, picture())
    kept = seen.states[STEPS - 1 if family in EDITS else 2].tensors["latents"]
    ended = torch.frombuffer(bytearray(kept.data), dtype=torch.float32).reshape(kept.shape)
    assert ended.numel() == clean.numel()
    assert torch.allclose(ended.flatten(), clean.flatten(), atol=0.02)
    flat = spread_out(pipe, clean, width=WIDTH, height=HEIGHT)
    assert flat is not None
    plain = unscaled(loaded.pipe.vae, flat[None])
    assert plain.shape[-2:] == (HEIGHT // 8, WIDTH // 8)


@pytest.mark.parametrize("family", BEGIN_WITH_NOISE, indirect=True)
def test_a_small_strength_stays_near_the_picture(loaded: Loaded, tmp_path: Path) -> None:
    assert loaded.pipe_for("image") is loaded.pipe
    clean = clean_latents(loaded.pipe, picture()).flatten()

    def away(strength: float) -> float:
        run, seen = run_of(loaded, tmp_path, image=picture(), strength=strength)
        run.pixels()
        first = min(seen.states)
        kept = seen.states[first].tensors["latents"]
        latents = torch.frombuffer(bytearray(kept.data), dtype=torch.float32)
        return float((latents - clean).square().mean().sqrt())

    steps = [away(strength) for strength in (0.2, 0.6, 1.0)]
    assert steps == sorted(steps)
    assert steps[0] < 0.8 * steps[2]


def test_the_share_of_steps_that_a_strength_leaves_out() -> None:
    assert [steps_left_out(20, strength) for strength in (1.0, 0.6, 0.05, 0.0)] == [0, 8, 19, 19]
    assert steps_left_out(5, 0.6) == 2, "0.6 times five is three, whatever floats make of it"


def test_pixels_that_are_no_latents_are_said(tmp_path: Path) -> None:
    model = tiny_models.save(tiny_models.unconditional(), tmp_path / "model")
    loaded = pipelines.load(model, device=devices.pick("cpu", precision="float32", threads=1), check=lambda: None)
    with pytest.raises(StudioError, match="cannot start from a picture"):
        run_of(loaded, tmp_path, image=picture())


def test_sizes_that_the_model_cannot_make_are_cut_from_a_larger_sheet(loaded: Loaded, tmp_path: Path) -> None:
    for start in (None, picture().resize((72, 56))):
        run, seen = run_of(loaded, tmp_path, width=72, height=56, image=start, steps=3)
        assert run.pixels().shape == (56, 72, 3)
        assert {(step.preview.width, step.preview.height) for step in seen.steps if step.preview} == {(9, 7)}
