"""Files for the rest of the world: what other readers find in them, and the recipe that comes back."""

from __future__ import annotations

import io
import shutil
import subprocess
import xml.etree.ElementTree as Tree
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from plugins.music import document_edit as edit
from plugins.music import document_tracks as tracks
from plugins.music import export, importer, midi_write
from plugins.music.document import Note, Score
from plugins.music.document_notes import from_symbolic
from plugins.music.musicxml import to_bytes
from plugins.music.params import FlacOptions, LossyOptions, MidiOptions, SheetOptions, StemOptions, WavOptions
from plugins.music.reading import read_score
from plugins.music.render import RATE, plan, render
from plugins.starter.music.composer import random_score
from studio.api import Recipe, Request, StudioError

Q = 480
RECIPE = Recipe(Request("music.composer", {"style": "waltz", "words": "Größe 緑 <&>" * 300}, 5))


def piece(number: int, bars: int = 2) -> Score:
    return from_symbolic(random_score(2**30 + number, bars=bars), title="Stück <1>")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "score.json"
    path.write_bytes(piece(3).to_bytes())
    return path


FORMS = {
    "wav 16": (export.wav, WavOptions("16"), ".wav"),
    "wav 24": (export.wav, WavOptions("24"), ".wav"),
    "wav float": (export.wav, WavOptions("float"), ".wav"),
    "flac": (export.flac, FlacOptions(), ".flac"),
    "ogg": (export.ogg, LossyOptions(), ".ogg"),
    "opus": (export.opus, LossyOptions(), ".opus"),
    "mp3": (export.mp3, LossyOptions(), ".mp3"),
}
EXACT = {"wav 16": 7e-5, "wav 24": 2e-7, "wav float": 0, "flac": 2e-7}


@pytest.mark.parametrize("form", FORMS)
def test_a_sound_file_is_what_was_rendered(form: str, source: Path, tmp_path: Path) -> None:
    encode, options, suffix = FORMS[form]
    path = tmp_path / f"x{suffix}"
    path.write_bytes(encode(source, RECIPE, options))
    wanted = render(piece(3))
    heard, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    count = min(len(heard), wanted.shape[1])
    assert abs(len(heard) - wanted.shape[1]) <= (0 if form in EXACT else 2500)
    if form in EXACT:
        assert np.abs(heard.T - wanted).max() <= EXACT[form]
    elif form != "mp3":
        assert np.corrcoef(heard[:count, 0], wanted[0, :count])[0, 1] > 0.98
    found = importer.read(path)
    assert found.recipe is not None
    assert found.recipe.text() == RECIPE.text()
    assert found.facts["rate"] == RATE
    path.write_bytes(encode(source, RECIPE, replace(options, recipe=False)))
    assert importer.read(path).recipe is None


def test_a_loop_is_as_long_as_its_bars_and_says_so(source: Path, tmp_path: Path) -> None:
    data = export.wav(source, RECIPE, WavOptions("16", loop=True))
    path = tmp_path / "loop.wav"
    path.write_bytes(data)
    assert soundfile.info(path).frames == plan(piece(3)).samples
    at = data.index(b"smpl") + 8
    begin, end = (int.from_bytes(data[at + o : at + o + 4], "little") for o in (44, 48))
    assert (begin, end) == (0, plan(piece(3)).samples - 1)
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert importer.read(path).recipe == RECIPE


def test_stems_are_one_file_for_each_track(source: Path) -> None:
    for form in ("flac", "wav"):
        archive = zipfile.ZipFile(io.BytesIO(export.stems(source, RECIPE, StemOptions(form))))
        names = [f"{i:02d} {t.name}.{form}" for i, t in enumerate(piece(3).tracks, 1)]
        assert archive.namelist() == [*names, "recipe.json"]
        lengths = {soundfile.info(io.BytesIO(archive.read(n))).frames for n in names}
        assert lengths == {render(piece(3)).shape[1]}
        assert archive.read("recipe.json").decode() == RECIPE.text()


