"""What the Models page says about the chosen model, and all that can be done with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from studio.core.model import Model
from studio.ui.pages.facts import Facts, words
from studio.ui.pages.models_words import kind_of, line_of, rows_of
from studio.ui.progress import in_bytes
from studio.widgets import theme
from studio.widgets.controls import Button, Card, IconButton
from studio.widgets.text import BREAK, Label

WIDTH = 320


class ModelDetails(QFrame):
    """The pane at the right. Signals say what is wanted of the model that it shows."""

    use_wanted = Signal()
    folder_wanted = Signal()
    copy_wanted = Signal()
    remove_wanted = Signal()

    def __init__(self, own: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own = own
        self.model: Model | None = None
        self.setProperty("surface", "surface")
        self.setAccessibleName("Details")
        self.title = words("heading")
        self.line = words("muted")
        self.summary = words("", selectable=True)
        self.problem = Label("", "", wrap=True)
        self.use = Button("Use", "primary", icon="check")
        self.folder = IconButton("folder-open", "Show in folder", role="text")
        self.copy = IconButton("copy", "Copy details", help="Copy details  Ctrl+C", role="text")
        self.remove = IconButton("trash", "Remove", role="text")
        for button, signal in (
            (self.use, self.use_wanted),
            (self.folder, self.folder_wanted),
            (self.copy, self.copy_wanted),
            (self.remove, self.remove_wanted),
        ):
            button.clicked.connect(lambda _checked=False, said=signal: said.emit())
        self.hash = words("", selectable=True)
        self.file = words("", selectable=True)
        self._rows = Facts()
        self._lay_out()
        self.fit()
        self.show_model(None)

    def _lay_out(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        column.setSpacing(theme.S)
        tools = QHBoxLayout()
        tools.setSpacing(theme.XS)
        tools.addWidget(self.use, 1)
        for button in (self.folder, self.copy, self.remove):
            tools.addWidget(button)
        self._card = Card("error")
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(theme.M, theme.M, theme.M, theme.M)
        inside.addWidget(self.problem)
        column.addWidget(self.title)
        column.addWidget(self.line)
        column.addSpacing(theme.XS)
        column.addLayout(tools)
        column.addWidget(self._card)
        column.addWidget(self.summary)
        column.addSpacing(theme.S)
        column.addLayout(self._rows)
        column.addSpacing(theme.S)
        for name, text in (("File", self.file), ("SHA-256", self.hash)):
            column.addWidget(Label(name, "label"))
            column.addWidget(text)
            text.setAccessibleName(name)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def changeEvent(self, event: QEvent) -> None:
        """The pane grows with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.fit()

    def fit(self) -> None:
        """As wide as its words want, and never so wide that the list beside it is cut."""
        around = self.parentWidget()
        most = around.width() * 2 // 5 if around is not None and around.isVisible() else 1 << 14
        self.setFixedWidth(min(theme.tokens().px(WIDTH), most))

    def show_model(self, model: Model | None, *, panel: str = "", own: bool = False, reading: bool = False) -> None:
        """Show a model, or nothing. `panel` can work with it; `own` lies in the models folder and would go to the
        trash; while `reading`, its hash is on its way.
        """
        self.model = model
        self.setVisible(model is not None)
        if model is None:
            return
        self.setAccessibleDescription(f"{model.title}. {line_of(model)}")
        self.title.setText(model.title)
        size = in_bytes(model.size) if model.size else ""
        self.line.setText(" · ".join(part for part in ("" if model.problem else line_of(model), size) if part))
        self.line.setVisible(bool(self.line.text()))
        self.summary.setText(model.summary)
        self.summary.setVisible(bool(model.summary))
        self.problem.setText(f"Not used: {model.problem}")
        self._card.setVisible(bool(model.problem))
        self._show_tools(model, panel, own)
        self._rows.show_rows(rows_of(model, self._own))
        self.file.setText(str(model.path).replace("/", f"/{BREAK}").replace("\\", f"\\{BREAK}"))
        waits = "is read while this page is open …" if reading else "is read when it is first used"
        digits = BREAK.join(model.sha256[at : at + 16] for at in range(0, len(model.sha256), 16))
        self.hash.setText(digits or ("not read" if model.problem else waits))

    def _show_tools(self, model: Model, panel: str, own: bool) -> None:
        over = kind_of(model).id in ("lora", "embedding")
        self.use.setText(f"Add in {panel}" if over else f"Use in {panel}")
        self.use.setAccessibleName(self.use.text())
        # One that no panel takes says so by what it is; the button would only tease.
        self.use.setVisible(bool(panel) and not model.problem)
        self.remove.setVisible(not model.bundled)
        self.remove.rename("Put into the trash…" if own else "Forget", "" if own else "Forget: its files stay")
        self.remove.set_icon("trash" if own else "eye-slash")

    def as_text(self) -> str:
        """All of it, for the clipboard."""
        model = self.model
        if model is None:
            return ""
        rows = [*rows_of(model, self._own), ("File", str(model.path)), ("SHA-256", model.sha256)]
        lines = [model.title, *(f"{name}: {value}" for name, value in rows if value)]
        return "\n".join([*lines, f"Not used: {model.problem}"] if model.problem else lines)
