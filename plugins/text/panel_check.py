"""“Check this text”: does it bear the watermark of a model here? The answer is put as carefully as it is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from studio.api import Cancelled, Event, Failed, Finished, Request, StudioError

if TYPE_CHECKING:
    from .panel import TextPanel

MOST = 200_000
"""Characters that are checked; a mark shows in far fewer."""


class Check:
    """Asks for checks of one panel's text and says what came out."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel
        self._jobs: set[str] = set()

    def ask(self) -> None:
        """Check the selection, or the whole text."""
        panel = self._panel
        model = panel.settings_pane.chosen_model()
        text = panel.editor.textCursor().selectedText().replace("\u2029", "\n\n") or panel.editor.text()
        generator = f"{panel.host.panel_id.partition('.')[0]}.checker"
        try:
            request = Request(generator, {"text": text[:MOST]}, 0, None if model is None else model.ref())
            self._jobs.add(panel.host.submit(request, title="Check a text"))
        except StudioError as error:
            panel.show_error(error)

    def hear(self, event: Event) -> bool:
        """True for an event of a check."""
        if event.job_id not in self._jobs:
            return False
        if isinstance(event, Finished):
            self._jobs.discard(event.job_id)
            for artifact in event.artifacts:
                self._say(str(artifact.facts.get("words", "")))
        elif isinstance(event, Failed):
            self._jobs.discard(event.job_id)
            self._panel.page.show_problem(event.problem)
        elif isinstance(event, Cancelled):
            self._jobs.discard(event.job_id)
        return True

    def _say(self, words: str) -> None:
        box = QMessageBox(self._panel)
        box.setWindowTitle("Check this text")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(words)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
