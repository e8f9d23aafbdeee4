"""Play, stop, loop: what the transport says reaches the sound card, and the playhead follows what is heard."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from plugins.music.panel import MusicPanel
from plugins.music.panel_handle_ruler import HandleRuler
from plugins.music.panel_track_card import TrackCard
from studio.api import StudioError
from studio.testing.panel_host import FakePanelHost
from tests.plugins.music.panel_bench import _move


def control(panel: MusicPanel, name: str) -> QWidget:
    (found,) = [w for w in panel.findChildren(QWidget) if w.accessibleName() == name and w.isVisible()]
    return found


def heard(card: list) -> np.ndarray:
    return np.frombuffer(b"".join(d for c in card for d in list(c.data)), np.float32).reshape(-1, 2)


class Paints(QObject):
    """Which loops a ruler was painted with."""

    def __init__(self, ruler: HandleRuler) -> None:
        super().__init__(ruler)
        self._ruler, self.loops = ruler, list[tuple[int, int] | None]()
        ruler.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.loops.append(self._ruler.loop)
        return super().eventFilter(watched, event)


def test_play_is_heard_and_the_playhead_moves(panel: MusicPanel, qtbot: QtBot, card: list) -> None:
    qtbot.mouseClick(control(panel, "Play"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.sound.is_playing() and panel.sound.tick() > 100, timeout=5000)
    assert control(panel, "Pause").isVisible()
    assert np.abs(heard(card)).max() > 0.01
    assert panel.editor.roll.playhead() > 0
    qtbot.mouseClick(control(panel, "Stop"), Qt.MouseButton.LeftButton)
    assert not panel.sound.is_playing()
    assert panel.sound.tick() == 0
    assert control(panel, "Play").isVisible()


def test_space_pauses_where_it_is(panel: MusicPanel, qtbot: QtBot) -> None:
    panel.editor.roll.setFocus()
    qtbot.keyClick(panel.editor.roll, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: panel.sound.tick() > 100, timeout=5000)
    qtbot.keyClick(panel.editor.roll, Qt.Key.Key_Space)
    assert not panel.sound.is_playing()
    place = panel.sound.tick()
    assert place > 100
    bar, beat, rest = panel.sheet.timeline.place(int(place))
    assert panel.transport.place.text() == f"{bar}.{beat}.{rest // 120 + 1}"


def test_space_plays_after_a_click_on_another_button(panel: MusicPanel, qtbot: QtBot) -> None:
    panel.editor.roll.setFocus()
    for name in ("Loop", "Metronome", "Track Cello"):
        qtbot.mouseClick(control(panel, name), Qt.MouseButton.LeftButton)
    assert panel.editor.roll.hasFocus()
    assert control(panel, "Loop").focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_click_on_the_ruler_goes_there(panel: MusicPanel, qtbot: QtBot) -> None:
    ruler = panel.editor.ruler
    qtbot.mouseClick(ruler, Qt.MouseButton.LeftButton, pos=QPoint(round(panel.editor.lens.x(3840)), 10))
    assert panel.sound.tick() == 3840
    assert panel.transport.place.text() == "3.1.1"


def test_the_ruler_shows_whether_the_loop_is_gone_round(panel: MusicPanel, qtbot: QtBot) -> None:
    ruler, lens = panel.editor.ruler, panel.editor.lens
    shift, left = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton
    qtbot.mousePress(ruler, left, shift, QPoint(round(lens.x(2000)), 10))
    _move(ruler, QPoint(round(lens.x(4000)), 10), shift)
    qtbot.mouseRelease(ruler, left, shift, QPoint(round(lens.x(4000)), 10))
    assert ruler.loop == (1920, 5760)
    assert ruler.looping
    assert control(panel, "Loop").isChecked()
    place = QPoint(round(lens.x(3000)), 1)
    bright = ruler.grab().toImage().pixelColor(place)
    qtbot.mouseClick(control(panel, "Loop"), left)
    assert not ruler.looping
    assert ruler.grab().toImage().pixelColor(place) != bright
    assert panel.sheet.regions == ()


def test_another_loop_is_seen_while_the_first_is_gone_round(panel: MusicPanel, qtbot: QtBot) -> None:
    ruler, lens = panel.editor.ruler, panel.editor.lens
    shift, left = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton
    seen = Paints(ruler)
    for first, last in ((2000, 4000), (4000, 7000)):
        qtbot.mousePress(ruler, left, shift, QPoint(round(lens.x(first)), 10))
        qtbot.wait(20)
        seen.loops.clear()
        _move(ruler, QPoint(round(lens.x(last)), 10), shift)
        qtbot.waitUntil(lambda: ruler.loop in seen.loops, timeout=2000)
        qtbot.mouseRelease(ruler, left, shift, QPoint(round(lens.x(last)), 10))
    assert ruler.loop == (3840, 7680)


def test_without_a_device_play_says_so_once_and_drawing_goes_on(
    panel: MusicPanel, qtbot: QtBot, host: FakePanelHost, monkeypatch: object
) -> None:
    def none(_device: str, _rate: int) -> object:
        raise StudioError("No sound device was found.", "Connect one.")

    panel.sound.player._open = none
    panel.editor.struck.emit(60, 90)
    qtbot.waitUntil(lambda: host.said == ["No sound device was found."], timeout=5000)
    assert panel.floating.card.isHidden()
    panel.editor.struck.emit(62, 90)
    qtbot.wait(50)
    assert len(host.said) == 1
    panel.sound.play()
    qtbot.waitUntil(lambda: panel.floating.card.isVisible(), timeout=5000)
    assert not panel.sound.is_playing()


def test_muting_and_mixing_is_one_entry(panel: MusicPanel, qtbot: QtBot, host: FakePanelHost) -> None:
    card = TrackCard(panel.sheet, "t2", panel.rack, panel)  # a popup cannot be shown without a real screen
    card.volume.set_value(20)
    card.volume.set_value(30)
    assert not host.undo_stack
    card.settle()
    assert [entry.text for entry in host.undo_stack] == ["mixing"]
    assert abs(panel.sheet.score.track("t2").volume - 0.3) < 1e-6
    host.undo_stack[0].undo()
    assert panel.sheet.score.track("t2").volume > 0.7


def test_the_card_of_a_track_opens_again(panel: MusicPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrackCard, "show", lambda _card: None)  # a popup cannot be shown without a real screen
    tracks = panel.transport.tracks
    for _ in range(3):
        tracks.open_card("t1", QPoint(10, 10))
        tracks.findChildren(TrackCard)[-1].close()
        qtbot.waitUntil(lambda: not tracks.findChildren(TrackCard))
    tracks.open_card("t1", QPoint(10, 10))
    tracks.open_card("t2", QPoint(10, 10))
    qtbot.waitUntil(lambda: [c.accessibleName() for c in tracks.findChildren(TrackCard)] == ["Track Cello"])


def test_where_there_is_no_room_controls_go_into_a_menu(panel: MusicPanel, qtbot: QtBot) -> None:
    transport = panel.transport
    assert transport.more.isHidden()
    panel.resize(520, 300)
    assert transport.more.isVisible()
    assert transport.loop.isHidden() or transport.devices.isHidden()
    shown = [
        w for w in (transport.play, transport.stop, transport.tempo, transport.key, transport.more) if w.isVisible()
    ]
    assert len(shown) == 5
    ends = [w.mapTo(transport, QPoint(0, 0)).x() for w in shown]
    assert all(w.width() >= w.minimumSizeHint().width() for w in shown)
    assert max(ends) < transport.width()
    transport.more.menu().aboutToShow.emit()
    titles = {a.text(): a for a in transport.more.menu().actions()}
    titles["Metronome"].trigger()
    assert transport.metronome.isChecked()
    assert panel.sound.source.metronome
    assert any(title.startswith("Metre") for title in titles) or transport.metre.isVisible()
    assert panel.editor.velocities.isHidden()
    panel.resize(1200, 700)
    assert transport.more.isHidden()
    assert panel.editor.velocities.isVisible()
