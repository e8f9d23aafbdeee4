"""Looking back at what a text-diffusion model wrote: a pass is the whole passage, full of holes, and no beginning."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt

from studio.api import Cancelled, Preview, Step, media
from tests.plugins.text.page_bench import PROSE, Desk, desk  # noqa: F401 - fixture


def test_a_passage_that_was_stopped_full_of_holes_is_not_offered(desk: Desk) -> None:  # noqa: F811
    desk.type("The lamp")
    job = desk.go_on()
    desk.look(" burned ▒▒▒ night.")
    desk.panel.writing.keep()  # as it does now and then while it runs
    desk.key(Qt.Key.Key_Tab)
    assert desk.text() == "The lamp", "holes are never taken"
    desk.key(Qt.Key.Key_Escape)
    desk.host.end(job)
    desk.play(Cancelled(job))
    assert desk.ghost() == ""
    assert not desk.panel.manuscript.branches.branches
    assert "from any pass" in desk.host.said[-1]
    assert desk.text() == "The lamp"


def test_a_pass_shows_its_whole_passage(desk: Desk) -> None:  # noqa: F811
    refiner = replace(PROSE, id="tests/llada", family="diffusers/LLaDA2Pipeline", bundled=False)
    desk.host.usable_models = [refiner]
    desk.panel.refresh_models()
    assert desk.panel.use_model(refiner.id)
    desk.set(alternatives=2)
    desk.type("The lamp")
    job = desk.go_on()
    desk.finish(" burned low all night.", " went out.")
    seen = Preview(media.TEXT, " burned ▒▒▒ night.\n ▒▒▒ out.".encode())
    desk.panel.show_step(Step(1, 8, seen, "pass 2", True, job))
    assert desk.ghost() == " burned ▒▒▒ night."
    desk.panel.show_step(None)
    desk.key(Qt.Key.Key_Tab)
    assert desk.text() == "The lamp burned low all night."
    desk.panel.show_step(Step(1, 8, seen, "pass 2", True, job))
    assert desk.ghost() == "▒▒▒ night."
    desk.panel.show_step(None)
    desk.panel.branch(job, 1)
    assert desk.request.resume is not None
    desk.look(" flickered ▒▒", "")
    assert desk.ghost() == " flickered ▒▒", "nothing of the last pass stands yet"
    desk.key(Qt.Key.Key_Escape)
