"""Melodies from motifs: a rhythm and a contour, repeated, sequenced, turned over and varied, led to a cadence."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from studio.inference.notes.score import GRID, METRES, MODES, QUALITIES, SUBDIVISIONS

from .harmony import Phrase, Symbol
from .styles import Mood

Event = tuple[int, int, int]
"""Start and duration in steps, pitch in semitones above the tonic in the octave of middle C."""

# Rhythms of one bar, as durations in steps; negative ones are rests. Longest first, busiest last.
_FOUR = {
    "lyrical": ((36, 12), (24, 24), (24, 12, 12), (18, 6, 24), (12, 12, 12, 12), (12, 6, 6, 24), (18, 6, 12, 6, 6)),
    "dance": ((12, 6, 6, 12, 12), (6, 6, 12, 6, 6, 12), (12, 12, 6, 6, 12), (6,) * 8, (12, 6, 6, 6, 6, 6, 6)),
    "sparse": ((-12, 12, 24), (24, -12, 12), (-6, 6, 12, 24), (18, 6, -12, 12), (-12, 6, 6, 12, 12), (6, 6, 12, 24)),
    "hymn": ((24, 24), (24, 12, 12), (12, 12, 24), (12, 12, 12, 12), (12, 12, 12, 6, 6), (12, 6, 6, 12, 12)),
    "syncopated": (
        (18, 18, 12),
        (6, 12, 6, 24),
        (12, 6, 12, 6, 12),
        (18, 6, 6, 18),
        (6, 6, 12, 6, 6, 12),
        (6, 12, 6, 6, 6, 12),
    ),
    "dotted": ((24, 18, 6), (18, 6, 24), (12, 12, 18, 6), (18, 6, 12, 12), (9, 3, 12, 12, 12), (18, 6, 9, 3, 12)),
    "swung": (
        (24, -12, 12),
        (-12, 8, 4, 24),
        (8, 16, 8, 16),
        (12, 8, 4, 8, 4, 12),
        (8, 4, 8, 4, 12, 12),
        (-8, 4, 8, 4, 8, 16),
        (8, 4, 8, 4, 8, 4, 12),
    ),
}
_THREE = {
    "lyrical": ((36,), (24, 12), (12, 24), (12, 12, 12), (18, 6, 12), (24, 6, 6), (12, 6, 6, 12), (12, 12, 6, 6)),
    "dance": ((12, 12, 12), (12, 6, 6, 12), (6, 6, 12, 12), (12, 6, 6, 6, 6), (6,) * 6),
    "sparse": ((-12, 24), (24, -12), (12, 24), (-12, 12, 12)),
    "hymn": ((36,), (24, 12), (12, 12, 12), (18, 6, 12), (12, 12, 6, 6)),
    "syncopated": ((18, 18), (6, 12, 18), (12, 18, 6), (6, 12, 6, 12)),
    "dotted": ((24, 12), (18, 6, 12), (18, 6, 9, 3), (9, 3, 12, 12)),
    "swung": ((24, 12), (12, 8, 16), (8, 4, 12, 12), (8, 4, 8, 4, 12)),
}
_SIX = {
    "lyrical": ((36,), (18, 18), (18, 12, 6), (12, 6, 18), (12, 6, 12, 6), (6, 6, 6, 18), (12, 6, 6, 6, 6)),
    "dance": ((18, 12, 6), (12, 6, 12, 6), (6, 6, 6, 12, 6), (12, 6, 6, 6, 6), (6,) * 6),
    "dotted": ((18, 18), (12, 6, 18), (12, 6, 12, 6), (9, 3, 6, 12, 6), (6, 6, 6, 18)),
}
CELLS: dict[tuple[int, int], dict[str, tuple[tuple[int, ...], ...]]] = {
    (4, 4): _FOUR,
    (3, 4): _THREE,
    (6, 8): {kind: _SIX.get(kind, _SIX["lyrical"]) for kind in _FOUR},
}


@dataclass(frozen=True, slots=True)
class Motif:
    """One bar of material: (start, duration, scale steps from the bar's anchor)."""

    notes: tuple[tuple[int, int, int], ...]

    def inverted(self) -> Motif:
        """Every step the other way."""
        return Motif(tuple((s, d, -o) for s, d, o in self.notes))

    def head(self, length: int) -> Motif:
        """What begins before `length` steps."""
        return Motif(tuple((s, min(d, length - s), o) for s, d, o in self.notes if s < length))


class Ladder:
    """Scale degrees as integers: 0 is the tonic near middle C, 7 the octave above."""

    def __init__(self, mode: str) -> None:
        self.steps = MODES[mode]

    def pitch(self, degree: int) -> int:
        return 12 * (degree // 7) + self.steps[degree % 7]

    def nearest(self, pitch: int) -> int:
        guess = pitch * 7 // 12
        return min(range(guess - 2, guess + 3), key=lambda d: abs(self.pitch(d) - pitch))

    def bent(self, degree: int, chord: Symbol) -> int:
        """The pitch of a degree, altered where the chord alters it (leading tones, borrowed notes)."""
        pitch, scale = self.pitch(degree), set(self.steps)
        classes = {(chord[0] + i) % 12 for i in QUALITIES[chord[1]]}
        if pitch % 12 in classes:
            return pitch
        for shift in (1, -1):
            if (pitch + shift) % 12 in classes and (pitch + shift) % 12 not in scale:
                return pitch + shift
        return pitch

    def chord_degree(self, degree: int, chord: Symbol) -> int:
        """The degree nearest to this one whose (perhaps bent) pitch belongs to the chord."""
        classes = {(chord[0] + i) % 12 for i in QUALITIES[chord[1]]}
        for distance in (0, -1, 1, -2, 2, -3, 3):
            if self.bent(degree + distance, chord) % 12 in classes:
                return degree + distance
        return degree


def _rhythm(metre: tuple[int, int], kind: str, mood: Mood, rng: Random) -> tuple[tuple[int, int], ...]:
    """(start, duration) pairs of one bar."""
    cells = CELLS[metre][kind]
    wanted = {True: 0.75, False: 0.4}[mood.density > 1] if mood.density != 1 else 0.55
    if mood.density < 0.6:
        wanted = 0.08
    centre = wanted * (len(cells) - 1)
    weights = [1.0 / (0.6 + abs(i - centre)) ** 1.6 for i in range(len(cells))]
    durations = list(rng.choices(cells, weights)[0])
    if mood.quirk == "insist":
        durations = [part for d in durations for part in ((6,) * (d // 6) if d in (12, 18, 24) else (d,))]
    elif mood.quirk == "call" and metre == (4, 4) and kind not in ("swung", "hymn") and rng.random() < 0.6:
        durations = rng.choice(((18, 6, 24), (24, 18, 6), (9, 3, 12, 24), (12, 9, 3, 24)))
    elif mood.quirk in ("hollow", "rest") and len(durations) > 2 and rng.random() < 0.7:
        durations = [-durations[0], *durations[1:]] if durations[0] > 0 and rng.random() < 0.5 else durations[:]
        if durations[-1] > 0:
            joined = durations[-2] + durations[-1] if durations[-2] > 0 else durations[-1]
            durations = [*durations[:-2], joined] if durations[-2] > 0 else durations
    pairs, now = [], 0
    for duration in durations:
        if duration > 0:
            pairs.append((now, duration))
        now += abs(duration)
    return tuple(pairs) or ((0, METRES[metre][0]),)


def make_motif(metre: tuple[int, int], kind: str, mood: Mood, rng: Random) -> Motif:
    """A rhythm with a contour: mostly steps, a leap here and there that is taken back by step."""
    offset, direction, notes = 0, rng.choice((-1, 1)), []
    if mood.shape in ("fall", "rise"):
        direction = -1 if mood.shape == "fall" else 1
    for number, (start, duration) in enumerate(_rhythm(metre, kind, mood, rng)):
        if number:
            offset += _interval(mood, direction, rng)
            if rng.random() < 0.3:
                direction = -direction
            if abs(offset) > mood.leap + 1:
                offset, direction = offset - 2 * (1 if offset > 0 else -1), -1 if offset > 0 else 1
        notes.append((start, duration, offset))
    return Motif(tuple(notes))


def _interval(mood: Mood, direction: int, rng: Random) -> int:
    if mood.quirk == "insist":
        return rng.choice((0, 0, 0, direction, 1, -1))
    if mood.quirk == "call":
        return rng.choice((direction, 2 * direction, 4 * direction, 3 * direction, 0))
    if mood.quirk == "hollow":
        return rng.choice((4 * direction, -3 * direction, direction, 5 * direction, -direction))
    if mood.quirk == "sigh":
        return rng.choice((-1, -1, direction, 2, -1))
    if mood.quirk == "skip":
        return rng.choice((direction, 2 * direction, 2 * direction, -direction, 3 * direction))
    return rng.choice((direction, direction, 0, -direction))


def vary(motif: Motif, kind: str, bar: int, rng: Random) -> Motif:
    """One of the classical ways to say a thing again differently; what would fall between the beats stays as it was."""
    varied = _varied(motif, kind, bar, rng)
    return varied if all(start % GRID in SUBDIVISIONS for start, _, _ in varied.notes) else motif


def _varied(motif: Motif, kind: str, bar: int, rng: Random) -> Motif:
    if kind == "invert":
        return motif.inverted()
    if kind == "fragment" and len(motif.notes) > 1:
        half = bar // 2
        head = motif.head(half).notes
        shift = rng.choice((-1, 1))
        return Motif(head + tuple((s + half, d, o + shift) for s, d, o in head))
    if kind == "split":
        index = max(range(len(motif.notes)), key=lambda i: motif.notes[i][1])
        start, duration, offset = motif.notes[index]
        if duration >= 12 and duration % 2 == 0:
            turn = offset + rng.choice((-1, 1))
            pieces = ((start, duration // 2, offset), (start + duration // 2, duration // 2, turn))
            return Motif(motif.notes[:index] + pieces + motif.notes[index + 1 :])
    if kind == "join" and len(motif.notes) > 2:
        index = rng.randrange(len(motif.notes) - 1)
        (start, _, offset), (later, more, _) = motif.notes[index], motif.notes[index + 1]
        return Motif((*motif.notes[:index], (start, later + more - start, offset), *motif.notes[index + 2 :]))
    return motif


_PLANS = (
    ("say", "say", "split", "rest"),
    ("say", "sequence", "fragment", "rest"),
    ("say", "answer", "say", "rest"),
    ("say", "say", "invert", "rest"),
    ("say", "join", "sequence", "rest"),
    ("say", "answer", "split", "rest"),
)


def _course(shape: str, part: float) -> float:
    """Where the line stands at a part (0 to 1) of its phrase, from -1 to 1."""
    return {
        "arch": 1 - abs(2 * part - 1.1) * 1.4,
        "fall": 0.9 - 1.7 * part,
        "rise": -0.9 + 1.8 * part,
        "level": 0.1 - 0.2 * part,
        "wave": (0.9, -0.9, 0.5, -0.7)[min(3, int(part * 4))],
    }[shape]


class Singer:
    """Writes the melody of a whole form, phrase by phrase; what has the same label has the same motifs."""

    def __init__(self, mode: str, metre: tuple[int, int], cells: str, mood: Mood, rng: Random) -> None:
        self.ladder, self.metre, self.cells, self.mood, self.rng = Ladder(mode), metre, cells, mood, rng
        self.bar = METRES[metre][0]
        self.beats = METRES[metre][1]
        self.material: dict[str, tuple[Motif, Motif, tuple[str, ...]]] = {}
        self.blue = cells == "swung"
        centre = mood.lift + (0 if mood.lift < 0 else 3)
        # A hymn's melody leaves room for three voices below it.
        self.low = self.ladder.nearest(max(centre, 7) if cells == "hymn" else centre)

    def _phrase_material(self, label: str) -> tuple[Motif, Motif, tuple[str, ...]]:
        if label not in self.material:
            first = make_motif(self.metre, self.cells, self.mood, self.rng)
            if self.material and self.rng.random() < 0.4:  # the middle grows out of the beginning
                first = vary(next(iter(self.material.values()))[0].inverted(), "join", self.bar, self.rng)
            second = make_motif(self.metre, self.cells, self.mood, self.rng)
            self.material[label] = (first, second, self.rng.choice(_PLANS))
        return self.material[label]

    def sing(self, form: tuple[Phrase, ...], chords: tuple[tuple[Symbol, ...], ...]) -> list[Event]:
        """The whole melody."""
        events: list[Event] = []
        last = self.low
        for phrase in form:
            motif, answer, plan = self._phrase_material(phrase.label)
            lift = 2 if phrase.label == "B" and self.mood.shape != "level" else 0
            for number in range(phrase.bars):
                bar = phrase.first + number
                final = number == phrase.bars - 1
                move = "rest" if final else plan[number % 4] if plan[number % 4] != "rest" else "say"
                reach = _course(self.mood.shape, number / max(1, phrase.bars - 1)) * self.mood.leap * 0.7
                anchor = round(self.low + lift + reach + (1 if move == "sequence" else 0))
                anchor = max(min(anchor, last + 4), last - 4)
                if final and phrase.rest != "open":
                    new = self._cadence(motif, anchor, last, chords[bar], phrase is form[-1], phrase.rest)
                else:
                    source = vary(answer if move == "answer" else motif, move, self.bar, self.rng)
                    new = self._fit(source, anchor, chords[bar])
                last = self.ladder.nearest(new[-1][2]) if new else last
                events += [(bar * self.bar + s, d, p) for s, d, p in new]
        return events

    def _fit(self, motif: Motif, anchor: int, chords: tuple[Symbol, ...]) -> list[Event]:
        """Put a motif on the bar's chords: strong notes land on chord tones, the others pass between."""
        half, result = self.bar // 2, []
        base = self.ladder.chord_degree(anchor, chords[0])
        for start, duration, offset in motif.notes:
            chord = chords[-1] if len(chords) > 1 and start >= half else chords[0]
            degree = base + offset
            if start == 0 or (start in self.beats and duration >= 12) or duration >= 18:
                degree = self.ladder.chord_degree(degree, chord)
            degree = max(min(degree, self.low + 10), self.low - 5)
            pitch = self.ladder.bent(degree, chord)
            if self.blue and pitch % 12 == 4 and chord[0] in (0, 5) and duration <= 8 and self.rng.random() < 0.35:
                pitch -= 1
            result.append((start, duration, pitch))
        return result

    def _cadence(
        self, motif: Motif, anchor: int, last: int, chords: tuple[Symbol, ...], end: bool, rest: str
    ) -> list[Event]:
        """The last bar of a phrase: the motif's head at most, then a long note where the ear wants it."""
        hold = (
            self.beats[-1] if rest == "half" or (len(self.beats) < 3 and not end) else self.beats[len(self.beats) // 2]
        )
        hold = 0 if end and (self.rng.random() < 0.6 or self.mood.density < 0.6) else min(hold, self.bar // 2)
        head = Motif(tuple(n for n in motif.head(hold).notes if n[1] > 0)) if hold else Motif(())
        result = self._fit(head, anchor, chords) if head.notes else []
        near = self.ladder.nearest(result[-1][2]) if result else last
        if rest == "full":
            targets = [d for d in range(self.low - 6, self.low + 11) if d % 7 == 0 or (not end and d % 7 == 2)]
            target = min(targets, key=lambda d: (abs(d - near), d))
        else:
            target = self.ladder.chord_degree(near - 1, chords[-1])
        pitch = self.ladder.bent(target, chords[-1])
        breath = 0 if end else min(6, (self.bar - hold) // 4)
        return [*result, (hold, self.bar - hold - breath, pitch)]


def second_voice(
    melody: list[Event], chords: tuple[tuple[Symbol, ...], ...], mode: str, bar: int, rng: Random
) -> list[Event]:
    """A counter-melody: long tones in contrary motion that move where the melody rests, mostly in thirds and sixths."""
    ladder = Ladder(mode)
    result: list[Event] = []
    last = ladder.nearest((melody[0][2] if melody else 4) - 8)
    for number, symbols in enumerate(chords):
        size = bar // len(symbols)
        for part, chord in enumerate(symbols):
            start = number * bar + part * size
            above = [p for s, d, p in melody if s <= start < s + d or start <= s < start + size]
            ceiling = min(above) - 3 if above else ladder.pitch(last) + 4
            classes = {(chord[0] + i) % 12 for i in QUALITIES[chord[1]]}
            here = ladder.pitch(last)
            options = [
                p for p in range(ceiling - 14, ceiling + 1) if p % 12 in classes and p % 12 != (above or [-1])[0] % 12
            ]
            pitch = min(options or [here], key=lambda p: (abs(p - here) - (0.5 if p != here else 0), p))
            result.append((start, size, pitch))
            last = ladder.nearest(pitch)
    if rng.random() < 0.6:
        result = _passing(result, ladder)
    return result


def _passing(events: list[Event], ladder: Ladder) -> list[Event]:
    """Fill thirds between long notes with a passing tone."""
    result: list[Event] = []
    for here, following in zip(events, [*events[1:], None], strict=True):
        start, duration, pitch = here
        if following and duration >= 24 and 3 <= abs(following[2] - pitch) <= 4:
            step = ladder.nearest(pitch) + (1 if following[2] > pitch else -1)
            middle = ladder.pitch(step)
            if min(pitch, following[2]) < middle < max(pitch, following[2]):
                result += [(start, duration - 12, pitch), (start + duration - 12, 12, middle)]
                continue
        result.append(here)
    return result
