"""What survives: the queue, its order, what ran when the program died, and results the disk did not take."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from studio.core.events import Cancelled, Changed, Failed, Finished, Stepped, Unsaved
from studio.core.job import Job, JobState
from studio.store.journal import JobJournal
from tests.studio.engine.bench import Bench

ROOT = Path(__file__).parents[3]

WINDOW = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.studio.engine.bench import Bench
from studio.core.events import Stepped
with Bench(Path({folder!r})) as bench:
    jobs = [bench.submit(bench.text(seed=seed, length=40, pause=0.02)) for seed in range(3)]
    bench.engine.move(jobs[2], jobs[1])
    bench.wait_for(jobs[0], Stepped, times=5)
    print(bench.host.pid, *jobs, flush=True)
    while True:
        bench.until(lambda: True)
        time.sleep(0.01)
"""


def test_kill_of_the_window_ends_the_host_and_loses_no_job(tmp_path: Path) -> None:
    code = WINDOW.format(root=str(ROOT), folder=str(tmp_path))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "TEMP": str(temporary)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment) as window:
        assert window.stdout is not None
        pid, *jobs = window.stdout.readline().split()
        host = psutil.Process(int(pid))
        assert list(temporary.iterdir())  # the host's scratch folder
        window.kill()
        window.wait()
    host.wait(timeout=10)  # raises if it lives on without its window
    assert not list(temporary.iterdir())
    with Bench(tmp_path) as bench:
        first, second, third = jobs
        bench.events += bench.mailbox.drain()
        assert set(jobs) <= {event.job_id for event in bench.events if isinstance(event, Changed)}
        for job_id in jobs:
            bench.wait_for(job_id, Finished)
        assert [event.job_id for event in bench.events if isinstance(event, Finished)] == [first, third, second]
        assert bench.of(first, Stepped)[0].step.index >= 5  # it went on where it was
        assert bench.job(first).artifacts


def test_a_job_of_an_earlier_sitting_waits_for_its_model_to_be_found(tmp_path: Path) -> None:
    """At the start the artist's folder of models has not been looked through yet when the queue goes on."""
    with Bench(tmp_path) as bench:
        bench.engine.hold(True)
        job_id = bench.submit(bench.text(length=6))
        words = bench.models.known["test/words"]
    later = Bench(tmp_path)
    later.models.known.clear()
    later.models.on_disk["test/words"] = words
    with later as bench:
        bench.engine.hold(False)
        bench.wait_for(job_id, Finished)


class Recorder(JobJournal):
    """The real journal, which writes down what was seen when each entry was made."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seen: list[tuple[str, Any]] = []
        self.look = lambda job_id: None
        self.full = False

    def save(self, job: Job) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().save(job)
        self.seen.append((str(job.state), self.look(job.id)))


def test_every_state_is_on_disk_before_it_is_told(tmp_path: Path) -> None:
    journal = Recorder(tmp_path)
    with Bench(tmp_path, live="inline", journal=journal) as bench:

        def told(job_id: str) -> str | None:
            bench.events += bench.mailbox.drain()
            return (bench.states(job_id) or [None])[-1]

        journal.look = told
        job_id = bench.submit(bench.tiny())
        bench.wait_for(job_id, Finished)
    assert journal.seen == [
        ("queued", None),
        ("running", "queued"),
        ("running", "running"),  # with the ids of what is about to be kept
        ("done", "running"),
    ]


def test_the_order_survives(tmp_path: Path) -> None:
    with Bench(tmp_path, live="inline") as bench:
        bench.engine.hold(True)
        a, b, c, d = (bench.submit(bench.tiny(seed=seed)) for seed in range(4))
        bench.engine.cancel(b)
        bench.engine.move(d, a)
        bench.engine.pause(c)
        bench.engine.retry(b)
    with Bench(tmp_path, live="inline") as bench:
        assert bench.engine.held
        assert [(job.id, str(job.state)) for job in bench.engine.jobs()] == [
            (d, "queued"),
            (a, "queued"),
            (c, "paused"),
            (b, "queued"),
        ]


def leave_running(folder: Path, *, artifacts: bool) -> str:
    """A project as a program leaves it that died in the moment before it wrote that a job was done."""
    journal = Recorder(folder)
    with Bench(folder, live="inline", journal=journal) as bench:
        waiting = bench.submit(bench.tiny(seed=1, steps=2))
        bench.wait_for(waiting, Finished)
        running = bench.job(waiting)
    fresh = JobJournal(folder)
    fresh.load()
    from dataclasses import replace

    fresh.save(replace(running, state=JobState.RUNNING, artifacts=running.artifacts if artifacts else ()))
    return waiting


def test_a_job_whose_results_are_all_there_is_done(tmp_path: Path) -> None:
    job_id = leave_running(tmp_path, artifacts=True)
    with Bench(tmp_path, live="inline") as bench:
        bench.events += bench.mailbox.drain()
        assert bench.job(job_id).state is JobState.DONE
        assert bench.job(job_id).artifacts
        assert bench.of(job_id, Stepped) == []


def test_a_job_of_which_nobody_knows_whether_all_is_there_runs_again_in_front(tmp_path: Path) -> None:
    job_id = leave_running(tmp_path, artifacts=False)
    journal = JobJournal(tmp_path)
    journal.load()
    journal.set_held(True)
    with Bench(tmp_path, live="inline") as bench:
        other = bench.submit(bench.tiny(seed=77))
        assert [job.id for job in bench.engine.jobs()] == [job_id, other]
        bench.engine.hold(False)
        bench.wait_for(other, Finished)
        assert [event.job_id for event in bench.events if isinstance(event, Finished)] == [job_id, other]
        assert set(bench.job(job_id).artifacts) == {artifact.id for artifact in bench.artifacts.of_job(job_id)}


def test_a_result_the_disk_did_not_take_is_kept_when_there_is_room_again(tmp_path: Path) -> None:
    with Bench(tmp_path, live="inline") as bench:
        bench.artifacts.full = True
        job_id = bench.submit(bench.tiny(steps=3))
        problem = bench.wait_for(job_id, Failed).problem
        assert (problem.message, problem.hint) == ("The disk is full.", "Make room, then try again.")
        bench.artifacts.full = False
        bench.engine.retry(job_id)
        (artifact,) = bench.wait_for(job_id, Finished).artifacts
        assert artifact.path.exists()
        assert len(bench.of(job_id, Stepped)) == 3  # it was not made a second time


def test_a_full_disk_refuses_a_job_and_keeps_a_finished_one(tmp_path: Path) -> None:
    journal = Recorder(tmp_path)
    with Bench(tmp_path, live="inline", journal=journal) as bench:
        job_id = bench.submit(bench.tiny(steps=200, pause=0.01))
        bench.wait_for(job_id, Stepped)
        journal.full = True
        refused = bench.submit(bench.tiny(seed=2))
        problem = bench.wait_for(refused, Failed).problem
        assert "cannot be saved" in problem.message
        assert bench.job(refused).problem == problem
        bench.wait_for(job_id, Finished)
        assert bench.job(job_id).state is JobState.DONE
        assert bench.engine.held
        journal.full = False
        bench.engine.hold(False)
        bench.wait_for(bench.submit(bench.tiny(seed=3)), Finished)
        bench.engine.retry(refused)
        bench.wait_for(refused, Finished)


def test_a_change_that_the_disk_refuses_holds_and_is_told(tmp_path: Path) -> None:
    journal = Recorder(tmp_path)
    with Bench(tmp_path, live="inline", journal=journal) as bench:
        bench.engine.hold(True)
        job_id = bench.submit(bench.tiny())
        bench.wait_for(job_id, Changed)
        journal.full = True
        bench.engine.cancel(job_id)
        assert "cannot be saved" in bench.wait_for(job_id, Unsaved).problem.message
        assert bench.job(job_id).state is JobState.CANCELLED
        journal.full = False
    with Bench(tmp_path, live="inline") as bench:
        assert bench.job(job_id).state is JobState.QUEUED  # nothing is lost but the change itself


class Slow(Recorder):
    """A disk that writes nothing until it is let."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.go = threading.Event()
        self.written: list[str] = []

    def save(self, job: Job) -> None:
        assert self.go.wait(20)
        super().save(job)
        self.written.append(f"{job.request.seed} {job.state}")


