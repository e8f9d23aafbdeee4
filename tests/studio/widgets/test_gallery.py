"""The gallery can be made in both themes and at twice the size."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from studio.widgets import gallery, theme


@pytest.mark.parametrize(("name", "scale"), [("dark", "1"), ("light", "1"), ("dark", "2")])
def test_a_shot_of_everything(name: str, scale: str, tmp_path: Path) -> None:
    target = tmp_path / "shot.png"
    arguments = ["--theme", name, "--scale", scale, "--size", "1366x768", "--shot", str(target)]
    assert gallery.main(arguments) == 0
    image = QImage(str(target))
    assert (image.width(), image.height()) >= (1366, 768)
    colors = {image.pixelColor(x, y).name() for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
    tokens = theme.DARK if name == "dark" else theme.LIGHT
    assert {tokens.window, tokens.surface, tokens.accent} <= colors
