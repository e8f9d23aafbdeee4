"""Requests become artifacts: the whole way, with a generation host and with a worker on a thread."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.core.errors import StudioError
from studio.core.events import Cancelled, Changed, Failed, Finished, Paused, Previewed, Progressed, Started, Stepped
from studio.core.job import JobState
from studio.core.request import Input, ModelRef, Request, ResumePoint
from tests.studio.engine.bench import Bench


def test_a_request_becomes_an_artifact_and_the_events_keep_their_order(bench: Bench) -> None:
    job = bench.engine.submit(bench.tiny(steps=5, seed=7), title="dots", origin="tiny", document="d1")
    finished = bench.wait_for(job.id, Finished)
    order = [type(event) for event in bench.of(job.id) if not isinstance(event, (Previewed, Progressed))]
    assert order == [Changed, Changed, Started, *[Stepped] * 5, Changed, Changed, Finished]
    assert bench.states(job.id) == ["queued", "running", "running", "done"]
    assert [event.step.index for event in bench.of(job.id, Stepped)] == [0, 1, 2, 3, 4]
    (artifact,) = finished.artifacts
    assert artifact.path.read_bytes().startswith(b"\x89PNG")
    assert (artifact.job, artifact.title, artifact.steps) == (job.id, "dots", job.id)
    assert bench.job(job.id).artifacts == (artifact.id,)
    assert finished.seconds > 0


def test_the_recipe_holds_the_request_and_what_was_used(bench: Bench) -> None:
    job_id = bench.submit(bench.text(length=3))
    (artifact,) = bench.wait_for(job_id, Finished).artifacts
    recipe = artifact.recipe
    assert recipe.request == bench.job(job_id).request
    assert recipe.request.params == {"prompt": "Once", "length": 3, "pause": 0.0, "remember": True, "bunch": 1}
    assert recipe.used["plugin"] == {"id": "tokens", "version": "0.3"}
    assert recipe.used["generator"] == "tokens.text"
    assert recipe.used["model"]["licence"] == "CC0-1.0"
    assert recipe.used["model"]["sha256"] == recipe.request.model.sha256 != ""
    assert {"studio", "python", "platform"} <= set(recipe.used)
    assert recipe.state == "done"


def test_inputs_reach_the_generator_and_are_the_parents(bench: Bench) -> None:
    sha = bench.artifacts.add(b"a picture")
    request = replace(bench.tiny(), inputs=(Input("image", "image/png", sha),))
    (artifact,) = bench.wait_for(bench.submit(request), Finished).artifacts
    assert artifact.recipe.parents == (sha,)


def test_the_same_request_gives_the_same_file(bench: Bench) -> None:
    first = bench.wait_for(bench.submit(bench.tiny(seed=3)), Finished).artifacts
    again = bench.wait_for(bench.submit(bench.tiny(seed=3), again=True), Finished).artifacts
    other = bench.wait_for(bench.submit(bench.tiny(seed=4)), Finished).artifacts
    assert first[0].id == again[0].id != other[0].id


def test_an_identical_finished_request_is_answered_at_once(bench: Bench) -> None:
    first = bench.submit(bench.tiny(seed=3, steps=4))
    made = bench.wait_for(first, Finished).artifacts
    second = bench.engine.submit(bench.tiny(seed=3))  # 4 steps are the default: written out, it is the same request
    assert second.state is JobState.DONE
    assert second.artifacts == (made[0].id,)
    assert bench.wait_for(second.id, Finished).artifacts[0].id == made[0].id
    made[0].path.unlink()
    made[0].path.with_suffix(".json").unlink()
    assert bench.engine.submit(bench.tiny(seed=3)).state is JobState.QUEUED


def test_settings_of_the_plugin_reach_the_generator(bench: Bench) -> None:
    bench.settings["tokens"] = {"Voice": {"ending": "!", "unknown": 1}}
    (artifact,) = bench.wait_for(bench.submit(bench.text(length=2)), Finished).artifacts
    assert artifact.path.read_text().endswith("!")


def test_cancel_keeps_the_partial_result(bench: Bench) -> None:
    job_id = bench.submit(bench.tiny(steps=1000, pause=0.02))
    bench.wait_for(job_id, Stepped, times=3)
    bench.engine.cancel(job_id)
    (partial,) = bench.wait_for(job_id, Cancelled).artifacts
    assert partial.partial
    assert partial.path.exists()
    assert bench.job(job_id).state is JobState.CANCELLED
    assert bench.job(job_id).artifacts == (partial.id,)
    assert len(bench.steps.read(job_id)) >= 3
    assert bench.engine.submit(bench.job(job_id).request).state is JobState.QUEUED  # a partial result is no answer


def test_what_was_handed_over_early_is_kept(bench: Bench) -> None:
    job_id = bench.submit(bench.tiny(steps=4, early=2))
    assert len(bench.wait_for(job_id, Finished).artifacts) == 3
    assert len(bench.job(job_id).artifacts) == 3


def test_a_waiting_job_is_cancelled_without_a_worker(bench: Bench) -> None:
    bench.engine.hold(True)
    job_id = bench.submit(bench.tiny())
    bench.engine.cancel(job_id)
    assert bench.wait_for(job_id, Cancelled).artifacts == ()
    assert bench.job(job_id).state is JobState.CANCELLED


def test_pause_and_resume_go_on_at_the_kept_step(bench: Bench) -> None:
    straight = bench.wait_for(bench.submit(bench.text(length=30, seed=5)), Finished).artifacts[0]
    job_id = bench.submit(bench.text(length=30, seed=5, pause=0.03), again=True)
    bench.wait_for(job_id, Stepped, times=4)
    bench.engine.pause(job_id)
    bench.wait_for(job_id, Paused)
    seen = len(bench.of(job_id, Stepped))
    assert bench.job(job_id).state is JobState.PAUSED
    assert bench.job(job_id).artifacts == ()
    bench.engine.resume(job_id)
    artifact = bench.wait_for(job_id, Finished).artifacts[0]
    indices = [event.step.index for event in bench.of(job_id, Stepped)]
    assert seen < 30
    assert indices == list(range(30))
    assert artifact.path.read_text() == straight.path.read_text()
    assert artifact.recipe.request.resume is None
    assert artifact.recipe.used["continued_after_step"] == indices[seen - 1]
    assert [step.index for step in bench.steps.read(job_id)] == list(range(30))


def test_a_paused_picture_leaves_no_partial_result(bench: Bench) -> None:
    job_id = bench.submit(bench.tiny(steps=60, pause=0.02, seed=2))
    bench.wait_for(job_id, Stepped, times=2)
    bench.engine.pause(job_id)
    bench.wait_for(job_id, Paused)
    assert bench.artifacts.all() == ()
    bench.engine.cancel(job_id)
    assert bench.wait_for(job_id, Cancelled).artifacts == ()


def test_without_kept_state_a_resumed_job_starts_anew(bench: Bench) -> None:
    job_id = bench.submit(bench.text(length=12, pause=0.05, remember=False))
    bench.wait_for(job_id, Stepped, times=2)
    bench.engine.pause(job_id)
    bench.wait_for(job_id, Paused)
    bench.engine.resume(job_id)
    artifact = bench.wait_for(job_id, Finished).artifacts[0]
    indices = [event.step.index for event in bench.of(job_id, Stepped)]
    assert indices.count(0) == 2
    assert "continued_after_step" not in artifact.recipe.used
    assert [step.index for step in bench.steps.read(job_id)] == list(range(12))


def test_a_branch_goes_on_from_another_jobs_step(bench: Bench) -> None:
    first = bench.submit(bench.text(length=8))
    whole = bench.wait_for(first, Finished).artifacts[0].path.read_text().split()
    branch = replace(bench.text(length=8, prompt="Else"), resume=ResumePoint(first, 3))
    second = bench.submit(branch)
    artifact = bench.wait_for(second, Finished).artifacts[0]
    assert [event.step.index for event in bench.of(second, Stepped)] == [4, 5, 6, 7]
    assert artifact.path.read_text().split() == whole
    assert artifact.recipe.request.resume == ResumePoint(first, 3)


def test_a_branch_from_a_step_that_is_gone_says_so(bench: Bench) -> None:
    for steps in ("0" * 32, "../../etc/passwd"):
        with pytest.raises(StudioError, match="Step 4 is not kept here any more") as refused:
            bench.submit(replace(bench.text(), resume=ResumePoint(steps, 3)))
        assert refused.value.hint
    first = bench.submit(bench.text(length=8))
    bench.wait_for(first, Finished)
    bench.engine.hold(True)
    second = bench.submit(replace(bench.text(length=9), resume=ResumePoint(first, 3)))
    bench.steps.forget(first)  # behind the engine's back
    bench.engine.hold(False)
    problem = bench.wait_for(second, Failed).problem
    assert problem.message.startswith("Step 4 cannot be continued")
    assert problem.hint
    assert bench.plugins.plugin("tokens").status == "ok"


def test_retry_runs_from_the_start(bench: Bench) -> None:
    job_id = bench.submit(bench.tiny(steps=500, pause=0.02))
    bench.wait_for(job_id, Stepped, times=2)
    bench.engine.cancel(job_id)
    bench.wait_for(job_id, Cancelled)
    before = len(bench.of(job_id, Stepped))
    assert bench.engine.retry(job_id).state is JobState.QUEUED
    bench.wait_for(job_id, Started, times=2)
    bench.until(lambda: len(bench.of(job_id, Stepped)) > before)
    assert bench.of(job_id, Stepped)[before].step.index == 0
    bench.engine.cancel(job_id)
    bench.wait_for(job_id, Cancelled, times=2)


def test_retry_of_a_done_job_makes_a_new_one(bench: Bench) -> None:
    first = bench.submit(bench.tiny())
    bench.wait_for(first, Finished)
    again = bench.engine.retry(first)
    assert again.id != first
    bench.wait_for(again.id, Finished)
    assert bench.of(again.id, Stepped)


def test_previews_come_one_at_a_time_and_only_while_somebody_looks(bench: Bench) -> None:
    job_id = bench.submit(bench.tiny(steps=2000, pause=0.0, width=4, height=4))
    bench.engine.look(job_id, True)
    bench.wait_for(job_id, Previewed)
    job_done = lambda: bench.job(job_id).state is JobState.DONE  # noqa: E731
    bench.until(job_done)
    shown = len(bench.of(job_id, Previewed))
    assert 1 <= shown < 2000  # the window took its time, and so most were never made
    blind = bench.submit(bench.tiny(steps=200, width=4, height=4, seed=9, pause=0.0))
    bench.engine.look(blind, False)
    bench.wait_for(blind, Finished)
    assert len(bench.of(blind, Stepped)) == 200


def test_nobody_looking_means_no_previews(bench: Bench) -> None:
    bench.engine.hold(True)
    job_id = bench.submit(bench.tiny(steps=30))
    bench.engine.look(job_id, False)
    bench.engine.hold(False)
    bench.wait_for(job_id, Finished)
    assert bench.of(job_id, Previewed) == []
    assert len(bench.of(job_id, Stepped)) == 30


def test_while_the_window_does_not_take_a_preview_no_other_is_made(bench: Bench) -> None:
    job_id = bench.submit(bench.tiny(steps=300))
    while bench.job(job_id).state is not JobState.DONE:
        bench.mail.wait(0.05)  # mail comes, nobody takes it
        bench.mail.clear()
    bench.events += bench.mailbox.drain()
    (preview,) = bench.of(job_id, Previewed)
    first = bench.of(job_id, Stepped)[0].step
    assert preview.preview.data == first.preview.data  # the first was sent, and the credit was never given back


def test_hold_lets_the_running_job_end_and_starts_no_other(bench: Bench) -> None:
    running = bench.submit(bench.tiny(steps=20, pause=0.02))
    bench.wait_for(running, Stepped)
    bench.engine.hold(True)
    waiting = bench.submit(bench.tiny(seed=99))
    bench.wait_for(running, Finished)
    assert bench.engine.held
    assert bench.job(waiting).state is JobState.QUEUED
    bench.engine.hold(False)
    bench.wait_for(waiting, Finished)


def test_the_order_of_the_queue_is_the_order_of_running(bench: Bench) -> None:
    bench.engine.hold(True)
    a, b, c, d = (bench.submit(bench.tiny(seed=seed)) for seed in range(4))
    bench.engine.move(d, a)
    bench.engine.move(a, None)
    bench.engine.pause(b)
    assert [job.id for job in bench.engine.jobs()] == [d, b, c, a]
    bench.engine.hold(False)
    for job_id in (d, c, a):
        bench.wait_for(job_id, Finished)
    done = [event.job_id for event in bench.events if isinstance(event, Finished)]
    assert done == [d, c, a]
    assert bench.job(b).state is JobState.PAUSED


def test_ended_jobs_can_be_removed_and_running_ones_not(bench: Bench) -> None:
    done = bench.submit(bench.tiny())
    bench.wait_for(done, Finished)
    running = bench.submit(bench.tiny(steps=500, pause=0.02))
    bench.wait_for(running, Stepped)
    with pytest.raises(StudioError, match="running"):
        bench.engine.remove(running)
    bench.engine.clear_ended()
    assert [job.id for job in bench.engine.jobs()] == [running]
    bench.until(lambda: bench.of(done, Changed)[-1].job is None)
    bench.engine.cancel(running)
    bench.wait_for(running, Cancelled)


def test_a_large_model_is_read_for_its_hash_once_and_cancel_does_not_wait_for_it(bench: Bench) -> None:
    bench.models.hash_takes = 0.5
    slow = bench.submit(bench.text())
    bench.wait_for(slow, Progressed)
    assert "first time" in bench.of(slow, Progressed)[0].message
    bench.engine.cancel(slow)
    bench.wait_for(slow, Cancelled)
    assert bench.models.hashed == []
    bench.wait_for(bench.submit(bench.text(length=2)), Finished)
    bench.wait_for(bench.submit(bench.text(length=3)), Finished)
    assert bench.models.hashed.count("test/words") == 1


def test_the_device_is_known_once_the_worker_runs(bench: Bench) -> None:
    assert bench.engine.device.name == ""
    bench.wait_for(bench.submit(bench.tiny()), Finished)
    bench.until(lambda: bench.engine.device.name)
    assert bench.engine.device.total > 0
    assert bench.of(bench.engine.jobs()[-1].id, Started)[0].device == bench.engine.device.name


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request("nobody.there"), "no plugin"),
        (Request("tiny.nothing"), "no generator"),
        (Request("tiny.picture", {"steps": 0}), "Steps"),
        (Request("tiny.picture", {"stepz": 1}), "stepz"),
        (Request("tiny.picture", inputs=(Input("image", "image/png", "0" * 64),)), "no longer"),
        (Request("tiny.picture", inputs=(Input("image", "text/plain", "0" * 64),)), "cannot use"),
        (Request("tiny.picture", inputs=(Input("mask", "image/png", "0" * 64),)), "no use"),
        (Request("tokens.text"), "needs a model"),
        (Request("tokens.text", model=ModelRef("test/gone", "Gone")), "not on this machine"),
        (Request("tokens.text", model=ModelRef("test/odd")), "cannot work with"),
        (Request("tokens.text", model=ModelRef("test/bad")), "pickle"),
    ],
)
def test_a_request_that_cannot_work_is_refused_with_words(bench: Bench, request_: Request, words: str) -> None:
    with pytest.raises(StudioError, match=words) as caught:
        bench.engine.submit(request_)
    assert caught.value.message.endswith((".", ")."))
    assert bench.engine.jobs() == ()


def test_a_model_whose_file_changed_is_not_taken_for_the_old_one(bench: Bench) -> None:
    bench.models.sha256("test/words")
    with pytest.raises(StudioError, match="changed"):
        bench.engine.submit(Request("tokens.text", model=ModelRef("test/words", sha256="f" * 64)))


def test_warming_comes_before_the_first_job_and_does_no_harm(bench: Bench) -> None:
    bench.engine.warm("tiny.picture")
    bench.engine.warm("nobody.there")
    bench.until(lambda: bench.engine.device.name)
    bench.wait_for(bench.submit(bench.tiny()), Finished)
    bench.engine.warm("tokens.text")  # has no warm code: its module is loaded, no more
    bench.wait_for(bench.submit(bench.text(length=2)), Finished)
    assert len(bench.workers) == 1


def test_what_was_handed_over_before_a_pause_is_part_of_the_result(bench: Bench) -> None:
    job_id = bench.submit(bench.tiny(steps=40, pause=0.02, early=1))
    bench.wait_for(job_id, Stepped, times=3)
    bench.engine.pause(job_id)
    bench.wait_for(job_id, Paused)
    (early,) = bench.job(job_id).artifacts
    bench.engine.resume(job_id)
    results = bench.wait_for(job_id, Finished).artifacts
    assert results[0].id == early
    assert len(results) == 2
