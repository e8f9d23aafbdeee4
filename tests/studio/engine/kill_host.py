"""Kills the generation host at random points and counts what is lost; the answer must be nothing.

    python tests/studio/engine/kill_host.py --points 200 --seed 1

Pictures are queued all the time while hosts are killed. At the end every job must have ended, every finished one must
have its picture whole on disk, and with retries every picture that was asked for must be there.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from studio.core.events import Failed, Finished, Stepped
from studio.core.job import JobState
from tests.studio.engine.bench import Bench

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


@dataclass
class Tally:
    """What happened: jobs asked for, hosts killed, jobs that failed of it and were tried again."""

    jobs: int = 0
    kills: int = 0
    retries: int = 0


def kill_at_points(folder: Path, *, points: int, seed: int) -> Tally:
    """Run until `points` hosts were killed. Raises AssertionError where anything was lost."""
    dice, tally = random.Random(seed), Tally()
    asked: set[str] = set()
    with Bench(folder) as bench:
        while tally.kills < points:
            while sum(not job.state.ended for job in bench.engine.jobs()) < 3:
                request = bench.tiny(
                    seed=tally.jobs,
                    steps=dice.choice((1, 4, 12)),
                    pause=dice.choice((0.0, 0.01)),
                    early=dice.choice((0, 1)),
                )
                asked.add(bench.submit(request))
                tally.jobs += 1
            _kill_somewhere(bench, dice, tally)
            _retry_failed(bench, tally)
        _finish_all(bench, tally)
        _check(bench, asked)
    with Bench(folder) as bench:  # what the disk says is what was said
        _check(bench, asked)
    return tally


def _kill_somewhere(bench: Bench, dice: random.Random, tally: Tally) -> None:
    steps = len([event for event in bench.events if isinstance(event, Stepped)])
    if dice.random() < 0.7:  # in the middle of a job; else anywhere, also while the host starts
        bench.until(lambda: sum(isinstance(e, Stepped) for e in bench.events) > steps or bench.engine.held)
    time.sleep(dice.random() ** 3 * 0.5)
    pid = bench.host.pid if bench.workers else None
    if pid is not None:
        try:
            os.kill(pid, KILL)
        except ProcessLookupError:
            return
        tally.kills += 1
        hosts = len(bench.workers)
        if dice.random() < 0.8:
            bench.until(lambda: len(bench.workers) > hosts or bench.engine.held)
    bench.events += bench.mailbox.drain()


def _retry_failed(bench: Bench, tally: Tally) -> None:
    if bench.engine.held:
        bench.engine.hold(False)  # a host that dies while it starts puts the queue on hold
    for job in bench.engine.jobs():
        if job.state is JobState.FAILED:
            assert job.problem is not None
            assert "generation host" in job.problem.message, job.problem
            bench.engine.retry(job.id)
            tally.retries += 1


def _finish_all(bench: Bench, tally: Tally) -> None:
    deadline = time.monotonic() + 120
    while any(job.state is not JobState.DONE for job in bench.engine.jobs()):
        assert time.monotonic() < deadline, [job for job in bench.engine.jobs() if job.state is not JobState.DONE]
        _retry_failed(bench, tally)
        bench.until(lambda: True)
        time.sleep(0.02)
    bench.events += bench.mailbox.drain()


def _check(bench: Bench, asked: set[str]) -> None:
    for event in bench.events:
        if isinstance(event, Finished):
            for artifact in event.artifacts:
                assert artifact.path.exists(), f"{event.job_id} was finished and its picture is gone"
    for job_id in asked:
        job = bench.engine.job(job_id)
        if job is None:  # only the oldest of the done ones leave the queue by themselves
            assert len(bench.artifacts.of_job(job_id)) >= 1, f"{job_id} is lost"
            continue
        assert job.state is JobState.DONE, job
        assert len(job.artifacts) == 1 + job.request.params["early"], job
        for artifact_id in job.artifacts:
            path = bench.artifacts.path_of(artifact_id)
            assert path is not None, f"{job_id} is done and its picture is gone"
            assert _whole(path.read_bytes()), f"{path} is damaged"
    assert not [
        event for event in bench.events if isinstance(event, Failed) and "plugin failed" in event.problem.message
    ]


def _whole(png: bytes) -> bool:
    """True where every chunk of the PNG has its right checksum, up to the last."""
    position, kind = 8, b""
    while position < len(png):
        size = int.from_bytes(png[position : position + 4], "big")
        kind = png[position + 4 : position + 8]
        body = png[position + 4 : position + 8 + size]
        if zlib.crc32(body) != int.from_bytes(png[position + 8 + size : position + 12 + size], "big"):
            return False
        position += 12 + size
    return kind == b"IEND"


def main() -> None:
    """Run from a command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=200, help="how many hosts to kill")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tally = kill_at_points(Path(folder), points=options.points, seed=options.seed)
    sys.stdout.write(
        f"{tally.kills} hosts killed, {tally.jobs} pictures asked for, {tally.retries} jobs tried again, "
        f"nothing lost ({time.monotonic() - began:.0f} s)\n"
    )


if __name__ == "__main__":
    main()
