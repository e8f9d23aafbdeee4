"""Kills the window's process at random points and counts what is lost; the answer must be nothing.

    python tests/studio/engine/kill_window.py --points 200 --seed 1

A window without a face opens a real project, queues pictures and says what it was promised: a job once the mailbox
told of it, a picture once its Finished came. After each kill -9 the project is opened and every promise is checked.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from studio.core.events import Changed, Finished
from studio.core.job import JobState
from studio.store import Project
from tests.studio.engine.bench import Bench


@dataclass
class Promises:
    """What the windows were told before they were killed."""

    asked: set[str] = field(default_factory=set)
    finished: dict[str, list[str]] = field(default_factory=dict)
    kills: int = 0

    def note(self, line: str) -> None:
        """Take in one line of a window; the last may be torn."""
        kind, *words = line.split()
        if not line.endswith("\n") or not words:
            return
        if kind == "asked":
            self.asked.add(words[0])
        elif kind == "finished":
            self.finished[words[0]] = words[1:]


def window(folder: Path, seed: int) -> None:
    """Queue pictures and tell of them until killed."""
    dice = random.Random(seed)
    project = Project.open(folder)
    with Bench(folder, project=project) as bench:
        while True:
            if sum(not job.state.ended for job in bench.engine.jobs()) < 3:
                request = bench.tiny(
                    seed=dice.randrange(10**9), steps=dice.choice((1, 5, 20)), pause=dice.choice((0.0, 0.01)), early=1
                )
                bench.submit(request)
            for event in bench.mailbox.drain():
                if isinstance(event, Changed) and event.job is not None:
                    sys.stdout.write(f"asked {event.job_id}\n")
                if isinstance(event, Finished):
                    ids = " ".join(artifact.id for artifact in event.artifacts)
                    sys.stdout.write(f"finished {event.job_id} {ids}\n")
            sys.stdout.flush()
            bench.mail.wait(0.02)
            bench.mail.clear()


def kill_at_points(folder: Path, *, points: int, seed: int) -> Promises:
    """Start and kill `points` windows, one after the other, on one project. Raises AssertionError on any loss."""
    dice, promises = random.Random(seed), Promises()
    for point in range(points):
        command = [sys.executable, __file__, "--window", str(folder), "--seed", str(seed * 1000 + point)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(dice.random() ** 2 * 1.5)
            assert process.poll() is None, f"the window ended by itself: {first}"
            process.kill()
            promises.kills += 1
            for line in (first, *process.stdout):
                promises.note(line)
        check(folder, promises)
    finish(folder, promises)
    return promises


def check(folder: Path, promises: Promises) -> None:
    """Every job asked for is in the queue on disk, and every picture that was finished is there and whole."""
    project = Project.open(folder)
    try:
        jobs = {job.id: job for job in project.queue.load()[0]}
        for job_id in promises.asked - set(jobs):  # only the oldest of the done ones may have left the queue
            assert len(project.artifacts.of_job(job_id)) >= 2, f"{job_id} is lost"
        for job_id, artifacts in promises.finished.items():
            assert job_id not in jobs or jobs[job_id].state is JobState.DONE, jobs[job_id]
            for artifact_id in artifacts:
                path = project.artifacts.path_of(artifact_id)
                assert path is not None, f"the picture {artifact_id} is gone"
                assert hashlib.sha256(path.read_bytes()).hexdigest() == artifact_id, f"{path} is damaged"
                assert project.artifacts.get(artifact_id) is not None, f"{artifact_id} is not in the library"
    finally:
        project.close()


def finish(folder: Path, promises: Promises) -> None:
    """What is still queued runs to its end in one more window."""
    project = Project.open(folder)
    try:
        with Bench(folder, project=project) as bench:
            bench.until(lambda: all(job.state is JobState.DONE for job in bench.engine.jobs()), seconds=120)
            for job in bench.engine.jobs():
                assert len(job.artifacts) >= 2, (job, project.artifacts.of_job(job.id))
    finally:
        project.close()


def main() -> None:
    """Run from a command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=200, help="how many windows to kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--window", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.window is not None:
        window(options.window, options.seed)
        return
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        promises = kill_at_points(Path(folder) / "project", points=options.points, seed=options.seed)
    sys.stdout.write(
        f"{promises.kills} windows killed, {len(promises.asked)} jobs and {len(promises.finished)} pictures promised, "
        f"nothing lost ({time.monotonic() - began:.0f} s)\n"
    )


if __name__ == "__main__":
    main()
