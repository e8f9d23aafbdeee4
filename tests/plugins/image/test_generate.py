from __future__ import annotations

import io
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugins.image import generate, importer
from plugins.image.params import ImageParams, ImageSettings
from studio.api import Input, JobCancelled, JobPaused, Model, Output, Request, StudioError, media
from studio.testing import FakeContext
from tests import single_files

STEPS = 4
CACHE: dict[Hashable, Any] = {}


def request(model: Model, *, seed: int = 7, **params: Any) -> Request:
    values = {"prompt": "a red castle", "steps": STEPS, "width": 64, "height": 64, **params}
    return Request("image.diffusion", values, seed, model.ref())


def context(asked: Request, model: Model, folder: Path, **options: Any) -> FakeContext:
    options.setdefault("settings", [ImageSettings(device="cpu", precision="float32", threads=1)])
    options.setdefault("cache", CACHE)
    return FakeContext(asked, ImageParams, scratch=folder, model=model, **options)


def make(asked: Request, model: Model, folder: Path, **options: Any) -> tuple[Output, FakeContext]:
    seen = context(asked, model, folder, **options)
    (output,) = generate.run(asked, seen)
    return output, seen


def pixels(output: Output) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(output.data)).convert("RGB"))


def test_a_picture_with_its_recipe_inside(tiny: Model, tmp_path: Path) -> None:
    asked = request(tiny, width=96)
    output, seen = make(asked, tiny, tmp_path)
    assert output.media == media.PNG
    assert pixels(output).shape == (64, 96, 3)
    assert (output.facts["width"], output.facts["height"]) == (96, 64)
    assert output.facts["seconds"] >= 0
    (tmp_path / "x.png").write_bytes(output.data)
    read = importer.read(tmp_path / "x.png")
    assert read.recipe == output.recipe
    assert read.recipe.request == asked
    used = read.recipe.used
    assert (used["device"], used["dtype"], used["threads"]) == ("CPU", "float32", 1)
    assert used["scheduler"] == "DDIMScheduler"
    assert {"torch", "diffusers", "transformers"} <= set(used)
    assert [step.index for step in seen.steps] == list(range(STEPS))


def test_the_same_request_gives_the_same_file(tiny: Model, tmp_path: Path) -> None:
    first, _ = make(request(tiny), tiny, tmp_path)
    again, _ = make(request(tiny), tiny, tmp_path, cache={})
    other, _ = make(request(tiny, seed=8), tiny, tmp_path)
    assert first.data == again.data
    assert not np.array_equal(pixels(first), pixels(other))


def test_the_model_is_loaded_once(tiny: Model, tmp_path: Path) -> None:
    cache: dict[Hashable, Any] = {}
    _, first = make(request(tiny), tiny, tmp_path, cache=cache)
    _, second = make(request(tiny), tiny, tmp_path, cache=cache)
    assert any("Loading Tiny" in text for text, _ in first.messages)
    assert not any("Loading" in text for text, _ in second.messages)
    assert len([key for key in cache if isinstance(key, tuple) and key[0] == "pipeline"]) == 1


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_both_precisions(tiny: Model, tmp_path: Path, precision: str) -> None:
    settings = [ImageSettings(device="cpu", precision=precision, threads=1)]
    output, seen = make(request(tiny), tiny, tmp_path, settings=settings)
    assert seen.ingredients["dtype"] == precision
    assert pixels(output).std() > 1


@pytest.fixture
def start(tmp_path: Path) -> Path:
    path = tmp_path / "start.jpg"
    ramp = np.linspace(0, 255, 120, dtype=np.uint8)
    Image.fromarray(np.stack([np.tile(ramp, (80, 1))] * 3, axis=2)).save(path, quality=95)
    return path


def test_from_a_picture(tiny: Model, tmp_path: Path, start: Path) -> None:
    def changed(strength: float) -> tuple[np.ndarray, int]:
        asked = replace(request(tiny, strength=strength), inputs=(Input("image", media.JPEG, "0" * 64),))
        output, seen = make(asked, tiny, tmp_path, inputs={"image": start})
        return pixels(output), len(seen.steps)

    little, few = changed(0.25)
    much, many = changed(1.0)
    assert (few, many) == (1, STEPS)
    alone, _ = make(request(tiny), tiny, tmp_path)
    assert not np.array_equal(little, much)
    assert not np.array_equal(little, pixels(alone))
    again, _ = changed(0.25)
    assert np.array_equal(little, again)


