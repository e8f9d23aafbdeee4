"""A LoRA is part of a request: its recipe, its branches and its verification know it, by the window's own path."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.api import AddedModel, Artifact, Job, JobState, ModelRef, Request, ResumePoint, StudioError, Verified
from studio.engine import Engine, InlineWorker, Mailbox, PluginHost
from studio.store import ModelShelf, Places, Project, SettingsStore, StepWriter, bundled
from tests.studio.test_recipe_schema import problems

PROMPT = "a red castle <lora:ink:0.7>"


class Sitting:
    """A project with its engine, joined as studio.app does it."""

    def __init__(self, home: Path, project: Project) -> None:
        places = Places.under(home)
        self.project = project
        self.mailbox = Mailbox()
        self.models = ModelShelf([places.models], (), places.cache)
        self.plugins = PluginHost(bundled() / "plugins", None, entry_points=False)
        self.plugins.load()
        self.engine = Engine(
            plugins=self.plugins,
            mailbox=self.mailbox,
            journal=project.queue,
            artifacts=project.artifacts,
            steps=project.steps,
            models=self.models,
            settings=SettingsStore(places.config / "settings.json").values,
            worker=lambda: InlineWorker(self.plugins, StepWriter),
        )
        self.engine.start()

    def wait(self, job: Job) -> Job:
        deadline = time.monotonic() + 120
        while not (now := self.engine.job(job.id) or job).state.ended:
            assert time.monotonic() < deadline, now
            time.sleep(0.01)
        return now

    def make(self, request: Request, **options: Any) -> tuple[str, Artifact]:
        job = self.wait(self.engine.submit(request, **options))
        assert job.state is JobState.DONE, job.problem
        artifact = self.project.artifacts.get(job.artifacts[0])
        assert artifact is not None
        return job.id, artifact

    def verified(self, artifact: Artifact) -> str:
        self.mailbox.drain()
        job = self.wait(self.engine.verify(artifact.id))
        assert job.state is JobState.DONE, job.problem
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for event in self.mailbox.drain():
                if isinstance(event, Verified):
                    return str(event.verdict.answer)
            time.sleep(0.01)
        raise AssertionError("nobody said how it was")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    from tests import tiny_loras, tiny_models

    pipe = tiny_models.stable_diffusion()
    tiny_models.save(pipe, tmp_path / "home" / "models" / "tiny")
    folder = tmp_path / "home" / "models" / "loras"
    folder.mkdir()
    for number, name in enumerate(("ink", "moss")):
        tiny_loras.save(folder / f"{name}.safetensors", tiny_loras.state(pipe, "kohya", seed=number))
    return tmp_path / "home"


@pytest.fixture
def sitting(home: Path, tmp_path: Path) -> Iterator[Sitting]:
    with Project.open(tmp_path / "project") as project:
        made = Sitting(home, project)
        yield made
        made.engine.close()


def asked(prompt: str = PROMPT, **changes: Any) -> Request:
    params = {"prompt": prompt, "steps": 4, "width": 64, "height": 64}
    return replace(Request("image.diffusion", params, 7, ModelRef("models/tiny")), **changes)


def test_recipe_branch_and_verification_know_the_lora(sitting: Sitting, home: Path) -> None:
    plain = sitting.make(asked("a red castle"))[1]
    steps, inked = sitting.make(asked())
    assert inked.id != plain.id
    recipe = inked.recipe
    assert recipe is not None
    assert list(problems(recipe.to_json())) == []
    (added,) = recipe.request.added
    assert (added.model.id, added.model.name, added.weight) == ("models/loras/ink.safetensors", "ink", 0.7)
    assert added.model.sha256 == sitting.models.sha256("models/loras/ink.safetensors")
    assert [(used["sha256"], used["weight"]) for used in recipe.used["loras"]] == [(added.model.sha256, 0.7)]
    assert sitting.make(asked())[1].id == inked.id, "the same request is answered from the library"
    again = sitting.make(asked("a red castle", added=recipe.request.added))[1]
    assert sitting.make(asked("a red castle", seed=8, added=recipe.request.added))[1].id != again.id
    assert sitting.verified(inked) == "identical"
    branched = sitting.make(asked("a red castle <lora:moss:1>", resume=ResumePoint(steps, 1)))[1]
    assert branched.recipe is not None
    assert [item.model.name for item in branched.recipe.request.added] == ["moss"]
    assert [item.model.name for item in branched.recipe.lineage[0].request.added] == ["ink"]
    assert sitting.verified(branched) == "identical"
    folder = home / "models" / "loras"
    (folder / "ink.safetensors").rename(folder / "blot.safetensors")
    sitting.models.scan()
    sitting.models.sha256("models/loras/blot.safetensors")
    assert sitting.verified(inked) == "identical", "found by its hash under another name"
    (folder / "blot.safetensors").unlink()
    sitting.models.scan()
    with pytest.raises(StudioError, match="ink"):
        sitting.engine.verify(inked.id)


def test_what_cannot_work_is_refused_before_the_queue(sitting: Sitting, home: Path) -> None:
    with pytest.raises(StudioError, match="There is no LoRA called “inc” here") as caught:
        sitting.engine.submit(asked("a castle <lora:inc:1>"))
    assert "ink" in caught.value.hint
    (home / "models" / "loras" / "half.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    sitting.models.scan()
    ref = ModelRef("models/loras/half.safetensors")
    with pytest.raises(StudioError, match="“half” cannot be used"):
        sitting.engine.submit(asked("a castle", added=(AddedModel(ref),)))
    with pytest.raises(StudioError, match="has no use for “tiny”"):
        sitting.engine.submit(asked("a castle", added=(AddedModel(ModelRef("models/tiny")),)))
    assert not sitting.engine.jobs()
