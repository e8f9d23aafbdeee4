"""Conversations with the templates that models bring: those of four families, and some that are not well."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from plugins.text import generate, tasks, wire
from plugins.text.params import TextParams, TextSettings, as_messages
from plugins.text.speaking import speaks
from studio.api import Failed, Model, Problem, Request, StudioError
from studio.inference import devices
from studio.inference.text import models
from studio.inference.text.loop import Plan, TokenRun
from studio.inference.text.memory import Prompts
from studio.testing import FakeContext
from tests import tiny_writers
from tests.plugins.text.page_bench import Desk, desk  # noqa: F401 - fixture

LLAMA = (
    "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' + "
    "m['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% elif m['role'] == 'assistant' %}{{ ' ' + m['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for m in messages %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\n' + m['content'] | trim + "
    "'<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
STYLES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "llama": (LLAMA, ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), "<|eot_id|>"),
    "mistral": (MISTRAL, ("[INST]", "[/INST]"), "<|end|>"),
    "qwen2": (tiny_writers.CHAT, ("<|im_start|>", "<|im_end|>"), "<|im_end|>"),
    "gemma": (GEMMA, ("<start_of_turn>", "<end_of_turn>"), "<end_of_turn>"),
}
CHAT = [
    {"role": "user", "content": "Who keeps the lamp?"},
    {"role": "assistant", "content": "Anna does."},
    {"role": "user", "content": "Why?"},
]


def save(folder: Path, style: str, template: str = "") -> Model:
    """A tiny model with that family's template."""
    own, marks, _ = STYLES[style]
    words = tiny_writers.tokenizer("pieces" if style in ("mistral", "gemma") else "bytes", specials=marks)
    words.chat_template = template or own
    return tiny_writers.save(folder, style, words=words, window=400)


def answer(model: Model, folder: Path, **params: Any) -> tuple[str, wire.Record]:
    values = {"task": "chat", "messages": as_messages(CHAT), "memory": "Answer like a keeper.", "length": 30, **params}
    request = Request("text.writer", values, seed=3, model=model.ref())
    settings = (TextSettings(device="cpu", precision="float32", threads=1),)
    context = FakeContext(request, TextParams, scratch=folder, model=model, settings=settings)
    outputs = generate.run(request, context)
    return outputs[0].data.decode(), wire.Record.from_bytes(outputs[-1].data)


@pytest.mark.parametrize("style", STYLES)
def test_an_answer_by_the_template_of_a_family(tmp_path: Path, style: str) -> None:
    model = save(tmp_path / style, style)
    assert speaks(model)
    text, record = answer(model, tmp_path)
    assert text
    assert record.report.tokens <= 400 - 30
    told = {segment.text for segment in record.report.sent}
    assert {"Why?", "Who keeps the lamp?", "Anna does."} <= told
    assert any("keeper" in part for part in told), "where there is no system role it stands before the first message"


@pytest.mark.parametrize("style", STYLES)
def test_the_end_of_a_turn_ends_the_answer(tmp_path: Path, style: str) -> None:
    """Also where only the template tells of it: no configuration names it here."""
    writer = models.load(save(tmp_path / style, style), device=devices.pick("cpu", precision="float32", threads=1))
    end = writer.vocabulary.tokenizer.convert_tokens_to_ids(STYLES[style][2])
    task = tasks.prepare(TextParams(task="chat", messages=as_messages(CHAT)), writer)
    assert task.ends == {end}
    free = TokenRun(writer, Plan(task.prompt, 8), prompts=Prompts(writer.net, writer.device.torch))
    list(free.columns())
    assert len(free.rows[0].ids) == 8
    wanted = free.rows[0].ids[5]
    run = TokenRun(writer, Plan(task.prompt, 8, ends=frozenset((wanted,))), prompts=free._prompts)
    list(run.columns())
    assert run.rows[0].finish == "eos"
    assert run.rows[0].ids == free.rows[0].ids[: free.rows[0].ids.index(wanted)]


