"""The commands of the image panel: for the palette and its keys, and for the menu of the canvas."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from studio.widgets.icons import icon

if TYPE_CHECKING:
    from .panel import ImagePanel


def add_commands(panel: ImagePanel) -> None:
    """Put what the panel can do into the palette, with its keys."""
    canvas, tools, add = panel.stage.canvas, panel.stage.tools, panel.host.add_command
    add("fit", "Show the whole picture", canvas.fit, shortcut="Ctrl+0", icon="corners-out")
    add("actual", "Show every pixel once", canvas.actual_size, shortcut="Ctrl+1", icon="number-square-one")
    add("move", "Move the picture", lambda: tools.set_moving(not tools.moving()), shortcut="V", icon="hand")
    mask = panel.masking
    add("mask", "Repaint: paint over what shall be made anew", panel.masking.toggle, shortcut="M", icon="paint-brush")
    add("brush", "Brush", lambda: mask.layer.set_erasing(False), shortcut="B", icon="paint-brush")
    add("eraser", "Eraser", lambda: mask.layer.set_erasing(True), shortcut="E", icon="eraser")
    add("smaller", "Smaller brush", lambda: mask.layer.set_brush(mask.layer.brush / 1.2), shortcut="[", icon="minus")
    add("larger", "Larger brush", lambda: mask.layer.set_brush(mask.layer.brush * 1.2 + 1), shortcut="]", icon="plus")
    add("compare", "Compare two pictures", panel.comparison.toggle, shortcut="C", icon="square-half")
    add("paste", "Paste as start picture", panel.paste, shortcut="Ctrl+V", icon="clipboard")
    add("start", "Start from the picture on the canvas", panel.start_from_canvas, icon="image-square")
    add("no-start", "Remove the start picture", lambda: panel.set_start(None), icon="x")
    add("swap", "Swap width and height", panel.settings_pane.size_fields.swap, icon="swap")
    add("dice", "New seed", panel.settings_pane.seed.roll, icon="dice-five")


def fill_menu(panel: ImagePanel, menu: QMenu) -> None:
    """What a right click on the canvas offers."""
    if not panel.stage.canvas.view.is_empty():
        menu.addAction(icon("copy"), "Copy picture", panel.copy)
    if panel.artifact_id():
        menu.addAction(icon("export"), "Export…", lambda: panel.host.export(panel.artifact_id()))
        menu.addAction(icon("image-square"), "Start from this picture", panel.start_from_canvas)
        for name, title in panel.host.takers(panel.artifact_id()):
            send = partial(panel.host.send, panel.artifact_id(), name)
            menu.addAction(icon("paper-plane-tilt"), f"Send to {title}", send)
        menu.addAction(icon("paint-brush"), "Repaint a part\tM", panel.masking.toggle)
        if panel.stage.strip.tiles.rowCount() > 1:
            menu.addAction(icon("square-half"), "Compare\tC", panel.comparison.toggle)
    menu.addAction(icon("clipboard"), "Paste as start picture", panel.paste)
