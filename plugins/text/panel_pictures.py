"""Pictures that stand in the manuscript: a line of Markdown with the picture below it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap, QTextBlock
from PySide6.QtWidgets import QFileDialog

from studio.api import Artifact
from studio.widgets import theme
from studio.widgets.feeder import Feeder
from studio.widgets.fields import FILES
from studio.widgets.pictures import load_image

from .editor_layout import PICTURE
from .editor_markdown import PICTURE_LINE

if TYPE_CHECKING:
    from .panel import TextPanel

_ID = re.compile(r"([0-9a-f]{64})\.\w+$")
TALLEST = 380
"""Pixels that a picture may take of the page's height."""
KEPT = 60


class Pictures:
    """Loads pictures off the window's thread when they come into sight."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        self._known: dict[tuple[str, int], QPixmap | None] = {}
        self._feeder = Feeder(threads=1).serve(panel)
        self._feeder.ready.connect(self._arrived)
        self._feeder.failed.connect(lambda _key, _error: None)
        panel.editor.picture_of = self.of_block

    def insert(self, artifact: Artifact) -> None:
        """Put a picture on a line of its own behind the caret's paragraph."""
        editor = self._panel.editor
        block = editor.textCursor().block()
        at = block.position() + block.length() - 1
        before = "\n" if block.text() else ""
        editor.replace(at, at, f"{before}{self.line_of(artifact)}\n", name="picture")

    def line_of(self, artifact: Artifact) -> str:
        """The line of Markdown that shows a picture."""
        title = re.sub(r"[\[\]\n]", " ", artifact.title or "Picture").strip()[:120]
        # From the chapter's file to the project's artifacts: other programs find the picture too.
        return f"![{title}](../../artifacts/{artifact.id[:2]}/{artifact.id}{artifact.path.suffix})"

    def choose(self) -> None:
        """Ask for a picture's file and put it in; those of the library come with "Send to Text"."""
        name, _ = QFileDialog.getOpenFileName(self._panel, "Put in a picture", "", FILES["picture"])
        if name:
            path = Path(name)
            self._panel.host.take_in(path, self.insert, failed=self._panel.show_error, title=path.stem)

    def of_block(self, block: QTextBlock) -> QPixmap | None:
        """The picture below a paragraph, in the size it is drawn, or None."""
        if (max(block.userState(), 0) & 0xFF) != PICTURE:
            return None
        found = PICTURE_LINE.match(block.text())
        name = _ID.search(found.group(2)) if found else None
        if name is None:
            return None
        wide = max(self._panel.editor.viewport().width() - 12, 60)
        key = (name.group(1), wide)
        if key not in self._known:
            artifact = self._panel.host.artifact(name.group(1))
            while len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = None
            if artifact is not None:
                self._feeder.ask(key, lambda path=artifact.path: _load(path, wide, theme.px(TALLEST)))
        return self._known[key]

    def _arrived(self, key: object, image: object) -> None:
        if isinstance(image, QImage) and not image.isNull() and isinstance(key, tuple):
            self._known[key] = QPixmap.fromImage(image)
            editor = self._panel.editor
            editor.document().markContentsDirty(0, editor.document().characterCount() - 1)
            for each in self._panel.page.editors():
                each.viewport().update()


def _load(path: Path, wide: int, tall: int) -> QImage | None:
    image = load_image(path, largest=max(wide, tall) * 2)
    if image is None or image.isNull():
        return None
    if image.width() > wide or image.height() > tall:
        mode = Qt.TransformationMode.SmoothTransformation
        return image.scaled(QSize(wide, tall), Qt.AspectRatioMode.KeepAspectRatio, mode)
    return image
