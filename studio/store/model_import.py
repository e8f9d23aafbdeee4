"""Bringing in models: where other programs keep theirs, what lies in a folder, and copying it into ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.ids import new_id
from studio.core.model import Model
from studio.core.values import frozen
from studio.store.files import TEMPORARY, plain_words, replace
from studio.store.model_files import WEIGHTS, files_of
from studio.store.shelf import find_models

_BLOCK = 4 << 20
_HOMES = (
    ("ComfyUI", ("ComfyUI", "Documents/ComfyUI", "comfy/ComfyUI", "ComfyUI_windows_portable/ComfyUI")),
    ("Stable Diffusion WebUI", ("stable-diffusion-webui", "stable-diffusion-webui-forge", "sd.webui/webui")),
    ("Forge", ("webui_forge_cu121_torch231/webui", "forge/webui")),
    ("InvokeAI", ("invokeai", "InvokeAI")),
    ("Fooocus", ("Fooocus", "Fooocus/Fooocus")),
    ("SD.Next", ("sdnext", "automatic")),
)
_PARTS = (
    "models/checkpoints",
    "models/loras",
    "models/embeddings",
    "models/diffusers",
    "models/Stable-diffusion",
    "models/Lora",
    "models/Diffusers",
    "embeddings",
)
"""Where a program's folder holds what we can use; its other folders (upscalers, virtual environments) are not read."""

_INTO = {"lora": "loras", "embedding": "embeddings"}


@frozen
class Program:
    """Another program's `folders` of models; `title` is its name."""

    title: str
    folders: tuple[Path, ...]


def known_programs(home: Path, environ: Mapping[str, str]) -> tuple[Program, ...]:
    """Programs whose usual folders are on this computer. Only looks whether they are there: nothing in them is read."""
    found = []
    for title, names in _HOMES:
        for name in names:
            with contextlib.suppress(OSError):
                folders = parts_of(home / name) if (home / name).is_dir() else ()
                if folders:
                    found.append(Program(title, folders))
                    break
    hub = Path(environ.get("HF_HOME") or home / ".cache" / "huggingface") / "hub"
    hub = Path(environ.get("HF_HUB_CACHE") or hub)
    with contextlib.suppress(OSError):
        if any(hub.glob("models--*")):
            found.append(Program("Hugging Face cache", (hub,)))
    return tuple(found)


def parts_of(folder: Path) -> tuple[Path, ...]:
    """The folders inside another program's one that hold models: its own layout where we know it, else itself."""
    for root in (folder, folder.parent):
        # A person may as well choose the program's "models".
        if root is folder or folder.name == "models":
            found = [root / part for part in _PARTS if (root / part).is_dir()]
            if any("models" in part.relative_to(root).parts for part in found):
                return tuple(found)
    if (folder / "models").is_dir() and ((folder / "invokeai.yaml").is_file() or folder.name.lower() == "invokeai"):
        return (folder / "models",)
    return (folder,)


def survey(paths: Sequence[Path]) -> tuple[Model, ...]:
    """What models lie there, the unusable ones with the reason. Some ms a model: call it off the window's thread."""
    found: dict[Path, Model] = {}
    for path in paths:
        for model in find_models(path.absolute()):
            found.setdefault(model.path.resolve(), model)
    return tuple(sorted(found.values(), key=lambda model: (bool(model.problem), model.title.casefold())))


@dataclass
class Copying:
    """Copies models into a folder. `done` and `total` are bytes; `cancel()` may come from any thread."""

    models: Sequence[Model]
    into: Path
    done: int = 0
    total: int = 0
    now: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Stop soon; what is not whole by then is removed."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """True once somebody asked to stop."""
        return self._stop.is_set()

    def run(self) -> tuple[Path, ...]:
        """The copies that are whole, each in its place only when it is. Raises StudioError where the disk is too small
        or refuses.
        """
        todo = [(model, files_of(model.path)) for model in self.models]
        self.total = sum(file.stat().st_size for _, files in todo for _, file in files)
        self._check_room()
        made = []
        for model, files in todo:
            if self.cancelled:
                break
            self.now = model.title
            target = _free(self.into / _INTO.get(model.family.partition("/")[0], "") / _plain_name(model))
            with plain_words(target):
                if self._copy(files, target, whole=model.path.is_dir()):
                    made.append(target)
        return tuple(made)

    def _check_room(self) -> None:
        place = next((p for p in (self.into, *self.into.parents) if p.exists()), self.into)
        with plain_words(self.into):
            free = shutil.disk_usage(place).free
        if self.total > free - 500_000_000:
            raise StudioError(
                f"There is not enough room for {self.total / 1e9:.1f} GB: {free / 1e9:.1f} GB are free.",
                "Use the models where they are, or make room first.",
            )

    def _copy(self, files: Sequence[tuple[str, Path]], target: Path, *, whole: bool) -> bool:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Names that begin with a dot are passed over by the scan.
        place = target.parent / f"{TEMPORARY}{new_id()}"
        try:
            for name, source in files:
                into = place / name if whole else place
                into.parent.mkdir(parents=True, exist_ok=True)
                if not self._copy_file(source, into):
                    return False
            replace(place, target)
            return True
        finally:
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink(missing_ok=True)

    def _copy_file(self, source: Path, target: Path) -> bool:
        with source.open("rb") as reading, target.open("xb") as writing:
            while block := reading.read(_BLOCK):
                if self.cancelled:
                    return False
                writing.write(block)
                self.done += len(block)
            writing.flush()
            os.fsync(writing.fileno())
        return True


def to_trash(path: Path, trash: Callable[[Path], None] | None = None) -> None:
    """Put a model into the system's trash. Raises StudioError; it is never deleted for good."""
    from send2trash import send2trash  # type: ignore[import-untyped]

    try:
        (trash or send2trash)(path)
    except Exception as error:
        raise StudioError(
            f"“{path.name}” could not be put into the trash.",
            "Nothing was deleted. Remove it in your file manager.",
            details=f"{type(error).__name__}: {error}",
        ) from error


def _plain_name(model: Model) -> str:
    """A file name for the copy: a snapshot in a shared cache is called by its commit, which tells nobody anything."""
    name = model.path.name
    if model.path.is_dir():
        name = "".join(mark if mark.isalnum() or mark in " -_.()" else "_" for mark in model.title).strip(" .") or name
    return name


def _free(path: Path) -> Path:
    """`path`, or the next name like it that nothing has."""
    stem, suffix = (path.stem, path.suffix) if path.suffix.lower() == WEIGHTS else (path.name, "")
    for number in range(2, 1000):
        if not path.exists():
            return path
        path = path.with_name(f"{stem} {number}{suffix}")
    return path
