"""Text diffusion through the writer: pinned words stay where they are, both sides count, passes branch exactly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from plugins.text import generate, wire
from plugins.text.params import TextParams, TextSettings, as_lines
from studio.api import JobCancelled, Model, Request, StudioError
from studio.inference.text import refiners
from studio.store import ModelShelf
from studio.testing import FakeContext
from tests import tiny_writers

PASSAGE = " Then Anna laughed and took the red lantern from the castle."


@pytest.fixture(scope="module", params=tiny_writers.REFINERS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny_writers.save_refiner(tmp_path_factory.mktemp("writers") / request.param, request.param)


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


def test_all_but_one_word_may_be_pinned(model: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    pins = ("Then Anna laughed and took the", "lantern from the castle")
    texts, _ = write(ask(model, tmp_path, cache, pinned=as_lines(pins), alternatives=3, passes=4, temperature=1.5))
    for text in texts:
        assert 0 <= text.index(pins[0]) < text.index(pins[1])


@pytest.mark.parametrize("kind", ["llada2", "canvas"])
def test_the_folder_of_a_network_alone_is_found_and_enough(tmp_path: Path, kind: str) -> None:
    model = tiny_writers.save_refiner(tmp_path / "whole", kind)
    folder = tmp_path / "models" / "alone"
    for part in ("model", "processor" if kind == "canvas" else "tokenizer"):
        shutil.copytree(model.path / part, folder, dirs_exist_ok=True)
    alone = ModelShelf([tmp_path / "models"], [], tmp_path / "cache").get("models/alone")
    assert alone is not None
    assert alone.problem == ""
    assert alone.family in refiners.FAMILIES
    texts, _ = write(ask(alone, tmp_path, {}, pinned="Anna", passes=6))
    assert "Anna" in texts[0]


def test_a_canvas_is_gone_on_with_after_other_passes_too(tmp_path: Path) -> None:
    """Its network is told what it thought at the pass before: that is had again from the kept canvases."""
    model = tiny_writers.save_refiner(tmp_path / "canvas", "canvas")
    first = ask(model, tmp_path, {}, passes=9, alternatives=2)
    whole = write(first)
    for index in (0, 3, 7):
        assert write(first.branch(index)) == whole
    with pytest.raises(StudioError, match="does not fit"):
        write(first.branch(3, first.request.with_params(alternatives=3)))


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
