from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugins.image import codec_text, export, hooks, importer
from plugins.image.params import AvifOptions, JpegOptions, PngOptions, TiffOptions, WebpOptions
from studio.api import ExporterSpec, Recipe, StudioError

FORMATS: list[tuple[str, Callable[..., bytes], Any, str]] = [
    ("png", export.png, PngOptions(), "PNG"),
    ("jpeg", export.jpeg, JpegOptions(), "JPEG"),
    ("webp", export.webp, WebpOptions(), "WEBP"),
    ("avif", export.avif, AvifOptions(), "AVIF"),
    ("tiff", export.tiff, TiffOptions(), "TIFF"),
    ("tiff16", export.tiff, TiffOptions(depth="16"), "TIFF"),
    ("tiff raw", export.tiff, TiffOptions(compress=False), "TIFF"),
]
each_format = pytest.mark.parametrize(
    ("encode", "options", "kind"), [row[1:] for row in FORMATS], ids=[row[0] for row in FORMATS]
)


@each_format
def test_the_recipe_comes_back_whole_from_every_format(
    encode: Callable[..., bytes], options: Any, kind: str, picture: Path, recipe: Recipe, tmp_path: Path
) -> None:
    target = tmp_path / "exported.bin"  # the ending must not matter
    target.write_bytes(encode(picture, recipe, options))
    read = importer.read(target)
    assert read.recipe == recipe
    assert not read.foreign
    assert not read.notes


@each_format
def test_other_programs_find_their_parameters_text(
    encode: Callable[..., bytes], options: Any, kind: str, picture: Path, recipe: Recipe
) -> None:
    expected = codec_text.write(recipe, size=(96, 64))
    with Image.open(io.BytesIO(encode(picture, recipe, options))) as read:
        if kind == "PNG":
            assert read.info["parameters"] == expected
            return
        comment = read.getexif().get_ifd(0x8769)[0x9286]
    assert comment[:8] == b"UNICODE\0"
    assert comment[8:].decode("utf-16-be") == expected


@each_format
def test_without_recipe_nothing_of_it_is_in_the_file(
    encode: Callable[..., bytes], options: Any, kind: str, picture: Path, recipe: Recipe, tmp_path: Path
) -> None:
    import dataclasses

    data = encode(picture, recipe, dataclasses.replace(options, recipe=False))
    target = tmp_path / "bare"
    target.write_bytes(data)
    assert importer.read(target).recipe is None
    for trace in (b"castle", "castle".encode("utf-16-be"), b"Starter", b"studio:"):
        assert trace not in data
    assert len(data) < len(encode(picture, recipe, options))


@each_format
def test_the_picture_is_the_picture(
    encode: Callable[..., bytes], options: Any, kind: str, picture: Path, recipe: Recipe
) -> None:
    before = np.asarray(Image.open(picture)).astype(int)
    with Image.open(io.BytesIO(encode(picture, recipe, options))) as read:
        assert read.format == kind
        after = np.asarray(read.convert("RGB")).astype(int)
        assert "sRGB" in _profile_name(read)
    assert after.shape == before.shape
    lossless = kind in ("PNG", "TIFF")
    assert np.abs(after - before).max() <= (0 if lossless else 40)
    assert np.abs(after - before).mean() <= (0 if lossless else 3)


def _profile_name(picture: Image.Image) -> str:
    from PIL import ImageCms

    return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"])))


@each_format
def test_the_same_picture_makes_the_same_file(
    encode: Callable[..., bytes], options: Any, kind: str, picture: Path, recipe: Recipe
) -> None:
    assert encode(picture, recipe, options) == encode(picture, recipe, options)


@each_format
def test_the_longest_side_is_kept_to(
    encode: Callable[..., bytes], options: Any, kind: str, picture: Path, recipe: Recipe
) -> None:
    import dataclasses

    for side, size in ((48, (48, 32)), (192, (192, 128)), (0, (96, 64))):
        data = encode(picture, recipe, dataclasses.replace(options, longest_side=side))
        assert Image.open(io.BytesIO(data)).size == size


def test_quality_changes_the_size_and_the_estimate_is_the_size(picture: Path, recipe: Recipe) -> None:
    for encode, options in ((export.jpeg, JpegOptions), (export.webp, WebpOptions), (export.avif, AvifOptions)):
        small = export.estimate(encode, picture, recipe, options(quality=20))
        large = export.estimate(encode, picture, recipe, options(quality=98))
        assert small < large
        assert large == len(encode(picture, recipe, options(quality=98)))


def test_sixteen_bits_are_257_times_eight(picture: Path, recipe: Recipe, tmp_path: Path) -> None:
    target = tmp_path / "deep.tiff"
    target.write_bytes(export.tiff(picture, recipe, TiffOptions(depth="16")))
    with Image.open(target) as read:
        assert read.tag_v2[258] == (16, 16, 16)
    magick = shutil.which("magick") or shutil.which("convert")
    if magick is None:
        pytest.skip("no second reader of 16-bit TIFF on this machine")
    raw = tmp_path / "deep.rgb"
    subprocess.run([magick, target, "-depth", "16", "-endian", "LSB", f"rgb:{raw}"], check=True, capture_output=True)
    read16 = np.frombuffer(raw.read_bytes(), "<u2").reshape(64, 96, 3)
    assert np.array_equal(read16, np.asarray(Image.open(picture)).astype(np.uint16) * 257)


def test_a_tiff_of_many_strips_is_whole(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (700, 811, 3), dtype=np.uint8)
    source = tmp_path / "large.png"
    Image.fromarray(pixels).save(source, compress_level=0)
    for options in (TiffOptions(), TiffOptions(compress=False)):
        with Image.open(io.BytesIO(export.tiff(source, None, options))) as read:
            assert len(read.tag_v2[273]) > 1
            assert np.array_equal(np.asarray(read), pixels)


def test_a_long_recipe_is_packed_into_a_jpeg_and_one_too_long_is_refused(picture: Path, tmp_path: Path) -> None:
    from tests.plugins.image.conftest import make_recipe

    long = make_recipe(prompt="a castle on a hill, " * 2_000, negative_prompt="城" * 10_000)
    target = tmp_path / "long.jpg"
    target.write_bytes(export.jpeg(picture, long, JpegOptions()))
    assert importer.read(target).recipe == long
    noise = "".join(map(chr, np.random.default_rng(0).integers(0x4E00, 0x9FA5, 40_000)))
    with pytest.raises(StudioError, match="too long for a JPEG"):
        export.jpeg(picture, make_recipe(prompt=noise), JpegOptions())
    target.write_bytes(export.webp(picture, make_recipe(prompt=noise), WebpOptions()))
    assert importer.read(target).recipe == make_recipe(prompt=noise)


@pytest.mark.parametrize("spec", hooks.studio_exporters(), ids=lambda spec: spec.name)
def test_a_picture_that_is_gone_or_broken_is_said(spec: ExporterSpec, tmp_path: Path) -> None:
    encode = getattr(export, spec.encode.partition(":")[2])
    assert spec.options is not None
    with pytest.raises(StudioError, match="is gone"):
        encode(tmp_path / "nothing.png", None, spec.options())
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    with pytest.raises(StudioError, match=r"not a picture|damaged"):
        encode(broken, None, spec.options())


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    source = tmp_path / "clear.png"
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(source)
    read = Image.open(io.BytesIO(export.png(source, None, PngOptions())))
    assert read.getpixel((0, 0)) == (255, 255, 255)
