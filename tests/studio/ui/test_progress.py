"""What the status bar says about a job."""

from __future__ import annotations

import pytest

from studio.core.errors import Problem
from studio.core.events import Cancelled, Failed, Finished, Paused, Previewed, Progressed, Started, Stepped
from studio.core.steps import Preview, Step
from studio.ui.progress import JobProgress, Report, in_bytes, shared_unit, time_left


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_left_follows_the_pace_of_the_steps() -> None:
    clock = Clock()
    progress = JobProgress("step", clock=clock)
    assert progress.follow(Started("j", "CPU")) == Report("Starting on CPU", None, busy=True)
    said = []
    for index in range(7):
        clock.now += 0.25
        report = progress.follow(Stepped("j", Step(index, 20)))
        assert report is not None
        said.append(report)
    assert said[0].text == "Step 1 of 20"
    assert said[-1] == Report("Step 7 of 20, about 3 s left", 7 / 20, busy=True)


def test_the_last_step_has_nothing_left_and_unknown_totals_have_no_fraction() -> None:
    progress = JobProgress("word", clock=Clock())
    assert progress.follow(Stepped("j", Step(0, 0))) == Report("Word 1", None, busy=True)
    assert progress.follow(Stepped("j", Step(1, 2))) == Report("Word 2 of 2", 1.0, busy=True)


def test_ends_in_words() -> None:
    progress = JobProgress()
    assert progress.follow(Progressed("j", "Loading", 0.5)) == Report("Loading", 0.5, busy=True)
    assert progress.follow(Finished("j", ())) == Report("Done", 1.0)
    assert progress.follow(Failed("j", Problem("No memory."))) == Report("Failed: No memory.")
    assert progress.follow(Cancelled("j")) == Report("Cancelled")
    assert progress.follow(Paused("j")) == Report("Paused", paused=True)
    assert progress.follow(Previewed("j", Preview("text/plain", b""))) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "less than 1 s left"), (3.4, "about 3 s left"), (200, "about 3 min left"), (7200, "about 2.0 h left")],
)
def test_time_left(seconds: float, words: str) -> None:
    assert time_left(seconds) == words


def test_sizes_have_units() -> None:
    assert [in_bytes(n) for n in (0, 999, 1500, 35_400_000, 3_100_000_000)] == [
        "0 bytes",
        "999 bytes",
        "2 kB",
        "35 MB",
        "3.1 GB",
    ]
    assert shared_unit(3_100_000_000, 16_000_000_000) == "3.1 of 16.0 GB"
    assert shared_unit(200_000_000, 16_000_000_000) == "200 MB of 16.0 GB"
