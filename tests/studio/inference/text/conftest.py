"""A tiny model that continues texts."""

from __future__ import annotations

import pytest

from studio.inference import devices
from studio.inference.text import models
from tests import tiny_writers


@pytest.fixture(scope="session")
def device() -> devices.Device:
    found = devices.pick("cpu", precision="float32", threads=1)
    found.prepare()
    return found


@pytest.fixture(scope="session")
def writer(tmp_path_factory: pytest.TempPathFactory, device: devices.Device) -> models.Writer:
    return models.load(tiny_writers.save(tmp_path_factory.mktemp("writers") / "llama"), device=device)
