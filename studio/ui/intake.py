"""Files that come from outside: dropped on the window or chosen. Their recipe is recalled, or they become an input."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject

from studio.api import Imported
from studio.core.artifact import Artifact
from studio.core.errors import Problem, StudioError
from studio.core.recipe import Recipe
from studio.core.values import frozen
from studio.ui.services import Services
from studio.ui.using import are_models
from studio.widgets.feeder import Feeder

_LOG = logging.getLogger(__name__)


class Receiver(Protocol):
    """What the intake needs of the window."""

    @property
    def services(self) -> Services:
        """Those of the project that is open now."""

    def recall(self, recipe: Recipe, notes: Sequence[str]) -> bool:
        """Bring a recipe back; False where no panel can."""

    def receive(self, artifact: Artifact) -> bool:
        """Give an artifact to a panel that takes it; False where none does."""

    def add_models(self, paths: Sequence[Path]) -> None:
        """Ask what to do with models."""

    def show_place(self, name: str) -> None:
        """Bring a place to front."""

    def report(self, error: StudioError) -> None:
        """Show an error card."""

    def notify(self, text: str, action: str = "", act: Callable[[], None] | None = None) -> None:
        """Show a notice."""

    def say(self, text: str) -> None:
        """A passing remark."""


@frozen
class _Read:
    """What is known of one file after the importers have seen it."""

    path: Path
    imported: Imported | None


class Intake(QObject):
    """Reads and keeps files off the window's thread; a picture of 50 MB takes half a second to hash and copy."""

    def __init__(self, receiver: Receiver, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._receiver = receiver
        self._numbers = itertools.count()
        self._calls: dict[int, Callable[[object], None]] = {}
        self._left = 0
        self._feeder = Feeder(threads=1)
        self._feeder.ready.connect(self._done)
        self._feeder.failed.connect(self._failed)

    def close(self) -> None:
        """Take nothing any more."""
        self._feeder.close()

    def take(self, paths: Sequence[Path]) -> None:
        """Take dropped files: one is recalled or used, several go into the library. Models go to their page."""
        if are_models(paths):
            self._receiver.add_models(paths)
            return
        files = _files(paths)
        if not files:
            self._receiver.report(
                StudioError("There is no file to bring in.", "Drop pictures, texts or music, or a folder of them.")
            )
        elif len(files) == 1:
            self._ask(lambda: self._read(files[0]), self._use)
        else:
            self._left = len(files)
            self._receiver.show_place("library")
            for path in files:
                self._ask(partial(self._read_and_keep, path), lambda _artifact: self._count_down())

    def _read_and_keep(self, path: Path) -> Artifact:
        return self._keep(self._read(path))

    def keep_and_use(self, path: Path) -> None:
        """Use a file as an input whatever its recipe says."""
        self._ask(lambda: self._keep(_Read(path, None)), self._give)

    # --- on the feeder's thread ---

    def _read(self, path: Path) -> _Read:
        plugins = self._receiver.services.plugins
        for name, offer in plugins.importers().items():
            if path.suffix.lower() not in offer.spec.suffixes:
                continue
            try:
                found = plugins.code(name, offer.spec.read)(path)
            except Exception as error:  # noqa: BLE001 - a foreign file may break any reader; the next may know it
                _LOG.info("%s could not read %s: %s", name, path, error)
                continue
            if isinstance(found, Imported) and found.recipe is not None:
                return _Read(path, found)
        return _Read(path, None)

    def _keep(self, read: _Read) -> Artifact:
        recipe = read.imported.recipe if read.imported is not None else None
        artifacts = self._receiver.services.project.artifacts
        return artifacts.bring_in(read.path, title=read.path.stem, recipe=recipe)

    # --- on the window's thread ---

    def _use(self, read: object) -> None:
        assert isinstance(read, _Read)
        imported = read.imported
        if imported is None or imported.recipe is None:
            self.keep_and_use(read.path)
            return
        if self._receiver.recall(imported.recipe, imported.notes):
            self._receiver.notify(
                f"{read.path.name} knows how it was made.",
                "Use the file itself instead",
                lambda: self.keep_and_use(read.path),
            )
            return
        plugin = imported.recipe.request.generator.partition(".")[0]
        self._receiver.report(
            StudioError(
                f"{read.path.name} was made with the plugin “{plugin}”, which is not here.",
                "Install that plugin to bring the recipe back. The file itself is in the library now.",
            )
        )
        self._ask(lambda: self._keep(read), lambda _artifact: None)

    def _give(self, artifact: object) -> None:
        assert isinstance(artifact, Artifact)
        if not self._receiver.receive(artifact):
            self._receiver.show_place("library")
            self._receiver.say("No panel works with this kind of file; it is in the library.")

    def _count_down(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._receiver.say("All files are in the library")

    def _ask(self, call: Callable[[], object], then: Callable[[object], None]) -> None:
        number = next(self._numbers)
        self._calls[number] = then
        self._feeder.ask(number, call)

    def _done(self, number: int, result: object) -> None:
        self._calls.pop(number)(result)

    def _failed(self, number: int, error: Exception) -> None:
        self._calls.pop(number)
        if self._left:
            self._count_down()
        problem = Problem.of(error, who="Bringing in the file")
        self._receiver.report(problem.as_error())


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files among `paths` and directly in folders among them, without hidden ones; at most 1,000."""
    found: list[Path] = []
    for path in paths:
        try:
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
        except OSError:
            continue
        found += [entry for entry in inside if entry.is_file() and not entry.name.startswith(".")]
    return found[:1000]


def adapt_model(recipe: Recipe, services: Services) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with its model as this machine knows it: by id, or by hash where it has another id here.

    The second result says in a sentence what is missing.
    """
    wanted = recipe.request.model
    if wanted is None or services.models.get(wanted.id) is not None:
        return recipe, ()
    for model in services.models.models():
        if wanted.sha256 and model.sha256 == wanted.sha256:
            return replace(recipe, request=replace(recipe.request, model=model.ref())), ()
    return recipe, (f"The model “{wanted.name or wanted.id}” is not on this machine; another one will be used.",)
