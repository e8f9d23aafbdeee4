"""The settings of every plugin that runs models here: on what, how exactly, with how many cores. Loads nothing."""

from __future__ import annotations

from typing import Any

from studio.api import param


def device_setting(what: str) -> Any:
    """A field for the device; `what` happens there ("Where pictures are made")."""
    return param(
        "auto",
        label="Device",
        help=f"{what}. Automatic takes a graphics card if there is one.",
        choices=(
            ("auto", "Automatic"),
            ("cuda", "NVIDIA or AMD graphics card"),
            ("mps", "Apple graphics (Metal)"),
            ("cpu", "Processor"),
        ),
    )


def precision_setting() -> Any:
    """A field for the precision, by its names in `devices.DTYPES`."""
    return param(
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


def threads_setting(result: str) -> Any:
    """A field for the number of threads; `result` is what stays the same with it ("picture")."""
    return param(
        0,
        label="Threads",
        help=f"Processor cores to use; 0 takes all of them. The same number gives the same {result}.",
        minimum=0,
        maximum=256,
        slider=(0, 32),
        unset="All",
        level="advanced",
    )
