"""Every control of the writer reaches the words: with one of them far from its neutral value the text is another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugins.text import generate
from plugins.text.params import TextParams, TextSettings
from studio.api import Model, Request
from studio.testing import FakeContext
from tests import tiny_writers

SETTINGS = TextSettings(device="cpu", precision="float32", threads=1)
NEUTRAL: dict[str, Any] = {
    "before": "The old sailor walked along the harbour and looked at the grey sea. The old sailor walked along",
    "length": 40,
    "temperature": 1.0,
    "top_k": 0,
    "top_p": 1.0,
    "min_p": 0.0,
    "typical_p": 1.0,
    "top_n_sigma": 0.0,
    "xtc_probability": 0.0,
    "mirostat": False,
    "repetition_penalty": 1.0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "dry_multiplier": 0.0,
    "dynatemp_range": 0.0,
}
DRY: dict[str, Any] = {"dry_allowed_length": 1, "temperature": 0.0, "logit_bias": "king = 9"}
"""A text that repeats itself."""
CONTROLS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what is on already, and what is changed
    "temperature": ({}, {"temperature": 0.3}),
    "dynatemp_range": ({}, {"dynatemp_range": 0.9}),
    "dynatemp_exponent": ({"dynatemp_range": 0.9}, {"dynatemp_exponent": 6.0}),
    "top_k": ({}, {"top_k": 2}),
    "top_p": ({}, {"top_p": 0.2}),
    "min_p": ({}, {"min_p": 0.7}),
    "typical_p": ({}, {"typical_p": 0.1}),
    "top_n_sigma": ({}, {"top_n_sigma": 0.5}),
    "xtc_probability": ({"xtc_threshold": 0.01}, {"xtc_probability": 1.0}),
    "xtc_threshold": ({"xtc_probability": 1.0, "xtc_threshold": 0.4}, {"xtc_threshold": 0.01}),
    "mirostat": ({}, {"mirostat": True, "mirostat_tau": 1.0}),
    "mirostat_tau": ({"mirostat": True, "mirostat_tau": 8.0}, {"mirostat_tau": 0.5}),
    "mirostat_eta": ({"mirostat": True, "mirostat_tau": 3.0}, {"mirostat_eta": 1.0}),
    "repetition_penalty": ({"temperature": 0.0}, {"repetition_penalty": 1.8}),
    "frequency_penalty": ({"temperature": 0.0}, {"frequency_penalty": 1.5}),
    "presence_penalty": ({"temperature": 0.0}, {"presence_penalty": 1.5}),
    "penalty_range": ({"repetition_penalty": 1.8, "temperature": 0.0}, {"penalty_range": 2}),
    "dry_multiplier": (DRY, {"dry_multiplier": 4.0}),
    "dry_base": ({**DRY, "dry_multiplier": 0.05, "dry_base": 1.0}, {"dry_base": 4.0}),
    "dry_allowed_length": ({**DRY, "dry_multiplier": 4.0, "dry_allowed_length": 9}, {"dry_allowed_length": 1}),
    "dry_range": ({**DRY, "dry_multiplier": 4.0}, {"dry_range": 2}),
    "dry_breakers": ({**DRY, "dry_multiplier": 4.0}, {"dry_breakers": "\n".join("aeioulrstwdkhbncgmpf")}),
    "order": ({"temperature": 3.0, "min_p": 0.3}, {"order": "temperature, min_p"}),
    "logit_bias": ({}, {"logit_bias": "king = 8"}),
    "banned": ({"logit_bias": "king = 8"}, {"banned": "king"}),
    "stop": ({}, {"stop": "e"}),
    "guidance": ({"negative": "Once there was a king"}, {"guidance": 4.0}),
    "negative": ({"guidance": 4.0, "negative": "Once there was a king"}, {"negative": "Anna laughed"}),
    "seed": ({}, {"seed": 9}),
    "length": ({}, {"length": 6}),
    "watermark": ({}, {"watermark": True}),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny_writers.save(tmp_path_factory.mktemp("writers") / "plain")


@pytest.fixture(scope="module")
def cache() -> dict[Any, Any]:
    return {}


def text(model: Model, folder: Path, cache: dict[Any, Any], values: dict[str, Any]) -> str:
    values = {**NEUTRAL, **values}
    request = Request("text.writer", values, seed=values.pop("seed", 3), model=model.ref())
    context = FakeContext(request, TextParams, scratch=folder, model=model, settings=(SETTINGS,), cache=cache)
    return generate.run(request, context)[0].data.decode()


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_changes_the_text(plain: Model, tmp_path: Path, cache: dict[Any, Any], name: str) -> None:
    given, changed = CONTROLS[name]
    assert text(plain, tmp_path, cache, {**given, **changed}) != text(plain, tmp_path, cache, given)


def test_no_control_is_forgotten_here() -> None:
    """A new one must be added above: nothing else would notice that it does nothing."""
    about = {
        "before", "after", "passage", "task", "instruction", "pinned", "messages", "memory", "note", "note_depth",
        "lore", "lore_budget", "lore_depth", "prefix", "prefix_ids", "alternatives", "context", "passes", "grammar",
        "grammar_kind", "reach",
    }  # fmt: skip
    assert set(TextParams.__dataclass_fields__) - about <= set(CONTROLS)
