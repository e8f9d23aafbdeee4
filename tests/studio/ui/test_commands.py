"""One registry for menus, keys and palette."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMainWindow, QMenu
from pytestqt.qtbot import QtBot

from studio.ui.commands import ANY_PANEL, Command, Commands


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    made.setCentralWidget(QLineEdit())
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_keys_run_the_command_of_the_panel_in_front(window: QMainWindow) -> None:
    commands, ran = Commands(window), []
    commands.add(Command("shell.b", "Shell", lambda: ran.append("shell"), ("Ctrl+B",)))
    commands.add(Command("one.b", "One", lambda: ran.append("one"), ("Ctrl+B",), panel="one"))
    commands.add(Command("two.b", "Two", lambda: ran.append("two"), ("Ctrl+B",), panel="two"))
    for front in ("", "one", "two"):
        commands.set_front(front)
        QTest.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert ran == ["shell", "one", "two"]
    assert {command.id for command in commands.all()} == {"shell.b", "two.b"}
    commands.remove_panel("two")
    QTest.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert ran[-1] == "shell"


def test_single_letters_are_text_while_somebody_types(window: QMainWindow) -> None:
    commands, ran = Commands(window), []
    commands.add(Command("b", "Brush", lambda: ran.append("b"), ("B",)))
    field: Any = window.centralWidget()
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_B)
    assert field.text() == "b"
    assert ran == []


def test_a_command_that_is_not_possible_now_does_not_run(window: QMainWindow) -> None:
    commands, ran, on = Commands(window), [], [False]
    commands.add(Command("x", "X", lambda: ran.append(1), ("Ctrl+X",), enabled=lambda: on[0]))
    commands.add(Command("p", "P", lambda: ran.append(2), panel=ANY_PANEL))
    assert not commands.run("x")
    assert not commands.run("p")
    assert not commands.run("unknown")
    menu = QMenu(window)
    commands.menu(menu, ("x", "-", "p"))
    assert [action.isEnabled() for action in menu.actions() if not action.isSeparator()] == [False, False]
    on[0] = True
    commands.set_front("any")
    # The keys must not have stayed dead because a menu was open in between.
    window.centralWidget().clearFocus()
    QTest.keyClick(window, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    assert commands.run("p")
    assert ran == [1, 2]


def test_a_command_added_again_takes_the_place_of_the_first(window: QMainWindow) -> None:
    commands, ran = Commands(window), []
    commands.add(Command("go", "Go", lambda: ran.append("old"), ("Ctrl+G",)))
    commands.add(Command("go", "Go on", lambda: ran.append("new"), ("Ctrl+G",)))
    QTest.keyClick(window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert ran == ["new"]
    assert [command.title for command in commands.all()] == ["Go on"]
