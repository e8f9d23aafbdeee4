"""Steps are told once they are written, in their order, however quickly they come and whatever the disk does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.core.steps import Step, StepState
from studio.engine.step_thread import StepThread
from studio.store import StepStore, StepWriter

STATE = StepState({}, {"words": 3})


class Ear:
    """What was told, each time in one go."""

    def __init__(self) -> None:
        self.batches: list[list[Step]] = []
        self.refused: list[Exception] = []
        self.heard = threading.Event()

    def said(self, steps: Sequence[Step]) -> None:
        self.batches.append(list(steps))
        self.heard.set()

    @property
    def steps(self) -> list[Step]:
        return [step for batch in self.batches for step in batch]


def test_thousands_of_quick_steps_are_all_kept_and_told_a_few_at_a_time(tmp_path: Path) -> None:
    store, ear = StepStore(tmp_path), Ear()
    steps = StepThread(StepWriter(store.path("a")), ear.said, ear.refused.append)
    for index in range(3000):
        steps.keep([(Step(index, 3000, has_state=True), STATE)])
    steps.close()
    assert [step.index for step in ear.steps] == list(range(3000))
    assert len(ear.batches) < 1000
    assert store.last("a") == 2999
    assert ear.refused == []


def test_a_single_step_is_told_although_nothing_follows(tmp_path: Path) -> None:
    store, ear = StepStore(tmp_path), Ear()
    steps = StepThread(StepWriter(store.path("a")), ear.said, ear.refused.append)
    for index in range(3):
        ear.heard.clear()
        steps.keep([(Step(index, 3, has_state=True), STATE)])
        assert ear.heard.wait(10)
        assert store.last("a") == index  # on the disk before it was told
    steps.close()


def test_what_the_disk_refuses_is_told_without_a_state_and_said_once(tmp_path: Path) -> None:
    store, ear = StepStore(tmp_path), Ear()
    steps = StepThread(StepWriter(store.path("a"), 400), ear.said, ear.refused.append)
    for index in range(20):
        steps.keep([(Step(index, 20, has_state=True), STATE)])
    steps.close()
    kept = [step.index for step in ear.steps if step.has_state]
    assert [step.index for step in ear.steps] == list(range(20))
    assert 0 < len(kept) < 20
    assert kept == list(range(len(kept)))
    assert store.last("a") == kept[-1]
    with pytest.raises(StudioError, match="room for kept steps"):
        raise ear.refused[0]
    assert len(ear.refused) == 1


def test_without_a_step_the_file_is_closed_all_the_same(tmp_path: Path) -> None:
    writer, ear = StepWriter(tmp_path / "a.steps"), Ear()
    StepThread(writer, ear.said, ear.refused.append).close()
    with pytest.raises(ValueError, match="closed"):
        writer.write(Step(0, 1))
    assert ear.batches == []
