"""What the library says about the chosen artifacts, and all that can be done with them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from studio.core.artifact import Artifact
from studio.core.media import kind
from studio.engine import PluginHost
from studio.ui.pages import wording
from studio.ui.pages.facts import Facts, words
from studio.widgets import theme
from studio.widgets.controls import Button, IconButton
from studio.widgets.text import Label, shorten

WIDTH = 300
NOTHING = "Choose something to see how it was made."


class LibraryDetails(QFrame):
    """The pane at the right. It shows one artifact whole, or how many are chosen; signals say what is wanted. It keeps
    its room while nothing is chosen: thumbnails that move away under the first click are hard to click twice.
    """

    recipe_wanted = Signal()
    start_wanted = Signal()
    send_wanted = Signal(str)
    export_wanted = Signal()
    copy_wanted = Signal()
    prompt_copied = Signal(str)
    folder_wanted = Signal()
    star_wanted = Signal()
    delete_wanted = Signal()

    def __init__(self, plugins: PluginHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plugins = plugins
        self._prompt = ""
        self.setProperty("surface", "surface")
        self._fit()
        self.setAccessibleName("Details")
        body = QWidget()
        self._body = QVBoxLayout(body)
        self._body.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        self._body.setSpacing(theme.S)
        self._build()
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        nothing = Label(NOTHING, "muted", wrap=True)
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        nothing.setMargin(theme.XL)
        self._pages = QStackedLayout(self)
        self._pages.setContentsMargins(0, 0, 0, 0)
        self._pages.addWidget(nothing)
        self._pages.addWidget(scroll)

    def _build(self) -> None:
        self.title = words("heading")
        self.when = words("label")
        self._body.addWidget(self.title)
        self._body.addWidget(self.when)
        self._body.addLayout(self._tools())
        self.recipe = self._action(
            "Use this recipe",
            "arrow-counter-clockwise",
            self.recipe_wanted,
            kind="primary",
            help="Bring back prompt, model, settings and seed.",
        )
        self.start = self._action(
            "Use as start picture", "image-square", self.start_wanted, help="Make a new picture that starts from it."
        )
        self.send = Button("Send to …", icon="paper-plane-tilt", help="Go on with it in another panel.")
        self.send.setMenu(QMenu(self.send))
        self._body.addWidget(self.send)
        self._prompt_label, self.prompt, self._copy_prompt = self._text_block("Prompt", copy=True)
        self._negative_label, self.negative, _ = self._text_block("Negative prompt")
        self._rows = Facts()
        self._body.addSpacing(theme.S)
        self._body.addLayout(self._rows)
        self._body.addStretch(1)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.XS)
        self.star = self._tool("Star", "star", self.star_wanted, keys="Space")
        self.star.setCheckable(True)
        self.copy = self._tool("Copy", "copy", self.copy_wanted, keys="Ctrl+C")
        self.folder = self._tool("Show in folder", "folder-open", self.folder_wanted)
        self.export = self._tool("Export…", "export", self.export_wanted, keys="Ctrl+E")
        self.delete = self._tool("Delete", "trash", self.delete_wanted, keys="Del")
        for button in (self.star, self.copy, self.folder, self.export):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.delete)
        return row

    def _tool(self, name: str, sign: str, signal: SignalInstance, *, keys: str = "") -> IconButton:
        button = IconButton(sign, name, help=f"{name}  {keys}".strip(), role="text")
        button.clicked.connect(lambda _checked=False: signal.emit())
        return button

    def _action(self, name: str, sign: str, signal: SignalInstance, *, kind: str = "", help: str = "") -> Button:
        button = Button(name, kind, icon=sign, help=help)
        button.clicked.connect(lambda _checked=False: signal.emit())
        self._body.addWidget(button)
        return button

    def _text_block(self, name: str, *, copy: bool = False) -> tuple[QWidget, QLabel, IconButton]:
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, theme.S, 0, 0)
        label = words("label")
        label.setText(name)
        row.addWidget(label, 1)
        button = IconButton("copy", f"Copy {name.lower()}", kind="tiny", size=16)
        button.clicked.connect(lambda _checked=False: self.prompt_copied.emit(self._prompt))
        row.addWidget(button)
        button.setVisible(copy)
        text = words("", selectable=True)
        text.setAccessibleName(f"{name} of the result")
        self._body.addWidget(head)
        self._body.addWidget(text)
        return head, text, button

    def changeEvent(self, event: QEvent) -> None:
        """The pane grows with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(theme.tokens().px(WIDTH))

    def show_artifacts(self, chosen: Sequence[Artifact], panels: Sequence[tuple[str, str]]) -> None:
        """Show what is chosen; `panels` are the (id, title) that would take all of it."""
        one = chosen[0] if len(chosen) == 1 else None
        self._pages.setCurrentIndex(1 if chosen else 0)
        if not chosen:
            return
        picture = one is not None and kind(one.media) == "image" and bool(panels)
        self.start.setVisible(picture)
        # The first panel is what "Use as start picture" means.
        others = panels[1:] if picture else panels
        self._fill_menu(others)
        self.send.setVisible(bool(others))
        self.recipe.setVisible(one is not None and one.recipe is not None)
        self.copy.setEnabled(one is not None)
        self.folder.setEnabled(one is not None)
        starred = all(artifact.starred for artifact in chosen)
        self.star.setChecked(starred)
        self.star.set_icon("star-fill" if starred else "star", "warning" if starred else "text")
        if one is not None:
            self._show_one(one)
        else:
            self.title.setText(f"{len(chosen):,} chosen")
            self.when.setText("")
            self._set_texts("", "")
            self._rows.show_rows([])

    def _show_one(self, artifact: Artifact) -> None:
        recipe = artifact.recipe
        prompt = "" if recipe is None else wording.prompt_of(recipe.request, self._plugins)
        same = " ".join(prompt.split()).startswith(artifact.title.rstrip("…"))
        self.title.setText(wording.KINDS.get(kind(artifact.media), "Result") if same else wording.title_of(artifact))
        self.when.setText(wording.date_text(artifact.created) + (" · Partial" if artifact.partial else ""))
        rows: list[tuple[str, str]] = []
        if artifact.partial:
            rows.append(("State", "Partial: it was cancelled"))
        rows.append(("Kind", wording.format_of(artifact.media)))
        size = wording.size_text(artifact.facts, recipe.request.params if recipe else None)
        if size:
            rows.append(("Size", size))
        if recipe is None:
            self._set_texts("", "")
            self._rows.show_rows([*rows, ("Origin", "Brought in from a file")])
            return
        request = recipe.request
        self._set_texts(prompt, wording.prompt_of(request, self._plugins, "negative prompt"))
        if request.model is not None:
            rows.append(("Model", shorten(request.model.name or request.model.id, 120)))
        if request.added:
            rows.append(("LoRAs", shorten(wording.added_text(request), 200)))
        rows.append(("Seed", wording.seed_text(request.seed)))
        rows += wording.param_rows(request, self._plugins)
        if request.resume is not None:
            rows.append(("Branched", f"from step {request.resume.index + 1}"))
        self._rows.show_rows(rows)

    def _fill_menu(self, panels: Sequence[tuple[str, str]]) -> None:
        menu = self.send.menu()
        menu.clear()
        for panel, title in panels:
            menu.addAction(title, partial(self.send_wanted.emit, panel))
        self.send.setText("Send to …" if len(panels) != 1 else f"Send to {panels[0][1]}")

    def _set_texts(self, prompt: str, negative: str) -> None:
        self._prompt = prompt
        self.prompt.setText(prompt)
        self.negative.setText(negative)
        for part in (self._prompt_label, self.prompt):
            part.setVisible(bool(prompt))
        for part in (self._negative_label, self.negative):
            part.setVisible(bool(negative))
