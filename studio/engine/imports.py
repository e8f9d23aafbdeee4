"""Imports plugins from their folders under names of their own, without touching sys.path."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from studio.core.errors import StudioError

BUNDLED = "plugins"
USER = "user_plugins"


def package_name(parent: str, folder: Path) -> str:
    """The name under which the plugin in `folder` is imported: "plugins.image", "user_plugins.oil_paint"."""
    name = folder.name
    if not name.isidentifier():
        import hashlib  # not in each start

        plain = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name)
        name = f"_{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"{parent}.{name}"


def add_package(name: str, folder: Path) -> None:
    """Make `folder` importable as the package `name`, running its `__init__.py` where it has one.

    A package of the same name from another folder is forgotten first.
    """
    known = sys.modules.get(name)
    if known is not None and _is_in(known, folder):
        return
    if known is not None:
        _forget(name)
    parent, _, child = name.rpartition(".")
    if parent:
        _add_parent(parent, folder.parent)
    start = folder / "__init__.py"
    if start.is_file():
        spec = importlib.util.spec_from_file_location(name, start, submodule_search_locations=[str(folder)])
    else:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if spec.loader is not None:
        try:
            spec.loader.exec_module(module)
        except BaseException:
            _forget(name)
            raise
    if parent:
        setattr(sys.modules[parent], child, module)


def import_part(package: str, part: str) -> ModuleType:
    """Import the module `part` of a plugin ("hooks", "generate"); whatever its code raises passes through."""
    importlib.invalidate_caches()  # the folder may be younger than the import system's memory of it
    return importlib.import_module(f"{package}.{part}" if part else package)


def folder_of(module: str) -> Path:
    """The folder of an installed package ("paint_tools" or "paint_tools.studio"), without importing it."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    for place in (spec.submodule_search_locations if spec is not None else None) or ():
        folder = Path(place, *rest)
        if folder.is_dir():
            return folder
    raise StudioError(
        f"An installed package promises a plugin in {module!r}, but there is no such package.",
        "Install the package again, or remove it.",
    )


def _is_in(module: ModuleType, folder: Path) -> bool:
    places = [Path(place) for place in getattr(module, "__path__", ())]
    try:
        return any(place.resolve() == folder.resolve() for place in places)
    except OSError:
        return False


def _forget(name: str) -> None:
    for known in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
        del sys.modules[known]


def _add_parent(name: str, folder: Path) -> None:
    parent = sys.modules.get(name)
    if parent is None:
        # In a checkout `plugins` is a namespace package already: tests that import plugins.image must get our module.
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is None:
            parent = importlib.import_module(name)
        else:
            spec = ModuleSpec(name, None, is_package=True)
            parent = importlib.util.module_from_spec(spec)
            parent.__path__ = []
            sys.modules[name] = parent
    if not _is_in(parent, folder):
        parent.__path__ = [*parent.__path__, str(folder)]
