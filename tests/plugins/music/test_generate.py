"""A tiny random composer through the real generator: what is asked for is written, all else stays, bars branch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from plugins.music import generate
from plugins.music.document import MEDIA, Score
from plugins.music.document_edit import lock
from plugins.music.document_notes import from_symbolic
from plugins.music.params import MusicParams
from plugins.music.takes import outside
from plugins.starter.music.composer import compose
from studio.api import JobCancelled, Model, Preview, Request, StudioError, media
from studio.inference.notes.score import Brief
from studio.inference.notes.vocabulary import BEGIN, END, PAD, WORDS, write_vocabulary
from studio.testing.context import FakeContext


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("composer")
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=2048, bos_token_id=BEGIN, eos_token_id=END, pad_token_id=PAD,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    write_vocabulary(folder / "vocabulary.json")
    return Model("models/tiny", "Tiny composer", "music/LlamaForCausalLM", folder, sha256="d" * 64)


class Desk:
    """Asks the generator, with one cache for all jobs."""

    def __init__(self, model: Model, folder: Path) -> None:
        self.model, self.folder, self.cache = model, folder, {}  # type: ignore[var-annotated]

    def context(self, score: Score | None = None, *, seed: int = 5, **options: Any) -> FakeContext:
        params = {name: options.pop(name) for name in list(options) if name in MusicParams.__dataclass_fields__}
        inputs = None
        if score is not None:
            path = self.folder / "score.json"
            path.write_bytes(score.to_bytes())
            inputs = {"score": path}
        # A random model has strong opinions: flattened, it writes notes of all kinds.
        flat = {"bars": 4, "temperature": 1.6, "top_p": 1.0}
        request = Request("music.composer", {**flat, **params}, seed=seed)
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        return FakeContext(
            request, MusicParams, scratch=scratch, model=self.model, inputs=inputs, cache=self.cache, **options
        )

    def run(self, score: Score | None = None, **options: Any) -> tuple[FakeContext, Score]:
        context = self.context(score, **options)
        (output,) = generate.run(context.request, context)
        assert output.media == MEDIA
        return context, Score.from_bytes(output.data)


@pytest.fixture
def desk(model: Model, tmp_path: Path) -> Desk:
    return Desk(model, tmp_path)


@pytest.fixture
def piece() -> Score:
    brief = Brief("waltz", "wistful", 2, "minor", (3, 4), 112.0, 4, (("melody", "violin"), ("bass", "cello")))
    return from_symbolic(compose(brief, 3))


def test_a_piece_has_what_was_asked_for(desk: Desk) -> None:
    context, score = desk.run(
        task="piece", parts="melody:flute, bass:cello", metre="4/4", tonic=7, mode="major", tempo=96.0, style="march"
    )
    assert [(t.role, t.instrument) for t in score.tracks] == [("melody", "flute"), ("bass", "cello")]
    assert score.length == 4 * 4 * 480
    assert (score.tempos[0].bpm, score.metres[0].numerator, score.keys[0].tonic) == (96, 4, 7)
    assert score.note_count > 0
    assert [step.index for step in context.steps] == [0, 1, 2, 3]
    assert [step.label for step in context.steps] == ["bar 1", "bar 2", "bar 3", "bar 4"]
    assert all(step.preview is not None and step.preview.media == media.ROLL for step in context.steps)


def test_notes_are_seen_as_they_are_drawn(desk: Desk) -> None:
    context, score = desk.run(task="piece")
    counts = [Score.from_bytes(look.data).note_count for look in context.previews if _is_score(look)]
    assert counts == sorted(counts)
    assert len(set(counts)) > 5
    assert counts[-1] == score.note_count


def _is_score(look: Preview) -> bool:
    return look.media == MEDIA


def test_the_same_seed_writes_the_same_and_another_another(desk: Desk) -> None:
    _, score = desk.run(task="piece")
    assert desk.run(task="piece")[1] == score
    assert desk.run(task="piece", seed=6)[1] != score


@pytest.mark.parametrize("bar", [0, 1, 2])
def test_going_on_from_any_bar_gives_the_same_piece(desk: Desk, bar: int) -> None:
    context, score = desk.run(task="piece")
    again, branched = desk.run(task="piece", resume=(bar, context.states[bar]))
    assert branched == score
    assert [step.index for step in again.steps] == list(range(bar + 1, 4))
    _, other = desk.run(task="piece", resume=(bar, context.states[bar]), seed=99)
    size = 3 * 480
    before = [n for t in score.tracks for n in t.notes if n.start < (bar + 1) * size]
    kept = [n for t in other.tracks for n in t.notes if n.start < (bar + 1) * size]
    assert [(n.start, n.pitch, n.length) for n in kept] == [(n.start, n.pitch, n.length) for n in before]
    assert other != score


def test_marked_bars_are_written_anew_and_nothing_else(desk: Desk, piece: Score) -> None:
    track, size = piece.tracks[0].id, 3 * 480
    context, score = desk.run(piece, task="infill", cells=f"{track} 2-3", seed=8)
    cells = [(track, size, 3 * size)]
    assert outside(score, cells) == outside(piece, cells)
    assert score.track(track) != piece.track(track)
    assert score.tracks[1:] == piece.tracks[1:]
    assert score.chords == piece.chords
    assert [step.label for step in context.steps] == ["bar 2", "bar 3"]


def test_no_track_falls_silent_in_bars_that_are_written_anew(desk: Desk, piece: Score) -> None:
    size = 3 * 480

    def heard(score: Score) -> set[tuple[str, int]]:
        return {(t.id, bar) for t in score.tracks for n in t.notes for bar in range(n.start // size, -(-n.end // size))}

    cells = ",".join(f"{track.id} 1-4" for track in piece.tracks)
    for seed in range(4):
        _, score = desk.run(piece, task="infill", cells=cells, seed=seed)
        assert heard(piece) <= heard(score)
        assert {c.start // size for c in piece.chords} <= {c.start // size for c in score.chords}


def test_notes_off_the_model_s_grid_stay_where_they_are_outside_the_marks(desk: Desk, piece: Score) -> None:
    crooked = piece.map_tracks(lambda t: t.with_notes(replace(n, start=n.start + 7, velocity=71) for n in t.notes))
    track, size = piece.tracks[0].id, 3 * 480
    _, score = desk.run(crooked, task="infill", cells=f"{track} 2-2", seed=8)
    cells = [(track, size, 2 * size)]
    assert outside(score, cells) == outside(crooked, cells)


def test_locked_notes_stay_inside_the_marks(desk: Desk, piece: Score) -> None:
    track = piece.tracks[0]
    held = [n for n in track.notes if n.start < 3 * 480][:1]
    assert held
    locked = lock(piece, [n.id for n in held])
    _, score = desk.run(locked, task="infill", cells=f"{track.id} 1-4", seed=9)
    assert [n for n in score.track(track.id).notes if n.locked] == [replace(held[0], locked=True)]


def test_going_on_adds_bars_and_changes_none(desk: Desk, piece: Score) -> None:
    _, score = desk.run(piece, task="continue", bars=2)
    assert score.length == piece.length + 2 * 3 * 480
    kept = score.map_tracks(lambda t: t.with_notes(n for n in t.notes if n.start < piece.length))
    assert kept.tracks == piece.tracks
    assert [c for c in score.chords if c.start < piece.length] == list(piece.chords)


def test_a_track_is_added(desk: Desk, piece: Score) -> None:
    _, score = desk.run(piece, task="add", parts="counter:clarinet")
    assert score.tracks[: len(piece.tracks)] == piece.tracks
    assert (score.tracks[-1].role, score.tracks[-1].instrument) == ("counter", "clarinet")
    assert score.tracks[-1].id not in {t.id for t in piece.tracks}
    with pytest.raises(StudioError, match="plays melody already"):
        desk.run(piece, task="add", parts="melody:flute")


def test_a_variation_changes_its_share(desk: Desk, piece: Score) -> None:
    context, _ = desk.run(piece, task="vary", strength=0.25)
    cells = 4 * len(piece.tracks)
    assert 1 <= len(context.steps) <= round(cells * 0.25)


def test_a_long_piece_is_heard_in_part(desk: Desk, piece: Score) -> None:
    size = 3 * 480
    track = piece.tracks[0]
    many = [replace(n, id=1000 + i * 100 + k, start=n.start + i * piece.length)
            for i in range(12) for k, n in enumerate(track.notes)]  # fmt: skip
    long = replace(piece.with_track(track.with_notes(many)), length=48 * size, next_id=9000)
    _, score = desk.run(long, task="infill", cells=f"{track.id} 41-42")
    cells = [(track.id, 40 * size, 42 * size)]
    assert outside(score, cells) == outside(long, cells)
    with pytest.raises(StudioError, match="bars at once"):
        desk.run(long, task="infill", cells=f"{track.id} 1-40")


def test_cancelling_leaves_what_is_there(desk: Desk) -> None:
    context = desk.context(task="piece", cancel_at=1)
    with pytest.raises(JobCancelled):
        generate.run(context.request, context)
    (output,) = context.outputs
    assert output.recipe.state == "partial"
    score = Score.from_bytes(output.data)
    assert score.note_count > 0
    bar = score.bar_ticks(score.metres[0])
    assert score.length == max(3, -(-score.last_tick // bar)) * bar  # one can go on where it stopped
    assert all(chord.start < score.length for chord in score.chords)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "infill", "cells": "t9 1-2"}, "No bars are marked|cannot write"),
        ({"task": "infill", "cells": ""}, "No bars are marked"),
        ({"task": "infill", "cells": "nonsense"}, "no bars"),
        ({"task": "add", "parts": "kazoo:kazoo"}, "no part called"),
        ({"task": "continue", "bars": 32}, "too many at once"),
    ],
)
def test_what_cannot_be_done_is_said(desk: Desk, piece: Score, options: dict, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        desk.run(piece, **options)


def test_a_model_of_another_language_is_refused(desk: Desk, model: Model, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    for file in model.path.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "vocabulary.json").write_text('{"words": ["a"]}')
    desk.model = replace(model, path=folder, sha256="e" * 64)
    with pytest.raises(StudioError, match="another language of notes"):
        desk.run(task="piece")
