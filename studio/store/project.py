"""A project: a plain folder with everything an artist makes, which can be copied, zipped and put on a shelf."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from studio.core.ids import new_id
from studio.store.artifacts import ArtifactStore
from studio.store.branches import Branches
from studio.store.documents import DocumentStore
from studio.store.files import in_words, make_folder, plain_words, read_object, set_aside, sweep, write_json
from studio.store.formats import FORMATS, Formats, bring_up, newer
from studio.store.journal import JobJournal
from studio.store.library import Library
from studio.store.lock import FolderLock
from studio.store.steps import StepStore

FILE = "project.json"
LOCK = "project.lock"


class Project:
    """An open project. `notices` are sentences for the artist about what was found damaged and mended."""

    def __init__(
        self, folder: Path, *, about: dict[str, Any], lock: FolderLock, cache: Path, notices: list[str]
    ) -> None:
        """Use `Project.open`."""
        self.folder = folder
        self.notices = notices
        self._about = about
        self._lock = lock
        self.library = Library(folder / "artifacts", cache, notices=notices)
        self.artifacts = ArtifactStore(folder / "artifacts", self.library)
        self.steps = StepStore(folder / "steps")
        self.branches = Branches(self.steps, self.library)
        self.queue = JobJournal(folder / "queue", notices=notices)
        self.documents = DocumentStore(folder / "documents", notices=notices)

    @classmethod
    def open(cls, folder: Path, *, name: str = "", cache: Path | None = None, formats: Formats = FORMATS) -> Project:
        """Open the project in `folder`, or make one there. `cache` is where its index and thumbnails go (the folder
        `cache` inside it by default). 20–100 ms, and up to 2 s where the index of 10,000 artifacts must be made again.

        Raises StudioError where the folder cannot be written, a newer Studio was here, or another process has it open.
        """
        folder = folder.expanduser().absolute()
        title = name or folder.name
        with plain_words(folder):
            make_folder(folder)
        lock = FolderLock(folder / LOCK, title=title)
        try:
            notices: list[str] = []
            if not lock.held:
                notices.append("This disk knows no locks: do not open this project in two windows at once.")
            about = _about(folder, name, formats, notices)
            for part in (
                "queue",
                "documents",
                "steps",
                *(f"documents/{p.name}" for p in (folder / "documents").glob("*")),
            ):
                sweep(folder / part)
            sweep(folder)
            return cls(folder, about=about, lock=lock, cache=cache or folder / "cache", notices=notices)
        except BaseException:
            lock.release()
            raise

    @property
    def name(self) -> str:
        """What the window's title shows."""
        return str(self._about.get("name") or self.folder.name)

    @property
    def id(self) -> str:
        """32 hex digits; a copy of the folder has the same."""
        return str(self._about.get("id", ""))

    def rename(self, name: str) -> None:
        """Change the name that is shown; the folder stays where it is. Raises StudioError."""
        about = {**self._about, "name": name}
        write_json(self.folder / FILE, about)
        self._about = about

    def close(self) -> None:
        """Close the index and let others open the project. Calling it twice does nothing."""
        self.library.close()
        self._lock.release()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _about(folder: Path, name: str, formats: Formats, notices: list[str]) -> dict[str, Any]:
    """What `project.json` says, upgraded; a new one where there is none or it is damaged."""
    path = folder / FILE
    try:
        about = read_object(path)
        number = int(about.get("format", 1))
    except FileNotFoundError:
        return _new(path, name, formats)
    except (ValueError, TypeError):
        with plain_words(path):
            aside = set_aside(path)
        notices.append(f"{FILE} was damaged and made anew; the old one was kept as {aside.name}. Nothing else changed.")
        return _new(path, name, formats)
    except OSError as error:
        raise in_words(error, path, doing="read") from error
    if number > formats.current:
        raise newer(str(about.get("name") or folder.name), number, formats.current)
    if number < formats.current:
        backup = bring_up(folder, formats, start=number)
        notices.append(f"This project was made by an older Studio. It was copied to {backup} and brought up to date.")
        about = read_object(path)
    return about


def _new(path: Path, name: str, formats: Formats) -> dict[str, Any]:
    about = {
        "format": formats.current,
        "id": new_id(),
        "name": name or path.parent.name,
        "created": time.time(),
    }
    write_json(path, about)
    return about
