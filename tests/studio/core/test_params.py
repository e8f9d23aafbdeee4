"""A params dataclass describes itself, checks values with words for people, and salvages foreign ones."""

from dataclasses import dataclass

import pytest

from studio.core.errors import StudioError
from studio.core.params import Choice, describe, param, parse, salvage, values_of


@dataclass(frozen=True)
class Sample:
    prompt: str = param("a castle", label="Prompt", role="prompt", max_length=50)
    steps: int = param(20, label="Steps", minimum=1, maximum=150)
    width: int = param(256, label="Width", minimum=64, maximum=2048, multiple=8)
    guidance: float = param(4.5, label="Guidance", minimum=0, maximum=30)
    tiled: bool = param(False, label="Tiled", level="advanced")
    scheduler: str = param("ddim", label="Scheduler", choices=[("ddim", "DDIM"), Choice("euler", "Euler")])


def test_description_follows_the_declaration():
    specs = {spec.name: spec for spec in describe(Sample)}
    assert list(specs) == ["prompt", "steps", "width", "guidance", "tiled", "scheduler"]
    assert [spec.kind for spec in specs.values()] == ["text", "integer", "integer", "number", "boolean", "choice"]
    assert specs["scheduler"].choices == (Choice("ddim", "DDIM"), Choice("euler", "Euler"))
    assert (specs["steps"].minimum, specs["steps"].maximum, specs["tiled"].level) == (1, 150, "advanced")


def test_missing_values_take_the_defaults():
    assert parse(Sample, {"steps": 5}) == Sample(steps=5)


def test_whole_numbers_may_come_as_floats_and_back():
    assert parse(Sample, {"steps": 5.0, "guidance": 7}) == Sample(steps=5, guidance=7.0)
    assert isinstance(parse(Sample, {"steps": 5.0}).steps, int)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"steps": 0}, "Steps is 0. It can be from 1 to 150."),
        ({"steps": 2.5}, "Steps must be a whole number"),
        ({"steps": True}, "Steps must be a number"),
        ({"steps": "20"}, "Steps must be a number"),
        ({"guidance": float("nan")}, "Guidance must be a number"),
        ({"width": 100}, "multiple of 8"),
        ({"scheduler": "magic"}, "Choose one of: ddim, euler."),
        ({"prompt": "x" * 51}, "too long"),
        ({"prompt": 7}, "Prompt must be text"),
        ({"tiled": 1}, "on or off"),
        ({"stepz": 3}, "no parameter called 'stepz'"),
    ],
)
def test_a_bad_value_is_refused_in_plain_words(values, words):
    with pytest.raises(StudioError) as caught:
        parse(Sample, values)
    assert words in str(caught.value)


def test_salvage_keeps_what_fits_and_names_the_rest():
    params, bad = salvage(Sample, {"steps": 9, "width": 3, "unknown": 1})
    assert params == Sample(steps=9)
    assert bad == ("width", "unknown")


def test_values_round_trip():
    assert parse(Sample, values_of(Sample(steps=3, tiled=True))) == Sample(steps=3, tiled=True)


def test_a_type_no_form_can_show_is_refused():
    @dataclass(frozen=True)
    class Odd:
        thing: list = param(None, label="Thing")

    with pytest.raises(TypeError, match="no form field"):
        describe(Odd)
