"""“Check this text”: marked text is recognised through the plugin, and the words are honest about the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plugins.text import check, generate
from plugins.text.params import CheckParams, TextParams, TextSettings, as_biases
from studio.api import Model, Request, StudioError
from studio.testing import FakeContext
from tests import tiny_writers


def look(model: Model | None, folder: Path, text: str) -> dict[str, Any]:
    request = Request("text.checker", {"text": text}, model=None if model is None else model.ref())
    context = FakeContext(request, CheckParams, scratch=folder, model=model)
    (output,) = check.run(request, context)
    assert output.media == check.MEDIA
    found: dict[str, Any] = json.loads(output.data)
    return found


WORDS = (" the", " sailor", " castle", " king", " boat", " stone", " night", " sea")
"""Words of one token each: random models write letters that are other tokens when they are read again."""


def test_a_marked_text_is_recognised(tmp_path: Path) -> None:
    model = tiny_writers.save(tmp_path / "m", window=512)
    texts = {}
    for marked in (True, False):
        params = {
            "before": "The old sailor",
            "length": 200,
            "watermark": marked,
            "top_p": 1.0,
            "temperature": 5.0,
            "min_p": 0.0,
        }
        params["logit_bias"] = as_biases((word, 60.0) for word in WORDS)
        request = Request("text.writer", params, seed=2, model=model.ref())
        settings = (TextSettings(device="cpu", precision="float32", threads=1),)
        context = FakeContext(request, TextParams, scratch=tmp_path, model=model, settings=settings)
        texts[marked] = generate.run(request, context)[0].data.decode()
    found = look(model, tmp_path, texts[True])
    assert found["marked"] is True
    assert found["mean"] > 0.55
    other = look(model, tmp_path, texts[False])
    assert other["marked"] is False
    assert "proves nothing" in other["words"]
    assert look(model, tmp_path, "Too short.")["marked"] is None


STARTER = Path(__file__).resolve().parents[3] / "resources" / "starter" / "prose"


@pytest.mark.skipif(not (STARTER / "model.safetensors").is_file(), reason="the starter prose is not here")
def test_two_hundred_tokens_of_the_built_in_model_tell_of_their_mark(tmp_path: Path) -> None:
    """It is sure of most of its words: only where it had a choice can a mark be, and only there it is looked for."""
    model = Model("starter/prose", "Starter prose", "transformers/LlamaForCausalLM", STARTER)
    memory = "Form: story\nGenre: sea story\nHero: Elias, a sail-maker\nPlace: the painted island"
    found = {}
    for marked in (True, False):
        values = {"before": "", "memory": memory, "length": 200, "temperature": 1.0, "watermark": marked}
        request = Request("text.writer", values, seed=1, model=model.ref())
        settings = (TextSettings(device="cpu", precision="float32", threads=1),)
        context = FakeContext(request, TextParams, scratch=tmp_path, model=model, settings=settings)
        text = generate.run(request, context)[0].data.decode()
        found[marked] = look(model, tmp_path, text)
    assert found[True]["marked"] is True
    assert found[True]["choices"] < found[True]["tokens"] / 2
    assert found[False]["marked"] is False
    changed = " ".join("stone" if n % 3 == 0 else word for n, word in enumerate(text.split()))
    assert look(model, tmp_path, changed)["marked"] is False


def test_a_recurrent_model_checks_too_and_long_texts_are_read_in_parts(tmp_path: Path) -> None:
    text = "The old sailor walked along the harbour and looked at the grey sea, for the night was cold. " * 8
    for model in (tiny_writers.save_recurrent(tmp_path / "gru"), tiny_writers.save(tmp_path / "short", window=64)):
        found = look(model, tmp_path, text)
        assert found["tokens"] > 0
        assert found["marked"] is not True


def test_nothing_to_check_is_said(tmp_path: Path) -> None:
    model = tiny_writers.save(tmp_path / "m")
    with pytest.raises(StudioError, match="no text"):
        look(model, tmp_path, " ")
    with pytest.raises(StudioError, match="No model"):
        look(None, tmp_path, "text")
