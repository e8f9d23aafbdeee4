"""Using a model from anywhere in the window: chosen in the panel that can work with it."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.model import Model
from studio.engine import PluginHost

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


def panel_for(model: Model, plugins: PluginHost) -> tuple[str, str]:
    """(full id, title) of the first panel of the rail that can work with a model or lay it over one; two empty texts
    where none can.
    """
    if model.problem:
        return "", ""
    generators = plugins.generators()
    for name, offer in sorted(plugins.panels().items(), key=lambda item: (item[1].spec.order, item[0])):
        for generator in offer.spec.generators:
            found = generators.get(f"{offer.plugin.id}.{generator}")
            patterns = () if found is None else (*found.spec.models, *found.spec.adds)
            if any(fnmatchcase(model.family, pattern) for pattern in patterns):
                return name, offer.spec.title
    return "", ""


def use_model(window: MainWindow, model: Model) -> bool:
    """Choose a model in the panel in front where that can, else in the first that can, which comes to front."""
    if _choose(window, model.id):
        return True
    panel, _ = panel_for(model, window.services.plugins)
    if not panel:
        return False
    window.show_place(panel)
    return _choose(window, model.id)


def are_models(paths: Sequence[Path]) -> bool:
    """True where everything that was dropped looks like weights: files of them, or folders that say what they are."""
    return bool(paths) and all(
        path.suffix.lower() in (".safetensors", ".ckpt") or (path / "model_index.json").is_file() for path in paths
    )


def add_models(window: MainWindow, paths: Sequence[Path]) -> None:
    """Show the Models page and ask there what to do with them."""
    window.show_place("models")
    add = getattr(window.stack.currentWidget(), "add_from", None)
    if add is not None:
        add(paths)


def _choose(window: MainWindow, model_id: str) -> bool:
    slot = window.front_slot()
    panel = slot.panel if slot is not None else None
    return slot is not None and panel is not None and window.panels.ask(slot, lambda: panel.use_model(model_id), False)
