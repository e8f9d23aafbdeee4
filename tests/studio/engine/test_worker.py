"""The worker's loop from the inside: its pool, its device, and what it does when the other end is gone."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.core.request import Request
from studio.core.steps import Step, StepState
from studio.engine import ModelPool, PluginHost
from studio.engine.context import Order
from studio.engine.frames import Frame
from studio.engine.worker import serve
from tests.studio.engine.bench import WORKING


class Sink:
    """Steps in memory; `full` after so many."""

    def __init__(self, room: int = 10_000) -> None:
        self.room, self.steps, self.closed = room, list[Step](), False

    def write(self, step: Step, state: StepState | None, /) -> None:
        if len(self.steps) >= self.room:
            raise StudioError("The disk is full.")
        self.steps.append(step)

    def write_all(self, items: Sequence[tuple[Step, StepState | None]], /) -> Iterator[int]:
        for number, item in enumerate(items, start=1):
            self.write(*item)
            yield number

    def close(self) -> None:
        self.closed = True


class Line:
    """Both ends of a line in memory."""

    def __init__(self, scratch: Path) -> None:
        self.plugins = PluginHost(WORKING, entry_points=False)
        self.plugins.load()
        self.pool = ModelPool(100)
        self.sink = Sink()
        self.relieved: list[int] = []
        self.lost: list[int] = []
        self.status: Callable[[], tuple[str, int, int]] = lambda: ("Test", 1, 2)
        self.inbox: queue.Queue[Frame | None] = queue.Queue()
        self.outbox: queue.Queue[Frame] = queue.Queue()
        self.scratch = scratch
        self.receive = self.inbox.get
        self.send = self.outbox.put
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        serve(
            self,
            self.plugins,
            lambda path, room: self.sink,
            scratch=self.scratch,
            pool=self.pool,
            status=lambda: self.status(),
            relieve=lambda: self.relieved.append(1),
            lost=lambda: self.lost.append(1),
        )

    def order(self, job: str, request: Request, kind: str = "run", **changes: Any) -> None:
        self.inbox.put(replace(Order(job=job, request=request, asked=request, steps=Path("x")), **changes).frame(kind))

    def hear(self, kind: str, *, job: str = "") -> Frame:
        """The next frame of a kind; the others are passed over."""
        deadline = time.monotonic() + 20
        while True:
            frame = self.outbox.get(timeout=max(deadline - time.monotonic(), 0.01))
            if frame.kind == kind and (not job or frame.data.get("job") == job):
                return frame


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "scratch")
    made.thread.start()
    assert made.hear("ready").data["scratch"] == str(tmp_path / "scratch")
    yield made
    made.inbox.put(None)
    made.thread.join(timeout=10)


STORM = Request("stormy.storm", {"mood": "sunny"})


def test_when_memory_runs_out_the_pool_is_dropped_and_the_device_relieved(line: Line) -> None:
    line.order("a", STORM.with_params(mood="memory"))
    end = line.hear("end", job="a")
    assert end.data["state"] == "failed"
    assert not end.data["bug"]
    line.hear("free")
    assert line.pool.used == 0
    assert line.relieved == [1]


def test_what_is_cached_stays_for_the_next_job_and_is_the_plugins_own(line: Line) -> None:
    line.order("warm", Request("tiny.picture"), "warm")
    line.hear("free")
    assert ("tiny", "palette") in line.pool


def test_a_device_that_fails_to_tell_its_memory_costs_nothing(line: Line) -> None:
    def broken() -> tuple[str, int, int]:
        raise RuntimeError("driver")

    line.status = broken
    line.order("a", STORM)
    assert line.hear("end", job="a").data["state"] == "done"


def test_a_full_disk_costs_the_steps_and_not_the_job(line: Line) -> None:
    line.sink.room = 2
    line.order("a", Request("tiny.picture", {"steps": 5, "width": 4, "height": 4}))
    states: list[bool] = []
    while len(states) < 5:
        states += [step["has_state"] for step in line.hear("steps").data["steps"]]
    assert states == [True, True, False, False, False]
    assert line.hear("end", job="a").data["state"] == "done"
    assert len(line.sink.steps) == 2


def test_scratch_is_the_jobs_own_and_gone_afterwards(line: Line) -> None:
    line.order("a", STORM)
    line.hear("free")
    assert not (line.scratch / "a").exists()


def test_when_the_window_is_gone_in_the_middle_of_a_job_the_process_is_told(line: Line) -> None:
    line.order("a", Request("tiny.picture", {"steps": 10_000, "pause": 0.01}))
    line.hear("steps")
    line.inbox.put(None)
    line.thread.join(timeout=10)
    assert line.lost == [1]
    assert not line.thread.is_alive()


def test_when_idle_stop_just_ends_the_loop(line: Line) -> None:
    line.inbox.put(Frame("stop"))
    line.thread.join(timeout=10)
    assert not line.thread.is_alive()
    assert line.lost == []


def test_the_next_step_waits_until_an_early_output_is_kept(line: Line) -> None:
    line.order("a", Request("tiny.picture", {"steps": 3, "early": 1, "width": 4, "height": 4}))
    line.hear("output", job="a")
    time.sleep(0.2)
    assert line.sink.steps == []
    line.inbox.put(Frame("kept", {"job": "a"}))
    line.hear("end", job="a")
    assert len(line.sink.steps) == 3


def test_frames_about_jobs_nobody_knows_are_passed_over(line: Line) -> None:
    for kind in ("cancel", "pause", "look", "credit", "kept", "nonsense"):
        line.inbox.put(Frame(kind, {"job": "ghost", "on": True}))
    line.order("a", STORM)
    assert line.hear("end", job="a").data["state"] == "done"


def test_an_order_for_something_that_is_not_there_fails_in_words(line: Line) -> None:
    line.order("a", Request("nobody.there"))
    end = line.hear("end", job="a")
    assert "not available" in end.data["problem"][0]


def test_jobs_are_run_in_the_order_in_which_they_came(line: Line) -> None:
    for number in range(5):
        line.order(str(number), STORM)
    assert [line.hear("end").data["job"] for _ in range(5)] == list("01234")


def test_warming_makes_way_for_a_job_that_needs_something_else(line: Line) -> None:
    line.order("warm", STORM, "warm")  # would take half a minute
    line.hear("progress", job="warm")
    begun = time.monotonic()
    line.order("a", Request("tiny.picture"))
    assert line.hear("progress", job="a").data["message"] == "Loading what it needs"
    assert line.hear("end", job="a").data["state"] == "done"
    assert time.monotonic() - begun < 15


def test_a_job_behind_the_warming_is_cancelled_at_once(line: Line) -> None:
    line.order("warm", STORM, "warm")
    line.hear("progress", job="warm")
    line.order("a", STORM)
    line.inbox.put(Frame("cancel", {"job": "a"}))
    end = line.hear("end", job="a")
    assert (end.data["state"], end.data["busy"]) == ("cancelled", True)
    line.order("b", Request("tiny.picture"))
    assert line.hear("end").data == {"job": "b", "busy": False, "state": "done"}  # a is not run any more


def test_no_step_is_kept_after_an_output_that_nobody_took(line: Line) -> None:
    """The window dies with an output on its way: the job must make it again, so its step must not count as done."""
    line.order("a", Request("tiny.picture", {"steps": 3, "early": 1, "width": 4, "height": 4}))
    line.hear("output", job="a")
    line.inbox.put(None)
    line.thread.join(timeout=10)
    assert line.sink.steps == []