def masked(start: Path, folder: Path, size: tuple[int, int] = (64, 64)) -> dict[str, Path]:
    """The start picture and a mask whose right half is painted over."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[:, size[0] // 2 :] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return {"image": start, "mask": folder / "mask.png"}


@pytest.mark.parametrize("scheduler", ["ddim", "euler_a", "dpmpp_2m", "unipc"])
def test_repainting_changes_nothing_outside_the_mask(tiny: Model, tmp_path: Path, start: Path, scheduler: str) -> None:
    asked = request(tiny, strength=1.0, scheduler=scheduler, feather=4)
    output, seen = make(asked, tiny, tmp_path, inputs=masked(start, tmp_path))
    made, source = pixels(output), np.asarray(Image.open(start).convert("RGB"))
    assert made.shape == source.shape
    half = source.shape[1] // 2
    assert np.array_equal(made[:, :half], source[:, :half])
    assert not np.array_equal(made[:, half:], source[:, half:])
    last = sorted(seen.states)[1]
    again, _ = make(asked, tiny, tmp_path, inputs=masked(start, tmp_path), resume=(last, seen.states[last]))
    assert again.data == output.data


def test_a_picture_larger_than_the_model_s_keeps_its_own_pixels(tiny: Model, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (150, 210, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png")
    inputs = masked(tmp_path / "large.png", tmp_path, (210, 150))
    output, _ = make(request(tiny, strength=1.0, width=88), tiny, tmp_path, inputs=inputs)
    made = pixels(output)
    assert made.shape == (150, 210, 3)
    assert np.array_equal(made[:, :105], noise[:, :105])
    assert (output.facts["width"], output.facts["height"]) == (210, 150)


def test_an_empty_mask_is_said(tiny: Model, tmp_path: Path, start: Path) -> None:
    Image.new("L", (64, 64)).save(tmp_path / "mask.png")
    with pytest.raises(StudioError, match="Nothing is painted over"):
        make(request(tiny), tiny, tmp_path, inputs={"image": start, "mask": tmp_path / "mask.png"})


def test_a_start_that_is_no_picture_is_said(tiny: Model, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(StudioError, match="not a picture"):
        make(request(tiny), tiny, tmp_path, inputs={"image": broken})


def test_a_cancelled_job_leaves_what_it_had(tiny: Model, tmp_path: Path) -> None:
    asked = request(tiny)
    seen = context(asked, tiny, tmp_path, cancel_at=1)
    with pytest.raises(JobCancelled):
        generate.run(asked, seen)
    (kept,) = seen.outputs
    assert kept.recipe.state == "partial"
    assert pixels(kept).shape == (64, 64, 3)
    assert pixels(kept).std() > 1
    (tmp_path / "x.png").write_bytes(kept.data)
    read = importer.read(tmp_path / "x.png")
    assert read.recipe is not None
    assert read.recipe.state == "partial"


def test_a_job_cancelled_before_its_first_step_leaves_nothing(tiny: Model, tmp_path: Path) -> None:
    asked = request(tiny)
    seen = context(asked, tiny, tmp_path)
    seen.cancel()
    with pytest.raises(JobCancelled):
        generate.run(asked, seen)
    assert not seen.outputs


def test_a_paused_job_keeps_no_picture_and_goes_on_to_the_same_one(tiny: Model, tmp_path: Path) -> None:
    asked = request(tiny, scheduler="dpmpp_2m_sde")
    whole, _ = make(asked, tiny, tmp_path)
    seen = context(asked, tiny, tmp_path, pause_at=1)
    with pytest.raises(JobPaused):
        generate.run(asked, seen)
    assert not seen.outputs
    (rest,) = generate.run(asked, seen.branch(1))
    assert rest.data == whole.data


def test_warming_up_loads_the_model_and_nothing_else(tiny: Model, tmp_path: Path) -> None:
    cache: dict[Hashable, Any] = {}
    seen = context(request(tiny), tiny, tmp_path, cache=cache)
    generate.warm(seen)
    assert len([key for key in cache if isinstance(key, tuple) and key[0] == "pipeline"]) == 1
    assert not seen.steps
    _, after = make(request(tiny), tiny, tmp_path, cache=cache)
    assert not any("Loading" in text for text, _ in after.messages)
    nothing = FakeContext(request(tiny), ImageParams, scratch=tmp_path)
    generate.warm(nothing)


@pytest.mark.parametrize("base", ["sd1", "sdxl"])
def test_from_one_file(tmp_path: Path, base: str) -> None:
    model = single_files.save(base, tmp_path / "tiny.safetensors")
    settings = [ImageSettings(device="cpu", precision="float32", threads=1, preview="off")]
    output, seen = make(request(model), model, tmp_path, cache={}, settings=settings)
    assert pixels(output).shape == (64, 64, 3)
    assert pixels(output).std() > 1
    assert len(seen.steps) == STEPS
    again, _ = make(request(model), model, tmp_path, cache={}, settings=settings)
    assert again.data == output.data


def test_how_the_model_lies_in_memory_is_chosen_and_recorded(tiny: Model, tmp_path: Path) -> None:
    def used(**settings: str) -> tuple[dict[str, Any], np.ndarray]:
        values = [ImageSettings(device="cpu", precision="float32", threads=1, **settings)]
        output, seen = make(request(tiny), tiny, tmp_path, settings=values)
        return seen.ingredients, pixels(output)

    usual, picture = used()
    assert not {"memory", "tiles", "eight_bits"} & set(usual)
    eight, other = used(eight_bits="on")
    assert eight["eight_bits"] is True
    assert not np.array_equal(picture, other)
    tiles, _ = used(tiles="on")
    assert tiles["tiles"] is True
    layers, same = used(memory="group")
    assert "memory" not in layers, "on a processor all of the model is where it works"
    assert np.array_equal(picture, same)


def test_what_will_hardly_fit_is_said_before_it_begins(tiny: Model, tmp_path: Path) -> None:
    huge = replace(tiny, facts={"parts": {"unet": 10**13}})
    _, seen = make(request(huge), huge, tmp_path, cache={})
    said = [text for text, _ in seen.messages if "Needs about" in text]
    assert said
    assert "may fail" in said[0]
    assert any(text.startswith("Loading Tiny. Needs about") for text in said)
    _, easy = make(request(tiny), tiny, tmp_path, cache={})
    assert not any("Needs about" in text for text, _ in easy.messages)


def broken_models(tiny: Model, folder: Path) -> list[tuple[Model, str]]:
    import json
    import shutil

    def copy(name: str) -> Path:
        target = folder / name
        shutil.copytree(tiny.path, target)
        return target

    gone = replace(tiny, path=folder / "nowhere")
    kind = copy("kind")
    (kind / "model_index.json").write_text(json.dumps({"_class_name": "NoSuchPipeline"}))
    garbled = copy("garbled")
    (garbled / "model_index.json").write_text("{")
    code = copy("code")
    (code / "unet" / "evil.py").write_text("raise SystemExit")
    short = copy("short")
    weights = next((short / "unet").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1000])
    lacking = copy("lacking")
    shutil.rmtree(lacking / "vae")
    pickled = copy("pickled")
    for path in (pickled / "unet").glob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))
    return [
        (gone, "gone"),
        (replace(tiny, path=kind), "kind that Studio does not know"),
        (replace(tiny, path=garbled), "cannot be read"),
        (replace(tiny, path=code), "program code"),
        (replace(tiny, path=short), "cannot be loaded"),
        (replace(tiny, path=lacking), "cannot be loaded"),
        (replace(tiny, path=pickled), "cannot be loaded"),
        (replace(tiny, problem="It holds a pickle."), "cannot be used"),
    ]


def test_a_model_that_cannot_be_used_is_said(tiny: Model, tmp_path: Path) -> None:
    for model, words in broken_models(tiny, tmp_path):
        with pytest.raises(StudioError, match=words) as caught:
            make(request(model), model, tmp_path, cache={})
        assert caught.value.hint, words
    make(request(tiny), tiny, tmp_path, cache={})


def test_no_model_is_said(tmp_path: Path) -> None:
    asked = Request("image.diffusion", {"steps": 1})
    with pytest.raises(StudioError, match="No model"):
        generate.run(asked, FakeContext(asked, ImageParams, scratch=tmp_path))


def test_a_device_that_is_not_here_is_said(tiny: Model, tmp_path: Path) -> None:
    import torch

    kind = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(StudioError, match="no "):
        make(request(tiny), tiny, tmp_path, settings=[ImageSettings(device=kind)])


def test_a_scheduler_of_another_kind_is_said(tiny: Model, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="flow-matching models only"):
        make(request(tiny, scheduler="flow_euler"), tiny, tmp_path)
