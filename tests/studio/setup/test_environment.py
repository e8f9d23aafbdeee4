"""The set-up makes real environments and fills them with a real (tiny) package from a folder of wheels."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from studio.setup import environment as module
from studio.setup.environment import Environment, in_plain_words, refuse_impossible_machines
from studio.setup.words import SetupError


def write_wheel(folder: Path, name: str, version: str) -> None:
    """A wheel with one module that knows its version."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that needs `tinydep`, and `devdep` for its developers; both lie in a folder of wheels.

    Python is played to be Debian's, which has no ensurepip: another pip fills the environment, in a fifth of the time.
    """
    root = tmp_path / "a project"  # with a space, as people have them
    root.mkdir()
    (root / "pyproject.toml").write_text(
        '[project]\nname = "p"\ndependencies = ["tinydep>=1"]\n[project.optional-dependencies]\ndev = ["devdep"]\n'
    )
    (root / "constraints.txt").write_text("tinydep==1.0\ndevdep==1.0\n")
    for version in ("1.0", "1.1"):
        write_wheel(tmp_path / "wheels", "tinydep", version)
        write_wheel(tmp_path / "wheels", "devdep", version)
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    front = tmp_path / "front"
    front.mkdir()
    (front / "ensurepip.py").write_text("raise SystemExit(1)\n")
    monkeypatch.setenv("PYTHONPATH", str(front))
    return root


def version_of(environment: Environment, name: str) -> str:
    code = f"import {name}; print({name}.version)"
    return subprocess.run([environment.python, "-c", code], capture_output=True, text=True).stdout.strip()


def has_pip(environment: Environment) -> bool:
    return subprocess.run([environment.python, "-m", "pip", "--version"], capture_output=True).returncode == 0


def test_from_nothing_to_ready(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    said: list[str] = []
    environment = Environment(checkout)
    assert not environment.ready()
    environment.prepare(tell=said.append)
    assert environment.ready()
    if importlib.util.find_spec("ensurepip"):  # not in Debian's own Python, where another pip does it from outside
        assert has_pip(environment)
    assert version_of(environment, "tinydep") == "1.0"  # 1.1 is there, but the constraints say 1.0
    assert version_of(environment, "devdep") == ""
    assert any(str(environment.folder) in line for line in said)
    assert "Successfully installed" in environment.log.read_text("utf-8")
    # `import studio` works from anywhere, because a line in the environment points at the checkout
    (checkout / "studio.py").write_text("where = __file__\n")
    answer = subprocess.run(
        [environment.python, "-c", "import studio; print(studio.where)"], cwd=os.sep, capture_output=True, text=True
    )
    assert Path(answer.stdout.strip()) == checkout / "studio.py"


def test_a_second_start_does_nothing(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Environment(checkout).prepare(tell=lambda line: None)
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: pytest.fail("something was started"))
    monkeypatch.setattr(module.subprocess, "Popen", lambda *_, **__: pytest.fail("something was started"))
    said: list[str] = []
    Environment(checkout).prepare(tell=said.append)
    assert said == []


def test_changed_constraints_are_followed(checkout: Path) -> None:
    environment = Environment(checkout)
    environment.prepare(tell=lambda line: None)
    (checkout / "constraints.txt").write_text("tinydep==1.1\n")
    assert not environment.ready()
    environment.prepare(tell=lambda line: None)
    assert environment.ready()
    assert version_of(environment, "tinydep") == "1.1"


def test_a_change_of_lint_options_needs_no_set_up(checkout: Path) -> None:
    environment = Environment(checkout)
    environment.prepare(tell=lambda line: None)
    with (checkout / "pyproject.toml").open("a") as file:
        file.write("[tool.ruff]\nline-length = 100\n")
    assert environment.ready()


def test_the_developers_environment_serves_the_program_too(checkout: Path) -> None:
    developer = Environment(checkout, ("dev",))
    developer.prepare(tell=lambda line: None)
    assert version_of(developer, "devdep") == "1.0"
    assert Environment(checkout).ready()
    shutil.rmtree(checkout / ".venv")
    Environment(checkout).prepare(tell=lambda line: None)
    assert not developer.ready()


def test_an_interrupted_set_up_goes_on(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the package cannot be had, as if the connection were gone; then it can."""
    environment = Environment(checkout)
    with monkeypatch.context() as offline:
        offline.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
        (tmp_path / "nowhere").mkdir()
        with pytest.raises(SetupError, match="could not be installed") as caught:
            environment.prepare(tell=lambda line: None)
    assert "tinydep" in caught.value.hint
    assert not environment.ready()
    environment.prepare(tell=lambda line: None)
    assert environment.ready()


