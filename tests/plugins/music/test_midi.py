"""MIDI files: nothing is lost on the way through, another reader agrees, and broken files are found out at once."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import mido
import pytest

from plugins.music import midi, midi_file, midi_write
from plugins.music.document import Score
from plugins.music.document_edit import lock
from plugins.music.document_notes import from_symbolic
from plugins.starter.music.composer import random_score
from studio.api import StudioError

RECIPE = '{"format":1,"words":"grün, 緑"}'
META = midi_file.meta_event


def plain(score: Score) -> Score:
    """Ids are given anew when a file is read."""
    bare = tuple(replace(t, notes=tuple(replace(n, id=0) for n in t.notes)) for t in score.tracks)
    return replace(score, tracks=bare, next_id=0)


def piece(number: int) -> Score:
    return from_symbolic(random_score(2**30 + number), title=f"Stück {number}")


@pytest.mark.parametrize("number", range(12))
def test_a_composed_piece_comes_back_whole(number: int) -> None:
    score = piece(number)
    score = lock(score, [score.tracks[0].notes[0].id])
    score = score.with_track(replace(score.tracks[-1], mute=True, pan=-0.3, colour=7))
    data = midi_write.to_bytes(score, recipe=RECIPE)
    assert plain(midi.from_bytes(data)) == plain(score)
    assert midi.recipe_text(data) == RECIPE


@pytest.mark.parametrize("kind", [0, 1])
def test_another_reader_hears_the_same(kind: int) -> None:
    for number in range(4):
        score = piece(number)
        read = mido.MidiFile(file=io.BytesIO(midi_write.to_bytes(score, kind=kind)))
        assert (read.type, len(read.tracks)) == (kind, 1 if kind == 0 else 1 + len(score.tracks))
        assert read.length == pytest.approx(score.length / score.ppq * 60 / score.tempos[0].bpm, abs=0.01)
        heard, tick = Counter[tuple[int, int, int, int]](), 0
        for message in mido.merge_tracks(read.tracks):
            tick += message.time
            if message.type == "note_on":
                heard[tick, message.channel, message.note, message.velocity] += 1
        assert heard == Counter((n.start, t.channel, n.pitch, n.velocity) for t in score.tracks for n in t.notes)


def foreign_file(kind: int = 1) -> bytes:
    """What other programs write: running status, odd metres, controllers, system exclusive in pieces, unknown metas."""
    head = [
        (0, META(0x03, b"Suite")),
        (0, META(0x02, "© nobody".encode("latin-1"))),
        (0, META(0x58, bytes((7, 3, 24, 8)))),
        (0, META(0x51, (500_000).to_bytes(3))),
        (0, META(0x59, bytes((0xFD, 1)))),
        (700, META(0x58, bytes((5, 4, 12, 16)))),
        (900, META(0x51, (333_333).to_bytes(3))),
        (950, META(0x06, b"Chorus")),
        (960, META(0x7F, b"\x00\x20\x29secret")),
        (961, META(0x4B, b"who knows")),
    ]
    body = [
        (0, META(0x03, b"Geige")),
        (0, META(0x05, b"la ")),
        (0, b"\xc3\x28"),
        (0, b"\xb3\x07\x50"),
        (0, b"\xb3\x0a\x20"),
        (10, b"\x93\x3c\x64"),
        (20, b"\xe3\x00\x50"),
        (30, b"\xb3\x40\x7f"),
        (40, b"\xd3\x33"),
        (50, b"\xa3\x3c\x21"),
        (60, b"\xf0\x05\x43\x12\x00\x01\x02"),
        (70, b"\xf7\x02\x03\xf7"),
        (110, b"\x83\x3c\x51"),
        (120, b"\xc3\x05"),
        (130, b"\x93\x3c\x01"),
        (131, b"\x93\x3e\x7f"),
        (160, b"\x93\x3c\x00"),
        (170, b"\x93\x3e\x00"),
        (200, b"\xb3\x07\x30"),
    ]
    drums = [(0, b"\x99\x24\x70"), (5, b"\x89\x24\x40"), (9, b"\x99\x2a\x70"), (12, b"\x89\x2a\x40")]
    if kind == 0:
        return midi_file.build(0, 96, [sorted([*head, *body, *drums], key=lambda e: e[0])])
    return midi_file.build(1, 96, [head, body, drums])


def events(data: bytes) -> Counter[tuple[int, bytes]]:
    """Everything but notes, the ends of tracks, names and our own words; loudness 100 and middle pan say nothing."""
    found = Counter[tuple[int, bytes]]()
    for track in midi_file.parse(data)[2]:
        for tick, message in track:
            kind, body = midi_file.meta(message)
            note = message[0] & 0xE0 == 0x80
            empty = message[0] & 0xF0 == 0xB0 and message[1:] in (b"\x07\x64", b"\x0a\x40")
            if not (note or empty or kind in (0x2F, 0x03) or body.startswith(midi.SCORE.encode())):
                found[tick, message] += 1
    return found


@pytest.mark.parametrize("kind", [0, 1])
def test_a_foreign_file_keeps_what_nobody_shows(kind: int) -> None:
    data = foreign_file(kind)
    score = midi.from_bytes(data, name="suite")
    again = midi_write.to_bytes(score, kind=kind)
    assert events(again) == events(data)
    assert plain(midi.from_bytes(again)) == plain(score)
    violin = next(t for t in score.tracks if t.channel == 3)
    assert [(n.start, n.length, n.pitch, n.velocity, n.release) for n in violin.notes] == [
        (10, 100, 60, 100, 81),
        (130, 30, 60, 1, 64),
        (131, 39, 62, 127, 64),
    ]
    assert (violin.instrument, score.ppq, score.metres[1].numerator) == ("violin", 96, 5)
    assert (score.keys[0].tonic, score.keys[0].mode, score.keys[0].flats) == (0, "minor", True)
    assert [round(t.bpm, 2) for t in score.tempos] == [120, 180.0]
    drums = next(t for t in score.tracks if t.channel == 9)
    assert drums.instrument == "drum kit"


def test_running_status_and_riff_are_understood() -> None:
    body = b"\x00\x90\x3c\x40\x60\x3c\x00\x00\x40\x50\x60\x40\x00\x00\xff\x2f\x00"
    data = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + len(body).to_bytes(4) + body
    wrapped = b"RIFF" + (len(data) + 12).to_bytes(4, "little") + b"RMIDdata" + len(data).to_bytes(4, "little") + data
    for form in (data, wrapped):
        notes = midi.from_bytes(form).tracks[0].notes
        assert [(n.start, n.length, n.pitch, n.velocity) for n in notes] == [(0, 96, 60, 64), (96, 96, 64, 80)]


def test_film_time_becomes_two_quarters_a_second() -> None:
    data = midi_file.build(0, (256 - 25 << 8) | 40, [[(0, b"\x90\x3c\x40"), (1000, b"\x80\x3c\x40")]])
    score = midi.from_bytes(data)
    assert (score.ppq, score.tempos[0].bpm, score.tracks[0].notes[0].length) == (500, 120, 1000)


def test_notes_without_an_end_last_to_the_end() -> None:
    rows = [(0, b"\x90\x3c\x40"), (50, b"\x90\x3c\x41"), (90, b"\x80\x3c\x40"), (200, META(0x2F, b""))]
    data = midi_file.build(0, 96, [rows])
    notes = midi.from_bytes(data).tracks[0].notes
    assert [(n.start, n.end) for n in notes] == [(0, 90), (50, 200)]


def _huge() -> bytes:
    body = b"\0\x90\x40\x40" * 2_000_000
    return b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk" + len(body).to_bytes(4) + body


HOSTILE = {
    "empty": lambda: b"",
    "text": lambda: b"hello" * 100,
    "cut off": lambda: foreign_file()[:-9],
    "absurd chunk": lambda: b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\xff\xff\xff\xff\0",
    "two million events": _huge,
    "days": lambda: midi_file.build(0, 1, [[(0xFFFFFFF, b"\x90\x40\x40")]]),
    "endless number": lambda: b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\6\xff\xff\xff\xff\xff\0",
    "no status": lambda: b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\3\0\x40\x40",
    "many tracks": lambda: midi_file.build(1, 96, [[]] * 300),
    "no track": lambda: midi_file.build(1, 96, []),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_clear_answer(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.mid"
    path.write_bytes(HOSTILE[name]())
    with pytest.raises(StudioError) as caught:
        midi.read(path)
    assert caught.value.hint


def test_damaged_bytes_never_raise_anything_else() -> None:
    chance = random.Random(5)
    data = bytearray(midi_write.to_bytes(piece(1), recipe=RECIPE))
    for _ in range(300):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            score = midi.from_bytes(bytes(broken))
        except StudioError:
            continue
        assert Score.from_bytes(score.to_bytes()) == score


def test_words_of_ours_that_no_longer_fit_are_left_out() -> None:
    score = piece(2)
    data = midi_write.to_bytes(score)
    changed = data.replace(b'"name":"Melody"', b'"name":"Melodx"')
    assert changed != data
    read = midi.from_bytes(changed)
    assert [len(t.notes) for t in read.tracks] == [len(t.notes) for t in score.tracks]
    assert read.tracks[0].role == ""
    assert read.chords == score.chords


@pytest.mark.skipif(not shutil.which("timidity"), reason="timidity is not installed")
def test_another_program_plays_it(tmp_path: Path) -> None:
    path, out = tmp_path / "a.mid", tmp_path / "a.wav"
    path.write_bytes(midi_write.to_bytes(piece(3)))
    told = subprocess.run(["timidity", "-Ow", "-o", str(out), str(path)], capture_output=True, text=True, check=False)
    assert "Notes lost totally: 0" in told.stdout + told.stderr
    assert out.stat().st_size > 100_000
