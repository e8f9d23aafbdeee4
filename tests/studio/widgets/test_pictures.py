"""Foreign pictures: every kind that is offered is seen, and nothing that only claims to be one."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from studio.widgets.pictures import LARGEST, load_image


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "avif", "tif", "gif"])
def test_every_kind_is_read_and_no_larger_than_asked_for(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"red.{suffix}"
    Image.new("RGB", (60, 40), (200, 30, 30)).save(path, quality=95)
    whole, small = load_image(path), load_image(path, largest=30)
    assert whole is not None
    assert small is not None
    assert (whole.width(), whole.height()) == (60, 40)
    assert (small.width(), small.height()) == (30, 20)
    colour = small.pixelColor(15, 10)
    assert abs(colour.red() - 200) < 12
    assert abs(colour.blue() - 30) < 12


def test_an_avif_is_turned_as_its_camera_was(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.avif"
    Image.new("RGB", (60, 40)).save(path, exif=exif.tobytes())
    seen = load_image(path)
    assert seen is not None
    assert (seen.width(), seen.height()) == (40, 60)


def test_what_is_none_or_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "no.avif"
    path.write_bytes(b"\0\0\0\x1cftypavif" + bytes(200))
    assert load_image(path) is None
    assert load_image(tmp_path / "gone.avif") is None
    Image.new("L", (LARGEST + 1, 1)).save(tmp_path / "long.avif")
    assert load_image(tmp_path / "long.avif") is None