def test_midi_in_and_out(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(export.midi_file(source, RECIPE, MidiOptions("0")))
    assert mido.MidiFile(path).type == 0
    assert importer.read(path).recipe == RECIPE
    again = export.midi_file(path, None, MidiOptions())
    assert len(mido.MidiFile(file=io.BytesIO(again)).tracks) == 1 + len(piece(3).tracks)
    assert (
        np.abs(soundfile.read(io.BytesIO(export.wav(path, None, WavOptions("float"))))[0].T - render(piece(3))).max()
        < 1e-3
    )


def test_the_same_piece_makes_the_same_file(source: Path) -> None:
    for encode, options, _ in FORMS.values():
        if encode not in (export.ogg, export.opus):  # their encoders number each stream by chance
            assert encode(source, RECIPE, options) == encode(source, RECIPE, options)
    assert export.stems(source, RECIPE, StemOptions("wav")) == export.stems(source, RECIPE, StemOptions("wav"))


@pytest.mark.skipif(not shutil.which("soxi"), reason="sox is not installed")
def test_sox_reads_the_files(source: Path, tmp_path: Path) -> None:
    for form in ("wav 16", "wav 24", "flac", "ogg"):
        encode, options, suffix = FORMS[form]
        path = tmp_path / f"x{suffix}"
        path.write_bytes(encode(source, RECIPE, options))
        told = subprocess.run(["soxi", "-s", str(path)], capture_output=True, text=True, check=True)
        assert int(told.stdout) == soundfile.info(path).frames
        assert "WARN" not in told.stderr


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    for name, data in (
        ("a.wav", b"RIFF\xff\xff\xff\xffWAVE"),
        ("b.mp3", b"nothing"),
        ("c.mid", b"MThd"),
        ("d.flac", b""),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(StudioError):
            importer.read(tmp_path / name)
    with pytest.raises(StudioError, match="gone"):
        importer.read(tmp_path / "absent.wav")
    with pytest.raises(StudioError):
        read_score(tmp_path / "a.wav")
    with pytest.raises(StudioError):
        read_score(tmp_path / "absent.json")
    broken = tmp_path / "e.mid"
    broken.write_bytes(midi_write.to_bytes(piece(1), recipe='{"format": 900}'))
    found = importer.read(broken)
    assert found.recipe is None
    assert "newer" in found.notes[0]


def test_a_piece_of_many_hours_is_not_rendered(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    path.write_bytes(replace(Score(), length=Q * 60 * 60 * 20).to_bytes())
    with pytest.raises(StudioError, match="too long"):
        export.wav(path, None, WavOptions())


# --- MusicXML --------------------------------------------------------------------------------------------------------


def sounding(tree: Tree.Element) -> list[Counter[tuple[int, int, int]]]:
    """(start, length, pitch) in divisions of each part, as a reader plays it."""
    steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    parts = []
    for part in tree.iter("part"):
        found, open_, at, starts = Counter[tuple[int, int, int]](), dict[tuple[str, int], int](), 0, 0
        for measure in part.iter("measure"):
            place, furthest, last = at, at, at
            for item in measure:
                length = int(item.findtext("duration", "0"))
                if item.tag == "backup":
                    place -= length
                if item.tag != "note":
                    continue
                if item.find("chord") is not None:
                    place = last
                last = place
                if item.find("rest") is None:
                    pitch = 0
                    if item.find("pitch") is not None:
                        step = item.findtext("pitch/step", "")
                        pitch = steps[step] + int(item.findtext("pitch/alter", "0"))
                        pitch += 12 * (int(item.findtext("pitch/octave", "0")) + 1)
                    else:
                        instrument = item.find("instrument")
                        assert instrument is not None
                        pitch = int(instrument.get("id", "").partition("-I")[2])
                    key = (item.findtext("voice", ""), pitch)
                    ties = {t.get("type") for t in item.iter("tie")}
                    begun = open_.pop(key) if "stop" in ties else place
                    if "start" in ties:
                        open_[key] = begun
                    else:
                        found[begun, place + length - begun, pitch] += 1
                    starts += 1
                place += length
                furthest = max(furthest, place)
            at = furthest
        assert not open_, "a tie leads nowhere"
        assert starts
        parts.append(found)
    return parts


@pytest.mark.parametrize("number", range(10))
def test_a_sheet_says_what_is_played(number: int) -> None:
    score = piece(number, bars=8)
    tree = Tree.fromstring(to_bytes(score, recipe=RECIPE.text()))
    parts = sounding(tree)
    filled = [t for t in score.tracks if t.notes]
    assert len(parts) == len(filled)
    for track, found in zip(filled, parts, strict=True):
        if track.drums:
            assert Counter((s, p) for s, _, p in found.elements()) == Counter(
                (n.start // 20, n.pitch) for n in track.notes
            )
        else:
            # A note may be written up to the next one or to the beat: no rests shorter than an eighth behind it.
            played = sorted((n.start // 20, n.pitch, n.length // 20) for n in track.notes)
            written = sorted((s, p, length) for s, length, p in found.elements())
            assert [row[:2] for row in written] == [row[:2] for row in played]
            assert all(0 <= w[2] - p[2] < 12 for w, p in zip(written, played, strict=True))
    assert tree.findtext("work/work-title") == "Stück <1>"
    assert len(list(tree.iter("harmony"))) == len(score.chords)
    assert tree.findtext("identification/miscellaneous/miscellaneous-field") == RECIPE.text()


def test_every_voice_fills_its_measure() -> None:
    """Odd metres, overlaps, syncopation over bar lines, quintuplets that have to be rounded."""
    score = tracks.set_metre(replace(Score(), length=16 * Q), 0, 7, 8)
    score, track = tracks.add_track(score, "piano")
    rows = [(0, 5000, 60), (7, 300, 64), (96, 96, 67), (192, 96, 68), (288, 96, 69), (1680, 3, 72), (700, 1900, 50),
            (720, 960, 52), (730, 500, 55), (740, 100, 57), (750, 60, 59)]  # fmt: skip
    score, _ = edit.add(score, track, [Note(0, s, n, p, 80) for s, n, p in rows])
    tree = Tree.fromstring(to_bytes(score))
    for measure in tree.iter("measure"):
        voices: Counter[str] = Counter()
        for note in measure.iter("note"):
            if note.find("chord") is None:
                voices[note.findtext("voice", "")] += int(note.findtext("duration", "0"))
        assert set(voices.values()) == {7 * 12}
        assert len(voices) <= 4
        backs = [int(b.findtext("duration", "0")) for b in measure.iter("backup")]
        assert backs == [7 * 12] * (len(voices) - 1)


def test_short_notes_have_dots_and_no_small_rests() -> None:
    """Detached quarters, staccato eighths, a chord; a real eighth rest, a triplet and a dotted rhythm stay."""
    score, track = tracks.add_track(Score(), "piano")
    rows = [(0, 360, 60), (Q, 420, 62), (2 * Q, 120, 64), (2 * Q + 240, 120, 65), (3 * Q, 120, 67), (3 * Q, 120, 71),
            (4 * Q, 240, 60), (5 * Q, 160, 62), (5 * Q + 160, 160, 64), (5 * Q + 320, 160, 65), (6 * Q, 360, 67),
            (6 * Q + 360, 120, 69), (8 * Q, 640, 60), (9 * Q + 240, 240, 62), (10 * Q, 320, 64)]  # fmt: skip
    score, _ = edit.add(score, track, [Note(0, s, n, p, 80) for s, n, p in rows])
    tree = Tree.fromstring(to_bytes(score))
    first, second, third = list(tree.iter("measure"))[:3]

    def told(measure: Tree.Element) -> list[tuple[str, int, bool]]:
        return [
            ("rest" if n.find("rest") is not None else n.findtext("pitch/step", ""), int(n.findtext("duration", "0")),
             n.find("notations/articulations/staccato") is not None)
            for n in measure.iter("note")
        ]  # fmt: skip

    assert told(first) == [("C", 24, False), ("D", 24, False), ("E", 12, True), ("F", 12, True), ("G", 12, True),
                           ("B", 12, False), ("rest", 12, False)]  # fmt: skip
    assert told(second) == [("C", 12, False), ("rest", 12, False), ("D", 8, False), ("E", 8, False), ("F", 8, False),
                            ("G", 18, False), ("A", 6, False), ("rest", 24, False)]  # fmt: skip
    assert told(third)[:3] == [("C", 36, False), ("D", 12, False), ("E", 16, False)]  # a dotted quarter, a triplet


def test_a_sheet_knows_keys_clefs_and_tempos() -> None:
    score, low = tracks.add_track(Score(), "cello")
    score, _ = edit.add(score, low, [Note(0, 0, Q, 36, 80), Note(0, 5 * Q, Q, 37, 80)])
    score = tracks.set_key(score, 0, 2, "dorian")
    score = tracks.set_tempo(tracks.set_key(score, 4 * Q, 1, "major"), 5 * Q, 90.5)
    tree = Tree.fromstring(to_bytes(score))
    assert [k.text for k in tree.iter("fifths")] == ["0", "-5"]
    assert [c.text for c in tree.iter("sign")] == ["F"]
    assert [s.get("tempo") for s in tree.iter("sound")] == ["120", "90.5"]
    altered = [n for n in tree.iter("pitch") if n.find("alter") is not None]
    assert [(n.findtext("step"), n.findtext("alter")) for n in altered] == [("D", "-1")]


def test_a_recipe_is_found_in_a_sheet(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.musicxml"
    path.write_bytes(export.sheet(source, RECIPE, SheetOptions()))
    assert importer.read(path).recipe == RECIPE
    path.write_bytes(export.sheet(source, RECIPE, SheetOptions(recipe=False)))
    assert importer.read(path).recipe is None
