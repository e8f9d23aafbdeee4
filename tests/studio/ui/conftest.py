"""A whole Studio on an offscreen window, with small plugins of pure Python and the worker in this process."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app import Options, Studio, build
from studio.engine import InlineWorker
from studio.store import Places, StepWriter

SKETCH = {
    "plugin.toml": """
        id = "sketch"
        name = "Sketch"
        version = "1.0"
        api = "1.0"
        summary = "Draws grey squares, for tests."
    """,
    "params.py": """
        from dataclasses import dataclass

        from studio.api import param


        @dataclass(frozen=True)
        class Params:
            prompt: str = param("a grey square", label="Prompt", role="prompt")
            grey: int = param(90, label="Grey", minimum=0, maximum=255)
            steps: int = param(4, label="Steps", minimum=1, maximum=500)
            fail: bool = param(False, label="Fail")
            wait: bool = param(False, label="Wait")
            hold: int = param(0, label="Hold", minimum=0, maximum=500)


        @dataclass(frozen=True)
        class Settings:
            border: int = param(2, label="Border", minimum=0, maximum=9, help="How wide the frame is.")
            shout: bool = param(False, label="Loud")
    """,
    "hooks.py": """
        from studio.api import (
            GeneratorSpec, ImporterSpec, PanelSpec, SettingsSpec, hookimpl, media,
        )

        from .params import Params, Settings


        @hookimpl
        def studio_panels():
            return [PanelSpec("board", "Sketch", "panel:make", icon="image", accepts=("image/*",),
                              generators=("square",), order=1)]


        @hookimpl
        def studio_generators():
            return [
                GeneratorSpec("square", "Square", "generate:run", Params, media.PNG, inputs=(("image", "image/*"),)),
                GeneratorSpec("verse", "Verse", "generate:verse", Params, media.TEXT, steps_title="word",
                              inputs=(("image", "image/*"),)),
            ]


        @hookimpl
        def studio_importers():
            return [ImporterSpec("note", "Notes", "reader:read", ("image/*",), (".png",))]


        @hookimpl
        def studio_settings():
            return [SettingsSpec("Sketching", Settings, icon="image")]
    """,
    "generate.py": """
        import struct
        import zlib

        from studio.api import JobCancelled, Output, Preview, StepState, StudioError, media


        def png(side, grey, text):
            def chunk(name, data):
                body = name + data
                return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

            rows = b"".join(b"\\0" + bytes([grey]) * side for _ in range(side))
            head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
            note = b"recipe\\0" + text.encode("latin-1")
            return (b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) + chunk(b"tEXt", note)
                    + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


        def run(request, context):
            params = context.params
            total = params.steps
            try:
                first = 0 if context.resume is None else context.resume[0] + 1
                for index in range(first, total):
                    while params.hold and index == params.hold:
                        context.check()
                    if params.fail and index == 1:
                        raise StudioError("The pencil broke.", "Sharpen it.")
                    shade = params.grey * (index + 1) // total
                    context.step(
                        index, total,
                        preview=lambda shade=shade: Preview(media.RGB, bytes([shade]) * 192, 8, 8),
                        state=lambda index=index: StepState(values={"index": index}),
                    )
                while params.wait:
                    context.check()
            except JobCancelled:
                recipe = context.recipe(state="partial")
                context.keep([Output(media.PNG, png(8, 1, recipe.text()), recipe)])
                raise
            recipe = context.recipe()
            return [Output(media.PNG, png(8, params.grey, recipe.text()), recipe)]


        def verse(request, context):
            for index in range(3):
                context.step(index, 0, preview=lambda: Preview(media.TEXT, b"so"))
            recipe = context.recipe()
            return [Output(media.TEXT, context.params.prompt.encode(), recipe)]
    """,
    "reader.py": """
        import json

        from studio.api import Imported, Recipe, media


        def read(path):
            data = path.read_bytes()
            at = data.find(b"tEXtrecipe\\0")
            if at < 0:
                return Imported(media.PNG)
            size = int.from_bytes(data[at - 4:at], "big")
            text = data[at + 11:at + 4 + size].decode("latin-1")
            return Imported(media.PNG, Recipe.from_json(json.loads(text)), ("The frame is not known here.",))
    """,
    "panel.py": """
        from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

        from studio.api import Cancelled, Finished, Request, ResumePoint
        from studio.widgets.panel import Panel


        class Board(Panel):
            def __init__(self, host):
                super().__init__(host)
                self.canvas = QWidget()
                self.canvas.setAccessibleName("Canvas")
                self.canvas.setFocusPolicy(self.canvas.focusPolicy().StrongFocus)
                self.prompt = QLineEdit("a grey square")
                self.prompt.setAccessibleName("Prompt")
                self.grey, self.shown, self.events, self.received = 90, "", [], []
                self.notes, self.steps_seen, self.extra = (), [], {}
                column = QVBoxLayout(self)
                column.addWidget(self.canvas, 1)
                column.addWidget(self.prompt)
                self.setFocusProxy(self.prompt)
                self.prompt.textChanged.connect(lambda _text: host.changed())
                host.add_command("shade", "Darker shade", self.darker, shortcut="B", icon="image")

            def darker(self):
                self.grey -= 10

            def inspector(self):
                return QLabel("Grey")

            def generate(self):
                params = {"prompt": self.prompt.text(), "grey": self.grey, **self.extra}
                self.job = self.host.submit(Request("sketch.square", params), title=self.prompt.text())

            def on_event(self, event):
                self.events.append(event)
                if isinstance(event, (Finished, Cancelled)) and event.artifacts:
                    self.shown = event.artifacts[0].id
                    self.host.show_steps(event.artifacts[0].steps)
                    self.host.changed()

            def show_step(self, step):
                self.steps_seen.append(step)

            def receive(self, artifact):
                self.received.append(artifact)

            def recall(self, recipe, notes=()):
                self.prompt.setText(recipe.request.params["prompt"])
                self.grey = recipe.request.params["grey"]
                self.notes = notes

            def state(self):
                return {"prompt": self.prompt.text(), "grey": self.grey, "shown": self.shown}

            def restore(self, state):
                self.prompt.setText(state["prompt"])
                self.grey, self.shown = state["grey"], state["shown"]

            def artifact_id(self):
                return self.shown

            @property
            def can_branch(self):
                return True

            def branch(self, steps, index):
                self.branched = (steps, index)
                params = {"prompt": self.prompt.text(), "grey": self.grey, **self.extra}
                request = Request("sketch.square", params, resume=ResumePoint(steps, index))
                self.job = self.host.submit(request, title=self.prompt.text())

            def next_request(self):
                params = {"prompt": self.prompt.text(), "grey": self.grey, **self.extra}
                return Request("sketch.square", params, seed=7), self.prompt.text()

            def rest_of(self, request):
                params = {"prompt": self.prompt.text(), "grey": self.grey, **self.extra}
                return Request("sketch.square", params, resume=request.resume)

            def show_result(self, artifact):
                self.shown = artifact.id
                self.host.show_steps(artifact.steps)


        def make(host):
            return Board(host)
    """,
}


def write_plugin(folder: Path, files: dict[str, str]) -> Path:
    """Write a plugin's files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.under(tmp_path / "home")


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """The sketch plugin as the only bundled one, jobs in this process."""
    bundled = tmp_path / "bundled"
    write_plugin(bundled / "sketch", SKETCH)
    return Options(
        project=tmp_path / "project",
        bundled=bundled,
        entry_points=False,
        worker=lambda plugins: InlineWorker(plugins, StepWriter, grace=1.0),
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform says of every top-level window that it knows no size hints; that is no fault of ours."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


Open = Callable[..., Studio]


@pytest.fixture
def open_studio(qtbot: QtBot, qapp: QApplication, places: Places, options: Options) -> Iterator[Open]:
    """Opens a Studio with the options changed as asked, shown and with its queue started."""
    opened: list[Studio] = []

    def open_it(**changes: object) -> Studio:
        made = build(places, replace(options, **changes))  # type: ignore[arg-type]
        opened.append(made)
        made.window.resize(1100, 720)
        made.window.show()
        qtbot.waitExposed(made.window)
        made.start()
        return made

    yield open_it
    for made in opened:
        made.close()
    qapp.processEvents()


@pytest.fixture
def studio(open_studio: Open) -> Studio:
    return open_studio()
