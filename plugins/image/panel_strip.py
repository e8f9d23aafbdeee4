"""The results strip: the pictures of this sitting in a column beside the canvas, the newest on top, to compare them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.api import frozen
from studio.widgets import theme
from studio.widgets.icons import icon

SIDE = 64
PICTURE = 128
"""Pixels of the thumbnails that are kept: enough for a screen of 200 %."""
TILE = Qt.ItemDataRole.UserRole + 1

State = Literal["waiting", "running", "done", "partial", "failed"]
WORDS: dict[State, str] = {
    "waiting": "waiting",
    "running": "being made",
    "done": "finished",
    "partial": "partial, it was cancelled",
    "failed": "failed",
}
Index = QModelIndex | QPersistentModelIndex


@frozen
class Tile:
    """One place in the strip. `key` is a job's id while it is on its way and the artifact's id after."""

    key: str
    state: State = "done"
    title: str = ""
    image: QImage | None = None
    fraction: float = 0.0


class TileModel(QAbstractListModel):
    """The tiles, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self._tiles: list[Tile] = []
        self.changing = False

    def keys(self) -> list[str]:
        """The keys from top to bottom."""
        return [tile.key for tile in self._tiles]

    def row(self, key: str) -> int:
        """The row of a key, or -1."""
        return next((row for row, tile in enumerate(self._tiles) if tile.key == key), -1)

    def tile(self, key: str) -> Tile | None:
        """The tile of a key."""
        row = self.row(key)
        return self._tiles[row] if row >= 0 else None

    def add(self, tile: Tile) -> None:
        """Put a tile on top."""
        self.beginInsertRows(QModelIndex(), 0, 0)
        self._tiles.insert(0, tile)
        self.endInsertRows()

    def change(self, key: str, /, **changes: object) -> None:
        """Change a tile where it is; its key may change too."""
        row = self.row(key)
        if row >= 0:
            self._tiles[row] = replace(self._tiles[row], **changes)  # type: ignore[arg-type]
            self.dataChanged.emit(self.index(row), self.index(row))

    def remove(self, key: str) -> None:
        """Take a tile out."""
        row = self.row(key)
        if row >= 0:
            self.changing = True
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._tiles[row]
            self.endRemoveRows()
            self.changing = False

    def clear(self) -> None:
        """Take all tiles out."""
        self.beginResetModel()
        self._tiles.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """As many rows as tiles."""
        return 0 if parent.isValid() else len(self._tiles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The tile, or its words."""
        if not 0 <= index.row() < len(self._tiles):
            return None
        tile = self._tiles[index.row()]
        if role == TILE:
            return tile
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return f"{tile.title[:120]}, {WORDS[tile.state]}" if tile.title else WORDS[tile.state].capitalize()
        return None


class Strip(QListView):
    """Up and Down go through the pictures; `picked` carries the key of the one to look at."""

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = TileModel()
        self.setModel(self.tiles)
        self.setItemDelegate(TilePainter(self))
        self.setAccessibleName("Results")
        self.setAccessibleDescription("The pictures of this sitting, the newest first.")
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self._fit()
        self.selectionModel().currentChanged.connect(self._moved)
        for signal in (self.tiles.rowsInserted, self.tiles.rowsRemoved, self.tiles.modelReset):
            signal.connect(lambda *_args: self._show_or_hide())
        self._show_or_hide()

    def show_key(self, key: str) -> None:
        """Mark a tile as the one on the canvas, without saying `picked`."""
        row = self.tiles.row(key)
        model = self.selectionModel()
        model.blockSignals(True)
        self.setCurrentIndex(self.tiles.index(row) if row >= 0 else QModelIndex())
        model.blockSignals(False)
        self.viewport().update()

    def _moved(self, new: QModelIndex, _old: QModelIndex) -> None:
        tile = new.data(TILE)
        # A tile that is taken out leaves another one current; nobody asked to look at that.
        if isinstance(tile, Tile) and not self.tiles.changing:
            self.picked.emit(tile.key)

    def changeEvent(self, event: QEvent) -> None:
        """The tiles grow with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(theme.tokens().px(SIDE) + theme.S + 10)

    def _show_or_hide(self) -> None:
        # A single picture is on the canvas already.
        self.setVisible(self.tiles.rowCount() > 1)

    def event(self, event: QEvent) -> bool:
        """Up and Down are for the strip while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if plain and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                event.accept()
                return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        """As narrow as a tile."""
        return QSize(self.width(), 200)


class TilePainter(QStyledItemDelegate):
    """Paints a tile: the picture, or what stands for it until there is one."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """A square."""
        side = theme.tokens().px(SIDE)
        return QSize(side, side)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one tile."""
        tile = index.data(TILE)
        if not isinstance(tile, Tile):
            return
        tokens = theme.tokens()
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        place = QRect(QPoint(), QSize(option.rect.height() - 8, option.rect.height() - 8))
        place.moveCenter(option.rect.center())
        path = QPainterPath()
        path.addRoundedRect(QRectF(place), 6, 6)
        painter.fillPath(path, tokens.color("field"))
        if tile.image is not None:
            painter.setClipPath(path)
            _fill(painter, tile.image, place)
            painter.setClipping(False)
        self._state(painter, place, tile)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(tokens.color("accent"), 2))
            painter.drawRoundedRect(QRectF(place).adjusted(-2, -2, 2, 2), 8, 8)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(tokens.color("muted"), 1))
            painter.drawRoundedRect(QRectF(place).adjusted(-1, -1, 1, 1), 7, 7)
        painter.restore()

    def _state(self, painter: QPainter, place: QRect, tile: Tile) -> None:
        tokens = theme.tokens()
        if tile.state == "running":
            track = QRectF(place.left() + 6, place.bottom() - 8, place.width() - 12, 3)
            painter.fillRect(track, tokens.color("track"))
            track.setWidth(track.width() * max(0.0, min(1.0, tile.fraction)))
            painter.fillRect(track, tokens.color("accent"))
            return
        names = {"waiting": ("hourglass-medium", "muted"), "failed": ("warning", "danger"), "partial": ("stop", "text")}
        sign = names.get(tile.state)
        if sign is None:
            return
        spot = QRect(QPoint(), QSize(22, 22))
        if tile.image is None:
            spot.moveCenter(place.center())
        else:
            spot.moveBottomRight(place.bottomRight() - QPoint(3, 3))
            disc = QPainterPath()
            disc.addEllipse(QRectF(spot))
            painter.fillPath(disc, tokens.color("surface"))
            spot.adjust(4, 4, -4, -4)
        icon(*sign).paint(painter, spot)


def _fill(painter: QPainter, image: QImage, place: QRect) -> None:
    size = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
    target = QRect(QPoint(), size)
    target.moveCenter(place.center())
    painter.drawImage(target, image)


def small(image: QImage) -> QImage:
    """A picture at the size of the strip."""
    size = QSize(PICTURE, PICTURE)
    mode, smooth = Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    return image.scaled(size, mode, smooth)
