"""Kept results, by content: the file first, then its sidecar, then its row in the library."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from studio.core import media as media_types
from studio.core.artifact import Artifact, Output
from studio.core.errors import StudioError
from studio.core.recipe import Recipe
from studio.store import sidecar, sniff
from studio.store.files import in_words, plain_words, read_object, set_aside, write_file, write_json, write_through
from studio.store.library import Library
from studio.store.sidecar import Entry

BRING_LIMIT = 4 << 30
"""Bytes of a file that can be brought in."""


class ArtifactStore:
    """`artifacts/ab/abcd….png` with `abcd….json` beside it. Safe from any thread.

    What `keep` and `bring_in` returned is on disk and stays, whatever happens to the process or to the index. They
    take 5–20 ms and more for large files; `star` and `rename` 2–20 ms (two fsyncs); `get`, `find`, `of_job` and
    `path_of` under 1 ms.
    """

    def __init__(self, folder: Path, library: Library, *, discard: Callable[[Path], None] | None = None) -> None:
        """`discard` puts one file into the system's trash; it may raise OSError. The default does that for real."""
        self.folder = folder
        self._library = library
        self._discard = discard or _into_trash
        self._lock = threading.RLock()
        self._last = 0.0

    def keep(self, output: Output, *, job: str = "", title: str = "", steps: str = "") -> Artifact:
        """Keep a result. The same bytes again are the same artifact: both recipes and jobs are remembered, title and
        star stay. Raises StudioError where the disk refuses; nothing half-written is left then.
        """
        artifact_id = hashlib.sha256(output.data).hexdigest()
        with self._lock:
            file = self._file(artifact_id)
            if file is None or not _holds(file, output.data):
                file = file or self._place(artifact_id, output.media)
                write_file(file, output.data)
            return self._describe(
                Artifact(
                    id=artifact_id,
                    media=output.media,
                    path=file,
                    recipe=output.recipe,
                    created=self._now(),
                    title=title,
                    job=job,
                    steps=steps,
                    facts=output.facts,
                ),
                brought_in=False,
            )

    def bring_in(
        self, source: Path | bytes, *, media: str = "", title: str = "", recipe: Recipe | None = None
    ) -> Artifact:
        """Keep a copy of a foreign file, or of bytes from the clipboard. What it is, its first bytes say; `media` only
        decides where they do not. Raises StudioError for unknown, empty, damaged or unreadable files.
        """
        name = source.name if isinstance(source, Path) else ""
        with _open(source) as stream:
            head = stream.read(sniff.HEAD)
            found = _media_of(head, name, media)
            stream.seek(0)
            artifact_id = hashlib.file_digest(stream, "sha256").hexdigest()
            facts = _facts(stream, found, name)
            with self._lock:
                file = self._file(artifact_id) or self._place(artifact_id, found)
                if not _is(file, artifact_id):
                    stream.seek(0)
                    write_through(file, lambda target: shutil.copyfileobj(stream, target, 1 << 20))
                known = self._known(artifact_id) if self._sidecar(artifact_id) else None
                if known is not None and recipe is None:
                    self._library.put(known)
                    return known.artifact
                return self._describe(
                    Artifact(
                        id=artifact_id,
                        media=found,
                        path=file,
                        recipe=recipe,
                        created=self._now(),
                        title=title or Path(name).stem,
                        facts=facts,
                    ),
                    brought_in=True,
                )

    def get(self, artifact_id: str) -> Artifact | None:
        """An artifact by its id, or None where its file is gone."""
        if not sidecar.is_id(artifact_id):
            return None
        with contextlib.suppress(StudioError):
            artifact = self._library.get(artifact_id)
            if artifact is not None and artifact.path.exists():
                return artifact
        entry = self._known(artifact_id)
        return None if entry is None else entry.artifact

    def path_of(self, sha256: str) -> Path | None:
        """The file with this content, or None."""
        return self._file(sha256) if sidecar.is_id(sha256) else None

    def find(self, request_digest: str) -> tuple[Artifact, ...]:
        """The finished results of a request whose files are there: those of its latest job, in their order."""
        found: list[Artifact] = []
        with contextlib.suppress(StudioError):  # without an index the result is made once more
            found = [a for a in self._library.find(request_digest) if a.path.exists()]
        latest = found[-1].job if found else ""
        return tuple(artifact for artifact in found if artifact.job == latest)

    def of_job(self, job_id: str) -> tuple[Artifact, ...]:
        """What a job made, finished or partial, whose files are there, in the order in which it was kept."""
        return tuple(artifact for artifact in self._library.of_job(job_id) if artifact.path.exists())

    def star(self, artifact_id: str, on: bool) -> Artifact:
        """Set or take away the star. Raises StudioError."""
        return self._change(artifact_id, starred=on)

    def rename(self, artifact_id: str, title: str) -> Artifact:
        """Give an artifact another title; its file keeps its name. Raises StudioError."""
        return self._change(artifact_id, title=title)

    def trash(self, ids: Iterable[str], *, permanently: bool = False) -> None:
        """Put artifacts, each with its sidecar, into the system's trash, or delete them for good.

        Raises StudioError at the first that cannot be put there; those before it are gone, it and the rest are kept.
        Where the system has no trash, the hint says so and `permanently` is the way. 5–50 ms for each.
        """
        gone: list[str] = []
        try:
            for artifact_id in ids:
                with self._lock:
                    file = self._file(artifact_id) if sidecar.is_id(artifact_id) else None
                    if file is not None:
                        self._remove(file, permanently=permanently)
                        beside = sidecar.path_for(self.folder, artifact_id)
                        if beside.exists():
                            self._remove(beside, permanently=permanently)
                gone.append(artifact_id)
        finally:
            self._library.drop(gone)

    def _remove(self, path: Path, *, permanently: bool) -> None:
        if permanently:
            with plain_words(path, doing="delete"):
                path.unlink(missing_ok=True)
            return
        try:
            self._discard(path)
        except OSError as error:
            raise StudioError(
                f"“{path.name}” could not be put into the system's trash.",
                "This disk may have no trash. Delete it permanently instead, or remove it in your file manager.",
                details=f"{type(error).__name__}: {error} ({path})",
            ) from error
        if path.exists():
            raise StudioError(
                f"“{path.name}” is still there after it was put into the trash.",
                "Delete it permanently instead, or remove it in your file manager.",
                details=str(path),
            )

    def _change(self, artifact_id: str, **changes: Any) -> Artifact:
        with self._lock:
            artifact = self.get(artifact_id)
            if artifact is None:
                raise StudioError(
                    "This result is not in the project any more.",
                    "It may have been moved or deleted outside Studio. Look into your trash.",
                    details=artifact_id,
                )
            before = self._sidecar(artifact_id)
            if before:  # the index may not know yet what another program wrote there
                artifact = sidecar.understand(before, artifact.path)
            return self._write(replace(artifact, **changes), before)

    def _describe(self, artifact: Artifact, *, brought_in: bool) -> Artifact:
        """Write the sidecar of a file that is in place, keeping what an older one says."""
        before = self._sidecar(artifact.id)
        if before:
            old = sidecar.understand(before, artifact.path)
            artifact = replace(
                artifact,
                media=old.media,
                title=old.title or artifact.title,
                starred=old.starred,
                created=old.created or artifact.created,
                job=artifact.job or old.job,
                steps=artifact.steps or old.steps,
                facts={**old.facts, **artifact.facts},
            )
        return self._write(artifact, before, brought_in=brought_in)

    def _write(self, artifact: Artifact, before: Mapping[str, Any], *, brought_in: bool | None = None) -> Artifact:
        data = sidecar.make(artifact, before, brought_in=brought_in)
        write_json(sidecar.path_for(self.folder, artifact.id), data)
        entry = Entry(sidecar.understand(data, artifact.path), data)
        self._library.put(entry)
        return entry.artifact

    def _sidecar(self, artifact_id: str) -> dict[str, Any]:
        """What the sidecar says now; {} where there is none. A damaged one is renamed, not overwritten."""
        path = sidecar.path_for(self.folder, artifact_id)
        try:
            return read_object(path)
        except FileNotFoundError:
            return {}
        except ValueError:
            with plain_words(path):
                set_aside(path)
            return {}
        except OSError as error:
            raise in_words(error, path, doing="read") from error

    def _known(self, artifact_id: str) -> Entry | None:
        file = self._file(artifact_id)
        if file is None:
            return None
        with contextlib.suppress(OSError):
            return sidecar.read(sidecar.path_for(self.folder, artifact_id), file)
        return None

    def _file(self, artifact_id: str) -> Path | None:
        with contextlib.suppress(OSError):
            return sidecar.file_of(sidecar.path_for(self.folder, artifact_id))
        return None

    def _place(self, artifact_id: str, media: str) -> Path:
        return self.folder / artifact_id[:2] / f"{artifact_id}{sniff.suffix(media)}"

    def _now(self) -> float:
        """Seconds since 1970, later than any answer before: results of one job keep their order."""
        self._last = max(time.time(), self._last + 1e-6)
        return self._last


