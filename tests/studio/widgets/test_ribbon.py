"""The ribbon: live, scrubbed, branched from, and read aloud."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QColor, QPaintEvent, QRegion, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from studio.core import media
from studio.core.steps import Preview, Step
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.ribbon import Ribbon
from studio.widgets.ribbon_model import Look
from studio.widgets.ribbon_strip import Strip


def step(index: int, total: int, *, state: bool = True, label: str = "") -> Step:
    color = bytes([index * 2 % 256, 40, 255 - index * 2 % 256])
    return Step(index, total, Preview(media.RGB, color * 16 * 16, 16, 16), label=label, has_state=state)


def word(index: int, text: str, *, expected: float | None = None, label: str = "") -> Step:
    return Step(index, 0, Preview(media.TEXT, text.encode(), expected=expected), label=label)


@pytest.fixture
def ribbon(qtbot) -> Ribbon:
    made = Ribbon()
    qtbot.addWidget(made)
    made.resize(900, 130)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    return made


def run(ribbon: Ribbon, done: int, total: int) -> None:
    ribbon.begin(total)
    for index in range(done):
        ribbon.add(step(index, total))
    QApplication.processEvents()


def listen(ribbon: Ribbon) -> list[object]:
    heard: list[object] = []
    ribbon.selected.connect(heard.append)
    ribbon.released_to_result.connect(lambda: heard.append("result"))
    return heard


def middle(ribbon: Ribbon, index: int) -> QPoint:
    strip = ribbon.strip
    return strip.area(index).center()


def branch_button(ribbon: Ribbon) -> Button:
    return next(b for b in ribbon.findChildren(Button) if b.accessibleName() == "Branch from here")


def header(ribbon: Ribbon, said) -> str:
    return said(ribbon.strip)[1]


# live


def test_it_counts_the_steps_and_follows_the_newest(ribbon: Ribbon, said) -> None:
    assert header(ribbon, said) == "No steps yet"
    run(ribbon, 0, 20)
    assert header(ribbon, said) == "20 steps"
    run(ribbon, 14, 20)
    assert header(ribbon, said) == "Step 14 of 20"
    assert (ribbon.strip.shown(), ribbon.current()) == (13, -1)


def test_places_of_coming_steps_stand_before_they_come(ribbon: Ribbon) -> None:
    run(ribbon, 1, 20)
    before = [ribbon.strip.visualRect(ribbon.strip.steps.index(row)) for row in range(20)]
    for index in range(1, 20):
        ribbon.add(step(index, 20))
    QApplication.processEvents()
    assert [ribbon.strip.visualRect(ribbon.strip.steps.index(row)) for row in range(20)] == before


def test_a_run_of_unknown_length_grows(ribbon: Ribbon, said) -> None:
    ribbon.begin(0, "token")
    for index in range(5):
        ribbon.add(Step(index, 0))
    assert header(ribbon, said) == "Token 5 of 5"


def test_the_first_step_may_bring_the_total(ribbon: Ribbon) -> None:
    ribbon.begin(0)
    ribbon.add(step(0, 12))
    assert ribbon.count() == 12


def test_the_outline_is_drawn_around_the_newest(ribbon: Ribbon) -> None:
    run(ribbon, 3, 10)
    accent = theme.DARK.accent

    def outlined(index: int) -> bool:
        strip = ribbon.strip
        area = strip.area(index)
        return strip.viewport().grab().toImage().pixelColor(area.center().x(), area.top() - 1).name() == accent

    assert [outlined(index) for index in range(4)] == [False, False, True, False]


def test_looking_back_while_it_runs_is_not_disturbed(ribbon: Ribbon, said) -> None:
    run(ribbon, 10, 20)
    ribbon.select(4)
    heard = listen(ribbon)
    ribbon.add(step(10, 20))
    ribbon.add(step(11, 20))
    assert (ribbon.current(), ribbon.strip.shown()) == (4, 4)
    assert header(ribbon, said) == "Step 5 of 20"
    assert heard == []
    ribbon.select(-1)
    assert heard == ["result"]
    assert header(ribbon, said) == "Step 12 of 20"


@pytest.mark.parametrize("index", [-1, 10**9])
def test_a_step_that_cannot_be_is_passed_over(ribbon: Ribbon, index: int) -> None:
    run(ribbon, 2, 4)
    ribbon.add(Step(index, 4))
    assert ribbon.count() == 4


# scrubbing


def test_a_click_shows_a_step(ribbon: Ribbon, qtbot, said) -> None:
    run(ribbon, 20, 20)
    heard = listen(ribbon)
    qtbot.mouseClick(ribbon.strip.viewport(), Qt.MouseButton.LeftButton, pos=middle(ribbon, 6))
    assert heard == [6]
    assert header(ribbon, said) == "Step 7 of 20"


@pytest.mark.timeout(60)
def test_dragging_over_a_hundred_steps_shows_each_of_them(ribbon: Ribbon, qtbot) -> None:
    ribbon.resize(1400, 130)
    ribbon.set_steps([step(index, 100) for index in range(100)])
    QApplication.processEvents()
    ribbon.strip.horizontalScrollBar().setValue(0)
    shown = [row for row in range(100) if middle(ribbon, row).x() < ribbon.strip.viewport().width()]
    heard = listen(ribbon)
    viewport = ribbon.strip.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle(ribbon, shown[0]))
    for row in shown[1:-1]:
        qtbot.mouseMove(viewport, middle(ribbon, row))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle(ribbon, shown[-2]))
    assert len(shown) > 25
    assert heard == shown[:-1]
    assert ribbon.current() == shown[-2]


class Paints(QObject):
    """Remembers what a widget was asked to paint."""

    def __init__(self) -> None:
        super().__init__()
        self.region = QRegion()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region += event.region()
        return False


def test_one_step_of_scrubbing_paints_two_thumbnails_only(ribbon: Ribbon) -> None:
    run(ribbon, 20, 20)
    ribbon.select(5)
    QApplication.processEvents()
    paints = Paints()
    ribbon.strip.viewport().installEventFilter(paints)
    ribbon.select(6)
    QApplication.processEvents()
    ribbon.strip.viewport().removeEventFilter(paints)
    touched = [row for row in range(20) if paints.region.contains(middle(ribbon, row))]
    assert touched == [5, 6]


def test_thumbnails_are_scaled_once(ribbon: Ribbon) -> None:
    run(ribbon, 5, 5)
    first = ribbon.strip.steps.pixmap(2, ribbon.strip.area(2).size(), 1.0)
    again = ribbon.strip.steps.pixmap(2, first.size(), 1.0)
    assert first.cacheKey() == again.cacheKey()


def test_dragging_beyond_the_newest_goes_back_to_the_result(ribbon: Ribbon, qtbot) -> None:
    run(ribbon, 5, 20)
    heard = listen(ribbon)
    viewport = ribbon.strip.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle(ribbon, 2))
    qtbot.mouseMove(viewport, middle(ribbon, 12))
    qtbot.mouseMove(viewport, QPoint(-40, 20))
    assert heard == [2, "result", 0]


def test_keys(ribbon: Ribbon, qtbot) -> None:
    ribbon.set_steps([step(index, 6) for index in range(6)])
    heard = listen(ribbon)
    strip = ribbon.strip
    strip.setFocus()
    key = Qt.Key
    for pressed in (key.Key_Left, key.Key_Left, key.Key_Home, key.Key_Left, key.Key_Right, key.Key_End, key.Key_Right):
        qtbot.keyClick(strip, pressed)
    assert heard == [5, 4, 0, 1, 5, "result"]
    qtbot.keyClick(strip, key.Key_Home)
    qtbot.keyClick(strip, key.Key_Escape)
    assert heard[-2:] == [0, "result"]


def test_escape_is_the_ribbons_only_while_it_looks_back(qtbot) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    ribbon = Ribbon()
    column.addWidget(ribbon)
    qtbot.addWidget(window)
    cancelled = []
    shortcut = QShortcut(Qt.Key.Key_Escape, window)
    shortcut.activated.connect(lambda: cancelled.append(True))
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    run(ribbon, 5, 5)
    ribbon.strip.setFocus()
    qtbot.waitUntil(ribbon.strip.hasFocus)
    ribbon.select(1)
    qtbot.keyClick(ribbon.strip, Qt.Key.Key_Escape)
    assert (ribbon.current(), cancelled) == (-1, [])
    qtbot.keyClick(ribbon.strip, Qt.Key.Key_Escape)
    assert cancelled == [True]


def test_many_steps_scroll_and_the_wheel_moves_along(ribbon: Ribbon) -> None:
    ribbon.set_steps([step(index, 200) for index in range(200)])
    QApplication.processEvents()
    bar = ribbon.strip.horizontalScrollBar()
    assert bar.value() == bar.maximum() > 0  # the one with the outline is in sight
    bar.setValue(0)
    place = ribbon.strip.mapTo(ribbon, ribbon.strip.rect().center())
    QTest.wheelEvent(ribbon.windowHandle(), QPointF(place), QPoint(0, -120))
    assert bar.value() > 0
    assert ribbon.current() == -1


def test_few_steps_all_fit(ribbon: Ribbon) -> None:
    ribbon.set_steps([step(index, 20) for index in range(20)])
    QApplication.processEvents()
    assert ribbon.strip.horizontalScrollBar().maximum() == 0
    ribbon.resize(1600, 200)
    QApplication.processEvents()
    assert ribbon.strip.horizontalScrollBar().maximum() == 0


# branching


def test_steps_from_before_a_branch_are_set_apart_and_read_as_such(ribbon: Ribbon) -> None:
    run(ribbon, 6, 6)
    plain = ribbon.strip.grab().toImage()
    ribbon.set_branched(2)
    QApplication.processEvents()
    marked = ribbon.strip.grab().toImage()
    early, late = middle(ribbon, 1), middle(ribbon, 4)
    assert marked.pixelColor(early) != plain.pixelColor(early)
    assert marked.pixelColor(late) == plain.pixelColor(late)
    said = [ribbon.strip.steps.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(6)]
    assert said[1] == "step 2 of 6, from before the branch"
    assert said[2] == "step 3 of 6, branched here"
    assert said[3] == "step 4 of 6"
    asked: list[object] = []
    ribbon.parent_wanted.connect(lambda: asked.append(True))
    back = next(b for b in ribbon.findChildren(Button) if b.accessibleName() == "Back to the original")
    assert back.isVisible()
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    assert asked
    ribbon.set_branched(-1)
    assert not back.isVisible()


def test_branch_is_offered_only_where_it_can_be_done(ribbon: Ribbon, qtbot) -> None:
    ribbon.begin(3)
    ribbon.add(step(0, 3, state=False))
    ribbon.add(step(1, 3))
    assert not branch_button(ribbon).isVisible()
    ribbon.set_can_branch(True)
    assert branch_button(ribbon).isEnabled()
    ribbon.select(0)
    assert not branch_button(ribbon).isEnabled()
    assert "not kept" in branch_button(ribbon).toolTip()
    ribbon.select(1)
    asked = []
    ribbon.branch_requested.connect(asked.append)
    qtbot.mouseClick(branch_button(ribbon), Qt.MouseButton.LeftButton)
    assert asked == [1]
    ribbon.add(step(2, 3))
    ribbon.select(-1)
    assert not branch_button(ribbon).isEnabled()
    assert "earlier step" in branch_button(ribbon).toolTip()
    ribbon.clear()
    assert not branch_button(ribbon).isVisible()


def test_where_other_generations_left_is_marked_and_read(ribbon: Ribbon) -> None:
    run(ribbon, 6, 6)
    plain = ribbon.strip.viewport().grab().toImage()
    ribbon.set_forks({1: 1, 3: 2})
    QApplication.processEvents()
    marked = ribbon.strip.viewport().grab().toImage()
    area, gap = ribbon.strip.area(1), ribbon.strip.gap
    beside = [QPoint(area.right() + 1 + gap // 2, y) for y in range(area.top(), area.bottom())]
    assert any(marked.pixelColor(at) != plain.pixelColor(at) for at in beside)
    said = [ribbon.strip.steps.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(4)]
    assert said[1] == "step 2 of 6, a branch leaves here"
    assert said[3] == "step 4 of 6, 2 branches leave here"


def test_the_header_does_not_jump_when_branch_comes_and_goes(ribbon: Ribbon) -> None:
    run(ribbon, 2, 3)
    before = ribbon.strip.geometry()
    ribbon.set_can_branch(True)
    QApplication.processEvents()
    assert ribbon.strip.geometry() == before


# media


def test_text_is_drawn_as_the_words_each_step_added(ribbon: Ribbon) -> None:
    ribbon.begin(0, "token")
    for index, text in enumerate(["a chain", "a chain moved", "a chain moved against", "other text"]):
        ribbon.add(word(index, text))
    model = ribbon.strip.steps
    assert [model.word(row) for row in range(4)] == ["a chain", "moved", "against", "other text"]
    assert model.look(0) is Look.WORD
    QApplication.processEvents()
    widths = [ribbon.strip.visualRect(model.index(row)).width() for row in range(4)]
    assert len(set(widths)) > 1


@pytest.mark.timeout(60)
def test_a_long_text_keeps_the_width_of_each_word_and_follows_the_newest(ribbon: Ribbon) -> None:
    ribbon.begin(3000, "token")
    for index in range(3000):
        ribbon.add(word(index, f" {'word' * (index % 4 + 1)}", expected=0.5))
    QApplication.processEvents()
    strip = ribbon.strip
    assert len({strip.area(row).width() for row in range(3000)}) == 4
    assert strip.viewport().rect().contains(strip.area(2999))
    assert strip.indexAt(strip.area(2999).center()).row() == 2999
    strip.horizontalScrollBar().setValue(0)
    ribbon.set_steps([word(index, " more", expected=0.5) for index in range(10)])
    assert strip.viewport().rect().contains(strip.area(9))


def test_who_scrolled_away_is_not_taken_back_by_the_next_step(ribbon: Ribbon) -> None:
    ribbon.begin(0, "token")
    for index in range(300):
        ribbon.add(word(index, " word", expected=0.5))
    bar = ribbon.strip.horizontalScrollBar()
    assert bar.value() == bar.maximum()
    bar.setValue(40)
    ribbon.add(word(300, " word", expected=0.5))
    assert bar.value() == 40
    bar.setValue(bar.maximum())
    ribbon.add(word(301, " word", expected=0.5))
    assert bar.value() == bar.maximum()


def test_tokens_of_one_word_stand_together_and_warmth_says_how_expected_they_were(ribbon: Ribbon) -> None:
    ribbon.begin(0, "token")
    for index, (text, expected) in enumerate([(" light", 0.9), ("house", 0.002), (" a", 0.5), (" a\n", 0.5)]):
        ribbon.add(word(index, text, expected=expected, label=text))
    QApplication.processEvents()
    strip = ribbon.strip
    assert [strip.steps.word(row) for row in range(4)] == ["light", "house", "a", "a"]
    assert strip.area(1).left() == strip.area(0).right() + 1
    assert strip.area(2).left() == strip.area(1).right() + 1 + strip.gap
    seen = strip.viewport().grab().toImage()

    def ground(row: int) -> QColor:
        return seen.pixelColor(strip.area(row).left() + 6, strip.area(row).top() + 3)

    assert ground(0).blue() > ground(0).red()
    assert ground(1).red() > ground(1).blue()
    assert "warmer is less expected" in [label.text() for label in ribbon.findChildren(QLabel)]
    assert strip.steps.index(1).data(Qt.ItemDataRole.AccessibleTextRole) == "token 2 of 4, house, under 1 % likely"


def test_of_several_alternatives_the_first_ones_words_are_drawn(ribbon: Ribbon) -> None:
    ribbon.begin(0, "token")
    for index, (text, label) in enumerate([(" it\n she", " it"), ("self\n slept", "self"), ("\n.", "")]):
        ribbon.add(word(index, text, expected=0.5, label=label))
    steps = ribbon.strip.steps
    assert [steps.word(row) for row in range(2)] == ["it", "self"]
    assert steps.joined(1)


def test_bars_are_drawn_as_notes_at_the_same_height_everywhere(ribbon: Ribbon) -> None:
    def bar(index: int, *notes: tuple[float, float, int]) -> Step:
        data = json.dumps({"length": 4, "notes": notes}).encode()
        return Step(index, 3, Preview(media.ROLL, data), has_state=True)

    ribbon.begin(3, "bar")
    ribbon.add(bar(0, (0, 4, 60)))
    ribbon.add(bar(1, (0, 4, 60), (0, 2, 84)))
    ribbon.add(Step(2, 3, Preview(media.ROLL, b'{"length": 0}')))
    QApplication.processEvents()
    strip = ribbon.strip
    assert [strip.steps.look(row) for row in range(3)] == [Look.ROLL, Look.ROLL, Look.NUMBER]
    seen = strip.viewport().grab().toImage()

    def lines(row: int, part: float) -> list[int]:
        area = strip.area(row)
        x = round(area.left() + area.width() * part)
        column = [seen.pixelColor(x, y) for y in range(area.top() + 4, area.bottom() - 3)]
        return [y for y, color in enumerate(column) if color.blue() > 150]

    assert lines(0, 0.75) == lines(1, 0.75) != []
    assert len(lines(1, 0.25)) > len(lines(0, 0.25))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"length": 4, "notes": [[1]]}', b'{"length": "x", "notes": []}', b"[" * 100_000]
)
def test_notes_that_cannot_be_read_are_a_number(ribbon: Ribbon, data: bytes) -> None:
    ribbon.begin(1, "bar")
    ribbon.add(Step(0, 1, Preview(media.ROLL, data)))
    assert ribbon.strip.steps.look(0) is Look.NUMBER


def test_one_endless_word_stays_a_chip(ribbon: Ribbon) -> None:
    ribbon.begin(0, "token")
    ribbon.add(word(0, "x" * 1_000_000))
    QApplication.processEvents()
    assert len(ribbon.strip.steps.word(0)) <= 24
    assert ribbon.strip.area(0).width() < 400


def test_what_cannot_be_drawn_is_numbered(ribbon: Ribbon) -> None:
    ribbon.begin(3)
    ribbon.add(Step(0, 3))
    ribbon.add(Step(1, 3, Preview("model/gltf-binary", b"glTF")))
    ribbon.add(Step(2, 3, Preview(media.RGB, b"broken", 10, 10)))
    assert [ribbon.strip.steps.look(row) for row in range(3)] == [Look.NUMBER] * 3
    ribbon.grab()


def test_wide_pictures_have_wide_thumbnails(ribbon: Ribbon) -> None:
    ribbon.begin(4)
    ribbon.add(Step(0, 4, Preview(media.RGB, b"\x00" * (32 * 16 * 3), 32, 16)))
    QApplication.processEvents()
    area = ribbon.strip.area(0)
    assert area.width() / area.height() == pytest.approx(2, abs=0.1)


# reading aloud


def children(strip: Strip) -> list[str]:
    interface = QAccessible.queryAccessibleInterface(strip)
    return [interface.child(row).text(QAccessible.Text.Name) for row in range(interface.childCount())]


def test_every_step_can_be_reached_and_read(ribbon: Ribbon, said) -> None:
    ribbon.begin(30)
    for index in range(12):
        ribbon.add(step(index, 30, label="quite noisy" if index == 11 else ""))
    assert said(ribbon.strip)[0] == "Ribbon"
    names = children(ribbon.strip)
    assert len(names) == 30
    assert names[0] == "step 1 of 30"
    assert names[11] == "step 12 of 30, quite noisy"
    assert names[12] == "step 13 of 30, still to come"


def test_steps_know_their_state(ribbon: Ribbon) -> None:
    run(ribbon, 3, 5)
    ribbon.select(1)
    interface = QAccessible.queryAccessibleInterface(ribbon.strip)
    states = [interface.child(row).state() for row in range(5)]
    assert [state.selected for state in states] == [0, 1, 0, 0, 0]
    assert [state.selectable for state in states] == [1, 1, 1, 0, 0]


def test_assistive_technology_chooses_a_step(ribbon: Ribbon) -> None:
    run(ribbon, 5, 5)
    heard = listen(ribbon)
    interface = QAccessible.queryAccessibleInterface(ribbon.strip)
    interface.selectionInterface().select(interface.child(2))
    assert heard == [2]


def test_set_steps_replaces_what_was_there(ribbon: Ribbon) -> None:
    run(ribbon, 10, 10)
    ribbon.select(3)
    ribbon.set_steps([step(index, 4) for index in range(4)])
    assert (ribbon.count(), ribbon.current(), ribbon.strip.shown()) == (4, -1, 3)
    ribbon.clear()
    assert (ribbon.count(), ribbon.step(0)) == (0, None)


def test_the_button_is_a_sign_where_letters_are_large_and_there_is_little_room(ribbon: Ribbon, qapp, qtbot) -> None:
    theme.apply(qapp, "light", base=2 * theme.BASE, motion="off")
    try:
        ribbon.set_can_branch(True)
        ribbon.begin(200, "token")
        for index in range(200):
            ribbon.add(step(index, 200))
        (branch,) = [each for each in ribbon.findChildren(Button) if each.accessibleName() == "Branch from here"]
        for width, words in ((900, "Branch from here"), (390, ""), (900, "Branch from here")):
            ribbon.resize(width, 200)
            qtbot.wait(1)
            assert branch.text() == words
            assert branch.width() >= branch.sizeHint().width()
            assert ribbon.rect().contains(branch.geometry())
    finally:
        theme.apply(qapp, "dark", motion="off")
