"""Every command of the window in one place: menus, the palette, shortcuts and buttons all draw from here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from studio.core.values import frozen

_LOG = logging.getLogger(__name__)
ANY_PANEL = "*"


def _always() -> bool:
    return True


@frozen
class Command:
    """Something the artist can ask for. `id` is stable ("edit.undo", "image.canvas.mask").

    `shortcuts` are portable key texts ("Ctrl+Shift+Z"). `panel` is the full id of the panel it belongs to, ANY_PANEL
    for a command that needs one in front, or "" for a command of the whole window. `enabled` is asked whenever the
    command is shown or run. `group` heads it in the shortcut overview; `words` are further words to find it by. `bound`
    is false where the window listens to the keys itself, because their meaning depends on the focus.
    """

    id: str
    title: str
    run: Callable[[], object]
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    group: str = "Window"
    words: str = ""
    panel: str = ""
    enabled: Callable[[], bool] = _always
    bound: bool = True

    @property
    def keys(self) -> str:
        """The first shortcut as this platform writes it, or ""."""
        return native(self.shortcuts[0]) if self.shortcuts else ""


def native(shortcut: str) -> str:
    """A portable key text as this platform writes it, with words people know for the arrows of Return."""
    text = QKeySequence(shortcut, QKeySequence.SequenceFormat.PortableText).toString(
        QKeySequence.SequenceFormat.NativeText
    )
    return text.replace("Return", "Enter")


class Commands(QObject):
    """The commands, each with a QAction on the window that carries its shortcuts.

    A panel's commands answer to their keys only while the panel is in front, and win over the window's own there.
    """

    changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        self._taken: set[str] = set()
        self._front = ""

    def add(self, command: Command) -> QAction:
        """Add a command, or put another in the place of one with the same id; the action that triggers it."""
        self._discard(command.id)
        action = QAction(command.title, self)
        action.setObjectName(command.id)
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setToolTip(f"{command.title}  {command.keys}" if command.keys else command.title)
        action.triggered.connect(lambda _checked=False, name=command.id: self.run(name))
        self._commands[command.id] = command
        self._actions[command.id] = action
        self._window.addAction(action)
        keys = _keys(command) if command.bound and self._here(command) else {}
        if self._taken.isdisjoint(keys):  # nobody else wants them: no need to look at all commands again
            self._taken.update(keys)
            action.setShortcuts(list(keys.values()))
        else:
            self._assign()
        self.changed.emit()
        return action

    def remove_panel(self, panel: str) -> None:
        """Forget the commands of a panel."""
        gone = [command.id for command in self._commands.values() if command.panel == panel]
        for name in gone:
            self._discard(name)
        if gone:
            self._assign()
            self.changed.emit()

    def set_front(self, panel: str) -> None:
        """Say which panel is in front ("" for none)."""
        if panel != self._front:
            self._front = panel
            self._assign()
            self.changed.emit()

    def all(self) -> list[Command]:
        """The commands that can be found now: the window's and those of the panel in front."""
        return [command for command in self._commands.values() if self._here(command)]

    def _here(self, command: Command) -> bool:
        return command.panel in ("", self._front) or (command.panel == ANY_PANEL and bool(self._front))

    def get(self, name: str) -> Command | None:
        """A command by its id."""
        return self._commands.get(name)

    def action(self, name: str) -> QAction:
        """The action of a command, for menus and buttons. Raises KeyError."""
        return self._actions[name]

    def possible(self, name: str) -> bool:
        """True where `run` would do something now."""
        command = self._commands.get(name)
        return command is not None and self._here(command) and command.enabled()

    def run(self, name: str) -> bool:
        """Run a command; False where it is unknown or not possible now."""
        if not self.possible(name):
            return False
        _LOG.debug("command %s", name)
        self._commands[name].run()
        return True

    def menu(self, menu: QMenu, names: Sequence[str]) -> None:
        """Fill a menu with commands by their ids; "-" is a line. What is not possible now is greyed out.

        The entries are actions of their own: one that was greyed out while its menu was open would lose its keys.
        """
        for name in names:
            command = self._commands.get(name)
            if command is None:
                menu.addSeparator()
                continue
            entry = menu.addAction(f"{command.title}\t{command.keys}" if command.keys else command.title)
            entry.setEnabled(self.possible(name))
            entry.triggered.connect(lambda _checked=False, name=name: self.run(name))

    def _discard(self, name: str) -> None:
        action = self._actions.pop(name, None)
        self._commands.pop(name, None)
        if action is not None:
            self._window.removeAction(action)
            action.deleteLater()

    def _assign(self) -> None:
        """Give each key to one action: Qt runs none of two actions that share a key in one window."""
        taken = self._taken = set()
        ours = sorted(self._commands.values(), key=lambda command: command.panel != self._front)
        for command in ours:
            action = self._actions[command.id]
            if not command.bound or not self._here(command):
                action.setShortcuts([])
                continue
            free = {name: key for name, key in _keys(command).items() if name not in taken}
            taken.update(free)
            action.setShortcuts(list(free.values()))


def _keys(command: Command) -> dict[str, QKeySequence]:
    portable = QKeySequence.SequenceFormat.PortableText
    keys = [QKeySequence(text, portable) for text in command.shortcuts]
    return {key.toString(): key for key in keys}
