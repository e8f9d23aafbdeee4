"""The system libraries that Qt and sound need on Linux: looked for before Qt can abort, installed or named.

With a missing library Qt ends the process without a Python exception, so the window never gets a chance to say why.
Windows and macOS ship everything with the wheels.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.setup.words import Say, SetupError, say

Need = Literal["qt", "xcb", "wayland", "sound", "fonts", "tests", "atspi"]


@dataclass(frozen=True)
class Part:
    """One thing the system must have. `name` is what the loader looks for (a soname) or, for tests, a program.
    The rest is the package that holds it, by package tool.
    """

    need: Need
    name: str
    apt: str
    dnf: str
    pacman: str
    zypper: str


# From the NEEDED entries of PySide6-Essentials 6.11.3 (libQt6Core, Gui, Widgets, DBus, and the platform plugins).
PARTS = (
    Part("qt", "libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd", "libglvnd"),
    Part("qt", "libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd", "libglvnd"),
    Part("qt", "libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus", "libdbus-1-3"),
    Part("qt", "libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig", "libfontconfig1"),
    Part("qt", "libfreetype.so.6", "libfreetype6", "freetype", "freetype2", "libfreetype6"),
    Part("qt", "libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2", "libglib-2_0-0"),
    Part("qt", "libX11.so.6", "libx11-6", "libX11", "libx11", "libX11-6"),
    Part("qt", "libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon", "libxkbcommon0"),
    Part("qt", "libzstd.so.1", "libzstd1", "libzstd", "zstd", "libzstd1"),
    Part("xcb", "libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11", "libX11-xcb1"),
    Part("xcb", "libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor", "libxcb-cursor0"),
    Part("xcb", "libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm", "libxcb-icccm4"),
    Part("xcb", "libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image", "libxcb-image0"),
    Part("xcb", "libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms", "libxcb-keysyms1"),
    Part("xcb", "libxcb-randr.so.0", "libxcb-randr0", "libxcb", "libxcb", "libxcb-randr0"),
    Part(
        "xcb",
        "libxcb-render-util.so.0",
        "libxcb-render-util0",
        "xcb-util-renderutil",
        "xcb-util-renderutil",
        "libxcb-render-util0",
    ),
    Part("xcb", "libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb", "libxcb-shape0"),
    Part("xcb", "libxcb-shm.so.0", "libxcb-shm0", "libxcb", "libxcb", "libxcb-shm0"),
    Part("xcb", "libxcb-sync.so.1", "libxcb-sync1", "libxcb", "libxcb", "libxcb-sync1"),
    Part("xcb", "libxcb-util.so.1", "libxcb-util1", "xcb-util", "xcb-util", "libxcb-util1"),
    Part("xcb", "libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb", "libxcb", "libxcb-xfixes0"),
    Part("xcb", "libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb", "libxcb-xkb1"),
    Part(
        "xcb",
        "libxkbcommon-x11.so.0",
        "libxkbcommon-x11-0",
        "libxkbcommon-x11",
        "libxkbcommon-x11",
        "libxkbcommon-x11-0",
    ),
    Part(
        "wayland", "libwayland-client.so.0", "libwayland-client0", "libwayland-client", "wayland", "libwayland-client0"
    ),
    Part(
        "wayland", "libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor", "wayland", "libwayland-cursor0"
    ),
    Part("sound", "libportaudio.so.2", "libportaudio2", "portaudio", "portaudio", "libportaudio2"),
    Part("tests", "Xvfb", "xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb", "xorg-x11-server-Xvfb"),
    Part("tests", "xauth", "xauth", "xauth", "xorg-xauth", "xauth"),
    Part("tests", "xdotool", "xdotool", "xdotool", "xdotool", "xdotool"),
    Part("tests", "openbox", "openbox", "openbox", "openbox", "openbox"),
    Part("tests", "dbus-run-session", "dbus", "dbus-daemon", "dbus", "dbus-1"),
    Part("atspi", "at-spi-bus-launcher", "at-spi2-core", "at-spi2-core", "at-spi2-core", "at-spi2-core"),
    Part("atspi", "gi", "python3-gi", "python3-gobject", "python-gobject", "python3-gobject"),
    Part("atspi", "Atspi-2.0", "gir1.2-atspi-2.0", "at-spi2-core", "at-spi2-core", "typelib-1_0-Atspi-2_0"),
)
FONTS = Part("fonts", "a font", "fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu", "dejavu-fonts")

SYSTEM_PYTHON = "/usr/bin/python3"

_TOOLS = {
    "apt-get": ("apt", "apt-get install -y --no-install-recommends"),
    "dnf": ("dnf", "dnf install -y"),
    "pacman": ("pacman", "pacman -S --needed --noconfirm"),
    "zypper": ("zypper", "zypper install -y"),
}


def platform_of(environment: Mapping[str, str]) -> str:
    """Which Qt platform will be used on Linux: "xcb", "wayland", another one that was asked for, or "" where there is
    no screen to draw on.
    """
    asked = environment.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if asked:
        return asked
    wayland = environment.get("WAYLAND_DISPLAY", "")
    if wayland and (environment.get("XDG_SESSION_TYPE") == "wayland" or not environment.get("DISPLAY")):
        return "wayland"
    return "xcb" if environment.get("DISPLAY") else ""


def missing(needs: Iterable[Need]) -> tuple[Part, ...]:
    """The parts of `needs` that this system does not have. Loading a library is the only test that cannot be wrong."""
    wanted = set(needs)
    found = [part for part in PARTS if part.need in wanted and not _there(part)]
    if "fonts" in wanted and not _any_font():
        found.append(FONTS)
    return tuple(found)


def _there(part: Part) -> bool:
    if part.need == "tests":
        return shutil.which(part.name) is not None
    if part.need == "atspi":
        return _speaks_atspi(part.name)
    try:
        ctypes.CDLL(part.name)
    except OSError:
        return False
    return True


def _speaks_atspi(name: str) -> bool:
    """What a screen reader needs, as the system's own Python has it (PyGObject is no wheel)."""
    if name == "at-spi-bus-launcher":
        return any((Path(place) / name).exists() for place in ("/usr/libexec", "/usr/lib/at-spi2-core", "/usr/lib"))
    code = "import gi" if name == "gi" else "import gi; gi.require_version('Atspi', '2.0')"
    import subprocess  # 5 ms, and not needed on the way to the window

    try:
        return subprocess.run([SYSTEM_PYTHON, "-c", code], capture_output=True).returncode == 0
    except OSError:
        return False


