"""Contact sheets: jobs that pause themselves at a share of their steps, chosen from at any time, also tomorrow."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.events import Cancelled, Changed, Finished, Paused, Stepped
from studio.core.job import JobState
from studio.store import Project
from tests.studio.engine.bench import Bench


def states(bench: Bench) -> dict[int, str]:
    return {job.request.seed: str(job.state) for job in bench.engine.jobs()}


def test_a_sheet_is_there_after_a_restart_and_can_still_be_chosen_from(tmp_path: Path) -> None:
    with Project.open(tmp_path / "project") as project, Bench(project.folder, live="inline", project=project) as bench:
        first = bench.engine.contact_sheet(bench.tiny(steps=8), [5, 3, 4], until=0.25)
        second = bench.engine.contact_sheet(bench.tiny(steps=8), [7], until=0.5)
        for job in (*first, *second):
            bench.wait_for(job.id, Paused)
        bench.engine.cancel(first[1].id)
        bench.wait_for(first[1].id, Cancelled)
    with Project.open(tmp_path / "project") as project, Bench(project.folder, live="inline", project=project) as bench:
        one, two = bench.engine.sheets()
        assert [job.request.seed for job in one] == [5, 3, 4]
        assert [str(job.state) for job in one] == ["paused", "cancelled", "paused"]
        assert [job.id for job in two] == [second[0].id]
        assert [step.index for step in project.steps.read(one[0].id)] == [0, 1]  # what the sheet shows
        bench.engine.choose(one[0].sheet, {first[2].id})
        bench.wait_for(first[2].id, Finished)
        bench.wait_for(first[0].id, Cancelled)
        assert [jobs[0].id for jobs in bench.engine.sheets()] == [second[0].id]
        bench.engine.choose(second[0].sheet, ())
        bench.wait_for(second[0].id, Cancelled)
        assert bench.engine.sheets() == ()
        assert states(bench) == {5: "cancelled", 3: "cancelled", 4: "done", 7: "cancelled"}


@pytest.mark.parametrize("live", ["process", "inline"])
def test_one_that_is_chosen_before_its_share_goes_on_over_it(tmp_path: Path, live: str) -> None:
    with Bench(tmp_path, live=live) as bench:
        running, waiting, dropped = bench.engine.contact_sheet(bench.tiny(steps=20, pause=0.03), [1, 2, 3], until=0.5)
        bench.wait_for(running.id, Stepped, times=2)
        bench.engine.choose(running.sheet, {running.id, waiting.id})
        for job in (running, waiting):
            bench.wait_for(job.id, Finished)
            assert not bench.of(job.id, Paused)
            assert [event.step.index for event in bench.of(job.id, Stepped)] == list(range(20))
        assert bench.job(dropped.id).state is JobState.CANCELLED


def test_one_that_is_chosen_in_the_moment_in_which_it_pauses_goes_on(tmp_path: Path) -> None:
    with Bench(tmp_path, live="inline") as bench:
        (job,) = bench.engine.contact_sheet(bench.tiny(steps=4), [1], until=0.5)
        bench.until(lambda: any(event.step.index == 1 for event in bench.of(job.id, Stepped)))
        bench.engine.resume(job.id)  # the worker has paused by now; whether the engine knows is chance
        bench.wait_for(job.id, Finished)
        told = [event.job.until for event in bench.of(job.id, Changed) if event.job is not None]
        assert (told[0], told[-1]) == (0.5, 0.0)
