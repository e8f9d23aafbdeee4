"""kill -9 at a dozen points loses nothing that was promised; and the check would notice if it did."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from kill_points import Ledger, kill_once, run, verify

from studio.store import Project


def test_killed_at_a_dozen_points_nothing_is_lost(tmp_path: Path) -> None:
    report = run(tmp_path / "project", points=12, seed=11)
    assert report["losses"] == []
    assert report["opened"] == 12
    assert report["artifacts"] > 3
    assert report["jobs"] > 3


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, Ledger]:
    folder, ledger, chance = tmp_path / "project", Ledger(), random.Random(1)
    while len(ledger.kept) < 3 or not ledger.starred:
        kill_once(folder, ledger, chance)
    assert verify(folder, ledger) == []
    return folder, ledger


@pytest.mark.parametrize("what", ["file", "sidecar", "cut", "queue", "document", "steps"])
def test_the_check_notices_a_loss(killed: tuple[Path, Ledger], what: str) -> None:
    folder, ledger = killed
    artifact_id, (job_id, _) = next(iter(ledger.kept.items()))
    with Project.open(folder) as project:
        path = project.artifacts.path_of(artifact_id)
    assert path is not None
    if what == "file":
        path.unlink()
    elif what == "sidecar":
        path.with_suffix(".json").unlink()
    elif what == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif what == "queue":
        (folder / "queue" / "queue.log").unlink()
    elif what == "document":
        (folder / "documents" / "picture" / "document.json").unlink()
    else:
        steps = folder / "steps" / f"{job_id}.steps"
        steps.write_bytes(steps.read_bytes()[:-200])
    assert verify(folder, ledger)
