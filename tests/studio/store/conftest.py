"""What the tests of the store share: projects in an empty folder, requests, outputs and real pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.core.artifact import Output
from studio.core.media import PNG
from studio.core.recipe import Recipe
from studio.core.request import ModelRef, Request
from studio.store import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "Castle studies") as opened:
        yield opened


@pytest.fixture
def ask() -> Callable[..., Request]:
    def make(prompt: str = "a castle on a hill", *, seed: int = 7, **params: Any) -> Request:
        model = ModelRef("starter/pictures", "Starter pictures", "ab" * 32)
        return Request("image.picture", {"prompt": prompt, "steps": 20, **params}, seed=seed, model=model)

    return make


@pytest.fixture
def picture() -> Callable[..., bytes]:
    def make(
        *, size: tuple[int, int] = (40, 30), colour: str = "#336699", format: str = "PNG", mode: str = "RGB"
    ) -> bytes:
        out = io.BytesIO()
        Image.new(mode, size, colour).save(out, format)
        return out.getvalue()

    return make


@pytest.fixture
def output(ask: Callable[..., Request], picture: Callable[..., bytes]) -> Callable[..., Output]:
    def make(prompt: str = "a castle on a hill", *, seed: int = 7, state: str = "done", data: bytes = b"") -> Output:
        recipe = Recipe(ask(prompt, seed=seed), used={"device": "CPU"}, state=state)
        content = data or picture() + f"{prompt} {seed} {state}".encode()
        return Output(PNG, content, recipe, {"width": 40, "height": 30})

    return make
