"""The tiny model on disk, once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.api import Model
from studio.inference import devices
from tests import tiny_models


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny_models.save(tiny_models.stable_diffusion(), tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inference")


@pytest.fixture
def cpu() -> devices.Device:
    return devices.pick("cpu", precision="float32", threads=1)
