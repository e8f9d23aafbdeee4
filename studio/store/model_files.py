"""What a folder or a file of weights is, found out without opening anything that could run code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from studio.core.values import frozen
from studio.store.files import read_object
from studio.store.model_base import nature_of, nature_of_folder
from studio.store.model_cards import said_in_file, said_in_folder
from studio.store.safetensors import BadHeader, Header, read_header

WEIGHTS = ".safetensors"
PICKLES = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
"""Weights that are programs for Python's unpickler: loading one can do anything."""

CODE = {".py", ".pyc", ".pyw", ".pyd", ".so", ".dll", ".dylib", ".exe", ".sh", ".bat", ".ps1"}
HASHED = {WEIGHTS, ".json", ".txt", ".model", ".jinja", ".spm", ".vocab"}
"""What a model's hash covers: what loaders read. Read-me files, previews and unread pickles do not change a result."""

_JSON_LIMIT = 32 << 20
_FILES_LIMIT = 5000
_DEPTH = 6
_LIBRARIES = {
    "diffusers", "transformers", "tokenizers", "peft", "stable_diffusion", "stable_diffusion_xl", "latent_diffusion",
    "paint_by_example", "deepfloyd_if", "kandinsky", "audioldm2", "wuerstchen", "unidiffuser", "kolors", "pipelines",
    "hidream_image", "stable_audio", "stable_audio_3", "ace_step", "musicldm", "audioldm",
}  # fmt: skip
"""What diffusers may import for a part of a pipeline. It would import any other installed module just as readily."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


@frozen
class Finding:
    """What was found out. `problem` is a sentence for the artist; a model with one is never opened. `said` is what the
    model says of itself (see model_cards). `base` and `facts` are those of a Model.
    """

    family: str = ""
    size: int = 0
    dtype: str = ""
    problem: str = ""
    base: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)


class Unusable(Exception):
    """Carries the sentence that says why a model is not used."""


def is_model(folder: Path) -> bool:
    """True for a folder that says what it is (diffusers, transformers)."""
    return (folder / "model_index.json").is_file() or (folder / "config.json").is_file()


def files_of(path: Path) -> tuple[tuple[str, Path], ...]:
    """All files of a model with their names relative to it ("unet/config.json"), sorted, hidden ones left out.

    Raises Unusable for a folder that is too large or too deep to be a model.
    """
    if not path.is_dir():
        return ((path.name, path),)
    found = []
    for file in _walk(path, _DEPTH):
        found.append((file.relative_to(path).as_posix(), file))
        if len(found) > _FILES_LIMIT:
            raise Unusable("This folder holds too many files to be a model.")
    return tuple(sorted(found))


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if depth == 0:
                    raise Unusable("This folder is nested too deeply to be a model.")
                yield from _walk(Path(entry.path), depth - 1)
            elif entry.is_file():  # a link to a file is fine: a shared cache keeps its weights that way
                yield Path(entry.path)


def examine(path: Path) -> Finding:
    """What `path` is: a folder of diffusers or transformers, a single safetensors file, or something not to be
    opened. Reads JSON and headers only: 1–20 ms.
    """
    family, size = "", 0
    try:
        files = files_of(path)
        size = sum(file.stat().st_size for _, file in files)
        if not path.is_dir():
            return _examine_file(path, size)
        family = _family(path)
        _refuse_code(files)
        _refuse_pickles(files, pipeline=(path / "model_index.json").is_file())
        _refuse_gaps(path, files)
        headers = {name: _header(file, name) for name, file in files if file.suffix.lower() == WEIGHTS}
        return _examined(path, Finding(family, size, _dtype_of(headers), said=said_in_folder(path)), headers)
    except Unusable as error:
        return Finding(family or "unknown", size, problem=str(error))
    except OSError as error:
        return Finding(family or "unknown", size, problem=f"Its files cannot be read: {error.strerror or error}.")


def _examine_file(path: Path, size: int) -> Finding:
    if path.suffix.lower() != WEIGHTS:
        problem = _pickle_problem(path.name) if path.suffix.lower() in PICKLES else "This is not a model."
        return Finding("pickle", size, problem=problem)
    header = _header(path, path.name)
    nature = nature_of(header)
    said = said_in_file(header.metadata)
    unknown = "" if nature.family else "Studio does not recognise what kind of model this file holds."
    return Finding(
        nature.family or "single/unknown",
        size,
        header.dtype(),
        nature.problem or unknown,
        nature.base,
        nature.facts,
        said,
    )


def _examined(folder: Path, found: Finding, headers: Mapping[str, Header]) -> Finding:
    """`found` with what the headers and configs of a diffusers folder say of its architecture."""
    library, _, name = found.family.partition("/")
    if library != "diffusers":
        return found
    configs = {
        part: _json(folder / part / file)
        for part, file in (
            ("unet", "config.json"),
            ("transformer", "config.json"),
            ("vae", "config.json"),
            ("scheduler", "scheduler_config.json"),
        )
        if (folder / part / file).is_file()
    }
    sizes = [(name, sum(size for _, _, size in header.tensors.values())) for name, header in headers.items()]
    nature = nature_of_folder(name, configs, sizes)
    return replace(found, base=nature.base, facts=nature.facts)


_SOUNDS = re.compile(r"Audio|Music|AceStep|DanceDiffusion")
"""Pipelines that make sound: a picture panel must not offer them."""
_SPEAKING = frozenset(
    ("MusicgenForConditionalGeneration", "MusicgenMelodyForConditionalGeneration", "VitsModel", "BarkModel")
)


def _family(folder: Path) -> str:
    index = folder / "model_index.json"
    if index.is_file():
        data = _json(index)
        name = data.get("_class_name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise Unusable("It asks for a pipeline of its own code. Studio opens only models that are plain data.")
        for part, value in data.items():
            source = value[0] if isinstance(value, list) and len(value) == 2 else None
            if source is not None and not (isinstance(source, str) and source in _LIBRARIES):
                raise Unusable(f"Its part “{part[:60]}” asks for code from “{str(source)[:60]}”. That is not run.")
        return f"{'sound' if _SOUNDS.search(name) else 'diffusers'}/{name}"
    data = _json(folder / "config.json")
    if isinstance(data.get("_class_name"), str):
        return f"component/{data['_class_name'][:100]}"
    names = data.get("architectures")
    if isinstance(names, list) and names and isinstance(names[0], str) and _NAME.fullmatch(names[0]):
        return f"{'sound' if names[0] in _SPEAKING else 'transformers'}/{names[0]}"
    raise Unusable("Its config.json does not say what kind of model it is.")


def _refuse_code(files: tuple[tuple[str, Path], ...]) -> None:
    for name, file in files:
        if file.suffix.lower() in CODE:
            raise Unusable(f"It contains program code ({name}). Studio opens only models that are plain data.")
    for name, file in files:
        if file.suffix.lower() == ".json" and "config" in file.name.lower():
            data = _json(file)
            if "auto_map" in data or data.get("trust_remote_code") or "custom_pipelines" in data:
                raise Unusable(f"It asks for program code of its own ({name}). Studio does not run that.")


def _refuse_pickles(files: tuple[tuple[str, Path], ...], *, pipeline: bool) -> None:
    """Weights in each folder must be there as safetensors. At the top of a pipeline lie files no loader reads."""
    safe = {name.rpartition("/")[0] for name, file in files if file.suffix.lower() == WEIGHTS}
    for name, file in files:
        folder = name.rpartition("/")[0]
        if file.suffix.lower() in PICKLES and folder not in safe and (folder or not pipeline):
            raise Unusable(_pickle_problem(name))
    if not safe:
        raise Unusable("There are no weights in it (no .safetensors file).")


def _refuse_gaps(folder: Path, files: tuple[tuple[str, Path], ...]) -> None:
    index = folder / "model_index.json"
    if index.is_file():
        for part, value in _json(index).items():
            given = isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value)
            if given and not (folder / part).is_dir():
                raise Unusable(f"It is incomplete: the folder “{part[:60]}” is missing. Copy or download it again.")
    names = {name for name, _ in files}
    for name, file in files:
        if name.endswith(".safetensors.index.json"):
            parent = name.rpartition("/")[0]
            shards = _json(file).get("weight_map")
            for shard in sorted({str(s) for s in shards.values()} if isinstance(shards, dict) else set()):
                if "/" in shard or "\\" in shard or (f"{parent}/{shard}" if parent else shard) not in names:
                    raise Unusable(f"It is incomplete: “{shard[:80]}” is missing. Copy or download it again.")


def _dtype_of(headers: Mapping[str, Header]) -> str:
    """The dtype of most bytes."""
    sums: dict[str, int] = {}
    for header in headers.values():
        for dtype, _, size in header.tensors.values():
            sums[dtype] = sums.get(dtype, 0) + size
    return max(sums, key=lambda name: sums[name]) if sums else ""


def _header(path: Path, name: str) -> Header:
    try:
        return read_header(path)
    except BadHeader as error:
        raise Unusable(f"“{name}” {error}. Copy or download it again.") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        return read_object(path, limit=_JSON_LIMIT)
    except ValueError as error:
        raise Unusable(f"“{path.name}” is damaged. Copy or download the model again.") from error


def _pickle_problem(name: str) -> str:
    return f"Its weights ({name}) are a pickle file, which can run programs. Look for a .safetensors version of it."