@pytest.mark.parametrize("damage", ["no interpreter", "another version", "no folder of packages"])
def test_a_half_made_environment_is_made_again(checkout: Path, damage: str) -> None:
    environment = Environment(checkout)
    environment.prepare(tell=lambda line: None)
    if damage == "no interpreter":
        environment.python.unlink()
    elif damage == "another version":  # the system's Python was upgraded under it
        settings = environment.folder / "pyvenv.cfg"
        settings.write_text("home = /nowhere\nversion = 3.4.1\n")
        (environment.folder / "studio-setup.json").unlink()
    else:
        shutil.rmtree(environment.folder)
        environment.folder.mkdir()
    environment.prepare(tell=lambda line: None)
    assert environment.ready()
    assert version_of(environment, "tinydep") == "1.0"


def test_a_damaged_stamp_is_no_stamp(checkout: Path) -> None:
    environment = Environment(checkout)
    environment.prepare(tell=lambda line: None)
    stamp = environment.folder / "studio-setup.json"
    for text in ("", "[]", "{", json.dumps({"": 7})):
        stamp.write_text(text)
        assert not environment.ready()


def test_without_ensurepip_another_pip_fills_the_environment(checkout: Path) -> None:
    environment = Environment(checkout)
    environment.prepare(tell=lambda line: None)
    assert version_of(environment, "tinydep") == "1.0"
    assert not has_pip(environment)


def test_too_little_room_is_said_before_anything_is_fetched(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 2**60)
    with pytest.raises(SetupError, match="too little room"):
        Environment(checkout).prepare(tell=lambda line: None)


def test_impossible_machines_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_impossible_machines()  # this one will do
    with monkeypatch.context() as mac:
        mac.setattr(sys, "platform", "darwin")
        mac.setattr(module.platform, "machine", lambda: "x86_64")
        with pytest.raises(SetupError, match="Intel"):
            refuse_impossible_machines()
    with monkeypatch.context() as linux:
        linux.setattr(sys, "platform", "linux")
        linux.setattr(module.platform, "libc_ver", lambda: ("", ""))
        with pytest.raises(SetupError, match="glibc"):
            refuse_impossible_machines()
        linux.setattr(module.platform, "libc_ver", lambda: ("glibc", "2.31"))
        with pytest.raises(SetupError, match=r"2\.34 or newer; this system has 2\.31"):
            refuse_impossible_machines()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "  Downloading pyside6_essentials-6.11.3-cp310-abi3-manylinux_2_34_x86_64.whl (80.3 MB)",
            "pyside6-essentials (80.3 MB)",
        ),
        ("  Downloading https://host/p/torch-2.13.0-cp311-none-any.whl.metadata (30 kB)", ""),
        ("  Using cached diffusers-0.42.1-py3-none-any.whl (6.4 MB)", "diffusers (6.4 MB)"),
        ("  Downloading idna-3.20-py3-none-any.whl (70 kB)", ""),
        ("Installing collected packages: a, b, c", "unpacking 3 packages, which takes a minute"),
        ("Requirement already satisfied: numpy in ./lib", ""),
    ],
)
def test_pips_words_in_plain_ones(line: str, words: str) -> None:
    assert in_plain_words(line) == words
