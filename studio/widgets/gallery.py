"""All widgets on one window, to be looked at: python -m studio.widgets.gallery [--theme light] [--scale 2.0]"""

from __future__ import annotations

import argparse
import math
import random
import sys
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QMenu,
    QProgressBar,
    QRadioButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.core import media
from studio.core.errors import Problem
from studio.core.params import param
from studio.core.steps import Preview, Step
from studio.widgets import theme
from studio.widgets.canvas import Canvas
from studio.widgets.controls import Button, Card, Fold, IconButton, Section, rule
from studio.widgets.empty import EmptyState
from studio.widgets.errors import ErrorCard
from studio.widgets.form import ParamForm
from studio.widgets.prompt_bar import PromptBar
from studio.widgets.ribbon import Ribbon
from studio.widgets.text import ElidedLabel, Label


@dataclass(frozen=True)
class Sample:
    """Params with every kind of field."""

    style: str = param("none", label="Style", choices=[("none", "None"), ("ink", "Ink drawing"), ("oil", "Oil")])
    steps: int = param(20, label="Steps", minimum=1, maximum=150, slider=(1, 60), help="More steps, more detail.")
    guidance: float = param(4.5, label="Guidance", minimum=0, maximum=30, slider=(0, 12), step=0.1, decimals=1)
    width: int = param(256, label="Width", minimum=64, maximum=2048, multiple=8, unit="px", role="width")
    height: int = param(256, label="Height", minimum=64, maximum=2048, multiple=8, unit="px", role="height")
    seed: int = param(184_467_440, label="Seed", minimum=0, maximum=2**32 - 1, role="seed")
    tiling: bool = param(True, label="Seamless edges", help="The picture can be repeated like a tile.")
    negative: str = param("", label="Negative prompt", role="negative prompt", level="advanced")
    scheduler: str = param("ddim", label="Scheduler", choices=[("ddim", "DDIM"), ("euler", "Euler")], level="advanced")
    folder: str = param("", label="Keep a copy in", role="folder", level="advanced")


def preview(size: int, noise: float) -> Preview:
    """A small landscape under `noise` 0 … 1, made by arithmetic: a stand-in for what a model would make."""
    dust = random.Random(7)
    data = bytearray()
    for y in range(size):
        for x in range(size):
            sun = math.exp(-((x / size - 0.6) ** 2 + (y / size - 0.4) ** 2) * 60)
            ground = y / size > 0.62 + 0.08 * math.sin(x / size * 9)
            color = (96, 112, 70) if ground else (140 + 90 * sun, 118 + 80 * sun, 140 - 30 * sun)
            data.extend(int(part * (1 - noise) + dust.randrange(255) * noise) for part in color)
    return Preview(media.RGB, bytes(data), size, size)


def build() -> QWidget:
    """The whole window."""
    window = QWidget()
    window.setWindowTitle("Gallery")
    window.setProperty("surface", "window")
    window.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    row = QHBoxLayout(window)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    row.addWidget(_controls())
    row.addWidget(rule(vertical=True))
    row.addLayout(_middle(), 1)
    row.addWidget(rule(vertical=True))
    row.addWidget(_inspector())
    return window


def _side(width: int) -> tuple[QScrollArea, QVBoxLayout]:
    inside = QWidget()
    column = QVBoxLayout(inside)
    column.setContentsMargins(theme.px(theme.L), theme.px(theme.L), theme.px(theme.L), theme.px(theme.L))
    column.setSpacing(theme.px(theme.M))
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setWidget(inside)
    area.setFixedWidth(theme.px(width))
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setProperty("surface", "surface")
    return area, column


def _controls() -> QWidget:
    area, column = _side(270)
    column.addWidget(Label("A title", "title"))
    column.addWidget(Label("Body text that must be read, and then some more of it.", wrap=True))
    column.addWidget(Label("A label", "label"))
    column.addWidget(Label("A hint", "hint"))
    column.addWidget(ElidedLabel("One line that is too long for the room there is, so that it ends in an ellipsis"))
    for kind in ("primary", "", "danger", "quiet"):
        column.addWidget(Button(kind.capitalize() or "Plain", kind, icon="sparkle"))
    off = Button("Disabled", "primary", icon="sparkle")
    off.setEnabled(False)
    column.addWidget(off)
    icons = QHBoxLayout()
    for name in ("paint-brush", "eraser", "hand", "selection", "magic-wand"):
        icons.addWidget(IconButton(name, name))
    column.addLayout(icons)
    for text, on in (("On", True), ("Off", False)):
        box = QCheckBox(text)
        box.setChecked(on)
        column.addWidget(box)
    radio = QRadioButton("One of several")
    radio.setChecked(True)
    column.addWidget(radio)
    line = QLineEdit()
    line.setPlaceholderText("Search library")
    column.addWidget(line)
    bar = QProgressBar()
    bar.setValue(60)
    column.addWidget(bar)
    tabs = QTabWidget()
    rows = QListWidget()
    rows.addItems(["Castle on a hill", "Lighthouse in fog", "Red door"])
    rows.setCurrentRow(1)
    tabs.addTab(rows, "Pictures")
    tabs.addTab(QWidget(), "Words")
    tabs.setMinimumHeight(theme.px(150))
    column.addWidget(tabs)
    column.addWidget(Fold("Samplers", "min-p, DRY"))
    section = Section("What the model sees", opened=True)
    section.body.addWidget(Label("412 of 2,048 tokens", "muted"))
    column.addWidget(section)
    column.addStretch(1)
    return area


