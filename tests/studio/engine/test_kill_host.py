"""kill -9 of the generation host at random points; the full count is `python tests/studio/engine/kill_host.py`."""

from __future__ import annotations

from pathlib import Path

from tests.studio.engine.kill_host import kill_at_points


def test_killing_hosts_loses_no_picture_and_no_job(tmp_path: Path) -> None:
    tally = kill_at_points(tmp_path, points=8, seed=3)
    assert tally.kills == 8
    assert tally.jobs >= 3