@contextlib.contextmanager
def _open(source: Path | bytes) -> Any:
    import io

    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    with plain_words(source, doing="open"):
        size = source.stat().st_size
        stream = source.open("rb")
    with stream:
        if size > BRING_LIMIT:
            raise StudioError(f"“{source.name}” is too large ({size / 1e9:.1f} GB).", "Choose a file under 4 GB.")
        yield stream


def _holds(file: Path, data: bytes) -> bool:
    """Whether a file really has these bytes: the one with the right name may have been damaged since."""
    with contextlib.suppress(OSError):
        return file.stat().st_size == len(data) and file.read_bytes() == data
    return False


def _is(file: Path, artifact_id: str) -> bool:
    with contextlib.suppress(OSError), file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == artifact_id
    return False


def _media_of(head: bytes, name: str, wanted: str) -> str:
    if not head:
        raise StudioError(f"“{name or 'The clipboard'}” is empty.", "Choose another file.")
    found = sniff.sniff(head, name)
    says_json = wanted.endswith("+json") and found == media_types.TEXT  # a panel's own format
    if wanted and (not found or says_json or media_types.kind(found) == media_types.kind(wanted) == "text"):
        found = wanted
    if not found:
        raise StudioError(
            f"Studio does not know what kind of file “{name or 'the clipboard'}” is.",
            "Bring in a picture (PNG, JPEG, WebP, AVIF, TIFF), a text, a MIDI file or a sound.",
        )
    return found


def _facts(stream: BinaryIO, media: str, name: str) -> dict[str, Any]:
    """Width and height of a picture. Raises StudioError where its header cannot be read."""
    from studio.store.thumbnails import measure

    stream.seek(0)
    if media_types.kind(media) != "image":
        return {}
    size = measure(stream, media)
    if size is None:
        raise StudioError(
            f"“{name or 'The picture'}” is damaged, or too large to be opened.",
            "Open it in another program and save it again.",
        )
    return {"width": size[0], "height": size[1]}


def _into_trash(path: Path) -> None:
    from send2trash import send2trash  # type: ignore[import-untyped]

    send2trash(path)
