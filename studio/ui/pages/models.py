"""The Models page: which weights are on this machine, what they are, and why one is not used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QUrl,
)
from PySide6.QtGui import QDesktopServices, QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.core.model import Model
from studio.ui.pages.search_field import SearchField
from studio.ui.progress import in_bytes
from studio.ui.shell import Shell
from studio.widgets import icons, theme
from studio.widgets.controls import Button, Card
from studio.widgets.empty import EmptyState
from studio.widgets.feeder import Feeder
from studio.widgets.text import Label

Index = QModelIndex | QPersistentModelIndex
MODEL = Qt.ItemDataRole.UserRole
SORT = Qt.ItemDataRole.UserRole + 1
_HOW = (
    "Put a model folder in the layout of the diffusers library, or a single .safetensors file, into the models folder. "
    "It is found at the next look. Files that can run code (.ckpt, .pt, .bin, .py) are never opened."
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, what it shows and what it sorts by."""

    title: str
    width: int
    right: bool = False


COLUMNS = (
    Column("Model", 260),
    Column("Kind", 220),
    Column("Size", 90, right=True),
    Column("Licence", 150),
    Column("From", 140),
)


class ModelTable(QAbstractTableModel):
    """One row for each model, the faulty ones too."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._models: tuple[Model, ...] = ()

    def show(self, models: tuple[Model, ...]) -> None:
        """List these."""
        if models != self._models:
            self.beginResetModel()
            self._models = models
            self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """How many there are."""
        return 0 if parent is not None and parent.isValid() else len(self._models)

    def columnCount(self, parent: Index | None = None) -> int:
        """Always the same."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole and COLUMNS[section].right:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a cell shows."""
        if not index.isValid():
            return None
        model, column = self._models[index.row()], index.column()
        if role == MODEL:
            return model
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return _cell(model, column)
        if role == SORT:
            return model.size if column == 2 else _cell(model, column).casefold()
        if role == Qt.ItemDataRole.TextAlignmentRole and COLUMNS[column].right:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return icons.icon("warning-circle", "danger") if model.problem else icons.icon("cube", "muted")
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return model.problem
        return None


def _cell(model: Model, column: int) -> str:
    if column == 0:
        return model.title
    if column == 1:
        return model.family.rpartition("/")[2] or "unknown"
    if column == 2:
        return in_bytes(model.size) if model.size else ""
    if column == 3:
        return model.licence or "not stated"
    return "Studio" if model.bundled else "this computer"


class ModelDetails(Card):
    """All that is known of the chosen model."""

    def __init__(self, shell: Shell) -> None:
        super().__init__("plain")
        self._shell = shell
        self._model: Model | None = None
        self._title = Label("", "heading", wrap=True)
        self._summary = Label("", wrap=True)
        self._problem = Label("", "error", wrap=True)
        self._facts = Label("", "label", wrap=True)
        self._folder = Button("Show in folder", icon="folder-open")
        self._folder.clicked.connect(self.show_folder)
        self._copy = Button("Copy details", icon="copy")
        self._copy.clicked.connect(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.S)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self._copy)
        top.addWidget(self._folder)
        column.addLayout(top)
        for label in (self._summary, self._problem, self._facts):
            column.addWidget(label)
        self.hide()

    def show_model(self, model: Model | None) -> None:
        """Show another model, or nothing."""
        self._model = model
        self.setVisible(model is not None)
        if model is None:
            return
        self.setAccessibleName(model.title)
        self.setAccessibleDescription(model.problem or model.summary)
        self._title.setText(model.title)
        self._summary.setText(model.summary)
        self._summary.setVisible(bool(model.summary))
        self._problem.setText(f"Not used: {model.problem}" if model.problem else "")
        self._problem.setVisible(bool(model.problem))
        self._facts.setText(facts(model))

    def copy(self) -> None:
        """Put title and facts on the clipboard, without the break points that the label needs."""
        if self._model is not None:
            QGuiApplication.clipboard().setText(f"{self._model.title}\n{facts(self._model)}")
            self._shell.say("Copied")

    def show_folder(self) -> None:
        """Open the folder the model is in."""
        if self._model is not None:
            path = self._model.path
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path if path.is_dir() else path.parent)))


def facts(model: Model) -> str:
    """What is known of a model, a line each."""
    known = [
        ("Kind", model.family),
        ("Precision", model.dtype),
        ("Origin", model.origin if model.origin != str(model.path) else ""),
        ("Files", str(model.path)),
        ("SHA-256", model.sha256),
    ]
    return "\n".join(f"{name}: {value}" for name, value in known if value)


