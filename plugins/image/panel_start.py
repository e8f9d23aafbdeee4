"""The picture to start from: drop it, choose it, paste it, see it, take it away; and how far to go from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon, QImage, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from studio.api import ParamSpec
from studio.widgets import icons, theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.field import Field
from studio.widgets.fields import field_for
from studio.widgets.text import ElidedLabel, Label

SIDE = 56
PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.avif *.tif *.tiff *.bmp *.gif)"


class StartSection(QWidget):
    """Says what is wanted by signals and shows what it is told; what belongs to a start picture is built with the first
    one.
    """

    file_chosen = Signal(object)
    picture_dropped = Signal(QImage)
    canvas_wanted = Signal()
    paste_wanted = Signal()
    result_chosen = Signal(str)
    removed = Signal()
    menu_opens = Signal()
    changed = Signal()

    def __init__(self, specs: Sequence[ParamSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._recent: list[tuple[str, str, QImage | None]] = []
        self._with_canvas = False
        self.choose = Button("Choose…", "quiet", name="Choose a start picture", help="You can also drop one here.")
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.choose.setMenu(self._menu)
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(Label("Start from a picture", "label"), 1)
        head.addWidget(self.choose)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.S)
        self._column.addLayout(head)
        self._specs = {spec.name: spec for spec in specs}
        self._values: dict[str, Any] = {spec.name: spec.default for spec in specs}
        self._card: Card | None = None
        self.fields: dict[str, Field] = {}

    def values(self) -> dict[str, Any]:
        """How to go on from the picture, by the names of the params."""
        return self._values | {name: field.value() for name, field in self.fields.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show and hold these, which fit the params."""
        for name in self._specs:
            self._values[name] = values[name]
            if name in self.fields:
                self.fields[name].set_value(values[name])

    def _build(self) -> Card:
        self._card = Card("field")
        self._thumbnail = QLabel()
        self._thumbnail.setFixedSize(SIDE, SIDE)
        self._thumbnail.setAccessibleName("Start picture")
        self._title = ElidedLabel("")
        self._size = Label("", "hint")
        self.remove = IconButton("x", "Remove the start picture", kind="tiny", size=16)
        self.remove.clicked.connect(self.removed)
        self._card.setLayout(self._card_layout())
        self._column.addWidget(self._card)
        for name, spec in self._specs.items():
            field = self.fields[name] = field_for(spec)
            field.set_value(self._values[name])
            field.changed.connect(lambda _value: self.changed.emit())
            self._column.addWidget(field)
        return self._card

    def _card_layout(self) -> QHBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._size)
        words.addStretch(1)
        row = QHBoxLayout()
        row.setContentsMargins(theme.S, theme.S, theme.S, theme.S)
        row.setSpacing(theme.M)
        row.addWidget(self._thumbnail)
        row.addLayout(words, 1)
        row.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def show_picture(self, picture: QImage | None, title: str, size: str) -> None:
        """Show the start picture, or that there is none."""
        if picture is None and self._card is None:
            return
        for part in (self._card or self._build(), *self.fields.values()):
            part.setVisible(picture is not None)
        if picture is not None:
            if picture.isNull():
                self._thumbnail.setPixmap(icons.icon("image-square", "muted").pixmap(QSize(SIDE // 2, SIDE // 2)))
            else:
                self._thumbnail.setPixmap(rounded(picture, SIDE, self.devicePixelRatioF()))
            self._title.setText(title or "Picture")
            self._size.setText(size)

    def offer(self, recent: Sequence[tuple[str, str, QImage | None]], *, canvas: bool) -> None:
        """What the menu offers besides files: (id, title, thumbnail) of recent pictures, and the canvas."""
        self._recent = list(recent)
        self._with_canvas = canvas

    def _fill_menu(self) -> None:
        self.menu_opens.emit()
        self._menu.clear()
        self._menu.addAction(icons.icon("folder-open"), "From a file…", self.browse)
        now = self._menu.addAction(icons.icon("image"), "The picture on the canvas", self.canvas_wanted.emit)
        now.setEnabled(self._with_canvas)
        self._menu.addAction(icons.icon("clipboard"), "From the clipboard", self.paste_wanted.emit)
        if self._recent:
            self._menu.addSeparator()
            for name, title, image in self._recent:
                sign = QIcon(QPixmap.fromImage(image)) if image is not None else icons.icon("image-square")
                self._menu.addAction(sign, title, lambda chosen=name: self.result_chosen.emit(chosen))

    def browse(self) -> None:
        """Ask for a file in the dialog of the desktop."""
        picked, _ = QFileDialog.getOpenFileName(self, "Start from a picture", "", PICTURES)
        if picked:
            self.file_chosen.emit(Path(picked))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pictures may be dropped here."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the first picture."""
        data = event.mimeData()
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.file_chosen.emit(files[0])
        elif data.hasImage():
            event.acceptProposedAction()
            self.picture_dropped.emit(QImage(data.imageData()))


def rounded(picture: QImage, side: int, ratio: float) -> QPixmap:
    """A square thumbnail with soft corners, `side` logical pixels; the middle of the picture fills it."""
    edge = max(1, round(side * ratio))
    filled = picture.scaled(
        QSize(edge, edge),
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    made = QPixmap(edge, edge)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(0, 0, edge, edge, 6 * ratio, 6 * ratio)
    painter.setClipPath(path)
    painter.drawImage((edge - filled.width()) // 2, (edge - filled.height()) // 2, filled)
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
