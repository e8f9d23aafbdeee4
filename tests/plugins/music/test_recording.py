"""A MIDI keyboard that is heard and written down as one entry, and tracks that a MIDI device plays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from mido import Message
from pytestqt.qtbot import QtBot

from plugins.music.document import Foreign, Note, Score, Track
from plugins.music.document_time import Grid
from plugins.music.document_tracks import set_tempo
from plugins.music.midi_write import live_parts
from plugins.music.panel import MusicPanel
from plugins.music.panel_track_card import TrackCard
from plugins.music.recording import Take
from studio.testing.panel_host import FakePanelHost
from tests.loop_midi import LoopBackend, LoopInput, LoopOutput

Q = 480


def on(pitch: int, velocity: int = 90) -> bytes:
    return bytes((0x90, pitch, velocity))


def off(pitch: int) -> bytes:
    return bytes((0x80, pitch, 64))


def rows(score: Score, track: str = "t1") -> list[tuple[int, int, int, int]]:
    return [(n.start, n.length, n.pitch, n.velocity) for n in score.track(track).notes]


def base() -> Score:
    track = Track("t1", "piano").with_notes(
        [Note(1, 0, Q, 50, 80), Note(2, 2 * Q, Q, 52, 80), Note(3, 6 * Q, Q, 53, 80)]
    )
    return Score(tracks=(track,), next_id=4)


# --- a take ----------------------------------------------------------------------------------------------------------


def test_a_take_becomes_notes_with_pedal_and_bend() -> None:
    take = Take("t1", 0, 0)
    take.hear(on(60, 101), 10)
    take.hear(bytes((0xB0, 64, 127)), 20)
    take.hear(off(60), 250)
    take.hear(on(64, 70), 470)
    take.hear(bytes((0xE5, 0, 70)), 480)
    take.hear(bytes((0x90, 64, 0)), 700)  # velocity 0 lets go too
    score = take.score(Score(tracks=(Track("t1", "p", channel=3),)))
    assert rows(score) == [(10, 240, 60, 101), (470, 230, 64, 70)]
    assert score.track("t1").extra == (Foreign(20, bytes((0xB3, 64, 127))), Foreign(480, bytes((0xE3, 0, 70))))


def test_quantised_over_and_in_place() -> None:
    take = Take("t1", 0, 0)
    for tick, message in ((13, on(60)), (228, off(60)), (470, on(62)), (900, off(62))):
        take.hear(message, tick)
    take.passed(4 * Q)
    take.hear(on(65), 4 * Q + 3)
    take.finish(5 * Q)
    over = take.score(base(), grid=Grid(16))
    assert rows(over) == [(0, Q, 50, 80), (0, 215, 60, 90), (Q, 430, 62, 90), (2 * Q, Q, 52, 80), (4 * Q, 477, 65, 90),
                          (6 * Q, Q, 53, 80)]  # fmt: skip
    instead = take.score(base(), grid=Grid(16), over=False)
    assert [r[2] for r in rows(instead)] == [60, 62, 65, 53]
    assert rows(take.score(base()))[1][0] == 13


def test_a_loop_ends_what_is_held_and_longer_takes_make_the_piece_longer() -> None:
    take = Take("t1", Q, Q)
    take.hear(on(60), 3 * Q)
    take.passed(Q, turned=4 * Q)
    take.hear(on(61), 2 * Q)
    take.hear(off(61), 3 * Q)
    assert [(n.start, n.length, n.pitch) for n in take.notes] == [(3 * Q, Q, 60), (2 * Q, Q, 61)]
    take.hear(on(62), 40 * Q)
    take.finish(41 * Q)
    assert take.score(base()).length == 44 * Q


# --- the panel -------------------------------------------------------------------------------------------------------


@pytest.fixture
def backend() -> LoopBackend:
    return LoopBackend()


@pytest.fixture
def played(panel: MusicPanel, qtbot: QtBot, backend: LoopBackend) -> Iterator[MusicPanel]:
    panel.devices._midi._load = lambda: backend
    panel.devices.use_keyboard("Keys")
    qtbot.waitUntil(lambda: panel.devices.keyboard.connected, timeout=5000)
    qtbot.waitUntil(lambda: panel.sound.player.live, timeout=5000)
    yield panel
    panel.sound.stop()


def keys(backend: LoopBackend) -> LoopInput:
    return next(port for port in backend.opened if isinstance(port, LoopInput))


def heard(card: list) -> np.ndarray:
    return np.frombuffer(b"".join(d for c in list(card) for d in list(c.data)), np.float32)


def test_a_key_is_heard_at_once_and_nothing_is_written(
    played: MusicPanel, qtbot: QtBot, backend: LoopBackend, card: list, host: FakePanelHost
) -> None:
    keys(backend).press(Message("note_on", note=69, velocity=100))
    qtbot.waitUntil(lambda: np.abs(heard(card)).max(initial=0) > 0.01, timeout=5000)
    keys(backend).press(Message("control_change", control=64, value=127), Message("note_off", note=69))
    qtbot.wait(50)
    assert len(played.devices.recorder._keys) == 1  # the pedal holds it
    keys(backend).press(Message("control_change", control=64, value=0))
    assert not played.devices.recorder._keys
    assert not host.undo_stack
    assert host.recall("midi_input") == "Keys"


def test_the_wheel_is_heard_and_written_down(
    played: MusicPanel, qtbot: QtBot, backend: LoopBackend
) -> None:  # fmt: skip
    panel = played
    panel.transport.record.click()
    qtbot.waitUntil(lambda: panel.sound.tick() > 100, timeout=5000)
    keys(backend).press(Message("note_on", note=72, velocity=77), Message("control_change", control=1, value=90))
    source = panel.sound.source
    qtbot.waitUntil(lambda: any(k.pitch == 72 for k in source._keys.values()), timeout=5000)
    qtbot.waitUntil(lambda: source.wheels.moving, timeout=5000)
    keys(backend).press(Message("control_change", control=1, value=0), Message("note_off", note=72))
    qtbot.wait(60)
    panel.sound.stop()
    assert [e.data[:2] for e in panel.sheet.score.track("t1").extra] == [b"\xb0\x01"] * 2


def test_recording_is_one_entry(played: MusicPanel, qtbot: QtBot, backend: LoopBackend, host: FakePanelHost) -> None:
    panel = played
    before = panel.sheet.score
    panel.sheet.choose_track("t2")
    panel.transport.record.click()
    qtbot.waitUntil(lambda: panel.sound.tick() > 100, timeout=5000)
    assert panel.sound.is_playing()
    keys(backend).press(Message("note_on", note=72, velocity=77))
    qtbot.waitUntil(lambda: panel.sheet.recorded is not None, timeout=5000)
    assert panel.sheet.score is before
    start = panel.sound.tick()
    qtbot.waitUntil(lambda: panel.sound.tick() > start + 200, timeout=5000)
    keys(backend).press(Message("note_off", note=72))
    qtbot.wait(60)
    panel.sound.stop()
    assert not panel.transport.record.isChecked()
    (note,) = [n for n in panel.sheet.score.track("t2").notes if n.pitch == 72]
    assert note.velocity == 77
    assert 60 < note.start < start + 200
    assert note.length >= 100
    assert [e.text for e in host.undo_stack] == ["recording"]
    host.undo_stack[0].undo()
    assert panel.sheet.score is before
    assert panel.sheet.recorded is None


def test_a_key_that_is_down_when_it_begins_counts(
    played: MusicPanel, qtbot: QtBot, backend: LoopBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.music.panel_record.EARLY", 10.0)
    panel = played
    panel.sheet.edit("faster", set_tempo(panel.sheet.score, 0, 300))
    panel.sound.set_count_in(True)
    panel.transport.record.click()
    keys(backend).press(Message("note_on", note=74, velocity=77))
    qtbot.waitUntil(lambda: panel.sound.tick() > 200, timeout=5000)
    panel.transport.record.click()
    assert panel.sound.is_playing()
    (note,) = [n for n in panel.sheet.score.track("t1").notes if n.pitch == 74]
    assert note.start == 0


# --- MIDI out --------------------------------------------------------------------------------------------------------


def test_the_parts_of_tracks_that_are_played_elsewhere() -> None:
    track = replace(base().tracks[0], output="Box", channel=2, extra=(Foreign(Q, bytes((0xC2, 33))),
                                                                      Foreign(0, b"\xff\x01\x01x")))  # fmt: skip
    frames, messages = live_parts(Score(tracks=(track,)), ["t1"], 48_000)["Box"]
    assert frames == sorted(frames)
    assert messages[:4] == [bytes((0xC2, 0)), bytes((0xB2, 7, 100)), bytes((0xB2, 10, 64)), bytes((0x92, 50, 80))]
    assert (24_000, bytes((0xC2, 33))) in zip(frames, messages, strict=True)
    assert not live_parts(Score(tracks=(track,)), [], 48_000)


def test_system_exclusive_of_the_track_and_of_the_piece_goes_to_the_device() -> None:
    """As on the wire, not as in a file: no length; what a file sends in parts or leaves open is no message."""
    whole, cut, rest = b"\xf0\x05\x7e\x7f\x09\x01\xf7", b"\xf0\x03\x43\x12\x00", b"\xf7\x02\x01\xf7"
    mine = b"\xf0\x81\x00" + bytes(127) + b"\xf7"
    extra = (Foreign(Q, mine), Foreign(Q, cut), Foreign(Q, rest))
    track = replace(base().tracks[0], output="Box", extra=extra)
    frames, messages = live_parts(Score(tracks=(track,), extra=(Foreign(0, whole),)), ["t1"], 48_000)["Box"]
    assert messages[0] == b"\xf0\x7e\x7f\x09\x01\xf7"
    found = [(frame, message) for frame, message in zip(frames, messages, strict=True) if message[0] >= 0xF0]
    assert found[1:] == [(24_000, b"\xf0" + bytes(127) + b"\xf7")]


def test_a_device_plays_the_track_in_place_of_studio(
    panel: MusicPanel, qtbot: QtBot, backend: LoopBackend, card: list, host: FakePanelHost
) -> None:
    panel.devices._midi._load = lambda: backend
    panel.devices.list_all()
    qtbot.waitUntil(lambda: panel.devices.outputs == ["Box"], timeout=5000)
    box = TrackCard(panel.sheet, "t1", panel.rack, panel)
    box.output.menu_.aboutToShow.emit()
    next(a for a in box.output.menu_.actions() if a.text() == "Box").trigger()
    assert [e.text for e in host.undo_stack] == ["another MIDI device"]
    assert panel.sound.source.elsewhere == {"t1"}
    qtbot.waitUntil(lambda: panel.devices.sender.connected("Box"), timeout=5000)
    panel.sheet.edit("mute", panel.sheet.score.with_track(replace(panel.sheet.score.track("t2"), mute=True)))
    panel.sound.play()
    port = next(p for p in backend.opened if isinstance(p, LoopOutput))
    qtbot.waitUntil(lambda: any(m.type == "note_on" for _, m in list(port.sent)), timeout=5000)
    panel.sound.stop()
    assert np.abs(heard(card)).max() < 1e-3
    qtbot.waitUntil(lambda: port.sent[-1][1].type == "control_change", timeout=5000)
    backend.outputs = []
    panel.devices.list_all()
    qtbot.waitUntil(lambda: panel.sound.source.elsewhere == frozenset(), timeout=5000)
