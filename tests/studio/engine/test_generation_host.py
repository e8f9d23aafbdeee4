"""The entry of the child process, and the same worker on a thread of this one."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from studio import generation_host
from studio.core.events import Cancelled, Finished, Progressed, Stepped
from studio.core.request import Request
from studio.engine import host_command
from tests.studio.engine.bench import WORKING, Bench

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "plugins.md"


def run(code: str) -> str:
    head = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom studio import generation_host as host\n"
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_command_line_says_which_plugins(tmp_path: Path) -> None:
    command = host_command(WORKING, tmp_path, disabled={"b", "a"}, entry_points=False, budget=5)
    options = generation_host._options(command[command.index("studio.generation_host") + 1 :])
    assert (options.plugins, options.user_plugins) == (WORKING, tmp_path)
    assert (options.disable, options.no_entry_points, options.budget) == (["a", "b"], True, 5)


def test_a_disabled_plugin_is_off_in_the_host_too(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        bench.command.extend(["--disable", "tiny"])
        from studio.core.events import Failed

        job_id = bench.submit(bench.tiny())
        assert "not available" in bench.wait_for(job_id, Failed).problem.message
        assert bench.plugins.plugin("tiny").status == "ok"


def test_before_torch_is_loaded_the_status_comes_from_the_system() -> None:
    code = (
        "name, used, total, own = host.status()\n"
        "print(name, 0 < used < total, own, 'torch' in sys.modules); host.relieve()"
    )
    assert run(code) == "CPU True 0 False"


def test_once_torch_is_loaded_the_device_is_asked() -> None:
    code = "import torch; name, used, total, own = host.status(); print(bool(name), total > 0, own >= 0)"
    assert run(code) == "True True True"


def test_calm_start_loads_torch_and_leaves_the_collector_on() -> None:
    code = (
        "import gc, os; host.calm_start()\nprint('torch' in sys.modules, gc.isenabled(), os.environ['OMP_WAIT_POLICY'])"
    )
    assert run(code) == "True True PASSIVE"


def test_importing_the_module_loads_nothing() -> None:
    assert run("print({'torch', 'sqlite3', 'PySide6', 'psutil'} & set(sys.modules))") == "set()"


def test_the_worker_of_this_process_runs_the_same_jobs(tmp_path: Path) -> None:
    with Bench(tmp_path / "host") as bench:
        (there,) = bench.wait_for(bench.submit(bench.tiny(seed=4)), Finished).artifacts
    bench = Bench(tmp_path / "here", worker=lambda: generation_host.inline_worker(bench.plugins, prepare=None))
    with bench:
        (here,) = bench.wait_for(bench.submit(bench.tiny(seed=4)), Finished).artifacts
    assert here.id == there.id  # same seed, same machine, same file


def test_what_a_plugin_logs_ends_up_in_the_log_of_the_window(hosted: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="studio"):
        hosted.wait_for(hosted.submit(hosted.text(length=2)), Finished)
    assert ("studio.plugin.tokens", logging.INFO, "writing with Words") in caplog.record_tuples


def test_loading_is_said_the_first_time(hosted: Bench) -> None:
    first, second = (
        hosted.submit(hosted.tiny(steps=2, pause=0.1)),
        hosted.submit(hosted.tiny(steps=2, pause=0.1, seed=2)),
    )
    hosted.wait_for(second, Finished)
    assert "Loading Tiny pictures" in [event.message for event in hosted.of(first, Progressed)]
    assert "Loading Tiny pictures" not in [event.message for event in hosted.of(second, Progressed)]


def test_the_plugin_of_the_guide_runs_as_it_is_written_there(tmp_path: Path) -> None:
    """docs/plugins.md builds a plugin; here it makes a picture in a host, is cancelled, paused, and branched from."""
    user = tmp_path / "user"
    for language, text in re.findall(r"```(toml|python)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        name = text.partition("\n")[0].removeprefix("# ").strip()
        if re.fullmatch(r"rings/\w+\.(toml|py)", name):
            (user / name).parent.mkdir(parents=True, exist_ok=True)
            (user / name).write_text(text, encoding="utf-8")
            assert language in ("toml", "python")
    with Bench(tmp_path / "project", user=user) as bench:
        assert bench.plugins.plugin("rings").status == "ok"
        request = Request("rings.picture", {"drops": 12, "width": 64, "height": 64}, 5)
        (picture,) = bench.wait_for(bench.submit(request), Finished).artifacts
        assert picture.path.read_bytes().startswith(b"\x89PNG")
        long = bench.submit(request.with_params(drops=200, width=512, height=512))
        bench.wait_for(long, Stepped, times=2)
        bench.engine.cancel(long)
        (partial,) = bench.wait_for(long, Cancelled).artifacts
        assert partial.partial
