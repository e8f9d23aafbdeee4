"""The Models page: which weights are on this machine, what they are, why one is not used, and how to add more."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QModelIndex, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QHideEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.model import Model
from studio.store.model_import import Program, known_programs, parts_of, to_trash
from studio.ui.asking import ask
from studio.ui.dropping import dropped_files
from studio.ui.pages.models_adding import COPY, USE, AddingDialog, CopyBar
from studio.ui.pages.models_details import ModelDetails
from studio.ui.pages.models_kinds import KindRow
from studio.ui.pages.models_list import MODEL, ModelFilter, ModelList, ModelTable
from studio.ui.pages.models_words import in_order
from studio.ui.pages.search_field import SearchField
from studio.ui.progress import in_bytes
from studio.ui.shell import Shell
from studio.ui.using import panel_for, use_model
from studio.widgets import icons, theme
from studio.widgets.controls import Button, IconButton
from studio.widgets.empty import EmptyState
from studio.widgets.feeder import Feeder
from studio.widgets.text import ElidedLabel, Label, shorten

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow

NOTHING = (
    "There are no models yet",
    "Drop a .safetensors file or a model's folder here, or add those of another program.",
)
NO_MATCH = ("No model fits that", "Try fewer or other letters, or another kind.")
FILES = "Models (*.safetensors);;All files (*)"


class ModelsPage(QWidget):
    """A list with kinds and search, the chosen model at the right, and the ways to add more. What may wait for a disk
    is done off the window's thread; hashes are read one by one while the page is open.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.setProperty("surface", "window")
        self.setAccessibleName("Models")
        self.setAcceptDrops(True)
        self._shell = shell
        self._shelf = shell.services.models
        self._own: Path = shell.services.places.models
        self._hidden = threading.Event()
        self._programs: tuple[Program, ...] = ()
        self._unread: set[str] = set()
        self._feeder = Feeder().serve(self)
        self._feeder.ready.connect(self._answered)
        self._feeder.failed.connect(lambda _key, error: self._failed(error))
        self._reader = Feeder().serve(self)
        self._reader.ready.connect(lambda _key, _hash: self._read_on())
        self._reader.failed.connect(lambda key, _error: self._give_up(str(key)))
        self.destroyed.connect(self._hidden.set)
        self.table = ModelTable(self._own, self)
        self.sorted = ModelFilter(self.table, self)
        self.view = ModelList(self.sorted)
        self.details = ModelDetails(self._own)
        self.empty = EmptyState(*NO_MATCH, icon="cube")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.empty)
        self.kinds = KindRow()
        self.copy_bar = CopyBar()
        self._lay_out()
        self._join()
        self.setFocusProxy(self.view)
        self.refresh()

    def _lay_out(self) -> None:
        middle = QVBoxLayout()
        middle.setContentsMargins(theme.XL, theme.XL, theme.L, theme.L)
        middle.setSpacing(theme.M)
        middle.addLayout(self._head())
        middle.addWidget(self.kinds)
        middle.addWidget(self.stack, 1)
        middle.addWidget(self.copy_bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(middle, 1)
        row.addWidget(self.details)

    def _head(self) -> QHBoxLayout:
        self.search = SearchField("Search models", "Search")
        self.search.setMaximumWidth(theme.tokens().px(220))
        self.rescan = IconButton("arrows-clockwise", "Look again", help="Look at the folders again  F5", role="text")
        self.folder = IconButton("folder-open", "Open models folder", role="text")
        self.add = Button("Add models", "primary", icon="plus", help="You can also drop them here.")
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.add.setMenu(self._menu)
        self.total = ElidedLabel("", "muted")  # large letters need its room
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(Label("Models", "title"))
        row.addSpacing(theme.XS)
        row.addWidget(self.total, 1)
        row.addWidget(self.search, 1)
        for button in (self.rescan, self.folder, self.add):
            row.addWidget(button)
        return row

    def _join(self) -> None:
        self.search.textChanged.connect(lambda _text: self._filter())
        self.kinds.chosen.connect(lambda _kind: self._filter())
        self.rescan.clicked.connect(self.look_again)
        self.folder.clicked.connect(self.open_folder)
        self.view.selectionModel().currentRowChanged.connect(lambda now, _old: self._choose(now))
        self.view.activated.connect(lambda _index: self.use())
        self.details.use_wanted.connect(self.use)
        self.details.folder_wanted.connect(self.show_folder)
        self.details.copy_wanted.connect(self.copy)
        self.details.remove_wanted.connect(self.remove)
        self.copy_bar.done.connect(lambda made: self._copied(made))
        self.copy_bar.failed.connect(self._failed)
        for keys, call in (
            (QKeySequence.StandardKey.Copy, self.copy),
            (QKeySequence.StandardKey.Delete, self.remove),
            (QKeySequence.StandardKey.Refresh, self.look_again),
        ):
            QShortcut(keys, self.view, call)

    # --- what is there ---

    def showEvent(self, event: QShowEvent) -> None:
        """Show what was found meanwhile, and read hashes."""
        super().showEvent(event)
        self._hidden.clear()
        self._unread.clear()
        self.refresh()
        self._feeder.ask("programs", lambda: known_programs(Path.home(), os.environ))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The details leave room for the list."""
        super().resizeEvent(event)
        self.details.fit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Read nothing while nobody looks."""
        super().hideEvent(event)
        self._hidden.set()

    def refresh(self) -> None:
        """Show what the shelf knows now; nothing is read from the disk."""
        chosen = self.chosen()
        models = in_order(self._shelf.models())
        self.table.show(models)
        self.kinds.count(models)
        usable = [model for model in models if not model.problem]
        words = "1 model" if len(usable) == 1 else f"{len(usable):,} models"
        self.total.setText(f"{words}, {in_bytes(sum(model.size for model in usable))}")
        self._filter()
        if chosen is not None:
            self.show_model(chosen.id)
        self._read_on()

    def chosen(self) -> Model | None:
        """The model that is selected."""
        found = self.view.currentIndex().data(MODEL)
        return found if isinstance(found, Model) else None

    def show_model(self, model_id: str) -> None:
        """Select a model and scroll to it; where it is filtered out, the filter goes."""
        for _ in range(2):
            for row in range(self.sorted.rowCount()):
                index = self.sorted.index(row, 0)
                model = index.data(MODEL)
                if isinstance(model, Model) and model.id == model_id:
                    self.view.setCurrentIndex(index)
                    self.view.scrollTo(index)
                    self._choose(index)
                    return
            if self._shelf.get(model_id) is None:
                return
            self.kinds.choose("")
            self.search.clear()

    def _choose(self, index: QModelIndex) -> None:
        model = index.data(MODEL) if index.isValid() else None
        if not isinstance(model, Model):
            self.details.show_model(None)
            return
        _, panel = panel_for(model, self._shell.services.plugins)
        reading = not self._hidden.is_set() and model.id not in self._unread
        self.details.show_model(model, panel=panel, own=self._shelf.is_own(model), reading=reading)

    def _filter(self) -> None:
        self.sorted.choose(self.kinds.kind(), self.search.text())
        self.empty.set_words(*(NO_MATCH if self.table.rowCount() else NOTHING))
        there = self.sorted.rowCount() > 0
        self.stack.setCurrentWidget(self.view if there else self.empty)
        if there and not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self.sorted.index(0, 0))
        elif not there:
            self.details.show_model(None)

    def look_again(self) -> None:
        """Read the folders again, off the window's thread."""
        self.rescan.setEnabled(False)
        self.total.setText("Looking …")
        self._feeder.ask("scan", self._shelf.scan)

    # --- hashes ---

    def _read_on(self) -> None:
        """Read the next hash, the smallest file first."""
        if self._hidden.is_set() or not self.isVisible():
            return
        known = in_order(self._shelf.models())
        if known != self.table.models():
            self.table.show(known)
            self._choose(self.view.currentIndex())
        waiting = [m for m in known if not m.sha256 and not m.problem and m.id not in self._unread]
        if waiting:
            model = min(waiting, key=lambda m: m.size)
            self._reader.ask(model.id, partial(self._shelf.sha256, model.id, stop=self._hidden.is_set))

    def _give_up(self, model_id: str) -> None:
        self._unread.add(model_id)
        self._read_on()

    # --- what can be done with one ---

    def use(self) -> None:
        """Choose the model in the panel that can work with it."""
        model = self.chosen()
        if model is None or model.problem:
            return
        if not use_model(cast("MainWindow", self._shell.widget), model):
            self._shell.say(f"No panel works with {model.title}")

    def copy(self) -> None:
        """Put all that is known on the clipboard."""
        if self.details.model is not None:
            QGuiApplication.clipboard().setText(self.details.as_text())
            self._shell.say("Copied")

    def show_folder(self) -> None:
        """Open the folder the model is in."""
        model = self.details.model
        if model is not None:
            path = model.path if model.path.is_dir() else model.path.parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def remove(self) -> None:
        """Put one of the models folder into the trash, after a question; list any other no more."""
        model = self.chosen()
        if model is None or model.bundled:
            return
        if not self._shelf.is_own(model):
            if self._shelf.places is not None:
                try:
                    self._shelf.places.forget(model.path)
                except StudioError as error:
                    self._shell.report(error)
                    return
            self._shell.say(f"{model.title} is not listed any more; its files stay where they are")
            self.look_again()
            return
        question = f"Put “{shorten(model.title, 80)}” into the trash?"
        more = f"{in_bytes(model.size)} at {shorten(str(model.path), 200)}"
        if ask(self._shell.widget, question, more, "Put into the trash", "Keep it"):
            self._feeder.ask("trash", lambda: to_trash(model.path))

    def open_folder(self) -> None:
        """Show the folder for the artist's own models, making it where there is none."""
        try:
            self._own.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._shell.report(StudioError(f"The models folder cannot be made: {error.strerror}.", str(self._own)))
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._own)))

    # --- adding ---

    def _fill_menu(self) -> None:
        self._menu.clear()
        self._menu.addAction(icons.icon("file"), "Files…", self.browse_files)
        self._menu.addAction(icons.icon("folder-open"), "A folder…", self.browse_folder)
        if self._programs:
            self._menu.addSection("On this computer")
        for program in self._programs:
            self._menu.addAction(
                icons.icon("app-window"),
                f"{program.title}…",
                lambda chosen=program: self.add_from(chosen.folders, chosen.title),
            )

    def browse_files(self) -> None:
        """Ask for files in the dialog of the desktop."""
        picked, _ = QFileDialog.getOpenFileNames(self, "Add models", "", FILES)
        self.add_from([Path(name) for name in picked])

    def browse_folder(self) -> None:
        """Ask for a folder: a model, a folder of models, or that of another program."""
        picked = QFileDialog.getExistingDirectory(self, "Add a folder of models")
        if picked:
            self.add_from(parts_of(Path(picked)), Path(picked).name)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders may be dropped here."""
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look at what was dropped, and ask."""
        files = dropped_files(event.mimeData())
        if files:
            event.acceptProposedAction()
            self.add_from([part for path in files for part in (parts_of(path) if path.is_dir() else (path,))])

    def add_from(self, paths: Sequence[Path], title: str = "") -> None:
        """Say what lies at `paths` and ask whether to use it there or to copy it."""
        if not paths:
            return
        name = title or (paths[0].name if len(paths) == 1 else f"{len(paths)} places")
        known = frozenset(model.path.resolve() for model in self._shelf.models())
        dialog = AddingDialog(paths, name, known, self)
        dialog.accepted.connect(lambda: self._take(dialog, paths))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take(self, dialog: AddingDialog, paths: Sequence[Path]) -> None:
        chosen = dialog.chosen()
        if dialog.answer == COPY:
            if not self.copy_bar.start(chosen, self._own):
                self._shell.say("Another copy is on its way: wait for its end")
        elif dialog.answer == USE and self._shelf.places is not None:
            whole = dialog.all_chosen() and all(path.is_dir() for path in paths)
            try:
                for path in paths if whole else [model.path for model in chosen]:
                    self._shelf.places.use(path)
            except StudioError as error:
                self._shell.report(error)
            self.look_again()

    def _copied(self, made: Sequence[Path]) -> None:
        self._shell.say("Copied 1 model" if len(made) == 1 else f"Copied {len(made):,} models")
        self.look_again()

    # --- answers ---

    def _answered(self, key: object, value: Any) -> None:
        if key == "programs":
            self._programs = value
        elif key == "trash":
            self.look_again()
        else:
            self.rescan.setEnabled(True)
            self.refresh()

    def _failed(self, error: Exception) -> None:
        self.rescan.setEnabled(True)
        self.refresh()
        known = error if isinstance(error, StudioError) else StudioError(f"The models could not be read: {error}")
        self._shell.report(known)
