from __future__ import annotations

import base64
import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from plugins.image import codec, codec_png, codec_recipe, codec_text, export, importer
from plugins.image.params import AvifOptions, JpegOptions, PngOptions, TiffOptions, WebpOptions
from studio.api import Recipe, Request, StudioError

A1111 = """masterpiece, a (castle:1.2) on a hill, <lora:mood:0.8>
with a second line, Negative space: yes
Negative prompt: blurry, low quality
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234567890, Size: 768x512, \
Model hash: 1a2b3c4d5e, Model: dreamshaper_8, Denoising strength: 0.35, Clip skip: 2, \
Lora hashes: "mood: abc, other: def", Version: v1.9.4"""


def with_texts(path: Path, texts: dict[str, str]) -> Path:
    info = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def test_a1111_settings_become_a_recipe(tmp_path: Path) -> None:
    read = importer.read(with_texts(tmp_path / "x.png", {"parameters": A1111}))
    assert read.foreign
    assert read.recipe is not None
    request = read.recipe.request
    assert request.seed == 1234567890
    assert request.generator == "image.diffusion"
    assert dict(request.params) == {
        "prompt": "masterpiece, a (castle:1.2) on a hill, <lora:mood:0.8>\nwith a second line, Negative space: yes",
        "negative_prompt": "blurry, low quality",
        "steps": 28,
        "guidance_scale": 6.5,
        "strength": 0.35,
        "clip_skip": 1,
        "width": 768,
        "height": 512,
        "scheduler": "dpmpp_2m_karras",
    }
    assert request.model is not None
    assert request.model.name == "dreamshaper_8"
    assert any("dreamshaper_8" in note and "1a2b3c4d5e" in note for note in read.notes)


def test_a1111_settings_in_a_jpeg(tmp_path: Path) -> None:
    block = Image.Exif()
    for little in (False, True):
        text = A1111.encode("utf-16-le" if little else "utf-16-be")
        block.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text
        Image.new("RGB", (8, 8)).save(tmp_path / "x.jpg", exif=block.tobytes())
        read = importer.read(tmp_path / "x.jpg")
        assert read.recipe is not None
        assert read.recipe.request.params["steps"] == 28


def test_our_own_text_is_read_like_anybody_elses(recipe: Recipe) -> None:
    read = codec_text.read(codec_text.write(recipe, size=(96, 64)))
    assert read is not None
    assert read.prompt == recipe.request.params["prompt"]
    assert read.negative_prompt == recipe.request.params["negative_prompt"]
    assert read.settings["model"] == "Starter, pictures: small"
    assert read.settings["sampler"] == "DPM++ 2M"
    assert read.settings["schedule type"] == "Karras"
    assert read.settings["size"] == "96x64"
    assert read.settings["model hash"] == "0123456789"


def test_values_out_of_range_are_brought_in_and_said(tmp_path: Path) -> None:
    text = "cat\nSteps: 900, Sampler: Restart, CFG scale: 99, Seed: 99999999999999, Size: 517x300"
    read = importer.read(with_texts(tmp_path / "x.png", {"parameters": text}))
    assert read.recipe is not None
    params = read.recipe.request.params
    assert (params["steps"], params["guidance_scale"], params["width"], params["height"]) == (500, 30.0, 512, 296)
    assert read.recipe.request.seed == 99999999999999 % 2**32
    words = " ".join(read.notes)
    for part in ("Steps was 900", "Guidance was 99", "Width was 517", "Restart", "seed"):
        assert part in words


def test_invokeai(tmp_path: Path) -> None:
    data = {
        "positive_prompt": "a cat",
        "negative_prompt": "dog",
        "width": 512,
        "height": 640,
        "seed": 77,
        "cfg_scale": 7.5,
        "steps": 30,
        "scheduler": "dpmpp_2m_k",
        "model": {"name": "juggernaut", "hash": "blake3:00"},
    }
    read = importer.read(with_texts(tmp_path / "x.png", {"invokeai_metadata": json.dumps(data)}))
    assert read.foreign
    assert read.recipe is not None
    assert read.recipe.request.seed == 77
    assert read.recipe.request.params["scheduler"] == "dpmpp_2m_karras"
    assert read.recipe.request.params["height"] == 640
    assert "juggernaut" in " ".join(read.notes)


