"""What the palette can find: commands, places, models and recent projects."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from studio.ui.palette import Entry
from studio.ui.using import use_model

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow
    from studio.ui.panels import Slot

_KINDS = {"Places": "Go to", "Projects": "Project"}
_NOT_LISTED = {"view.palette", "view.next", "view.previous"}


def entries(window: MainWindow) -> list[Entry]:
    """Everything that can be found now; what is not possible now is listed last and grey."""
    commands = window.commands
    found = [
        Entry(
            command.id,
            command.title,
            _KINDS.get(command.group, command.group),
            partial(commands.run, command.id),
            command.icon,
            command.keys,
            command.words,
            command.enabled(),
        )
        for command in commands.all()
        if command.id not in _NOT_LISTED
    ]
    found += [
        Entry(
            f"model.{model.id}",
            model.title,
            "Model",
            partial(_use_model, window, model.id),
            "cube",
            words=f"{model.family} {model.licence}",
        )
        for model in window.services.models.models()
    ]
    found += _sending(window)
    order = {"Work": 0, "Go to": 1}
    return sorted(found, key=lambda entry: order.get(entry.kind, 2))


def _sending(window: MainWindow) -> list[Entry]:
    """ "Send to" each panel that takes what the one in front would export."""
    slot = window.front_slot()
    media = window.panels.ask(slot, slot.panel.export_media, "") if slot is not None else ""
    if slot is None or not media:
        return []
    return [
        Entry(f"send.{panel}", f"Send to {title}", "Work", partial(_send, window, slot, panel), "paper-plane-tilt")
        for panel, title in window.panels.accepting(media)
        if panel != window.front
    ]


def _send(window: MainWindow, slot: Slot, panel: str) -> None:
    """What the panel shows, as it is now."""
    name = window.panels.ask(slot, slot.panel.export_id, "")
    artifact = window.services.project.artifacts.get(name) if name else None
    if artifact is not None:
        window.send_to(artifact, panel)


def _use_model(window: MainWindow, model_id: str) -> None:
    """Choose the model in a panel that can work with it, else show it among the models, with what is wrong."""
    model = window.services.models.get(model_id)
    if model is not None and use_model(window, model):
        return
    window.show_place("models")
    show = getattr(window.stack.currentWidget(), "show_model", None)
    if show is not None:
        show(model_id)
