from __future__ import annotations

import subprocess
import sys

import pytest

from plugins.image import hooks
from plugins.image.params import ImageParams, ImageSettings
from studio.api import StudioError, describe, parse
from studio.inference.schedulers_table import BY_NAME, SCHEDULERS, from_foreign


def test_every_field_has_a_label_and_a_word_of_help() -> None:
    shown = [ImageParams, ImageSettings, *(spec.options for spec in hooks.studio_exporters() if spec.options)]
    for params in shown:
        for spec in describe(params):
            assert spec.label[0].isupper(), spec.name
            assert spec.help.endswith((".", ":", ")")), spec.name


def test_defaults_are_valid_and_a_request_is_never_silently_changed() -> None:
    defaults = {spec.name: spec.default for spec in describe(ImageParams)}
    assert parse(ImageParams, defaults) == ImageParams()
    with pytest.raises(StudioError, match="multiple of 8"):
        parse(ImageParams, {"width": 250})
    with pytest.raises(StudioError, match="Steps is 0"):
        parse(ImageParams, {"steps": 0})


def test_the_window_can_read_the_hooks_without_loading_anything_heavy() -> None:
    code = (
        "import sys; import plugins.image.hooks as h; h.studio_generators(); h.studio_exporters();"
        "print([m for m in ('torch', 'diffusers', 'numpy', 'PIL', 'PySide6') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("sampler", "schedule", "ours"),
    [
        ("DPM++ 2M Karras", "", "dpmpp_2m_karras"),
        ("DPM++ 2M", "Karras", "dpmpp_2m_karras"),
        ("DPM++ 2M", "Automatic", "dpmpp_2m"),
        ("dpmpp_2m_sde", "karras", "dpmpp_2m_sde_karras"),
        ("Euler a", "", "euler_a"),
        ("euler_ancestral", "normal", "euler_a"),
        ("k_euler", "", "euler"),
        ("uni_pc", "simple", "unipc"),
        ("  dpm++   2m   sde ", "", "dpmpp_2m_sde"),
        ("Restart", "", ""),
    ],
)
def test_foreign_samplers_have_our_names(sampler: str, schedule: str, ours: str) -> None:
    assert from_foreign(sampler, schedule) == ours


def test_each_scheduler_is_found_again_by_the_name_it_is_written_with() -> None:
    for entry in SCHEDULERS:
        if entry.a1111 and not entry.flow:
            plain = entry.a1111.removesuffix(" Karras")
            karras = "Karras" if entry.a1111.endswith(" Karras") else ""
            assert from_foreign(plain, karras) == entry.name
    assert next(iter(BY_NAME)) == "auto"
