"""The image panel, used as an artist uses it: the first start, seeds, a job while it runs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from plugins.image.document import FIRST_PROMPT
from plugins.image.panel import ImagePanel
from studio.api import (
    Paused,
    Problem,
    Request,
    Started,
    StudioError,
)
from tests.plugins.image.fake_host import OTHER, STARTER, FakeHost, preview
from tests.plugins.image.panel_bench import (
    build,
    click,
    colour,
    generate,
    make_picture,
    named,
    shown,
    tiles,
    type_into,
)

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


def test_tools_that_lie_down_do_not_lie_on_the_picture(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    make_picture(qtbot, panel, host, "red")
    canvas, tools = panel.stage.canvas, panel.stage.tools
    assert canvas.view.y() == 0
    panel.resize(980, 200)
    qtbot.waitUntil(lambda: tools.width() > tools.height())
    qtbot.waitUntil(lambda: canvas.view.y() >= tools.geometry().bottom())
    panel.resize(980, 900)
    qtbot.waitUntil(lambda: canvas.view.y() == 0)


def test_while_a_picture_rests_generate_makes_another_at_once(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    generate(qtbot, panel)
    host.start(host.last_job)
    panel.on_event(Paused(host.last_job))
    button = named(panel, "Generate")
    assert isinstance(button, QAbstractButton)
    assert "queue" not in button.text()
    host.start(host.last_job)
    assert "queue" in button.text()
    host.finish(host.last_job, "red")


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
