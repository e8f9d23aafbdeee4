"""The text panel in a window with a host to script, and the hands that use it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from plugins.text import wire
from plugins.text.editor import ManuscriptEdit
from plugins.text.panel import TextPanel, make
from plugins.text.params import TextParams
from studio.api import (
    Artifact,
    Cancelled,
    Event,
    Finished,
    Model,
    Preview,
    Previewed,
    Recipe,
    Request,
    Started,
    Step,
    Stepped,
    media,
)
from studio.app import Options, Studio, build
from studio.engine import InlineWorker
from studio.store import Places, StepWriter
from studio.testing import FakePanelHost

PROSE = Model(
    "starter/prose",
    "Starter prose",
    "studio/GruWriter",
    Path("/nowhere"),
    size=10_000_000,
    sha256="c" * 64,
    licence="Free to use for anything",
    origin="Trained by this project",
    bundled=True,
)
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


class Desk:
    """A panel on a desk: plays the jobs that it asks for."""

    def __init__(self, panel: TextPanel, host: FakePanelHost, qtbot: QtBot) -> None:
        self.panel, self.host, self.qtbot = panel, host, qtbot
        self.editor: ManuscriptEdit = panel.editor

    # --- hands ---

    def type(self, text: str) -> None:
        for line, words in enumerate(text.split("\n")):
            if line:
                self.key(Qt.Key.Key_Return)
            self.qtbot.keyClicks(self.editor, words)

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.editor, key, held)

    def text(self) -> str:
        return self.editor.text()

    def ghost(self) -> str:
        """What the page shows at its place without being in the text."""
        position = self.editor.ghost.position()
        if position < 0:
            return ""
        block = self.editor.document().findBlock(position)
        shown = block.layout().preeditAreaText().replace("\u2028", "\n")
        # A space parts it from what it would replace.
        return shown.rstrip(" ") if self.editor.ghost.replaces else shown

    def set(self, **params: object) -> None:
        self.panel.manuscript.params |= params
        self.panel.settings_pane.show_manuscript(self.panel.manuscript)

    # --- jobs ---

    @property
    def job(self) -> str:
        return self.host.submitted[-1][0]

    @property
    def request(self) -> Request:
        return self.host.submitted[-1][1]

    def go_on(self) -> str:
        """Ctrl+Enter as the window runs it."""
        self.panel.generate()
        self.play(Started(self.job, "CPU"))
        return self.job

    def play(self, *events: Event) -> None:
        self.host.play(self.panel, events)

    def look(self, *texts: str, job: str = "") -> None:
        """A look at the running job."""
        live = wire.Live(tuple(wire.LiveText(text, len(text.split())) for text in texts))
        self.play(Previewed(job or self.job, Preview(wire.LIVE, live.to_bytes())))

    def finish(
        self, *texts: str | Sequence[wire.Token], job: str = "", cancelled: bool = False, ended: str = "length"
    ) -> None:
        """The job ends with these alternatives."""
        job = job or self.job
        request = next(request for name, request in self.host.submitted if name == job)
        made = [text if not isinstance(text, str) else tokens(text) for text in texts]
        artifacts = [
            self._keep("".join(t.text for t in text).encode(), media.TEXT, request, job, finish=ended) for text in made
        ]
        if made:
            sent = wire.Report((wire.Segment("story", str(request.params["before"]), 7),), (), 2048, 120)
            record = wire.Record(tuple(wire.TokenText(tuple(text), "length") for text in made), sent)
            artifacts.append(self._keep(record.to_bytes(), wire.RECORD, request, job))
        for text in made[:1]:
            for number, token in enumerate(text):
                step = Step(number, len(text), Preview(media.TEXT, token.text.encode()), token.text, True, job)
                self.play(Stepped(job, step))
        artifacts = list({artifact.id: artifact for artifact in artifacts}.values())  # as the engine tells of them
        self.host.end(job)
        self.play(Cancelled(job, tuple(artifacts)) if cancelled else Finished(job, tuple(artifacts)))

    def _keep(self, data: bytes, kind: str, request: Request, job: str, **facts: str) -> Artifact:
        name = hashlib.sha256(data + job.encode()).hexdigest()
        path = self.host.folder / name
        path.write_bytes(data)
        return self.host.give(Artifact(name, kind, path, Recipe(request), job=job, steps=job, facts=facts))


def tokens(text: str) -> list[wire.Token]:
    """A token a word, each with two other choices."""
    words = [word if number == 0 else f" {word}" for number, word in enumerate(text.split(" "))]
    words = [word for word in words if word]
    return [
        wire.Token(n, word, 0.5, (wire.Choice(n, word, 0.5), wire.Choice(900 + n, " other", 0.25)))
        for n, word in enumerate(words)
    ]


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Desk:
    return place(tmp_path, qtbot)


def place(folder: Path, qtbot: QtBot) -> Desk:
    host = FakePanelHost(
        folder, "text.manuscript", generators={"writer": TextParams}, usable_models=[PROSE], kept={"spelling": False}
    )
    panel = make(host)
    window = QWidget()
    panel.setParent(window)
    panel.inspector().setParent(window)
    window.resize(1300, 900)
    panel.setGeometry(0, 0, 980, 700)
    panel.inspector().setGeometry(980, 0, 320, 900)
    qtbot.addWidget(window)
    panel.window_for_tests = window  # type: ignore[attr-defined]  # pytest-qt holds it only weakly
    window.show()
    qtbot.waitExposed(window)
    desk = Desk(panel, host, qtbot)
    desk.set(memory="")
    panel.editor.setFocus()
    return desk


@contextmanager
def whole_studio(places: Places, project: Path, qtbot: QtBot) -> Iterator[Studio]:
    """Studio itself with the manuscript in front, its worker in this process."""
    options = Options(
        project=project,
        entry_points=False,
        worker=lambda plugins: InlineWorker(plugins, StepWriter, grace=5.0),
    )
    made = build(places, options)
    made.window.resize(1366, 768)
    made.window.show()
    made.start()
    qtbot.waitExposed(made.window)
    made.window.show_place("text.manuscript")
    yield made
    made.close()
