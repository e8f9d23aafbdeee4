"""kill -9 of the window at random points; the full count is `python tests/studio/engine/kill_window.py`."""

from __future__ import annotations

from pathlib import Path

from tests.studio.engine.kill_window import kill_at_points


def test_killing_windows_loses_no_picture_and_no_job(tmp_path: Path) -> None:
    promises = kill_at_points(tmp_path / "project", points=3, seed=2)
    assert promises.kills == 3
    assert promises.asked
