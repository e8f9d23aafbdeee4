"""The Library page: everything that was ever made or brought in, to find, look at and use again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from PySide6.QtCore import QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QHideEvent, QImage, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStackedWidget, QVBoxLayout, QWidget

from studio.core.artifact import Artifact
from studio.core.errors import StudioError
from studio.core.media import kind
from studio.ui.pages.library_details import LibraryDetails
from studio.ui.pages.library_grid import LARGEST, SMALLEST, USUAL, LibraryGrid
from studio.ui.pages.library_large import LargeView
from studio.ui.pages.library_model import ARTIFACT, LibraryModel
from studio.ui.pages.page_parts import file_data, single_shot
from studio.ui.pages.search_field import SearchField
from studio.ui.shell import Shell
from studio.widgets import theme
from studio.widgets.controls import IconButton
from studio.widgets.empty import EmptyState
from studio.widgets.feeder import Feeder
from studio.widgets.fields import Choices
from studio.widgets.pictures import load_image
from studio.widgets.text import Label
from studio.widgets.toast import Toast

FILTERS = (("", "Everything"), ("image", "Pictures"), ("text", "Texts"), ("audio", "Music"))
UNDO_SECONDS = 7.0
WATCH_MS = 700


class LibraryPage(QWidget):
    """A grid of thumbnails, a large view over it, and the details of what is chosen.

    Deleting hides at once and moves to the system's trash when the offer to undo has gone, so that undoing brings
    back everything as it was, kept steps included.
    """

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._library = shell.services.project.library
        self._artifacts = shell.services.project.artifacts
        self._feeder = Feeder(threads=2).serve(self)
        self._doomed: list[str] = []
        self._empty_act: Callable[[], None] = self._go_make
        self.model = LibraryModel(self._library, self._feeder)
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Library")
        self._build()
        self.toast = Toast(self)
        self._join()
        self._typing = single_shot(self, 120, self._apply_filter)
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_MS)
        self._watch.timeout.connect(self.refresh)
        self.model.reload()

    def _build(self) -> None:
        self.grid = LibraryGrid(self.model)
        self.large = LargeView(self._feeder, self._library)
        self.empty = EmptyState(
            "Nothing here yet", "Everything you make is kept here, with all that is needed to make it again."
        )
        self.stack = QStackedWidget()
        for part in (self.empty, self.grid, self.large):
            self.stack.addWidget(part)
        self.details = LibraryDetails(self._shell.services.plugins)
        self.details.hide()
        left = QVBoxLayout()
        left.setContentsMargins(theme.L, theme.M, 0, 0)
        left.setSpacing(theme.M)
        left.addLayout(self._tools())
        left.addWidget(self.stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self.details)

    def _tools(self) -> QHBoxLayout:
        self.search = SearchField("Search library", "Search in prompts and titles")
        self.search.setMaximumWidth(420)
        self.kinds = Choices()
        self.kinds.setAccessibleName("Kind")
        for name, title in FILTERS:
            self.kinds.addItem(title, name)
        self.starred = IconButton("star", "Only starred", help="Show only starred")
        self.starred.setCheckable(True)
        self.tile = QSlider(Qt.Orientation.Horizontal)
        self.tile.setRange(SMALLEST, LARGEST)
        self.tile.setPageStep(24)
        kept = self._shell.services.session.get("library/tile", USUAL)
        self.tile.setValue(kept if isinstance(kept, int) else USUAL)
        self.tile.setFixedWidth(120)
        self.tile.setAccessibleName("Thumbnail size")
        self.tile.setToolTip("Thumbnail size")
        self.count = Label("", "muted")
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.setContentsMargins(0, 0, theme.L, 0)
        for part in (self.search, self.kinds, self.starred):
            row.addWidget(part, 3 if part is self.search else 0)
        row.addStretch(1)
        row.addWidget(self.count)
        row.addWidget(self.tile)
        return row

    def _join(self) -> None:
        self.empty.triggered.connect(lambda: self._empty_act())
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self.search.returnPressed.connect(self.grid.setFocus)
        self.kinds.currentIndexChanged.connect(lambda _index: self._apply_filter())
        self.starred.toggled.connect(lambda _on: self._apply_filter())
        self.tile.valueChanged.connect(self._set_tile)
        self.grid.set_tile(self.tile.value())
        self.model.rows_changed.connect(self._show_place)
        self.grid.selectionModel().selectionChanged.connect(lambda _new, _old: self._show_details())
        self.grid.opened.connect(self.open_large)
        self.large.left.connect(self.close_large)
        self.large.moved.connect(self._move_large)
        for part in (self.grid, self.large):
            part.keys.star.connect(self.toggle_star)
            part.keys.delete.connect(self.delete)
            part.keys.copy.connect(self.copy)
            part.keys.export.connect(self.export)
            part.keys.undo.connect(self.undelete)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self._menu)
        self.details.recipe_wanted.connect(self.use_recipe)
        self.details.start_wanted.connect(self.use_as_start)
        self.details.send_wanted.connect(self.send_to)
        self.details.export_wanted.connect(self.export)
        self.details.copy_wanted.connect(self.copy)
        self.details.prompt_copied.connect(self._copy_prompt)
        self.details.folder_wanted.connect(self.show_in_folder)
        self.details.star_wanted.connect(self.toggle_star)
        self.details.delete_wanted.connect(self.delete)
        self._feeder.ready.connect(self._arrived)
        self._feeder.failed.connect(self._failed)

    # What is shown

    def showEvent(self, event: QShowEvent) -> None:
        """Look for news while in sight."""
        super().showEvent(event)
        self.refresh()
        self._watch.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Out of sight nothing is watched, and what was deleted goes."""
        super().hideEvent(event)
        self._watch.stop()
        self.toast.leave()
        with suppress(StudioError):  # a size that is not remembered is no reason to trouble anybody
            self._shell.services.session.set("library/tile", self.tile.value())

    def refresh(self) -> None:
        """Show what came into the library since the last look; selection and place stay."""
        for notice in self._take_notices():
            self.toast.say(notice)
        if self._doomed or not self.model.stale():
            return
        chosen = {artifact.id for artifact in self.chosen()}
        current = self.grid.currentIndex().data(ARTIFACT)
        place = self.grid.verticalScrollBar().value()
        self.model.reload()
        if isinstance(current, Artifact) and (row := self.model.row_of(current.id)) >= 0:
            self.grid.go_to(row)
        self.grid.select_rows([row for name in chosen if (row := self.model.row_of(name)) >= 0])
        self.grid.verticalScrollBar().setValue(place)
        self._show_details()

    def _take_notices(self) -> Sequence[str]:
        notices: list[str] = self._library.notices
        taken = list(notices)
        notices.clear()
        return taken

    def _apply_filter(self) -> None:
        self._typing.stop()
        self.toast.leave()
        self.close_large()
        self.model.set_filter(
            self.search.text(), starred=self.starred.isChecked(), kind=str(self.kinds.currentData() or "")
        )
        self._show_details()

    def clear_filter(self) -> None:
        """Show everything again."""
        self.search.clear()
        self.kinds.setCurrentIndex(0)
        self.starred.setChecked(False)
        self._apply_filter()

    def _show_place(self) -> None:
        rows = self.model.rowCount()
        self.count.setText("" if not rows else "1 result" if rows == 1 else f"{rows:,} results")
        self.details.setVisible(bool(rows))
        if rows:
            if self.stack.currentWidget() is self.empty:
                self.stack.setCurrentWidget(self.grid)
            return
        if self.model.filtered:
            self._say_empty("Nothing fits", "No prompt or title has these words.", "Show everything", self.clear_filter)
        else:
            self._say_empty(
                "Nothing here yet",
                "Everything you make is kept here, with all that is needed to make it again. "
                "Files you drop on the window come here too.",
                "Make a picture",
                self._go_make,
            )

    def _say_empty(self, title: str, text: str, action: str, act: Callable[[], None]) -> None:
        self.empty.set_words(title, text, action)
        self._empty_act = act
        self.stack.setCurrentWidget(self.empty)

    def _go_make(self) -> None:
        panels = self._shell.services.plugins.panels()
        first = min(panels, key=lambda name: panels[name].spec.order, default="")
        if first:
            self._shell.show_place(first)

    def _set_tile(self, side: int) -> None:
        self.grid.set_tile(side)

    def chosen(self) -> list[Artifact]:
        """The artifacts that are selected, in their order."""
        return [found for row in self.grid.chosen() if (found := self.model.artifact(row)) is not None]

    def _show_details(self) -> None:
        chosen = self.chosen()
        self.details.show_artifacts(chosen, self._panels(chosen))

    def _panels(self, chosen: Sequence[Artifact]) -> Sequence[tuple[str, str]]:
        if len(chosen) != 1:
            return ()
        return self._shell.panels_for(chosen[0].media)

    # The large view

    def open_large(self, row: int) -> None:
        """Show one artifact as large as the page."""
        artifact = self.model.artifact(row)
        if artifact is None:
            return
        self.grid.go_to(row)
        self.large.show_artifact(artifact, self.model.thumbnail(artifact))
        self.stack.setCurrentWidget(self.large)
        self.large.setFocus()

    def close_large(self) -> None:
        """Back to the grid, where the artifact is."""
        if self.stack.currentWidget() is self.large:
            self.stack.setCurrentWidget(self.grid)
            self.grid.setFocus()

    def _move_large(self, by: int) -> None:
        row = self.grid.currentIndex().row() + by
        if 0 <= row < self.model.rowCount():
            self.open_large(row)

    # What can be done

    def toggle_star(self) -> None:
        """Star what is chosen, or take the stars away where all have one."""
        chosen = self.chosen()
        on = not all(artifact.starred for artifact in chosen)
        for artifact in chosen:
            self._artifacts.star(artifact.id, on)
            known = self._artifacts.get(artifact.id)
            if known is not None:
                self.model.update_artifact(known)
        self._show_details()

    def delete(self) -> None:
        """Take what is chosen away: at once from sight, to the system's trash when nobody wants it back."""
        rows = self.grid.chosen()
        names = [found.id for row in rows if (found := self.model.artifact(row)) is not None]
        if not names:
            return
        self.toast.leave()
        was_large = self.stack.currentWidget() is self.large
        self._doomed = names
        self.model.set_away(rows)
        if self.model.rowCount():
            row = min(rows[0], self.model.rowCount() - 1)
            self.grid.go_to(row)
            if was_large:
                self.open_large(row)
        self._show_details()
        many = "1 result goes" if len(names) == 1 else f"{len(names):,} results go"
        self.toast.say(
            f"{many} to the system's trash", action="Undo", act=self.undelete, gone=self._trash, seconds=UNDO_SECONDS
        )

    def undelete(self) -> None:
        """Bring back what was deleted last, as long as that is offered."""
        names, self._doomed = self._doomed, []
        if not names:
            return
        self.toast.leave()
        self.model.reload()
        rows = [row for name in names if (row := self.model.row_of(name)) >= 0]
        if rows:
            self.grid.go_to(rows[0])
            self.grid.select_rows(rows)

    def _trash(self) -> None:
        names, self._doomed = self._doomed, []
        if not names:
            return
        try:
            self._artifacts.trash(names)
        except StudioError as error:
            self.model.reload()
            self._shell.report(error)
        else:
            self._shell.say("Moved to the system's trash")

    def use_recipe(self) -> None:
        """Bring back everything the recipe says, in the panel that made it."""
        for artifact in self.chosen()[:1]:
            self._shell.use_recipe(artifact)

    def verify(self) -> None:
        """Make it again and say whether it came out the same."""
        for artifact in self.chosen()[:1]:
            self._shell.verify(artifact.id)

    def use_as_start(self) -> None:
        """Start a new picture from this one, in the first panel that takes it."""
        panels = self._panels(self.chosen())
        if panels:
            self.send_to(panels[0][0])

    def send_to(self, panel: str) -> None:
        """Give the chosen artifact to a panel."""
        for artifact in self.chosen()[:1]:
            self._shell.send_to(artifact, panel)

    def export(self) -> None:
        """Write what is chosen into files."""
        chosen = self.chosen()
        if len(chosen) == 1:
            self._shell.export(chosen[0].id)
        elif chosen:
            from studio.ui.export_dialog import ExportDialog

            ExportDialog(self._shell.services, chosen, self._shell.widget).exec()

    def copy(self) -> None:
        """Put the chosen picture and its file on the clipboard."""
        chosen = self.chosen()
        if len(chosen) != 1:
            return
        path = chosen[0].path
        if kind(chosen[0].media) == "image":
            self._feeder.ask(("copy", str(path)), lambda: load_image(path))
        else:
            self._to_clipboard(str(path), None)

    def _to_clipboard(self, path: str, image: QImage | None) -> None:
        QGuiApplication.clipboard().setMimeData(file_data(path, image))
        self._shell.say("Copied")

    def _copy_prompt(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._shell.say("Prompt copied")

    def show_in_folder(self) -> None:
        """Open the folder of the chosen artifact's file."""
        for artifact in self.chosen()[:1]:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(artifact.path.parent)))

    def _menu(self, at: QPoint) -> None:
        chosen = self.chosen()
        if not chosen:
            return
        from studio.ui.pages.library_menu import menu_for

        menu_for(self, chosen, self._panels(chosen)).popup(self.grid.viewport().mapToGlobal(at))

    def _arrived(self, key: tuple[str, str], result: object) -> None:
        if key[0] == "copy":
            self._to_clipboard(key[1], result if isinstance(result, QImage) else None)

    def _failed(self, key: tuple[str, str], error: object) -> None:
        if key[0] == "copy" and isinstance(error, StudioError):
            self._shell.report(error)
