"""The tiny model, and recipes for the tests of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.api import Input, Model, ModelRef, Recipe, Request, media
from tests.plugins.image.panel_bench import host, panel  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    from tests import tiny_models

    return tiny_models.save(tiny_models.stable_diffusion(), tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def recipe() -> Recipe:
    return make_recipe()


def make_recipe(**params: Any) -> Recipe:
    values = {
        "prompt": 'a castle — Schloß, 城, <b>"bold"</b> & more\nsecond line, Steps: 3',
        "negative_prompt": "blurry, 'low' quality",
        "steps": 12,
        "guidance_scale": 5.5,
        "width": 96,
        "height": 64,
        "strength": 0.45,
        "scheduler": "dpmpp_2m_karras",
        **params,
    }
    request = Request(
        "image.diffusion",
        values,
        seed=4_000_000_001,
        model=ModelRef("starter/pictures", "Starter, pictures: small", "0123456789abcdef" * 4),
        inputs=(Input("image", media.PNG, "ef" * 32),),
    )
    return Recipe(request, used={"studio": "0.1.0", "device": "CPU", "threads": 2}, parents=("ef" * 32,))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """96 × 64 pixels, no two rows alike."""
    y, x = np.mgrid[0:64, 0:96]
    pixels = np.stack([x * 2, y * 4, (x + y) % 256], axis=2).astype(np.uint8)
    path = tmp_path / "source.png"
    Image.fromarray(pixels).save(path)
    return path
