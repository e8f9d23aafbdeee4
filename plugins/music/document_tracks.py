"""Edits of what lies around the notes: tracks, tempos, metres, keys and chords."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from studio.inference.notes.score import ROLES, Chord

from .document import COLOURS, MOST_TRACKS, Foreign, Key, Metre, Score, Tempo, Track, by_start
from .document_time import Timeline
from .instruments import DRUM_KIT


def add_track(score: Score, instrument: str = "piano", *, name: str = "", role: str = "") -> tuple[Score, str]:
    """An empty track at the end and its id. Past MOST_TRACKS nothing happens and the id is ""."""
    if len(score.tracks) >= MOST_TRACKS:
        return score, ""
    number = 1 + max((int(t.id[1:]) for t in score.tracks if t.id[:1] == "t" and t.id[1:].isdigit()), default=0)
    drums = instrument == DRUM_KIT
    track = Track(
        id=f"t{number}",
        name=name or instrument[:1].upper() + instrument[1:],
        instrument=instrument,
        channel=9 if drums else free_channel(score),
        role=role or ("drums" if drums and all(t.role != "drums" for t in score.tracks) else ""),
        colour=(number - 1) % COLOURS,
    )
    return replace(score, tracks=(*score.tracks, track)), track.id


def free_channel(score: Score) -> int:
    """The first MIDI channel but percussion's that no track has; the first of all where none is free."""
    taken = {t.channel for t in score.tracks}
    return next((c for c in range(16) if c != 9 and c not in taken), 0)


def remove_tracks(score: Score, ids: Collection[str]) -> Score:
    """Without those tracks and their notes."""
    return replace(score, tracks=tuple(t for t in score.tracks if t.id not in ids))


def set_track(score: Score, track_id: str, **fields: Any) -> Score:
    """Change name, instrument, colour, volume, pan, mute, solo, role or channel. A change to or from the drum kit moves
    the track to or from percussion's channel, and its controllers with it. KeyError for an unknown track, ValueError
    for an unknown role.
    """
    track = score.track(track_id)
    if fields.get("role", "") not in ("", *ROLES):
        raise ValueError(fields["role"])
    if "instrument" in fields and "channel" not in fields and (fields["instrument"] == DRUM_KIT) != track.drums:
        fields["channel"] = 9 if fields["instrument"] == DRUM_KIT else free_channel(score)
    changed = replace(track, **fields)
    if changed.channel != track.channel:
        changed = replace(changed, extra=tuple(_moved(track.extra, track.channel, changed.channel)))
    return score.with_track(changed)


def _moved(events: Iterable[Foreign], old: int, new: int) -> Iterator[Foreign]:
    """Messages on another channel. Programs are other sounds on that of percussion, so they stay behind."""
    for event in events:
        kind = event.data[0] & 0xF0
        if kind == 0xF0:
            yield event
        elif kind != 0xC0 or 9 not in (old, new):
            yield replace(event, data=bytes((kind | new,)) + event.data[1:])


def audible(score: Score) -> frozenset[str]:
    """The ids of the tracks that sound: the soloed ones if there are any, else all that are not muted."""
    solo = {t.id for t in score.tracks if t.solo and not t.mute}
    return frozenset(solo or {t.id for t in score.tracks if not t.mute and not any(o.solo for o in score.tracks)})


def set_tempo(score: Score, start: int, bpm: float) -> Score:
    """A tempo from that tick on, in place of one that began there."""
    return replace(score, tempos=by_start([*score.tempos, Tempo(start, min(max(bpm, 4.0), 1000.0))]))


def set_metre(score: Score, start: int, numerator: int, denominator: int) -> Score:
    """A metre from the beginning of the bar at that tick on; the piece keeps its length up to a whole bar."""
    timeline = Timeline(score)
    start = timeline.bar_start(timeline.bar(start))
    made = replace(score, metres=by_start([*score.metres, Metre(start, numerator, denominator)]))
    # A later change may now lie inside a bar: it moves to that bar's beginning.
    kept: list[Metre] = []
    for metre in made.metres:
        if kept and (metre.start - kept[-1].start) % made.bar_ticks(kept[-1]):
            size = made.bar_ticks(kept[-1])
            metre = replace(metre, start=kept[-1].start + -(-(metre.start - kept[-1].start) // size) * size)
        kept.append(metre)
    made = replace(made, metres=by_start(kept))
    after = Timeline(made)
    last = after.bar(max(0, made.length - 1))
    return replace(made, length=after.bar_start(last + 1))


def set_key(score: Score, start: int, tonic: int, mode: str, *, flats: bool | None = None) -> Score:
    """A key from that tick on. `flats` None takes the usual spelling."""
    usual = (tonic, mode != "major") in FLAT_KEYS if flats is None else flats
    return replace(score, keys=by_start([*score.keys, Key(start, tonic % 12, mode, usual)]))


FLAT_KEYS = frozenset({(t, False) for t in (5, 10, 3, 8, 1)} | {(t, True) for t in (2, 7, 0, 5, 10, 3)})
"""(tonic, is it minor-like) of keys that are usually written with flats."""


def set_chord(score: Score, start: int, root: int, quality: str) -> Score:
    """A chord from that tick on."""
    return replace(score, chords=by_start([*score.chords, Chord(start, root % 12, quality)]))


def clear_change(score: Score, kind: str, start: int) -> Score:
    """Without that entry of "tempos", "metres", "keys" or "chords"; the first tempo and metre stay."""
    kept = tuple(c for c in getattr(score, kind) if c.start != start or (start == 0 and kind in ("tempos", "metres")))
    return replace(score, **{kind: kept})


def set_bars(score: Score, bars: int) -> Score:
    """So many bars long, but no shorter than the notes."""
    timeline = Timeline(score)
    least = timeline.bar(max(0, score.last_tick - 1)) + 1 if score.last_tick else 1
    return replace(score, length=timeline.bar_start(max(bars, least)))
