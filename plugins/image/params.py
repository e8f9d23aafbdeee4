"""What an artist can set for a picture, for its export, and for the plugin as a whole."""

from __future__ import annotations

from typing import Literal

from studio.api import frozen, param
from studio.inference.choices import device_setting, precision_setting, threads_setting
from studio.inference.schedulers_table import CHOICES

SIZE_LIMIT = 4096
"""The longest side in pixels that is asked of a model."""


def _side(label: str, role: Literal["width", "height"]) -> int:
    value: int = param(
        256,
        label=label,
        help="Models draw best near the size they were trained at: 256 for the built-in one.",
        minimum=64,
        maximum=SIZE_LIMIT,
        slider=(128, 1024),
        step=8,
        multiple=8,
        unit="px",
        role=role,
    )
    return value


@frozen
class ImageParams:
    """A picture to be made. The defaults suit the built-in 256-pixel model."""

    prompt: str = param(
        "",
        label="Prompt",
        help="What the picture should show, and how it should look.",
        role="prompt",
        multiline=True,
    )
    negative_prompt: str = param(
        "",
        label="Negative prompt",
        help="What the picture should not show. Works only with a guidance above 1.",
        role="negative prompt",
        multiline=True,
        level="advanced",
    )
    steps: int = param(
        20,
        label="Steps",
        help="How many times the model goes over the picture. More steps, finer detail, more time.",
        minimum=1,
        maximum=500,
        slider=(1, 60),
    )
    guidance_scale: float = param(
        3.0,
        label="Guidance",
        help="How closely to follow the prompt. Low: freer and softer. High: literal, with hard colours.",
        minimum=0.0,
        maximum=30.0,
        slider=(1.0, 12.0),
        step=0.1,
        decimals=1,
    )
    width: int = _side("Width", "width")
    height: int = _side("Height", "height")
    strength: float = param(
        0.6,
        label="Strength",
        help="How far to go from the picture you start from: 0 keeps it, 1 keeps almost nothing of it.",
        minimum=0.0,
        maximum=1.0,
        slider=(0.1, 1.0),
        step=0.05,
        group="Start from a picture",
    )
    fit: str = param(
        "crop",
        label="Fit",
        help="What to do where the picture you start from has another shape.",
        choices=(("crop", "Crop to fill"), ("stretch", "Stretch")),
        level="advanced",
        group="Start from a picture",
    )
    feather: int = param(
        8,
        label="Soft edge",
        help="Repaint: over how many pixels inside the painted part the new fades into the old.",
        minimum=0,
        maximum=200,
        slider=(0, 40),
        unit="px",
        level="hidden",
    )
    scheduler: str = param(
        "auto",
        label="Scheduler",
        help="The way from noise to picture. Automatic takes the one the model was made for.",
        choices=CHOICES,
        level="advanced",
    )
    guidance_rescale: float = param(
        0.0,
        label="Soften guidance",
        help="Takes back the hard colours that a high guidance brings. 0 is off; 0.7 is a good start.",
        minimum=0.0,
        maximum=1.0,
        step=0.05,
        unset="Off",
        level="advanced",
    )
    clip_skip: int = param(
        0,
        label="CLIP skip",
        help="Leave out the last layers of the text reader; some models for drawings were made with 1.",
        minimum=0,
        maximum=8,
        unset="Off",
        level="advanced",
    )


@frozen
class ImageSettings:
    """Settings of the plugin. Device, precision and threads can change the last digits of a picture's pixels."""

    device: str = device_setting("Where pictures are made")
    precision: str = precision_setting()
    threads: int = threads_setting("picture")
    memory: str = param(
        "auto",
        label="Model in memory",
        help="On a graphics card. Automatic puts all of the model on it if there is room, else its parts in turn.",
        choices=(
            ("auto", "Automatic"),
            ("device", "All at once: fastest"),
            ("model", "Its parts in turn: needs half to two thirds"),
            ("group", "Its layers in turn: needs least, about 2 × slower"),
        ),
        group="Memory",
    )
    tiles: str = param(
        "auto",
        label="Decode in tiles",
        help="The last step, from the model's numbers to pixels, tile by tile. Saves memory in large pictures.",
        choices=(("auto", "Automatic"), ("on", "Always"), ("off", "Never")),
        group="Memory",
    )
    eight_bits: str = param(
        "auto",
        label="Weights in 8 bits",
        help="Halves the memory of the model and changes the picture a little. Automatic: only if nothing else fits.",
        choices=(("auto", "Automatic"), ("on", "Always"), ("off", "Never")),
        group="Memory",
    )
    preview: str = param(
        "estimate",
        label="While it works, show",
        help="What you see of a picture that is being made.",
        choices=(
            ("estimate", "The model's best guess"),
            ("noise", "The noise as it clears"),
            ("detailed", "The best guess in full detail (slower)"),
            ("off", "Nothing"),
        ),
    )
    file_pattern: str = param(
        "{date} {prompt} {seed}",
        label="File names",
        help="For exported files. Known: {date} {time} {seed} {model} {prompt} {width} {height} {counter}.",
        max_length=200,
    )


def _recipe_option() -> bool:
    value: bool = param(
        True,
        label="With recipe",
        help="Keep prompt, model, seed and settings inside the file, so that it can be dropped back on the window.",
    )
    return value


def _side_option() -> int:
    value: int = param(
        0,
        label="Longest side",
        help="Resize to this many pixels; 0 keeps the size.",
        minimum=0,
        maximum=16_384,
        slider=(0, 4096),
        unit="px",
        unset="As it is",
    )
    return value


@frozen
class PngOptions:
    """PNG: nothing is lost."""

    longest_side: int = _side_option()
    compression: int = param(
        6, label="Compression", help="Higher is smaller and slower; the picture stays the same.", minimum=0, maximum=9
    )
    recipe: bool = _recipe_option()


@frozen
class JpegOptions:
    """JPEG: small, readable everywhere."""

    longest_side: int = _side_option()
    quality: int = param(92, label="Quality", help="Higher is better and larger.", minimum=1, maximum=100)
    full_colour: bool = param(
        True, label="Full colour detail", help="Keeps fine coloured edges sharp (4:4:4); the file grows by a fifth."
    )
    recipe: bool = _recipe_option()


@frozen
class WebpOptions:
    """WebP: smaller than JPEG at the same quality, or lossless."""

    longest_side: int = _side_option()
    quality: int = param(90, label="Quality", help="Higher is better and larger.", minimum=1, maximum=100)
    lossless: bool = param(False, label="Lossless", help="Keep every pixel; quality then only sets the effort.")
    recipe: bool = _recipe_option()


@frozen
class AvifOptions:
    """AVIF: the smallest files."""

    longest_side: int = _side_option()
    quality: int = param(80, label="Quality", help="Higher is better and larger.", minimum=1, maximum=100)
    effort: int = param(
        4, label="Effort", help="Higher takes longer and makes the file a little smaller.", minimum=0, maximum=10
    )
    recipe: bool = _recipe_option()


@frozen
class TiffOptions:
    """TIFF: for print and for other programs."""

    longest_side: int = _side_option()
    depth: str = param(
        "8",
        label="Depth",
        help="16 bit gives other programs room to work in; the picture itself has 8 bits a colour.",
        choices=(("8", "8 bit"), ("16", "16 bit")),
    )
    compress: bool = param(
        True, label="Compress", help="Smaller without loss (Deflate); a few old programs cannot read it."
    )
    recipe: bool = _recipe_option()
