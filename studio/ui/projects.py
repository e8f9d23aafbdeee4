"""Choosing a project: a new one, one on disk, one of the last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from studio.ui.session import RECENT_PROJECTS, Session

RECENT = "projects/recent"
LAST = "projects/last"


def recent(session: Session) -> list[Path]:
    """The last projects, the newest first; those that are gone are left out."""
    listed = session.get(RECENT, [])
    paths = [Path(str(entry)) for entry in listed] if isinstance(listed, list) else []
    return [path for path in paths if (path / "project.json").is_file()]


def remember(session: Session, folder: Path) -> None:
    """Put a project in front of the last ones."""
    others = [str(path) for path in recent(session) if path != folder]
    session.update({RECENT: [str(folder), *others][:RECENT_PROJECTS], LAST: str(folder)})


def titles(paths: Sequence[Path]) -> list[str]:
    """A name for each project: its folder's, with the place added where two have the same."""
    names = [path.name for path in paths]
    return [f"{path.name}  ({path.parent})" if names.count(path.name) > 1 else path.name for path in paths]


def ask_new(parent: QWidget | None, start: Path) -> Path | None:
    """Ask where a new project shall be; None where the artist changed their mind."""
    dialog = QFileDialog(parent, "New project", str(start))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setLabelText(QFileDialog.DialogLabel.Accept, "Create")
    dialog.setLabelText(QFileDialog.DialogLabel.FileName, "Name")
    dialog.selectFile(free_name(start))
    if not dialog.exec():
        return None
    return Path(dialog.selectedFiles()[0])


def ask_open(parent: QWidget, start: Path) -> Path | None:
    """Ask which project to open; None where the artist changed their mind."""
    chosen = QFileDialog.getExistingDirectory(parent, "Open project", str(start))
    return Path(chosen) if chosen else None


def free_name(folder: Path) -> str:
    """A name for a new project that no other one in `folder` has."""
    number = 2
    name = "New project"
    while (folder / name).exists():
        name = f"New project {number}"
        number += 1
    return name
