"""Notes under the mouse and the keyboard: real events on the roll, one entry of the undo stack for each gesture."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from plugins.music.document import Note
from plugins.music.document_edit import change
from plugins.music.document_time import Grid
from plugins.music.panel import MusicPanel
from plugins.music.panel_quantise import QuantiseCard
from studio.testing.panel_host import FakePanelHost
from tests.plugins.music.panel_bench import Hand

SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


def melody(panel: MusicPanel) -> tuple[Note, ...]:
    return panel.sheet.score.tracks[0].notes


def texts(host: FakePanelHost) -> list[str]:
    return [entry.text for entry in host.undo_stack]


def test_a_double_click_makes_a_note_on_the_grid_and_takes_one_away(
    panel: MusicPanel, hand: Hand, host: FakePanelHost
) -> None:
    before = panel.sheet.score
    hand.double(500, 72)
    made = [n for n in melody(panel) if n.pitch == 72]
    assert [(n.start, n.length) for n in made] == [(480, 120)]
    assert texts(host) == ["a new note"]
    hand.double(540, 72)
    assert not [n for n in melody(panel) if n.pitch == 72]
    host.undo_stack[1].undo()
    host.undo_stack[0].undo()
    assert panel.sheet.score is before
    host.undo_stack[0].redo()
    assert [n.pitch for n in melody(panel) if n.pitch == 72] == [72]


def test_dragging_moves_in_time_and_pitch_as_one_entry(panel: MusicPanel, hand: Hand, host: FakePanelHost) -> None:
    hand.drag((240, 60), (240 + 960, 65))
    moved = next(n for n in melody(panel) if n.id == 1)
    assert (moved.start, moved.pitch, moved.length) == (960, 65, 480)
    assert texts(host) == ["moving notes"]
    assert panel.sheet.selection == {1}


def test_a_shaking_hand_moves_nothing(panel: MusicPanel, hand: Hand, host: FakePanelHost) -> None:
    before = panel.sheet.score
    hand.bot.mousePress(hand.roll, Qt.MouseButton.LeftButton, pos=hand.at(240, 60))
    hand.bot.mouseRelease(hand.roll, Qt.MouseButton.LeftButton, pos=hand.at(240, 60) + QPoint(2, 0))
    assert panel.sheet.score is before
    assert panel.sheet.selection == {1}
    assert not host.undo_stack


def test_the_right_end_stretches_to_the_grid(panel: MusicPanel, hand: Hand, host: FakePanelHost) -> None:
    hand.drag((480, 60), (720, 60), nudge=-2)
    assert next(n for n in melody(panel) if n.id == 1).length == 720
    assert texts(host) == ["stretching notes"]


def test_ctrl_drag_copies(panel: MusicPanel, hand: Hand, host: FakePanelHost) -> None:
    hand.drag((240, 60), (240, 72), CTRL)
    assert [(n.start, n.pitch) for n in melody(panel) if n.start == 0] == [(0, 60), (0, 72)]
    assert texts(host) == ["copying notes"]


def test_a_frame_selects_and_arrows_move_what_is_selected(panel: MusicPanel, hand: Hand, host: FakePanelHost) -> None:
    hand.drag((10, 70), (1900, 59))
    assert panel.sheet.selection == {1, 2, 3, 4}
    hand.bot.keyClick(hand.roll, Qt.Key.Key_Up)
    hand.bot.keyClick(hand.roll, Qt.Key.Key_Up, SHIFT)
    hand.bot.keyClick(hand.roll, Qt.Key.Key_Right)
    assert [(n.start, n.pitch) for n in panel.sheet.notes()][:2] == [(120, 73), (600, 74)]
    hand.bot.keyClick(hand.roll, Qt.Key.Key_Delete)
    assert len(melody(panel)) == 12
    for entry in reversed(host.undo_stack):
        entry.undo()
    assert len(melody(panel)) == 16
    assert melody(panel)[0].pitch == 60


def test_draw_and_erase_tools(panel: MusicPanel, hand: Hand, host: FakePanelHost) -> None:
    panel.editor.roll.gestures.set_tool("draw")
    hand.drag((960, 71), (1440, 71), nudge=3)
    assert [(n.start, n.length) for n in melody(panel) if n.pitch == 71] == [(960, 480)]
    panel.editor.roll.gestures.set_tool("erase")
    hand.drag((100, 60), (700, 61))
    assert {1, 2}.isdisjoint(n.id for n in melody(panel))
    assert texts(host) == ["a new note", "erasing"]


def test_alt_drag_marks_whole_bars_of_the_track_in_front(panel: MusicPanel, hand: Hand) -> None:
    hand.drag((2000, 66), (4000, 60), ALT)
    (region,) = panel.sheet.regions
    assert (region.first, region.last, region.tracks) == (1, 2, ("t1",))
    hand.drag((6000, 66), (6500, 60), ALT | SHIFT)
    assert [(r.first, r.last) for r in panel.sheet.regions] == [(1, 2), (3, 3)]
    hand.click(100, 80)
    assert panel.sheet.regions == ()


def test_a_click_on_another_track_s_note_brings_that_track_to_the_front(panel: MusicPanel, hand: Hand) -> None:
    hand.click(900, 43)
    assert panel.sheet.track_id == "t2"
    assert panel.sheet.selection == {20}


def test_without_a_grid_notes_go_anywhere(panel: MusicPanel, hand: Hand) -> None:
    panel.transport.set_grid(None)
    hand.drag((240, 60), (240 + 333, 60))
    assert next(n for n in melody(panel) if n.id == 1).start not in (0, 240, 360, 480)
    panel.transport.set_grid(Grid(8, triplet=True))
    hand.drag((240 + 333, 60), (240 + 480, 60))
    assert next(n for n in melody(panel) if n.id == 1).start % 160 == 0


def test_velocities_are_drawn_in_the_lane(panel: MusicPanel, hand: Hand, host: FakePanelHost) -> None:
    lane, lens = panel.editor.velocities, panel.editor.lens
    hand.bot.mousePress(lane, Qt.MouseButton.LeftButton, pos=QPoint(round(lens.x(0)) + 1, lane.height() - 6))
    hand.bot.mouseMove(lane, QPoint(round(lens.x(1440)) + 1, 10))
    hand.bot.mouseRelease(lane, Qt.MouseButton.LeftButton, pos=QPoint(round(lens.x(1440)) + 1, 10))
    first = [n.velocity for n in melody(panel)[:4]]
    assert first == sorted(first)
    assert first[0] < 20
    assert first[3] > 110
    assert [n.velocity for n in melody(panel)[4:]] == [90] * 12
    assert texts(host) == ["drawing velocities"]


@pytest.mark.parametrize(
    ("command", "said"),
    [("quantise", "quantizing"), ("humanise", "humanizing"), ("legato", "legato"), ("retrograde", "back to front")],
)
def test_commands_work_on_the_selection(panel: MusicPanel, host: FakePanelHost, command: str, said: str) -> None:
    if command == "quantise":
        panel.sheet.show(panel.sheet.score.map_tracks(lambda t: t.with_notes(_late(n) for n in t.notes)))
    if command == "legato":
        panel.sheet.show(panel.sheet.score.map_tracks(lambda t: t.with_notes(_short(n) for n in t.notes)))
    panel.sheet.select({1, 2, 3})
    before = panel.sheet.score
    host.commands[command]()
    changed = {n.id for n in melody(panel)} and {
        a.id for a, b in zip(before.tracks[0].notes, melody(panel), strict=True) if a != b
    }
    assert changed
    assert changed <= {1, 2, 3}
    assert texts(host) == [said]


def _late(note: Note) -> Note:
    return Note(note.id, note.start + 17, note.length, note.pitch, note.velocity)


def _short(note: Note) -> Note:
    return Note(note.id, note.start, 100, note.pitch, note.velocity)


def test_copy_and_paste_at_the_playhead(panel: MusicPanel, host: FakePanelHost) -> None:
    panel.sheet.select({1, 2})
    host.commands["copy"]()
    panel.sound.seek(3840)
    host.commands["paste"]()
    assert [(n.start, n.pitch) for n in panel.sheet.notes()] == [(3840, 60), (4320, 61)]


def test_the_wheel_zooms_to_the_mouse(panel: MusicPanel, hand: Hand) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent

    place = QPointF(hand.at(1920, 60))
    under, scale = hand.lens.tick(place.x()), hand.lens.scale
    event = QWheelEvent(
        place, hand.roll.mapToGlobal(place), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, CTRL,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(hand.roll, event)
    assert hand.lens.scale > scale
    assert abs(hand.lens.tick(place.x()) - under) < 2


def test_the_roll_says_what_is_in_it(panel: MusicPanel, qtbot: QtBot) -> None:
    assert panel.editor.roll.accessibleName() == "Piano roll"
    panel.sheet.select({1, 2})
    assert panel.editor.roll.accessibleDescription() == "20 notes in 4 bars, writing into Violin, 2 selected"


def test_the_quantise_card_is_one_entry_and_hears_its_sliders(panel: MusicPanel, host: FakePanelHost) -> None:
    off = change(panel.sheet.score, [1, 2, 3], lambda n: replace(n, start=n.start + 50))
    panel.sheet.edit("off the grid", off, select=(1, 2, 3))
    host.undo_stack.clear()
    card = QuantiseCard(panel.sheet, panel.sheet.selection, panel)
    starts = lambda: [panel.sheet.score.note(i).start for i in (1, 2, 3)]  # noqa: E731
    assert starts() == [0, 480, 960]
    card.strength.set_value(50)
    assert starts() == [25, 505, 985]
    card.strength.set_value(100)
    panel.transport.set_grid(Grid(4))
    card.swing.set_value(100)
    assert starts() == [0, 640, 960]
    card.loose.set_value(80)
    assert starts() != [0, 640, 960]
    assert panel.sheet.score.note(4) is off.note(4)
    card.loose.set_value(0)
    card.settle()
    assert [e.text for e in host.undo_stack] == ["quantizing"]
    host.undo_stack[0].undo()
    assert panel.sheet.score is off


def test_cut_is_one_entry_and_can_be_pasted(panel: MusicPanel, host: FakePanelHost) -> None:
    panel.sheet.select({1, 2})
    host.commands["cut"]()
    assert {1, 2}.isdisjoint(n.id for n in melody(panel))
    panel.sound.seek(7680)
    host.commands["paste"]()
    assert [(n.start, n.pitch) for n in panel.sheet.notes()] == [(7680, 60), (8160, 61)]
    assert texts(host) == ["cutting notes", "pasting notes"]


def test_keys_never_lose_the_notes_they_move(panel: MusicPanel, hand: Hand) -> None:
    lens = panel.editor.lens
    panel.sheet.select({1})
    for _ in range(4):
        hand.bot.keyClick(hand.roll, Qt.Key.Key_Up, SHIFT)
    (note,) = panel.sheet.notes()
    assert note.pitch == 108
    assert 0 <= lens.y(108) < hand.roll.height() - lens.row
    lens.fit(0, 960, 60, 80)
    for _ in range(20):
        hand.bot.keyClick(hand.roll, Qt.Key.Key_Right)
    (note,) = panel.sheet.notes()
    assert 0 <= lens.x(note.start) < hand.roll.width()


def test_who_drags_beyond_the_edge_goes_on_there(panel: MusicPanel, hand: Hand, qtbot: QtBot) -> None:
    from tests.plugins.music.panel_bench import _move

    lens, roll = panel.editor.lens, hand.roll
    lens.fit(0, 1920, 55, 70)
    a = hand.at(240, 60)
    hand.bot.mousePress(roll, Qt.MouseButton.LeftButton, pos=a)
    for x in (a.x() + 40, roll.width() - 5, roll.width() + 60):
        _move(roll, QPoint(x, a.y()), Qt.KeyboardModifier.NoModifier)
    qtbot.waitUntil(lambda: lens.left > 960, timeout=5000)
    before = lens.left
    _move(roll, QPoint(roll.width() // 2, a.y()), Qt.KeyboardModifier.NoModifier)
    qtbot.wait(80)
    assert lens.left == before
    hand.bot.mouseRelease(roll, Qt.MouseButton.LeftButton, pos=QPoint(roll.width() // 2, a.y()))
    note = panel.sheet.score.note(1)
    assert note.start % 120 == 0
    assert abs(lens.x(note.start + 240) - roll.width() // 2) < 120 * lens.scale


def test_the_tools_are_seen_and_chosen(panel: MusicPanel, hand: Hand, host: FakePanelHost) -> None:
    buttons = {b.accessibleName(): b for b in panel.editor.tools.findChildren(QToolButton)}
    assert [name for name, b in buttons.items() if b.isChecked()] == ["Select tool"]
    hand.bot.mouseClick(buttons["Draw tool"], Qt.MouseButton.LeftButton)
    assert panel.editor.roll.gestures.tool == "draw"
    host.commands["erase"]()
    assert [name for name, b in buttons.items() if b.isChecked()] == ["Eraser"]
    hand.bot.mouseClick(buttons["Eraser"], Qt.MouseButton.LeftButton)
    assert buttons["Eraser"].isChecked()


def test_the_marker_marks_bars_without_another_key(panel: MusicPanel, hand: Hand) -> None:
    before, track = panel.sheet.score, panel.sheet.track_id
    (marker,) = [b for b in panel.editor.tools.findChildren(QToolButton) if b.accessibleName() == "Marker"]
    hand.bot.mouseClick(marker, Qt.MouseButton.LeftButton)
    hand.drag((100, 60), (2000, 64))  # over notes too: they stay where they are
    hand.click(3 * 1920 + 10, 70, SHIFT)
    assert [(r.first, r.last, r.tracks) for r in panel.sheet.regions] == [(0, 1, (track,)), (3, 3, (track,))]
    assert panel.sheet.score is before


def test_what_is_drawn_and_moved_can_be_kept_in_the_key(panel: MusicPanel, hand: Hand, host: FakePanelHost) -> None:
    panel.transport.set_key(0, "major")
    host.commands["in-key"]()
    assert panel.state()["in_key"] is True
    hand.double(960, 73)
    (note,) = panel.sheet.notes()
    assert note.pitch == 72
    hand.bot.keyClick(hand.roll, Qt.Key.Key_Up)
    assert [n.pitch for n in panel.sheet.notes()] == [74]
    hand.bot.keyClick(hand.roll, Qt.Key.Key_Down, SHIFT)
    assert [n.pitch for n in panel.sheet.notes()] == [62]
    hand.drag((240, 60), (240, 66))
    assert panel.sheet.score.note(1).pitch == 65
    host.commands["in-key"]()
    hand.drag((240, 65), (240, 66))
    assert panel.sheet.score.note(1).pitch == 66
