"""The grid of thumbnails: a virtual list view that paints only what is in sight."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.core.artifact import Artifact
from studio.core.media import kind
from studio.ui.pages.library_keys import LibraryKeys
from studio.ui.pages.library_model import ARTIFACT, OPENING, LibraryModel
from studio.widgets import theme
from studio.widgets.icons import icon

GAP = 8
SMALLEST, USUAL, LARGEST = 96, 168, 256
KIND_ICONS = {"image": "image", "text": "text-aa", "audio": "music-notes", "video": "film-strip", "model": "cube"}


class LibraryGrid(QListView):
    """Thumbnails in rows. Arrows move, Enter opens, Space stars, Delete deletes."""

    opened = Signal(int)
    _enter = Signal()

    def __init__(self, model: LibraryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tile = USUAL
        self.setAccessibleName("Pictures and other results")
        self.setAccessibleDescription("Arrows move, Enter opens, Space stars, Delete moves to the trash.")
        self.setModel(model)
        self.setItemDelegate(TileDelegate(self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.activated.connect(lambda index: self.opened.emit(index.row()))
        self.keys = LibraryKeys(self, {Qt.Key.Key_Return: self._enter, Qt.Key.Key_Enter: self._enter})
        self._enter.connect(self._open)
        self._fit()

    def set_tile(self, side: int) -> None:
        """How large the thumbnails are, in pixels."""
        self._tile = max(SMALLEST, min(LARGEST, side))
        self._fit()

    def chosen(self) -> list[int]:
        """The selected rows in their order."""
        return sorted(index.row() for index in self.selectionModel().selectedIndexes())

    def go_to(self, row: int) -> None:
        """Select one row and bring it into sight."""
        index = self.model().index(row, 0)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def select_rows(self, rows: Sequence[int]) -> None:
        """Select exactly these rows; the current one stays."""
        chosen = QItemSelection()
        for row in rows:
            index = self.model().index(row, 0)
            chosen.select(index, index)
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _fit(self) -> None:
        """Share the width out among the columns, so that the right edge is as straight as the left."""
        room = max(self._tile, self.viewport().width() - 1)
        columns = max(1, room // self._tile)
        side = room // columns
        self.setGridSize(QSize(side, side))
        self.verticalScrollBar().setSingleStep(max(24, side // 4))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """New width, new columns."""
        super().resizeEvent(event)
        self._fit()

    def _open(self) -> None:
        if self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())


class TileDelegate(QStyledItemDelegate):
    """A tile: the whole picture, never cropped; star and partial marks in its corners."""

    def __init__(self, grid: LibraryGrid) -> None:
        super().__init__(grid)
        self._grid = grid

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As large as the grid's cells."""
        return self._grid.gridSize()

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one tile."""
        artifact = index.data(ARTIFACT)
        if not isinstance(artifact, Artifact):
            return
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        tile = option.rect.adjusted(GAP // 2, GAP // 2, -GAP // 2, -GAP // 2)
        self._ground(painter, option, tile, chosen=chosen)
        inner = tile.adjusted(6, 6, -6, -6)
        pixmap = index.data(Qt.ItemDataRole.DecorationRole)
        shown = inner
        if isinstance(pixmap, QPixmap):
            shown = draw_fitted(painter, pixmap, inner)
        else:
            self._words(painter, inner, artifact, str(index.data(OPENING) or ""))
        self._marks(painter, shown, artifact)
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, tile: QRect, *, chosen: bool) -> None:
        tokens = theme.tokens()
        path = QPainterPath()
        path.addRoundedRect(QRectF(tile).adjusted(1, 1, -1, -1), 8, 8)
        if chosen:
            painter.fillPath(path, tokens.color("wash"))
            painter.setPen(QPen(tokens.color("accent"), 2))
            painter.drawPath(path)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillPath(path, tokens.color("hover"))
        if not chosen and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(tokens.color("accent"), 1, Qt.PenStyle.DotLine))
            painter.drawPath(path)

    def _words(self, painter: QPainter, inner: QRect, artifact: Artifact, opening: str) -> None:
        """What stands for a result that has no picture (yet)."""
        tokens = theme.tokens()
        path = QPainterPath()
        path.addRoundedRect(QRectF(inner), 6, 6)
        painter.fillPath(path, tokens.color("field"))
        if kind(artifact.media) == "image":
            return
        if opening:
            painter.setPen(tokens.color("text"))
            painter.setFont(theme.serif(tokens.body))
            page = inner.adjusted(theme.M, theme.M, -theme.M, -theme.M)
            one, two = (painter.boundingRect(page, 0, text).height() for text in ("g", "g\ng"))
            line = max(two - one, 1)  # what drawText takes; no line is cut through its middle
            page.setHeight(max(page.height() // line, 1) * line)
            painter.setClipRect(page)
            painter.drawText(page, int(Qt.TextFlag.TextWordWrap), opening)
            painter.setClipping(False)
            return
        sign = QRect(0, 0, 28, 28)
        sign.moveCenter(inner.center() - QPoint(0, 18))
        icon(KIND_ICONS.get(kind(artifact.media), "file"), "muted").paint(painter, sign)
        painter.setPen(tokens.color("text"))
        painter.setFont(theme.font(tokens.label))
        words = inner.adjusted(8, inner.height() // 2 + 6, -8, -8)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(words, int(flags) | int(Qt.TextFlag.TextWordWrap), artifact.title[:60])

    def _marks(self, painter: QPainter, shown: QRect, artifact: Artifact) -> None:
        if artifact.starred:
            spot = QRect(shown.right() - 27, shown.top() + 5, 22, 22)
            disc = QPainterPath()
            disc.addEllipse(QRectF(spot))
            painter.fillPath(disc, theme.tokens().color("surface"))
            icon("star-fill", "warning").paint(painter, spot.adjusted(4, 4, -4, -4))
        if artifact.partial:
            draw_badge(painter, shown, "Partial")


def draw_fitted(painter: QPainter, pixmap: QPixmap, room: QRect) -> QRect:
    """Draw a picture whole and centred with soft corners; where it came to lie. Small ones are not blown up."""
    size = pixmap.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    target = QRect(QPoint(), size)
    target.moveCenter(room.center())
    path = QPainterPath()
    path.addRoundedRect(QRectF(target), 5, 5)
    painter.save()
    painter.setClipPath(path)
    painter.drawPixmap(target, pixmap)
    painter.restore()
    return target


def draw_badge(painter: QPainter, room: QRect, text: str) -> None:
    """A small dark label in the lower left corner of a picture, readable on any picture."""
    painter.setFont(theme.font(theme.tokens().small))
    width = painter.fontMetrics().horizontalAdvance(text) + 12
    spot = QRect(room.left() + 5, room.bottom() - 23, width, 18)
    path = QPainterPath()
    path.addRoundedRect(QRectF(spot), 5, 5)
    painter.fillPath(path, QColor(0, 0, 0, 170))
    painter.setPen(QColor("white"))
    painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, text)
