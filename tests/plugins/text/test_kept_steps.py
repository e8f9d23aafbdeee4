"""Texts through the real engine: every token's step is on the disk, and a branch from any of them is the same text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugins.text import wire
from studio.api import Job, JobState, ModelRef, Request, ResumePoint
from tests import tiny_writers
from tests.studio.test_branching import Sitting, sitting


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    tiny_writers.save(home / "models" / "writer", window=512)
    return home


def ask(here: Sitting, **changes: Any) -> Request:
    params = {"before": "The old sailor walked", "length": 60, "alternatives": 2, "mirostat": True, **changes}
    return Request("text.writer", params, seed=5, model=ModelRef("models/writer"))


def texts(here: Sitting, job: Job) -> list[bytes]:
    assert job.state is JobState.DONE, job.problem
    found = [here.project.artifacts.get(artifact) for artifact in job.artifacts]
    return [artifact.path.read_bytes() for artifact in found if artifact is not None]


def test_every_token_is_a_step_to_branch_from(home: Path, tmp_path: Path) -> None:
    with sitting(home, tmp_path / "project") as here:
        job = here.wait(here.engine.submit(ask(here)))
        whole = texts(here, job)
        assert len(whole) == 3
        record = wire.Record.from_bytes(whole[2])
        assert [text.text.encode() for text in record.alternatives] == whole[:2]
        steps = here.project.steps.read(job.id)
        longest = max(len(text.tokens) for text in record.alternatives)
        assert [step.index for step in steps] == list(range(longest))
        assert all(step.has_state for step in steps)
        assert steps[3].preview is not None
        assert steps[3].preview.expected == pytest.approx(record.alternatives[0].tokens[3].p, rel=1e-3)
        size = sum(file.stat().st_size for file in (tmp_path / "project" / "steps").iterdir())
        assert size < 60 * 2000, "a step is some hundred bytes"
    with sitting(home, tmp_path / "project") as here:  # another day
        for index in (0, 31):
            branch = Request(**{**vars_of(ask(here)), "resume": ResumePoint(job.id, index)})
            assert texts(here, here.wait(here.engine.submit(branch))) == whole


def vars_of(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ("generator", "params", "seed", "model")}
