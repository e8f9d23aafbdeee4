"""What the system lacks is found, installed where that may be done, and named in one line where it may not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from studio.setup import system
from studio.setup.system import Part
from studio.setup.words import SetupError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Windows and macOS ship these libraries in the wheels")

ABSENT = Part("qt", "libnobody-has-this.so.7", "libnobody7", "nobody-libs", "nobody", "libnobody7")
ABSENT_WINDOW = Part("xcb", "libnor-this.so.1", "libnor1", "nor-libs", "nor", "libnor1")
ABSENT_SOUND = Part("sound", "libquiet.so.1", "libquiet1", "quiet", "quiet", "libquiet1")
PRESENT = Part("qt", "libc.so.6", "libc6", "glibc", "glibc", "glibc")


@pytest.mark.parametrize(
    ("environment", "platform"),
    [
        ({}, ""),
        ({"DISPLAY": ":0"}, "xcb"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0", "XDG_SESSION_TYPE": "wayland"}, "wayland"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0", "XDG_SESSION_TYPE": "x11"}, "xcb"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
        ({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}, "offscreen"),
        ({"QT_QPA_PLATFORM": "wayland;xcb"}, "wayland"),
        ({"QT_QPA_PLATFORM": "vnc:size=800x600"}, "vnc"),
    ],
)
def test_which_platform_qt_will_use(environment: dict[str, str], platform: str) -> None:
    assert system.platform_of(environment) == platform


def test_missing_libraries_are_found_by_loading_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "PARTS", (PRESENT, ABSENT, ABSENT_WINDOW))
    assert system.missing(["qt"]) == (ABSENT,)
    assert system.missing(["qt", "xcb"]) == (ABSENT, ABSENT_WINDOW)
    assert system.missing(["sound"]) == ()


def test_fonts_are_looked_for_where_fontconfig_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert system.missing(["fonts"]) == (system.FONTS,)
    (tmp_path / "fonts" / "inter").mkdir(parents=True)
    (tmp_path / "fonts" / "inter" / "Inter.ttf").write_bytes(b"")
    assert system.missing(["fonts"]) == ()


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("apt-get", "sudo apt-get install -y --no-install-recommends libnobody7 libnor1"),
        ("dnf", "sudo dnf install -y nobody-libs nor-libs"),
        ("pacman", "sudo pacman -S --needed --noconfirm nobody nor"),
        ("zypper", "sudo zypper install -y libnobody7 libnor1"),
    ],
)
def test_one_line_to_paste(name: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system.paste_line([ABSENT_WINDOW, ABSENT]) == ""
    tool(tmp_path, name, "")
    assert system.paste_line([ABSENT_WINDOW, ABSENT]) == line


@pytest.fixture
def root_on_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt-get that writes down how it is called, and fails as long as its package lists are old."""
    tool(
        tmp_path,
        "apt-get",
        f'echo "$@" >> {tmp_path}/calls\n'
        f'case "$*" in *update*) touch {tmp_path}/fresh;; *) [ -e {tmp_path}/fresh ] || exit 100;; esac',
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def test_root_on_debian_gets_it_installed(root_on_debian: Path) -> None:
    said: list[str] = []
    assert system.may_install()
    assert system.apt_install(["libnobody7"], tell=said.append)
    calls = (root_on_debian / "calls").read_text().splitlines()
    assert ["update" in call for call in calls] == [False, True, False]  # the lists are fetched only where needed
    assert calls[-1].endswith("install --no-install-recommends libnobody7")
    assert any("apt-get" in line and "libnobody7" in line for line in said)


def test_a_failing_apt_get_is_reported(root_on_debian: Path) -> None:
    tool(root_on_debian, "apt-get", "echo 'E: Unable to locate package libnobody7' >&2; exit 100")
    said: list[str] = []
    assert not system.apt_install(["libnobody7"], tell=said.append)
    assert "Unable to locate package" in said[-1]


@pytest.fixture
def ordinary_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(tmp_path, "apt-get", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


@pytest.mark.usefixtures("ordinary_person")
def test_qt_is_not_started_into_an_abort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "PARTS", (PRESENT, ABSENT_WINDOW))
    with pytest.raises(SetupError, match=r"libnor-this\.so\.1") as caught:
        system.ready_for_window(tell=lambda line: None)
    assert "sudo apt-get install -y --no-install-recommends libnor1" in caught.value.hint


@pytest.mark.usefixtures("ordinary_person")
def test_sound_is_only_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "PARTS", (PRESENT, ABSENT_SOUND))
    said: list[str] = []
    system.ready_for_window(tell=said.append)
    assert "Without sound" in said[0]
    assert "libquiet1" in said[0]


@pytest.mark.usefixtures("ordinary_person")
def test_wayland_without_its_libraries_falls_back_to_x(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Part("wayland", "libno-wayland.so", "w", "w", "w", "w")
    monkeypatch.setattr(system, "PARTS", (PRESENT, absent))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    system.ready_for_window(tell=lambda line: None)
    assert os.environ.pop("QT_QPA_PLATFORM") == "xcb"


@pytest.mark.usefixtures("ordinary_person")
def test_no_screen_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    with pytest.raises(SetupError, match="no screen") as caught:
        system.ready_for_window(tell=lambda line: None)
    assert "generate" in caught.value.hint


def test_the_real_table_finds_what_the_tests_run_on() -> None:
    """Qt runs in this very process, so everything it needs must be found."""
    assert system.missing(["qt"]) == ()
