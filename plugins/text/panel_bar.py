"""The small bar over a selection."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.widgets import theme
from studio.widgets.controls import Button, Card

SELECTION = (
    ("rewrite", "Rewrite", "arrows-clockwise", "Say the same in other words"),
    ("expand", "Expand", "arrows-out-line-horizontal", "Say it at more length"),
    ("shorten", "Shorten", "arrows-in-line-horizontal", "Say it in fewer words"),
    ("tone", "Tone…", "smiley", "Say it in another tone"),
    ("repaint", "Repaint…", "push-pin", "Pin the words that must stay, and write the rest anew"),
    ("prompt", "To Image", "image", "Make an image prompt of it and send it to the Image panel"),
)
PINS = (
    ("pins-go", "Repaint", "push-pin", "Write everything anew but the pinned words  Enter"),
    ("pins-stop", "Cancel", "x", "Leave it as it is  Esc"),
)


class SelectionBar(Card):
    """`wanted(what)` is a press on one of its buttons."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("plain", parent)
        self.setAccessibleName("What to do with the selection")
        self.buttons: dict[str, Button] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(4), theme.px(3), theme.px(4), theme.px(3))
        row.setSpacing(0)
        for name, title, sign, help in (*SELECTION, *PINS):
            button = Button(title, "quiet", icon=sign, help=help)
            button.clicked.connect(lambda _on=False, name=name: self.wanted.emit(name))
            self.buttons[name] = button
            row.addWidget(button)
        self.hide()

    def show_for(self, what: str, room: int) -> None:
        """Show the buttons of a "selection" or of "pins"; with signs alone where words need more than `room` pixels."""
        pins = [name for name, *_ in PINS]
        titles = {name: title for name, title, *_ in (*SELECTION, *PINS)}
        for name, button in self.buttons.items():
            button.setVisible((name in pins) == (what == "pins"))
            button.setText(titles[name])
        if self.sizeHint().width() > room:
            for button in self.buttons.values():
                button.setText("")
        self.show()
        self.adjustSize()
