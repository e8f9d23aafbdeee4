"""Fields through real keys, wheels and clicks: what they hold, what they refuse, what they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.core.params import Choice, ParamSpec
from studio.core.request import SEED_LIMIT
from studio.widgets.controls import IconButton
from studio.widgets.fields import (
    ChoiceField,
    Field,
    NumberField,
    PathField,
    SeedField,
    SliderField,
    SwitchField,
    TextField,
    field_for,
)
from studio.widgets.numbers import nearest, parse_number

STEPS = ParamSpec("steps", "integer", 20, "Steps", help="More steps.", minimum=1, maximum=150, slider=(1, 60))
GUIDANCE = ParamSpec("g", "number", 4.5, "Guidance", minimum=0, maximum=30, slider=(0, 12), step=0.1, decimals=1)
WIDTH = ParamSpec("w", "integer", 256, "Width", minimum=64, maximum=2048, multiple=8, unit="px", role="width")
STYLE = ParamSpec("s", "choice", "none", "Style", choices=(Choice("none", "None"), Choice("ink", "Ink")))
TILING = ParamSpec("t", "boolean", False, "Seamless")
NOTE = ParamSpec("n", "text", "", "Note", max_length=50)
FOLDER = ParamSpec("f", "text", "", "Folder", role="folder")


@pytest.fixture
def shown(qtbot) -> Iterator[Callable[[Field], Field]]:
    """A field in a window that has the focus elsewhere, so that its own focus can come and go."""

    windows = []

    def show(field: Field) -> Field:
        window = QWidget()
        windows.append(window)
        column = QVBoxLayout(window)
        elsewhere = QLineEdit()
        elsewhere.setObjectName("elsewhere")
        column.addWidget(elsewhere)
        column.addWidget(field)
        qtbot.addWidget(window)
        window.resize(360, 200)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        elsewhere.setFocus()
        qtbot.waitUntil(elsewhere.hasFocus)
        return field

    yield show
    windows.clear()


def part(field: Field, kind: type) -> QWidget:
    found = field.findChild(kind)
    assert found is not None
    return found


def elsewhere(field: Field) -> QLineEdit:
    return field.window().findChild(QLineEdit, "elsewhere")


def retype(qtbot, box: QWidget, text: str) -> None:
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    qtbot.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(box, text)


def turn_wheel(widget: QWidget, notches: int = 1) -> None:
    """A turn of the wheel over a widget, as the window system reports it."""
    place = widget.mapTo(widget.window(), widget.rect().center())
    QTest.wheelEvent(widget.window().windowHandle(), QPointF(place), QPoint(0, 120 * notches))


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (STEPS, SliderField),
        (GUIDANCE, SliderField),
        (WIDTH, NumberField),
        (ParamSpec("x", "number", 1.0, "Free"), NumberField),
        (STYLE, ChoiceField),
        (TILING, SwitchField),
        (NOTE, TextField),
        (FOLDER, PathField),
        (ParamSpec("seed", "integer", 0, "Seed", role="seed"), SeedField),
    ],
)
def test_each_spec_gets_its_field(spec: ParamSpec, kind: type, qtbot) -> None:
    field = field_for(spec)
    qtbot.addWidget(field)
    assert type(field) is kind
    assert field.value() == spec.default


# numbers


def test_typing_a_number(shown, qtbot) -> None:
    field = shown(SliderField(STEPS))
    retype(qtbot, part(field, QDoubleSpinBox), "42")
    assert field.value() == 42
    assert type(field.value()) is int
    assert part(field, QSlider).value() == 41


def test_half_typed_text_does_not_disturb_the_value(shown, qtbot) -> None:
    field = shown(NumberField(WIDTH))
    values = []
    field.changed.connect(values.append)
    retype(qtbot, part(field, QDoubleSpinBox), "512")
    assert values == [512]


def test_too_large_a_number_comes_into_range_and_says_why(shown, qtbot) -> None:
    field = shown(NumberField(WIDTH))
    box = part(field, QDoubleSpinBox)
    retype(qtbot, box, "9000")
    assert field.value() == 256
    elsewhere(field).setFocus()
    assert field.value() == 2048
    assert box.text() == "2048"
    assert "64 to 2048" in field.problem()
    retype(qtbot, box, "128")
    assert (field.value(), field.problem()) == (128, "")


def test_a_number_between_multiples_goes_to_the_nearest(shown, qtbot) -> None:
    field = shown(NumberField(WIDTH))
    retype(qtbot, part(field, QDoubleSpinBox), "301")
    qtbot.keyClick(part(field, QDoubleSpinBox), Qt.Key.Key_Return)
    assert field.value() == 304
    assert "multiple of 8" in field.problem()


@pytest.mark.parametrize("text", ["many", "", "1e999", "--", "nan"])
def test_what_is_no_number_is_taken_back(shown, qtbot, text: str) -> None:
    field = shown(NumberField(WIDTH))
    box = part(field, QDoubleSpinBox)
    retype(qtbot, box, "512")
    box.selectAll()
    qtbot.keyClick(box, Qt.Key.Key_Delete)
    qtbot.keyClicks(box, text)
    elsewhere(field).setFocus()
    assert (field.value(), box.text()) == (512, "512")


def test_a_comma_is_a_point_and_spaces_do_not_count(shown, qtbot) -> None:
    field = shown(SliderField(GUIDANCE))
    retype(qtbot, part(field, QDoubleSpinBox), "7,5")
    assert field.value() == 7.5
    assert parse_number(" 1 024 ") == 1024
    assert parse_number("1" * 50) is None
    assert parse_number("inf") is None


def test_ctrl_enter_settles_half_typed_text_before_any_shortcut_runs(shown, qtbot) -> None:
    field = shown(NumberField(WIDTH))
    retype(qtbot, part(field, QDoubleSpinBox), "301")
    assert field.value() == 256
    qtbot.keyClick(part(field, QDoubleSpinBox), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert field.value() == 304


def test_text_set_by_assistive_technology_counts_without_the_focus(shown, qtbot) -> None:
    field = shown(SliderField(STEPS))
    interface = QAccessible.queryAccessibleInterface(part(field, QDoubleSpinBox))
    interface.editableTextInterface().replaceText(0, 2, "33")
    assert field.value() == 33
    interface.editableTextInterface().replaceText(0, 2, "9999")
    assert field.value() == 150
    assert part(field, QDoubleSpinBox).text() == "150"
    interface.valueInterface().setCurrentValue(7.0)
    assert field.value() == 7


def test_arrow_keys_step_and_stay_in_range(shown, qtbot) -> None:
    field = shown(NumberField(WIDTH))
    box = part(field, QDoubleSpinBox)
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert field.value() == 264
    field.set_value(2048)
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert field.value() == 2048


def test_a_value_finer_than_its_digits_is_kept_exactly(shown, qtbot) -> None:
    field = shown(SliderField(GUIDANCE))
    field.set_value(4.5678)
    assert field.value() == 4.5678
    box = part(field, QDoubleSpinBox)
    box.setFocus()
    elsewhere(field).setFocus()
    assert field.value() == 4.5678
    assert box.text() == "4.6"


def test_a_value_beyond_the_slider_but_inside_the_limits_is_taken(shown) -> None:
    field = shown(SliderField(STEPS))
    field.set_value(120)
    assert field.value() == 120
    assert part(field, QSlider).value() == part(field, QSlider).maximum()


def test_the_smallest_number_can_have_a_word(shown, qtbot) -> None:
    field = shown(SliderField(replace(WIDTH, role="", minimum=0, default=0, unset="As it is")))
    box = part(field, QDoubleSpinBox)
    assert box.text() == "As it is"
    box.setFocus()
    assert box.text() == "0"
    box.selectAll()
    qtbot.keyClicks(box, "8")
    elsewhere(field).setFocus()
    assert (field.value(), box.text()) == (8, "8")
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    elsewhere(field).setFocus()
    assert (field.value(), box.text(), field.problem()) == (0, "As it is", "")


@pytest.mark.parametrize("bad", [0, 151, 2.5, "many", None, True])
def test_set_value_refuses_what_the_limits_refuse(shown, bad: object) -> None:
    field = shown(SliderField(STEPS))
    with pytest.raises(StudioError):
        field.set_value(bad)
    assert field.value() == 20


def test_pressing_the_slider_jumps_there(shown, qtbot) -> None:
    field = shown(SliderField(STEPS))
    slider = part(field, QSlider)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 2, slider.height() // 2))
    assert field.value() == 60
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(1, slider.height() // 2))
    assert field.value() == 1


def test_slider_keys(shown, qtbot) -> None:
    field = shown(SliderField(GUIDANCE))
    part(field, QSlider).setFocus()
    qtbot.keyClick(part(field, QSlider), Qt.Key.Key_Right)
    assert field.value() == pytest.approx(4.6)
    assert part(field, QDoubleSpinBox).text() == "4.6"


@pytest.mark.parametrize(
    ("number", "expected"), [(301, 304), (0, 64), (9999, 2048), (64.4, 64), (-5, 64), (2047, 2048)]
)
def test_nearest(number: float, expected: float) -> None:
    assert nearest(WIDTH, number) == expected


def test_nearest_stays_inside_limits_that_are_no_multiples() -> None:
    odd = ParamSpec("x", "integer", 16, "X", minimum=10, maximum=30, multiple=8)
    assert nearest(odd, 0) == 16
    assert nearest(odd, 99) == 24


# the wheel


@pytest.mark.parametrize("spec", [STEPS, GUIDANCE, WIDTH, STYLE], ids=lambda spec: spec.label)
def test_a_wheel_that_passes_over_changes_nothing_and_scrolls_the_form(spec: ParamSpec, qtbot) -> None:
    area = QScrollArea()
    inside = QWidget()
    column = QVBoxLayout(inside)
    field, other = field_for(spec), QLineEdit()
    column.addWidget(other)
    column.addWidget(field)
    column.addSpacing(2000)
    area.setWidget(inside)
    area.setWidgetResizable(True)
    qtbot.addWidget(area)
    area.resize(300, 200)
    area.show()
    qtbot.waitExposed(area)
    area.activateWindow()
    other.setFocus()
    qtbot.waitUntil(other.hasFocus)
    before = field.value()
    for kind in (QDoubleSpinBox, QSlider, QComboBox):
        for editor in field.findChildren(kind):
            assert not editor.hasFocus()
            turn_wheel(editor, -1)
            assert field.value() == before
            assert area.verticalScrollBar().value() > 0
            area.verticalScrollBar().setValue(0)


def test_a_focused_box_turns_with_the_wheel(shown, qtbot) -> None:
    field = shown(NumberField(WIDTH))
    box = part(field, QDoubleSpinBox)
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    turn_wheel(box)
    assert field.value() == 264


def test_a_focused_choice_turns_with_the_wheel(shown, qtbot) -> None:
    field = shown(ChoiceField(STYLE))
    combo = part(field, QComboBox)
    combo.setFocus()
    qtbot.waitUntil(combo.hasFocus)
    turn_wheel(combo, -1)
    assert field.value() == "ink"


# reset


def test_the_reset_shows_only_where_there_is_something_to_reset(shown, qtbot) -> None:
    field = shown(SliderField(STEPS))
    reset = next(b for b in field.findChildren(IconButton) if b.accessibleName() == "Reset Steps")
    box = part(field, QDoubleSpinBox)
    box.setFocus()
    assert not reset.isVisible()
    retype(qtbot, box, "42")
    assert reset.isVisible()
    elsewhere(field).setFocus()
    assert not reset.isVisible()


def test_reset_by_keyboard(shown, qtbot) -> None:
    field = shown(SliderField(STEPS))
    box = part(field, QDoubleSpinBox)
    retype(qtbot, box, "42")
    qtbot.keyClick(box, Qt.Key.Key_Tab)
    focused = QApplication.focusWidget()
    assert focused.accessibleName() == "Reset Steps"
    assert "20" in focused.accessibleDescription()
    qtbot.keyClick(focused, Qt.Key.Key_Space)
    assert field.value() == 20
    assert field.isAncestorOf(QApplication.focusWidget())


def test_reset_by_mouse(shown, qtbot) -> None:
    field = shown(ChoiceField(STYLE))
    part(field, QComboBox).setFocus()
    field.set_value("ink")
    reset = next(b for b in field.findChildren(IconButton) if b.accessibleName() == "Reset Style")
    qtbot.waitUntil(reset.isVisible)
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert field.value() == "none"
    assert part(field, QComboBox).currentText() == "None"


def test_nothing_moves_when_the_reset_shows(shown, qtbot) -> None:
    field = shown(SliderField(STEPS))
    box = part(field, QDoubleSpinBox)
    before = (field.height(), box.pos(), part(field, QSlider).geometry())
    retype(qtbot, box, "42")
    QApplication.processEvents()
    assert (field.height(), box.pos(), part(field, QSlider).geometry()) == before


# names


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (STEPS, QDoubleSpinBox),
        (WIDTH, QDoubleSpinBox),
        (TILING, QCheckBox),
        (NOTE, QLineEdit),
        (FOLDER, QLineEdit),
    ],
)
def test_editors_are_called_what_their_label_says(spec: ParamSpec, kind: type, shown, said) -> None:
    field = shown(field_for(spec))
    assert said(part(field, kind))[0] == spec.label


def test_a_choice_is_known_by_its_label(shown) -> None:
    field = shown(ChoiceField(STYLE))
    relations = QAccessible.queryAccessibleInterface(part(field, QComboBox)).relations()
    assert [interface.text(QAccessible.Text.Name) for interface, kind in relations] == ["Style"]
    assert part(field, QComboBox).accessibleName() == "Style"


def test_an_ampersand_in_a_label_is_shown(shown) -> None:
    field = shown(NumberField(ParamSpec("x", "number", 1.0, "Black & white")))
    assert part(field, QDoubleSpinBox).accessibleName() == "Black & white"
    assert any(getattr(child, "text", str)() == "Black && white" for child in field.children())


def test_help_and_unit_are_described_plainly(shown, said) -> None:
    assert said(part(shown(SliderField(STEPS)), QDoubleSpinBox)) == ("Steps", "More steps.")
    assert said(part(shown(NumberField(WIDTH)), QDoubleSpinBox)) == ("Width", "px")


def test_slider_and_box_can_be_told_apart(shown, said) -> None:
    assert said(part(shown(SliderField(STEPS)), QSlider))[0] == "Steps slider"


def test_foreign_help_is_no_markup(shown) -> None:
    field = shown(NumberField(ParamSpec("x", "number", 1.0, "<b>X</b>", help="<img src='http://x/y.png'>")))
    shown_tip = part(field, QDoubleSpinBox).toolTip()
    assert "<img" not in shown_tip
    assert "&lt;img" in shown_tip


# choices, switches, text, paths


def test_choices_can_change_and_the_value_stays_if_it_can(shown) -> None:
    field = shown(ChoiceField(STYLE))
    field.set_value("ink")
    field.set_choices([Choice("oil", "Oil"), Choice("ink", "Ink drawing")])
    assert field.value() == "ink"
    field.set_choices([Choice("oil", "Oil")])
    assert field.value() == "oil"
    field.set_choices([])
    assert field.value() == "oil"


def test_choosing_by_key(shown, qtbot) -> None:
    field = shown(ChoiceField(STYLE))
    values = []
    field.changed.connect(values.append)
    part(field, QComboBox).setFocus()
    qtbot.keyClick(part(field, QComboBox), Qt.Key.Key_Down)
    assert values == ["ink"]


def test_a_switch_by_key_and_by_its_label(shown, qtbot) -> None:
    field = shown(SwitchField(TILING))
    box = part(field, QCheckBox)
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert field.value() is True
    label = next(child for child in field.children() if getattr(child, "text", None) and child.text() == "Seamless")
    qtbot.mouseClick(label, Qt.MouseButton.LeftButton)
    assert field.value() is False


def test_text_is_bounded(shown, qtbot) -> None:
    field = shown(TextField(NOTE))
    retype(qtbot, part(field, QLineEdit), "x" * 60)
    assert field.value() == "x" * 50


def test_a_folder_is_typed_or_chosen(shown, qtbot, tmp_path, monkeypatch) -> None:
    field = shown(PathField(FOLDER))
    retype(qtbot, part(field, QLineEdit), "/somewhere")
    assert field.value() == ""
    elsewhere(field).setFocus()
    assert field.value() == "/somewhere"
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getExistingDirectory", lambda *args: str(tmp_path))
    button = next(b for b in field.findChildren(IconButton) if b.accessibleName() == "Choose Folder")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert field.value() == str(tmp_path)


# the seed


def test_seed_names(shown, said) -> None:
    field = shown(SeedField())
    assert said(part(field, QDoubleSpinBox))[0] == "Seed"
    names = {said(button)[0] for button in field.findChildren(IconButton)}
    assert {"Lock seed", "New seed"} <= names


def test_the_whole_range_of_seeds_can_be_typed(shown, qtbot) -> None:
    field = shown(SeedField())
    box = part(field, QDoubleSpinBox)
    retype(qtbot, box, str(SEED_LIMIT - 1))
    assert field.value() == SEED_LIMIT - 1
    elsewhere(field).setFocus()
    assert box.text().split() == ["4", "294", "967", "295"]
    box.setFocus()
    assert box.text() == "4294967295"
    retype(qtbot, box, str(SEED_LIMIT))
    elsewhere(field).setFocus()
    assert field.value() == SEED_LIMIT - 1


def test_the_die_throws_and_the_lock_keeps(shown, qtbot) -> None:
    field = shown(SeedField())
    lock = next(b for b in field.findChildren(IconButton) if b.accessibleName() == "Lock seed")
    dice = next(b for b in field.findChildren(IconButton) if b.accessibleName() == "New seed")
    thrown = {field.value()}
    for _ in range(5):
        qtbot.mouseClick(dice, Qt.MouseButton.LeftButton)
        thrown.add(field.value())
    assert len(thrown) >= 5
    assert all(0 <= seed < SEED_LIMIT for seed in thrown)
    qtbot.mouseClick(lock, Qt.MouseButton.LeftButton)
    assert field.locked()
    before = field.value()
    field.advance()
    assert field.value() == before
    lock.setFocus()
    qtbot.keyClick(lock, Qt.Key.Key_Space)
    field.advance()
    assert field.value() != before
