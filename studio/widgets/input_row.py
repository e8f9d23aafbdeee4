"""One line of an inspector for a file that a generator can start from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.api import Artifact
from studio.widgets import theme
from studio.widgets.controls import IconButton
from studio.widgets.text import ElidedLabel, Label


class InputRow(QWidget):
    """A file the generator can start from: its name, or how to bring one."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.artifact: Artifact | None = None
        self._title = name.replace("_", " ").capitalize()
        self._label = Label(self._title, "label")
        self._file = ElidedLabel("", "label")
        self._file.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._remove = IconButton("x", f"Remove {self._title}", kind="tiny", size=14)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(theme.S))
        row.addWidget(self._label)
        row.addWidget(self._file, 1)
        row.addWidget(self._remove)
        self._remove.clicked.connect(lambda: self.set_artifact(None))
        self.set_artifact(None)

    def set_artifact(self, artifact: Artifact | None) -> None:
        """Use this one, or none."""
        self.artifact = artifact
        name = "" if artifact is None else artifact.title or artifact.path.name
        self._file.setText(name or "drop a file on the view")
        self._remove.setVisible(artifact is not None)
        self.setAccessibleName(self._title)
        self.setAccessibleDescription(name or "none")
