"""The image document: kept and brought back whole, and the requests it asks for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.image.document import (
    FIRST_PROMPT,
    ImageDocument,
    Picture,
    find_model,
    fit_size,
    native_size,
)
from plugins.image.params import ImageParams
from studio.api import SEED_LIMIT, Artifact, Input, Model, ModelRef, Recipe, Request, ResumePoint, media, parse

MODEL = Model("starter/pictures", "Starter", "diffusers/X", Path("/m"), sha256="a" * 64)
OTHER = Model("models/other", "Other", "diffusers/X", Path("/o"), sha256="b" * 64)


@pytest.fixture
def document() -> ImageDocument:
    return ImageDocument.first(ImageParams)


def test_a_first_document_has_a_prompt_and_valid_params(document: ImageDocument) -> None:
    assert document.params["prompt"] == FIRST_PROMPT
    assert parse(ImageParams, document.params)
    assert 0 <= document.seed < SEED_LIMIT


def test_two_first_documents_differ_in_their_seed() -> None:
    assert len({ImageDocument.first(ImageParams).seed for _ in range(8)}) > 1


def test_what_is_saved_comes_back(document: ImageDocument) -> None:
    document.params |= {"prompt": "a boat 城", "steps": 33}
    document.model, document.seed, document.seed_locked, document.seed_used = "m", 7, True, True
    document.count, document.artifact = 4, "ab"
    document.start = Picture("cd", media.JPEG, "boat")
    document.results = ["ef", "ab"]
    saved = json.loads(json.dumps(document.to_json()))
    assert ImageDocument.from_json(saved, ImageParams) == document


def test_fields_of_a_newer_version_survive(document: ImageDocument) -> None:
    saved = document.to_json() | {"layers": [1, 2]}
    saved["params"]["sharpness"] = 3
    again = ImageDocument.from_json(saved, ImageParams).to_json()
    assert again["layers"] == [1, 2]
    assert again["other_params"] == {"sharpness": 3}


@pytest.mark.parametrize(
    "damage",
    [
        {"params": None},
        {"params": [1]},
        {"params": {"steps": "many", "width": 7}},
        {"seed": -1},
        {"seed": "7"},
        {"seed": True},
        {"count": 99},
        {"start": "x"},
        {"start": {"id": 3}},
        {"results": "abc"},
        {"results": [1, None, ""]},
        {"artifact": 5},
    ],
)
def test_what_is_damaged_falls_back_to_defaults(damage: dict[str, object], document: ImageDocument) -> None:
    read = ImageDocument.from_json(document.to_json() | damage, ImageParams)
    assert parse(ImageParams, read.params)
    assert 0 <= read.seed < SEED_LIMIT
    assert 1 <= read.count <= 16
    assert read.start is None or "start" not in damage
    assert all(isinstance(name, str) and name for name in read.results)


def test_a_good_field_survives_beside_a_bad_one(document: ImageDocument) -> None:
    saved = document.to_json()
    saved["params"] |= {"steps": "many", "guidance_scale": 7.5}
    read = ImageDocument.from_json(saved, ImageParams)
    assert read.params["guidance_scale"] == 7.5
    assert read.params["steps"] == ImageParams().steps


def test_a_batch_counts_its_seeds_up_and_around(document: ImageDocument) -> None:
    document.seed, document.count = SEED_LIMIT - 2, 4
    requests = document.requests("image.diffusion", ImageParams, MODEL)
    assert [request.seed for request in requests] == [SEED_LIMIT - 2, SEED_LIMIT - 1, 0, 1]
    assert {request.model for request in requests} == {MODEL.ref()}
    assert len({request.digest() for request in requests}) == 4


def test_a_request_holds_every_param(document: ImageDocument) -> None:
    (request,) = document.requests("image.diffusion", ImageParams, None)
    assert parse(ImageParams, request.params)
    assert set(request.params) == set(document.params)


def test_strength_makes_no_difference_without_a_start_picture(document: ImageDocument) -> None:
    (plain,) = document.requests("image.diffusion", ImageParams, MODEL)
    document.params["strength"] = 0.25
    (other,) = document.requests("image.diffusion", ImageParams, MODEL)
    assert plain.digest() == other.digest()
    document.start = Picture("cd" * 32)
    (started,) = document.requests("image.diffusion", ImageParams, MODEL)
    assert started.params["strength"] == 0.25
    assert started.inputs == (Input("image", media.PNG, "cd" * 32),)


def test_requests_are_not_touched_by_later_changes(document: ImageDocument) -> None:
    (request,) = document.requests("image.diffusion", ImageParams, MODEL)
    document.params["steps"] = 99
    assert request.params["steps"] == ImageParams().steps


def test_a_seed_has_its_turn_before_another_is_thrown(document: ImageDocument) -> None:
    document.seed = 5
    document.roll()
    assert document.seed == 5
    thrown = set()
    for _ in range(4):
        document.roll()
        thrown.add(document.seed)
    assert len(thrown) > 1


def test_a_locked_seed_stays(document: ImageDocument) -> None:
    document.seed, document.seed_locked = 5, True
    for _ in range(3):
        document.roll()
    assert document.seed == 5


def test_results_are_kept_once_and_not_for_ever(document: ImageDocument) -> None:
    for number in range(100):
        document.add_result(f"{number}")
    document.add_result("70")
    assert document.results[-1] == "70"
    assert document.results.count("70") == 1
    assert len(document.results) == 60


def test_a_branch_keeps_what_its_step_was_made_by(document: ImageDocument) -> None:
    base = replace(document.requests("image.diffusion", ImageParams, MODEL)[0], seed=9)
    document.params |= {"prompt": "by night", "guidance_scale": 9.0, "steps": 99, "width": 512, "scheduler": "ddim"}
    document.seed_used = True
    branched, kept = document.branch(base, steps="job1", index=6, params=ImageParams)
    assert set(kept.lower().replace(" and ", ", ").split(", ")) == {"scheduler", "steps", "width"}
    assert branched.resume == ResumePoint("job1", 6)
    assert branched.seed == 9
    assert branched.params["prompt"] == "by night"
    assert branched.params["guidance_scale"] == 9.0
    for name in ("steps", "width", "height", "scheduler"):
        assert branched.params[name] == base.params[name]


def test_a_branch_takes_a_chosen_seed_and_model(document: ImageDocument) -> None:
    base = replace(document.requests("image.diffusion", ImageParams, MODEL)[0], seed=9)
    document.seed, document.seed_locked, document.seed_used = 77, True, True
    locked, kept = document.branch(base, steps="job1", index=6, params=ImageParams, model=OTHER)
    assert (locked.seed, locked.model, kept) == (77, OTHER.ref(), "")
    document.seed_locked = False
    same, _ = document.branch(base, steps="job1", index=6, params=ImageParams, model=MODEL)
    assert same == replace(base, resume=ResumePoint("job1", 6))  # nothing changed: nothing but the step differs


# Recipes


def recipe(**changes: object) -> Recipe:
    params = {"prompt": "a tower", "steps": 12, **changes.pop("params", {})}  # type: ignore[dict-item]
    return Recipe(Request("image.diffusion", params, 77, **changes))  # type: ignore[arg-type]


def test_a_recipe_brings_everything_back(document: ImageDocument) -> None:
    input_ = Input("image", media.PNG, "cd" * 32)
    picture = Artifact("cd" * 32, media.PNG, Path("/x.png"), title="boat")
    ref = ModelRef(MODEL.id, MODEL.title, MODEL.sha256)
    document.count = 8
    notes = document.take(recipe(model=ref, inputs=(input_,)), ImageParams, [OTHER, MODEL], {input_.sha256: picture})
    assert notes == ()
    assert (document.params["prompt"], document.params["steps"]) == ("a tower", 12)
    assert (document.seed, document.seed_locked, document.count) == (77, True, 1)
    assert document.model == MODEL.id
    assert document.start == Picture(picture.id, media.PNG, "boat")
    (request,) = document.requests("image.diffusion", ImageParams, MODEL)
    assert (request.seed, request.inputs) == (77, (input_,))


def test_a_model_is_found_by_its_weights_under_another_name(document: ImageDocument) -> None:
    document.take(recipe(model=ModelRef("gone", "Gone", OTHER.sha256)), ImageParams, [MODEL, OTHER], {})
    assert document.model == OTHER.id


def test_what_cannot_come_back_is_named(document: ImageDocument) -> None:
    document.model, document.start = MODEL.id, Picture("x")
    notes = document.take(
        recipe(
            params={"steps": 9999, "magic": 1},
            model=ModelRef("gone", "Lost model", "c" * 64),
            inputs=(Input("image", media.PNG, "ee" * 32),),
            resume=ResumePoint("job", 4),
        ),
        ImageParams,
        [MODEL],
        {"ee" * 32: None},
    )
    said = " ".join(notes)
    for word in ("Steps", "magic", "Lost model", "started from", "step 5"):
        assert word in said
    assert document.model == MODEL.id
    assert document.start is None
    assert document.params["steps"] == ImageParams().steps


def test_another_version_of_a_model_is_named(document: ImageDocument) -> None:
    notes = document.take(recipe(model=ModelRef(MODEL.id, "Starter", "f" * 64)), ImageParams, [MODEL], {})
    assert document.model == MODEL.id
    assert any("not the same version" in note for note in notes)


def test_find_model_prefers_the_same_weights() -> None:
    assert find_model(OTHER.id, MODEL.sha256, [OTHER, MODEL]) is MODEL
    assert find_model(OTHER.id, "", [MODEL, OTHER]) is OTHER
    assert find_model("x", "y", [MODEL, OTHER]) is None


# Sizes


@pytest.mark.parametrize(
    ("shape", "size"), [((1, 1), (256, 256)), ((16, 9), (344, 192)), ((9, 16), (192, 344)), ((3, 2), (312, 208))]
)
def test_a_shape_keeps_about_the_area(shape: tuple[int, int], size: tuple[int, int]) -> None:
    assert fit_size(*shape, area=256 * 256, multiple=8, low=64, high=4096) == size


def test_a_shape_stays_within_the_limits() -> None:
    assert fit_size(1, 100, area=128 * 128, multiple=8, low=64, high=512) == (64, 512)


def test_the_size_of_a_model_is_read_from_its_files(tmp_path: Path) -> None:
    model = replace(MODEL, path=tmp_path)
    assert native_size(model) == 0
    for part, config in (("unet", {"sample_size": 64}), ("vae", {"block_out_channels": [1, 2, 3, 4]})):
        (tmp_path / part).mkdir()
        (tmp_path / part / "config.json").write_text(json.dumps(config))
    assert native_size(model) == 512
    (tmp_path / "unet" / "config.json").write_text("{broken")
    assert native_size(model) == 0
    assert native_size(replace(MODEL, path=tmp_path / "one.safetensors", facts={"side": 1024})) == 1024
