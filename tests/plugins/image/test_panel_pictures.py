"""Looking back, the results strip, undo and the picture to start from, in the image panel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QKeySequence, QShortcut
from pytestqt.qtbot import QtBot

from plugins.image.document import FIRST_PROMPT
from plugins.image.panel import ImagePanel
from studio.api import (
    Artifact,
    Finished,
    Input,
    ResumePoint,
    Step,
    media,
)
from tests.plugins.image.fake_host import FakeHost, png, preview
from tests.plugins.image.panel_bench import (
    click,
    colour,
    drop,
    files,
    generate,
    make_picture,
    named,
    shown,
    tiles,
    type_into,
)

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
    artifact.path.unlink()  # before anybody is told: a reader may be faster than the next line
    host.tell(Finished(host.last_job, (artifact,), 1.0))
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


def test_a_dropped_picture_becomes_the_start(panel: ImagePanel, host: FakeHost, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "boat.png"
    path.write_bytes(png("purple", (90, 60)))
    assert not any(field.isVisible() for field in panel.settings_pane.start.fields.values())
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
    drop(panel.settings_pane.start, files(path))
    qtbot.waitUntil(lambda: panel.document.start is not None)


def test_a_start_picture_qt_cannot_read_is_shown_all_the_same(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot, tmp_path: Path
) -> None:
    from PIL import Image

    path = tmp_path / "boat.avif"
    Image.new("RGB", (40, 20), "blue").save(path)
    host.artifacts["ab"] = Artifact("ab", media.AVIF, path, title="boat")
    panel.receive(host.artifacts["ab"])
    qtbot.waitUntil(lambda: panel.settings_pane.start._size.text() == "40 × 20")


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
