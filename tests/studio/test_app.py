"""The program as a whole: what it loads, how it starts, how it changes projects, and that it lets go of everything."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app import Options, _parse, _Rotating, build, in_process
from studio.core.errors import StudioError
from studio.store import Places, Project
from tests import read_only
from tests.read_only import locked

ROOT = Path(__file__).parents[2]


def run(
    script: str, home: Path, *arguments: str, python: Sequence[str] = (sys.executable,), **more: Any
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STUDIO_HOME": str(home), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*python, "-c", textwrap.dedent(script), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **more,
    )


def test_the_way_to_the_first_window_loads_no_heavy_library(tmp_path: Path) -> None:
    done = run(
        """
        import sys
        from pathlib import Path
        from studio.app import application, build
        from studio.store import Places

        app = application()
        studio = build(Places.default())
        studio.window.show()
        app.processEvents()
        heavy = {"torch", "diffusers", "transformers", "accelerate", "numpy", "PIL", "sqlalchemy"} & set(sys.modules)
        print("heavy", sorted(heavy), studio.window.front)
        studio.close()
        """,
        tmp_path,
    )
    assert done.stdout.strip() == "heavy [] image.canvas", done.stderr


def test_a_second_window_on_the_same_project_is_refused_in_words(qapp: QApplication, tmp_path: Path) -> None:
    project = Project.open(tmp_path / "project")
    with pytest.raises(StudioError, match="already open"):
        build(Places.under(tmp_path / "home"), Options(project=tmp_path / "project", entry_points=False))
    project.close()


def test_a_read_only_folder_is_refused_in_words(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from studio.app import Options, application, build
        from studio.core.errors import StudioError
        from studio.store import Places

        app = application()
        for project in map(Path, sys.argv[1:]):
            try:
                build(Places.default(), Options(project=project, entry_points=False))
            except StudioError as error:
                print(error)
    """
    with locked(tmp_path / "locked") as folder:
        done = run(script, tmp_path / "home", str(folder), str(folder / "new"), python=read_only.python())
        assert list(folder.iterdir()) == []
    words = done.stdout.splitlines()
    assert len(words) == 2, done.stderr
    assert all("may not save" in line for line in words)
    assert all("read-only" in line for line in words)


def test_a_file_in_the_place_of_the_project_is_refused_in_words(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StudioError):
        build(Places.under(tmp_path / "home"), Options(project=tmp_path / "file", entry_points=False))


def test_options_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parsed = _parse(["--safe-mode", "--plugins", str(tmp_path), "--project", "here", "--in-process"])
    assert (parsed.safe_mode, parsed.worker) == (True, in_process)
    assert (parsed.plugins, parsed.project) == (tmp_path, Path("here"))
    assert _parse([]) == Options(warm=True)
    with pytest.raises(SystemExit):
        _parse(["--version"])
    assert capsys.readouterr().out.startswith("Studio ")


def test_the_log_stays_small(tmp_path: Path) -> None:
    handler = _Rotating(tmp_path / "studio.log", encoding="utf-8")
    try:
        for letter in "abcde":
            handler.emit(logging.makeLogRecord({"msg": letter * 1_000_001}))
        handler.emit(logging.makeLogRecord({"msg": "the newest"}))
    finally:
        handler.close()
    kept = {path.name: path.read_text(encoding="utf-8")[0] for path in tmp_path.iterdir()}
    assert kept == {"studio.log": "t", "studio.log.1": "e", "studio.log.2": "d", "studio.log.3": "c"}


def test_a_killed_window_comes_back_with_its_words(qtbot: QtBot, tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from PySide6.QtCore import QTimer
        from studio.app import application, build
        from studio.store import Places

        app = application()
        studio = build(Places.default())
        studio.window.show()
        slot = studio.window.panels.opened("image.canvas")
        prompt = slot.panel.prompt_row.prompt
        if len(sys.argv) == 1:
            print(prompt.text(), studio.window.front)
            studio.close()
        else:
            prompt.setText("a lighthouse that was never saved by hand")
            QTimer.singleShot(1800, lambda: os.kill(os.getpid(), signal.SIGKILL))
            app.exec()
    """
    if not hasattr(signal, "SIGKILL"):
        pytest.skip("no SIGKILL here")
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), "die"],
        env={**os.environ, "STUDIO_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    again = run(script, tmp_path)
    assert again.stdout.strip() == "a lighthouse that was never saved by hand image.canvas", again.stderr
