"""SoundFonts: a font that the tests write plays a track, live as in a file, and what is broken is refused."""

from __future__ import annotations

import ctypes.util
import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pytestqt.qtbot import QtBot

from plugins.music import export, soundfont
from plugins.music.document import Foreign, Note, Score, Track
from plugins.music.panel import MusicPanel
from plugins.music.panel_track_card import TrackCard
from plugins.music.params import WavOptions
from plugins.music.playback import ScoreSource
from plugins.music.render import LIMITER_DELAY, RATE, render
from plugins.music.soundfont import Font, Fonts
from plugins.music.soundfont_file import presets
from plugins.music.synth_parts import Sound
from plugins.music.voicing import Voicing
from studio.api import StudioError
from studio.testing.panel_host import FakePanelHost
from tests.tiny_soundfont import tiny_soundfont

Q = 480


def _there() -> bool:
    try:
        return bool(soundfont.library())
    except StudioError:
        return False


with_library = pytest.mark.skipif(not _there(), reason="FluidSynth is not installed")


@pytest.fixture
def font(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.sf2"
    path.write_bytes(tiny_soundfont())
    return path


def played_by(font: Path, *extra: Foreign, **fields: object) -> Score:
    notes = [Note(1, 0, Q, 69, 90), Note(2, Q, Q, 57, 90), Note(3, 2 * Q, 2 * Q, 69, 60)]
    track = replace(Track("t1", "x", font=str(font), extra=extra).with_notes(notes), **fields)
    return Score(tracks=(track,), length=4 * Q)


def heard(score: Score) -> Sound:
    fonts = Fonts()
    fonts.load(score.tracks)
    return render(score, voicing=Voicing(fonts), tail=0.5)


def loudest(sound: Sound, first: float, last: float) -> float:
    """The loudest frequency in Hz between two seconds."""
    part = sound[0, int(first * RATE) : int(last * RATE)]
    return float(np.argmax(np.abs(np.fft.rfft(part * np.hanning(len(part))))) * RATE / len(part))


def overtones(sound: Sound) -> float:
    """How much of the first half second lies over 1 kHz: a square has it, a sine has not."""
    spectrum = np.abs(np.fft.rfft(sound[0, RATE // 10 : RATE // 2])) ** 2
    return float(spectrum[400:].sum() / spectrum.sum())


# --- files -----------------------------------------------------------------------------------------------------------


def test_the_presets_of_a_file(font: Path) -> None:
    assert [(p.key, p.name) for p in presets(font)] == [("0:0", "Sine"), ("0:40", "Square"), ("128:0", "Kit")]


def test_broken_and_hostile_fonts_are_refused(font: Path) -> None:
    whole = font.read_bytes()
    shdr = whole.index(b"shdr") + 8
    phdr = whole.index(b"phdr") + 8
    cases = {
        "empty": b"",
        "another file": b"RIFF" + struct.pack("<I", 100) + b"WAVEfmt " + bytes(92),
        "cut": whole[: len(whole) // 2],
        "half the table": whole[:-30],
        "a sample beyond the end": whole[: shdr + 24] + b"\xff\xff\xff\x7f" + whole[shdr + 28 :],
        "an index beyond the table": whole[: phdr + 24] + b"\xff\xff" + whole[phdr + 26 :],
        "a huge chunk": whole[:16] + b"\xff\xff\xff\xff" + whole[20:],
    }
    for data in cases.values():
        font.write_bytes(data)
        with pytest.raises(StudioError, match="no SoundFont"):
            presets(font)
    font.unlink()
    with pytest.raises(StudioError, match="is gone"):
        presets(font)


@with_library
def test_random_damage_is_refused_or_played(font: Path) -> None:
    whole, random = font.read_bytes(), np.random.default_rng(3)
    refused = 0
    for _ in range(60):
        data = bytearray(whole)
        for place in random.integers(whole.index(b"pdta"), len(whole), 2):
            data[place] = int(random.integers(256))
        font.write_bytes(bytes(data))
        try:
            opened = Font(font)
        except StudioError:
            refused += 1
        else:
            assert np.isfinite(opened.note(opened.presets[0], 60, 100, 1000)).all()
    assert 5 < refused < 60


# --- sound -----------------------------------------------------------------------------------------------------------


@with_library
def test_a_track_is_played_by_the_font(font: Path) -> None:
    sound = heard(played_by(font))
    assert loudest(sound, 0.1, 0.45) == pytest.approx(440, abs=5)
    assert loudest(sound, 0.6, 0.95) == pytest.approx(220, abs=5)
    assert np.abs(sound[:, -RATE // 10 :]).max() < 0.02
    assert overtones(sound) < 0.01
    loud, soft = (np.abs(sound[:, int(a * RATE) : int(b * RATE)]).max() for a, b in ((0.1, 0.4), (1.2, 1.8)))
    assert soft < 0.75 * loud


@with_library
def test_live_as_in_the_file(font: Path, tmp_path: Path) -> None:
    score = played_by(font)
    path = tmp_path / "score.json"
    path.write_bytes(score.to_bytes())
    data = export.wav(path, None, WavOptions(depth="float", recipe=False))
    written = soundfile.read(io.BytesIO(data), dtype="float32")[0].T
    fonts = Fonts()
    fonts.load(score.tracks)
    source = ScoreSource(score, voicing=Voicing(fonts))
    total = written.shape[1] + LIMITER_DELAY
    live = np.concatenate([source.read(at, min(512, total - at)) for at in range(0, total, 512)], axis=1)
    assert np.abs(live[:, LIMITER_DELAY:] - written).max() < 1e-5


@with_library
def test_programs_presets_and_drums_choose_what_plays(font: Path) -> None:
    sine = heard(played_by(font))
    assert overtones(heard(played_by(font, instrument="violin"))) > 0.1
    assert overtones(heard(played_by(font, preset="0:40"))) > 0.1
    assert np.array_equal(heard(played_by(font, instrument="trumpet")), sine)  # not in this font: its first
    later = heard(played_by(font, Foreign(Q, bytes((0xC0, 40)))))
    assert np.abs(later[:, : RATE // 2 - 100] - sine[:, : RATE // 2 - 100]).max() < 1e-6
    assert overtones(later[:, RATE // 2 :]) > 0.03  # an octave lower than the first note
    kit = heard(played_by(font, channel=9))
    assert np.abs(kit[:, RATE // 3 : RATE // 2]).max() < 0.1 * np.abs(kit).max()


@with_library
def test_a_font_that_is_gone_stops_an_export(font: Path, tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    path.write_bytes(played_by(font).to_bytes())
    font.unlink()
    with pytest.raises(StudioError, match="is gone"):
        export.wav(path, None, WavOptions())


def test_without_the_library_there_is_one_line(font: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfont.library.cache_clear()
    monkeypatch.setattr(ctypes.util, "find_library", lambda _name: None)
    monkeypatch.setattr(soundfont, "_NAMES", {})
    with pytest.raises(StudioError, match="need the FluidSynth library"):
        Fonts().open(str(font))
    monkeypatch.undo()
    soundfont.library.cache_clear()


# --- the panel -------------------------------------------------------------------------------------------------------


@pytest.fixture
def settled(panel: MusicPanel) -> Iterator[MusicPanel]:
    yield panel
    panel.rack.settle()


@with_library
def test_the_card_chooses_a_font(
    settled: MusicPanel, qtbot: QtBot, host: FakePanelHost, font: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = settled
    monkeypatch.setattr("plugins.music.panel_rack.QFileDialog.getOpenFileName", lambda *_args: (str(font), ""))
    card = TrackCard(panel.sheet, "t1", panel.rack, panel)
    card.sound.menu_.aboutToShow.emit()
    (ask,) = [a for a in card.sound.menu_.actions() if a.text().startswith("Choose")]
    with qtbot.waitSignal(panel.rack.changed):
        ask.trigger()
    assert panel.sheet.score.track("t1").font == str(font)
    assert [e.text for e in host.undo_stack] == ["another sound"]
    assert "tiny" in card.sound.text()
    assert not card.preset.isHidden()
    card.preset.set_value("0:40")
    assert panel.sheet.score.track("t1").preset == "0:40"
    card.sound.menu_.aboutToShow.emit()
    (every,) = [a for a in card.sound.menu_.actions() if "all tracks" in a.text()]
    every.trigger()
    assert {t.font for t in panel.sheet.score.tracks} == {str(font)}
    assert panel.rack.known() == [str(font)]


def test_a_font_that_cannot_be_played_is_one_card(settled: MusicPanel, qtbot: QtBot, font: Path) -> None:
    panel = settled
    font.write_bytes(b"nonsense")
    panel.rack.use(panel.sheet, ["t1"], str(font))
    qtbot.waitUntil(lambda: panel.floating.card.isVisible(), timeout=5000)
    panel.sound.play()  # our own voice plays in its place
    qtbot.waitUntil(lambda: panel.sound.tick() > 50, timeout=5000)
    panel.sound.stop()
