"""Settings of the Text plugin as a whole."""

from __future__ import annotations

from studio.api import frozen, param
from studio.inference.choices import device_setting, precision_setting, threads_setting


@frozen
class TextSettings:
    """Settings of the plugin. Device, precision and threads can change a text: probabilities differ in last digits."""

    device: str = device_setting("Where text is written")
    precision: str = precision_setting()
    threads: int = threads_setting("text")
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
    dictionaries: str = param(
        "",
        label="Dictionaries",
        help="A folder with Hunspell dictionaries (.dic with .aff) for spelling in other languages. Those that the "
        "system keeps are found by themselves.",
        role="folder",
        max_length=2000,
        level="advanced",
    )
    file_pattern: str = param(
        "{title}",
        label="File names",
        help="For exported manuscripts. Known: {title} {date} {time} {counter}.",
        max_length=200,
    )
