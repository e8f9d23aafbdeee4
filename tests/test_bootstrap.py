"""`python3 main.py` from nothing: the real script in a small checkout, in processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """main.py, dev.py and the set-up as they are; the program itself only says how it was started."""
    root = tmp_path / "checkout"
    (root / "studio").mkdir(parents=True)
    for name in ("main.py", "dev.py", "studio/__init__.py"):
        shutil.copyfile(ROOT / name, root / name)
    shutil.copytree(ROOT / "studio" / "setup", root / "studio" / "setup", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "studio" / "__main__.py").write_text(
        "import os, sys, tinydep\n"
        "print(sys.argv[1:], tinydep.version, os.environ['OMP_WAIT_POLICY'], sys.prefix)\n"
        "sys.exit(7 if 'fail' in sys.argv else 0)\n"
    )
    (root / "pyproject.toml").write_text('[project]\nname = "p"\ndependencies = ["tinydep"]\n')
    (root / "constraints.txt").write_text("tinydep==1.0\n")
    with zipfile.ZipFile(tmp_path / "tinydep-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinydep.py", "version = '1.0'\n")
        wheel.writestr("tinydep-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinydep\nVersion: 1.0\n")
        wheel.writestr("tinydep-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tinydep-1.0.dist-info/RECORD", "")
    front = tmp_path / "front"  # in front of the real ensurepip: without it the set-up takes a fifth of the time
    front.mkdir()
    (front / "ensurepip.py").write_text("raise SystemExit(1)\n")
    return root


def start(checkout: Path, *arguments: str, script: str = "main.py", **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the checkout from another folder, as a desktop starter would."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment.pop("OMP_WAIT_POLICY")
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout.parent)}
    environment |= {"PYTHONPATH": str(checkout.parent / "front"), **extra}
    return subprocess.run(
        [sys.executable, str(checkout / script), *arguments],
        cwd=checkout.parent,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_first_command_sets_up_and_starts(checkout: Path) -> None:
    before = start(checkout, "--check")
    assert before.returncode == 1
    assert "to be installed" in before.stdout
    assert not (checkout / ".venv").exists()

    first = start(checkout, "models", "--json")
    assert first.returncode == 0, first.stderr
    *said, answer = first.stdout.splitlines()
    assert said[0].startswith("Making a Python environment")
    assert said[-1].startswith("Ready after")
    assert answer == f"['models', '--json'] 1.0 PASSIVE {checkout / '.venv'}"

    second = start(checkout, "models", "fail")
    assert second.stdout == f"['models', 'fail'] 1.0 PASSIVE {checkout / '.venv'}\n"
    assert second.returncode == 7  # the program's own exit code

    window = start(checkout, "--safe-mode")  # offscreen, so Qt's libraries are looked at and found
    assert window.stdout.splitlines()[-1].startswith("['--safe-mode']")

    ready = start(checkout, "--check")
    assert "ready" in ready.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can lack a screen")
def test_without_a_screen_nothing_is_fetched(checkout: Path) -> None:
    result = start(checkout, QT_QPA_PLATFORM="", DISPLAY="", WAYLAND_DISPLAY="")
    assert result.returncode == 1
    assert "no screen" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can lack a screen")
def test_the_installed_program_does_not_let_qt_abort_either(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "",
        "DISPLAY": "",
        "WAYLAND_DISPLAY": "",
        "STUDIO_HOME": str(tmp_path),
    }
    result = subprocess.run(
        [sys.executable, "-m", "studio"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1
    assert "There is no screen here" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("script", ["main.py", "dev.py"])
def test_an_old_python_is_told_in_words(checkout: Path, script: str) -> None:
    code = f"import runpy, sys; sys.version_info = (3, 8, 10); runpy.run_path({str(checkout / script)!r})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1
    assert "3.11 or newer; this is 3.8" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_developers_command_is_answered(checkout: Path) -> None:
    result = start(checkout, "tset", script="dev.py")
    assert result.returncode == 2
    assert "There is no command 'tset'" in result.stdout
    assert "dev.py test" in result.stdout
