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
    assert output.media == "application/json"
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


def test_nothing_to_check_is_said(tmp_path: Path) -> None:
    model = tiny_writers.save(tmp_path / "m")
    with pytest.raises(StudioError, match="no text"):
        look(model, tmp_path, " ")
    with pytest.raises(StudioError, match="No model"):
        look(None, tmp_path, "text")
