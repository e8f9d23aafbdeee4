"""The one question before a window or a project is left while something would be interrupted or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.ui.asking import ask

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


def may_leave(window: MainWindow, doing: str) -> bool:
    """Save the documents; ask where that failed or a job runs. `doing` is what the artist is about to do ("quit").

    Waiting jobs need no question: they are on disk and go on at the next start.
    """
    if not window.documents.save():
        return ask(
            window,
            "Your last changes are not saved.",
            f"Studio could not write to {window.services.project.folder}. If you {doing} now, they are lost.",
            f"{doing.capitalize()} anyway",
            "Stay",
        )
    if window.job_status.running:
        return ask(
            window,
            "Studio is still working.",
            "What is running now stops at its last step and goes on when you open this project again. "
            "Everything that waits stays in the queue.",
            f"Stop and {doing}",
            "Keep working",
        )
    return True
