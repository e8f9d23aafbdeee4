"""Choosing a picture of the library, for fields that want one."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from studio.store import Library
from studio.ui.pages.library_grid import LibraryGrid
from studio.ui.pages.library_model import LibraryModel
from studio.ui.pages.search_field import SearchField
from studio.ui.services import Services
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.feeder import Feeder
from studio.widgets.text import Label


class PictureChoice(QDialog):
    """The library's pictures, newest first. `path` is the chosen one's file once it was accepted."""

    def __init__(self, library: Library, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = ""
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._feeder = Feeder().serve(self)
        self.model = LibraryModel(library, self._feeder)
        self.model.setParent(self)
        self.search = SearchField("Search pictures", "Search in prompts and titles")
        self.grid = LibraryGrid(self.model)
        self.grid.setAccessibleDescription("Arrows move, Enter chooses.")
        self.grid.setSelectionMode(LibraryGrid.SelectionMode.SingleSelection)
        self.grid.setDragEnabled(False)
        self.grid.set_tile(theme.tokens().px(150))
        self.empty = Label("There is no picture in the library yet. Make one in Image.", "muted", wrap=True)
        self.choose_button = Button("Choose", "primary")
        self.choose_button.setDefault(True)
        cancel = Button("Cancel", "quiet")
        cancel.setAutoDefault(False)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self.choose_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.L)
        column.setSpacing(theme.M)
        for part in (self.search, self.empty):
            column.addWidget(part)
        column.addWidget(self.grid, 1)
        column.addLayout(foot)
        self.resize(theme.tokens().px(680), theme.tokens().px(520))
        self.search.textChanged.connect(self._filter)
        self.grid.opened.connect(self._take)
        self.grid.selectionModel().selectionChanged.connect(lambda *_: self._chosen())
        self.choose_button.clicked.connect(lambda: self._take(self.grid.currentIndex().row()))
        cancel.clicked.connect(self.reject)
        self._filter("")

    def _filter(self, text: str) -> None:
        self.model.set_filter(text, starred=False, kind="image")
        there = self.model.rowCount() > 0
        self.empty.setVisible(not there and not text)
        self.grid.setVisible(there or bool(text))
        if there:
            first = self.model.index(0, 0)
            self.grid.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._chosen()

    def _chosen(self) -> None:
        self.choose_button.setEnabled(bool(self.grid.chosen()))

    def _take(self, row: int) -> None:
        artifact = self.model.artifact(row)
        if artifact is not None:
            self.path = str(artifact.path)
            self.accept()


def choose_picture(services: Services, parent: QWidget) -> str:
    """Ask for a picture of the project's library: its file, or "" where none was chosen."""
    dialog = PictureChoice(services.project.library, "Choose a picture", parent)
    dialog.exec()
    path = dialog.path
    dialog.deleteLater()
    return path