def comfy_graph() -> dict[str, Any]:
    return {
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "seed": 5,
                "steps": 22,
                "cfg": 4.0,
                "sampler_name": "euler_ancestral",
                "scheduler": "normal",
                "denoise": 1.0,
                "model": ["10", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["5", 0],
            },
        },
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sdxl.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 832, "height": 1216, "batch_size": 1}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["20", 0], "clip": ["10", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["10", 1]}},
        "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "x", "model": ["4", 0], "clip": ["4", 1]}},
        "20": {"class_type": "Text", "inputs": {"text": "a castle"}},
    }


def test_comfyui(tmp_path: Path) -> None:
    read = importer.read(with_texts(tmp_path / "x.png", {"prompt": json.dumps(comfy_graph())}))
    assert read.recipe is not None
    request = read.recipe.request
    assert request.seed == 5
    assert request.params["prompt"] == "a castle"
    assert request.params["negative_prompt"] == "ugly"
    assert (request.params["width"], request.params["height"]) == (832, 1216)
    assert request.params["scheduler"] == "euler_a"
    assert request.model is not None
    assert request.model.name == "sdxl.safetensors"


def test_a_graph_in_circles_ends(tmp_path: Path) -> None:
    graph = comfy_graph()
    graph["20"]["inputs"] = {"text": ["6", 0], "other": ["20", 0]}
    read = importer.read(with_texts(tmp_path / "x.png", {"prompt": json.dumps(graph)}))
    assert read.recipe is not None
    assert "prompt" not in read.recipe.request.params


def test_a_picture_that_says_nothing_is_no_error(tmp_path: Path) -> None:
    for kind in ("png", "jpg", "webp", "avif", "tiff"):
        path = tmp_path / f"x.{kind}"
        Image.new("RGB", (8, 8)).save(path)
        read = importer.read(path)
        assert read.recipe is None
        assert not read.foreign
    with_texts(tmp_path / "x.png", {"parameters": "only a prompt", "prompt": "not json", "Comment": "hello"})
    assert importer.read(tmp_path / "x.png").recipe is None


def test_a_damaged_or_newer_recipe_is_said_and_the_text_of_others_still_read(tmp_path: Path) -> None:
    for own, word in (
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"format": 1, "request": {"generator": "x", "seed": -1}}', "damaged"),
        ('{"format": Infinity}', "damaged"),
        ("[" * 100_000, "damaged"),
        ('{"format": 99, "request": {}}', "newer"),
    ):
        read = importer.read(with_texts(tmp_path / "x.png", {"studio": own, "parameters": A1111}))
        assert word in read.notes[0]
        assert read.recipe is not None
        assert read.foreign


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(*chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def test_a_text_that_unpacks_without_end_is_passed_over(tmp_path: Path) -> None:
    bomb = zlib.compress(b" " * 64_000_000, 9)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        png_of(
            chunk(b"zTXt", b"parameters\0\0" + bomb),
            chunk(b"iTXt", b"studio\0\1\0\0\0" + bomb),
            *[chunk(b"iTXt", f"k{n}".encode() + b"\0\1\0\0\0" + zlib.compress(b" " * 1_999_999)) for n in range(50)],
        )
    )
    found = codec_png.texts(path)
    assert "parameters" not in found
    assert "studio" not in found
    assert sum(map(len, found.values())) <= codec_png.ALL_LIMIT + codec_png.TEXT_LIMIT
    packed = base64.b64encode(bomb).decode()
    assert codec_recipe.from_xmp(f"<studio:packed>{packed}</studio:packed>".encode()) is None


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        " " * 40_000,
        "Steps: " + " " * 40_000,
        "Steps: 1, " + "a:" * 20_000,
        "Steps: 1" + ', x: "' * 20_000,
        "Negative prompt:" * 5_000 + "\nSteps: 1",
        "\nSteps:" * 10_000,
        'Steps: 1, a: "' + "\\" * 40_001,
        "Size: " + "9" * 40_000 + "x\nSteps: 1",
    ],
)
def test_no_text_takes_long(text: str, tmp_path: Path) -> None:
    """The field's usual regular expression needs 27 s for the first of these; the limit here would be 20 s for all of
    pytest's work on one of them.
    """
    importer.read(with_texts(tmp_path / "x.png", {"parameters": text}))


