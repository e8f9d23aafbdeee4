"""Words to reach: of the manuscript, of a day, and what each day brought."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt

from plugins.text.document_progress import KEPT, Progress
from plugins.text.panel_targets import TargetsDialog
from tests.plugins.text.page_bench import Desk, desk  # noqa: F401 - fixture

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # the offscreen one, of windows
K = Qt.Key
MONDAY = date(2026, 11, 16)


def test_a_day_begins_where_the_last_one_ended() -> None:
    progress = Progress(target=100)
    assert not progress.see(MONDAY, 900), "what was there before counts for no day"
    assert not progress.see(MONDAY, 960)
    assert progress.see(MONDAY, 1000), "the target is reached once"
    assert not progress.see(MONDAY, 1010)
    tuesday = MONDAY + timedelta(days=1)
    progress.see(tuesday, 1010)
    wednesday = MONDAY + timedelta(days=2)
    progress.see(wednesday, 1030)
    progress.see(wednesday, 990)
    assert progress.last(wednesday, 4) == [
        (MONDAY - timedelta(days=1), 0),
        (MONDAY, 110),
        (tuesday, 0),
        (wednesday, -20),
    ]
    assert Progress.from_json(progress.to_json()) == progress


def test_a_day_on_which_nothing_was_written_is_forgotten_and_old_ones_too() -> None:
    progress = Progress()
    for number in range(KEPT + 20):
        progress.see(MONDAY + timedelta(days=number), 10 * number)
    assert len(progress.days) == KEPT
    quiet = Progress()
    quiet.see(MONDAY, 5)
    quiet.see(MONDAY + timedelta(days=1), 5)
    assert list(quiet.days) == [(MONDAY + timedelta(days=1)).isoformat()]


def test_damaged_progress_gives_what_is_left() -> None:
    data = {"target": -4, "days": [["2026-11-16", 1, 5], ["16.11.", 1, 5], ["2026-11-17", True, 5], 7]}
    assert Progress.from_json(data) == Progress(0, {"2026-11-16": (1, 5)})
    assert Progress.from_json([]) == Progress()


def test_targets_are_set_below_the_outline_and_progress_follows_the_typing(desk: Desk) -> None:  # noqa: F811
    desk.type("Nobody had climbed")
    desk.panel.sight.look_again()
    tally = desk.panel.page.outline.tally
    assert tally.accessibleDescription() == "3 words, 3 today"
    desk.qtbot.mouseClick(tally, Qt.MouseButton.LeftButton)
    dialog = desk.panel.findChild(TargetsDialog)
    assert dialog is not None
    for box, words in ((dialog.whole, "1000"), (dialog.daily, "5")):
        box.setFocus()
        box.selectAll()
        desk.qtbot.keyClicks(box, words)
    desk.qtbot.keyClick(dialog, K.Key_Return)
    assert tally.accessibleDescription() == "3 of 1,000 words, 3 of 5 today"
    assert desk.panel.page.words.text() == "3 of 1,000 words"
    desk.type(" the")
    desk.panel.sight.look_again()
    assert desk.host.said == []
    desk.type(" lighthouse since")
    desk.panel.sight.look_again()
    desk.type(" winter")
    desk.panel.sight.look_again()
    assert desk.host.said == ["Today’s 5 words are written"]
    desk.panel.restore(desk.panel.state())
    assert tally.accessibleDescription() == "7 of 1,000 words, 7 of 5 today"
    assert len(desk.host.said) == 1
