"""The pages of the shell: what stands on the rail below the panels, and how each is made when it is first shown."""

from __future__ import annotations

import logging
import traceback
from importlib import import_module

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.errors import Problem
from studio.ui.rail import Place
from studio.ui.shell import Shell
from studio.widgets import theme
from studio.widgets.errors import ErrorCard

_LOG = logging.getLogger(__name__)
PAGES = (
    Place("library", "Library", "squares-four", page=True),
    Place("queue", "Queue", "queue", page=True),
    Place("models", "Models", "cube", page=True),
    Place("plugins", "Plugins", "puzzle-piece", page=True),
    Place("settings", "Settings", "gear-six", page=True),
)


def make_page(name: str, shell: Shell) -> QWidget:
    """The page called `name`. One that fails says so in its own place and leaves the rest of the window alone."""
    try:
        module = import_module(f"studio.ui.pages.{name}")
        page: QWidget = getattr(module, f"{name.capitalize()}Page")(shell)
    except Exception as error:  # noqa: BLE001 - a broken page must not take the window with it
        _LOG.info("page %s failed", name, exc_info=error)
        problem = Problem.of(error, who=f"The {name} page", details=traceback.format_exc())
        page = _broken(problem)
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return page


def _broken(problem: Problem) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.XL)
    column.addWidget(ErrorCard(problem))
    column.addStretch(1)
    return page