@pytest.mark.allows_log("PIL.TiffImagePlugin: More samples per pixel")
def test_files_cut_off_or_damaged_never_raise_anything_but_words(tmp_path: Path, picture: Path, recipe: Recipe) -> None:
    files = [
        export.png(picture, recipe, PngOptions()),
        export.jpeg(picture, recipe, JpegOptions()),
        export.webp(picture, recipe, WebpOptions()),
        export.avif(picture, recipe, AvifOptions()),
        export.tiff(picture, recipe, TiffOptions()),
    ]
    chance = random.Random(0)
    path = tmp_path / "damaged"
    understood = refused = 0
    for data in files:
        for _ in range(60):
            body = bytearray(data[: chance.randrange(len(data))] if chance.random() < 0.5 else data)
            for _ in range(chance.randrange(30)):
                if body:
                    body[chance.randrange(len(body))] = chance.randrange(256)
            path.write_bytes(body)
            for act in (importer.read, codec.open_picture):
                try:
                    act(path)
                    understood += 1
                except StudioError:
                    refused += 1
    assert understood > 20
    assert refused > 20


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    for name, data in (("a.png", b""), ("b.png", b"%PDF-1.4"), ("c.jpg", b"\0" * 100)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(StudioError, match="not a picture"):
            importer.read(tmp_path / name)
    with pytest.raises(StudioError, match="is gone"):
        importer.read(tmp_path / "nothing.png")


def test_a_picture_of_gigapixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    path = tmp_path / "huge.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))
    with pytest.raises(StudioError, match=r"too large|damaged"):
        codec.open_picture(path)


def test_pictures_are_opened_upright(tmp_path: Path) -> None:
    sideways = Image.new("RGB", (20, 10))
    sideways.putpixel((0, 0), (255, 255, 255))
    block = Image.Exif()
    block[0x0112] = 6
    sideways.save(tmp_path / "x.png", exif=block.tobytes())
    upright = codec.open_picture(tmp_path / "x.png")
    assert upright.size == (10, 20)
    assert upright.getpixel((9, 0)) == (255, 255, 255)


def test_fitting(tmp_path: Path) -> None:
    wide = Image.new("RGB", (200, 100), (10, 20, 30))
    assert codec.fitted(wide, 64, 64).size == (64, 64)
    assert codec.fitted(wide, 64, 64, how="stretch").size == (64, 64)
    assert codec.fitted(wide, 200, 100) is wide
    halves = Image.new("RGB", (200, 100), (255, 0, 0))
    halves.paste((0, 0, 255), (0, 0, 50, 100))
    assert codec.fitted(halves, 64, 64).getpixel((8, 32)) == (255, 0, 0), "cropped from the middle"
    assert codec.fitted(halves, 64, 64, how="stretch").getpixel((0, 32)) == (0, 0, 255)


def test_a_recipe_that_only_has_a_request_comes_back(picture: Path, tmp_path: Path) -> None:
    bare = Recipe(Request("image.diffusion"))
    target = tmp_path / "x.png"
    target.write_bytes(export.png(picture, bare, PngOptions()))
    assert importer.read(target).recipe == bare
