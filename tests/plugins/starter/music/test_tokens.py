"""Tokens: what goes in comes out, exactly; and the grammar lets through only what can be played as asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plugins.starter.music.composer import random_score
from plugins.starter.music.data import pick_gap
from studio.inference.notes.grammar import Grammar, all_cells, check
from studio.inference.notes.score import STEP, Brief, Chord, Note, Score, Track
from studio.inference.notes.tokens import (
    assemble,
    decode,
    decode_body,
    decode_brief,
    encode,
    encode_brief,
    encode_fill,
    fit,
    merge,
    tempo_class,
)
from studio.inference.notes.vocabulary import (
    BAR_ZERO,
    BLOCKS,
    END,
    IDS,
    MASKED,
    PAD,
    PART_ID,
    WORDS,
    same_vocabulary,
    write_vocabulary,
)


def walk(grammar: Grammar, seed: int) -> list[int]:
    """Any allowed tokens, drawn blindly: the worst model there could be."""
    rng, ids = np.random.default_rng(seed), []
    while not grammar.done:
        allowed = np.flatnonzero(grammar.allowed())
        assert len(allowed), "a dead end"
        token = int(rng.choice(allowed))
        grammar.push(token)
        ids.append(token)
    return ids


def test_pieces_survive_the_round_trip_exactly() -> None:
    for number in range(250):
        score = random_score(number)
        assert decode(encode(score), score.brief) == score


def test_the_header_is_read_back() -> None:
    for number in range(50):
        brief = random_score(number).brief
        told = decode_brief(encode_brief(brief), tonic=brief.tonic)
        assert tempo_class(told.tempo) == tempo_class(brief.tempo)
        assert replace(told, tempo=brief.tempo) == brief
    assert decode_brief(encode_brief(Brief())).style == ""


def test_tokens_do_not_know_the_key() -> None:
    score = random_score(3)
    moved = replace(
        score,
        brief=replace(score.brief, tonic=(score.brief.tonic + 1) % 12),
        chords=tuple(replace(c, root=(c.root + 1) % 12) for c in score.chords),
    )
    shift = -11 if score.brief.tonic == 6 else 1
    moved = replace(
        moved,
        tracks=tuple(
            t if t.role == "drums" else replace(t, notes=tuple(replace(n, pitch=n.pitch + shift) for n in t.notes))
            for t in score.tracks
        ),
    )
    assert encode(moved) == encode(score)


def test_gaps_are_filled_with_what_was_there() -> None:
    for number in range(120):
        score = random_score(number)
        asked = pick_gap(score, np.random.default_rng(number))
        prompt, answer = encode_fill(score, asked)
        assert prompt.count(MASKED) == len(asked)
        assert merge(score, asked, decode_body(answer, score.brief)) == score
        empty = merge(score, asked, {})
        for bar in range(score.brief.bars):
            for role, _ in score.brief.parts:
                assert empty.bar(role, bar) == (() if (bar, role) in asked else score.bar(role, bar))
        # What is asked for must not be found in the prompt.
        told = decode_body(prompt[prompt.index(IDS["special:start"]) + 1 :], score.brief)
        assert not set(told) & asked


def test_a_foreign_score_is_brought_onto_the_grid() -> None:
    brief = Brief(bars=2, parts=(("melody", "flute"), ("drums", "drum kit")))
    notes = (Note(7, 61, 470, 77), Note(250, 61, 5000, 1), Note(500, 121, 333, 127), Note(3700, 20, 500, 64))
    drums = (Note(3, 36, 100, 100), Note(490, 99, 10, 100))
    foreign = Score(brief, (Track("melody", "flute", notes), Track("drums", "drum kit", drums)), (Chord(13, 0, "m7"),))
    with pytest.raises(ValueError, match="no token"):
        encode(foreign)
    fitted = fit(foreign)
    assert fitted.problems() == []
    assert decode(encode(fitted), brief) == fitted
    assert fit(fitted) == fitted
    assert [n.start for n in fitted.track("melody").notes] == [0, 240, 480, 3680]
    assert fitted.track("melody").notes[2].pitch % 12 == 121 % 12
    assert [n.pitch for n in fitted.track("drums").notes] == [36]
    assert random_score(5) == fit(random_score(5))


def test_nonsense_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="pitch:"):
        decode_body([BAR_ZERO, BLOCKS["pitch"].start], Brief())
    with pytest.raises(ValueError, match="chord:"):
        decode_body([BAR_ZERO, PART_ID["melody"], BLOCKS["position"].start, BLOCKS["chord"].start], Brief())


def test_the_vocabulary_file_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    assert not same_vocabulary(path)
    write_vocabulary(path)
    assert same_vocabulary(path)
    words = json.loads(path.read_text())["words"]
    assert len(words) == len(set(words)) == len(WORDS)
    path.write_text(json.dumps({"words": words[:-1]}))
    assert not same_vocabulary(path)


def test_the_grammar_takes_everything_the_composer_writes() -> None:
    for number in range(80):
        score = random_score(number)
        ids = encode(score)
        body = ids[len(encode_brief(score.brief)) :]
        assert check(body, Grammar(score.brief, all_cells(score.brief), in_key=False)) == len(body), number
        asked = pick_gap(score, np.random.default_rng(number))
        _, answer = encode_fill(score, asked)
        grammar = Grammar(score.brief, asked, context=score, in_key=False)
        assert check(answer, grammar) == len(answer)
        assert grammar.done


def test_blind_walks_end_in_sound_pieces_as_asked() -> None:
    for seed in range(40):
        brief = random_score(seed).brief
        cells = decode_body(walk(Grammar(brief, all_cells(brief)), seed), brief)
        score = assemble(brief, cells)
        assert score.problems() == []
        lent = {3, 6, 10} if brief.style == "blues" else set()
        for track in score.tracks:
            for note in track.notes if track.role != "drums" else ():
                chord = score.chord_at(note.start)
                fits = set(brief.scale) | (set(chord.classes) if chord else set())
                assert note.pitch % 12 in fits | {(brief.tonic + i) % 12 for i in lent}
            if track.role in ("melody", "bass", "counter"):
                assert all(a.end <= b.start for a, b in zip(track.notes, track.notes[1:], strict=False))


@pytest.mark.parametrize("mode", ["major", "minor", "dorian", "mixolydian"])
def test_chords_are_of_the_key_unless_others_may_be_borrowed(mode: str) -> None:
    foreign = {False: 0, True: 0}
    for borrowed in foreign:
        for seed in range(12):
            brief = Brief(
                style="waltz", tonic=seed, mode=mode, bars=4, parts=(("melody", "flute"), ("chords", "piano"))
            )
            grammar = Grammar(brief, all_cells(brief), borrowed=borrowed)
            score = assemble(brief, decode_body(walk(grammar, seed), brief))
            for chord in score.chords:
                step = (chord.root - brief.tonic) % 12
                leading = {(brief.tonic + 11) % 12} if mode == "minor" and step in (7, 11) else set()
                foreign[borrowed] += not set(chord.classes) <= set(brief.scale) | leading
    assert foreign[False] == 0
    assert foreign[True] > 10
    cadence = Grammar(Brief(mode="minor", bars=1), all_cells(Brief(bars=1)))
    for word in ("bar:0", "part:harmony", "position:0"):
        cadence.push(IDS[word])
    assert cadence.allowed()[IDS["chord:77"]], "the dominant of minor has the raised leading tone"
    assert not cadence.allowed()[IDS["chord:27"]]


def test_blind_fills_leave_everything_else_alone() -> None:
    for seed in range(60):
        score = random_score(seed)
        asked = pick_gap(score, np.random.default_rng(seed))
        cells = decode_body(walk(Grammar(score.brief, asked, context=score), seed), score.brief)
        assert set(cells) <= asked
        result = merge(score, asked, cells)
        assert result.problems() == []
        for bar in range(score.brief.bars):
            for role, _ in score.brief.parts:
                if (bar, role) not in asked:
                    assert result.bar(role, bar) == score.bar(role, bar)


def test_what_is_needed_is_not_left_empty() -> None:
    for seed in range(6):
        score = random_score(seed + 50)
        bars = range(score.brief.bars)
        asked = {(bar, part) for bar in bars for part in ("harmony", *(role for role, _ in score.brief.parts))}
        needed = {cell for cell in asked if cell[0] % 2 == 0}
        grammar = Grammar(score.brief, asked, context=score, needed=needed)
        cells = decode_body(walk(grammar, seed), score.brief)
        result, size = merge(score, asked, cells), score.brief.bar_ticks
        for bar, part in needed:
            if not cells.get((bar, part)):  # only where a note from before leaves no room
                (track,) = (t for t in result.tracks if t.role == part)
                assert any(n.start < bar * size and n.end > bar * size for n in track.notes)


def test_a_forbidden_token_changes_nothing() -> None:
    grammar = Grammar(Brief(bars=2), all_cells(Brief(bars=2)))
    before = grammar.allowed()
    assert before.sum() == 1
    for token in (END, PAD, MASKED, BAR_ZERO + 1, BLOCKS["pitch"].start):
        with pytest.raises(ValueError, match="cannot stand here"):
            grammar.push(token)
    assert (grammar.allowed() == before).all()
    grammar.push(BAR_ZERO)
    assert grammar.bar == 0
    grammar.push(BAR_ZERO + 1)
    grammar.push(END)
    assert grammar.done
    assert not grammar.allowed().any()


def test_a_note_ends_before_a_fixed_one_of_the_same_pitch() -> None:
    brief = Brief(bars=2, parts=(("chords", "piano"),))
    fixed = Note(brief.bar_ticks, 60, 480, 78)
    context = Score(brief, (Track("chords", "piano", (fixed,)),), ())
    grammar = Grammar(brief, {(0, "chords")}, context=context)
    for word in ("bar:0", "part:chords", "position:36", "velocity:4", "duration:18"):
        grammar.push(IDS[word])
    allowed = grammar.allowed()
    assert not allowed[IDS["pitch:+0"]], "it would still sound when the fixed one is struck"
    assert allowed[IDS["pitch:+2"]]
    assert STEP * 18 == 720