def _middle() -> QVBoxLayout:
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    canvas = Canvas(title="No picture yet", text="Describe one below and press Generate.")
    canvas.set_target(512, 512)
    canvas.set_preview(preview(64, 0.35))
    column.addWidget(canvas, 1)
    around = QVBoxLayout()
    around.setContentsMargins(theme.px(theme.XL), theme.px(theme.S), theme.px(theme.XL), theme.px(theme.M))
    around.setSpacing(theme.px(theme.M))
    problem = Problem(
        "The picture did not fit into memory.",
        "Make it smaller, or close other programs, then press Generate again.",
        "RuntimeError: out of memory\n  at step 12 of 20",
    )
    around.addWidget(ErrorCard(problem, action="Try 256 × 256"))
    bar = PromptBar()
    bar.prompt.setText("watercolour painting of a castle on a hill at sunset, wild flowers, warm light")
    around.addWidget(bar)
    column.addLayout(around)
    column.addWidget(rule())
    column.addWidget(_pictures())
    column.addWidget(rule())
    column.addWidget(_words())
    return column


def _pictures() -> Ribbon:
    ribbon = Ribbon()
    ribbon.set_can_branch(True)
    ribbon.begin(20)
    for index in range(14):
        ribbon.add(Step(index, 20, preview(32, 1 - index / 16), has_state=True))
    return ribbon


def _words() -> Ribbon:
    ribbon = Ribbon()
    ribbon.begin(0, "token")
    text = ""
    words = "a chain moved against glass, slow as breathing, as if the lamp had turned"
    for index, word in enumerate(words.split()):
        text = f"{text} {word}".strip()
        ribbon.add(Step(index, 0, Preview(media.TEXT, text.encode())))
    ribbon.select(6)
    return ribbon


def _inspector() -> QWidget:
    area, column = _side(300)
    form = ParamForm(Sample)
    form.set_advanced_open(True)
    form.set_values({"steps": 30})
    form.set_problem("height", "Height is 9000. It can be from 64 to 2048.")
    column.addWidget(form)
    card = Card()
    inside = QVBoxLayout(card)
    inside.addWidget(EmptyState("No models yet", "Put a folder with weights here.", "Open folder", icon="cube"))
    column.addWidget(card)
    column.addStretch(1)
    return area


def menu(parent: QWidget) -> QMenu:
    """A menu with everything a menu can have."""
    made = QMenu(parent)
    made.addAction("Copy").setShortcut("Ctrl+C")
    made.addAction("Export…").setShortcut("Ctrl+E")
    made.addSeparator()
    checked = made.addAction("Show grid")
    checked.setCheckable(True)
    checked.setChecked(True)
    made.addAction("Delete").setEnabled(False)
    made.addMenu("Send to").addAction("Image")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Show the gallery, or write a picture of it with --shot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theme", choices=("dark", "light", "system"), default="dark")
    parser.add_argument("--scale", type=float, default=1.0, help="text size, 1 to 3")
    parser.add_argument("--size", default="1600x1000")
    parser.add_argument("--shot", help="write a picture here and leave")
    chosen = parser.parse_args(arguments)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.apply(app, chosen.theme, base=round(theme.BASE * chosen.scale))
    window = build()
    window.resize(*(int(side) for side in chosen.size.split("x")))
    window.show()
    if not chosen.shot:
        return app.exec()
    for _ in range(3):
        app.processEvents()
    picked = window.grab().toImage()
    shown = menu(window)
    shown.popup(window.mapToGlobal(window.rect().center()))
    app.processEvents()
    painter = QPainter(picked)
    painter.drawImage(window.width() // 2, theme.px(40), shown.grab().toImage())
    painter.end()
    shown.close()
    window.close()
    return 0 if picked.save(chosen.shot) else 1


if __name__ == "__main__":
    sys.exit(main())
