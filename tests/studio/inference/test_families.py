"""The same path for models of other architectures: packed latents, two text encoders, flow matching."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from studio.api import JobCancelled, Request
from studio.inference import devices, pipelines
from studio.inference.diffusion import DiffusionRun, Plan
from studio.testing import FakeContext
from tests import tiny_models

STEPS = 5


@dataclass(frozen=True)
class NoParams:
    """The run takes a Plan."""


def stable_diffusion_2() -> Any:
    return tiny_models.stable_diffusion(prediction_type="v_prediction", seed=3, timestep_spacing="trailing")


BUILDS = {
    "sd2": stable_diffusion_2,
    "sdxl": tiny_models.stable_diffusion_xl,
    "sd3": tiny_models.stable_diffusion_3,
    "flux": tiny_models.flux,
    "pixart": tiny_models.pixart_sigma,
}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("family", BUILDS)
def test_steps_branches_and_cancelling_in_every_family(family: str, precision: str, tmp_path: Path) -> None:
    model = tiny_models.save(BUILDS[family](), tmp_path / "model")
    device = devices.pick("cpu", precision=precision, threads=1)
    loaded = pipelines.load(model, device=device, check=lambda: None)
    starts = (None, Image.linear_gradient("L").convert("RGB").resize((96, 64)))

    def context(**options: Any) -> FakeContext:
        return FakeContext(Request("image.diffusion"), NoParams, scratch=tmp_path, **options)

    for start in starts:
        plan = Plan("a red castle", seed=3, steps=STEPS, width=96, height=64, guidance_scale=4.0, image=start)
        seen = context()
        whole = DiffusionRun(loaded, plan, seen).pixels()
        assert whole.shape == (64, 96, 3)
        assert whole.std() > 0.01
        assert len(seen.steps) == (STEPS if start is None else 3)
        assert all(step.preview and (step.preview.width, step.preview.height) == (12, 8) for step in seen.steps)
        assert len({step.preview.data for step in seen.steps if step.preview}) == len(seen.steps)
        branch = context(resume=(1, seen.states[1]))
        assert np.array_equal(whole, DiffusionRun(loaded, plan, branch).pixels())
        stopped = DiffusionRun(loaded, plan, context(cancel_at=1))
        with pytest.raises(JobCancelled):
            stopped.pixels()
        partial = stopped.partial()
        assert partial is not None
        assert partial.shape == (64, 96, 3)
        assert np.array_equal(whole, DiffusionRun(loaded, plan, context()).pixels())


class Impatient(FakeContext):
    """Is cancelled after its flag was looked at so many times."""

    looks = 0
    limit = 10**9

    @property
    def cancelled(self) -> bool:
        self.looks += 1
        return self.looks > self.limit

    def check(self) -> None:
        if self.looks > self.limit:
            raise JobCancelled


@pytest.mark.parametrize("family", BUILDS)
def test_every_family_stops_in_the_middle_of_a_step(family: str, tmp_path: Path) -> None:
    model = tiny_models.save(BUILDS[family](), tmp_path / "model")
    device = devices.pick("cpu", precision="float32", threads=1)
    loaded = pipelines.load(model, device=device, check=lambda: None)
    plan = Plan("a red castle", seed=3, steps=STEPS, width=64, height=64, guidance_scale=4.0)

    def context(limit: int) -> Impatient:
        made = Impatient(Request("image.diffusion"), NoParams, scratch=tmp_path)
        made.limit = limit
        return made

    assert loaded.colours.channels  # made at first use, through the encoder
    free = context(10**9)
    DiffusionRun(loaded, plan, free).pixels()
    assert free.looks > STEPS * 4, "these models have one block where real ones have dozens"
    for share in (0.3, 0.6, 0.95):
        loaded.embeddings.clear()
        stopped = context(int(free.looks * share))
        with pytest.raises(JobCancelled):
            DiffusionRun(loaded, plan, stopped).pixels()
        assert stopped.looks == stopped.limit + 1, "it stopped at the first look that said so"


class Distilled(StableDiffusionPipeline):
    """As some pipelines have it: `guidance_scale` is for the distilled models, the real guidance has another name."""

    asked: ClassVar[list[Any]] = []

    @torch.no_grad()
    def __call__(
        self, prompt: str = "", guidance_scale: float | None = None, true_cfg_scale: float = 4.0, **more: Any
    ) -> Any:
        self.asked.append((guidance_scale, true_cfg_scale))
        return super().__call__(prompt, guidance_scale=true_cfg_scale, height=64, width=64, output_type="np")


def test_guidance_finds_its_name(tmp_path: Path) -> None:
    model = tiny_models.save(tiny_models.stable_diffusion(), tmp_path / "model")
    device = devices.pick("cpu", precision="float32", threads=1)
    loaded = pipelines.load(model, device=device, check=lambda: None)
    loaded.pipe.__class__ = Distilled
    seen = FakeContext(Request("image.diffusion"), NoParams, scratch=tmp_path)
    DiffusionRun(loaded, Plan("a", seed=1, steps=2, width=64, height=64, guidance_scale=2.5), seen).pixels()
    assert Distilled.asked == [(None, 2.5)]


def test_a_folder_with_half_precision_files_only(tmp_path: Path) -> None:
    """Many downloads hold "….fp16.safetensors" alone, or for some of the parts."""
    model = tiny_models.save(tiny_models.stable_diffusion(), tmp_path / "model")
    device = devices.pick("cpu", precision="float32", threads=1)
    whole = pipelines.load(model, device=device, check=lambda: None)
    for part in ("unet", "vae", "text_encoder"):
        for path in (model.path / part).glob("*.safetensors"):
            path.rename(path.with_name(path.name.replace(".safetensors", ".fp16.safetensors")))
        again = pipelines.load(model, device=device, check=lambda: None)
        for name in ("unet", "vae", "text_encoder"):
            ours, theirs = getattr(again.pipe, name).state_dict(), getattr(whole.pipe, name).state_dict()
            assert all(torch.equal(ours[key], theirs[key]) for key in theirs), name
