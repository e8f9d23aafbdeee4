"""A sound that an artist edits, as immutable values: pieces of kept recordings in a row, with regions and markers.

Nothing is ever written into a recording: an edit is another list of pieces. All times are in frames of `Wave.rate`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from studio.api import StudioError

MEDIA = "audio/vnd.studio.wave+json"
FORMAT = 1
MOST_CLIPS = 20_000
MOST_MARKS = 2_000
MOST_SECONDS = 4 * 3600
RATES = (100, 768_000)
COLOURS = 12
"""How many colours the panel's palette has; `Region.colour` is an index into it."""
CURVES = ("line", "soft", "power")


@dataclass(frozen=True, slots=True)
class Ramp:
    """A gain that goes from `first` to `last` in `length` frames. What it lies on begins `offset` frames into it;
    before and behind it the gain stays. `curve`: "line", "soft" (half a cosine) or "power" (a quarter of a sine, for
    sounds that have nothing to do with each other: loudness stays even).
    """

    first: float
    last: float
    length: int
    offset: int = 0
    curve: str = "soft"


@dataclass(frozen=True, slots=True)
class Voice:
    """A recording that is heard from its frame `start` on, backwards where `step` is -1. `source`: an artifact's id."""

    source: str
    start: int
    step: int = 1
    gain: float = 1.0
    ramps: tuple[Ramp, ...] = ()

    def later(self, frames: int) -> Voice:
        """The same voice, joined `frames` later."""
        ramps = tuple(replace(ramp, offset=ramp.offset + frames) for ramp in self.ramps)
        return replace(self, start=self.start + frames * self.step, ramps=ramps)

    def louder(self, factor: float) -> Voice:
        """The same voice at another level."""
        return replace(self, gain=self.gain * factor)

    def shaped(self, ramp: Ramp) -> Voice:
        """The same voice with one more ramp over it."""
        return replace(self, ramps=(*self.ramps, ramp))

    def backwards(self, length: int) -> Voice:
        """The voice of a clip of `length` frames, from its end to its beginning."""
        ramps = tuple(
            replace(ramp, first=ramp.last, last=ramp.first, offset=ramp.length - ramp.offset - length)
            for ramp in self.ramps
        )
        return replace(self, start=self.start + (length - 1) * self.step, step=-self.step, ramps=ramps)


@dataclass(frozen=True, slots=True)
class Clip:
    """`length` frames in which the voices sound together; silence where there are none."""

    length: int
    voices: tuple[Voice, ...] = ()

    def part(self, start: int, end: int) -> Clip:
        """Its frames from `start` to before `end`."""
        if start == 0 and end == self.length:
            return self
        return Clip(end - start, tuple(voice.later(start) for voice in self.voices) if start else self.voices)


@dataclass(frozen=True, slots=True)
class Region:
    """A named stretch, from `start` to before `end`."""

    id: int
    name: str
    start: int
    end: int
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Marker:
    """A named place."""

    id: int
    name: str
    at: int


