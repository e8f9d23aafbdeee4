"""Every import contract and every house rule bites: each is shown to find a deliberate violation.

All import violations are made at once, in a copy of the tree, because reading the imports is what takes the time.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = "Layers: each imports only what stands below it"
NO_QT = "core, api, engine, store and inference know no Qt"
NO_TORCH = "core, api, engine, store, widgets, ui and app know no torch"
PURE = "core is the standard library only"
NO_PLUGINS = "studio never imports plugins"
PUBLIC = "Plugins import only studio.api, studio.widgets, studio.inference and studio.testing"
APART = "Plugins never import each other"
CHEAP = "hooks.py and params.py import nothing heavy, even through others"
NO_QT_WORK = "generate.py and document.py know no Qt"
NO_TORCH_PANEL = "panel.py knows no torch"
PLUGGY = "pluggy only in api and the plugin host"
SQLITE = "sqlite only in store"
PROCESSES = "Processes only in engine (and in the set-up, before Studio runs)"

# contract, the file that breaks it, what it imports, and the import as the linter names it
VIOLATIONS = [
    (LAYERS, "studio/core/media.py", "import studio.api.context", "studio.core.media -> studio.api.context"),
    (LAYERS, "studio/api/context.py", "import studio.store.places", "studio.api.context -> studio.store.places"),
    (LAYERS, "studio/engine/mailbox.py", "import studio.store.files", "studio.engine.mailbox -> studio.store.files"),
    (LAYERS, "studio/store/files.py", "import studio.engine.mailbox", "studio.store.files -> studio.engine.mailbox"),
    (
        LAYERS,
        "studio/widgets/icons.py",
        "import studio.engine.mailbox",
        "studio.widgets.icons -> studio.engine.mailbox",
    ),
    (
        LAYERS,
        "studio/inference/devices.py",
        "import studio.store.files",
        "studio.inference.devices -> studio.store.files",
    ),
    (LAYERS, "studio/ui/services.py", "import studio.app", "studio.ui.services -> studio.app"),
    (NO_QT, "studio/core/media.py", "from PySide6 import QtCore", "studio.core.media -> PySide6"),
    (NO_QT, "studio/engine/mailbox.py", "import PySide6.QtCore", "studio.engine.mailbox -> PySide6"),
    (NO_QT, "studio/store/files.py", "import shiboken6", "studio.store.files -> shiboken6"),
    (NO_QT, "studio/inference/devices.py", "import qtawesome", "studio.inference.devices -> qtawesome"),
    (NO_TORCH, "studio/widgets/icons.py", "import torch", "studio.widgets.icons -> torch"),
    (NO_TORCH, "studio/ui/services.py", "import studio.inference.devices", "studio.inference.devices -> torch"),
    (NO_TORCH, "studio/engine/mailbox.py", "def f():\n    import diffusers", "studio.engine.mailbox -> diffusers"),
    (PURE, "studio/core/media.py", "import numpy", "studio.core.media -> numpy"),
    (PURE, "studio/setup/words.py", "import platformdirs", "studio.setup.words -> platformdirs"),
    (NO_PLUGINS, "studio/ui/services.py", "import plugins.image.params", "studio.ui.services -> plugins.image.params"),
    (PUBLIC, "plugins/image/document.py", "import studio.core.media", "plugins.image.document -> studio.core.media"),
    (PUBLIC, "plugins/image/panel.py", "import studio.ui.services", "plugins.image.panel -> studio.ui.services"),
    (
        APART,
        "plugins/image/document.py",
        "import plugins.other.params",
        "plugins.image.document -> plugins.other.params",
    ),
    (CHEAP, "plugins/other/hooks.py", "import plugins.other.shapes", "plugins.other.shapes -> numpy"),
    (CHEAP, "plugins/image/params.py", "import PIL.Image", "plugins.image.params -> PIL"),
    (NO_QT_WORK, "plugins/image/generate.py", "import PySide6", "plugins.image.generate -> PySide6"),
    (
        NO_QT_WORK,
        "plugins/image/document.py",
        "import studio.widgets.icons",
        "plugins.image.document -> studio.widgets",
    ),
    (NO_TORCH_PANEL, "plugins/image/panel.py", "import studio.inference.devices", "studio.inference.devices -> torch"),
    (PLUGGY, "studio/ui/services.py", "import pluggy", "studio.ui.services -> pluggy"),
    (PLUGGY, "plugins/image/document.py", "import pluggy", "plugins.image.document -> pluggy"),
    (SQLITE, "studio/engine/mailbox.py", "import sqlite3", "studio.engine.mailbox -> sqlite3"),
    (SQLITE, "plugins/image/document.py", "import sqlite3", "plugins.image.document -> sqlite3"),
    (PROCESSES, "studio/ui/services.py", "import subprocess", "studio.ui.services -> subprocess"),
    (PROCESSES, "studio/store/files.py", "import multiprocessing", "studio.store.files -> multiprocessing"),
    (PROCESSES, "plugins/image/document.py", "import concurrent.futures", "plugins.image.document -> concurrent"),
]


def copy_tree(place: Path) -> Path:
    """The Python files of studio and plugins, with the contracts."""
    for top in ("studio", "plugins"):
        for path in (ROOT / top).rglob("*.py"):
            target = place / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    shutil.copyfile(ROOT / "pyproject.toml", place / "pyproject.toml")
    # As a namespace package it would be the sum of the copy and of the checkout, which the environment points at.
    (place / "plugins" / "__init__.py").write_text("")
    other = place / "plugins" / "other"  # a second plugin, to be imported where it must not be
    other.mkdir()
    for name in ("__init__", "hooks", "params"):
        (other / f"{name}.py").write_text("")
    (other / "shapes.py").write_text("import numpy\n")
    return place


def lint(place: Path) -> str:
    """What import-linter says about a tree."""
    script = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert script, "import-linter is not installed beside this Python"
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONUTF8": "1", "COLUMNS": "200", "NO_COLOR": "1"}
    result = subprocess.run(
        [script, "--no-cache", "--no-logo"], cwd=place, env=environment, capture_output=True, encoding="utf-8"
    )
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = copy_tree(tmp_path_factory.mktemp("violated"))
    for _, file, statement, _ in VIOLATIONS:
        with (place / file).open("a", encoding="utf-8") as target:
            target.write(f"\n{statement}\n")
    return lint(place)


def section(report: str, contract: str) -> str:
    """What the linter says below the heading of a broken contract."""
    match = re.search(rf"^{re.escape(contract)}\n-+\n(.*?)(?=^[^\n]+\n-{{4,}}\n|\Z)", report, re.S | re.M)
    return match[1] if match else ""


@pytest.mark.parametrize(("contract", "file", "statement", "edge"), VIOLATIONS, ids=[row[3] for row in VIOLATIONS])
def test_a_contract_bites(report: str, contract: str, file: str, statement: str, edge: str) -> None:
    found = section(report, contract)
    assert found, f"{contract!r} is kept although {file} has {statement!r}:\n{report[-3000:]}"
    assert edge in found, f"{contract!r} does not name {edge!r}:\n{found}"


def test_without_violations_all_contracts_are_kept(tmp_path: Path) -> None:
    assert ", 0 broken." in lint(copy_tree(tmp_path))


def test_every_contract_has_its_violation() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in contracts} == {violation[0] for violation in VIOLATIONS}


# --- house rules -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rules() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house_rules", ROOT / "scripts" / "house_rules.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["house_rules"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


BAD = [
    ("studio/ui/x.py", '"""x"""\nimport torch\ntorch.load("m.bin")', "torch.load: Pickles run code"),
    ("studio/ui/x.py", '"""x"""\nimport pickle\npickle.load(file)', "pickle.load: Pickles run code"),
    ("studio/ui/x.py", '"""x"""\nnp.load("a.npy")', "allow_pickle=False"),
    ("studio/ui/x.py", '"""x"""\neval("1")', "Never evaluate text"),
    ("studio/ui/x.py", '"""x"""\narchive.extractall(folder)', "member by member"),
    ("studio/engine/x.py", '"""x"""\nsubprocess.run("ls", shell=True)', "shell stays False"),
    ("plugins/x/generate.py", '"""x"""\nload(trust_remote_code=True)', "trust_remote_code stays False"),
    ("plugins/x/generate.py", '"""x"""\nload(trust_remote_code=wish)', "trust_remote_code stays False"),
    ("plugins/x/export.py", '"""x"""\nImage.open(path)', "needs formats="),
    ("studio/ui/x.py", '"""x"""\nthreading.Thread(target=f).start()', "started in studio/engine"),
    ("studio/ui/x.py", '"""x"""\nclass Loader(QThread): ...', "started in studio/engine"),
    ("studio/store/x.py", '"""x"""\ntry:\n    f()\nexcept:\n    g()', "Name what is caught"),
    ("studio/ui/x.py", "import os", "Say in a docstring"),
    ("studio/ui/x.py", '"""x"""\n' + "a = 1\n" * 400, "is the limit"),
    ("studio/ui/x.py", '"""x"""\ndef f():\n' + "    a = 1\n" * 70, "fit on a screen"),
    ("studio/ui/image_utils.py", '"""x"""', "name the file after"),
    ("studio/ui/x.py", '"""x"""\nclass PluginManager: ...', "name the class after"),
    ("tests/test_x.py", "assert True", "cannot fail"),
    ("tests/test_x.py", "assert (x, 'message')", "always true"),
    ("tests/test_x.py", "@pytest.mark.xfail\ndef test_x(): ...", "Mend it or remove"),
    ("docs/x.md", "TO" + "DO: write this", "Finish it now"),
    ("README.md", "see /ho" + "me/ada/pictures", "one's own machine"),
    ("studio/ui/x.py", '"""x"""\npath = "/t' + 'mp/studio.png"', "use tempfile"),
]


@pytest.mark.parametrize(("path", "text", "sentence"), BAD, ids=[row[2] for row in BAD])
def test_a_house_rule_bites(rules: ModuleType, path: str, text: str, sentence: str) -> None:
    source = rules.Source(path, text, ast.parse(text) if path.endswith(".py") else None)
    findings = rules.check(source)
    assert any(sentence in finding for finding in findings), findings


GOOD = [
    ("studio/engine/process.py", '"""x"""\nsubprocess.Popen(["x"])'),
    ("studio/widgets/sound.py", '"""x"""\nthreading.Thread(target=f)'),
    ("plugins/x/export.py", '"""Never calls eval( or torch.load( at all."""\nImage.open(path, formats=("PNG",))'),
    ("tests/test_x.py", "with pytest.raises(ValueError):\n    f()"),
    ("docs/x.md", "Put it into ~/Pictures, or into the folder /usr/share/fonts."),
]


@pytest.mark.parametrize(("path", "text"), GOOD)
def test_a_house_rule_leaves_good_code_alone(rules: ModuleType, path: str, text: str) -> None:
    source = rules.Source(path, text, ast.parse(text) if path.endswith(".py") else None)
    assert rules.check(source) == []
