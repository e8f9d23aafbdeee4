"""The wheel works when it is installed alone: plugins, resources and starter models are inside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import studio

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, without a network, so that nothing is left in the working tree."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("studio", "plugins", "resources"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "THIRD_PARTY.md"):
        shutil.copyfile(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(out)]
    result = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in an environment of its own, which borrows the other packages from the one that runs the tests (their
    installation is what takes minutes). Borrowed through a .pth line, so that .pth files there are not followed: the
    checkout is out of sight.
    """
    place = tmp_path_factory.mktemp("installed") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "-q"]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    Path(packages, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(
    installed: Path, home: Path, *arguments: str, program: str = "studio", limit: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run the installed program in an empty folder, with nothing of ours in the surroundings."""
    empty = home / "empty"
    empty.mkdir(exist_ok=True)
    names = ("PATH", "SYSTEMROOT", "TEMP", "LANG", "OMP_WAIT_POLICY", "QT_QPA_PLATFORM")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment |= {"HOME": str(home), "STUDIO_HOME": str(home / "studio"), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [str(installed.parent / program), *arguments],
        cwd=empty,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=limit,
    )


def test_what_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for tracked in ("plugins/image/plugin.toml", "plugins/image/generate.py", "studio/py.typed"):
        assert any(name.endswith(tracked) for name in names), tracked
    assert "studio/bundled/plugins/image/hooks.py" in names
    assert any(name.endswith((".ttf", ".otf")) for name in names), "no font"
    assert any(name.startswith("studio/bundled/") and name.endswith(".safetensors") for name in names), "no weights"
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests/", "plugins/"))]


def test_it_is_the_wheel_that_runs(installed: Path, tmp_path: Path) -> None:
    code = "import studio; from studio.store.places import bundled; print(studio.__file__); print(bundled())"
    result = run(installed, tmp_path, "-c", code, program=installed.name)
    assert result.returncode == 0, result.stderr
    package, bundle = (Path(line) for line in result.stdout.splitlines())
    assert package.is_relative_to(installed.parent.parent)
    assert bundle == package.parent / "bundled"


def test_version_and_plugins(installed: Path, tmp_path: Path) -> None:
    version = run(installed, tmp_path, "--version")
    assert version.returncode == 0, version.stderr
    assert studio.__version__ in version.stdout
    module = run(installed, tmp_path, "-m", "studio", "--version", program=installed.name)
    assert module.stdout == version.stdout
    plugins = run(installed, tmp_path, "plugins", "--json")
    assert plugins.returncode == 0, plugins.stderr
    found = {plugin["id"]: plugin["status"] for plugin in json.loads(plugins.stdout)}
    assert found["image"] == "ok"
    assert set(found.values()) == {"ok"}


def test_it_makes_a_picture(installed: Path, tmp_path: Path) -> None:
    """The built-in model, through the generation host, with nothing but the wheel."""
    arguments = ("generate", "image", "--prompt", "a lighthouse at night", "--steps", "2", "--seed", "7")
    result = run(installed, tmp_path, *arguments, "--out", str(tmp_path / "x.png"), limit=300)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
