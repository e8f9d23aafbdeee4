"""Scores as Standard MIDI files of type 0 or 1, with the recipe in a text event."""

from __future__ import annotations

import json
from collections.abc import Collection

import numpy as np

from . import midi_file
from .document import Score, Track
from .document_time import Timeline
from .instruments import DRUM_KIT, program_of
from .midi import KEY, METRE, NAME, RECIPE, SCORE, TEMPO, TEXT, key_sharps, ours, pan_to
from .midi_file import Event, meta_event

_Row = tuple[int, int, int, bytes]
"""(tick, rank among events of that tick, place, message)."""
_RANK_OFF, _RANK_FOREIGN, _RANK_ON = 0, 1, 2


def to_bytes(score: Score, *, kind: int = 1, recipe: str = "") -> bytes:
    """The file. `kind` 0 puts everything into one track, 1 keeps tracks apart. `recipe` is Recipe.text()."""
    head = _conductor(score, recipe)
    bodies = [_track(track) for track in score.tracks]
    if kind == 0:
        # The first event of a track is its name: of several in one track, players would show the last.
        rows = [row for body in (head, *(body[1:] for body in bodies)) for row in body]
        tracks = [_plain(sorted(rows, key=lambda r: r[:2]), score.length)]
    else:
        tracks = [_plain(sorted(body, key=lambda r: r[:2]), score.length) for body in (head, *bodies)]
    return midi_file.build(kind, score.ppq, tracks)


def _plain(rows: list[_Row], length: int) -> list[Event]:
    events = [(row[0], row[3]) for row in rows]
    last = max(length, events[-1][0] if events else 0)
    return [*events, (last, meta_event(0x2F, b""))]


def _conductor(score: Score, recipe: str) -> list[_Row]:
    """Name, recipe, tempos, metres, keys, and the foreign events of no track."""
    events: list[Event] = [(0, meta_event(NAME, score.title.encode()))] if score.title else []
    if recipe:
        events.append((0, meta_event(TEXT, (RECIPE + recipe).encode())))
    told = json.dumps(ours(score), separators=(",", ":"), ensure_ascii=False)
    events.append((0, meta_event(TEXT, (SCORE + told).encode())))
    for tempo in score.tempos:
        micros = min(max(round(60e6 / tempo.bpm), 1), 0xFFFFFF)
        events.append((tempo.start, meta_event(TEMPO, micros.to_bytes(3))))
    for metre in score.metres:
        body = bytes((metre.numerator, metre.denominator.bit_length() - 1, metre.clocks, metre.thirtyseconds))
        events.append((metre.start, meta_event(METRE, body)))
    for key in score.keys:
        sharps, minor = key_sharps(key)
        events.append((key.start, meta_event(KEY, bytes((sharps & 0xFF, int(minor))))))
    events += [(e.start, e.data) for e in score.extra]
    return [(tick, _RANK_FOREIGN, place, message) for place, (tick, message) in enumerate(events)]


def _track(track: Track) -> list[_Row]:
    """Name, program, volume and pan, then notes and foreign events; at one tick: ends, foreign events, beginnings."""
    channel = track.channel
    events: list[Event] = [(0, meta_event(NAME, track.name.encode()))]
    if not (channel == 9 and track.instrument == DRUM_KIT):
        events.append((0, bytes((0xC0 | channel, program_of(track.instrument)))))
    events.append((0, bytes((0xB0 | channel, 7, round(track.volume * 127)))))
    events.append((0, bytes((0xB0 | channel, 10, pan_to(track.pan)))))
    events += [(e.start, e.data) for e in track.extra]
    rows = [(tick, _RANK_FOREIGN, place, message) for place, (tick, message) in enumerate(events)]
    for place, note in enumerate(track.notes):
        rows.append((note.start, _RANK_ON, place, bytes((0x90 | channel, note.pitch, note.velocity))))
        rows.append((note.end, _RANK_OFF, place, bytes((0x80 | channel, note.pitch, note.release))))
    return rows


def live_parts(score: Score, tracks: Collection[str], rate: int) -> dict[str, tuple[list[int], list[bytes]]]:
    """Device -> (frames at `rate`, messages) of those tracks that have one, in the order in which a file has them.
    System exclusive messages of the whole piece go to every device, and before anything else of their moment.
    """
    timeline, found = Timeline(score), dict[str, list[_Row]]()
    shared = [(event.start, -1, 0, event.data) for event in score.extra]
    for track in score.tracks:
        if track.id in tracks and track.output:
            found.setdefault(track.output, list(shared)).extend(_track(track))
    made = {}
    for device, rows in found.items():
        sent = sorted(((row, live) for row in rows if (live := _live(row[3]))), key=lambda pair: pair[0][:2])
        ticks = np.array([row[0] for row, _ in sent], np.int64)
        frames = np.round(timeline.seconds_of(ticks) * rate).astype(int)
        made[device] = (frames.tolist(), [live for _, live in sent])
    return made


def _live(message: bytes) -> bytes:
    """A message of a file as a device wants it; nothing for what is only for files. System exclusive that a file sends
    in parts is left out: the parts would be no messages.
    """
    if message[0] < 0xF0:
        return message
    if message[0] != 0xF0 or message[-1] != 0xF7:
        return b""
    size = next((place for place in range(1, len(message)) if message[place] < 0x80), 0) + 1
    body = message[size:]
    return b"\xf0" + body if all(byte < 0x80 for byte in body[:-1]) else b""
