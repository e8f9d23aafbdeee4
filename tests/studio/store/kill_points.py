"""Kill a process that writes a project, again and again, and count what it had promised and is lost.

    python tests/studio/store/kill_points.py --points 200 [--seed 7]

Half of the points are at a random moment, half in the middle of the n-th operation on a file (a write is then half
done). The writer says on its standard output what is safe by the store's promise; `verify` holds the store to it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from studio.core.artifact import Output  # noqa: E402
from studio.core.job import Job, JobState  # noqa: E402
from studio.core.media import RGB, TEXT  # noqa: E402
from studio.core.recipe import Recipe  # noqa: E402
from studio.core.request import Request  # noqa: E402
from studio.core.steps import Preview, Step, StepState, Tensor  # noqa: E402
from studio.store import Project, StepWriter  # noqa: E402

STEPS = 3
RANK = {JobState.QUEUED: 0, JobState.RUNNING: 1, JobState.DONE: 2}


# --- the writer ------------------------------------------------------------------------------------------------------


def say(*words: object) -> None:
    """One line, in one write: the parent reads either all of it or nothing."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def die() -> None:
    """What kill -9 does."""
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows: SIGTERM is TerminateProcess
    time.sleep(10)


def die_at(count: int) -> None:
    """From now on, die in the middle of the `count`-th operation on a file."""
    left = [count]

    def guard(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if name == "write" and args[0] in (1, 2):
                return original(*args, **kwargs)
            left[0] -= 1
            if left[0] == 0:
                if name == "write":
                    original(args[0], bytes(args[1])[: len(args[1]) // 2])
                elif count % 2:
                    original(*args, **kwargs)
                die()
            return original(*args, **kwargs)

        return call

    for name in ("write", "fsync", "replace", "ftruncate", "open"):
        setattr(os, name, guard(name, getattr(os, name)))


def write_forever(folder: Path, *, seed: int, at: int) -> None:
    """Queue, step, keep, star, save and remove until somebody kills this process."""
    chance = random.Random(seed)
    project = Project.open(folder)
    jobs, _ = project.queue.load()
    waiting = [job for job in jobs if not job.state.ended]
    say("open", len(jobs))
    if at:
        die_at(at)
    for round_number in range(100_000):
        while len(waiting) < 3:
            prompt = f"{uuid.uuid4().hex} by the river"
            request = Request("test.text", {"prompt": prompt}, seed=chance.randrange(2**32))
            job = Job(uuid.uuid4().hex, request, created=time.time())
            project.queue.save(job)
            say("queued", job.id, request.digest())
            waiting.append(job)
        job = waiting.pop(0)
        if job.state is JobState.QUEUED:
            job = job.to(JobState.RUNNING, started=time.time())
            project.queue.save(job)
        write_steps(project, job)
        data = f"{job.request.params['prompt']}\n{'x' * chance.randrange(20_000)}".encode()
        artifact = project.artifacts.keep(
            Output(TEXT, data, Recipe(job.request)), job=job.id, title=f"No. {round_number}", steps=job.id
        )
        say("kept", artifact.id, job.id, job.request.digest())
        job = job.to(JobState.DONE, artifacts=(artifact.id,))
        project.queue.save(job)
        say("done", job.id)
        if chance.random() < 0.4:
            project.artifacts.star(artifact.id, True)
            say("starred", artifact.id)
        if chance.random() < 0.3:
            say("removing", job.id)
            project.queue.remove(job.id)
        if chance.random() < 0.3:
            project.queue.reorder(reversed([item.id for item in waiting]))
        count = int((project.documents.load("picture") or {}).get("count", 0)) + 1
        project.documents.save("picture", {"count": count, "text": "y" * chance.randrange(5000)})
        say("document", count)


def write_steps(project: Project, job: Job) -> None:
    """The steps of one job, each with a preview and a state."""
    with StepWriter(project.steps.path(job.id)) as writer:
        for index in range(STEPS):
            colour = bytes([index * 20, 100, 200]) * 64
            state = StepState({"latents": Tensor("F32", (2, 8), os.urandom(64))}, {"index": index})
            writer.write(Step(index, STEPS, Preview(RGB, colour, 8, 8), has_state=True), state)
            say("stepped", job.id, index + 1)


# --- what was promised -----------------------------------------------------------------------------------------------


@dataclass
class Ledger:
    """All that the writers said is safe."""

    queued: dict[str, JobState] = field(default_factory=dict)
    removing: set[str] = field(default_factory=set)
    kept: dict[str, tuple[str, str]] = field(default_factory=dict)
    starred: set[str] = field(default_factory=set)
    steps: dict[str, int] = field(default_factory=dict)
    document: int = 0
    opened: int = 0

    def note(self, line: str) -> None:
        """Take down one whole line of a writer."""
        word, *rest = line.split()
        if word == "queued":
            self.queued[rest[0]] = JobState.QUEUED
        elif word == "done":
            self.queued[rest[0]] = JobState.DONE
        elif word == "removing":
            self.removing.add(rest[0])
        elif word == "kept":
            self.kept[rest[0]] = (rest[1], rest[2])
        elif word == "starred":
            self.starred.add(rest[0])
        elif word == "stepped":
            self.steps[rest[0]] = max(int(rest[1]), self.steps.get(rest[0], 0))
        elif word == "document":
            self.document = int(rest[0])
        elif word == "open":
            self.opened += 1


def verify(folder: Path, ledger: Ledger, *, rebuild: bool = False) -> list[str]:
    """A sentence for each promise that was broken. `rebuild` deletes the index first."""
    if rebuild:
        shutil.rmtree(folder / "cache", ignore_errors=True)
    with Project.open(folder) as project:
        return [
            *(_lost_jobs(project, ledger)),
            *(_lost_artifacts(project, ledger)),
            *(_lost_steps(project, ledger)),
            *(_lost_rest(project, ledger)),
        ]


def _lost_jobs(project: Project, ledger: Ledger) -> Iterator[str]:
    jobs = {job.id: job for job in project.queue.load()[0]}
    for job_id, state in ledger.queued.items():
        if job_id in jobs and RANK[jobs[job_id].state] < RANK[state]:
            yield f"job {job_id} fell back to {jobs[job_id].state}"
        if job_id not in jobs and job_id not in ledger.removing:
            yield f"queued job {job_id} is lost"
    for job in jobs.values():
        if any(project.artifacts.get(artifact) is None for artifact in job.artifacts):
            yield f"job {job.id} is done, but its artifact is lost"


def _lost_artifacts(project: Project, ledger: Ledger) -> Iterator[str]:
    shown = {artifact.id for artifact in project.library.search(limit=1_000_000)}
    for artifact_id, (job_id, digest) in ledger.kept.items():
        artifact = project.artifacts.get(artifact_id)
        if artifact is None:
            yield f"artifact {artifact_id} is lost"
            continue
        data = artifact.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != artifact_id:
            yield f"artifact {artifact_id} is damaged"
        if artifact.recipe is None or artifact.recipe.request.digest() != digest:
            yield f"artifact {artifact_id} lost its recipe"
            continue
        if artifact_id not in shown or artifact.id not in {a.id for a in project.artifacts.find(digest)}:
            yield f"artifact {artifact_id} is not in the library"
        if artifact.id not in {a.id for a in project.artifacts.of_job(job_id)}:
            yield f"artifact {artifact_id} lost its job"
        if artifact_id in ledger.starred and not artifact.starred:
            yield f"artifact {artifact_id} lost its star"
        words = str(artifact.recipe.request.params["prompt"])
        if artifact_id not in {a.id for a in project.library.search(words)}:
            yield f"artifact {artifact_id} is not found by its prompt"


def _lost_steps(project: Project, ledger: Ledger) -> Iterator[str]:
    for job_id, count in ledger.steps.items():
        steps = project.steps.read(job_id)
        if [step.index for step in steps[:count]] != list(range(count)):
            yield f"job {job_id} has {len(steps)} of {count} steps"
        elif project.steps.state(job_id, count - 1).values["index"] != count - 1:
            yield f"job {job_id} has a wrong state"


def _lost_rest(project: Project, ledger: Ledger) -> Iterator[str]:
    document = project.documents.load("picture") or {}
    if int(document.get("count", 0)) < ledger.document:
        yield f"the document is {document.get('count')}, not {ledger.document}"
    for left in project.folder.rglob(".tmp-*"):
        yield f"{left} was left behind"
    for notice in project.notices:
        yield f"a notice: {notice}"  # kill -9 damages nothing, so there is nothing to say


# --- killing ---------------------------------------------------------------------------------------------------------


def kill_once(folder: Path, ledger: Ledger, chance: random.Random) -> None:
    """Start a writer on the project, kill it somewhere, and note what it had promised until then."""
    at = chance.randrange(1, 120) if chance.random() < 0.5 else 0
    command = [
        sys.executable,
        __file__,
        "--write",
        str(folder),
        "--seed",
        str(chance.randrange(2**31)),
        "--at",
        str(at),
    ]
    # Without a buffer: what `readline` had read ahead, `communicate` would not give, and promises would be forgotten.
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    assert writer.stdout is not None
    assert writer.stderr is not None
    try:
        said = writer.stdout.readline()
        if not at:
            time.sleep(chance.random() * 0.25)
            writer.kill()
        rest, errors = writer.communicate(timeout=60)
    finally:
        writer.kill()
        writer.wait()
    lines = (said + rest).decode().split("\n")
    for line in lines[:-1]:
        ledger.note(line)
    if errors or not said:
        raise RuntimeError(f"the writer failed by itself:\n{errors.decode()}")


def run(folder: Path, *, points: int, seed: int, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Kill `points` writers on one project; what was promised and what was lost."""
    chance, ledger, losses = random.Random(seed), Ledger(), []
    for point in range(1, points + 1):
        kill_once(folder, ledger, chance)
        losses += [f"point {point}: {loss}" for loss in verify(folder, ledger, rebuild=point % 4 == 0)]
        if point % 20 == 0:
            progress(f"{point} points, {len(ledger.kept)} artifacts, {len(ledger.queued)} jobs, {len(losses)} losses")
    return {
        "points": points,
        "opened": ledger.opened,
        "artifacts": len(ledger.kept),
        "jobs": len(ledger.queued),
        "steps": sum(ledger.steps.values()),
        "losses": losses,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--at", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write_forever(given.write, seed=given.seed, at=given.at)
    with tempfile.TemporaryDirectory(prefix="studio-kill-") as home:
        report = run(
            Path(home) / "project",
            points=given.points,
            seed=given.seed,
            progress=lambda line: print(line, flush=True),  # noqa: T201
        )
    print(json.dumps(report, indent=1))  # noqa: T201
    return 1 if report["losses"] else 0


if __name__ == "__main__":
    sys.exit(main())
