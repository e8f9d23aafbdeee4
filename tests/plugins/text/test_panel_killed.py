"""A window that is killed while somebody writes: what was typed comes back, and what a model had written so far."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from plugins.text import panel_draft
from plugins.text.document import Manuscript
from tests.plugins.text.page_bench import Desk, desk  # noqa: F401 - fixture

K = Qt.Key
WORDS = "Ida put her hand on the door, and waited."
SCRIPT = """
    import os, signal, sys
    from PySide6.QtCore import QTimer
    from PySide6.QtTest import QTest
    from studio.app import application, build
    from studio.store import Places

    app = application()
    studio = build(Places.default())
    studio.window.show()
    studio.window.show_place("text.manuscript")
    editor = studio.window.front_slot().panel.editor
    if len(sys.argv) == 1:
        print(editor.text())
        studio.close()
    else:
        QTest.keyClicks(editor, sys.argv[1])
        QTimer.singleShot(1800, lambda: os.kill(os.getpid(), signal.SIGKILL))
        app.exec()
"""


def window(home: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    root = Path(__file__).resolve().parents[3]
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), *words],
        env={**os.environ, "STUDIO_HOME": str(home), "PYTHONPATH": str(root)},
        capture_output=True,
        timeout=90,
        check=False,
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_killed_window_comes_back_with_its_manuscript(tmp_path: Path) -> None:
    killed = window(tmp_path, WORDS)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    (chapter,) = tmp_path.glob("projects/*/documents/text.manuscript/01-text.md")
    assert chapter.read_text("utf-8") == WORDS + "\n", "as plain Markdown"
    again = window(tmp_path)
    assert again.stdout.decode().strip() == WORDS


def test_what_a_model_has_written_so_far_is_kept_while_it_writes(
    desk: Desk,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panel_draft, "OFTEN", 0.0)
    desk.set(alternatives=2)
    desk.type("The lamp")
    desk.go_on()
    saved: list[dict[str, object]] = []
    monkeypatch.setattr(desk.host, "changed", lambda: saved.append(desk.panel.state()))
    desk.look(" burned", " went")
    desk.look(" burned low and", " went out")
    kept = Manuscript.from_json(saved[-1])
    assert kept.text == "The lamp", "nobody has taken it yet"
    assert [branch.text for branch in kept.branches.branches.values()] == [" burned low and", " went out"]
    desk.finish(" burned low and long.", " went out.")
    desk.key(K.Key_Tab)
    assert desk.text() == "The lamp burned low and long."
