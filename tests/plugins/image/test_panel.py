"""The image panel, used as an artist uses it: with keys, mouse, clipboard and drops, while jobs say what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from plugins.image import codec
from plugins.image.document import FIRST_PROMPT
from plugins.image.panel import ImagePanel, make
from plugins.image.panel_strip import TILE, Tile
from studio.api import (
    Artifact,
    Input,
    ModelRef,
    Problem,
    Recipe,
    Request,
    ResumePoint,
    Started,
    Step,
    StudioError,
    media,
)
from tests.plugins.image.fake_host import OTHER, STARTER, FakeHost, png, preview


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


@pytest.fixture
def panel(host: FakeHost, qtbot: QtBot) -> Iterator[ImagePanel]:
    yield build(host, qtbot)
    QGuiApplication.clipboard().clear()


def build(host: FakeHost, qtbot: QtBot) -> ImagePanel:
    panel = make(host)
    host.attend(panel.on_event)
    window = QWidget()
    panel.setParent(window)
    panel.inspector().setParent(window)
    window.resize(1300, 900)
    panel.setGeometry(0, 0, 980, 640)
    panel.inspector().setGeometry(980, 0, 320, 900)
    qtbot.addWidget(window)
    host.windows.append(window)  # pytest-qt holds it only weakly
    window.show()
    qtbot.waitExposed(window)
    panel.prompt_row.prompt.setFocus()
    return panel


def named(panel: ImagePanel, name: str, kind: type[QWidget] = QWidget) -> QWidget:
    """The one visible control with this accessible name."""
    found = [
        widget
        for root in (panel, panel.inspector())
        for widget in root.findChildren(kind)
        if widget.accessibleName() == name and widget.isVisible()
    ]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def type_into(qtbot: QtBot, widget: QWidget, text: str) -> None:
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(widget, text)
    qtbot.keyClick(widget, Qt.Key.Key_Tab)


def shown(panel: ImagePanel) -> str:
    """The colour in the middle of what the canvas shows."""
    image = panel.stage.canvas.image()
    return "" if image is None else image.pixelColor(image.width() // 2, image.height() // 2).name()


def colour(name: str) -> str:
    return QColor(name).name()


def tiles(panel: ImagePanel) -> list[Tile]:
    model = panel.stage.strip.tiles
    return [model.index(row).data(TILE) for row in range(model.rowCount())]


def generate(qtbot: QtBot, panel: ImagePanel) -> None:
    qtbot.keyClick(panel.prompt_row.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def make_picture(qtbot: QtBot, panel: ImagePanel, host: FakeHost, color: str) -> str:
    """Press Generate and let the job end with a picture of one colour; its artifact's id."""
    generate(qtbot, panel)
    host.start(host.last_job)
    artifact = host.finish(host.last_job, color)
    qtbot.waitUntil(lambda: shown(panel) == colour(color))
    return artifact.id


# The first start


