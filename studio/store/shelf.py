"""The models on this machine: those that plugins ship, and the artist's own folders and files."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from studio.core.errors import StudioError
from studio.core.model import Model
from studio.core.values import frozen
from studio.store.files import plain_words, read_object, write_json
from studio.store.model_files import HASHED, PICKLES, WEIGHTS, Finding, Unusable, examine, files_of, is_model
from studio.store.model_places import Listed, ModelPlaces

HASHES = "model-hashes.json"
_DEPTH = 5
_FORMAT = 1


class ModelShelf:
    """All models, those with a `problem` too: they are listed with the reason and never opened. Safe from any thread.

    The first `models()` scans if nobody has: some ms a model, so call `scan` from a helper thread at the start.
    """

    def __init__(
        self, folders: Sequence[Path], shipped: Sequence[Model], cache: Path, *, places: Path | None = None
    ) -> None:
        """`folders` are searched five levels deep, `shipped` come first, `cache` is the folder that keeps hashes.
        `places` is the file that lists what is used elsewhere; without one nothing is.
        """
        self.folders = tuple(folders)
        self.places = None if places is None else ModelPlaces(places)
        self._shipped = tuple(shipped)
        self._hashes = _Hashes(cache / HASHES)
        self._lock = threading.Lock()
        self._models: tuple[Model, ...] | None = None

    def models(self) -> tuple[Model, ...]:
        """All models: the shipped ones in their order, then the artist's by title."""
        models = self._models
        return self.scan() if models is None else models

    def found(self) -> tuple[Model, ...]:
        """What the last scan found; nothing before the first. Never scans: for a window that is not up yet."""
        return self._models or ()

    def get(self, model_id: str) -> Model | None:
        """A model by its id, or None."""
        return next((model for model in self.models() if model.id == model_id), None)

    def scan(self) -> tuple[Model, ...]:
        """Look at the disk again. 1–20 ms for each model; nothing of a model is loaded."""
        with self._lock:
            found = [self._complete(model) for model in self._shipped]
            own: list[Model] = []
            taken = {model.id for model in found}
            for folder, path in self._candidates():
                own.append(self._found(folder, path, taken))
                taken.add(own[-1].id)
            self._models = (*found, *sorted(own, key=lambda model: (model.title.casefold(), model.id)))
            return self._models

    def _candidates(self) -> Iterator[tuple[Path, Path]]:
        """Each path that may be a model, once, with the folder that its id counts from."""
        listed = Listed() if self.places is None else self.places.listed()
        seen = set(listed.forgotten)
        pairs = [(folder, path) for folder in (*self.folders, *listed.folders) for path in _candidates(folder, _DEPTH)]
        for folder, path in [*pairs, *((path.parent, path) for path in listed.files if path.exists())]:
            if path.absolute() not in seen:
                seen.add(path.absolute())
                yield folder, path

    def is_own(self, model: Model) -> bool:
        """True for what lies in the artist's own models folder: it goes to the trash, not off a list."""
        return not model.bundled and bool(self.folders) and self.folders[0].absolute() in model.path.absolute().parents

    def sha256(self, model_id: str, *, stop: Callable[[], bool] = lambda: False) -> str:
        """64 hex digits for the model's content: of the file, or of the sorted "<sha256>  <relative path>\\n" lines of
        what loaders read in the folder. Remembered as long as no file's size or time changes.

        1 s for each GB the first time; `stop` is asked meanwhile. Raises StudioError for an unknown or unreadable model
        and where it was stopped.
        """
        model = self.get(model_id)
        if model is None:
            raise StudioError(f"There is no model “{model_id}” on this machine.", "Choose another model.")
        if model.problem:
            raise StudioError(f"“{model.title}” is not used. {model.problem}", "Choose another model.")
        with plain_words(model.path, doing="read"):
            found = self._hashes.compute(model.path, stop)
        with self._lock:
            if self._models is not None:
                self._models = tuple(replace(m, sha256=found) if m.id == model_id else m for m in self._models)
        return found

    def _complete(self, model: Model) -> Model:
        if not model.path.exists():
            return replace(model, problem="Its files are missing. Install Studio again.", bundled=True)
        finding = examine(model.path)
        return replace(
            model,
            size=finding.size,
            dtype=finding.dtype,
            problem=model.problem or finding.problem,
            sha256=self._hashes.known(model.path),
            family=model.family or finding.family,
            bundled=True,
            base=finding.base,
            facts=finding.facts,
        )

    def _found(self, folder: Path, path: Path, taken: set[str]) -> Model:
        finding: Finding = examine(path)
        name = path.relative_to(folder).as_posix()
        model_id, number = f"models/{name}", 2
        while model_id in taken:
            model_id, number = f"models/{name}#{number}", number + 1
        return Model(
            id=model_id,
            title=finding.said.get("title") or _title(folder, path),
            family=finding.family,
            path=path,
            size=finding.size,
            dtype=finding.dtype,
            sha256="" if finding.problem else self._hashes.known(path),
            licence=finding.said.get("licence", ""),
            origin=finding.said.get("origin", ""),
            summary=finding.said.get("summary", ""),
            problem=finding.problem,
            base=finding.base,
            facts={**finding.facts, "words": words} if (words := finding.said.get("words", "")) else finding.facts,
        )


