"""Text diffusion through the writer: pinned words stay where they are, both sides count, passes branch exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plugins.text import generate, wire
from plugins.text.params import TextParams, TextSettings, as_lines
from studio.api import JobCancelled, Model, Request, StudioError
from studio.testing import FakeContext
from tests import tiny_writers

PASSAGE = " Then Anna laughed and took the red lantern from the castle."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny_writers.save_refiner(tmp_path_factory.mktemp("writers") / "refiner")


@pytest.fixture(scope="module")
def cache() -> dict[Any, Any]:
    return {}


def ask(model: Model, folder: Path, cache: dict[Any, Any], **params: Any) -> FakeContext:
    stop = {"cancel_at": params.pop("cancel_at", None)}
    values = {"before": "The old sailor walked.", "after": " She went home.", "task": "repaint", "passage": PASSAGE}
    request = Request("text.writer", {**values, **params}, seed=4, model=model.ref())
    settings = (TextSettings(device="cpu", precision="float32", threads=1),)
    return FakeContext(request, TextParams, scratch=folder, model=model, settings=settings, cache=cache, **stop)


def write(context: FakeContext) -> tuple[list[str], wire.Record]:
    outputs = generate.run(context.request, context)
    record = wire.Record.from_bytes(outputs[-1].data)
    texts = [output.data.decode() for output in outputs[:-1]]
    assert texts == [text.text for text in record.alternatives]
    return texts, record


def test_pinned_words_stay_and_the_rest_is_new(model: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    context = ask(model, tmp_path, cache, pinned=as_lines(("Anna", "red lantern")), alternatives=2, passes=8)
    texts, record = write(context)
    assert len(set(texts)) == 2
    for text in texts:
        assert text != PASSAGE
        assert 0 < text.index("Anna") < text.index("red lantern")
        assert "▒" not in text
    assert [step.index for step in context.steps] == list(range(len(context.steps)))
    assert len(context.steps) <= 8
    assert "▒" in context.steps[0].preview.data.decode()  # type: ignore[union-attr]
    tokens = record.alternatives[0].tokens
    pinned = [token for token in tokens if not token.choices]
    assert "Anna" in "".join(token.text for token in pinned)
    assert all(0 < token.p <= 1 and len(token.choices) == 10 for token in tokens if token.choices)
    assert [segment.origin for segment in record.report.sent] == ["story", "after"]


def test_a_branch_from_a_pass_is_exact(model: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    first = ask(model, tmp_path, cache, passes=10)
    whole = write(first)
    assert write(first.branch(4)) == whole
    other, _ = write(first.branch(4, first.request.with_params(temperature=3.0, passes=10)))
    assert other != whole[0]


def test_what_stands_behind_counts(model: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    here, _ = write(ask(model, tmp_path, cache, temperature=0.0))
    there, _ = write(ask(model, tmp_path, cache, temperature=0.0, after=" The king was cold."))
    assert here != there


def test_continuing_filling_and_other_lengths(model: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    _, record = write(ask(model, tmp_path, cache, task="continue", passage="", length=12))
    assert len(record.alternatives[0].tokens) == 12
    _, normal = write(ask(model, tmp_path, cache))
    _, short = write(ask(model, tmp_path, cache, task="shorten"))
    assert len(short.alternatives[0].tokens) == pytest.approx(len(normal.alternatives[0].tokens) / 2, abs=1)


def test_cancelling_and_what_it_cannot_do(model: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    context = ask(model, tmp_path, cache, cancel_at=1)
    with pytest.raises(JobCancelled):
        generate.run(context.request, context)
    assert len(context.steps) == 2
    for wrong in ({"task": "chat"}, {"passage": ""}, {"pinned": "no such word"}, {"passage": "word " * 300}):
        with pytest.raises(StudioError) as error:
            write(ask(model, tmp_path, cache, **wrong))
        assert error.value.hint


def test_code_and_damage_are_refused(tmp_path: Path) -> None:
    model = tiny_writers.save_refiner(tmp_path / "evil")
    (model.path / "model" / "modeling_mine.py").write_text("raise SystemExit")
    with pytest.raises(StudioError, match="program code"):
        write(ask(model, tmp_path, {}))
    (model.path / "model" / "modeling_mine.py").unlink()
    index = json.loads((model.path / "model_index.json").read_text())
    (model.path / "model_index.json").write_text(json.dumps({**index, "_class_name": "DDPMPipeline"}))
    with pytest.raises(StudioError, match="does not write text"):
        write(ask(model, tmp_path, {}))
