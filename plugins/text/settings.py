"""Settings of the Text plugin as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from studio.api import param


@dataclass(frozen=True)
class TextSettings:
    """Settings of the plugin. Device, precision and threads can change a text: probabilities differ in last digits."""

    device: str = param(
        "auto",
        label="Device",
        help="Where text is written. Automatic takes a graphics card if there is one.",
        choices=(
            ("auto", "Automatic"),
            ("cuda", "NVIDIA or AMD graphics card"),
            ("mps", "Apple graphics (Metal)"),
            ("cpu", "Processor"),
        ),
    )
    precision: str = param(
        "auto",
        label="Precision",
        help="Automatic takes the fastest that the device does well. Full needs more memory and time.",
        choices=(
            ("auto", "Automatic"),
            ("float32", "Full (32 bit)"),
            ("bfloat16", "Half (bfloat16)"),
            ("float16", "Half (float16)"),
        ),
        level="advanced",
    )
    threads: int = param(
        0,
        label="Threads",
        help="Processor cores to use; 0 takes all of them. The same number gives the same text.",
        minimum=0,
        maximum=256,
        slider=(0, 32),
        level="advanced",
        unset="All",
    )
    draft: str = param(
        "",
        label="Draft model",
        help="The folder of a small model with the same tokens that runs ahead of a large one. Empty: none.",
        role="folder",
        max_length=2000,
        level="advanced",
    )
    draft_length: int = param(
        4,
        label="Draft length",
        help="How many tokens the draft model runs ahead at most.",
        minimum=1,
        maximum=16,
        level="advanced",
    )
    file_pattern: str = param(
        "{title}",
        label="File names",
        help="For exported manuscripts. Known: {title} {date} {time} {counter}.",
        max_length=200,
    )
