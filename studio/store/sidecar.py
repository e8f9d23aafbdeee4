"""The JSON beside each artifact: all that is known of it besides its bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core import media
from studio.core.artifact import Artifact
from studio.core.canonical import thaw
from studio.core.recipe import Recipe
from studio.core.values import frozen
from studio.store import sniff
from studio.store.files import read_object

FORMAT = 1
SUFFIX = ".json"
_ID = re.compile(r"[0-9a-f]{64}")
_EARLIER = 100
_HEADER = 8192


@frozen
class Entry:
    """An artifact, and the JSON of its sidecar as it is on disk (or would be, where there is none)."""

    artifact: Artifact
    data: Mapping[str, Any]

    def jobs(self) -> tuple[str, ...]:
        """The ids of all jobs that made it."""
        return tuple(job for job in dict.fromkeys((*_texts(self.data.get("jobs")), self.artifact.job)) if job)

    def digests(self) -> tuple[str, ...]:
        """The digests of all requests of which it is a finished result. A file that was brought in answers none: it
        may be an export in lower quality, or say what is not true.
        """
        if self.data.get("brought_in") is True:
            return ()
        recipes = [self.artifact.recipe, *map(_recipe, _list(self.data.get("earlier")))]
        return tuple(dict.fromkeys(r.request.digest() for r in recipes if r is not None and r.state == "done"))


def is_id(text: str) -> bool:
    """True for 64 hex digits: anything else never becomes part of a path."""
    return _ID.fullmatch(text) is not None


def path_for(folder: Path, artifact_id: str) -> Path:
    """Where the sidecar of an artifact is, below the artifacts folder. Raises ValueError for what is no id."""
    if not is_id(artifact_id):
        raise ValueError(f"{artifact_id[:80]!r} is not the id of an artifact")
    return folder / artifact_id[:2] / f"{artifact_id}{SUFFIX}"


def file_of(sidecar: Path) -> Path | None:
    """The artifact's file beside its sidecar: the one file with the same name and another ending."""
    for file in sorted(sidecar.parent.glob(f"{sidecar.stem}.*")):
        if file.suffix != SUFFIX and file.stem == sidecar.stem:
            return file
    return None


def make(
    artifact: Artifact, known: Mapping[str, Any] | None = None, *, brought_in: bool | None = None
) -> dict[str, Any]:
    """The sidecar of an artifact. `known` is what its sidecar said until now: fields nobody knows are taken over, and
    so are the recipes and jobs that made the same bytes before. `brought_in` None leaves that as it was; what was made
    here once stays made here.
    """
    before = dict(known or {})
    recipe = None if artifact.recipe is None else artifact.recipe.to_json()
    jobs = [*_texts(before.get("jobs")), artifact.job]
    earlier = list(before["earlier"]) if isinstance(before.get("earlier"), list) else []
    former = before.get("recipe")
    if recipe is None:
        recipe = former
    elif isinstance(former, dict) and former != recipe:
        if former.get("state", "done") == "done" and recipe["state"] != "done":
            recipe, former = former, recipe  # a partial result never hides that the same bytes were a finished one
        earlier = [item for item in earlier if item not in (recipe, former)]
        earlier = [*earlier, former][-_EARLIER:]
    return {
        **before,
        "format": before.get("format", FORMAT),
        "id": artifact.id,
        "brought_in": before.get("brought_in", bool(brought_in) and not before) is True and brought_in is not False,
        "media": artifact.media,
        "title": artifact.title,
        "created": artifact.created,
        "starred": artifact.starred,
        "job": artifact.job,
        "jobs": list(dict.fromkeys(job for job in jobs if job)),
        "steps": artifact.steps,
        "facts": thaw(artifact.facts),
        "recipe": recipe,
        "earlier": earlier,
    }


def understand(data: Mapping[str, Any], file: Path) -> Artifact:
    """The artifact a sidecar's JSON tells of. What does not fit is left at its default: the file is what counts."""
    facts = data.get("facts")
    return Artifact(
        id=file.stem,
        media=str(data.get("media") or "application/octet-stream"),
        path=file,
        recipe=_recipe(data.get("recipe")),
        created=_number(data.get("created")),
        title=str(data.get("title") or ""),
        starred=data.get("starred") is True,
        job=str(data.get("job") or ""),
        steps=str(data.get("steps") or ""),
        facts=facts if isinstance(facts, dict) else {},
    )


def read(sidecar: Path, file: Path) -> Entry:
    """The entry of an artifact on disk. Without a sound sidecar it is one that was brought in, as old as its file.

    Raises OSError where the file cannot be read.
    """
    try:
        data = read_object(sidecar)
        return Entry(understand(data, file), data)
    except (FileNotFoundError, ValueError, RecursionError):
        artifact = look_at(file)
        return Entry(artifact, make(artifact))


def look_at(file: Path) -> Artifact:
    """An artifact from nothing but its file: media type by its first bytes, pixels of a PNG. Raises OSError."""
    with file.open("rb") as stream:
        head = stream.read(_HEADER)
    found = sniff.sniff(head[: sniff.HEAD], file.name) or "application/octet-stream"
    size = sniff.png_size(head) if found == media.PNG else None
    facts = {} if size is None else {"width": size[0], "height": size[1]}
    return Artifact(id=file.stem, media=found, path=file, created=file.stat().st_mtime, facts=facts)


def words(artifact: Artifact) -> str:
    """What a search looks through: the title, the prompts and other texts of the request (not the negative prompt,
    whose words are what is *not* to be seen), and the model's name.
    """
    texts = [artifact.title]
    if artifact.recipe is not None:
        request = artifact.recipe.request
        texts += [v for k, v in request.params.items() if isinstance(v, str) and not k.startswith("negative")]
        texts += [request.model.name or request.model.id] if request.model else []
        texts.append(request.generator)
    return "\n".join(dict.fromkeys(text for text in texts if text))


def _recipe(data: Any) -> Recipe | None:
    try:
        return Recipe.from_json(data) if isinstance(data, dict) else None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [item for item in _list(value) if isinstance(item, str)]


def _number(value: Any) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12
    return float(value) if good else 0.0
