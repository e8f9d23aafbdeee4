"""Workbenches: the same tests run with a generation host and with a worker on a thread of this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studio.engine.bench import Bench


@pytest.fixture(params=["process", "inline"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, live=request.param) as made:
        yield made


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Bench]:
    """A bench with a child process whose grace is short."""
    with Bench(tmp_path, grace=0.5) as made:
        yield made
