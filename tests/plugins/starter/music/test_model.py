"""A tiny training: the loss falls, an interruption changes nothing, the folder loads and writes what is asked."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from plugins.starter.music.composer import random_score
from plugins.starter.music.data import HELD_OUT, IGNORED, Lessons, collate, lesson, targets
from plugins.starter.music.measure import in_key, in_scale, judge, silence, table, untouched, written
from plugins.starter.music.model import TINY, Training, build_model, load_model, run
from plugins.starter.music.probe import features, train_judges
from plugins.starter.training.pace import Pace
from studio.inference.notes.grammar import Grammar, check
from studio.inference.notes.sample import Task, add_track, answers, begin, choose, fill, go_on, sample
from studio.inference.notes.score import Brief, Chord, Note, Score, Track
from studio.inference.notes.tokens import decode_body, encode
from studio.inference.notes.vocabulary import END, KIND_OF, MASKED, START, same_vocabulary

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The work folder and the finished model of a tiny run."""
    torch.set_num_threads(1)
    work, out = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("out")
    run("all", work=work, out=out, tiny=True, device=CPU, deadline=None)
    return work, out


def test_a_tiny_training_learns_and_leaves_a_standard_folder(trained: tuple[Path, Path]) -> None:
    work, out = trained
    log = [json.loads(line) for line in (work / "music.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in log if "loss" in line]
    assert losses[-1] < 0.8 * losses[0]
    assert any("held_out" in line for line in log)
    assert (out / "model.safetensors").exists()
    assert same_vocabulary(out / "vocabulary.json")
    assert json.loads((out / "training.json").read_text())["step"] == TINY.steps + 8
    model = load_model(out)
    assert type(model).__name__ == "LlamaForCausalLM"
    assert next(model.parameters()).dtype == torch.float32


def test_an_interrupted_training_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    torch.set_num_threads(1)

    def train(work: Path, steps: int) -> Training:
        plan = replace(TINY, steps=steps, batch=2, micro=2, check_every=1000)
        training = Training(plan, work, device=CPU, pace=Pace(work, "music"))
        training.run(lambda model, facts: None)
        return training

    whole = train(tmp_path / "a", 6)
    train(tmp_path / "b", 3)
    parts = train(tmp_path / "b", 6)
    assert parts.step == 6
    for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert all(torch.equal(whole.average[k], parts.average[k]) for k in whole.average)


def test_a_stage_it_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="stages"):
        run("denoiser", work=tmp_path, out=tmp_path, tiny=True, device=CPU, deadline=None)


def test_lessons_composed_ahead_are_the_same(tmp_path: Path) -> None:
    run("cache", work=tmp_path, out=tmp_path, tiny=True, device=CPU, deadline=None)
    assert len(list(tmp_path.glob("lessons-*.npz"))) == 2
    ahead, fresh = Lessons(tmp_path, shard=TINY.shard), Lessons(tmp_path / "nothing", shard=TINY.shard)
    for number in (0, 5, 17, 31, 32):
        assert (ahead[number] == fresh[number]).all()
    assert (Lessons(tmp_path, shard=TINY.shard, pieces=10)[12] == ahead[2]).all(), "after the last comes the first"
    assert not Lessons(tmp_path, shard=TINY.shard).make_shard(0)


def test_a_lesson_teaches_all_but_the_question() -> None:
    kinds = set()
    for number in range(40):
        ids = lesson(number, random_score(number))
        wanted = targets(ids)
        start = int(np.argmax(ids == START))
        assert (wanted[: start + 1] == IGNORED).all()
        assert not np.isin(wanted, [MASKED]).any()
        assert wanted[-1] == END
        taught = wanted != IGNORED
        assert (wanted[taught] == ids[taught]).all()
        assert taught.mean() > 0.5
        kinds.add(bool((ids == MASKED).any()))
    assert kinds == {True, False}, "whole pieces and gaps"
    inputs, labels = collate([lesson(0, random_score(0)), lesson(1, random_score(1))], 64)
    assert inputs.shape == labels.shape == (2, 64)


def test_even_a_raw_model_writes_what_is_asked(trained: tuple[Path, Path]) -> None:
    model = load_model(trained[1])
    score = random_score(HELD_OUT + 4, bars=4)
    given = {role for role, _ in score.brief.parts}
    missing = next(r for r in ("pad", "counter", "drums", "melody") if r not in given)
    tasks = [
        begin(score.brief),
        go_on(score, 2),
        fill(score, [(1, "melody" if "melody" in given else "bass"), (1, "harmony")]),
        add_track(score, missing, "drum kit" if missing == "drums" else "strings"),
    ]
    found = answers(model, tasks, seeds=[1, 2, 3, 4])
    for task, ids in zip(tasks, found, strict=True):
        assert ids[-1] == END
        result = task.result(ids)
        assert result.problems() == []
        for bar in range(4):
            for role, _ in score.brief.parts:
                if (bar, role) not in task.asked:
                    assert result.bar(role, bar) == score.bar(role, bar), "outside nothing changes"
        grammar = Grammar(task.score.brief, task.asked, context=task.score)
        assert check(ids, grammar) == len(ids)
    assert tasks[3].score.track(missing).notes == ()
    with pytest.raises(ValueError, match="already"):
        add_track(score, score.brief.parts[0][0], "piano")
    with pytest.raises(ValueError, match="outside"):
        fill(score, [(9, "harmony")])


def test_samples_do_not_depend_on_their_neighbours(trained: tuple[Path, Path]) -> None:
    model = load_model(trained[1])
    one, other = (begin(random_score(HELD_OUT + i, bars=2).brief) for i in (1, 2))
    alone = answers(model, [one], seeds=[5], temperature=0.0)[0]
    beside = answers(model, [one, other], seeds=[5, 6], temperature=0.0)[0]
    assert alone == beside
    again = answers(model, [one], seeds=[5], temperature=1.0)[0]
    assert again == answers(model, [one], seeds=[5], temperature=1.0)[0]
    assert again != answers(model, [one], seeds=[6], temperature=1.0)[0]


def test_notes_come_while_the_piece_is_being_written(trained: tuple[Path, Path]) -> None:
    model = load_model(trained[1])
    task = begin(random_score(HELD_OUT + 8, bars=4).brief)
    ids: list[int] = []
    for _, token in sample(model, [task], seeds=[3]):
        ids.append(token)
        if len(ids) > 30 and KIND_OF[token] == "bar":
            break
    half = task.result(ids)
    assert half.problems() == []
    cells = decode_body(ids, task.score.brief)
    assert max(bar for bar, _ in cells) < 3


def test_sampling_follows_the_trained_probabilities_and_the_mask() -> None:
    logits, allowed = np.array([0.0, 5.0, 2.0, 9.0]), np.array([True, True, True, False])
    rng = np.random.default_rng(0)
    assert choose(logits, allowed, rng, temperature=0, top_p=1) == 1
    drawn = [choose(logits, allowed, rng, temperature=1, top_p=1.0) for _ in range(4000)]
    assert 3 not in drawn
    share = np.exp(5) / (np.exp(5) + np.exp(2) + 1)
    assert drawn.count(1) / 4000 == pytest.approx(share, abs=0.02)
    assert {choose(logits, allowed, rng, temperature=1, top_p=0.5) for _ in range(200)} == {1}
    torch.manual_seed(0)
    model = build_model(TINY)
    task = begin(random_score(2, bars=1).brief)
    free = answers(model, [task], seeds=[0], grammar=False, longest=60)[0]
    assert check(free, task.grammar()) < len(free), "an untrained model does not know the grammar by itself"


def test_judges_hear_style_and_mood_and_are_not_fooled() -> None:
    torch.set_num_threads(1)
    judges = train_judges([random_score(HELD_OUT + i, bars=8) for i in range(350)], steps=200)
    scores = [random_score(2 * HELD_OUT + i, bars=8) for i in range(60)]
    figures = judge(scores, judges, (set(), set()))
    assert figures["valid"] == 1
    assert figures["style heard"] > 0.9
    assert figures["mood heard"] > 0.75
    assert figures["style heard"] > figures["style by header alone"] + 0.1
    assert figures["mood heard"] > figures["mood by header alone"] + 0.25
    shuffled = [replace(s, brief=replace(s.brief, mood=t.brief.mood)) for s, t in pairwise(scores)]
    assert judge(shuffled, judges, (set(), set()))["mood heard"] < 0.4
    assert features(scores[0]).shape == features(scores[1]).shape
    known = ({(0,)}, {(0,)})
    assert judge(scores[:4], judges, known)["bars known from training"] == 0
    text = table({"composer": figures, "model": {"valid": 0.5}})
    assert "| valid | 1.000 | 0.500 |" in text


def test_the_leading_tone_of_minor_is_in_key_over_its_dominant_alone() -> None:
    brief = Brief(tonic=9, mode="minor", bars=2, parts=(("melody", "flute"),))
    half = brief.bar_ticks
    notes = (Note(0, 68, 480, 78), Note(half, 68, 480, 78), Note(half + 480, 69, 480, 78))
    score = Score(brief, (Track("melody", "flute", notes),), (Chord(0, 9, "m"), Chord(half, 4, "7")))
    assert in_scale([score]) == pytest.approx(1 / 3)
    assert in_key([score]) == pytest.approx(2 / 3)


def test_what_was_written_is_told_from_what_was_given() -> None:
    score = random_score(5, bars=8)
    task = go_on(score, 4)
    size = score.brief.bar_ticks
    assert untouched(task, score)
    assert all(n.start >= 4 * size for t in written(task, score).tracks for n in t.notes)
    assert any(n.start < 4 * size for t in score.tracks for n in t.notes)
    assert not untouched(task, replace(score, chords=()))


def test_silence_is_measured_in_seconds() -> None:
    brief = Brief(tempo=60.0, bars=2)
    score = Score(brief, (Track("melody", "piano", (Note(960, 60, 480, 78), Note(1440, 62, 960, 78))),), ())
    assert silence(score) == pytest.approx(3.0)
    assert silence(replace(score, brief=replace(brief, tempo=120.0))) == pytest.approx(1.5)


def test_a_task_keeps_the_piece_it_was_made_from() -> None:
    score = random_score(9, bars=4)
    task = go_on(score, 4)
    assert isinstance(task, Task)
    assert task.result([END]) == score
    assert list(task.prompt) == encode(score)[:-1]