BROKEN = {
    "syntax": "{% for m in messages %}{{ m['content'] }",
    "missing": "{{ messages[0].nothing.more }}",
    "escape": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "import": "{% import 'os' as os %}{{ os }}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_template_that_does_not_work_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudioError, match="chat template of Tiny writer does not work") as error:
        answer(save(tmp_path / "m", "qwen2", BROKEN[name]), tmp_path)
    assert "template says" in error.value.hint


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999999999) %}{{ a }}{% endfor %}",
        "{% for a in range(90000) %}{% for b in range(90000) %}{% set c = a %}{% endfor %}{% endfor %}",
        "{{ 'a' * 9999999999 }}",
        "{% set x = namespace(s='ab') %}{% for a in range(200) %}{% set x.s = x.s + x.s %}{% endfor %}{{ x.s }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%9999999999d' % 5 }}",
        "{{ 'a'.ljust(9999999999) }}",
        "{{ 'a' | center(9999999999) }}",
        "{{ ('a' * 9000000) | replace('a', 'a' * 9000000) }}",
        "{% macro m(a) %}{{ m(a) }}{{ m(a) }}{% endmacro %}{{ m(1) }}",
    ],
    ids=["range", "loops", "letters", "doubling", "power", "width", "method", "filter", "replace", "recursion"],
)
def test_a_template_that_never_ends_is_stopped(tmp_path: Path, template: str) -> None:
    started = time.monotonic()
    with pytest.raises(StudioError, match="chat template of Tiny writer does not work"):
        answer(save(tmp_path / "m", "qwen2", template), tmp_path)
    assert time.monotonic() - started < 60, "a guard against a test that hangs"


def test_a_model_without_a_template_is_told_apart(tmp_path: Path) -> None:
    plain = tiny_writers.save(tmp_path / "plain")
    assert speaks(plain) is False
    assert speaks(tiny_writers.save_refiner(tmp_path / "refiner", "stand-in")) is False
    assert speaks(Model("x", "Gone", "transformers/X", tmp_path / "gone")) is None
    (tmp_path / "plain" / "chat_template.jinja").write_text(tiny_writers.CHAT)
    assert speaks(plain) is True


def test_the_page_says_so_and_stays_as_it_is(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    said: list[Problem] = []
    desk.panel.writing.failed.connect(said.append)
    plain = tiny_writers.save(tmp_path / "plain")
    desk.panel.writing.requests.model = lambda: plain
    desk.panel.mode.set("chat")
    desk.type("Who keeps the lamp?")
    before = desk.text()
    desk.panel.generate()
    assert "not made for conversations" in said[-1].message
    assert desk.text() == before
    assert not desk.host.submitted
    menu = desk.panel.page.kind.menu()
    assert menu is not None
    desk.panel.mode.set("prose")
    menu.aboutToShow.emit()
    (entry,) = [action for action in menu.actions() if action.text().startswith("Conversation")]
    assert not entry.isEnabled()
    assert "no chat template" in entry.text()
    chatty = save(tmp_path / "chatty", "qwen2")
    desk.panel.writing.requests.model = lambda: chatty
    menu.aboutToShow.emit()
    assert entry.isEnabled()
    assert entry.text() == "Conversation"


def test_an_answer_that_fails_leaves_no_trace(desk: Desk) -> None:  # noqa: F811
    desk.panel.mode.set("chat")
    desk.type("Who keeps the lamp?")
    before = desk.text()
    job = desk.go_on()
    assert desk.text() == before + "\n### Model\n"
    desk.host.end(job)
    desk.play(Failed(job, Problem("The chat template of Tiny does not work.", "Get the files again.")))
    assert desk.text() == before
    desk.go_on()
    desk.finish("Anna does.")
    desk.key(Qt.Key.Key_Tab)
    assert desk.text() == before + "\n### Model\nAnna does.\n### You\n"
