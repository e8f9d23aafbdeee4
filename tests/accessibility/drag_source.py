"""A small window with one file in it, to be dragged onto another program's, as from a file manager.

    python tests/accessibility/drag_source.py FILE

Says on its standard output what became of the drag: "copy", "move", "link" or "ignored".
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel

SIDE = 72
_FAR = 6
_STAYS = 3000
"""Milliseconds: the other program asks for the file only after the button was let go."""
_WORDS = {
    Qt.DropAction.CopyAction: "copy",
    Qt.DropAction.MoveAction: "move",
    Qt.DropAction.LinkAction: "link",
    Qt.DropAction.IgnoreAction: "ignored",
}


class Source(QLabel):
    """Lies above everything in the corner of the screen."""

    def __init__(self, file: Path) -> None:
        super().__init__("File")
        self._file = file
        self._from: QPoint | None = None
        self.setAccessibleName("File to drag")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWindowFlags(
            Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.BypassWindowManagerHint
        )
        self.setGeometry(0, 0, SIDE, SIDE)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where."""
        self._from = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the file once the pointer has gone some way."""
        if self._from is None or (event.position().toPoint() - self._from).manhattanLength() < _FAR:
            return
        self._from = None
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(self._file))])
        drag = QDrag(self)
        drag.setMimeData(data)
        done = drag.exec(Qt.DropAction.CopyAction)
        sys.stdout.write(f"{_WORDS.get(done, done)}\n")
        sys.stdout.flush()
        QTimer.singleShot(_STAYS, QApplication.quit)


def main() -> int:
    """Show the file until it was dragged somewhere."""
    app = QApplication(sys.argv)
    source = Source(Path(sys.argv[1]))
    source.show()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