def test_one_key_makes_a_first_picture(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    assert panel.prompt_row.prompt.text() == FIRST_PROMPT
    assert panel.stage.canvas.view.is_empty()
    assert named(panel, "Generate").isEnabled()
    generate(qtbot, panel)
    (request,) = host.requests
    assert request.generator == "image.diffusion"
    assert request.params["prompt"] == FIRST_PROMPT
    assert request.model == STARTER.ref()


@pytest.mark.parametrize(
    "name",
    ["Prompt", "Generate", "Model", "Steps", "Guidance", "Width", "Height", "Seed", "Lock seed", "Canvas", "Pictures"],
)
def test_the_names_people_rely_on(name: str, panel: ImagePanel) -> None:
    named(panel, name, QComboBox if name == "Model" else QWidget)  # the field around it bears the name as well


def test_the_negative_prompt_is_behind_advanced(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    click(qtbot, named(panel, "Advanced"))
    negative = named(panel, "Negative prompt")
    negative.setFocus()
    qtbot.keyClicks(negative, "blurry")
    generate(qtbot, panel)
    assert host.requests[0].params["negative_prompt"] == "blurry"


def test_what_is_set_is_what_is_asked_for(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    prompt = panel.prompt_row.prompt
    qtbot.keyClick(prompt, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(prompt, "a red boat")
    type_into(qtbot, named(panel, "Steps"), "31")
    type_into(qtbot, named(panel, "Guidance"), "6.5")
    type_into(qtbot, named(panel, "Width"), "320")
    type_into(qtbot, named(panel, "Seed"), "12 345")
    click(qtbot, named(panel, "Generate"))
    (request,) = host.requests
    assert request.params["prompt"] == "a red boat"
    assert (request.params["steps"], request.params["guidance_scale"]) == (31, 6.5)
    assert (request.params["width"], request.params["height"]) == (320, 256)
    assert request.seed == 12345


def test_half_typed_text_counts(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    steps = named(panel, "Steps")
    steps.setFocus()
    qtbot.keyClick(steps, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(steps, "44")
    panel.generate()
    assert host.requests[0].params["steps"] == 44


def test_without_a_model_it_says_what_to_do(host: FakeHost, qtbot: QtBot) -> None:
    host.known_models = []
    panel = build(host, qtbot)
    assert "Models" in panel.stage.canvas.empty.accessibleDescription()
    assert not named(panel, "Generate").isEnabled()
    generate(qtbot, panel)
    assert host.requests == []
    host.known_models = [STARTER]
    panel.hide()
    panel.show()
    assert named(panel, "Generate").isEnabled()
    generate(qtbot, panel)
    assert len(host.requests) == 1


def test_another_model_can_be_chosen_and_new_ones_appear(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    host.known_models.append(OTHER)
    panel.refresh_models()
    combo = named(panel, "Model", QComboBox)
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    generate(qtbot, panel)
    assert host.requests[0].model == OTHER.ref()


def test_a_model_can_be_chosen_from_elsewhere(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    host.known_models.append(OTHER)
    panel.refresh_models()
    assert panel.use_model(OTHER.id)
    assert not panel.use_model("models/nowhere")
    generate(qtbot, panel)
    assert host.requests[0].model == OTHER.ref()


def test_the_tools_lie_down_where_they_cannot_stand(panel: ImagePanel, qtbot: QtBot) -> None:
    tools = panel.stage.tools
    assert tools.height() > tools.width()
    panel.resize(980, 200)
    qtbot.waitUntil(lambda: tools.width() > tools.height())
    assert panel.stage.canvas.rect().contains(tools.geometry())
    panel.resize(980, 640)
    qtbot.waitUntil(lambda: tools.height() > tools.width())


def test_a_refused_request_says_why(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    host.refuse = StudioError("The disk is full.", "Make room.")
    generate(qtbot, panel)
    assert panel.stage.card.isVisible()
    assert panel.stage.card.problem().message == "The disk is full."


# Seeds and batches


def test_each_press_takes_another_seed_unless_it_is_locked(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    for _ in range(3):
        generate(qtbot, panel)
    assert len({request.seed for request in host.requests}) == 3
    assert host.requests[-1].seed == panel.document.seed
    click(qtbot, named(panel, "Lock seed"))
    generate(qtbot, panel)
    generate(qtbot, panel)
    assert {request.seed for request in host.requests[-2:]} == {host.requests[2].seed}


def test_a_typed_seed_is_used_once(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    type_into(qtbot, named(panel, "Seed"), "7")
    generate(qtbot, panel)
    generate(qtbot, panel)
    assert host.requests[1].seed == 7
    assert host.requests[2].seed != 7


def test_the_die_throws_another_seed(panel: ImagePanel, qtbot: QtBot) -> None:
    before = panel.document.seed
    click(qtbot, named(panel, "New seed"))
    assert panel.document.seed != before


def test_a_batch_is_several_jobs(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    type_into(qtbot, named(panel, "Pictures"), "4")
    type_into(qtbot, named(panel, "Seed"), "100")
    generate(qtbot, panel)
    assert [request.seed for request in host.requests] == [100, 101, 102, 103]
    assert [tile.state for tile in tiles(panel)] == ["waiting"] * 4
    assert panel.stage.strip.isVisible()


# A job


def test_every_step_appears_in_the_canvas_at_the_final_size(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    job = host.last_job
    host.progress(job, "Loading Starter pictures")
    host.start(job)
    for index, red in enumerate((10, 90, 200)):
        host.step(job, index, 3, preview(red))
        assert shown(panel) == colour(f"#{red:02x}0000")
        assert panel.stage.canvas.view.target().toTuple() == (256, 256)
    artifact = host.finish(job, "green", size=(256, 256))
    qtbot.waitUntil(lambda: shown(panel) == colour("green"))
    assert panel.artifact_id() == artifact.id == panel.document.artifact
    assert panel.stage.badge.isHidden()


def test_loading_is_said_where_the_picture_will_be(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    host.start(host.last_job)
    host.progress(host.last_job, "Loading Starter pictures")
    assert panel.stage.canvas.empty.accessibleName() == "Loading Starter pictures"


def test_changing_things_does_not_disturb_a_running_job(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    asked = host.requests[0].to_json()
    host.start(host.last_job)
    type_into(qtbot, named(panel, "Width"), "512")
    host.step(host.last_job, 0, 2, preview(9))
    assert panel.stage.canvas.view.target().toTuple() == (256, 256)
    assert host.requests[0].to_json() == asked


def test_generate_again_queues(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    host.start(host.last_job)
    button = named(panel, "Generate")
    assert isinstance(button, QAbstractButton)
    assert "queue" in button.text()
    click(qtbot, button)
    assert len(host.requests) == 2
    first, second = (job for job, _, _ in host.submitted)
    host.finish(first, "red")
    host.start(second)
    host.step(second, 0, 2, preview(0, 0, 99))
    assert shown(panel) == "#000063"
    host.finish(second, "blue")
    qtbot.waitUntil(lambda: shown(panel) == colour("blue"))
    assert "queue" not in button.text()


def test_a_cancelled_picture_stays_and_is_marked(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    host.start(host.last_job)
    host.step(host.last_job, 3, 20, preview(50))
    artifact = host.stop(host.last_job, "orange")
    assert artifact is not None
    qtbot.waitUntil(lambda: shown(panel) == colour("orange"))
    assert panel.stage.badge.isVisible()
    assert panel.artifact_id() == artifact.id


def test_a_job_cancelled_before_it_began_leaves_what_was_there(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    first = make_picture(qtbot, panel, host, "red")
    generate(qtbot, panel)
    host.start(host.last_job)
    host.stop(host.last_job)
    assert panel.artifact_id() == first
    assert shown(panel) == colour("red")
    assert [tile.key for tile in tiles(panel)] == [first]


def test_a_failure_is_said_where_it_happened(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    first = make_picture(qtbot, panel, host, "red")
    generate(qtbot, panel)
    host.start(host.last_job)
    host.fail(host.last_job, Problem("There is not enough memory.", "Choose a smaller size.", "Traceback"))
    card = panel.stage.card
    assert card.isVisible()
    assert card.problem().hint == "Choose a smaller size."
    assert panel.artifact_id() == first
    asked = len(host.requests)
    click(qtbot, named(panel, "Try again"))
    assert len(host.requests) == asked + 1
    assert card.isHidden()


def test_an_answer_from_the_library_is_shown_at_once(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    click(qtbot, named(panel, "Lock seed"))
    first = make_picture(qtbot, panel, host, "red")
    make_picture(qtbot, panel, host, "blue")
    generate(qtbot, panel)
    host.finish(host.last_job, "red")
    qtbot.waitUntil(lambda: shown(panel) == colour("red"))
    assert panel.artifact_id() == first
    assert len(tiles(panel)) == 2
    assert any("another seed" in text for text in host.said)


def test_jobs_of_others_are_passed_over(panel: ImagePanel, host: FakeHost) -> None:
    host.step("somebody else's", 0, 2, preview(9))
    host.tell(Started("somebody else's"))
    assert panel.stage.canvas.view.is_empty()


def test_a_job_of_an_earlier_sitting_is_followed(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    request = Request("image.diffusion", {"width": 64, "height": 64}, 1, STARTER.ref())
    job = host.submit(request, title="from yesterday")
    host.start(job)
    host.step(job, 0, 2, preview(0, 70))
    assert shown(panel) == "#004600"
    host.finish(job, "teal")
    qtbot.waitUntil(lambda: shown(panel) == colour("teal"))


def test_jobs_that_wait_at_the_start_are_in_the_strip(host: FakeHost, qtbot: QtBot) -> None:
    request = Request("image.diffusion", {"width": 64, "height": 64}, 1, STARTER.ref())
    jobs = [host.submit(request, title="from yesterday") for _ in range(2)]
    panel = build(host, qtbot)
    assert [tile.key for tile in tiles(panel)] == jobs[::-1]
    assert "queue" in panel.prompt_row.bar.button.text()


def test_loading_is_not_said_any_more_when_nothing_loads(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    host.start(host.last_job)
    host.progress(host.last_job, "Loading Starter pictures")
    host.stop(host.last_job)
    assert "Loading" not in panel.stage.canvas.empty.accessibleName()


# Looking back


def test_scrubbing_shows_steps_and_lets_go_of_them(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    make_picture(qtbot, panel, host, "red")
    for value in (20, 120):
        panel.show_step(Step(value, 200, preview(0, 0, value)))
        assert shown(panel) == f"#0000{value:02x}"
        assert panel.stage.canvas.view.target().toTuple() == (64, 64)
    panel.show_step(None)
    assert shown(panel) == colour("red")


def test_a_running_job_does_not_take_away_the_step_somebody_looks_at(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot
) -> None:
    generate(qtbot, panel)
    host.start(host.last_job)
    host.step(host.last_job, 0, 3, preview(10))
    panel.show_step(Step(0, 3, preview(10)))
    host.step(host.last_job, 1, 3, preview(20))
    assert shown(panel) == "#0a0000"
    panel.show_step(None)
    assert shown(panel) == "#140000"


def test_a_job_that_ends_does_not_take_it_away_either(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    host.start(host.last_job)
    host.step(host.last_job, 0, 2, preview(10))
    host.step(host.last_job, 1, 2, preview(20))
    panel.show_step(Step(0, 2, preview(10)))
    made = host.finish(host.last_job, "red")
    panel._gallery.wait()
    qtbot.wait(20)
    assert shown(panel) == "#0a0000"
    assert panel.artifact_id() == made.id
    panel.show_step(None)
    assert shown(panel) == colour("red")


def test_branching_goes_on_from_a_step_with_todays_words(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    make_picture(qtbot, panel, host, "red")
    job = host.last_job
    qtbot.keyClick(panel.prompt_row.prompt, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(panel.prompt_row.prompt, "by night")
    panel.branch(job, 5)
    branched = host.requests[-1]
    assert branched.resume == ResumePoint(job, 5)
    assert branched.seed == host.requests[0].seed
    assert branched.params["prompt"] == "by night"


def test_nothing_is_branched_from_steps_nobody_knows(panel: ImagePanel, host: FakeHost) -> None:
    panel.branch("unknown", 3)
    assert host.requests == []
    assert host.said


# The results strip


def test_results_are_compared_with_mouse_and_keys(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    made = [make_picture(qtbot, panel, host, color) for color in ("red", "green", "blue")]
    strip = panel.stage.strip
    assert [tile.key for tile in tiles(panel)] == made[::-1]
    place = strip.visualRect(strip.tiles.index(2)).center()
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: shown(panel) == colour("red"))
    assert host.ribbon[-1] == host.submitted[0][0]
    qtbot.keyClick(strip, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: shown(panel) == colour("green"))
    assert panel.artifact_id() == made[1]


def test_looking_at_another_picture_is_not_disturbed(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    first = make_picture(qtbot, panel, host, "red")
    make_picture(qtbot, panel, host, "green")
    generate(qtbot, panel)
    host.start(host.last_job)
    host.step(host.last_job, 0, 2, preview(1, 2, 3))
    panel.stage.strip.setCurrentIndex(panel.stage.strip.tiles.index(2))
    qtbot.waitUntil(lambda: shown(panel) == colour("red"))
    host.step(host.last_job, 1, 2, preview(1, 2, 3))
    host.finish(host.last_job, "blue")
    assert panel.artifact_id() == first
    assert shown(panel) == colour("red")
    assert len(tiles(panel)) == 3


def test_a_picture_whose_file_is_gone_says_so(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    host.start(host.last_job)
    done = host.waiting[host.last_job]
    artifact = host.keep(png("red"), request=done.request, job=host.last_job)
    artifact.path.unlink()
    host.finish(host.last_job, "red")
    artifact.path.unlink()
    qtbot.waitUntil(lambda: "cannot be read" in panel.stage.notice.text())


# Undo


def test_a_generation_is_one_entry_of_the_undo_stack(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    first = make_picture(qtbot, panel, host, "red")
    type_into(qtbot, named(panel, "Pictures"), "2")
    generate(qtbot, panel)
    for job, color in zip([job for job, _, _ in host.submitted][-2:], ("green", "blue"), strict=True):
        host.start(job)
        host.finish(job, color)
    qtbot.waitUntil(lambda: shown(panel) == colour("blue"))
    assert [entry.text for entry in host.undo] == ["Generate", "Generate"]
    host.undo[-1].undo()
    assert panel.artifact_id() == first
    assert shown(panel) == colour("red")
    host.undo[-1].redo()
    assert shown(panel) == colour("blue")
    host.undo[0].undo()
    assert panel.stage.canvas.view.is_empty()
    assert panel.document.artifact == ""


def test_undo_in_the_prompt_is_the_windows_where_no_words_changed(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot
) -> None:
    asked: list[str] = []
    shortcut = QShortcut(QKeySequence("Ctrl+Z"), panel.window())
    shortcut.activated.connect(lambda: asked.append("undo"))
    prompt = panel.prompt_row.prompt
    qtbot.keyClick(prompt, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert asked == ["undo"]
    qtbot.keyClicks(prompt, "x")
    qtbot.keyClick(prompt, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert asked == ["undo"]
    assert prompt.text() == FIRST_PROMPT


# The start picture


def drop(widget: QWidget, data: QMimeData) -> None:
    at = QPoint(widget.width() // 2, widget.height() // 2)
    action, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(at, action, data, button, none))
    QApplication.sendEvent(widget, QDropEvent(QPointF(at), action, data, button, none))


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def test_a_dropped_picture_becomes_the_start(panel: ImagePanel, host: FakeHost, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "boat.png"
    path.write_bytes(png("purple", (90, 60)))
    assert not any(field.isVisible() for field in panel._inspector.start.fields.values())
    drop(panel.stage.canvas.view, files(path))
    qtbot.waitUntil(lambda: panel.document.start is not None)
    assert panel.document.start is not None
    assert panel.document.start.title == "boat"
    named(panel, "Strength")
    generate(qtbot, panel)
    assert host.requests[0].inputs == (Input("image", media.PNG, panel.document.start.id),)
    click(qtbot, named(panel, "Remove the start picture"))
    generate(qtbot, panel)
    assert host.requests[1].inputs == ()
    host.undo[-1].undo()
    assert panel.document.start is not None


def test_a_picture_dropped_on_the_inspector_becomes_the_start(panel: ImagePanel, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "boat.png"
    path.write_bytes(png("purple"))
    drop(panel._inspector.start, files(path))
    qtbot.waitUntil(lambda: panel.document.start is not None)


def test_a_start_picture_qt_cannot_read_is_shown_all_the_same(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot, tmp_path: Path
) -> None:
    from PIL import Image

    path = tmp_path / "boat.avif"
    Image.new("RGB", (40, 20), "blue").save(path)
    host.artifacts["ab"] = Artifact("ab", media.AVIF, path, title="boat")
    panel.receive(host.artifacts["ab"])
    qtbot.waitUntil(lambda: panel._inspector.start._size.text() == "40 × 20")


def test_what_is_no_picture_is_refused_in_words(panel: ImagePanel, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    drop(panel.stage.canvas.view, files(path))
    qtbot.waitUntil(panel.stage.card.isVisible)
    assert "not a picture" in panel.stage.card.problem().message
    assert panel.document.start is None


def test_a_pasted_picture_becomes_the_start(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    image = QImage(40, 30, QImage.Format.Format_RGB888)
    image.fill(QColor("cyan"))
    QGuiApplication.clipboard().setImage(image)
    qtbot.keyClick(panel.prompt_row.prompt, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: panel.document.start is not None)
    assert panel.prompt_row.prompt.text() == FIRST_PROMPT
    assert panel.document.start is not None
    kept = host.artifacts[panel.document.start.id]
    assert QImage(str(kept.path)).pixelColor(5, 5).name() == colour("cyan")


def test_pasted_words_are_words(panel: ImagePanel, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText("a lake")
    prompt = panel.prompt_row.prompt
    qtbot.keyClick(prompt, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(prompt, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert prompt.text() == "a lake"
    assert panel.document.start is None


def test_an_empty_clipboard_says_so(panel: ImagePanel, host: FakeHost) -> None:
    QGuiApplication.clipboard().clear()
    host.commands["paste"]()
    assert any("no picture" in text for text in host.said)


def test_the_picture_on_the_canvas_can_be_the_start_and_be_compared(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot
) -> None:
    first = make_picture(qtbot, panel, host, "red")
    host.commands["start"]()
    assert panel.document.start is not None
    assert panel.document.start.id == first
    make_picture(qtbot, panel, host, "blue")
    compare = named(panel, "Compare with the start picture")

    def painted() -> str:
        view = panel.stage.canvas.view
        return view.grab().toImage().pixelColor(view.width() // 2, view.height() // 2).name()

    assert painted() == colour("blue")
    qtbot.mousePress(compare, Qt.MouseButton.LeftButton)
    assert painted() == colour("red")
    qtbot.mouseRelease(compare, Qt.MouseButton.LeftButton)
    assert painted() == colour("blue")


def test_something_sent_here_becomes_the_start(panel: ImagePanel, host: FakeHost) -> None:
    artifact = host.keep(png("pink"), title="sent")
    panel.receive(artifact)
    assert panel.document.start is not None
    assert panel.document.start.id == artifact.id
    panel.receive(replace(artifact, id="0" * 64, media="text/plain"))
    assert panel.document.start.id == artifact.id


# Recipes


def test_an_exported_file_brings_everything_back(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot, tmp_path: Path
) -> None:
    from PIL import Image

    params = {**panel.document.params, "prompt": "a tower", "steps": 33, "width": 320}
    recipe = Recipe(Request("image.diffusion", params, 4711, STARTER.ref()))
    path = tmp_path / "tower.png"
    path.write_bytes(codec.png(Image.new("RGB", (16, 16)), recipe))
    drop(panel.stage.canvas.view, files(path))
    qtbot.waitUntil(lambda: panel.document.params["prompt"] == "a tower")
    assert panel.prompt_row.prompt.text() == "a tower"
    assert panel.document.start is None
    generate(qtbot, panel)
    (request,) = host.requests
    assert request == recipe.request
    host.undo[0].undo()
    assert panel.prompt_row.prompt.text() == FIRST_PROMPT


def test_what_cannot_be_brought_back_is_said(panel: ImagePanel) -> None:
    request = Request(
        "image.diffusion",
        {"prompt": "a tower"},
        1,
        ModelRef("gone", "Lost model", "c" * 64),
        (Input("image", media.PNG, "ee" * 32),),
    )
    panel.recall(Recipe(request), ["The style was left out."])
    said = panel.stage.notice.text()
    for words in ("The style was left out.", "Lost model", "started from"):
        assert words in said


def test_the_recall_keeps_the_prompts_own_undo(panel: ImagePanel, qtbot: QtBot) -> None:
    panel.recall(Recipe(Request("image.diffusion", {"prompt": "a tower"}, 1)))
    prompt = panel.prompt_row.prompt
    assert prompt.text() == "a tower"
    qtbot.keyClick(prompt, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert prompt.text() == FIRST_PROMPT


# The inspector


def test_shapes_and_swap(panel: ImagePanel, qtbot: QtBot) -> None:
    click(qtbot, named(panel, "Shape 16:9"))
    assert (panel.document.params["width"], panel.document.params["height"]) == (344, 192)
    click(qtbot, named(panel, "Swap width and height"))
    assert (panel.document.params["width"], panel.document.params["height"]) == (192, 344)
    click(qtbot, named(panel, "Shape 1:1"))
    assert (panel.document.params["width"], panel.document.params["height"]) == (256, 256)


def test_presets_are_saved_applied_and_deleted(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    type_into(qtbot, named(panel, "Steps"), "33")
    type_into(qtbot, named(panel, "Height"), "512")
    click(qtbot, named(panel, "Save as preset"))
    name = named(panel, "Preset name")
    qtbot.keyClicks(name, "Tall")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    combo = named(panel, "Preset", QComboBox)
    assert isinstance(combo, QComboBox)
    assert combo.currentText() == "Tall"
    type_into(qtbot, named(panel, "Steps"), "20")
    assert combo.currentText() == "Balanced"
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Home)
    combo.activated.emit(combo.findText("Tall"))
    assert panel.document.params["steps"] == 33
    again = build(host, qtbot)
    assert "Tall" in [again._inspector.presets._combo.itemText(row) for row in range(4)]
    click(qtbot, named(panel, "Delete preset"))
    assert combo.findText("Tall") < 0
    assert host.memory["presets"] == {}


def test_a_preset_does_not_touch_the_words(panel: ImagePanel, qtbot: QtBot) -> None:
    combo = named(panel, "Preset", QComboBox)
    assert isinstance(combo, QComboBox)
    combo.activated.emit(combo.findText("Careful"))
    assert panel.document.params["steps"] == 40
    assert panel.document.params["prompt"] == FIRST_PROMPT


def test_the_history_comes_back(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    prompt = panel.prompt_row.prompt
    generate(qtbot, panel)
    qtbot.keyClick(prompt, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(prompt, "second")
    generate(qtbot, panel)
    again = build(host, qtbot)
    for _ in range(2):
        qtbot.keyClick(again.prompt_row.prompt, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert again.prompt_row.prompt.text() == FIRST_PROMPT


@pytest.mark.parametrize("rubbish", [None, 7, "x", {"a": 1}, [1, None], {"p": "x", "q": {"steps": "many"}}])
def test_memory_that_makes_no_sense_is_passed_over(rubbish: object, host: FakeHost, qtbot: QtBot) -> None:
    host.memory = {"history": rubbish, "presets": rubbish}
    panel = build(host, qtbot)
    generate(qtbot, panel)
    assert len(host.requests) == 1


def test_a_preset_of_other_limits_gives_what_fits(host: FakeHost, qtbot: QtBot) -> None:
    host.memory = {"presets": {"Old": {"steps": 12, "width": 7, "height": 99_999, "guidance_scale": "high"}}}
    panel = build(host, qtbot)
    combo = named(panel, "Preset", QComboBox)
    assert isinstance(combo, QComboBox)
    combo.activated.emit(combo.findText("Old"))
    assert panel.document.params["steps"] == 12
    assert panel.document.params["width"] == 256
    generate(qtbot, panel)
    assert len(host.requests) == 1


# Hands and files


def test_copy_puts_the_picture_and_its_file_on_the_clipboard(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    assert panel.copy() is False
    made = make_picture(qtbot, panel, host, "red")
    click(qtbot, named(panel, "Copy picture"))
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    assert [Path(url.toLocalFile()) for url in data.urls()] == [host.artifacts[made].path]


def test_the_tools_do_what_they_say(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    export = named(panel, "Export…")
    assert not export.isEnabled()
    made = make_picture(qtbot, panel, host, "red")
    canvas = panel.stage.canvas
    click(qtbot, named(panel, "100 %"))
    assert canvas.zoom() == 1.0
    click(qtbot, named(panel, "Fit"))
    assert canvas.view.is_fitted()
    click(qtbot, export)
    assert host.exported == [made]


def test_the_hand_moves_the_picture(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    make_picture(qtbot, panel, host, "red")
    view = panel.stage.canvas.view
    before = view.picture_rect()
    click(qtbot, named(panel, "Move"))
    start = view.rect().center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, start + QPoint(30, 0))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 0))
    assert view.picture_rect().left() > before.left()


# Keeping


def test_the_sitting_comes_back_as_it_was(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    first = make_picture(qtbot, panel, host, "red")
    made = make_picture(qtbot, panel, host, "green")
    host.commands["start"]()
    type_into(qtbot, named(panel, "Steps"), "27")
    click(qtbot, named(panel, "Lock seed"))
    kept = panel.state()
    again = build(host, qtbot)
    again.restore(kept)
    qtbot.waitUntil(lambda: shown(again) == colour("green"))
    assert again.state() == kept
    assert again.artifact_id() == made
    assert [tile.key for tile in tiles(again)] == [made, first]
    generate(qtbot, again)
    request = host.requests[-1]
    assert request.params["steps"] == 27
    assert request.seed == kept["seed"]
    assert request.inputs == (Input("image", media.PNG, made),)


def test_restoring_passes_over_what_is_gone(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    panel.restore(
        {
            "params": {"prompt": "x", "steps": "many"},
            "artifact": "a" * 64,
            "results": ["b" * 64],
            "start": {"id": "c" * 64, "media": "image/png"},
            "model": "gone",
        }
    )
    assert panel.prompt_row.prompt.text() == "x"
    assert panel.artifact_id() == ""
    assert panel.document.start is None
    generate(qtbot, panel)
    assert host.requests[0].model == STARTER.ref()


@pytest.mark.parametrize(
    "act",
    [
        lambda panel, qtbot: qtbot.keyClicks(panel.prompt_row.prompt, "x"),
        lambda panel, qtbot: type_into(qtbot, named(panel, "Steps"), "5"),
        lambda panel, qtbot: click(qtbot, named(panel, "Lock seed")),
        lambda panel, qtbot: type_into(qtbot, named(panel, "Pictures"), "2"),
    ],
)
def test_changes_are_told_to_the_window(
    act: Callable[[ImagePanel, QtBot], None], panel: ImagePanel, host: FakeHost, qtbot: QtBot
) -> None:
    before, state = host.changes, panel.state()
    act(panel, qtbot)
    assert host.changes > before
    assert panel.state() != state