def test_nothing_asked_of_the_queue_waits_for_the_disk_and_nothing_starts_before_it_is_there(tmp_path: Path) -> None:
    journal = Slow(tmp_path)
    with Bench(tmp_path, live="inline", journal=journal) as bench:
        a, b, c, d = (bench.submit(bench.tiny(seed=seed, steps=1)) for seed in range(4))
        bench.engine.move(d, b)
        bench.engine.cancel(c)
        bench.engine.pause(b)
        bench.engine.resume(b)
        bench.engine.remove(c)
        assert [job.id for job in bench.engine.jobs()] == [a, d, b]  # seen at once
        bench.engine.warm("tiny.picture")
        bench.until(lambda: bench.workers)  # the engine goes about its business meanwhile
        assert bench.mailbox.drain() == []
        assert journal.written == []
        journal.go.set()
        bench.until(lambda: bench.of(d, Finished) and bench.of(b, Finished))
    ended = [event.job_id for event in bench.events if isinstance(event, (Finished, Cancelled))]
    assert ended.index(a) < ended.index(d) < ended.index(b)
    assert c in ended
    assert journal.written[:4] == ["0 queued", "1 queued", "2 queued", "3 queued"]


def test_when_the_queue_cannot_be_written_no_job_is_started_and_one_says_why(tmp_path: Path) -> None:
    journal = Recorder(tmp_path)
    with Bench(tmp_path, live="inline", journal=journal) as bench:
        bench.engine.hold(True)
        jobs = [bench.submit(bench.tiny(seed=seed)) for seed in range(3)]
        bench.wait_for(jobs[-1], Changed)
        journal.full = True
        bench.engine.hold(False)
        problem = bench.wait_for(jobs[0], Failed).problem
        assert "cannot be saved" in problem.message
        assert [bench.job(job_id).state for job_id in jobs[1:]] == [JobState.QUEUED] * 2
        journal.full = False
        bench.engine.retry(jobs[0])
        bench.engine.hold(False)
        for job_id in jobs:
            bench.wait_for(job_id, Finished)


def test_closing_leaves_the_running_job_for_the_next_start(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        job_id = bench.submit(bench.text(length=60, pause=0.02))
        bench.wait_for(job_id, Stepped, times=3)
        host = psutil.Process(bench.host.pid)
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    assert not host.is_running()
    with Bench(tmp_path) as bench:
        bench.wait_for(job_id, Finished)


def test_a_generation_lets_the_window_and_its_sound_go_first(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        bench.wait_for(bench.submit(bench.text(length=6)), Finished)
        host, window = psutil.Process(bench.host.pid).nice(), psutil.Process().nice()
        assert host == psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else host > window or host == 19
