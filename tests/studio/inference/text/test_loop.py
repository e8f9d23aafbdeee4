"""The token loop: the same text again, from any token on, with every sampler; banned phrases, stops, forks, drafts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.api import StudioError
from studio.inference import devices
from studio.inference.text import models
from studio.inference.text.choosing import Taste
from studio.inference.text.loop import Plan, TokenRun
from studio.inference.text.memory import Prompts
from studio.inference.text.speculation import Draft
from tests import tiny_writers

TEXT = "The old sailor walked along the harbour"
TASTES = {
    "plain": Taste(),
    "greedy": Taste(temperature=0),
    "cold": Taste(temperature=0.6, top_k=30, top_p=0.9, min_p=0.02),
    "dynamic": Taste(temperature=0.9, temperature_range=0.5, temperature_exponent=1.5),
    "typical": Taste(typical_p=0.8, top_n_sigma=2.0),
    "xtc": Taste(xtc_probability=0.6, xtc_threshold=0.02),
    "mirostat": Taste(mirostat=True, mirostat_tau=4.0),
    "penalties": Taste(repetition=1.3, frequency=0.4, presence=0.2, penalty_range=40),
    "dry": Taste(dry_multiplier=0.8, dry_allowed=1, temperature=0.3),
    "bias": Taste(bias=(((40, 41), 3.0), ((50,), -5.0))),
}


def make(writer: models.Writer, prompts: Prompts | None = None, draft: Draft | None = None, **plan: Any) -> TokenRun:
    ids = writer.vocabulary.encode(TEXT, start=True)
    given = Plan(ids, **{"length": 24, "seed": 5, **plan})
    return TokenRun(writer, given, prompts=prompts or Prompts(writer.net, writer.device.torch, part=16), draft=draft)


def all_of(run: TokenRun) -> dict[int, Any]:
    states = {}
    for settled in run.columns():
        states.update({column: run.state(column) for column in settled})
    return states


def written(run: TokenRun) -> list[Any]:
    """Everything about every token, to the last digit."""
    return [[(token, text, likely.chances()) for token, text, likely in row.pieces()] for row in run.rows]


@pytest.mark.parametrize("name", TASTES)
@pytest.mark.parametrize("alternatives", [1, 3])
def test_a_branch_from_any_token_is_bit_by_bit_the_same(writer: models.Writer, name: str, alternatives: int) -> None:
    options: dict[str, Any] = {"taste": TASTES[name], "alternatives": alternatives}
    first = make(writer, **options)
    states = all_of(first)
    longest = max(len(row.ids) for row in first.rows)
    assert longest > 3
    assert list(states) == list(range(longest))
    prompts = Prompts(writer.net, writer.device.torch, part=16)
    for column in (0, longest // 2, longest - 2):
        again = make(writer, prompts, **options)
        again.resume(column, states[column])
        assert list(all_of(again)) == list(range(column + 1, longest))
        assert written(again) == written(first)


def test_what_is_remembered_of_a_text_changes_nothing(writer: models.Writer) -> None:
    prompts = Prompts(writer.net, writer.device.torch, part=8)
    fresh = make(writer, Prompts(writer.net, writer.device.torch, part=8))
    all_of(fresh)
    prompts.read(writer.vocabulary.encode(TEXT + " and far away", start=True))
    again = make(writer, prompts)
    all_of(again)
    assert 0 < again.read_tokens < fresh.read_tokens
    assert written(again) == written(fresh)


def test_alternatives_have_luck_of_their_own_and_the_first_is_the_single_one(writer: models.Writer) -> None:
    alone, four = make(writer), make(writer, alternatives=4)
    all_of(alone)
    all_of(four)
    assert four.rows[0].ids == alone.rows[0].ids
    assert len({row.text for row in four.rows}) == 4


@pytest.mark.parametrize("alternatives", [1, 3])
def test_a_banned_phrase_never_comes_and_the_text_before_it_stays(writer: models.Writer, alternatives: int) -> None:
    free = make(writer, alternatives=alternatives)
    all_of(free)
    middle = free.rows[0].texts[6:8]
    banned = [text for text in ("".join(middle), free.rows[-1].texts[9]) if text.strip()]
    assert banned
    run = make(writer, alternatives=alternatives, banned=banned, length=20)
    states = all_of(run)
    assert list(states) == list(range(max(len(row.ids) for row in run.rows)))
    for row in run.rows:
        assert run.rows[0]._phrases.forbidden(row.shown, 0, ended=True) is None
    assert run.rows[0].ids[:6] == free.rows[0].ids[:6]
    again = make(writer, alternatives=alternatives, banned=banned, length=20)
    again.resume(5, states[5])
    all_of(again)
    assert written(again) == written(run)


@pytest.mark.parametrize("alternatives", [1, 2])
def test_a_banned_word_that_is_wanted_above_all_comes_in_no_disguise(writer: models.Writer, alternatives: int) -> None:
    """It is tried in one token, in several, and in several behind one that seemed to stand."""
    words = [tuple(writer.vocabulary.encode(text)) for text in ("king", " king", "k", "ing", "ki", "ng")]
    taste = Taste(bias=tuple((ids, 8.0) for ids in words))
    for seed in range(6):
        run = make(writer, taste=taste, banned=["king"], alternatives=alternatives, length=40, seed=seed)
        told: dict[int, list[int]] = {}
        for settled in run.columns():
            for column in settled:
                told[column] = [row.ids[column] if column < len(row.ids) else -1 for row in run.rows]
        for number, row in enumerate(run.rows):
            assert not re.search(r"(?<!\w)king(?!\w)", row.shown, re.IGNORECASE)
            assert "k" in row.shown
            assert row.ids == [told[column][number] for column in range(len(row.ids))], "what was told stands"


def test_a_stop_sequence_ends_the_row_before_it(writer: models.Writer) -> None:
    free = make(writer)
    all_of(free)
    mark = free.rows[0].text[12:15]
    run = make(writer, stops=[mark])
    seen = []
    for _ in run.columns():
        seen.append(run.rows[0].shown)
    row = run.rows[0]
    assert row.finish == "stop"
    assert row.shown == free.rows[0].text[: free.rows[0].text.index(mark)]
    assert all(row.shown.startswith(text) for text in seen), "what was shown must never be taken back"
    assert "".join(text for _, text, _ in row.pieces()) == row.shown


def test_the_joined_texts_of_the_tokens_are_the_text(writer: models.Writer) -> None:
    run = make(writer, alternatives=4, length=60)
    all_of(run)
    for row in run.rows:
        assert "".join(text for _, text, _ in row.pieces()) == row.text
        prompt = writer.vocabulary.encode(TEXT, start=True)
        assert row.text == writer.vocabulary.decode([*prompt, *row.ids])[len(TEXT) :]


def test_likely_tokens_are_the_models_own_probabilities(writer: models.Writer) -> None:
    run = make(writer, taste=Taste(temperature=0.2, top_k=2, repetition=1.5))
    all_of(run)
    row = run.rows[0]
    ids = [*run.plan.prompt, *row.ids]
    with torch.inference_mode():
        chances = writer.net(torch.tensor([ids])).logits[0].softmax(-1)
    for place, (token, _, likely) in enumerate(row.pieces()):
        own, choices = likely.chances()
        before = chances[len(run.plan.prompt) + place - 1]
        assert own == pytest.approx(float(before[token]), rel=1e-4)
        assert [number for number, _ in choices] == before.topk(10).indices.tolist()
        assert [chance for _, chance in choices] == sorted((chance for _, chance in choices), reverse=True)


def test_a_fork_goes_on_behind_the_given_tokens(writer: models.Writer) -> None:
    first = make(writer)
    all_of(first)
    kept = [*first.rows[0].ids[:6], first.rows[0].likely[6].chances()[1][3][0]]
    fork = make(writer, prefix=kept)
    states = all_of(fork)
    assert fork.rows[0].ids[:7] == kept
    assert len(fork.rows[0].ids) == len(kept) + 24
    assert min(states) == 7
    assert [likely.chances()[0] for likely in fork.rows[0].likely[:6]] == pytest.approx(
        [likely.chances()[0] for likely in first.rows[0].likely[:6]], rel=1e-4
    )
    again = make(writer, prefix=kept)
    again.resume(12, states[12])
    all_of(again)
    assert written(again) == written(fork)


@pytest.mark.parametrize("alternatives", [1, 2])
def test_guidance_moves_away_from_the_negative_prompt(writer: models.Writer, alternatives: int) -> None:
    ids = tuple(writer.vocabulary.encode("Once there was a king", start=True))
    plain = make(writer, alternatives=alternatives)
    run = make(writer, negative=ids, guidance=2.0, alternatives=alternatives)
    all_of(plain)
    states = all_of(run)
    assert [row.ids for row in run.rows] != [row.ids for row in plain.rows]
    with torch.inference_mode():
        given = writer.net(torch.tensor([run.plan.prompt])).logits[0, -1].log_softmax(-1)
        other = writer.net(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
    guided = (other + 2 * (given - other)).log_softmax(-1)
    assert run.rows[0].likely[0].chances()[1][0][1] == pytest.approx(float(guided.max().exp()), rel=1e-4)
    again = make(writer, negative=ids, guidance=2.0, alternatives=alternatives)
    again.resume(9, states[9])
    all_of(again)
    assert written(again) == written(run)


@pytest.mark.parametrize("name", ["plain", "greedy", "mirostat", "penalties"])
def test_a_draft_model_changes_the_speed_and_not_the_text(
    writer: models.Writer, tmp_path: Path, device: devices.Device, name: str
) -> None:
    other = models.load(tiny_writers.save(tmp_path / "other", seed=9), device=device)
    plain = make(writer, taste=TASTES[name])
    all_of(plain)
    for small, sure in ((writer, True), (other, False)):
        draft = Draft(Prompts(small.net, device.torch, part=16), device.torch, length=3)
        run = make(writer, draft=draft, taste=TASTES[name])
        rounds = len(list(run.columns()))
        assert rounds == 24
        assert run.rows[0].ids == plain.rows[0].ids
        assert (draft.guessed <= 24) if sure else (draft.guessed > 24), "a sure guess is never made twice"


@pytest.mark.parametrize("name", tiny_writers.NAMES)
def test_families_write_what_a_plain_loop_writes(tmp_path: Path, device: devices.Device, name: str) -> None:
    writer = models.load(tiny_writers.save(tmp_path / name, name), device=device)
    run = make(writer, taste=Taste(temperature=0), length=40, alternatives=2)
    states = all_of(run)
    ids = list(run.plan.prompt)
    with torch.inference_mode():
        for token in run.rows[1].ids:
            best = writer.net(torch.tensor([ids]), use_cache=False).logits[0, -1]
            assert float(best[token]) == pytest.approx(float(best.max()), abs=1e-4)
            ids.append(token)
    again = make(writer, taste=Taste(temperature=0), length=40, alternatives=2)
    half = len(states) // 2
    again.resume(half, states[half])
    all_of(again)
    assert written(again) == written(run)


def test_a_recurrent_model_writes_too(tmp_path: Path, device: devices.Device) -> None:
    writer = models.load(tiny_writers.save_recurrent(tmp_path / "gru"), device=device)
    assert writer.recurrent
    for options in ({"alternatives": 3}, {"banned": ["the", "a"]}, {"negative": (40, 41), "guidance": 1.5}):
        run = make(writer, **options)
        states = all_of(run)
        again = make(writer, **options)
        again.resume(4, states[4])
        all_of(again)
        assert written(again) == written(run)
    prompts = Prompts(writer.net, device.torch, part=8)
    make_first = make(writer, prompts)
    all_of(make_first)
    second = make(writer, prompts)
    all_of(second)
    assert second.read_tokens < make_first.read_tokens
    assert written(second) == written(make_first)


def _cancel_at(run: TokenRun, column: int, asked: list[int]) -> None:
    for settled in run.columns():
        if column in settled:
            asked.append(len(run.rows[0].ids))


def test_a_cancelled_run_stops_within_one_token(writer: models.Writer) -> None:
    class Stopped(Exception):
        pass

    asked: list[int] = []
    run = make(writer, length=100)

    def check() -> None:
        if asked:
            raise Stopped

    run._check = check
    with pytest.raises(Stopped):
        _cancel_at(run, 7, asked)
    assert len(run.rows[0].ids) == asked[0] == 8


def test_it_never_reads_beyond_the_models_window(tmp_path: Path, device: devices.Device) -> None:
    writer = models.load(tiny_writers.save(tmp_path / "short", "gpt2", window=40), device=device)
    run = make(writer, length=500)
    all_of(run)
    assert len(run.plan.prompt) + len(run.rows[0].ids) <= 40
    with pytest.raises(StudioError, match="longer than"):
        TokenRun(writer, replace(run.plan, prompt=[5] * 40), prompts=Prompts(writer.net, device.torch))


def test_a_step_of_another_request_is_refused(writer: models.Writer) -> None:
    states = all_of(make(writer, alternatives=2))
    other = make(writer, alternatives=3)
    other.resume(5, states[5])
    with pytest.raises(StudioError, match="does not fit"):
        all_of(other)


def test_one_alternative_can_branch_into_several(writer: models.Writer) -> None:
    first = make(writer)
    states = all_of(first)
    several = make(writer, alternatives=3)
    several.resume(5, states[5])
    all_of(several)
    assert {tuple(row.ids[:6]) for row in several.rows} == {tuple(first.rows[0].ids[:6])}
    assert len({row.text for row in several.rows}) == 3


def test_reading_stops_inside_a_part_and_nothing_is_broken(writer: models.Writer) -> None:
    class Stopped(Exception):
        pass

    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 8:
            raise Stopped

    ids = writer.vocabulary.encode(TEXT * 3, start=True)
    prompts = Prompts(writer.net, writer.device.torch, part=16)
    with torch.inference_mode():
        _, whole = Prompts(writer.net, writer.device.torch, part=16).read(ids)
        with pytest.raises(Stopped):
            prompts.read(ids, check=check)
        _, again = prompts.read(ids)
    assert asked == 8, "more often than parts, and not any more afterwards"
    assert 0 < prompts.read_tokens < len(ids)
    assert torch.equal(whole, again)
