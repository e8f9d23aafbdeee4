"""The writer from request to outputs: every task, on tiny models; cancel, branch, fork; and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from plugins.text import generate, wire
from plugins.text.lorebook import Entry, to_json
from plugins.text.params import TextParams, TextSettings, as_lines, as_messages
from studio.api import JobCancelled, JobPaused, Model, Request, StudioError
from studio.inference.text.pieces import LENGTH
from studio.testing import FakeContext, check_plugin
from tests import tiny_writers

SETTINGS = TextSettings(device="cpu", precision="float32", threads=1)
BEFORE = "The old sailor walked along the harbour and looked at the grey sea."
CHATTY = ("<|im_start|>", "<|im_end|>")
GAPS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny_writers.save(tmp_path_factory.mktemp("writers") / "plain")


@pytest.fixture(scope="module")
def chatty(tmp_path_factory: pytest.TempPathFactory) -> Model:
    words = tiny_writers.tokenizer(specials=CHATTY, chat=tiny_writers.CHAT)
    return tiny_writers.save(tmp_path_factory.mktemp("writers") / "chatty", "qwen2", words=words, window=700)


@pytest.fixture
def starter() -> Model:
    folder = Path(__file__).resolve().parents[3] / "resources" / "starter" / "prose"
    if not (folder / "model.safetensors").is_file():
        pytest.skip("the starter prose is not here")
    return Model("starter/prose", "Starter prose", "transformers/LlamaForCausalLM", folder)


@pytest.fixture(scope="module")
def cache() -> dict[Any, Any]:
    return {}


def ask(model: Model, folder: Path, cache: dict[Any, Any] | None = None, **params: Any) -> FakeContext:
    seed = params.pop("seed", 3)
    stop = {key: params.pop(key) for key in ("cancel_at", "pause_at", "resume") if key in params}
    settings = params.pop("settings", SETTINGS)
    request = Request("text.writer", {"before": BEFORE, "length": 16, **params}, seed=seed, model=model.ref())
    return FakeContext(request, TextParams, scratch=folder, model=model, settings=(settings,), cache=cache, **stop)


def write(context: FakeContext) -> tuple[list[str], wire.Record]:
    outputs = generate.run(context.request, context)
    assert [output.media for output in outputs] == ["text/plain"] * (len(outputs) - 1) + [wire.RECORD]
    record = wire.Record.from_bytes(outputs[-1].data)
    texts = [output.data.decode() for output in outputs[:-1]]
    assert texts == [text.text for text in record.alternatives]
    return texts, record


def test_the_plugin_is_right() -> None:
    check_plugin(Path(generate.__file__).parent)


def test_a_continuation_with_all_that_is_known_of_it(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    context = ask(plain, tmp_path, cache, alternatives=3)
    texts, record = write(context)
    assert len(set(texts)) == 3
    assert [step.index for step in context.steps] == list(range(16))
    assert [step.label for step in context.steps] == [token.text for token in record.alternatives[0].tokens]
    assert all(step.has_state for step in context.steps)
    for text in record.alternatives:
        assert text.finish == "length"
        assert all(len(token.choices) == 10 and 0 < token.p <= 1 for token in text.tokens)
    assert [(s.origin, s.text) for s in record.report.sent] == [("story", BEFORE)]
    assert record.report.tokens > 10
    last = wire.Live.from_bytes(context.previews[-1].data)
    assert [look.text for look in last.alternatives] == texts
    assert context.ingredients["device"] == "CPU"
    assert write(ask(plain, tmp_path, {}, alternatives=3))[0] == texts, "the same request, the same text"
    assert write(ask(plain, tmp_path, cache, alternatives=3, seed=4))[0] != texts


def test_a_branch_is_the_same_and_may_be_changed(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    first = ask(plain, tmp_path, cache, alternatives=2)
    texts, record = write(first)
    again = first.branch(7)
    assert write(again) == (texts, record)
    assert [step.index for step in again.steps] == list(range(8, 16))
    warmer = first.branch(7, first.request.with_params(temperature=2.5, length=20))
    changed, _ = write(warmer)
    for row in range(2):
        kept = "".join(token.text for token in record.alternatives[row].tokens[:8])
        assert changed[row].startswith(kept)
        assert changed[row] != texts[row]


def test_cancelling_keeps_what_was_written(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    whole, _ = write(ask(plain, tmp_path, cache, length=190))
    context = ask(plain, tmp_path, cache, length=190, cancel_at=5)
    with pytest.raises(JobCancelled):
        generate.run(context.request, context)
    text, record = context.outputs
    kept = wire.Record.from_bytes(record.data).alternatives[0]
    assert 6 <= len(context.steps) < 190
    assert [token.text for token in kept.tokens] == [step.label for step in context.steps]  # what was told of, no more
    assert whole[0].startswith(text.data.decode())
    assert text.recipe.state == "partial"
    assert kept.finish == "cancelled"


def test_a_paused_job_goes_on_where_it_was(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    whole = write(ask(plain, tmp_path, cache))
    context = ask(plain, tmp_path, cache, pause_at=5)
    with pytest.raises(JobPaused):
        generate.run(context.request, context)
    assert context.outputs == []
    assert write(ask(plain, tmp_path, cache, resume=(5, context.states[5]))) == whole


def test_choosing_another_token_forks_the_text(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    _, record = write(ask(plain, tmp_path, cache))
    tokens = record.alternatives[0].tokens
    other = next(choice for choice in tokens[6].choices if choice.id != tokens[6].id)
    kept = [*(token.id for token in tokens[:6]), other.id]
    prefix = "".join(token.text for token in tokens[:6]) + other.text
    context = ask(plain, tmp_path, cache, prefix=prefix, prefix_ids=" ".join(map(str, kept)))
    texts, forked = write(context)
    assert [token.id for token in forked.alternatives[0].tokens[:7]] == kept
    assert texts[0].startswith(prefix)
    assert len(forked.alternatives[0].tokens) == 7 + 16
    assert [step.index for step in context.steps] == list(range(16))
    texts, _ = write(ask(plain, tmp_path, cache, prefix=" and then", prefix_ids="999999 x"))
    assert texts[0].startswith(" and then")


def test_memory_note_and_lore_are_sent_in_their_places(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    lore = to_json((Entry("Sea", "The sea is deep.", ("sea",)), Entry("King", "A king.", ("king",))))
    _, record = write(
        ask(plain, tmp_path, cache, memory="Anna is tall.", note="[sad]", note_depth=0, lore=lore, lore_budget=50)
    )
    assert [(s.origin, s.title) for s in record.report.sent] == [
        ("memory", ""),
        ("lore", "Sea"),
        ("note", ""),
        ("story", ""),
    ]
    assert [s.title for s in record.report.left_out] == ["King"]
    other, _ = write(ask(plain, tmp_path, cache))
    same, _ = write(ask(plain, tmp_path, cache, memory="Anna is tall."))
    assert other != same


def test_a_long_story_is_cut_and_only_its_end_is_read_again(plain: Model, tmp_path: Path) -> None:
    story = "".join(f"Line {n} tells of the sea.\n" for n in range(300))
    cache: dict[Any, Any] = {}
    context = ask(plain, tmp_path, cache, before=story)
    outputs = generate.run(context.request, context)
    sent = outputs[-1].facts["tokens"]
    assert 100 < sent <= 256 - 16
    changed = ask(plain, tmp_path, cache, before=story[:-5] + "hill.\n")
    outputs = generate.run(changed.request, changed)
    assert outputs[-1].facts["read"] < 10 + 2 * LENGTH
    with pytest.raises(StudioError, match="too long"):
        write(ask(plain, tmp_path, cache, memory=story))


def test_banned_stop_bias_and_grammar_reach_the_loop(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    texts, _ = write(ask(plain, tmp_path, cache, logit_bias="king = 60", temperature=0.0))
    assert "king" in texts[0]
    texts, _ = write(ask(plain, tmp_path, cache, logit_bias="king = 60", temperature=0.0, banned=as_lines(("king",))))
    assert not re.search(r"\bking\b", texts[0])
    texts, record = write(ask(plain, tmp_path, cache, logit_bias="king = 60", temperature=0.0, stop="ing"))
    assert "king" not in texts[0]
    assert record.alternatives[0].finish == "stop"
    texts, _ = write(ask(plain, tmp_path, cache, grammar_kind="regex", grammar="(yes|no)!", length=40))
    assert texts[0] in ("yes!", "no!")
    with pytest.raises(StudioError, match="grammar is not understood"):
        write(ask(plain, tmp_path, cache, grammar_kind="json", grammar="{"))


@pytest.mark.parametrize("task", ["rewrite", "expand", "shorten", "tone"])
def test_a_base_model_writes_a_passage_anew(plain: Model, tmp_path: Path, cache: dict[Any, Any], task: str) -> None:
    passage = " Then Anna laughed and took the red lantern from the castle wall."
    texts, record = write(
        ask(
            plain,
            tmp_path,
            cache,
            task=task,
            passage=passage,
            after=" She went home.",
            instruction="gloomy",
            alternatives=2,
        )
    )
    for text, told in zip(texts, record.alternatives, strict=True):
        assert text
        assert told.finish == "stop"
        assert "\n" not in text
    if task == "expand":
        assert all(passage.strip() in text for text in texts), "the old sentence stays, a new one comes"
    origins = {segment.origin for segment in record.report.sent}
    assert ("note" in origins) is (task == "tone")


@pytest.mark.parametrize("task", ["rewrite", "expand", "shorten", "tone"])
@pytest.mark.parametrize("memory", ["", "Form: story\nGenre: sea story\nHero: Elias, a sail-maker\nMood: merry"])
def test_the_starter_prose_tells_a_paragraph_anew_in_sentences(
    starter: Model, tmp_path: Path, cache: dict[Any, Any], task: str, memory: str
) -> None:
    """At the beginning of a tale, where its model knows headers, and in its middle, behind a space."""
    first = "Elias was a brave sail-maker who lived in the painted harbour. He wanted to find a silver bell."
    rest = "\n\nSo he put half a cake in a bag and went down to the sea. It was a long way, and nobody spoke."
    for before, passage, after in (("", first, rest), (f"{first} ", "Nobody knew where it was.", rest)):
        about = {"task": task, "memory": memory, "before": before, "passage": passage, "after": after}
        texts, record = write(ask(starter, tmp_path, cache, **about, instruction="gloomier", alternatives=4))
        for text in texts:
            assert text[0].isupper() or text[0] in "“‘", text
            assert text.rstrip("”’")[-1] in ".!?…", text
            assert not re.search(r"(Form|Genre|Mood|Hero|Place|Wish|Tense|Person|Words):", text), text
            assert not re.search(r"(\w+) \1 \1", text), text
        told = record.report.sent[0].text
        assert "Form: story" in told
        assert ("Mood: eerie" in told) is (task == "tone")


def test_a_part_of_a_sentence_stays_one(starter: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    about = {"before": "Elias went down to ", "passage": "the old grey harbour", "after": " and looked at the sea."}
    texts, _ = write(ask(starter, tmp_path, cache, task="rewrite", **about, alternatives=4))
    for text in texts:
        assert text[0] != " "
        assert not re.search(r"[.!?…]", text), text


def test_repainting_keeps_the_pinned_words_in_order(chatty: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    passage = " Then Anna laughed and took the red lantern from the castle wall."
    pins = ("Anna", "red lantern", "castle")
    texts, _ = write(
        ask(
            chatty,
            tmp_path,
            cache,
            task="repaint",
            passage=passage,
            after=" The",
            pinned=as_lines(pins),
            alternatives=4,
        )
    )
    for text in texts:
        assert re.search(r"\bAnna\b.*\bred lantern\b.*\bcastle\b", text), text


def test_a_chat_model_is_asked_in_words(chatty: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    _, record = write(ask(chatty, tmp_path, cache, task="tone", passage="She laughed.", instruction="gloomy"))
    sent = {segment.origin: segment.text for segment in record.report.sent}
    assert "gloomy" in sent["instruction"]
    assert "She laughed." in sent["instruction"]
    assert sent["story"] == BEFORE
    _, record = write(ask(chatty, tmp_path, cache, task="prompt", passage="a castle at dusk"))
    assert "image generator" in record.report.sent[-1].text


def test_a_conversation_and_its_memory(chatty: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    chat = [{"role": "user", "content": f"Question {n} about the sea?"} for n in range(40)]
    _, record = write(ask(chatty, tmp_path, cache, task="chat", memory="Be brief.", messages=as_messages(chat[-3:])))
    assert [s.origin for s in record.report.sent] == ["template", "memory", *["instruction"] * 3]
    assert record.report.left_out == ()
    _, record = write(ask(chatty, tmp_path, cache, task="chat", memory="Be brief.", messages=as_messages(chat)))
    assert record.report.left_out[0].text == "Question 0 about the sea?"
    assert record.report.sent[-1].text == "Question 39 about the sea?"
    assert record.report.tokens <= 700 - 16


def test_a_base_model_cannot_chat_but_makes_picture_prompts(
    plain: Model, tmp_path: Path, cache: dict[Any, Any]
) -> None:
    with pytest.raises(StudioError, match="not made for conversations"):
        write(ask(plain, tmp_path, cache, task="chat"))
    texts, record = write(ask(plain, tmp_path, cache, task="prompt", passage="Anna saw the castle at dusk"))
    assert "Words: Anna, castle, dusk" in record.report.sent[0].text
    assert "\n" not in texts[0]


def test_the_headers_of_a_model_are_used_for_picture_prompts(tmp_path: Path) -> None:
    model = tiny_writers.save(tmp_path / "starter")
    (model.path / "words.json").write_text(json.dumps({"headers": ["Form", "Words"]}))
    _, record = write(ask(model, tmp_path, task="prompt", passage="Anna saw the castle"))
    assert record.report.sent[0].text == "Form: image prompt\nWords: Anna, castle\n\n"


def test_a_gap_is_filled_by_models_that_can_and_by_others(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    words = tiny_writers.tokenizer(specials=GAPS)
    coder = tiny_writers.save(tmp_path / "coder", words=words)
    _, record = write(ask(coder, tmp_path, after=" and went home."))
    assert [s.origin for s in record.report.sent] == ["story", "after"]
    _, record = write(ask(coder, tmp_path, after=" and went home. " * 100, negative="bad", guidance=1.5))
    assert record.report.sent[-1].tokens <= 60
    texts, record = write(ask(plain, tmp_path, cache, after=" and went home.", length=60))
    assert [s.origin for s in record.report.sent] == ["story"]
    assert record.alternatives[0].finish == "stop"
    assert " and went home" not in texts[0]


def test_guidance_with_a_negative_prompt(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    free, _ = write(ask(plain, tmp_path, cache, negative="The king", guidance=1.0))
    away, _ = write(ask(plain, tmp_path, cache, negative="The king", guidance=3.0, alternatives=2))
    assert free[0] != away[0]


def test_a_draft_model_from_the_settings(plain: Model, tmp_path: Path, cache: dict[Any, Any]) -> None:
    small = tiny_writers.save(tmp_path / "small", seed=4)
    settings = TextSettings(device="cpu", precision="float32", threads=1, draft=str(small.path), draft_length=3)
    context = ask(plain, tmp_path, cache, settings=settings)
    assert write(context)[0] == write(ask(plain, tmp_path, cache))[0]
    assert context.ingredients["draft"] == "small"
    other = tiny_writers.save(tmp_path / "other", words=tiny_writers.tokenizer("pieces"))
    context = ask(plain, tmp_path, cache, settings=TextSettings("cpu", "float32", 1, str(other.path)))
    assert write(context) == write(ask(plain, tmp_path, cache))
    assert "other tokens" in context.messages[-2][0]


@pytest.mark.parametrize("task", ["rewrite", "repaint", "prompt", "chat", "continue"])
def test_nothing_to_work_on_is_said(
    plain: Model, chatty: Model, tmp_path: Path, cache: dict[Any, Any], task: str
) -> None:
    with pytest.raises(StudioError) as error:
        write(ask(chatty if task == "chat" else plain, tmp_path, cache, before="", task=task))
    assert error.value.hint


def test_no_model_and_warming_up(plain: Model, tmp_path: Path) -> None:
    request = Request("text.writer", {"before": "a"})
    with pytest.raises(StudioError, match="No model"):
        generate.run(request, FakeContext(request, TextParams, scratch=tmp_path))
    context = ask(plain, tmp_path, {})
    generate.warm(context)
    assert len(context.cache) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_going_on_with_the_starter_prose_reads_only_what_has_changed(
    starter: Model, tmp_path: Path, threads: int
) -> None:
    """Counted where the tokens go into the network; and the text is the one of a fresh start."""
    tale = "".join(f"On day {n} Elias went down to the quay and looked for the bell.\n" for n in range(30))
    options = {"length": 12, "settings": TextSettings(device="cpu", threads=threads)}
    cache: dict[Any, Any] = {}
    write(ask(starter, tmp_path, cache, before=tale, **options))
    desk = next(iter(cache.values()))
    assert desk.writer.device.dtype_name == "float32"
    counted: list[int] = []
    desk.writer.net.get_input_embeddings().register_forward_pre_hook(lambda _m, args: counted.append(args[0].shape[1]))
    changed = tale[:-20] + "asked for his supper. "
    texts, record = write(ask(starter, tmp_path, cache, before=changed, **options))
    assert record.report.tokens > 500
    assert sum(count for count in counted if count > 1) < 30 + 2 * LENGTH
    assert texts == write(ask(starter, tmp_path, {}, before=changed, **options))[0]


def test_the_starter_prose_tells_of_its_hero(starter: Model, tmp_path: Path) -> None:
    memory = "Form: story\nGenre: sea story\nHero: Elias, a sail-maker\nPlace: the painted island"
    texts, record = write(ask(starter, tmp_path, before="", memory=memory, length=60, temperature=0.5))
    assert len(texts[0].split()) > 25
    assert "island" in texts[0]
    assert record.report.sent[0].text == memory + "\n\n"
