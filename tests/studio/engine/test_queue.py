"""The job queue as pure logic: random sequences of what people do, checked against the journal on disk."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.core.job import Job, JobState
from studio.core.request import Request
from studio.engine.queue import ENDED_KEPT, JobQueue
from studio.store.journal import JobJournal

WAITING = (JobState.QUEUED, JobState.PAUSED)


def make(folder: Path) -> tuple[JobQueue, list[tuple[str, Job | None]]]:
    told: list[tuple[str, Job | None]] = []
    queue = JobQueue(JobJournal(folder), lambda job_id, job: told.append((job_id, job)))
    queue.load(lambda job: job.to(JobState.QUEUED))
    return queue, told


def job(name: str, state: JobState = JobState.QUEUED, ended: float = 0.0) -> Job:
    return Job(name, Request("a.b"), state=state, ended=ended)


def order(queue: JobQueue) -> list[str]:
    return [item.id for item in queue.jobs() if item.state in WAITING]


def test_jobs_are_taken_in_order_and_paused_ones_passed_over(tmp_path: Path) -> None:
    queue, _ = make(tmp_path)
    for name in "abc":
        queue.add(job(name))
    queue.change("a", JobState.PAUSED)
    taken = queue.take(started=5.0)
    assert taken is not None
    assert (taken.id, taken.started) == ("b", 0.0)
    running = queue.get("b")
    assert running is not None
    assert (running.state, running.started) == (JobState.RUNNING, 5.0)
    queue.hold(True)
    assert queue.take(started=6.0) is None


def test_a_running_job_comes_back_in_front_and_a_retried_one_behind(tmp_path: Path) -> None:
    queue, _ = make(tmp_path)
    for name in "abc":
        queue.add(job(name))
    queue.take(started=1.0)
    queue.change("a", JobState.PAUSED)
    assert order(queue) == ["a", "b", "c"]
    queue.change("b", JobState.CANCELLED)
    queue.change("b", JobState.QUEUED)
    assert order(queue) == ["a", "c", "b"]
    assert order(make(tmp_path)[0]) == ["a", "c", "b"]


def test_a_change_that_life_does_not_have_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    queue, _ = make(tmp_path)
    queue.add(job("a"))
    queue.change("a", JobState.CANCELLED)
    with pytest.raises(ValueError):
        queue.change("a", JobState.RUNNING)
    assert queue.change("a", JobState.QUEUED, only=(JobState.PAUSED,)) is None
    assert queue.change("nobody", JobState.QUEUED) is None
    found = queue.get("a")
    assert found is not None
    assert found.state is JobState.CANCELLED


def test_a_running_job_cannot_be_removed(tmp_path: Path) -> None:
    queue, _ = make(tmp_path)
    queue.add(job("a"))
    queue.take(started=1.0)
    with pytest.raises(StudioError):
        queue.remove("a")
    queue.remove("nobody")


def test_moves_that_make_no_sense_do_nothing(tmp_path: Path) -> None:
    queue, told = make(tmp_path)
    for name in "abc":
        queue.add(job(name))
    told.clear()
    queue.move("nobody", "a")
    queue.move("a", "a")
    assert (order(queue), told) == (["a", "b", "c"], [])
    queue.move("a", "nobody")
    assert order(queue) == ["b", "c", "a"]


def test_old_ended_jobs_leave_by_themselves(tmp_path: Path) -> None:
    queue, told = make(tmp_path)
    for number in range(ENDED_KEPT + 3):
        queue.add(job(f"{number:04}", JobState.DONE, ended=float(number)))
    assert len(queue.jobs()) == ENDED_KEPT
    assert queue.get("0002") is None
    assert queue.get("0003") is not None
    assert ("0000", None) in told


@pytest.mark.parametrize("seed", range(6))
def test_whatever_people_do_the_disk_says_the_same(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    queue, told = make(tmp_path)
    names: list[str] = []
    for turn in range(120):
        act = dice.choice(["add", "take", "end", "pause", "resume", "retry", "move", "remove", "hold", "restart"])
        name = dice.choice(names) if names else ""
        if act == "add":
            names.append(f"{turn:03}")
            queue.add(job(names[-1]))
        elif act == "take":
            queue.take(started=float(turn))
        elif act == "end":
            state = dice.choice([JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.PAUSED])
            queue.change(name, state, only=(JobState.RUNNING,), ended=float(turn))
        elif act == "pause":
            queue.change(name, JobState.PAUSED, only=(JobState.QUEUED,))
        elif act == "resume":
            queue.change(name, JobState.QUEUED, only=(JobState.PAUSED,))
        elif act == "retry":
            queue.change(name, JobState.QUEUED, only=(JobState.FAILED, JobState.CANCELLED))
        elif act == "move":
            queue.move(name, dice.choice([None, *names]))
        elif act == "remove" and name and getattr(queue.get(name), "state", None) is not JobState.RUNNING:
            queue.remove(name)
        elif act == "hold":
            queue.hold(dice.random() < 0.3)
        elif act == "restart":
            running = [item.id for item in queue.jobs() if item.state is JobState.RUNNING]
            waiting, held = order(queue), queue.held
            queue, told = make(tmp_path)
            assert order(queue)[len(running) :] == waiting
            assert set(order(queue)[: len(running)]) == set(running)
            assert queue.held == held
    seen = {job_id: item for job_id, item in told}  # noqa: C416 - the last word on each job
    assert {job_id: item for job_id, item in seen.items() if item} == {item.id: item for item in queue.jobs()}
