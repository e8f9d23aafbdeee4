"""Draws the real window, with real pictures in it, into docs/screenshots: each page, two sizes, dark and light.

    python3 dev.py screenshots [page …] [--out FOLDER]

The pictures are made first, by pressing the same buttons an artist presses. Each drawing is a process of its own on a
virtual screen of the right size, so that fonts, docks and pop-ups come out as they do for people.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studio.testing import screen

ROOT = Path(__file__).resolve().parent.parent
SIZES = ((1366, 768), (2560, 1440))
THEMES = ("dark", "light")
PAGES = ("branches", "text", "music", "sound", "library", "queue", "models", "plugins", "settings")
OPENING = (
    "On a small island lived Ida, a lighthouse keeper, who wished for nothing so much as to carry a silver bell to the "
    "far harbour. "
)
PANELS = {"text": "text.manuscript", "music": "music.roll", "sound": "music.roll"}
"""Where each of them begins."""
LIMIT = 150_000
"""Bytes that one file may have: they are in the repository."""
PROMPTS = (
    ("watercolour painting of a white castle on the left in the mountains at sunset", 2),
    ("a green lighthouse in the middle of the beach at night, paper cut", 7),
    ("a blue tent in the middle of a forest at dawn, oil painting", 3),
    ("a red sailboat on the right at sea at sunset, watercolour", 8),
)
WAIT = 240.0


@contextlib.contextmanager
def surroundings(size: tuple[int, int], home: Path) -> Iterator[dict[str, str]]:
    """The environment for one drawing."""
    extra = {"STUDIO_HOME": str(home), "OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1", "QT_SCALE_FACTOR": "1"}
    if sys.platform == "linux" and not screen.lacking():
        with screen.VirtualScreen(size) as virtual:
            yield {**virtual.environment, **extra}
    else:
        yield {**os.environ, "QT_QPA_PLATFORM": "offscreen", **extra}


def child(task: dict[str, Any], size: tuple[int, int], home: Path) -> None:
    """Run one task in a process of its own."""
    with surroundings(size, home) as environment:
        subprocess.run([sys.executable, __file__, "--task", json.dumps(task)], env=environment, check=True)


# --- in the child ----------------------------------------------------------------------------------------------------


class Session:
    """The running program, driven step by step."""

    def __init__(self, theme: str, size: tuple[int, int]) -> None:
        from studio.app import Options, application, build
        from studio.store import Places
        from studio.ui.preferences import APPEARANCE, Appearance

        self.application = application()
        self.composed = False
        self.studio = build(Places.default(), Options(warm=True))
        self.window = self.studio.window
        self.window.services.settings.set(APPEARANCE, Appearance(theme=theme, motion="off"))
        self.window.setGeometry(0, 0, *size)
        self.window.showFullScreen()  # the whole screen without a window manager's frame
        self.wait(1.0)

    def wait(self, seconds: float) -> None:
        """Let the program run."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(int(seconds * 1000), loop.quit)
        loop.exec()

    def named(self, kind: type, name: str) -> Any:
        """The visible widget with an accessible name."""
        found = [item for item in self.window.findChildren(kind) if item.accessibleName() == name and item.isVisible()]
        assert found, f"there is no {name}"
        return found[0]

    def status(self) -> str:
        """What the status bar says."""
        from PySide6.QtWidgets import QWidget

        return str(self.named(QWidget, "Status").accessibleDescription())

    def generate(self, prompt: str) -> None:
        """Type a prompt and press Generate."""
        from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit

        self.named(QPlainTextEdit, "Prompt").setPlainText(prompt)
        self.named(QAbstractButton, "Generate").click()
        self.wait(0.2)  # until the status is no longer that of the one before

    def write(self) -> None:
        """An opening of one's own, and what the model makes of it."""
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QWidget

        page = self.named(QWidget, "Manuscript")
        page.setFocus()
        QTest.keyClicks(page, OPENING)
        self.wait(0.5)
        self.window.panels.opened(self.window.front).panel.generate()
        self.wait(0.3)
        self.until("Done")

    def compose(self) -> None:
        """A piece."""
        from PySide6.QtWidgets import QAbstractButton

        self.seed(5)
        self.named(QAbstractButton, "Generate").click()
        self.wait(0.3)
        self.until("Done")
        self.wait(0.5)
        self.composed = True

    def render(self) -> None:
        """A piece as a sound, with a part of it selected."""
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QWidget

        if not self.composed:
            self.compose()
        self.window.commands.run("music.roll.to-sound")
        self.wait(6.0)
        wave = self.named(QWidget, "Waveform")
        for part, act in ((0.3, QTest.mousePress), (0.55, QTest.mouseMove), (0.55, QTest.mouseRelease)):
            place = QPoint(int(wave.width() * part), wave.height() // 2)
            act(wave, Qt.MouseButton.LeftButton, pos=place) if act is not QTest.mouseMove else act(wave, place)
            self.wait(0.1)

    def branch(self) -> None:
        """Two branches from steps of the picture on the canvas, the last one compared with what it left."""
        from PySide6.QtWidgets import QPlainTextEdit

        window = self.window
        window.show_place("image.canvas")
        self.wait(0.5)
        original = window.ribbon.shown(window.front)
        for step, prompt in ((9, PROMPTS[2][0]), (6, PROMPTS[1][0])):
            window.lines.show(original)
            self.wait(0.5)
            self.named(QPlainTextEdit, "Prompt").setPlainText(prompt)
            window.ribbon.ribbon.select(step)
            window.commands.run("ribbon.branch")
            self.wait(0.3)
            self.until("Done")
            self.wait(0.5)
        window.lines.compare(window.ribbon.shown(window.front))

    def until(self, pattern: str) -> None:
        """Wait until the status begins with a pattern."""
        end = time.monotonic() + WAIT
        while not re.match(pattern, now := self.status()):
            if time.monotonic() > end or now.startswith("Failed"):
                raise SystemExit(f"waited for {pattern!r}, but the status is {now!r}")
            self.wait(0.02)

    def seed(self, number: int) -> None:
        """Type a seed, so that the same pictures come out again."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QWidget

        field = self.named(QWidget, "Seed")
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(field, str(number))
        QTest.keyClick(field, Qt.Key.Key_Tab)

    def save(self, path: Path) -> None:
        """The whole screen as people see it, pop-ups included, as a small PNG."""
        import io

        from PIL import Image
        from PySide6.QtCore import QBuffer
        from PySide6.QtGui import QGuiApplication

        real = QGuiApplication.platformName() == "xcb"
        picture = self.window.screen().grabWindow(0) if real else self.window.grab()
        buffer = QBuffer()
        buffer.open(QBuffer.OpenModeFlag.WriteOnly)
        picture.save(buffer, "PNG")
        image = Image.open(io.BytesIO(bytes(buffer.data().data())), formats=("PNG",)).convert("RGB")
        for width in (image.width, image.width * 3 // 4, image.width // 2):
            image.thumbnail((width, width))  # a half-made picture is noise, which no PNG makes small
            for colours in (256, 128, 64):
                image.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
                if path.stat().st_size <= LIMIT:
                    return
        raise SystemExit(f"{path.name} cannot be made smaller than {LIMIT} bytes")

    def close(self) -> None:
        """End the program."""
        self.studio.close()


def prepare(task: dict[str, Any]) -> None:
    """Make the pictures that all drawings show."""
    session = Session("dark", (1366, 768))
    for prompt, seed in PROMPTS:
        session.seed(seed)
        session.generate(prompt)
        session.until("Done")
    session.close()


def draw(task: dict[str, Any]) -> None:
    """Draw the pages in one theme and size."""
    size, theme, out = tuple(task["size"]), task["theme"], Path(task["out"])
    session = Session(theme, size)
    for page in task["pages"]:
        name = f"{page}-{theme}-{size[0]}.png"
        if page == "image":
            session.seed(
                100 + size[0] + len(theme)
            )  # a picture that is not in the library, or it would come from there
            session.generate(PROMPTS[0][0])
            session.until(r"Step 1\d of")
            session.save(out / f"running-{theme}-{size[0]}.png")
            session.until("Done")
        elif page == "branches":
            session.branch()
        elif page in PANELS:
            session.window.show_place(PANELS[page])
            session.wait(1.0)
            {"text": session.write, "music": session.compose, "sound": session.render}[page]()
        else:
            session.window.show_place(page)
        session.wait(1.0)
        session.save(out / name)
    session.close()


# --- the parent ------------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Make pictures, then draw everything."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pages", nargs="*", default=["image", *PAGES])
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    options.add_argument("--task", help=argparse.SUPPRESS)
    wanted = options.parse_args(arguments)
    if wanted.task:
        task = json.loads(wanted.task)
        {"prepare": prepare, "draw": draw}[task["do"]](task)
        return 0
    wanted.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="studio-screenshots-") as place:
        studio = Path(place) / "home"
        child({"do": "prepare"}, SIZES[0], studio)
        for size in SIZES:
            for theme in THEMES:
                home = Path(place) / f"{theme}-{size[0]}"
                shutil.copytree(studio, home)
                session = home / "config" / "session.json"  # else all would work in the first one's project
                session.write_text(session.read_text("utf-8").replace(str(studio), str(home)), "utf-8")
                task = {"do": "draw", "size": size, "theme": theme, "pages": wanted.pages, "out": str(wanted.out)}
                child(task, size, home)
                print(f"drawn: {theme}, {size[0]} by {size[1]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
