"""The queue on disk: order, hold and every job survive, whatever the log looks like."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import Problem, StudioError
from studio.core.job import Job, JobState
from studio.core.request import Request
from studio.store import JobJournal

Ask = Callable[..., Request]


def job(ask: Ask, number: int, **more: Any) -> Job:
    return Job(f"{number:032x}", ask(f"picture {number}"), title=f"Picture {number}", created=number, **more)


@pytest.fixture
def journal(tmp_path: Path) -> JobJournal:
    return JobJournal(tmp_path / "queue")


def again(journal: JobJournal) -> tuple[tuple[Job, ...], bool]:
    return JobJournal(journal.path.parent).load()


def test_an_empty_queue(journal: JobJournal) -> None:
    assert journal.load() == ((), False)


def test_jobs_order_and_hold_come_back(journal: JobJournal, ask: Ask) -> None:
    jobs = [job(ask, n) for n in range(4)]
    for item in jobs:
        journal.save(item)
    failed = jobs[1].to(JobState.RUNNING).to(JobState.FAILED, problem=Problem("No.", "Try.", "x"))
    journal.save(failed)
    journal.reorder([jobs[3].id, jobs[0].id, "unknown"])
    journal.remove(jobs[2].id)
    journal.set_held(True)
    assert again(journal) == ((jobs[3], jobs[0], failed), True)
    assert journal.load() == again(journal)
    journal.set_held(False)
    assert again(journal)[1] is False


def test_cut_off_anywhere_only_the_last_entry_may_be_missing(journal: JobJournal, ask: Ask) -> None:
    jobs = [job(ask, n) for n in range(3)]
    sizes = []
    for item in jobs:
        journal.save(item)
        sizes.append(journal.path.stat().st_size)
    data = journal.path.read_bytes()
    for length in range(0, len(data), 11):
        journal.path.write_bytes(data[:length])
        fresh = JobJournal(journal.path.parent)
        assert len(fresh.load()[0]) >= sum(size <= length for size in sizes)
        assert fresh.notices == []  # a torn end is what kill -9 leaves: nothing to worry anybody with
        fresh.save(job(ask, 9))
        assert again(fresh)[0][-1] == job(ask, 9)
        fresh.path.write_bytes(data)


def test_a_damaged_line_costs_only_itself_and_is_said(journal: JobJournal, ask: Ask) -> None:
    for n in range(4):
        journal.save(job(ask, n))
    lines = journal.path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"Picture 1", b"Picture 7")
    journal.path.write_bytes(b"".join(lines))
    fresh = JobJournal(journal.path.parent)
    assert [item.title for item in fresh.load()[0]] == ["Picture 0", "Picture 2", "Picture 3"]
    assert "1 of its entries" in fresh.notices[0]
    copies = [p for p in journal.path.parent.iterdir() if "damaged" in p.name]
    assert copies[0].read_bytes() == b"".join(lines)
    assert JobJournal(journal.path.parent).load()[0] == fresh.load()[0]


def test_fields_of_a_newer_studio_survive(journal: JobJournal, ask: Ask) -> None:
    from studio.store.journal import _pack

    data = {**job(ask, 1).to_json(), "colour": "blue"}
    strange = {"id": "f" * 32, "shape": "round"}
    journal.path.parent.mkdir()
    journal.path.write_bytes(_pack({"format": 1}) + _pack({"job": data}) + _pack({"job": strange}))
    assert [item.id for item in journal.load()[0]] == [job(ask, 1).id]
    journal.save(job(ask, 1).to(JobState.RUNNING))
    journal._compact()
    text = journal.path.read_text()
    assert '"colour":"blue"' in text
    assert '"shape":"round"' in text


def test_a_newer_format_is_refused_and_not_touched(journal: JobJournal, ask: Ask) -> None:
    from studio.store.journal import _pack

    journal.path.parent.mkdir()
    journal.path.write_bytes(_pack({"format": 99}))
    with pytest.raises(StudioError, match="newer version"):
        journal.load()
    with pytest.raises(StudioError, match="newer version"):
        journal.save(job(ask, 1))
    assert journal.path.read_bytes() == _pack({"format": 99})


@pytest.mark.parametrize("name", ["write", "fsync"])
def test_a_full_disk_is_said_and_the_log_stays_sound(
    journal: JobJournal, ask: Ask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    journal.save(job(ask, 1))
    original = os.write

    def full(number: int, *rest: Any) -> int:
        if rest:
            original(number, bytes(rest[0])[:50])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, name, full)
        with pytest.raises(StudioError, match="disk is full"):
            journal.save(job(ask, 2))
    assert again(journal)[0] == journal.load()[0] == (job(ask, 1),)
    journal.save(job(ask, 3))
    fresh = JobJournal(journal.path.parent)
    assert [item.title for item in fresh.load()[0]] == ["Picture 1", "Picture 3"]
    assert fresh.notices == []


def test_the_log_stays_short(journal: JobJournal, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda number: None)
    waiting = Job("a" * 32, ask("x" * 5000))
    for _ in range(1000):
        journal.save(waiting)
    assert journal.path.stat().st_size < 2_000_000
    assert again(journal)[0] == (waiting,)


def test_a_log_deleted_meanwhile_is_written_again(journal: JobJournal, ask: Ask) -> None:
    journal.save(job(ask, 1))
    journal.path.unlink()
    journal.save(job(ask, 2))
    assert [item.title for item in again(journal)[0]] == ["Picture 1", "Picture 2"]


def test_many_threads_lose_nothing(journal: JobJournal, ask: Ask) -> None:
    def save(start: int) -> None:
        for n in range(start, start + 20):
            journal.save(job(ask, n))

    threads = [threading.Thread(target=save, args=(start,)) for start in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(again(journal)[0]) == 80
