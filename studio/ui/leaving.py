"""The one question before a window or a project is left while something would be interrupted or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


def may_leave(window: MainWindow, doing: str) -> bool:
    """Save the documents; ask where that failed or a job runs. `doing` is what the artist is about to do ("quit").

    Waiting jobs need no question: they are on disk and go on at the next start.
    """
    if not window.documents.save():
        return _ask(
            window,
            "Your last changes are not saved.",
            f"Studio could not write to {window.services.project.folder}. If you {doing} now, they are lost.",
            f"{doing.capitalize()} anyway",
            "Stay",
        )
    if window.job_status.running:
        return _ask(
            window,
            "Studio is still working.",
            "What is running now stops at its last step and goes on when you open this project again. "
            "Everything that waits stays in the queue.",
            f"Stop and {doing}",
            "Keep working",
        )
    return True


def _ask(window: MainWindow, text: str, more: str, go: str, stay: str) -> bool:
    box = QMessageBox(window)
    box.setWindowTitle("Studio")
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setText(text)
    box.setInformativeText(more)
    leave = box.addButton(go, QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton(stay, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    box.exec()
    return box.clickedButton() is leave
