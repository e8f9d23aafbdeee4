"""Generators that fail in every way: the job says so in words, and the next job runs."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from studio.core.events import Cancelled, Failed, Finished, Progressed, Started, Stepped
from studio.core.job import JobState
from tests.studio.engine.bench import BROKEN, Bench

BUG = "The Stormy plugin failed."


def fail(bench: Bench, mood: str) -> Failed:
    job_id = bench.submit(bench.storm(mood))
    failed = bench.wait_for(job_id, Failed)
    assert bench.job(job_id).problem == failed.problem
    assert bench.job(job_id).state is JobState.FAILED
    return failed


def works(bench: Bench) -> None:
    bench.wait_for(bench.submit(bench.storm("sunny"), again=True), Finished)


@pytest.mark.parametrize(
    ("mood", "details"),
    [
        ("raise", "no such cloud"),
        ("exit", "SystemExit"),
        ("list", "must be a Output, not str"),
        ("dict", "must return a list of Output, not dict"),
        ("preview", "must be a Preview, not str"),
        ("network", "PermissionError"),
    ],
)
def test_a_bug_names_the_plugin_and_shows_its_traceback(hosted: Bench, mood: str, details: str) -> None:
    failed = fail(hosted, mood)
    assert failed.problem.message == BUG
    assert failed.problem.hint
    assert details in failed.problem.details
    assert "Traceback" in failed.problem.details
    hosted.until(lambda: hosted.plugins.plugin("stormy").status == "faulty")
    info = hosted.plugins.plugin("stormy")
    assert info.stage == "generate"
    assert details in info.problem.details
    works(hosted)
    hosted.until(lambda: hosted.plugins.plugin("stormy").status == "ok")  # it has worked since
    assert len(hosted.workers) == 1


def test_words_for_people_pass_through(bench: Bench) -> None:
    problem = fail(bench, "words").problem
    assert (problem.message, problem.hint) == ("The sky is too dark.", "Wait for the morning.")
    assert "be_words" in problem.details
    assert bench.plugins.plugin("stormy").status == "ok"


@pytest.mark.parametrize("mood", ["memory", "cuda"])
def test_too_little_memory_is_said_in_plain_words(bench: Bench, mood: str) -> None:
    problem = fail(bench, mood).problem
    assert "memory" in problem.message
    assert "smaller" in problem.hint
    assert bench.plugins.plugin("stormy").status == "ok"
    works(bench)


def test_no_result_is_said(bench: Bench) -> None:
    assert "without a result" in fail(bench, "none").problem.message


@pytest.mark.parametrize("mood", ["raise", "exit", "list"])
def test_bugs_are_caught_on_a_thread_of_the_window_too(tmp_path: Path, mood: str) -> None:
    with Bench(tmp_path, live="inline") as bench:
        assert fail(bench, mood).problem.message == BUG
        works(bench)


def test_stray_prints_do_not_break_the_line(hosted: Bench) -> None:
    hosted.wait_for(hosted.submit(hosted.storm("print")), Finished)
    works(hosted)
    assert len(hosted.workers) == 1


def test_a_plugin_cannot_eat_frames(hosted: Bench) -> None:
    (artifact,) = hosted.wait_for(hosted.submit(hosted.storm("stdin")), Finished).artifacts
    assert artifact.path.read_text() == "read 0"
    works(hosted)


def test_the_host_is_set_up_before_libraries_load(hosted: Bench) -> None:
    (artifact,) = hosted.wait_for(hosted.submit(hosted.storm("threads")), Finished).artifacts
    policy, offline, pid = artifact.path.read_text().split()
    assert (policy, offline) == ("PASSIVE", "1")
    assert int(pid) == hosted.host.pid != os.getpid()


@pytest.mark.parametrize("mood", ["abort", "null"])
def test_a_native_crash_ends_the_job_and_not_the_queue(hosted: Bench, mood: str) -> None:
    hosted.engine.hold(True)
    crash = hosted.submit(hosted.storm(mood))
    after = hosted.submit(hosted.tiny())
    hosted.engine.hold(False)
    problem = hosted.wait_for(crash, Failed).problem
    assert "The generation host stopped while the Stormy plugin worked." in problem.message
    assert "Fatal Python error" in problem.details or sys.platform == "win32"
    assert f"be_{mood}" in problem.details
    hosted.wait_for(after, Finished)
    assert len(hosted.workers) == 2
    assert hosted.plugins.plugin("stormy").stage == "generate"


def test_a_kill_from_outside_fails_the_job_and_blames_nobody(hosted: Bench) -> None:
    job_id = hosted.submit(hosted.tiny(steps=2000, pause=0.02))
    hosted.wait_for(job_id, Stepped, times=2)
    after = hosted.submit(hosted.tiny(seed=5))
    os.kill(hosted.host.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    assert "generation host stopped" in hosted.wait_for(job_id, Failed).problem.message
    hosted.wait_for(after, Finished)
    assert hosted.plugins.plugin("tiny").status == "ok"
    assert hosted.steps.read(job_id)[1].has_state  # what was kept stays kept


def test_an_idle_host_that_dies_is_started_again(hosted: Bench) -> None:
    hosted.engine.warm("tiny.picture")
    hosted.wait_for(hosted.submit(hosted.tiny()), Finished)
    first = hosted.host.pid
    os.kill(first, getattr(signal, "SIGKILL", signal.SIGTERM))
    hosted.until(lambda: len(hosted.workers) == 2 and hosted.host.pid)
    hosted.wait_for(hosted.submit(hosted.tiny(seed=8)), Finished)
    assert not psutil.pid_exists(first)


def test_a_job_that_ignores_cancel_is_ended_with_its_host(hosted: Bench) -> None:
    job_id = hosted.submit(hosted.storm("hang"))
    after = hosted.submit(hosted.tiny())
    hosted.wait_for(job_id, Progressed)
    hosted.until(lambda: any(event.message == "It is hang" for event in hosted.of(job_id, Progressed)))
    hosted.engine.cancel(job_id)
    hosted.wait_for(job_id, Cancelled)
    hosted.wait_for(after, Finished)
    assert len(hosted.workers) == 2


def test_a_job_that_swallows_cancel_is_ended_too_and_what_it_had_is_kept(tmp_path: Path) -> None:
    with Bench(tmp_path, grace=0.2) as bench:
        job_id = bench.submit(bench.storm("swallow"))
        bench.until(lambda: any(event.message == "It is swallow" for event in bench.of(job_id, Progressed)))
        bench.engine.cancel(job_id)
        (artifact,) = bench.wait_for(job_id, Cancelled).artifacts
        assert artifact.partial
        works(bench)
        assert len(bench.workers) == 2


def test_a_job_that_is_busy_with_its_partial_result_is_not_killed(hosted: Bench) -> None:
    job_id = hosted.submit(hosted.storm("slow"))
    hosted.until(lambda: any(event.message == "It is slow" for event in hosted.of(job_id, Progressed)))
    hosted.engine.cancel(job_id)
    (artifact,) = hosted.wait_for(job_id, Cancelled).artifacts
    assert artifact.path.read_text() == "what I had"
    assert len(hosted.workers) == 1


def test_a_thread_that_hangs_is_left_behind(tmp_path: Path) -> None:
    """On a thread nothing can be killed; the queue goes on all the same. The generator notices its flag at last."""
    with Bench(tmp_path, live="inline", grace=0.3) as bench:
        job_id = bench.submit(bench.storm("slow"))
        bench.wait_for(job_id, Started)
        bench.engine.cancel(job_id)
        bench.wait_for(job_id, Cancelled)
        works(bench)


def test_a_host_that_cannot_start_says_so_and_holds_the_queue(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        bench.command[:] = [sys.executable, "-c", "import sys; sys.exit('no libraries here')"]
        first, second = bench.submit(bench.tiny()), bench.submit(bench.tiny(seed=2))
        problem = bench.wait_for(first, Failed).problem
        assert "does not start" in problem.message
        assert "no libraries here" in problem.details
        assert bench.engine.held
        assert bench.job(second).state is JobState.QUEUED


def test_code_that_cannot_be_loaded_sets_the_plugin_aside(tmp_path: Path) -> None:
    from studio.core.request import Request

    with Bench(tmp_path, bundled=BROKEN) as bench:
        job_id = bench.submit(Request("generate-import.say"))
        problem = bench.wait_for(job_id, Failed).problem
        assert problem.message == "The Generate import plugin failed."
        assert "SystemExit" in problem.details
        bench.until(lambda: bench.plugins.plugin("generate-import").status == "faulty")
        assert bench.plugins.plugin("generate-import").stage == "generate"
        fine = bench.submit(Request("panel-raises.say"))
        bench.wait_for(fine, Finished)


def test_cancel_while_code_is_imported_answers_at_once(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    slow = plugins / "slow"
    slow.mkdir(parents=True)
    (slow / "plugin.toml").write_text('id="slow"\nname="Slow"\nversion="1"\napi="1.0"\nsummary="S."\n')
    (slow / "hooks.py").write_text(
        "from dataclasses import dataclass\n"
        "from studio.api import GeneratorSpec, hookimpl\n"
        "@dataclass(frozen=True)\nclass Params:\n    word: str = 'a'\n"
        "@hookimpl\ndef studio_generators():\n"
        "    return [GeneratorSpec('say', 'Say', 'generate:run', Params, 'text/plain')]\n"
    )
    (slow / "generate.py").write_text(
        "import time\nfrom pathlib import Path\nfrom studio.api import Output\n"
        f"while not Path({str(tmp_path / 'go')!r}).exists():\n    time.sleep(0.02)\n"
        "def run(request, context):\n    return [Output('text/plain', b'slow', context.recipe())]\n"
    )
    from studio.core.request import Request

    with Bench(tmp_path / "project", bundled=plugins, grace=0.5) as bench:
        job_id = bench.submit(Request("slow.say"))
        bench.wait_for(job_id, Started)
        bench.engine.cancel(job_id)
        bench.wait_for(job_id, Cancelled)  # while the import goes on, which nothing can interrupt
        (tmp_path / "go").touch()
        bench.wait_for(bench.submit(Request("slow.say", {"word": "b"})), Finished)
        assert len(bench.workers) == 1


def test_a_host_that_dies_while_it_starts_is_tried_again(tmp_path: Path) -> None:
    from studio.engine import ProcessWorker

    commands = [[sys.executable, "-c", "raise SystemExit(1)"]] * 2

    def worker() -> ProcessWorker:
        return ProcessWorker(commands.pop() if commands else bench.command)

    bench = Bench(tmp_path, worker=worker)
    with bench:
        bench.wait_for(bench.submit(bench.tiny()), Finished)
        assert len(bench.workers) == 3
        assert not bench.engine.held


def test_a_crash_while_warming_is_not_repeated(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    cold = plugins / "cold"
    cold.mkdir(parents=True)
    (cold / "plugin.toml").write_text('id="cold"\nname="Cold"\nversion="1"\napi="1.0"\nsummary="S."\n')
    (cold / "hooks.py").write_text(
        "from dataclasses import dataclass\n"
        "from studio.api import GeneratorSpec, hookimpl\n"
        "@dataclass(frozen=True)\nclass Params:\n    word: str = 'a'\n"
        "@hookimpl\ndef studio_generators():\n"
        "    return [GeneratorSpec('say', 'Say', 'generate:run', Params, 'text/plain', warm='generate:warm')]\n"
    )
    (cold / "generate.py").write_text(
        "import os\nfrom studio.api import Output\n"
        "def warm(context):\n    os.abort()\n"
        "def run(request, context):\n    return [Output('text/plain', b'cold', context.recipe())]\n"
    )
    from studio.core.request import Request

    with Bench(tmp_path / "project", bundled=plugins) as bench:
        bench.engine.warm("cold.say")
        bench.until(lambda: len(bench.workers) == 2)
        bench.wait_for(bench.submit(Request("cold.say")), Finished)
        assert len(bench.workers) == 2
        assert bench.plugins.plugin("cold").status == "ok"
