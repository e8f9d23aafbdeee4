"""The child process itself: it starts, talks, and never outlives its window."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from studio.engine import ProcessWorker, host_command
from studio.engine.frames import Frame
from tests.studio.engine.bench import WORKING, Bench

ROOT = Path(__file__).parents[3]
ECHO = """
import os, sys
sys.path.insert(0, {root!r})
from studio.engine.frames import Frame, pack, unpack
from studio.generation_host import _take_the_line
line = _take_the_line()
line.send(Frame("ready"))
while (frame := line.receive()) is not None and frame.kind != "stop":
    {act}
"""


@contextmanager
def child(act: str = "line.send(frame)", code: str = ECHO) -> Iterator[tuple[ProcessWorker, queue.Queue[Any]]]:
    heard: queue.Queue[Any] = queue.Queue()
    worker = ProcessWorker([sys.executable, "-c", code.format(root=str(ROOT), act=act)])
    worker.start(heard.put, lambda reason, exit_code: heard.put((reason, exit_code)))
    try:
        yield worker, heard
    finally:
        worker.close(2.0)


def test_frames_go_there_and_back_in_order_also_large_ones() -> None:
    with child() as (worker, heard):
        frames = [Frame("a", {"n": number}, (os.urandom(1 << (number * 4)),)) for number in range(6)]
        for frame in frames:
            worker.send(frame)  # sent before the process is up
        assert heard.get(timeout=20).kind == "ready"
        assert [heard.get(timeout=20) for _ in frames] == frames


def test_sending_never_waits_even_for_a_process_that_sleeps() -> None:
    with child("import time; time.sleep(600)") as (worker, heard):
        heard.get(timeout=20)
        for _ in range(40):
            worker.send(Frame("a", {}, (bytes(1 << 20),)))  # far more than a pipe holds
        worker.kill()
        reason, _ = heard.get(timeout=20)
        assert "exit code" in reason


def test_a_crash_brings_its_last_words() -> None:
    with child("sys.stderr.write('x' * 200_000 + 'last words'); sys.stderr.flush(); os._exit(7)") as (worker, heard):
        heard.get(timeout=20)
        worker.send(Frame("go"))
        reason, code = heard.get(timeout=20)
        assert code == 7
        assert reason.endswith("last words")
        assert len(reason) < 80_000


def test_something_that_is_not_a_frame_ends_the_process() -> None:
    with child(code="import sys, time; print('hello, world', flush=True); time.sleep(600)  # {root} {act}") as (
        worker,
        heard,
    ):
        reason, _ = heard.get(timeout=20)
        assert "not a frame" in reason
        assert not psutil.pid_exists(worker.pid or 0)


def test_a_program_that_is_not_there_is_said() -> None:
    heard: queue.Queue[Any] = queue.Queue()
    worker = ProcessWorker(["/there/is/no/such/program"])
    worker.start(heard.put, lambda reason, code: heard.put((reason, code)))
    reason, code = heard.get(timeout=20)
    assert "no/such/program" in reason
    assert code is None
    worker.close(1.0)


def test_close_is_polite_first_and_firm_then() -> None:
    with child() as (worker, heard):
        heard.get(timeout=20)
        worker.close(10.0)
        _, code = heard.get(timeout=20)
        assert code == 0
    with child("import time; time.sleep(600)") as (worker, heard):
        heard.get(timeout=20)
        worker.send(Frame("sleep"))
        begun = time.monotonic()
        worker.close(0.3)
        assert time.monotonic() - begun < 5
        assert not psutil.pid_exists(worker.pid or 0)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one process")
def test_ctrl_c_in_the_terminal_is_not_for_the_host(hosted: Bench) -> None:
    from studio.core.events import Finished, Stepped

    job_id = hosted.submit(hosted.tiny(steps=30, pause=0.01))
    hosted.wait_for(job_id, Stepped)
    os.kill(hosted.host.pid or 0, signal.SIGINT)
    hosted.wait_for(job_id, Finished)


@pytest.mark.parametrize("busy", [False, True])
def test_the_host_ends_when_its_input_ends(tmp_path: Path, busy: bool) -> None:
    """What kill -9 of the window looks like from the host's side; also in the middle of a job that hangs."""
    from studio.core.request import Request
    from studio.engine.context import Order
    from studio.engine.frames import pack, unpack

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    host = subprocess.Popen(
        host_command(WORKING, entry_points=False),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "TEMP": str(temporary)},
    )
    assert host.stdin is not None
    assert host.stdout is not None
    with host.stdin, host.stdout:
        ready = unpack(host.stdout.read)
        assert ready is not None
        assert Path(ready.data["scratch"]).parent == temporary
        if busy:
            request = Request("stormy.storm", {"mood": "hang"})
            for piece in pack(Order(job="j", request=request, asked=request).frame("run")):
                host.stdin.write(piece)
            host.stdin.flush()
            while (frame := unpack(host.stdout.read)) is not None and frame.kind != "progress":
                pass
        host.stdin.close()
        assert host.wait(timeout=10) == 0
    assert list(temporary.iterdir()) == []


def test_an_idle_host_costs_nothing(hosted: Bench) -> None:
    from studio.core.events import Finished

    hosted.wait_for(hosted.submit(hosted.tiny()), Finished)
    hosted.until(lambda: hosted.engine.device.name)
    process = psutil.Process(hosted.host.pid)
    time.sleep(0.3)
    before, own = process.num_ctx_switches(), psutil.Process().cpu_times()
    time.sleep(1.0)
    after = process.num_ctx_switches()
    assert after.voluntary - before.voluntary <= 1  # nothing woke it: no polling
    assert psutil.Process().cpu_times().user - own.user < 0.2


def test_what_a_killed_host_leaves_is_removed_and_nothing_else(tmp_path: Path) -> None:
    from studio.engine.process import remove_scratch

    for name in ("studio-host-abc", "pictures"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
        remove_scratch(str(tmp_path / name))
    remove_scratch("")
    assert [folder.name for folder in tmp_path.iterdir()] == ["pictures"]


def test_the_scratch_of_a_killed_host_is_removed(hosted: Bench) -> None:
    from studio.core.events import Failed, Stepped

    job_id = hosted.submit(hosted.tiny(steps=3000, pause=0.02))
    hosted.wait_for(job_id, Stepped)
    scratch = Path(hosted.engine._dispatcher._scratch)
    assert scratch.is_dir()
    os.kill(hosted.host.pid or 0, getattr(signal, "SIGKILL", signal.SIGTERM))
    hosted.wait_for(job_id, Failed)
    hosted.until(lambda: not scratch.exists())
