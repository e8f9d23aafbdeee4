"""The score: what it keeps, its time, and every edit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from plugins.music import document_edit as edit
from plugins.music import document_shape as shape
from plugins.music import document_tracks as tracks
from plugins.music.document import Foreign, Key, Metre, Note, Score, Tempo, Track, ordered
from plugins.music.document_notes import from_symbolic, metre_for, roles, to_symbolic
from plugins.music.document_time import Grid, Timeline
from plugins.starter.music.composer import random_score
from studio.api import StudioError
from studio.inference.notes.score import Chord

Q = 480


def score_of(*notes: tuple[int, int, int], velocity: int = 80) -> Score:
    """A score of one track with notes (start, length, pitch)."""
    made, track = tracks.add_track(Score(), "piano")
    made, _ = edit.add(made, track, [Note(0, start, length, pitch, velocity) for start, length, pitch in notes])
    return made


def rows(score: Score, track: int = 0) -> list[tuple[int, int, int]]:
    return [(n.start, n.length, n.pitch) for n in score.tracks[track].notes]


@pytest.mark.parametrize("number", range(8))
def test_a_score_survives_json(number: int) -> None:
    score = from_symbolic(random_score(2**30 + number), title="Stück")
    assert Score.from_bytes(score.to_bytes()) == score


def test_fields_of_a_newer_version_are_kept() -> None:
    data = score_of((0, Q, 60)).to_json()
    assert Score.from_json({**data, "lyrics": ["la"]}).to_json()["lyrics"] == ["la"]


BROKEN: dict[str, Callable[[dict], object]] = {
    "newer": lambda d: d.update(format=99),
    "no tracks": lambda d: d.pop("tracks"),
    "pitch": lambda d: d["tracks"][0]["notes"][0].__setitem__(3, 128),
    "length": lambda d: d["tracks"][0]["notes"][0].__setitem__(2, 0),
    "far away": lambda d: d["tracks"][0]["notes"][0].__setitem__(1, 1 << 40),
    "one id twice": lambda d: d["tracks"][0]["notes"].append(d["tracks"][0]["notes"][0]),
    "metre": lambda d: d.update(metres=[[0, 4, 3]]),
    "tempo": lambda d: d.update(tempos=[[0, float("nan")]]),
    "mode": lambda d: d.update(keys=[[0, 0, "lost"]]),
    "foreign": lambda d: d.update(extra=[[0, "xyz"]]),
    "number": lambda d: d.update(length="long"),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_damaged_score_is_refused_in_words(damage: str) -> None:
    data = score_of((0, Q, 60)).to_json()
    BROKEN[damage](data)
    with pytest.raises(StudioError, match="not a score"):
        Score.from_bytes(json.dumps(data).encode())
    with pytest.raises(StudioError):
        Score.from_bytes(b"[" * 100_000)


def test_symbolic_scores_come_back_the_same() -> None:
    for number in range(12):
        piece = random_score(2**30 + number)
        score = from_symbolic(piece)
        known = {t.id: t.role for t in score.tracks}
        assert roles(score) == known
        assert metre_for(score) == piece.brief.metre
        assert to_symbolic(score, piece.brief, known) == piece


def test_roles_are_guessed_for_foreign_tracks() -> None:
    def track(name: str, channel: int, *notes: Note) -> Track:
        return Track(name, name, channel=channel).with_notes(notes)

    score = Score(
        tracks=(
            track("a", 0, Note(1, 0, Q, 76, 80), Note(2, Q, Q, 77, 80)),
            track("b", 1, Note(3, 0, Q, 36, 80)),
            track("c", 9, Note(4, 0, Q, 36, 80)),
            track("d", 2, Note(5, 0, Q, 60, 80), Note(6, 0, Q, 64, 80)),
            track("e", 3),
        )
    )
    assert roles(score) == {"a": "melody", "b": "bass", "c": "drums", "d": "chords"}


# --- time ------------------------------------------------------------------------------------------------------------


def test_time_follows_tempos_and_metres() -> None:
    score = Score(
        tempos=(Tempo(0, 120), Tempo(4 * Q, 60)),
        metres=(Metre(0, 4, 4), Metre(4 * Q, 7, 8), Metre(4 * Q + 7 * Q, 6, 8)),
        length=4 * Q + 7 * Q + 3 * Q,
    )
    line = Timeline(score)
    assert line.seconds(4 * Q) == 2.0
    assert line.seconds(5 * Q) == 3.0
    for tick in (0, 100, 4 * Q, 9 * Q, 20 * Q):
        assert line.tick(line.seconds(tick)) == pytest.approx(tick)
    assert [line.bar_start(b) for b in range(5)] == [0, 4 * Q, 4 * Q + 7 * Q // 2, 11 * Q, 14 * Q]
    assert line.bars == 4
    assert [line.bar(t) for t in (0, 4 * Q - 1, 4 * Q, 11 * Q, 14 * Q)] == [0, 0, 1, 3, 4]
    assert line.place(11 * Q + 3 * Q // 2 + 7) == (4, 2, 7)
    assert line.beats(0, 4 * Q) == [(0, True), (Q, False), (2 * Q, False), (3 * Q, False)]
    assert [t for t, _ in line.beats(11 * Q, 14 * Q)] == [11 * Q, 11 * Q + 3 * Q // 2]


@pytest.mark.parametrize(
    ("grid", "tick", "wanted"),
    [
        (Grid(4), 250, 480),
        (Grid(16), 250, 240),
        (Grid(8, triplet=True), 250, 320),
        (Grid(8, triplet=True), 60, 0),
        (Grid(16, triplet=True), 75, 80),
        (Grid(8, dotted=True), 300, 360),
        (Grid(1), 4 * Q + 20, 4 * Q),
    ],
)
def test_snapping(grid: Grid, tick: int, wanted: int) -> None:
    assert Timeline(Score()).snap(tick, grid) == wanted


# --- edits -----------------------------------------------------------------------------------------------------------


def test_what_is_not_touched_is_the_same_object() -> None:
    score = score_of((0, Q, 60), (Q, Q, 62))
    score, second = tracks.add_track(score, "cello")
    score, ids = edit.add(score, second, [Note(0, 0, Q, 40, 80)])
    moved = edit.move(score, ids, pitches=2)
    assert moved.tracks[0] is score.tracks[0]
    assert rows(moved, 1) == [(0, Q, 42)]
    kept = edit.move(score, [score.tracks[0].notes[0].id], ticks=10)
    assert kept.tracks[0].notes[1] == score.tracks[0].notes[1]


def test_notes_move_together_or_not_at_all() -> None:
    score = score_of((Q, Q, 60), (2 * Q, Q, 126))
    ids = [n.id for n in score.tracks[0].notes]
    assert rows(edit.move(score, ids, ticks=-9 * Q, pitches=5)) == [(0, Q, 61), (Q, Q, 127)]


def test_resize_split_join_copy_and_remove() -> None:
    score = score_of((0, 4 * Q, 60))
    one = score.tracks[0].notes[0].id
    assert rows(edit.resize(score, [one], ticks=-9 * Q, shortest=60)) == [(0, 60, 60)]
    assert rows(edit.resize(score, [one], ticks=Q, left=True)) == [(Q, 3 * Q, 60)]
    cut, fresh = edit.split(score, [one], [Q, 3 * Q, 9 * Q])
    assert rows(cut) == [(0, Q, 60), (Q, 2 * Q, 60), (3 * Q, Q, 60)]
    assert len({n.id for n in cut.tracks[0].notes}) == 3
    assert rows(edit.join(cut, [one, *fresh])) == rows(score)
    more, copies = edit.copy(score, [one], ticks=4 * Q, pitches=7)
    assert rows(more) == [(0, 4 * Q, 60), (4 * Q, 4 * Q, 67)]
    assert edit.remove(more, copies).tracks[0].notes == score.tracks[0].notes


def test_a_score_grows_by_whole_bars_with_its_notes() -> None:
    score = replace(Score(), length=4 * Q)
    score, track = tracks.add_track(score)
    score, _ = edit.add(score, track, [Note(0, 5 * Q, 4 * Q, 60, 80)])
    assert score.length == 12 * Q


def test_notes_change_track() -> None:
    score = score_of((0, Q, 60), (Q, Q, 62))
    score, other = tracks.add_track(score, "flute")
    moved = edit.to_track(score, [score.tracks[0].notes[0].id], other)
    assert (rows(moved, 0), rows(moved, 1)) == ([(Q, Q, 62)], [(0, Q, 60)])


@pytest.mark.parametrize(
    ("grid", "options", "start", "wanted"),
    [
        (Grid(8), {}, 260, 240),
        (Grid(8), {"strength": 0.5}, 260, 250),
        (Grid(8), {"swing": 1.0}, 260, 320),
        (Grid(8), {"swing": 0.5}, 250, 280),
        (Grid(8, triplet=True), {}, 300, 320),
        (Grid(8), {"swing": 1.0}, 490, 480),
    ],
)
def test_quantise(grid: Grid, options: dict, start: int, wanted: int) -> None:
    score = score_of((start, 100, 60))
    made = shape.quantise(score, [score.tracks[0].notes[0].id], grid, **options)
    assert made.tracks[0].notes[0].start == wanted


def test_quantised_ends() -> None:
    score = score_of((5, 225, 60))
    made = shape.quantise(score, [score.tracks[0].notes[0].id], Grid(16), ends=True)
    assert rows(made) == [(0, 240, 60)]


def test_transpose_in_semitones_and_in_the_key() -> None:
    score = replace(score_of((0, Q, 60), (Q, Q, 64), (2 * Q, Q, 66)), keys=(Key(0, 0, "major"),))
    ids = [n.id for n in score.tracks[0].notes]
    assert [p for *_, p in rows(shape.transpose(score, ids, 3))] == [63, 67, 69]
    assert [p for *_, p in rows(shape.transpose(score, ids, 2, in_key=True))] == [64, 67, 70]
    assert [p for *_, p in rows(shape.transpose(score, ids, -1, in_key=True))] == [59, 62, 65]
    assert [p for *_, p in rows(shape.fit_to_key(score, ids))] == [60, 64, 65]
    assert [p for *_, p in rows(shape.transpose(score, ids, 70))] == [118, 122, 124]


def test_invert_and_retrograde_undo_themselves() -> None:
    score = replace(score_of((0, Q, 60), (Q, 2 * Q, 64), (3 * Q, Q, 67)), keys=(Key(0, 0, "major"),))
    ids = [n.id for n in score.tracks[0].notes]
    assert [p for *_, p in rows(shape.invert(score, ids))] == [60, 56, 53]
    inside = shape.invert(score, ids, in_key=True)
    assert [p for *_, p in rows(inside)] == [60, 57, 53]
    assert shape.invert(inside, ids, axis=60, in_key=True) == score
    back = shape.retrograde(score, ids)
    assert rows(back) == [(0, Q, 67), (Q, 2 * Q, 64), (3 * Q, Q, 60)]
    assert shape.retrograde(back, ids) == score


def test_legato_humanise_and_loudness() -> None:
    score = score_of((0, 100, 60), (0, 90, 64), (Q, 50, 62), (2 * Q, 70, 65))
    ids = [n.id for n in score.tracks[0].notes]
    assert [row[1] for row in rows(shape.legato(score, ids, gap=20))] == [Q - 20, Q - 20, Q - 20, 70]
    loose = shape.humanise(score, ids, seed=4)
    assert loose == shape.humanise(score, ids, seed=4) != shape.humanise(score, ids, seed=5)
    assert loose.tracks[0].notes[0].start == loose.tracks[0].notes[1].start
    assert all(
        abs(a.start - b.start) < Q / 10 for a, b in zip(loose.tracks[0].notes, score.tracks[0].notes, strict=True)
    )
    ramp = shape.velocity_ramp(score, ids, first=20, last=100)
    assert [n.velocity for n in ramp.tracks[0].notes] == [20, 20, 60, 100]
    assert {n.velocity for n in shape.scale_velocity(score, ids, factor=2).tracks[0].notes} == {96}
    assert all(n.locked for n in edit.lock(score, ids).tracks[0].notes)
    each = edit.set_velocity(score, ids, {ids[0]: 300})
    assert [n.velocity for n in each.tracks[0].notes] == [127, 80, 80, 80]


def test_time_is_inserted_and_cut() -> None:
    score = score_of((0, Q, 60), (4 * Q, Q, 62), (8 * Q, Q, 64))
    score = replace(score, tempos=(Tempo(0, 120), Tempo(4 * Q, 90)), chords=(Chord(0, 0, ""), Chord(4 * Q, 7, "7")))
    wider = edit.insert_time(score, 4 * Q, 4 * Q)
    assert [r[0] for r in rows(wider)] == [0, 8 * Q, 12 * Q]
    assert [t.start for t in wider.tempos] == [0, 8 * Q]
    assert wider.length == score.length + 4 * Q
    cut = edit.insert_time(score, 2 * Q, -4 * Q)
    assert [r[0] for r in rows(cut)] == [0, 4 * Q]
    assert [c.start for c in cut.chords] == [0, 2 * Q]
    assert edit.insert_time(wider, 4 * Q, -4 * Q) == score


def test_tracks_and_timelines() -> None:
    score, first = tracks.add_track(Score(), "piano")
    score, kit = tracks.add_track(score, "drum kit")
    assert (score.track(kit).channel, score.track(kit).role) == (9, "drums")
    assert tracks.audible(tracks.set_track(score, kit, mute=True)) == {first}
    assert tracks.audible(tracks.set_track(score, kit, solo=True)) == {kit}
    assert tracks.set_track(score, kit, instrument="flute").track(kit).channel != 9
    with pytest.raises(ValueError, match="conductor"):
        tracks.set_track(score, kit, role="conductor")
    changed = tracks.set_metre(score, 5 * Q, 3, 4)
    assert [(m.start, m.numerator) for m in changed.metres] == [(0, 4), (4 * Q, 3)]
    assert (changed.length - 4 * Q) % (3 * Q) == 0
    assert tracks.set_key(score, 0, 10, "minor").key_at(0).flats
    assert tracks.clear_change(tracks.set_tempo(score, Q, 90), "tempos", Q) == score
    assert tracks.clear_change(score, "tempos", 0) == score
    assert tracks.set_bars(score_of((9 * Q, Q, 60)), 1).length == 12 * Q


def test_controllers_move_with_their_track_to_another_channel() -> None:
    score, first = tracks.add_track(Score(), "piano")
    pedal, song, sound = Foreign(0, bytes((0xB0, 64, 127))), Foreign(0, b"\xf0\x01\xf7"), Foreign(9, b"\xc0\x05")
    score = score.with_track(replace(score.track(first), extra=(pedal, song, sound)))
    kit = tracks.set_track(score, first, instrument="drum kit").track(first)
    assert [event.data for event in kit.extra] == [bytes((0xB9, 64, 127)), song.data], "drums have other programs"
    assert [event.data[0] for event in tracks.set_track(score, first, channel=3).track(first).extra] == [
        0xB3,
        0xF0,
        0xC3,
    ]
    assert tracks.set_track(score, first, volume=0.5).track(first).extra == (pedal, song, sound)


def test_ten_thousand_notes_are_found_by_place() -> None:
    score, track = tracks.add_track(Score())
    score, ids = edit.add(score, track, [Note(0, i * 60, 90, 30 + i % 60, 80) for i in range(10_000)])
    held, _ = edit.add(score, track, [Note(0, 0, 300_000, 20, 80)])
    found = held.tracks[0].between(100_000, 101_000)
    assert [n for n in held.tracks[0].notes if n.start < 101_000 and n.end > 100_000] == list(found)
    assert held.note(ids[77]).start == 77 * 60


@pytest.mark.parametrize("seed", range(5))
def test_edits_of_many_notes_do_what_they_do_to_one(seed: int) -> None:
    """Arrays and notes one by one give the same, in the same order, and survive JSON."""
    random = np.random.default_rng(seed)
    score, _ = tracks.add_track(Score(), "violin")
    rows = random.integers([0, 1, 0, 1], [4000, 900, 128, 128], (300, 4)).tolist()
    score, _ = edit.add(score, "t1", [Note(0, *row) for row in rows])
    ids = random.choice(np.arange(1, 301), 120, replace=False).tolist()
    meant = set(ids)
    pitches = [n.pitch for n in score.notes_of(ids)]
    up = min(5, 127 - max(pitches))
    cases = {
        "move": (edit.move(score, ids, ticks=77, pitches=5),
                 lambda n: replace(n, start=n.start + 77, pitch=n.pitch + up)),
        "right": (edit.resize(score, ids, ticks=-200, shortest=30),
                  lambda n: replace(n, length=max(min(30, n.length), n.length - 200))),
        "left": (edit.resize(score, ids, ticks=-50, left=True),
                 lambda n: replace(n, start=max(0, n.start - 50), length=n.end - max(0, n.start - 50))),
        "velocity": (edit.set_velocity(score, ids, dict.fromkeys(ids, 200)), lambda n: replace(n, velocity=127)),
        "lock": (edit.lock(score, ids), lambda n: replace(n, locked=True)),
        "remove": (edit.remove(score, ids), lambda n: None),
    }  # fmt: skip
    for name, (made, one) in cases.items():
        wanted = [one(n) if n.id in meant else n for n in score.tracks[0].notes]
        assert made.tracks[0].notes == ordered(n for n in wanted if n is not None), name
        assert hash(made.tracks[0].notes) == hash(tuple(made.tracks[0].notes))
        assert Score.from_json(made.to_json()) == made
        assert made.tracks[0].by_id.keys() == {n.id for n in wanted if n is not None}


def test_copies_keep_their_places_to_each_other() -> None:
    score, _ = tracks.add_track(Score(), "violin")
    score, ids = edit.add(score, "t1", [Note(0, 100, 50, 60, 80, locked=True), Note(0, 300, 50, 125, 80)])
    made, fresh = edit.copy(score, ids, ticks=-200, pitches=12)
    assert [(n.start, n.pitch, n.locked) for n in made.notes_of(fresh)] == [(0, 62, True), (200, 127, False)]
    assert made.notes_of(ids) == score.notes_of(ids)
    assert edit.copy(score, [99], ticks=5) == (score, ())
