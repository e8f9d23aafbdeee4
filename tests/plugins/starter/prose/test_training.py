"""Tiny trainings of both prose models: the loss falls, an interruption changes nothing, the folders load offline."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tqdm import tqdm

from plugins.starter.prose import stages
from plugins.starter.prose.data import AGREES, MOODY, batch
from plugins.starter.prose.grammar.document import document, opening
from plugins.starter.prose.model import TINY, build, load_model, logits_of
from plugins.starter.prose.tokens import make_tokenizer
from plugins.starter.prose.writing import write

quiet = pytest.mark.filterwarnings("ignore")  # what transformers warns of while loading is its own
KINDS = ("prose", "prose-gru")


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vocabulary") / "tokenizer"
    make_tokenizer(folder, documents=TINY.documents, size=TINY.vocabulary)
    return folder


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(tqdm, "monitor_interval", 0)  # progress bars of transformers would leave a thread behind


def lines(work: Path, kind: str) -> list[dict]:
    return [json.loads(line) for line in (work / f"{kind}.jsonl").read_text().splitlines()]


def train(kind: str, work: Path, vocabulary: Path) -> None:
    work.mkdir(exist_ok=True)
    if not (work / "tokenizer").exists():
        (work / "tokenizer").symlink_to(vocabulary, target_is_directory=True)
    stages.run(kind, work=work, out=work / "out", tiny=True, device=torch.device("cpu"), deadline=None)


def test_every_text_survives_the_vocabulary(vocabulary: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(vocabulary, local_files_only=True)
    for text in (document(3).text, "Ünïcode 漢字 🙂\n\n“x”\t y", ""):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    for seed in range(50):
        made = document(seed)
        apart = tokenizer.encode(opening(made.headers)) + tokenizer.encode(made.body)
        assert tokenizer.encode(made.text) == apart, "headers alone must be the tokens that training saw"


def test_packed_documents_do_not_see_each_other(vocabulary: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(vocabulary, local_files_only=True)
    plan = replace(TINY, length=900)
    made = batch(tokenizer, 0, rows=1, length=900)
    assert made.own[0, -1] >= 1, "a row of 900 tokens holds several documents"
    starts = (made.ids[0, :-1] == tokenizer.bos_token_id).nonzero()[:, 0].tolist()
    assert made.positions[0, starts].tolist() == [0] * len(starts)
    second = starts[1]
    model = build("prose", plan, tokenizer).eval()
    with torch.no_grad():
        packed = logits_of(model, made, torch.device("cpu"))[0, second : second + 40]
        alone = model(input_ids=made.ids[:, second : second + 40]).logits[0]
    assert torch.allclose(packed, alone, atol=1e-4)


def test_rows_hold_whole_documents_and_mark_what_is_bound(vocabulary: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(vocabulary, local_files_only=True)
    made = batch(tokenizer, 3, rows=4, length=1000)
    assert made.ids.shape == made.own.shape == made.bound.shape == made.given.shape == (4, 1001)
    begins, ends = (int((made.ids == token).sum()) for token in (tokenizer.bos_token_id, tokenizer.eos_token_id))
    assert begins > 8
    assert begins - ends <= 4, "at most one cut document in each row"
    ids, own = made.ids[0], made.own[0]
    first = ids[own == 0]
    text = tokenizer.decode(first[1:-1])
    given = tokenizer.decode(first[made.given[0][own == 0]])
    assert given in ("", text.partition("\n\n")[0] + "\n\n")
    for how in (AGREES, MOODY):
        assert 0.02 < (made.bound == how).float().mean() < 0.4


@quiet
@pytest.mark.parametrize("kind", KINDS)
def test_a_tiny_training_learns_and_its_folder_writes(kind: str, tmp_path: Path, vocabulary: Path) -> None:
    train(kind, tmp_path / "work", vocabulary)
    out = tmp_path / "work" / "out"
    noted = lines(tmp_path / "work", kind)
    held_out = [line["held_out"] for line in noted if "held_out" in line]
    assert held_out[-1] < noted[0]["loss"] - 0.7
    assert held_out[-1] < held_out[0]
    assert list((tmp_path / "work" / "samples").glob(f"{kind}-*.txt"))
    assert "eerie" in json.loads((out / "words.json").read_text(encoding="utf-8"))["words"]["moods"]
    model, tokenizer = load_model(out)
    asked = [opening(document(i).headers) for i in range(3)]
    texts = write(model, tokenizer, asked, seed=2, longest=20)
    assert texts == write(model, tokenizer, asked, seed=2, longest=20)
    assert texts != write(model, tokenizer, asked, seed=3, longest=20)
    if kind == "prose":
        from transformers import AutoModelForCausalLM, AutoTokenizer

        standard = AutoModelForCausalLM.from_pretrained(out, local_files_only=True, dtype=torch.float32)
        ids = AutoTokenizer.from_pretrained(out, local_files_only=True)("Once", return_tensors="pt").input_ids
        assert standard.generate(ids, max_new_tokens=4, do_sample=False).shape[1] > ids.shape[1]
        assert not list(out.glob("*.bin"))
    else:
        told = json.loads((out / "config.json").read_text(encoding="utf-8"))
        assert told["eos_token_id"] == tokenizer.eos_token_id
        (out / "config.json").write_text('{"model_type": "llama"}')
        with pytest.raises(ValueError, match="llama"):
            type(model).from_pretrained(out)


@quiet
@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_training_ends_where_the_other_does(
    kind: str, tmp_path: Path, vocabulary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = replace(TINY, steps=9, publish=100)
    monkeypatch.setattr(stages, "TINY", short)
    train(kind, tmp_path / "whole", vocabulary)

    answers = iter([True] * 3 + [False])
    with monkeypatch.context() as patch:
        patch.setattr(stages.Pace, "go_on", lambda _self: next(answers))
        train(kind, tmp_path / "parts", vocabulary)
    assert lines(tmp_path / "parts", kind)[-1]["step"] == 3
    train(kind, tmp_path / "parts", vocabulary)
    one, two = (load_model(tmp_path / name / "out")[0].state_dict() for name in ("whole", "parts"))
    for key, value in one.items():
        assert torch.equal(value, two[key]), key


@quiet
def test_a_training_can_begin_with_a_finished_model(
    tmp_path: Path, vocabulary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "TINY", replace(TINY, steps=30, publish=100))
    train("prose", tmp_path / "first", vocabulary)
    monkeypatch.setattr(stages, "TINY", replace(TINY, steps=1, publish=100))
    work, device = tmp_path / "second", torch.device("cpu")
    begin = tmp_path / "first" / "out"
    stages.run("prose", work=work, out=work / "out", tiny=True, device=device, deadline=None, begin=begin)
    assert lines(work, "prose")[0]["loss"] < lines(tmp_path / "first", "prose")[0]["loss"] - 0.5
    assert (work / "out" / "tokenizer.json").read_text() == (begin / "tokenizer.json").read_text()
    sibling = tmp_path / "third"
    stages.run("prose-gru", work=sibling, out=sibling / "out", tiny=True, device=device, deadline=None, begin=begin)
    assert (sibling / "out" / "tokenizer.json").read_text() == (begin / "tokenizer.json").read_text()


@torch.no_grad()
def test_writing_several_texts_at_once_changes_none_of_them(vocabulary: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(vocabulary, local_files_only=True)
    for kind in KINDS:
        model = build(kind, TINY, tokenizer).eval()
        asked = ["Form: poem\n\n", "Form: story\nMood: bold\n\n", "Form: poem\n\n"]
        together = write(model, tokenizer, asked, temperature=0, longest=12)
        assert together == [write(model, tokenizer, [a], temperature=0, longest=12)[0] for a in asked]
        assert together[0] == together[2]
