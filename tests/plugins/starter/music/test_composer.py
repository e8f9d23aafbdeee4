"""The composer: every combination gives a sound piece, and the pieces are music by rules that can be checked."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from random import Random

import pytest

from plugins.starter.music.composer import compose, random_brief, random_score
from plugins.starter.music.harmony import Phrase, Taste, functional_phrase, make_form, make_harmony
from plugins.starter.music.melody import CELLS, Ladder, Motif, vary
from plugins.starter.music.styles import STYLES as TABLE
from plugins.starter.music.voicing import classes_of, four_parts, lead
from studio.inference.notes.score import METRES, MODES, MOODS, STYLES, Brief, Chord, Note, Score, Track


def full_brief(style: str, mood: str, metre: tuple[int, int], mode: str, bars: int = 8) -> Brief:
    parts = tuple((role, {"drums": "drum kit"}.get(role, "piano")) for role in ("melody", "chords", "bass", "drums"))
    return Brief(style, mood, 3, mode, metre, 96.0, bars, parts)


@pytest.mark.parametrize("style", STYLES)
def test_every_combination_gives_a_sound_piece(style: str) -> None:
    for number, (mood, metre, mode) in enumerate(product(MOODS, METRES, MODES)):
        score = compose(full_brief(style, mood, metre, mode), number)
        assert score.problems() == []
        assert all(track.notes for track in score.tracks), (mood, metre, mode)
        assert len({c.start // score.brief.bar_ticks for c in score.chords}) == 8, "each bar has a chord"


@pytest.mark.parametrize("bars", [1, 2, 3, 5, 7, 11, 12, 17, 24, 32])
def test_any_length_can_be_asked_for(bars: int) -> None:
    for style in STYLES:
        score = compose(full_brief(style, "joyful", (4, 4), "major", bars), bars)
        assert score.problems() == []
        assert score.track("bass").notes[-1].start >= (bars - 1) * score.brief.bar_ticks


def test_the_same_number_is_the_same_piece_and_another_is_not() -> None:
    assert random_score(11) == random_score(11)
    tunes = {random_score(i, bars=8).tracks[0].notes for i in range(60)}
    assert len(tunes) > 58


def test_pieces_end_at_home() -> None:
    for number in range(120):
        score = random_score(number)
        assert score.chords[-1].root == score.brief.tonic
        melody = score.track("melody")
        if melody:
            assert melody.notes[-1].pitch % 12 == score.brief.tonic


def test_most_notes_are_in_key_and_strong_ones_in_the_chord() -> None:
    inside, strong = [], []
    for number in range(200):
        score = random_score(number)
        for track in score.tracks:
            inside += [n.pitch % 12 in score.brief.scale for n in track.notes if track.role != "drums"]
        melody = score.track("melody")
        for note in melody.notes if melody else ():
            if note.start % score.brief.bar_ticks == 0:
                strong.append(note.pitch % 12 in score.chord_at(note.start).classes)
    assert sum(inside) / len(inside) > 0.93
    assert sum(strong) / len(strong) > 0.9


def test_material_returns_where_the_form_says_so() -> None:
    """AABA and ABAB: bars four or eight apart often share their rhythm, bars of different pieces seldom do."""

    def rhythm(score: Score, bar: int) -> tuple:
        size = score.brief.bar_ticks
        return tuple((n.start % size, n.duration) for n in score.bar("melody", bar))

    scores = [compose(full_brief("waltz", "joyful", (3, 4), "major", 16), i) for i in range(40)]
    own = sum(rhythm(s, b) in (rhythm(s, b + 4), rhythm(s, b + 8)) for s in scores for b in range(4))
    other = sum(rhythm(a, b) in (rhythm(c, b), rhythm(c, b + 4)) for a, c in pairwise(scores) for b in range(4))
    assert own > 100
    assert own > 1.8 * other


def test_moods_differ_as_they_should() -> None:
    def mean(mood: str, what: str) -> float:
        notes = [n for i in range(30) for n in compose(full_brief("folk", mood, (4, 4), "major"), i).tracks[0].notes]
        return sum(getattr(n, what) for n in notes) / len(notes)

    assert mean("heroic", "velocity") > mean("calm", "velocity") + 30
    assert mean("calm", "duration") > 1.5 * mean("joyful", "duration")
    assert mean("joyful", "pitch") > mean("tense", "pitch") + 3


def test_forms_cover_the_bars_and_end_with_a_full_close() -> None:
    for bars in range(1, 33):
        form = make_form(bars, Random(bars))
        assert [p.first for p in form] == [sum(q.bars for q in form[:i]) for i in range(len(form))]
        assert sum(p.bars for p in form) == bars
        assert form[-1].rest == "full"


def test_secondary_dominants_lead_somewhere() -> None:
    rng, taste = Random(4), Taste(secondary=1.0, borrowed=0.0, sevenths=0.0, busy=0.0)
    seen = 0
    for _ in range(200):
        bars = functional_phrase("major", 4, "full", taste, rng)
        for here, following in pairwise(bars):
            if len(here) == 2:
                seen += 1
                assert here[1][1] == "7"
                assert (here[1][0] - following[0][0]) % 12 == 7, "a fifth above what follows"
    assert seen > 100


def test_phrases_close_as_asked() -> None:
    form = (Phrase("A", 0, 4, "half"), Phrase("A", 4, 4, "full"))
    for seed in range(50):
        chords = make_harmony("functional", "major", form, Taste(), Random(seed))
        assert chords[3][-1][0] == 7, "a half close rests on the dominant"
        assert chords[7][-1] == (0, "")


def test_the_blues_has_its_twelve_bars() -> None:
    chords = make_harmony("blues", "mixolydian", make_form(12, Random(0)), Taste(secondary=0.0), Random(2))
    assert [bar[0][0] for bar in chords][4] == 5
    assert 7 in [bar[0][0] for bar in chords][8:10]
    assert chords[0][0][1] == "7"


def test_chords_move_no_further_than_they_must() -> None:
    symbols = [(0, ""), (9, "m"), (5, ""), (7, "7"), (0, "")]
    voicings = lead(symbols, low=-8, high=10)
    for symbol, voicing in zip(symbols, voicings, strict=True):
        assert {p % 12 for p in voicing} <= set(classes_of(symbol))
    for a, b in pairwise(voicings):
        assert sum(min(abs(p - q) for q in a) for p in b) <= 6


def test_four_parts_keep_their_places() -> None:
    symbols = [(0, ""), (5, ""), (7, "7"), (0, ""), (9, "m"), (2, "m"), (7, ""), (0, "")]
    sopranos = [7, 9, 7, 4, 4, 5, 2, 0]
    parts = four_parts(symbols, sopranos)
    parallels = 0
    for symbol, soprano, (alto, tenor, bass) in zip(symbols, sopranos, parts, strict=True):
        assert bass < tenor <= alto <= soprano
        assert {v % 12 for v in (alto, tenor, bass)} <= set(classes_of(symbol))
    for (s, a), (t, b) in pairwise(zip(sopranos, parts, strict=True)):
        for x, y in ((s, a[2]), (a[0], a[2]), (a[1], a[2])):
            new = dict(zip((s, *a), (t, *b), strict=True))
            parallels += (x - y) % 12 == (new[x] - new[y]) % 12 == 7 and new[x] != x
    assert parallels == 0


def test_motifs_are_varied_in_the_classical_ways() -> None:
    motif = Motif(((0, 12, 0), (12, 12, 1), (24, 24, 3)))
    assert [o for _, _, o in vary(motif, "invert", 48, Random(0)).notes] == [0, -1, -3]
    assert len(vary(motif, "split", 48, Random(0)).notes) == 4
    assert len(vary(motif, "join", 48, Random(0)).notes) == 2
    fragment = vary(motif, "fragment", 48, Random(0))
    assert [(s, d) for s, d, _ in fragment.notes] == [(0, 12), (12, 12), (24, 12), (36, 12)]
    swung = Motif(((0, 20, 0), (20, 28, 1)))
    assert all(s % 12 in (0, 3, 4, 6, 8, 9) for s, _, _ in vary(swung, "split", 48, Random(0)).notes)


def test_rhythms_fill_their_bars() -> None:
    for metre, kinds in CELLS.items():
        for cells in kinds.values():
            assert {sum(abs(d) for d in cell) for cell in cells} == {METRES[metre][0]}


def test_degrees_are_bent_by_the_chord_alone() -> None:
    ladder = Ladder("minor")
    assert ladder.bent(6, (0, "m")) == 10
    assert ladder.bent(6, (7, "7")) == 11, "the leading tone over the dominant"
    assert ladder.pitch(7) == 12
    assert ladder.pitch(-1) == -2


def test_every_style_names_real_instruments_and_can_be_asked_for_by_chance() -> None:
    for number in range(300):
        brief = random_brief(Random(number))
        assert brief.metre in METRES
    assert set(TABLE) == set(STYLES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bars": 0},
        {"bars": 33},
        {"mode": "locrian"},
        {"metre": (7, 8)},
        {"tonic": 12},
        {"tempo": 5.0},
        {"style": "polka"},
        {"parts": ()},
        {"parts": (("melody", "kazoo"),)},
        {"parts": (("bass", "piano"), ("melody", "piano"))},
    ],
)
def test_a_brief_that_cannot_be_written_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="not a piece that can be written"):
        replace(Brief(), **wrong)


def test_a_score_knows_what_is_wrong_with_it() -> None:
    brief = Brief(bars=1)

    def problems(*notes: Note) -> str:
        return " ".join(Score(brief, (Track("melody", "piano", notes),), (Chord(0, 0, ""),)).problems())

    assert problems(Note(0, 60, 480, 80)) == ""
    assert "outside" in problems(Note(1900, 60, 480, 80))
    assert "struck again" in problems(Note(0, 60, 480, 80), Note(240, 60, 480, 80))
    assert "cannot be played" in problems(Note(0, 60, 480, 0))
    assert "order" in problems(Note(480, 60, 480, 80), Note(0, 62, 480, 80))
    assert "parts" in " ".join(Score(brief, (), ()).problems())
    assert Chord(0, 9, "m7").name == "Am7"
