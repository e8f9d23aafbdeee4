"""“Check this text” in the window: what is read, what is said, and what stays as it was."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from plugins.text import check
from plugins.text.panel_check import CheckDialog
from plugins.text.params import CheckParams
from studio.api import Finished, media
from studio.inference.text import watermark
from studio.store import Places
from studio.widgets import theme
from studio.widgets.text import Label
from tests import tiny_writers
from tests.plugins.text.page_bench import Desk, desk, whole_studio  # noqa: F401 - fixture

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # the offscreen one, of windows
STORY = "The lamp was out.\nNobody came. “Who is there?” said Ida."


def asked(desk: Desk) -> str:  # noqa: F811
    desk.host.generators = {**desk.host.generators, "checker": CheckParams}
    desk.host.commands["check"]()
    return str(desk.request.params["text"])


def answered(desk: Desk, **facts: Any) -> CheckDialog:  # noqa: F811
    given = {"mean": 0.6, "deviations": 6.5, "sure": 4.0, "tokens": 190, "choices": 47, "marked": True, "whole": True}
    facts = {**given, "words": "Much of this text.", **facts}
    kept = desk._keep(json.dumps(facts).encode(), "application/vnd.studio.text-check+json", desk.request, desk.job)
    desk.play(Finished(desk.job, (replace(kept, facts=facts),)))
    (dialog,) = [box for box in desk.panel.findChildren(CheckDialog) if box.isVisible()]
    return dialog


def said(dialog: CheckDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(Label))


def test_a_text_is_read_as_models_write_it_and_the_answer_has_its_numbers(desk: Desk) -> None:  # noqa: F811
    desk.editor.load(STORY, [])
    assert asked(desk) == "The lamp was out.\n\nNobody came. “Who is there?” said Ida."
    dialog = answered(desk)
    words = said(dialog)
    assert "The watermark was found" in words
    assert "The whole text, 11 words, read by Starter prose" in words
    assert "6.5 standard deviations above chance; from 4.0" in words
    assert "190 tokens were looked at; at 47 of them" in words
    assert "Only the beginning" not in words
    desk.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert desk.text() == STORY


def test_a_selection_is_checked_alone_and_too_little_is_no_verdict(desk: Desk) -> None:  # noqa: F811
    desk.editor.load(STORY, [])
    cursor = desk.editor.textCursor()
    cursor.setPosition(4)
    cursor.setPosition(len("The lamp was out.\nNobody"), cursor.MoveMode.KeepAnchor)
    desk.editor.setTextCursor(cursor)
    assert asked(desk) == "lamp was out.\n\nNobody"
    dialog = answered(desk, marked=None, deviations=0.4, tokens=9, choices=3, whole=False, words="Too short.")
    words = said(dialog)
    assert "Nothing can be said" in words
    assert "The selection, 4 words" in words
    assert "deviations" not in words
    assert "Only the beginning was read" in words
    dialog.accept()


def test_traces_are_called_traces() -> None:
    found = [check.words_for(watermark.Finding(0.55, far, 200, 50, far >= watermark.SURE)) for far in (0.3, 3.2, 5.0)]
    assert found[0].startswith("That proves nothing")
    assert found[1].startswith("There are traces")
    assert found[2].startswith("Much of this text")


def test_with_letters_twice_as_large_every_line_of_the_answer_is_whole(qapp: QApplication, desk: Desk) -> None:  # noqa: F811
    theme.apply(qapp, "light", base=2 * theme.BASE, motion="off")
    try:
        desk.editor.load(STORY, [])
        asked(desk)
        dialog = answered(desk, words="That proves nothing: the text may be a person’s, or changed. " * 4)
        desk.qtbot.wait(1)
        for label in dialog.findChildren(Label):
            assert label.height() >= label.heightForWidth(label.width()), label.text()
        dialog.accept()
    finally:
        theme.apply(qapp, "dark", motion="off")


def test_nothing_to_check_is_said_before_anything_runs(desk: Desk) -> None:  # noqa: F811
    desk.host.commands["check"]()
    assert not desk.host.submitted
    assert desk.panel.page.card.isVisible()


def test_the_ribbon_and_the_library_know_nothing_of_a_check(
    qapp: QApplication, tmp_path: Path, qtbot: QtBot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    places = Places.under(tmp_path / "home")
    tiny_writers.save(tmp_path / "tiny")
    shutil.copytree(tmp_path / "tiny", places.models / "tiny")
    with whole_studio(places, tmp_path / "project", qtbot) as studio:
        window = studio.window
        qtbot.waitUntil(window.isActiveWindow)  # or its keys are nobody's
        slot = window.front_slot()
        assert slot is not None
        panel: Any = slot.panel
        qtbot.waitUntil(lambda: len(panel.settings_pane.models()) > 1, timeout=60_000)
        assert panel.use_model(next(m.id for m in panel.settings_pane.models() if not m.bundled))
        panel.manuscript.params |= {"length": 8}
        panel.manuscript.seed, panel.manuscript.seed_locked = 1, True
        panel.settings_pane.show_manuscript(panel.manuscript)
        panel.editor.setFocus()
        qtbot.keyClicks(panel.editor, "the old sea")
        qtbot.keyClick(panel.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        dock = window.ribbon
        qtbot.waitUntil(lambda: dock.ribbon.count() > 0 and not window.job_status.running, timeout=60_000)
        steps, count = dock.shown(window.front), dock.ribbon.count()
        panel.check.ask()
        qtbot.waitUntil(lambda: bool(panel.findChildren(CheckDialog)), timeout=60_000)
        panel.findChildren(CheckDialog)[0].accept()
        assert (dock.shown(window.front), dock.ribbon.count()) == (steps, count)
        assert {artifact.media for artifact in window.services.project.library.search()} == {media.TEXT}
