"""Reads a plugin's plugin.toml without importing anything of the plugin."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.api import API_VERSION
from studio.core.errors import StudioError
from studio.core.specs import PERMISSIONS, Manifest

FILE = "plugin.toml"
_LIMIT = 64 * 1024
_ID = re.compile(r"[a-z][a-z0-9-]{0,63}")
_API = re.compile(r"(\d{1,4})\.(\d{1,4})")
_VERSION = re.compile(r"\d[0-9A-Za-z.+_-]{0,31}")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_KEYS = ("id", "name", "version", "api", "summary", "author", "licence", "homepage", "permissions", "needs")
_AUTHOR_HINT = "This is for the plugin's author to correct; docs/plugins.md says how a plugin.toml looks."


def read_manifest(folder: Path, *, bundled: bool = False) -> Manifest:
    """The manifest of the plugin in `folder`.

    Raises StudioError where the file is missing or not right, where the plugin was written for another API version,
    or where something it needs is not installed.
    """
    data = _table(folder)
    manifest = Manifest(
        id=_matching(data, "id", _ID, "lower-case letters, digits and dashes, as in 'oil-paint'"),
        name=_line(data, "name", 80),
        version=_matching(data, "version", _VERSION, "a version such as '1.0'"),
        api=_matching(data, "api", _API, f"two numbers, as in '{API_VERSION}'"),
        summary=_line(data, "summary", 300),
        folder=folder,
        author=_line(data, "author", 200, needed=False),
        licence=_line(data, "licence", 100, needed=False),
        homepage=_line(data, "homepage", 300, needed=False),
        permissions=_words(data, "permissions"),
        needs=_words(data, "needs"),
        bundled=bundled,
    )
    _check_api(manifest)
    _check_permissions(manifest)
    _check_needs(manifest)
    return manifest


def _table(folder: Path) -> Mapping[str, Any]:
    path = folder / FILE
    try:
        with path.open("rb") as file:
            raw = file.read(_LIMIT + 1)
    except FileNotFoundError:
        raise StudioError(f"The folder {folder.name!r} has no {FILE}.", _AUTHOR_HINT) from None
    except OSError as error:
        raise StudioError(f"{FILE} in {folder.name!r} cannot be read.", f"{error.strerror or error}.") from error
    if len(raw) > _LIMIT:
        raise StudioError(f"{FILE} in {folder.name!r} is far too large.", _AUTHOR_HINT)
    try:
        data = tomllib.loads(raw.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StudioError(f"{FILE} in {folder.name!r} is not valid TOML: {error}.", _AUTHOR_HINT) from error
    table = data.get("plugin")
    found: Mapping[str, Any] = table if isinstance(table, dict) else data
    unknown = [key for key in found if key not in _KEYS]
    if not unknown:
        return found
    import difflib  # not in each start

    for key in unknown:
        near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.8)
        if near:
            raise StudioError(f"{FILE} in {folder.name!r} says {key!r}.", f"Perhaps {near[0]!r} was meant.")
    return found


def _line(data: Mapping[str, Any], key: str, limit: int, *, needed: bool = True) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise StudioError(f'{FILE}: {key} must be text in quotes, as in {key} = "…".', _AUTHOR_HINT)
    value = " ".join(value.split())
    if needed and not value:
        raise StudioError(f"{FILE} does not say its {key}.", _AUTHOR_HINT)
    if len(value) > limit or not value.isprintable():
        raise StudioError(f"{FILE}: {key} must be one line of at most {limit} characters.", _AUTHOR_HINT)
    return value


def _matching(data: Mapping[str, Any], key: str, pattern: re.Pattern[str], example: str) -> str:
    value = _line(data, key, 200)
    if not pattern.fullmatch(value):
        raise StudioError(f"{FILE}: {key} is {value!r}.", f"It must be {example}.")
    return value


def _words(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise StudioError(f'{FILE}: {key} must be a list of words, as in {key} = ["…"].', _AUTHOR_HINT)
    return tuple(value)


def _check_api(manifest: Manifest) -> None:
    wanted, ours = ([int(part) for part in text.split(".")] for text in (manifest.api, API_VERSION))
    if wanted[0] == ours[0] and wanted[1] <= ours[1]:
        return
    older = wanted < ours
    raise StudioError(
        f"{manifest.name} was made for {'an older' if older else 'a newer'} Studio "
        f"(plugin API {manifest.api}; this one has {API_VERSION}).",
        "Look for a newer version of the plugin." if older else "Update Studio, or use an older version of the plugin.",
    )


def _check_permissions(manifest: Manifest) -> None:
    for word in manifest.permissions:
        if word not in PERMISSIONS:
            raise StudioError(
                f"{manifest.name} asks for a permission that does not exist: {word[:60]!r}.",
                f"Studio knows: {', '.join(PERMISSIONS)}.",
            )


def _check_needs(manifest: Manifest) -> None:
    for word in manifest.needs:
        if not _MODULE.fullmatch(word):
            raise StudioError(f"{FILE}: needs has {word[:60]!r}.", "It must be a list of importable module names.")
    # Only the first part is looked for: finding "a.b" would import "a".
    missing = sorted({top for word in manifest.needs if not _installed(top := word.partition(".")[0])})
    if missing:
        raise StudioError(
            f"{manifest.name} needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.",
            f"Install with: python -m pip install {' '.join(missing)}. Then start Studio again.",
        )


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
