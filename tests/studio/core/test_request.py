"""Requests, recipes and jobs survive JSON, compare by content and cannot be changed."""

import dataclasses
import json

import pytest

from studio.core.errors import JobCancelled, Problem, StudioError
from studio.core.job import Job, JobState
from studio.core.recipe import RECIPE_FORMAT, Recipe
from studio.core.request import Input, ModelRef, Request, ResumePoint

FULL = Request(
    generator="image.diffusion",
    params={"prompt": "a castle", "steps": 20, "nested": {"list": [1, 2.5]}},
    seed=2**32 - 1,
    model=ModelRef("starter/pictures", "Starter pictures", "ab" * 32),
    inputs=(Input("image", "image/png", "cd" * 32),),
    resume=ResumePoint("ef" * 16, 12),
)


def through_json(value):
    return json.loads(json.dumps(value))


def test_requests_round_trip_through_json():
    assert Request.from_json(through_json(FULL.to_json())) == FULL
    assert Request.from_json(through_json(Request("x.y").to_json())) == Request("x.y")


def test_unknown_fields_of_a_newer_version_are_ignored():
    assert Request.from_json({**FULL.to_json(), "later": 1}) == FULL


def test_equal_requests_have_equal_digests_whatever_the_order_of_params():
    other = dataclasses.replace(FULL, params=dict(reversed(list(FULL.params.items()))))
    assert other == FULL
    assert other.digest() == FULL.digest()
    assert hash(other) == hash(FULL)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"generator": "image.other"},
        {"model": None},
        {"inputs": ()},
        {"resume": None},
        {"params": {"prompt": "a castl"}},
    ],
)
def test_the_digest_depends_on_everything(change):
    assert dataclasses.replace(FULL, **change).digest() != FULL.digest()


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_no_program_can_read_are_refused(seed):
    with pytest.raises(ValueError, match="seed"):
        Request("x.y", seed=seed)


def test_params_cannot_be_changed_in_place():
    with pytest.raises(TypeError):
        FULL.params["steps"] = 3
    assert FULL.with_params(steps=3).params["steps"] == 3
    assert FULL.params["steps"] == 20


def test_recipes_round_trip_and_refuse_a_newer_format():
    recipe = Recipe(FULL, used={"torch": "2.13.0"}, parents=("cd" * 32,), state="partial")
    assert Recipe.from_json(json.loads(recipe.text())) == recipe
    with pytest.raises(ValueError, match="newer"):
        Recipe.from_json({**recipe.to_json(), "format": RECIPE_FORMAT + 1})


def test_jobs_round_trip():
    job = Job("ab" * 16, FULL, title="A castle", state=JobState.FAILED, problem=Problem("No.", "Wait.", "trace"))
    assert Job.from_json(through_json(job.to_json())) == job


def test_a_job_lives_by_the_rules():
    job = Job("ab" * 16, FULL)
    done = job.to(JobState.RUNNING).to(JobState.DONE, artifacts=("x",))
    assert done.state.ended
    assert done.artifacts == ("x",)
    with pytest.raises(ValueError, match="cannot go from done to running"):
        done.to(JobState.RUNNING)
    assert job.to(JobState.CANCELLED).to(JobState.QUEUED).state is JobState.QUEUED


def test_cancelling_is_not_swallowed_by_except_exception():
    assert not issubclass(JobCancelled, Exception)


def test_problems_keep_the_words_for_people_and_hide_the_rest():
    kept = Problem.of(StudioError("The disk is full.", "Free 1 GB."))
    assert (kept.message, kept.hint) == ("The disk is full.", "Free 1 GB.")
    bug = Problem.of(ZeroDivisionError("x"), who="The Image plugin", details="trace")
    assert bug.message == "The Image plugin failed."
    assert bug.details == "trace"
