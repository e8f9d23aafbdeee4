"""Thumbnails: right, small, lazy, and not to be fooled."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from studio.core.artifact import Output
from studio.core.recipe import Recipe
from studio.core.request import Request
from studio.store import Project

Picture = Callable[..., bytes]


def look(path: Path | None) -> Image.Image:
    assert path is not None
    with Image.open(path, formats=("WEBP",)) as picture:
        picture.load()
        return picture


def test_made_once_and_kept(project: Project, picture: Picture) -> None:
    kept = project.artifacts.bring_in(picture(size=(1000, 500), colour="#c04020"))
    assert project.library.thumbnail(kept.id, make=False) is None
    path = project.library.thumbnail(kept.id)
    small = look(path)
    assert small.size == (256, 128)
    assert all(abs(a - b) < 6 for a, b in zip(small.getpixel((100, 60)), (0xC0, 0x40, 0x20), strict=True))
    assert path is not None
    before = path.stat().st_mtime_ns
    assert project.library.thumbnail(kept.id, make=False) == project.library.thumbnail(kept.id) == path
    assert path.stat().st_mtime_ns == before
    assert look(project.library.thumbnail(kept.id, 64)).size == (64, 32)


def test_a_small_picture_is_not_blown_up(project: Project, picture: Picture) -> None:
    assert look(project.library.thumbnail(project.artifacts.bring_in(picture()).id)).size == (40, 30)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "TIFF", "GIF"])
def test_every_kind_of_picture(project: Project, picture: Picture, kind: str) -> None:
    kept = project.artifacts.bring_in(picture(size=(300, 300), format=kind))
    assert look(project.library.thumbnail(kept.id)).size == (256, 256)


def test_transparency_stays(project: Project, picture: Picture) -> None:
    kept = project.artifacts.bring_in(picture(mode="RGBA", colour="#ff000000"))
    assert look(project.library.thumbnail(kept.id)).mode == "RGBA"


def test_sixteen_bit_greys_are_scaled(project: Project) -> None:
    out = io.BytesIO()
    Image.new("I;16", (20, 20), 32768).save(out, "PNG")
    small = look(project.library.thumbnail(project.artifacts.bring_in(out.getvalue()).id))
    assert abs(small.convert("L").getpixel((10, 10)) - 127) < 4  # type: ignore[operator]


def test_turned_as_the_camera_says(project: Project) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (300, 100)).save(out, "JPEG", exif=exif)
    assert look(project.library.thumbnail(project.artifacts.bring_in(out.getvalue()).id)).size == (85, 256)


def bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def keep(project: Project, media: str, data: bytes) -> str:
    return project.artifacts.keep(Output(media, data, Recipe(Request("a.b")))).id


@pytest.mark.parametrize(
    ("media", "data"),
    [
        ("image/png", bomb(30_000, 30_000)),
        ("image/png", bomb(2000, 2000)),
        ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("image/jpeg", b"\xff\xd8\xff" + bytes(100)),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("text/plain", b"words"),
        ("image/png", b""),
    ],
)
def test_what_has_no_thumbnail(project: Project, media: str, data: bytes) -> None:
    artifact = keep(project, media, data)
    assert project.library.thumbnail(artifact) is None
    assert project.library.thumbnail(artifact) is None


def test_only_the_decoder_of_the_media_type_sees_the_file(project: Project, picture: Picture) -> None:
    assert project.library.thumbnail(keep(project, "image/png", picture(format="GIF"))) is None
    assert project.library.thumbnail("f" * 64) is None


def test_a_thumbnail_goes_with_its_picture(project: Project, picture: Picture) -> None:
    kept = project.artifacts.bring_in(picture())
    path = project.library.thumbnail(kept.id)
    project.artifacts.trash([kept.id], permanently=True)
    assert path is not None
    assert not path.exists()