@dataclass(frozen=True)
class Wave:
    """`clips` follow each other without a gap. `tempo` is 0 where nobody knows it; `beats` are those of a bar, and
    `first_beat` is the frame of the first bar.
    """

    rate: int = 48_000
    channels: int = 2
    clips: tuple[Clip, ...] = ()
    regions: tuple[Region, ...] = ()
    markers: tuple[Marker, ...] = ()
    title: str = ""
    tempo: float = 0.0
    beats: int = 4
    first_beat: int = 0
    next_id: int = 1
    unknown: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each clip begins, and behind them where the sound ends."""
        places, at = [0], 0
        for clip in self.clips:
            at += clip.length
            places.append(at)
        return tuple(places)

    @property
    def length(self) -> int:
        """Frames."""
        return self.starts[-1]

    @property
    def seconds(self) -> float:
        return self.length / self.rate

    @property
    def sources(self) -> frozenset[str]:
        """The ids of all recordings that are heard."""
        return frozenset(voice.source for clip in self.clips for voice in clip.voices)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with a `format` number."""
        return {
            **self.unknown,
            "format": FORMAT,
            "rate": self.rate,
            "channels": self.channels,
            "title": self.title,
            "tempo": self.tempo,
            "beats": self.beats,
            "first_beat": self.first_beat,
            "next_id": self.next_id,
            "clips": [[clip.length, [_voice_out(voice) for voice in clip.voices]] for clip in self.clips],
            "regions": [asdict(region) for region in self.regions],
            "markers": [asdict(marker) for marker in self.markers],
        }

    def to_bytes(self) -> bytes:
        """What is kept in a file."""
        return json.dumps(self.to_json(), separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Wave:
        """The opposite of `to_json`. Raises StudioError."""
        try:
            return _wave_in(data)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise StudioError(
                "This sound cannot be read.", "It is damaged, or from a newer Studio.", details=repr(error)
            ) from error


def whole(source: str, frames: int) -> tuple[Clip, ...]:
    """All of a recording."""
    return (Clip(frames, (Voice(source, 0),)),) if frames else ()


def spoken_time(seconds: float, *, digits: int = 2) -> str:
    """As in 1:04.25, and 0:00.500 for three digits."""
    seconds = max(0.0, seconds)
    minutes = int(seconds // 60)
    return f"{minutes}:{seconds - minutes * 60:0{3 + digits if digits else 2}.{digits}f}"


def _voice_out(voice: Voice) -> list[Any]:
    ramps = [[r.first, r.last, r.length, r.offset, r.curve] for r in voice.ramps]
    return [voice.source, voice.start, voice.step, voice.gain, ramps]


def _voice_in(data: Any) -> Voice:
    source, start, step, gain, ramps = data
    if step not in (1, -1) or not math.isfinite(gain) or gain < 0 or len(ramps) > 64:
        raise ValueError("a voice that cannot be")
    return Voice(str(source), _frames(start, low=-(2**52)), int(step), float(gain), tuple(_ramp_in(r) for r in ramps))


def _ramp_in(data: Any) -> Ramp:
    first, last, length, offset, curve = data
    if curve not in CURVES or not (math.isfinite(first) and math.isfinite(last)):
        raise ValueError("a ramp that cannot be")
    return Ramp(float(first), float(last), _frames(length, low=1), _frames(offset, low=-(2**52)), curve)


def _frames(value: Any, *, low: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= 2**52:
        raise ValueError(f"{value!r} is no number of frames")
    return value


def _wave_in(data: Mapping[str, Any]) -> Wave:
    if data["format"] != FORMAT:
        raise ValueError("another format")
    rate, channels = _frames(data["rate"]), _frames(data["channels"])
    if not RATES[0] <= rate <= RATES[1] or channels not in (1, 2):
        raise ValueError("a rate or channels that cannot be")
    clips = tuple(Clip(_frames(length, low=1), tuple(map(_voice_in, voices))) for length, voices in data["clips"])
    if len(clips) > MOST_CLIPS or sum(clip.length for clip in clips) > MOST_SECONDS * rate:
        raise ValueError("too long")
    regions = tuple(
        Region(_frames(r["id"]), str(r["name"])[:200], _frames(r["start"]), _frames(r["end"]), _frames(r["colour"]))
        for r in data["regions"][:MOST_MARKS]
    )
    markers = tuple(
        Marker(_frames(m["id"]), str(m["name"])[:200], _frames(m["at"])) for m in data["markers"][:MOST_MARKS]
    )
    tempo = float(data.get("tempo", 0.0))
    known = Wave(
        rate,
        channels,
        clips,
        regions,
        markers,
        str(data.get("title", ""))[:400],
        tempo if math.isfinite(tempo) and 0 <= tempo <= 1000 else 0.0,
        min(32, max(1, _frames(data.get("beats", 4)))),
        _frames(data.get("first_beat", 0), low=-(2**52)),
        _frames(data.get("next_id", 1), low=1),
    )
    return replace(known, unknown={key: value for key, value in data.items() if key not in known.to_json()})


def joined(clips: Iterable[Clip]) -> tuple[Clip, ...]:
    """The same sound with as few clips as it takes: neighbours that go on in the same recording become one."""
    found: list[Clip] = []
    for clip in clips:
        if not clip.length:
            continue
        if found and _goes_on(found[-1], clip):
            found[-1] = Clip(found[-1].length + clip.length, found[-1].voices)
        else:
            found.append(clip)
    return tuple(found)


def _goes_on(one: Clip, other: Clip) -> bool:
    return len(one.voices) == len(other.voices) and all(
        a.later(one.length) == b for a, b in zip(one.voices, other.voices, strict=True)
    )
