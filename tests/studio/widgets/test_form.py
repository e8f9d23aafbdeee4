"""The form made from a params dataclass."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QLabel, QWidget

from studio.core.params import param, parse, values_of
from studio.widgets.controls import Fold
from studio.widgets.fields import ChoiceField, SeedField, TextField
from studio.widgets.form import ParamForm


@dataclass(frozen=True)
class Params:
    prompt: str = param("", label="Prompt", role="prompt")
    steps: int = param(20, label="Steps", minimum=1, maximum=150)
    width: int = param(256, label="Width", minimum=64, maximum=2048, multiple=8, role="width")
    height: int = param(256, label="Height", minimum=64, maximum=2048, multiple=8, role="height")
    seed: int = param(7, label="Seed", minimum=0, maximum=2**32 - 1, role="seed")
    grain: float = param(0.5, label="Grain", minimum=0, maximum=1, group="Finish")
    negative: str = param("", label="Negative prompt", role="negative prompt", level="advanced")
    scheduler: str = param("a", label="Scheduler", choices=[("a", "A"), ("b", "B")], level="advanced")
    secret: int = param(3, label="Secret", minimum=0, maximum=9, level="hidden")


@dataclass(frozen=True)
class Wide:
    few: int = param(2, label="Few", minimum=1, maximum=9, help="How few it may be.")
    memory: int = param(0, label="Memory", minimum=0, maximum=64, unset="As much as there is")


@pytest.fixture
def form(qtbot) -> ParamForm:
    made = ParamForm(Params)
    qtbot.addWidget(made)
    made.resize(300, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_it_starts_with_the_defaults_in_the_order_of_the_dataclass(form: ParamForm) -> None:
    assert form.values() == values_of(Params())
    assert list(form.values()) == list(values_of(Params()))
    assert parse(Params, form.values()) == Params()


def test_width_and_height_stand_side_by_side(form: ParamForm) -> None:
    width, height = form.field("width"), form.field("height")
    assert width.y() == height.y()
    assert width.geometry().right() < height.x()
    assert width.width() == pytest.approx(height.width(), abs=1)


def test_sliders_end_below_each_other(qtbot) -> None:
    again = ParamForm(Wide)
    qtbot.addWidget(again)
    again.resize(300, 300)
    again.grab()
    boxes = again.findChildren(QDoubleSpinBox)
    assert len({box.mapTo(again, QPoint()).x() for box in boxes}) == 1
    assert boxes[0].width() == boxes[1].width() > 90


def test_a_wide_form_has_its_editors_beside_the_labels_and_shows_the_help(qtbot) -> None:
    form = ParamForm(Wide, wide=True)
    qtbot.addWidget(form)
    form.resize(700, 300)
    form.show()
    qtbot.waitExposed(form)
    field = form.field("few")
    label = next(part for part in field.findChildren(QLabel) if part.text() == "Few")
    box = field.findChild(QDoubleSpinBox)
    assert label.mapTo(field, QPoint()).x() < 10 < 300 < box.mapTo(field, QPoint()).x()
    assert "How few it may be." in [part.text() for part in field.findChildren(QLabel) if part.isVisible()]
    field.set_value(5)
    form.activateWindow()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    stops = []
    for _ in range(3):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        stops.append(QApplication.focusWidget().accessibleName())
    assert stops == ["Reset Few", "Memory slider", "Memory"]


def test_hidden_fields_keep_their_value(form: ParamForm) -> None:
    assert "secret" not in form.fields()
    form.set_values({"secret": 5})
    assert form.values()["secret"] == 5


def test_roles_pick_the_field(form: ParamForm) -> None:
    assert isinstance(form.field("seed"), SeedField)
    assert isinstance(form.field("negative"), TextField)


def test_what_the_panel_takes_over_is_left_out(qtbot) -> None:
    form = ParamForm(Params, skip_roles=("prompt", "seed"), skip_names=("scheduler",))
    qtbot.addWidget(form)
    assert not {"prompt", "seed", "scheduler"} & (set(form.fields()) | set(form.values()))


def test_advanced_is_closed_and_says_what_is_inside(form: ParamForm, qtbot) -> None:
    fold = next(fold for fold in form.findChildren(Fold) if fold.accessibleName() == "Advanced")
    assert not form.field("scheduler").isVisible()
    assert "Scheduler" in fold.accessibleDescription()
    fold.setFocus()
    qtbot.keyClick(fold, Qt.Key.Key_Space)
    assert form.advanced_open()
    assert form.field("scheduler").isVisible()
    assert fold.accessibleDescription() == "open"


def test_the_caret_of_a_fold_stays_at_the_right_edge(form: ParamForm) -> None:
    fold = next(fold for fold in form.findChildren(Fold) if fold.accessibleName() == "Advanced")
    caret = next(label for label in fold.findChildren(QLabel) if not label.pixmap().isNull())
    closed = caret.geometry()
    form.set_advanced_open(True)
    QApplication.processEvents()
    assert caret.geometry() == closed
    assert closed.right() > fold.width() - 20


def test_what_is_behind_advanced_is_built_late_and_keeps_what_it_was_told(form: ParamForm) -> None:
    assert "Scheduler" not in {box.accessibleName() for box in form.findChildren(ChoiceField)}
    assert form.set_values({"scheduler": "c", "negative": "rain"}) == ("Scheduler",)
    form.set_values({"scheduler": "b"})
    form.set_advanced_open(True)
    assert form.field("scheduler").isVisible()
    assert (form.field("scheduler").value(), form.field("negative").value()) == ("b", "rain")
    assert form.values() == values_of(Params(scheduler="b", negative="rain"))


def test_groups_are_open(form: ParamForm) -> None:
    assert form.field("grain").isVisible()


def test_one_change_says_changed_once(form: ParamForm) -> None:
    said = []
    form.changed.connect(lambda: said.append(form.values()))
    form.field("steps").set_value(30)
    assert len(said) == 1
    form.set_values({"steps": 40, "width": 512, "scheduler": "b"})
    assert len(said) == 2
    assert (said[1]["steps"], said[1]["width"], said[1]["scheduler"]) == (40, 512, "b")
    form.set_values({"steps": 40})
    assert len(said) == 2


def test_values_that_do_not_fit_are_named_and_the_rest_is_taken(form: ParamForm) -> None:
    refused = form.set_values({"steps": 9999, "width": 300, "scheduler": "gone", "height": 512, "unknown": 1})
    assert refused == ("Steps", "Width", "Scheduler")
    assert form.values()["height"] == 512
    assert form.values()["steps"] == 20


def test_reset_one_and_all(form: ParamForm) -> None:
    form.set_values({"steps": 40, "width": 512, "secret": 5})
    form.reset("steps")
    assert (form.values()["steps"], form.values()["width"]) == (20, 512)
    form.reset()
    assert form.values() == values_of(Params())


def test_a_problem_is_shown_below_its_field_and_opens_what_hides_it(form: ParamForm) -> None:
    form.set_problem("scheduler", "There is no such scheduler.")
    assert form.advanced_open()
    assert form.problems() == {"scheduler": "There is no such scheduler."}
    form.field("scheduler").set_value("b")
    assert form.problems() == {}


def test_commit_settles_what_is_half_typed(form: ParamForm, qtbot) -> None:
    box = form.field("width").findChild(QDoubleSpinBox)
    form.activateWindow()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    box.selectAll()
    qtbot.keyClicks(box, "9000")
    assert form.values()["width"] == 256
    assert not form.commit()
    assert form.values()["width"] == 2048
    assert "64 to 2048" in form.problems()["width"]
    assert form.commit() is False
    form.field("width").set_value(512)
    assert form.commit()


def test_tab_goes_through_the_fields_in_their_order(form: ParamForm, qtbot) -> None:
    form.set_advanced_open(True)
    form.activateWindow()
    first = form.field("prompt").tab_stops()[0]
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    names = []
    for _ in range(40):
        focused = QApplication.focusWidget()
        if names and focused is first:
            break
        names.append(focused.accessibleName())
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    assert names == [
        "Prompt",
        "Steps slider",
        "Steps",
        "Width",
        "Height",
        "Seed",
        "Lock seed",
        "New seed",
        "Finish",
        "Grain slider",
        "Grain",
        "Advanced",
        "Negative prompt",
        "Scheduler",
    ]


def test_every_part_that_takes_the_focus_has_a_name(form: ParamForm, said) -> None:
    form.set_advanced_open(True)
    for widget in form.findChildren(QWidget):
        inner = widget.objectName() == "qt_spinbox_lineedit"
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not inner:
            assert said(widget)[0], widget
