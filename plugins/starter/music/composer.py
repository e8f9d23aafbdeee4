"""The composer: from a brief to a whole piece. The same brief and seed give the same piece."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from studio.inference.notes.score import (
    DRUM_STEPS,
    DRUMS,
    DURATIONS,
    HIGHEST,
    LOWEST,
    METRES,
    MODES,
    MOODS,
    ROLES,
    STEP,
    STYLES,
    VELOCITIES,
    Brief,
    Chord,
    Note,
    Score,
    Track,
    home,
)

from . import melody as tunes
from .harmony import Symbol, Taste, make_form, make_harmony
from .patterns import Drummer, bass, comp
from .styles import MOODS as MOOD_TABLE
from .styles import STYLES as STYLE_TABLE
from .styles import Mood, Style
from .voicing import four_parts, lead

Line = list[tuple[int, int, int, int]]
"""(start in steps, duration in steps, pitch above the tonic, level 0 to 7)."""


def random_brief(rng: Random, *, bars: int | None = None) -> Brief:
    """A brief in which style, mood, key, metre, tempo and parts go together."""
    style_name, mood_name = rng.choice(STYLES), rng.choice(MOODS)
    style, mood = STYLE_TABLE[style_name], MOOD_TABLE[mood_name]
    both = [m for m in style.modes if m in mood.modes]
    mode = rng.choice(both or list(style.modes)) if rng.random() < 0.85 else rng.choice(list(MODES))
    metre = rng.choice(style.metres) if rng.random() < 0.9 else rng.choice(list(METRES))
    low, high = style.tempos
    middle = low + (high - low) * rng.betavariate(2, 2)
    roles = {*style.must, *(r for r in style.may if rng.random() < 0.4)}
    if rng.random() < 0.12:
        roles = set(rng.sample([r for r in ROLES if r in roles], max(1, len(roles) - 1)))
    parts = tuple((role, instrument_for(role, style, rng)) for role in ROLES if role in roles)
    length = bars or rng.choices((4, 8, 12, 16, 6, 10), (2, 7, 2, 2, 0.5, 0.5))[0]
    tempo = float(round(min(200, max(44, middle * mood.tempo))))
    return Brief(style_name, mood_name, rng.randrange(12), mode, metre, tempo, length, parts)


def instrument_for(role: str, style: Style, rng: Random) -> str:
    """An instrument that suits the style."""
    if role == "drums":
        return "drum kit"
    return rng.choice(getattr(style, role))


def compose(brief: Brief, seed: int) -> Score:
    """Write the piece that the brief asks for; style or mood left open are chosen by the seed."""
    rng = Random(f"{seed}")
    style_name = brief.style or rng.choice(STYLES)
    mood_name = brief.mood or rng.choice(MOODS)
    style, mood = STYLE_TABLE[style_name], MOOD_TABLE[mood_name]
    return _Piece(replace(brief, style=style_name, mood=mood_name), style, mood, rng).write()


def random_score(seed: int, *, bars: int | None = None) -> Score:
    """The piece with that number."""
    return compose(random_brief(Random(f"brief {seed}"), bars=bars), seed)


class _Piece:
    """Everything about one piece while it is being written. Steps and relative pitches throughout."""

    def __init__(self, brief: Brief, style: Style, mood: Mood, rng: Random) -> None:
        self.brief, self.style, self.mood, self.rng = brief, style, mood, rng
        self.bar, self.beats = METRES[brief.metre]
        self.form = make_form(brief.bars, rng)
        taste = Taste(
            secondary=min(0.6, style.taste.secondary * mood.secondary),
            borrowed=min(0.3, style.taste.borrowed * mood.borrowed),
            sevenths=min(1.0, style.taste.sevenths + mood.sevenths),
            busy=style.taste.busy * (0.5 if mood.density < 0.7 else 1.0),
            tonic_pull=style.taste.tonic_pull,
        )
        self.chords = make_harmony(style.harmony, brief.mode, self.form, taste, rng)
        self.labels = [p.label for p in self.form for _ in range(p.bars)]

    def write(self) -> Score:
        roles = dict(self.brief.parts)
        singer = tunes.Singer(self.brief.mode, self.brief.metre, self.style.cells, self.mood, self.rng)
        tune = singer.sing(self.form, self.chords)
        lines: dict[str, Line] = {"melody": self._melody(tune)}
        if self.style.comping == ("held",) and self.style.cells == "hymn":
            lines |= self._chorale(tune)
        else:
            lines["bass"] = self._bass() if "bass" in roles else []
        for role in ("counter", "chords", "pad"):
            if role in roles and role not in lines:
                lines[role] = getattr(self, f"_{role}")(tune) if role == "counter" else getattr(self, f"_{role}")()
        if "drums" in roles:
            lines["drums"] = self._drums()
        base = home(self.brief.tonic)
        tracks = tuple(
            Track(role, name, _notes(lines[role], 0 if role == "drums" else base, self.brief.bars * self.bar))
            for role, name in self.brief.parts
        )
        return Score(self.brief, tracks, self._symbols())

    def _symbols(self) -> tuple[Chord, ...]:
        found: list[Chord] = []
        for number, bar in enumerate(self.chords):
            middle = self.beats[-1] if len(self.beats) == 3 else self.bar // 2
            for start, (root, quality) in zip((0, middle), bar, strict=False):
                tick = (number * self.bar + start) * STEP
                found.append(Chord(tick, (root + self.brief.tonic) % 12, quality))
        return tuple(found)

    def _level(self, step: int, offset: float) -> int:
        """Loudness at a step: the mood's weight, the swell of the phrase, the form's high point."""
        bar = min(step // self.bar, len(self.labels) - 1)
        phrase = next(p for p in self.form if p.first <= bar < p.first + p.bars)
        part = (step / self.bar - phrase.first) / phrase.bars
        swell = self.mood.swell * (part - 0.5 if self.mood.shape == "rise" else 0.5 - abs(part - 0.6))
        lift = 0.6 if phrase.label == "B" else 0.0
        return max(0, min(7, round(self.mood.weight + swell + lift + offset)))

    def _melody(self, tune: list[tunes.Event]) -> Line:
        line: Line = []
        for start, duration, pitch in tune:
            touch = self.mood.touch if duration <= 12 else max(self.mood.touch, 0.85)
            accent = 0.7 if start % self.bar == 0 and self.mood.weight > 4 else 0.3
            line.append((start, _duration(duration * touch), pitch, self._level(start, accent)))
        return line

    def _counter(self, tune: list[tunes.Event]) -> Line:
        voice = tunes.second_voice(tune, self.chords, self.brief.mode, self.bar, self.rng)
        return [(s, _duration(d), p, self._level(s, -0.8)) for s, d, p in voice]

    def _chords(self) -> Line:
        figure = self.rng.choice(self.style.comping)
        if self.mood.density < 0.6 and figure in ("pump", "strum"):
            figure = "held"
        size = 4 if self.style.taste.sevenths > 0.6 else 3
        low, high = (-12, 7) if self.mood.lift < 0 else (-8, 10)
        flat = [symbol for bar in self.chords for symbol in bar]
        voicings = iter(lead(flat, low=low, high=high, size=size))
        line: Line = []
        for number, symbols in enumerate(self.chords):
            now = [next(voicings) for _ in symbols]
            last = number == len(self.chords) - 1
            for start, duration, pitch, accent in comp("held" if last else figure, self.brief.metre, now, self.rng):
                touch = 0.7 if self.mood.touch < 0.8 and duration <= 12 else 1.0
                step = number * self.bar + start
                line.append((step, _duration(duration * touch), pitch, self._level(step, accent * 0.6 - 1.3)))
        return line

    def _pad(self) -> Line:
        flat = [symbol for bar in self.chords for symbol in bar]
        voicings = iter(lead(flat, low=-10, high=9, size=3))
        line: Line = []
        for number, symbols in enumerate(self.chords):
            for start, duration, pitch, _ in comp(
                "held", self.brief.metre, [next(voicings) for _ in symbols], self.rng
            ):
                step = number * self.bar + start
                line.append((step, _duration(duration), pitch, self._level(step, -1.6)))
        return line

    def _bass(self) -> Line:
        kind = self.rng.choice(self.style.walking)
        if self.mood.density < 0.6 and kind in ("eighths", "octaves"):
            kind = "long"
        line: Line = []
        last = -17
        for number, symbols in enumerate(self.chords):
            following = self.chords[number + 1][0] if number + 1 < len(self.chords) else None
            if following is None:
                kind = "long"
            if self.mood.quirk == "insist" and kind in ("root-fifth", "downbeat", "long") and following is not None:
                events = [(s, 6, last if s else _low(symbols[0], last), 0) for s in range(0, self.bar, 6)]
                events = [(s, d, _low(symbols[0], last), a) for s, d, _, a in events]
            else:
                events = bass(kind, self.brief.metre, symbols, following, last, self.rng)
            last = events[-1][2]
            for start, duration, pitch, accent in events:
                touch = 0.7 if self.mood.touch < 0.7 and duration <= 12 else 1.0
                step = number * self.bar + start
                line.append((step, _duration(duration * touch), pitch, self._level(step, accent * 0.5 - 0.4)))
        return line

    def _chorale(self, tune: list[tunes.Event]) -> dict[str, Line]:
        """Alto, tenor and bass under the melody, a chord for each of the harmony's steps; passing tones above stay."""
        symbols, starts, sopranos = [], [], []
        middle = self.beats[-1] if len(self.beats) == 3 else self.bar // 2
        for number, bar in enumerate(self.chords):
            for start, symbol in zip((0, middle), bar, strict=False):
                step = number * self.bar + start
                symbols.append(symbol)
                starts.append(step)
                under = [p for s, d, p in tune if step <= s < step + 12 or s <= step < s + d]
                sopranos.append(max(-2, min(under)) if under else 7)
        voices = four_parts(symbols, sopranos)
        ends = [*starts[1:], len(self.chords) * self.bar]
        result: dict[str, Line] = {"counter": [], "pad": [], "bass": []}
        for start, end, voicing in zip(starts, ends, voices, strict=True):
            for role, pitch, offset in zip(result, voicing, (-0.6, -0.6, -0.2), strict=True):
                result[role].append((start, _duration(end - start), pitch, self._level(start, offset)))
        return result

    def _drums(self) -> Line:
        drummer = Drummer(self.style.groove, self.brief.metre, self.rng)
        firsts = {p.first for p in self.form}
        drop = 0.5 if self.mood.density < 0.7 else 0.0
        line: Line = []
        for number, label in enumerate(self.labels):
            fill = number + 1 in firsts and (drop == 0 or self.rng.random() < 0.3)
            crash = number in firsts and number > 0 and self.mood.weight > 4
            for start, name, accent in drummer.bar(label, fill=fill, crash=crash, drop=drop):
                step = number * self.bar + start
                line.append((step, DRUM_STEPS, DRUMS[name], self._level(step, accent * 0.8 - 0.7)))
        return line


def _low(symbol: Symbol, last: int) -> int:
    return min((p for p in range(-27, -7) if p % 12 == symbol[0] % 12), key=lambda p: (abs(p - last), p))


def _duration(steps: float) -> int:
    """The longest note length in use that fits, at least the shortest."""
    return max((d for d in DURATIONS if d <= steps + 0.01), default=DURATIONS[0])


def _notes(line: Line, base: int, end: int) -> tuple[Note, ...]:
    """Notes in ticks. What is struck again while it sounds, or reaches over the end, is shortened."""
    by_place: dict[tuple[int, int], tuple[int, int]] = {}
    for start, duration, pitch, level in line:
        by_place.setdefault((start, pitch), (duration, level))
    following: dict[int, int] = {}
    notes = []
    for (start, pitch), (duration, level) in sorted(by_place.items(), reverse=True):
        limit = min(following.get(pitch, end), end)
        following[pitch] = start
        shown = pitch if not base else base + max(LOWEST, min(HIGHEST, pitch))
        length = _duration(min(duration, limit - start)) if base else DRUM_STEPS
        notes.append(Note(start * STEP, shown, length * STEP, VELOCITIES[level]))
    return tuple(sorted(notes))