class ModelsPage(QWidget):
    """A table with everything that was found, details below, and the way to add more."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.setProperty("surface", "window")
        self.setAccessibleName("Models")
        self._shell = shell
        self._feeder = Feeder().serve(self)
        self._feeder.ready.connect(lambda _key, _models: self._looked())
        self._feeder.failed.connect(lambda _key, error: self._failed(error))
        self.table = ModelTable(self)
        self.sorted = QSortFilterProxyModel(self)
        self.sorted.setSourceModel(self.table)
        self.sorted.setSortRole(SORT)
        self.sorted.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.sorted.setFilterKeyColumn(-1)
        self.view = self._make_view()
        self.details = ModelDetails(shell)
        self.empty = EmptyState("No model is called that", "Try fewer or other letters.", icon="cube")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.XL)
        column.setSpacing(theme.M)
        column.addLayout(self._head())
        column.addWidget(Label(_HOW, "muted", wrap=True))
        column.addWidget(self.stack, 1)
        column.addWidget(self.details)
        self.setFocusProxy(self.view)
        self.refresh()

    def _make_view(self) -> QTreeView:
        view = QTreeView()
        view.setAccessibleName("Models on this computer")
        view.setModel(self.sorted)
        view.setRootIsDecorated(False)
        view.setUniformRowHeights(True)
        view.setSortingEnabled(True)
        view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.header().setStretchLastSection(False)
        for section, column in enumerate(COLUMNS):
            view.header().resizeSection(section, theme.tokens().px(column.width))
        view.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        view.selectionModel().currentRowChanged.connect(lambda now, _old: self._choose(now))
        view.doubleClicked.connect(lambda _index: self.details.show_folder())
        return view

    def _head(self) -> QHBoxLayout:
        self.search = SearchField("Search models", "Search")
        self.search.setMaximumWidth(theme.tokens().px(220))
        self.search.textChanged.connect(self._filter)
        self.rescan = Button("Look again", icon="arrows-clockwise", help="Look at the folders again")
        self.rescan.clicked.connect(self.look_again)
        folder = Button("Open models folder", icon="folder-open")
        folder.clicked.connect(self.open_folder)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(Label("Models", "title"))
        row.addStretch(1)
        row.addWidget(self.search, 1)
        row.addWidget(self.rescan)
        row.addWidget(folder)
        return row

    def showEvent(self, event: QShowEvent) -> None:
        """Show what was found meanwhile."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Show what the shelf knows now; nothing is read from the disk."""
        chosen = self.chosen()
        self.table.show(self._shell.services.models.models())
        self._show_place()
        if chosen is not None:
            self.show_model(chosen.id)

    def chosen(self) -> Model | None:
        """The model that is selected."""
        found = self.view.currentIndex().data(MODEL)
        return found if isinstance(found, Model) else None

    def show_model(self, model_id: str) -> None:
        """Select a model and scroll to it."""
        for row in range(self.sorted.rowCount()):
            index = self.sorted.index(row, 0)
            model = index.data(MODEL)
            if isinstance(model, Model) and model.id == model_id:
                self.view.setCurrentIndex(index)
                self.view.scrollTo(index)
                return
        self.details.show_model(None)

    def look_again(self) -> None:
        """Read the folders again, off the window's thread."""
        self.rescan.setEnabled(False)
        self.rescan.setText("Looking …")
        self._feeder.ask("scan", self._shell.services.models.scan)

    def open_folder(self) -> None:
        """Show the folder for the artist's own models, making it where there is none."""
        folder: Path = self._shell.services.places.models
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._shell.report(StudioError(f"The models folder cannot be made: {error.strerror}.", str(folder)))
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _choose(self, index: QModelIndex) -> None:
        model = index.data(MODEL) if index.isValid() else None
        self.details.show_model(model if isinstance(model, Model) else None)

    def _filter(self, text: str) -> None:
        self.sorted.setFilterFixedString(text)
        self._show_place()

    def _show_place(self) -> None:
        if self.table.rowCount() == 0:
            self.empty.set_words("There are no models yet", _HOW)
        else:
            self.empty.set_words("No model is called that", "Try fewer or other letters.")
        self.stack.setCurrentWidget(self.view if self.sorted.rowCount() else self.empty)

    def _looked(self) -> None:
        self._idle()
        self.refresh()
        count = self.table.rowCount()
        self._shell.say("1 model" if count == 1 else f"{count:,} models")

    def _failed(self, error: Exception) -> None:
        self._idle()
        self._shell.report(
            error if isinstance(error, StudioError) else StudioError(f"The models could not be read: {error}")
        )

    def _idle(self) -> None:
        self.rescan.setEnabled(True)
        self.rescan.setText("Look again")