def _any_font() -> bool:
    home = Path.home()
    data = [Path(place) for place in os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":") if place]
    folders = [*(place / "fonts" for place in data), home / ".fonts", home / ".local/share/fonts"]
    endings = {".ttf", ".otf", ".ttc", ".pfb"}
    return any(
        Path(name).suffix.lower() in endings for top in folders for _, _, names in os.walk(top) for name in names
    )


def paste_line(parts: Sequence[Part]) -> str:
    """One command that installs `parts` here, or "" where no known package tool is."""
    for tool, (column, command) in _TOOLS.items():
        if shutil.which(tool):
            return f"sudo {command} {' '.join(_packages(parts, column))}"
    return ""


def _packages(parts: Sequence[Part], column: str) -> list[str]:
    return sorted({str(getattr(part, column)) for part in parts})


def may_install() -> bool:
    """True for root on Debian, Ubuntu and their kin: there the set-up installs what is missing by itself."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: Sequence[str], *, tell: Say = say) -> bool:
    """Install Debian packages as root; True where apt-get says that it worked."""
    import subprocess

    tell(f"Installing system packages with apt-get: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    patient = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=180"]
    install = [*patient, "install", "--no-install-recommends", *packages]
    result = None
    for command in (install, [*patient, "update"], install):  # the package lists may be missing or old
        result = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if command is install and result.returncode == 0:
            return True
    assert result is not None
    tell("apt-get could not do it:\n" + (result.stderr or result.stdout).strip()[-1500:])
    return False


def provide(needs: Iterable[Need], *, tell: Say = say) -> tuple[Part, ...]:
    """Install what is missing of `needs` where that may be done; what is still missing afterwards."""
    wanted = tuple(needs)
    lacking = missing(wanted)
    if lacking and may_install() and apt_install(_packages(lacking, "apt"), tell=tell):
        lacking = missing(wanted)
    return lacking


def screen() -> str:
    """The Qt platform to be used, on any system. Raises SetupError on a Linux without a screen."""
    platform = platform_of(os.environ) if sys.platform == "linux" else sys.platform
    if not platform:
        raise SetupError(
            "There is no screen here: neither DISPLAY nor WAYLAND_DISPLAY is set.",
            "Start Studio in a desktop session, or use its commands, which need no window (generate --help).\n"
            "(QT_QPA_PLATFORM=offscreen opens the window where nobody sees it.)",
        )
    return platform


def ready_for_window(*, tell: Say = say, install: bool = True) -> None:
    """Make sure that Qt can open a window here. Raises SetupError with a line to paste where it could only abort.

    What is merely useful (sound, fonts for all scripts) is named, and the start goes on.
    """
    platform = screen()
    if sys.platform != "linux":
        return
    needed: list[Need] = ["qt"]
    if platform in ("xcb", "wayland"):
        needed.append(platform)  # type: ignore[arg-type]  # mypy does not narrow str to the literals
    optional: tuple[Need, ...] = ("sound", "fonts")
    look = provide if install else lambda needs, tell: missing(needs)
    lacking = look([*needed, *optional], tell=tell)
    fatal = [part for part in lacking if part.need in needed]
    if fatal and platform == "wayland" and os.environ.get("DISPLAY") and not missing(["qt", "xcb"]):
        os.environ["QT_QPA_PLATFORM"] = "xcb"  # the X server of the same desktop will do
        fatal = []
    if fatal:
        raise SetupError(
            f"Qt cannot start: the system lacks {', '.join(part.name for part in fatal)}.", _how_to_install(fatal)
        )
    if lacking:
        what = " and ".join(sorted({"sound" if part.need == "sound" else "fonts" for part in lacking}))
        tell(f"Without {what} for now. {_how_to_install(lacking)}")


def _how_to_install(parts: Sequence[Part]) -> str:
    line = paste_line(parts)
    if line:
        return f"Paste this, then start again:\n    {line}"
    return f"Install these with your system's package tool: {', '.join(part.name for part in parts)}"
