"""Two small things that pages are made of: a timer that fires once, and a file as clipboard data."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QMimeData, QTimer, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget


def single_shot(owner: QWidget, milliseconds: int, call: Callable[[], None]) -> QTimer:
    """A stopped timer of `owner` that calls `call` once, `milliseconds` after each start."""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(call)
    return timer


def file_data(path: str, image: QImage | None) -> QMimeData:
    """A file for the clipboard, with its picture for programs that take pictures only."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path)])
    if image is not None:
        data.setImageData(image)
    return data
