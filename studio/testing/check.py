"""One check of a whole plugin, for its author's tests: everything that Studio would find out late, said at once."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.params import describe
from studio.core.specs import Manifest
from studio.engine import PluginHost, read_manifest

ALLOWED = ("studio.api", "studio.widgets", "studio.inference", "studio.testing")
HEAVY = ("torch", "diffusers", "transformers", "accelerate", "numpy", "PIL", "PySide6", "qtawesome")
TORCH = ("torch", "diffusers", "transformers", "accelerate")
QT = ("PySide6", "shiboken6", "qtawesome")
FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "hooks": HEAVY,
    "params": HEAVY,
    "generate": QT,
    "document": QT,
    "panel": TORCH,
}
"""Per module of a plugin, what must not be loaded by importing it, not even through others."""

_PROBE = """
import importlib, json, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from studio.engine import imports
folder = Path({folder!r})
package = imports.package_name(imports.USER, folder)
imports.add_package(package, folder)
before = set(sys.modules)
imports.import_part(package, {module!r})
print(json.dumps(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})))
"""


def check_plugin(folder: Path) -> None:
    """Look at the plugin in `folder` from its manifest to its code. Raises AssertionError with one line for everything
    that is wrong: the manifest, the imports of each module (in an interpreter of its own), the specs, names of code
    that lead nowhere, params without help or range, models that are not there.
    """
    found = list(_problems(folder.resolve()))
    assert not found, f"{folder.name} is not right yet:\n" + "\n".join(f"- {line}" for line in found)


def _problems(folder: Path) -> Iterator[str]:
    try:
        manifest = read_manifest(folder)
    except StudioError as error:
        yield str(error)
        return
    yield from _wrong_imports(folder)
    yield from _heavy_imports(folder)
    host = _host(folder)
    info = next(info for info in host.plugins if info.folder == folder)
    if info.status != "ok":
        reason = info.problem.details or info.problem.message if info.problem else ""
        yield f"it fails at the stage {info.stage}: {reason}"
        return
    yield from _specs(host, manifest)


def _host(folder: Path) -> PluginHost:
    """A host that runs this plugin and none of its neighbours."""
    neighbours = []
    for other in folder.parent.iterdir():
        if other != folder and (other / "plugin.toml").is_file():
            try:
                neighbours.append(read_manifest(other).id)
            except StudioError:  # a neighbour's fault is none of ours
                continue
    with tempfile.TemporaryDirectory() as nothing:
        host = PluginHost(Path(nothing), folder.parent, disabled=neighbours, entry_points=False)
        host.load()
    return host


def _wrong_imports(folder: Path) -> Iterator[str]:
    """Imports that work today and break with any change of Studio."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"), str(path))
        for node in ast.walk(tree):
            for name in _imported(node):
                inside = name == "studio" or name.startswith("studio.")
                if inside and not name.startswith(ALLOWED):
                    yield f"{path.relative_to(folder)}:{node.lineno}: {name} is private; use {', '.join(ALLOWED)}"  # type: ignore[attr-defined]
                if name.partition(".")[0] in ("plugins", "user_plugins"):
                    yield f"{path.relative_to(folder)}:{node.lineno}: import its own parts relatively (from . import …)"  # type: ignore[attr-defined]


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        if node.module == "studio":  # from studio import api
            yield from (f"studio.{alias.name}" for alias in node.names)
        else:
            yield node.module


def _heavy_imports(folder: Path) -> Iterator[str]:
    """What each module loads, seen in an interpreter that has loaded nothing else."""
    for module, forbidden in FORBIDDEN.items():
        if not (folder / f"{module}.py").is_file():
            continue
        root = str(Path(__file__).resolve().parents[2])
        code = _PROBE.format(root=root, folder=str(folder), module=module)
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        if result.returncode:
            last = (result.stderr.strip().splitlines() or ["it ended the interpreter"])[-1]
            yield f"{module}.py cannot be imported: {last}"
            continue
        loaded = set(json.loads(result.stdout.splitlines()[-1]))
        if wrong := sorted(loaded & set(forbidden)):
            yield f"importing {module}.py loads {', '.join(wrong)}"


def _specs(host: PluginHost, manifest: Manifest) -> Iterator[str]:
    groups: tuple[Mapping[str, Any], ...] = (
        host.panels(),
        host.generators(),
        host.exporters(),
        host.importers(),
        host.settings(),
        host.models(),
    )
    offers = {full: offer for group in groups for full, offer in group.items()}
    if not offers:
        yield "it offers nothing: none of its hooks returns a spec"
    for full, offer in offers.items():
        spec = offer.spec
        for key in ("make", "run", "warm", "settle", "encode", "read"):
            if name := getattr(spec, key, ""):
                yield from _code(host, full, key, name)
        for key in ("params", "options", "settings"):
            params = getattr(spec, key, None)
            if params is not None:
                yield from _fields(params)
        suffix = getattr(spec, "suffix", ".")
        if not suffix.startswith("."):
            yield f"{full}: the suffix {suffix!r} wants a dot"
        if hasattr(spec, "family") and not (manifest.folder / spec.path).exists():
            yield f"{full}: there is no model in {spec.path}"


def _code(host: PluginHost, full: str, key: str, name: str) -> Iterator[str]:
    try:
        code = host.code(full, name)
    except StudioError as error:
        yield f"{full}: {key}={name!r} cannot be loaded: {error.details or error}"
        return
    if not callable(code):
        yield f"{full}: {key}={name!r} is no function"


def _fields(params: type) -> Iterator[str]:
    for spec in describe(params):
        where = f"{params.__name__}.{spec.name}"
        if spec.level != "hidden" and not spec.help:
            yield f"{where} has no help: its tooltip would be empty"
        if spec.kind in ("integer", "number") and (spec.minimum is None or spec.maximum is None):
            yield f"{where} needs a minimum and a maximum"
