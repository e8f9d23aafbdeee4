"""One question with two answers, in the words of the thing that would happen."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget


def ask(window: QWidget, text: str, more: str, go: str, stay: str) -> bool:
    """True where the artist chose `go`; Enter and Escape mean `stay`."""
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
