"""Bringing models in: what was found, which of it, used where it lies or copied; and the bar while it is copied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.core.model import Model
from studio.store.model_import import Copying, survey
from studio.ui.pages.models_words import kind_of, line_of
from studio.ui.progress import in_bytes
from studio.widgets import icons, theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.empty import EmptyState
from studio.widgets.feeder import Feeder
from studio.widgets.text import ElidedLabel, Label, shorten

USE, COPY = "use", "copy"


class AddingDialog(QDialog):
    """Looks at `paths` off the window's thread and asks what to do. Afterwards `answer` is USE, COPY or "", and
    `chosen()` what it is for.
    """

    def __init__(
        self, paths: Sequence[Path], title: str, known: frozenset[Path], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._known = known
        self.answer = ""
        self.setWindowTitle("Add models")
        self.setMinimumSize(theme.px(560), theme.px(420))
        self._title = Label(f"Looking at {shorten(title, 80)} …", "heading", wrap=True)
        self._words = Label("Nothing in it is opened or changed.", "muted", wrap=True)
        self.list = QListWidget()
        self.list.setAccessibleName("Found models")
        self.list.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.itemChanged.connect(lambda _item: self._count())
        self.empty = EmptyState("Looking …", icon="magnifying-glass")
        self._place = QStackedWidget()
        self._place.addWidget(self.empty)
        self._place.addWidget(self.list)
        self.use = Button("Use where they are", "primary", help="Nothing is copied; the other program keeps its files.")
        self.copy = Button("Copy", help="Copy them into Studio's models folder.")
        self.close_button = Button("Cancel", "quiet")
        self.use.clicked.connect(lambda: self._end(USE))
        self.copy.clicked.connect(lambda: self._end(COPY))
        self.close_button.clicked.connect(self.reject)
        self._lay_out()
        self._source = title
        self._show_buttons(0, 0)
        self._feeder = Feeder().serve(self)
        self._feeder.ready.connect(lambda _key, found: self._found(found))
        self._feeder.failed.connect(lambda _key, error: self._failed(error))
        self._feeder.ask("survey", lambda: survey(paths))

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.close_button)
        buttons.addStretch(1)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.use)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.L)
        column.setSpacing(theme.S)
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addWidget(self._place, 1)
        column.addLayout(buttons)

    def chosen(self) -> tuple[Model, ...]:
        """The models with a mark."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple(
            item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked
        )

    def all_chosen(self) -> bool:
        """True where everything that can be used has a mark: then what comes later into the folder is meant too."""
        items = [self.list.item(row) for row in range(self.list.count())]
        return all(item.checkState() == Qt.CheckState.Checked for item in items if _usable(item))

    def _found(self, models: Sequence[Model]) -> None:
        usable = [model for model in models if not model.problem]
        new = [model for model in usable if model.path.resolve() not in self._known]
        if not models:
            self._title.setText("No models there")
            self._words.setText("")
            self.empty.set_words(
                "Nothing that Studio could use",
                "Models are .safetensors files, or folders with a model_index.json or config.json in them.",
            )
            return
        self._title.setText(f"{_counted(len(usable))} in {shorten(self._source, 80)}")
        skipped = len(models) - len(usable)
        words = f"{_counted(skipped)} cannot be used; the reason stands below the name." if skipped else ""
        if len(new) < len(usable):
            words = f"{len(usable) - len(new)} of them are listed already. {words}"
        self._words.setText(words.strip())
        self._words.setVisible(bool(words))
        for model in models:
            self._add(model, fresh=model in new)
        self._place.setCurrentWidget(self.list)
        self._count()
        if self.use.isEnabled():
            self.use.setDefault(True)
            self.use.setFocus()

    def _add(self, model: Model, *, fresh: bool) -> None:
        line = line_of(model) + ("" if model.problem else f" · {in_bytes(model.size)}")
        item = QListWidgetItem(f"{shorten(model.title, 90)}\n{shorten(line, 200)}")
        item.setData(Qt.ItemDataRole.UserRole, model)
        item.setToolTip(str(model.path))
        item.setSizeHint(QSize(0, theme.px(46)))
        usable = not model.problem
        item.setIcon(icons.icon(kind_of(model).icon if usable else "warning-circle", "muted" if usable else "danger"))
        if usable:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if fresh else Qt.CheckState.Unchecked)
        else:
            item.setCheckState(Qt.CheckState.Unchecked)  # its box is not drawn, but the words stand in line
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.addItem(item)

    def _count(self) -> None:
        chosen = self.chosen()
        self._show_buttons(len(chosen), sum(model.size for model in chosen))

    def _show_buttons(self, count: int, size: int) -> None:
        self.use.setEnabled(count > 0)
        self.copy.setEnabled(count > 0)
        self.use.setText("Use where it is" if count == 1 else "Use where they are")
        self.copy.setText(f"Copy {in_bytes(size)}" if count else "Copy")

    def _failed(self, error: Exception) -> None:
        self._title.setText("This could not be read")
        self._words.setText(str(error) if isinstance(error, StudioError) else f"{error}")
        self.empty.set_words("Nothing to add")

    def _end(self, answer: str) -> None:
        self.answer = answer
        self.accept()


def _usable(item: QListWidgetItem) -> bool:
    return bool(item.flags() & Qt.ItemFlag.ItemIsUserCheckable)


def _counted(count: int) -> str:
    return "1 model" if count == 1 else f"{count:,} models"


class CopyBar(Card):
    """Shows a copy on its way; `done` says the paths that are whole, `failed` what went wrong."""

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("plain", parent)
        self._copying: Copying | None = None
        self._words = ElidedLabel("")
        self._numbers = Label("", "label")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName("Copied so far")
        self.cancel = IconButton("x", "Cancel the copy", kind="tiny", size=16)
        self.cancel.clicked.connect(self.stop)
        row = QHBoxLayout()
        row.setSpacing(theme.M)
        row.addWidget(self._words, 1)
        row.addWidget(self._numbers)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.M, theme.S, theme.M, theme.M)
        column.addLayout(row)
        column.addWidget(self._bar)
        self._feeder = Feeder().serve(self)
        self._feeder.ready.connect(lambda _key, made: self._ended(self.done, made))
        self._feeder.failed.connect(lambda _key, error: self._ended(self.failed, error))
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(self._look)
        self.destroyed.connect(self.stop)
        self.hide()

    def start(self, models: Sequence[Model], into: Path) -> bool:
        """Begin to copy; False while another copy is on its way."""
        if self._copying is not None:
            return False
        self._copying = copying = Copying(models, into)
        self._feeder.ask("copy", copying.run)
        self._timer.start()
        self._look()
        self.show()
        return True

    def stop(self) -> None:
        """Stop the copy; what is whole stays."""
        if self._copying is not None:
            self._copying.cancel()

    def _look(self) -> None:
        copying = self._copying
        if copying is None:
            return
        self._words.setText(f"Copying {copying.now}" if copying.now else "Copying …")
        if copying.total:
            self._numbers.setText(f"{in_bytes(copying.done)} of {in_bytes(copying.total)}")
            self._bar.setValue(round(1000 * copying.done / copying.total))

    def _ended(self, say: object, value: object) -> None:
        self._timer.stop()
        self._copying = None
        self.hide()
        say.emit(value)  # type: ignore[attr-defined]
