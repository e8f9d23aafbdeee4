"""Accompaniment: chord figures, bass lines and drum grooves, each a function from chords to events of one bar.

Events are (start, duration, pitch, accent): steps within the bar, semitones above the tonic near middle C (for drums
the name of the piece instead), and how much louder than the part's own level, in steps of the velocity scale.
"""

from __future__ import annotations

from random import Random

from studio.inference.notes.score import METRES

from .harmony import Symbol
from .voicing import Voicing, classes_of

Event = tuple[int, int, int, int]
Hit = tuple[int, str, int]
Metre = tuple[int, int]


def _block(start: int, duration: int, voicing: Voicing, accent: int = 0) -> list[Event]:
    return [(start, duration, pitch, accent) for pitch in voicing]


def _spans(metre: Metre, count: int) -> list[tuple[int, int]]:
    """(start, size) of each chord in a bar; three beats are divided two and one."""
    size, beats = METRES[metre]
    if count == 1:
        return [(0, size)]
    middle = beats[-1] if len(beats) == 3 else size // 2
    return [(0, middle), (middle, size - middle)]


def comp(figure: str, metre: Metre, voicings: list[Voicing], rng: Random) -> list[Event]:
    """One bar of a chord part; `voicings` are the one or two chords of the bar."""
    size, beats = METRES[metre]
    spans = _spans(metre, len(voicings))

    def at(step: int) -> Voicing:
        return voicings[-1] if len(spans) > 1 and step >= spans[1][0] else voicings[0]

    events: list[Event] = []
    if figure == "held":
        for (start, length), voicing in zip(spans, voicings, strict=True):
            events += _block(start, length, voicing)
    elif figure == "oom-pah":
        for beat in beats[1:] if metre != (6, 8) else (6, 12, 24, 30):
            events += _block(beat, 9 if metre != (6, 8) else 6, at(beat))
    elif figure == "boom-chuck":
        offs = {(4, 4): (12, 36), (3, 4): (12, 24), (6, 8): (12, 30)}[metre]
        for beat in offs:
            events += _block(beat, 6, at(beat), 1)
    elif figure == "strum":
        hits = {(4, 4): (0, 12, 18, 30, 36), (3, 4): (0, 12, 18, 24), (6, 8): (0, 12, 18, 30)}[metre]
        for start, stop in zip(hits, (*hits[1:], size), strict=True):
            events += _block(start, stop - start, at(start), 1 if start == 0 else 0)
    elif figure == "off-beat":
        for beat in (6, 18, 30, 42) if metre == (4, 4) else (6, 18, 30) if metre == (3, 4) else (12, 30):
            events += _block(beat, 6, at(beat))
    elif figure == "stabs":
        for start, length in rng.choice((((0, 16), (18, 24)), ((0, 30), (30, 12)), ((6, 18), (30, 18)))):
            events += _block(start, length, at(start))
    elif figure in ("charleston", "shells"):
        choices = (((0, 12), (20, 8)), ((8, 4), (20, 12)), ((20, 16),), ((0, 8), (32, 12)))
        if metre != (4, 4):
            choices = (((0, 12), (20, 8)), ((12, 12),))
        for start, length in rng.choice(choices):
            events += _block(start, length, at(start)[-2:] if figure == "shells" else at(start))
    elif figure == "pump":
        for start in range(0, size, 12):
            events += _block(start, 9, at(start), 1 if start == 0 else 0)
    elif figure == "arpeggio":
        for number, start in enumerate(range(0, size, 6)):
            voicing = at(start)
            ladder = (*voicing, voicing[0] + 12)
            events.append((start, 6, ladder[(0, 1, 2, 3, 2, 1)[number % 6] % len(ladder)], 0))
    elif figure == "broken":
        for number, start in enumerate(range(0, size, 6)):
            voicing, inside = at(start), number % (size // 6)
            order = (0, 1, 2, 1, 2, 1) if size == 36 else (0, 1, 2, 1, 0, 1, 2, 1)
            pitch = voicing[order[inside] % len(voicing)]
            events.append((start, 12 if start + 12 <= size else 6, pitch, 0))
    return [e for e in events if e[0] < size]


def _apart(events: list[Event]) -> list[Event]:
    """No pitch is struck again while it sounds: the earlier note ends in time."""
    result: list[Event] = []
    for start, duration, pitch, accent in sorted(events):
        again = [s for s, _, p, _ in events if p == pitch and s > start]
        result.append((start, min(duration, min(again) - start) if again else duration, pitch, accent))
    return result


def bass(
    line: str, metre: Metre, chords: tuple[Symbol, ...], following: Symbol | None, last: int, rng: Random
) -> list[Event]:
    """One bar of a bass line; `last` is the pitch before, `following` the next bar's first chord."""
    size, beats = METRES[metre]
    events: list[Event] = []
    for number, ((start, length), symbol) in enumerate(zip(_spans(metre, len(chords)), chords, strict=True)):
        root = near(symbol[0], last)
        fifth = root + 7 if root + 7 <= -8 else root - 5
        after = chords[number + 1] if number + 1 < len(chords) else following
        inside = [b for b in beats if start <= b < start + length]
        if line in ("long", "downbeat", "chorale"):
            events.append((start, length if line != "downbeat" else 12 if metre != (6, 8) else 18, root, 0))
        elif line == "root-fifth":
            events.append((start, 12, root, 1))
            turn = {(4, 4): 24, (3, 4): None, (6, 8): 18}[metre]
            if turn is not None and start == 0 and length > turn:
                events.append((turn, 12, fifth, 0))
            elif metre == (3, 4) and length == size and after is not None and rng.random() < 0.25:
                events.append((24, 12, fifth, 0))
        elif line in ("eighths", "octaves"):
            for index, step in enumerate(range(start, start + length, 6)):
                events.append((step, 6, root + (12 if line == "octaves" and index % 2 else 0), 1 if step == 0 else 0))
        elif line == "lazy":
            events.append((start, min(length, 18), root, 1))
            if length > 24:
                events += rng.choice(([(30, 18, fifth, 0)], [(24, 6, root, 0), (36, 12, root, 0)], [(36, 12, root, 0)]))
        elif line == "walking":
            events += _walk(inside, start, symbol, after, root, rng)
        last = events[-1][2] if events else root
    return _apart([(s, min(d, size - s), p, a) for s, d, p, a in events if s < size])


def near(root: int, last: int, low: int = -27, high: int = -8) -> int:
    """The pitch of a root nearest to the last bass note, within the bass's range."""
    return min((p for p in range(low, high + 1) if p % 12 == root % 12), key=lambda p: (abs(p - last), p))


def _walk(beats: list[int], start: int, symbol: Symbol, after: Symbol | None, root: int, rng: Random) -> list[Event]:
    """Quarter notes through the chord that arrive next to the following root."""
    notes = classes_of(symbol)
    goal = near((after or symbol)[0], root)
    pitches = [root]
    for index in range(1, len(beats)):
        if index == len(beats) - 1:
            pitches.append(goal + rng.choice((-1, 1, 2, -2)) if goal != root or rng.random() < 0.5 else root + 7 - 12)
        else:
            around = [p for p in range(pitches[-1] - 5, pitches[-1] + 6) if p % 12 in notes and p != pitches[-1]]
            toward = sorted(around, key=lambda p: (abs(p - goal), rng.random()))
            pitches.append(rng.choice(toward[:2]) if toward else pitches[-1])
    return [(beat, 12, max(-30, min(-5, p)), 1 if beat == start else 0) for beat, p in zip(beats, pitches, strict=True)]


def _every(gap: int, name: str, accent: int = 0, *, first: int = 0) -> tuple[Hit, ...]:
    return tuple((step, name, accent) for step in range(first, 48, gap))


_RIDE: tuple[Hit, ...] = tuple((s, "ride", a) for s, a in ((0, 0), (12, 1), (20, -1), (24, 0), (36, 1), (44, -1)))
_GROOVES: dict[str, dict[Metre, tuple[tuple[Hit, ...], ...]]] = {
    "brushes": {
        (3, 4): (
            ((0, "kick", 0), (12, "closed hat", 0), (24, "closed hat", 0)),
            ((0, "kick", 0), (12, "rim", 0), (24, "rim", 0), (24, "closed hat", 0)),
        ),
    },
    "folk": {
        (4, 4): (
            ((0, "kick", 1), (12, "tambourine", 0), (24, "kick", 0), (36, "tambourine", 1)),
            ((0, "kick", 1), (12, "tambourine", 0), (18, "shaker", 0), (24, "kick", 0), (36, "tambourine", 1)),
        ),
        (3, 4): (((0, "kick", 1), (12, "tambourine", 0), (24, "tambourine", 0)),),
        (6, 8): (
            ((0, "kick", 1), (12, "tambourine", 0), (18, "kick", 0), (30, "tambourine", 0)),
            (
                (0, "kick", 1),
                (6, "shaker", -1),
                (12, "tambourine", 0),
                (18, "kick", 0),
                (24, "shaker", -1),
                (30, "tambourine", 0),
            ),
        ),
    },
    "lofi": {
        (4, 4): (
            ((0, "kick", 1), (12, "snare", 0), (30, "kick", 0), (36, "snare", 0), *_every(6, "closed hat", -1)),
            ((0, "kick", 1), (12, "rim", 0), (27, "kick", 0), (36, "rim", 0), *_every(6, "closed hat", -1)),
        ),
    },
    "four": {
        (4, 4): (
            (*_every(12, "kick", 1), *_every(24, "clap", first=12), *_every(12, "open hat", -1, first=6)),
            (
                *((0, "kick", 1), (24, "kick", 0), (30, "kick", 0)),
                *_every(24, "snare", first=12),
                *_every(6, "closed hat", -1),
            ),
        ),
    },
    "march": {
        (4, 4): (
            ((0, "kick", 1), (12, "snare", 0), (24, "kick", 0), (36, "snare", 0), (42, "snare", -1)),
            ((0, "kick", 1), (12, "snare", 0), (18, "snare", -1), (21, "snare", -1), (24, "kick", 0), (36, "snare", 0)),
        ),
        (6, 8): (((0, "kick", 1), (12, "snare", 0), (18, "kick", 0), (30, "snare", 0)),),
        (3, 4): (((0, "kick", 1), (12, "snare", 0), (24, "snare", 0), (30, "snare", -1)),),
    },
    "swing": {
        (4, 4): (
            (*_RIDE, (12, "pedal hat", 0), (36, "pedal hat", 0)),
            (*_RIDE, (0, "kick", 0), (12, "pedal hat", 0), (36, "pedal hat", 0), (36, "snare", -1)),
        ),
    },
}
_PLAIN: dict[Metre, tuple[Hit, ...]] = {
    (4, 4): ((0, "kick", 1), (12, "snare", 0), (24, "kick", 0), (36, "snare", 0)),
    (3, 4): ((0, "kick", 1), (12, "closed hat", 0), (24, "closed hat", 0)),
    (6, 8): ((0, "kick", 1), (12, "closed hat", 0), (18, "snare", 0), (30, "closed hat", 0)),
}
_FILLS: dict[Metre, tuple[tuple[Hit, ...], ...]] = {
    (4, 4): (
        ((24, "snare", 0), (30, "snare", 0), (36, "mid tom", 0), (42, "low tom", 1)),
        ((36, "snare", 0), (39, "snare", 0), (42, "snare", 1), (45, "snare", 1)),
        ((24, "high tom", 0), (28, "high tom", 0), (32, "mid tom", 0), (36, "low tom", 0), (40, "low tom", 1)),
    ),
    (3, 4): (((24, "snare", 0), (30, "snare", 1)), ((12, "high tom", 0), (18, "mid tom", 0), (24, "low tom", 1))),
    (6, 8): (((18, "high tom", 0), (24, "mid tom", 0), (30, "low tom", 1)), ((24, "snare", 0), (30, "snare", 1))),
}


class Drummer:
    """One groove for each kind of phrase, small changes within it, a fill before a new phrase and a crash on it."""

    def __init__(self, groove: str, metre: Metre, rng: Random) -> None:
        self.choices = _GROOVES.get(groove, {}).get(metre, (_PLAIN[metre],))
        self.metre, self.rng = metre, rng
        self.grooves: dict[str, tuple[Hit, ...]] = {}

    def bar(self, label: str, *, fill: bool, crash: bool, drop: float = 0.0) -> list[Hit]:
        """The hits of one bar."""
        if label not in self.grooves:
            self.grooves[label] = self.rng.choice(self.choices)
        hits = list(self.grooves[label])
        if drop:
            hits = [h for h in hits if h[0] == 0 or h[1] in ("kick", "ride") or self.rng.random() > drop]
        elif self.rng.random() < 0.25:
            hits.append((METRES[self.metre][0] - 6, "kick", -1))
        if fill:
            chosen = self.rng.choice(_FILLS[self.metre])
            hits = [h for h in hits if h[0] < chosen[0][0]] + list(chosen)
        if crash:
            hits = [h for h in hits if not (h[0] == 0 and h[1] != "kick")] + [(0, "crash", 1)]
        return sorted({(s, name): (s, name, a) for s, name, a in hits}.values())