def find_models(path: Path) -> tuple[Model, ...]:
    """What models lie at `path` (a file, a model folder, or a folder of them); their ids are their paths."""
    folder = path if path.is_dir() and not is_model(path) else path.parent
    found = []
    for candidate in _candidates(folder, _DEPTH) if folder is path else (path,):
        finding = examine(candidate)
        found.append(
            Model(
                str(candidate),
                finding.said.get("title") or _title(folder, candidate),
                finding.family,
                candidate,
                size=finding.size,
                dtype=finding.dtype,
                problem=finding.problem,
                base=finding.base,
            )
        )
    return tuple(found)


def _candidates(folder: Path, depth: int) -> Iterator[Path]:
    """Model folders and single weight files, without going into a model's own parts. Links to folders are not
    followed: they could lead in circles.
    """
    try:
        entries = sorted(folder.iterdir(), key=lambda path: path.name.casefold())
    except OSError:
        return
    for path in entries:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if path.is_symlink() and not is_model(path):
                continue
            if is_model(path):
                yield path
            elif depth > 1:
                yield from _candidates(path, depth - 1)
        elif path.suffix.lower() == WEIGHTS or path.suffix.lower() in PICKLES:
            yield path


def _title(folder: Path, path: Path) -> str:
    """A name for people; "org/name" becomes "name", also inside a shared cache (models--org--name/snapshots/…)."""
    for part in reversed(path.relative_to(folder).parts):
        if part.startswith("models--"):
            return part.rpartition("--")[2]
    return path.stem if path.suffix.lower() in {WEIGHTS, *PICKLES} else path.name


class _Hashes:
    """SHA-256 of files, remembered with their size and time in one JSON file that can be deleted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, list[Any]] = {}
        with contextlib.suppress(OSError, ValueError):
            files = read_object(path).get("files")
            if isinstance(files, dict):
                self._known = {str(k): v for k, v in files.items() if isinstance(v, list) and len(v) == 3}

    def known(self, path: Path) -> str:
        """The hash of a model if it needs no reading, else ""."""
        with contextlib.suppress(OSError, Unusable):
            sums = [(name, self._remembered(file)) for name, file in _hashed(path)]
            if sums and all(found for _, found in sums):
                return _joined(path, sums)
        return ""

    def compute(self, path: Path, stop: Callable[[], bool]) -> str:
        """The hash of a model, read where it must be. Raises OSError, or StudioError for no model at all."""
        try:
            sums = [(name, self._of_file(file, stop)) for name, file in _hashed(path)]
        except Unusable as error:
            raise StudioError(str(error), "Choose another model.") from error
        with self._lock:
            text = json.loads(json.dumps({"format": _FORMAT, "files": self._known}))
        with contextlib.suppress(StudioError):  # remembered for this run only, then
            write_json(self._path, text, durable=False)
        return _joined(path, sums)

    def _remembered(self, file: Path) -> str:
        found = file.stat()
        with self._lock:
            known = self._known.get(str(file.absolute()))
        if known is not None and known[:2] == [found.st_size, found.st_mtime_ns]:
            return str(known[2])
        return ""

    def _of_file(self, file: Path, stop: Callable[[], bool]) -> str:
        remembered = self._remembered(file)
        if remembered:
            return remembered
        before = file.stat()
        with file.open("rb") as stream:
            digest = hashlib.file_digest(_Stoppable(stream, stop), "sha256").hexdigest()
        with self._lock:
            self._known[str(file.absolute())] = [before.st_size, before.st_mtime_ns, digest]
        return digest


@frozen
class _Stoppable:
    """A file that is read only as long as nobody says stop."""

    file: BinaryIO
    stop: Callable[[], bool]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        if self.stop():
            raise StudioError("Reading was stopped.")
        return self.file.readinto(buffer)  # type: ignore[attr-defined, no-any-return]


def _hashed(path: Path) -> list[tuple[str, Path]]:
    return [(name, file) for name, file in files_of(path) if file.suffix.lower() in HASHED]


def _joined(path: Path, sums: list[tuple[str, str]]) -> str:
    if not path.is_dir():
        return sums[0][1]
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in sums).encode()).hexdigest()
