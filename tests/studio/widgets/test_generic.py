"""The panel of a generator that brings none, against a host that keeps files and remembers what it was told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QPlainTextEdit, QWidget

from studio.api import (
    Artifact,
    Cancelled,
    Failed,
    Finished,
    GeneratorSpec,
    Job,
    JobState,
    Model,
    ModelRef,
    Preview,
    Previewed,
    Problem,
    Recipe,
    Request,
    ResumePoint,
    Started,
    Step,
    Stepped,
    StudioError,
    media,
    param,
)
from studio.widgets.controls import Button
from studio.widgets.errors import ErrorCard
from studio.widgets.form import ParamForm
from studio.widgets.generic import GenericPanel
from studio.widgets.input_row import InputRow
from studio.widgets.prompt import PromptEdit
from studio.widgets.seed import SeedField


@dataclass(frozen=True)
class Params:
    prompt: str = param("a castle", label="Prompt", role="prompt")
    steps: int = param(4, label="Steps", minimum=1, maximum=50)
    width: int = param(64, label="Width", minimum=64, maximum=512, multiple=8, role="width")
    height: int = param(64, label="Height", minimum=64, maximum=512, multiple=8, role="height")


@dataclass(frozen=True)
class Bare:
    bars: int = param(4, label="Bars", minimum=1, maximum=16)


@dataclass(frozen=True)
class Offer:
    id: str
    spec: GeneratorSpec


PICTURES = Offer(
    "demo.pictures",
    GeneratorSpec("pictures", "Demo pictures", "generate:run", Params, media.PNG, inputs=(("image", "image/*"),)),
)
MODELLED = Offer(
    "demo.words", GeneratorSpec("words", "Demo words", "generate:run", Params, media.TEXT, models=("transformers/*",))
)
BARS = Offer("demo.bars", GeneratorSpec("bars", "Demo bars", "generate:run", Bare, media.MIDI))
MODELS = [
    Model("starter/a", "A", "transformers/X", Path("a"), sha256="11"),
    Model("starter/b", "B", "transformers/X", Path("b"), sha256="22"),
]


@dataclass
class Host:
    """A PanelHost without a window."""

    folder: Path
    panel_id: str = "demo.panel"
    requests: list[tuple[Request, str]] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, Artifact] = field(default_factory=dict)
    exported: list[str] = field(default_factory=list)
    changes: int = 0
    refuse: StudioError | None = None

    def submit(self, request: Request, *, title: str = "", again: bool = False) -> str:
        if self.refuse is not None:
            raise self.refuse
        self.requests.append((request, title))
        return f"job{len(self.requests)}"

    def jobs(self) -> Sequence[Job]:
        return [
            Job(f"job{number}", request, state=JobState.RUNNING)
            for number, (request, _) in enumerate(self.requests, start=1)
        ]

    def models(self, generator: str) -> Sequence[Model]:
        return MODELS if generator == "words" else []

    def artifact(self, artifact_id: str) -> Artifact | None:
        return self.kept.get(artifact_id)

    def bring_in(self, source: Path | bytes, *, media: str = "", title: str = "") -> Artifact:
        data = source if isinstance(source, bytes) else source.read_bytes()
        if not data.startswith(b"\x89PNG"):
            raise StudioError("That is no picture.", "Drop a PNG.")
        return self.keep(data, media or "image/png", title or "dropped")

    def take_in(self, source: Any, then: Any, *, failed: Any = None, media: str = "", title: str = "") -> None:
        try:
            then(self.bring_in(source() if callable(source) else source, media=media, title=title))
        except StudioError as error:
            failed(error)

    def keep(self, data: bytes, kind: str, title: str = "") -> Artifact:
        name = hashlib.sha256(data).hexdigest()
        path = self.folder / f"{name[:8]}.bin"
        path.write_bytes(data)
        self.kept[name] = Artifact(name, kind, path, title=title)
        return self.kept[name]

    def remember(self, key: str, value: Any) -> None:
        self.memory[key] = value

    def recall(self, key: str, default: Any = None) -> Any:
        return self.memory.get(key, default)

    def changed(self) -> None:
        self.changes += 1

    def export(self, artifact_id: str) -> None:
        self.exported.append(artifact_id)

    def add_undo(self, text: str, *, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        raise AssertionError("not expected")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def make(host: Host, qtbot) -> Callable[..., GenericPanel]:
    alive: list[QWidget] = []

    def build(offer: Offer = PICTURES) -> GenericPanel:
        panel = GenericPanel(host, offer)
        alive.extend([panel, panel.inspector()])
        for widget in alive[-2:]:
            qtbot.addWidget(widget)
            widget.resize(700, 600)
            widget.show()
            qtbot.waitExposed(widget)
        return panel

    return build


def png(color: str, size: int = 64) -> bytes:
    image = QImage(size, size, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data.data())


def flat(red: int) -> Preview:
    return Preview(media.RGB, bytes([red, 0, 0]) * 64, 8, 8)


def shown(panel: GenericPanel) -> str:
    """The colour in the middle of the canvas."""
    image = panel._view.canvas.image()
    assert image is not None
    return image.pixelColor(image.width() // 2, image.height() // 2).name()


def part(panel: GenericPanel, kind: type) -> Any:
    return panel.findChild(kind) or panel.inspector().findChild(kind)


def values(panel: GenericPanel) -> Mapping[str, Any]:
    return part(panel, ParamForm).values()


# asking


def test_generate_by_button_asks_for_what_the_form_says(make, host: Host, qtbot) -> None:
    panel = make()
    part(panel, ParamForm).set_values({"steps": 9})
    part(panel, PromptEdit).setText("a lighthouse")
    part(panel, SeedField).set_value(77)
    button = next(b for b in panel.findChildren(Button) if b.accessibleName() == "Generate" and b.isVisible())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    (request, title), *more = host.requests
    assert more == []
    assert title == "a lighthouse"
    assert request == Request(
        "demo.pictures", {"prompt": "a lighthouse", "steps": 9, "width": 64, "height": 64}, seed=77
    )
    assert host.memory["prompt history"] == ["a lighthouse"]


def test_ctrl_enter_in_the_prompt_generates(make, host: Host, qtbot) -> None:
    panel = make()
    qtbot.keyClick(part(panel, PromptEdit), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert host.requests[0][0].params["prompt"] == "a castle"


def test_each_request_has_its_own_seed_unless_locked(make, host: Host) -> None:
    panel = make()
    panel.generate()
    panel.generate()
    part(panel, SeedField).set_locked(True)
    panel.generate()
    panel.generate()
    seeds = [request.seed for request, _ in host.requests]
    assert seeds[0] != seeds[1] != seeds[2]
    assert seeds[2] == seeds[3]


def test_a_half_typed_number_is_settled_and_a_bad_one_is_not_sent(make, host: Host, qtbot) -> None:
    panel = make()
    box = part(panel, ParamForm).field("width").findChild(QDoubleSpinBox)
    box.window().activateWindow()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    box.selectAll()
    qtbot.keyClicks(box, "9000")
    panel.generate()
    assert host.requests == []
    assert "64 to 512" in part(panel, ParamForm).problems()["width"]


def test_a_refused_request_is_explained(make, host: Host) -> None:
    panel = make()
    host.refuse = StudioError("The disk is full.", "Make room.")
    panel.generate()
    card = panel.findChild(ErrorCard)
    assert card.isVisible()
    assert card.problem().message == "The disk is full."
    host.refuse = None
    panel.generate()
    assert not card.isVisible()


def test_a_model_can_be_chosen(make, host: Host) -> None:
    panel = make(MODELLED)
    panel.generate()
    panel.restore({"model": "starter/b"})
    panel.generate()
    assert [request.model for request, _ in host.requests] == [
        ModelRef("starter/a", "A", "11"),
        ModelRef("starter/b", "B", "22"),
    ]


def test_without_a_prompt_there_is_still_a_generate_button(make, host: Host, qtbot) -> None:
    panel = make(BARS)
    visible = [b for b in panel.findChildren(Button) if b.accessibleName() == "Generate" and b.isVisible()]
    assert len(visible) == 1
    qtbot.mouseClick(visible[0], Qt.MouseButton.LeftButton)
    assert host.requests[0][0].params == {"bars": 4}
    assert host.requests[0][1] == "Demo bars"


def test_branching_resumes_from_the_step(make, host: Host) -> None:
    panel = make()
    assert panel.can_branch
    part(panel, SeedField).set_value(5)
    panel.branch("job0", 3)
    assert host.requests[0][0].resume == ResumePoint("job0", 3)
    assert host.requests[0][0].seed == 5
    assert part(panel, SeedField).value() == 5


# answering


def test_a_job_from_its_first_step_to_its_picture(make, host: Host) -> None:
    panel = make()
    panel.generate()
    panel.on_event(Started("job1"))
    panel.on_event(Stepped("job1", Step(0, 4, flat(10))))
    assert shown(panel) == "#0a0000"
    assert panel._view.canvas.view.target().width() == 64
    panel.on_event(Previewed("job1", flat(20)))
    assert shown(panel) == "#140000"
    artifact = host.keep(png("#00ff00"), media.PNG)
    panel.on_event(Finished("job1", (artifact,)))
    assert shown(panel) == "#00ff00"
    assert panel.artifact_id() == artifact.id


def test_steps_of_other_jobs_are_not_shown(make) -> None:
    panel = make()
    panel.generate()
    panel.on_event(Started("job1"))
    panel.on_event(Stepped("job1", Step(0, 4, flat(10))))
    panel.on_event(Stepped("job2", Step(0, 4, flat(99))))
    assert shown(panel) == "#0a0000"


def test_looking_back_is_not_disturbed_and_returns_to_the_newest(make) -> None:
    panel = make()
    panel.generate()
    panel.on_event(Started("job1"))
    panel.on_event(Stepped("job1", Step(1, 4, flat(10))))
    panel.show_step(Step(0, 4, flat(5)))
    panel.on_event(Stepped("job1", Step(2, 4, flat(30))))
    assert shown(panel) == "#050000"
    panel.show_step(None)
    assert shown(panel) == "#1e0000"


def test_a_cancelled_job_keeps_its_partial_picture(make, host: Host) -> None:
    panel = make()
    panel.generate()
    panel.on_event(Started("job1"))
    artifact = host.keep(png("#0000ff"), media.PNG)
    panel.on_event(Cancelled("job1", (artifact,)))
    assert shown(panel) == "#0000ff"


def test_a_failed_job_is_explained_and_the_last_result_stays(make, host: Host) -> None:
    panel = make()
    panel.generate()
    panel.on_event(Finished("job1", (host.keep(png("#00ff00"), media.PNG),)))
    panel.generate()
    panel.on_event(Started("job2"))
    panel.on_event(Stepped("job2", Step(0, 4, flat(10))))
    panel.on_event(Failed("job2", Problem("Out of memory.", "Smaller.")))
    card = panel.findChild(ErrorCard)
    assert card.isVisible()
    assert card.problem().message == "Out of memory."
    assert shown(panel) == "#00ff00"


def test_words_are_shown_as_words_and_copied_whole(make, host: Host) -> None:
    panel = make(MODELLED)
    panel.generate()
    panel.on_event(Started("job1"))
    panel.on_event(Stepped("job1", Step(0, 0, Preview(media.TEXT, b"once upon"))))
    page = next(e for e in panel.findChildren(QPlainTextEdit) if e.accessibleName() == "Result")
    assert page.isVisible()
    assert page.toPlainText() == "once upon"
    panel.on_event(Finished("job1", (host.keep(b"once upon a time", media.TEXT),)))
    assert page.toPlainText() == "once upon a time"
    assert panel.copy()
    assert QGuiApplication.clipboard().text() == "once upon a time"


def test_other_media_are_shown_by_name_with_a_way_out(make, host: Host, qtbot) -> None:
    panel = make(BARS)
    artifact = host.keep(b"MThd" * 100, media.MIDI, "A little tune")
    panel.on_event(Started("job1"))
    panel.on_event(Finished("job1", (artifact,)))
    state = panel._view.other
    assert state.isVisible()
    assert state.accessibleName() == "A little tune"
    assert state.accessibleDescription() == "audio/midi, 400 bytes"
    qtbot.mouseClick(state.button, Qt.MouseButton.LeftButton)
    assert host.exported == [artifact.id]
    assert panel.copy()
    assert QGuiApplication.clipboard().mimeData().urls()[0].toLocalFile() == str(artifact.path)


# files


def drop(panel: GenericPanel, data: QMimeData) -> None:
    place = QPoint(100, 100)
    view = panel._view.canvas.view
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(view, QDragEnterEvent(place, copy, data, left, none))
    QApplication.sendEvent(view, QDropEvent(QPointF(place), copy, data, left, none))


def test_a_dropped_file_becomes_the_input(make, host: Host, tmp_path: Path) -> None:
    panel = make()
    (tmp_path / "start.png").write_bytes(png("#123456"))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "start.png"))])
    drop(panel, data)
    panel.generate()
    (used,) = host.requests[0][0].inputs
    assert (used.name, used.media, used.sha256) == ("image", "image/png", hashlib.sha256(png("#123456")).hexdigest())


def test_a_dropped_picture_becomes_the_input_and_can_be_removed(make, host: Host, qtbot) -> None:
    panel = make()
    data = QMimeData()
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("#445566"))
    data.setImageData(image)
    drop(panel, data)
    row = part(panel, InputRow)
    assert row.accessibleDescription() == "dropped"
    remove = next(b for b in row.findChildren(QWidget) if b.accessibleName() == "Remove Image")
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    panel.generate()
    assert host.requests[0][0].inputs == ()


def test_a_file_that_cannot_be_used_is_explained(make, tmp_path: Path) -> None:
    panel = make()
    (tmp_path / "notes.txt").write_text("words")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "notes.txt"))])
    drop(panel, data)
    assert panel.findChild(ErrorCard).problem().message == "That is no picture."


# keeping


def test_a_recipe_brings_everything_back(make, host: Host) -> None:
    first = make()
    part(first, ParamForm).set_values({"steps": 9, "width": 128})
    part(first, PromptEdit).setText("a lighthouse")
    first.receive(host.keep(png("#123456"), media.PNG))
    first.generate()
    request = host.requests[0][0]
    second = make()
    second.recall(Recipe(request))
    second.generate()
    assert host.requests[1][0] == request
    assert not second.findChild(ErrorCard).isVisible()


def test_what_a_recipe_cannot_bring_back_is_said(make, host: Host) -> None:
    panel = make(MODELLED)
    request = Request("demo.words", {"prompt": "x", "steps": 999, "gone": 1}, 5, ModelRef("other/m", "Dream"))
    panel.recall(Recipe(request), ["The picture was made by another program."])
    words = panel.findChild(ErrorCard).problem().hint
    assert "another program" in words
    assert "Steps could not be set" in words
    assert "Dream is not on this machine" in words
    assert values(panel)["steps"] == 4
    assert part(panel, SeedField).value() == 5


def test_state_survives_a_session(make, host: Host) -> None:
    first = make()
    part(first, ParamForm).set_values({"steps": 9})
    part(first, PromptEdit).setText("a lighthouse")
    part(first, SeedField).set_value(3)
    part(first, SeedField).set_locked(True)
    first.receive(host.keep(png("#123456"), media.PNG))
    artifact = host.keep(png("#00ff00"), media.PNG)
    first.on_event(Started("job1"))
    first.on_event(Finished("job1", (artifact,)))
    kept = first.state()
    second = make()
    second.restore(kept)
    assert second.state() == kept
    assert shown(second) == "#00ff00"


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"values": 3, "prompt": 4, "seed": "x", "locked": "yes", "model": [], "artifact": {}, "inputs": 1},
        {"values": {"steps": -4}, "seed": True, "inputs": {"image": "gone", "other": 3}, "artifact": "gone"},
        {"seed": 2**40},
    ],
)
def test_a_damaged_state_is_passed_over(make, state: dict[str, Any]) -> None:
    panel = make()
    before = panel.state()
    panel.restore(state)
    after = panel.state()
    assert {**after, "seed": 0} == {**before, "seed": 0}


def test_changes_are_reported_so_that_they_can_be_saved(make, host: Host, qtbot) -> None:
    panel = make()
    before = host.changes
    qtbot.keyClicks(part(panel, PromptEdit), "x")
    part(panel, ParamForm).field("steps").set_value(7)
    assert host.changes >= before + 2
