"""What a FILE or an id on the command line stands for: a result with its recipe, or a generation's kept steps."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path

from studio.cli.workplace import Workplace
from studio.core.errors import StudioError
from studio.core.recipe import Recipe
from studio.core.request import Request, ResumePoint
from studio.store import Project, sidecar

_ARTIFACT, _JOB = 64, 32


@dataclass(frozen=True, slots=True)
class Origin:
    """A generation to go on from: the name of its kept steps, and what was asked for."""

    steps: str
    request: Request

    def at(self, step: int) -> ResumePoint:
        """Behind a step as the ribbon counts them, from 1."""
        return ResumePoint(self.steps, step - 1)


def origin(here: Workplace, project: Project, text: str) -> Origin:
    """The generation that made a file, an artifact or a job's steps. Raises StudioError."""
    path = Path(text)
    if path.is_file():
        return _of_file(here, project, path)
    wanted = text.lower()
    if len(wanted) == _ARTIFACT:
        found = _of_artifact(project, wanted)
        if found is not None:
            return found
    note = project.steps.notes.get(wanted) if len(wanted) == _JOB and wanted.isalnum() else None
    if note is not None:
        return Origin(wanted, note.request)
    raise StudioError(
        f"There is neither a file nor a result “{text[:80]}”.", "`studio library --json` shows the ids of all results."
    )


def _of_file(here: Workplace, project: Project, path: Path) -> Origin:
    found = _of_artifact(project, sha256(path))
    if found is not None:
        return found
    recipe = recipe_of(here, path)
    for artifact in project.artifacts.find(recipe.request.digest()):
        found = _of_artifact(project, artifact.id)
        if found is not None:
            return found
    raise StudioError(
        f"{path.name} was not made in this project, so its steps are not here.",
        "Give the project with --project, or generate it again with the same seed.",
    )


def _of_artifact(project: Project, artifact_id: str) -> Origin | None:
    artifact = project.artifacts.get(artifact_id)
    if artifact is None or artifact.recipe is None or not (artifact.steps or artifact.job):
        return None
    return Origin(artifact.steps or artifact.job, artifact.recipe.request)


def sha256(path: Path) -> str:
    """The id that a file has or would have as an artifact. Raises StudioError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StudioError(
            f"{path} cannot be read: {error.strerror or error}.", "Look at how it is spelled and who may read it."
        ) from error


def recipe_of(here: Workplace, path: Path) -> Recipe:
    """The recipe inside a file. Raises StudioError where there is none of ours."""
    notes: list[str] = []
    for offer in here.plugins.importers().values():
        if path.suffix.lower() not in offer.spec.suffixes:
            continue
        imported = here.plugins.code(offer.id, offer.spec.read)(path)
        if imported.recipe is not None and not imported.foreign:
            recipe: Recipe = imported.recipe
            return recipe
        if imported.foreign:
            notes.append("It carries the settings of another program, which say too little to make it again.")
        notes += imported.notes
    raise StudioError(f"{path.name} does not tell how it was made.", " ".join(notes) or "Only files with a recipe do.")


def kept_file(folder: Path, artifact_id: str) -> Path | None:
    """A file of a project by its hash, also while a window has the project open."""
    if not sidecar.is_id(artifact_id):
        return None
    return sidecar.file_of(sidecar.path_for(folder / "artifacts", artifact_id))


def known_recipe(folder: Path, artifact_id: str) -> Recipe | None:
    """What a project's sidecar says of a file: for media that have no place for a recipe inside."""
    file = kept_file(folder, artifact_id)
    if file is None:
        return None
    return sidecar.read(sidecar.path_for(folder / "artifacts", artifact_id), file).artifact.recipe


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `studio generate` that go on from a step."""
    group = parser.add_argument_group(
        "go on from a step",
        "Take all from a result, change what the other options say, and do only what comes behind one of its steps.",
    )
    group.add_argument("--branch-from", metavar="FILE_OR_ID", help="a result of this project, or the id of a job")
    group.add_argument("--at", type=_step, metavar="N", help="the step to go on from, counted from 1 as on the ribbon")


def _step(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"a step is a whole number from 1 on, not {text[:40]!r}")
    return int(text)
