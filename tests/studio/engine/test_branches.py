"""Branches, contact sheets, edited jobs, room for steps and verifying, with sequences and pictures alike."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.core.errors import StudioError
from studio.core.events import Cancelled, Changed, Failed, Finished, Paused, Progressed, Stepped, Verified
from studio.core.job import JobState
from studio.core.request import Input, ModelRef, Request, ResumePoint
from studio.core.verdict import Answer
from studio.store import Project
from tests.studio.engine.bench import Bench


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "project") as opened:
        yield opened


@pytest.fixture
def bench(project: Project) -> Iterator[Bench]:
    with Bench(project.folder, live="inline", project=project) as made:
        yield made


def finished(bench: Bench, request: Request, **options: Any) -> tuple[str, Any]:
    job_id = bench.submit(request, **options)
    return job_id, bench.wait_for(job_id, Finished).artifacts[0]


def pixels(artifact: Any) -> bytes:
    return Image.open(artifact.path).convert("RGB").tobytes()


def at(request: Request, steps: str, index: int, **params: Any) -> Request:
    return replace(request.with_params(**params), resume=ResumePoint(steps, index))


# --- rows and trees --------------------------------------------------------------------------------------------------


def test_the_row_of_a_branch_is_its_parents_and_its_own(bench: Bench, project: Project) -> None:
    root, first = finished(bench, bench.tiny(steps=6))
    same, second = finished(bench, at(bench.tiny(steps=6), root, 2))
    assert pixels(first) == pixels(second)
    other, third = finished(bench, at(bench.tiny(steps=6), same, 4, prompt="more"))
    assert pixels(third) != pixels(first)
    row = project.steps.row(other)
    assert [step.index for step in row.steps] == list(range(6))
    assert [step.origin for step in row.steps] == [root] * 3 + [same] * 2 + [other]
    assert row.branched == ResumePoint(same, 4)
    assert row.notes == ()
    assert project.steps.read(root)[4].preview == project.steps.read(same)[4].preview
    assert project.steps.path(other).stat().st_size < project.steps.path(root).stat().st_size / 2


def test_words_that_come_several_at_once_are_steps_as_any_other(bench: Bench, project: Project) -> None:
    one, first = finished(bench, bench.text(length=20))
    many, second = finished(bench, bench.text(length=20, bunch=7))
    assert second.path.read_bytes() == first.path.read_bytes()
    assert [replace(step, origin="") for step in project.steps.read(many)] == [
        replace(step, origin="") for step in project.steps.read(one)
    ]
    assert [event.step.index for event in bench.of(many, Stepped)] == list(range(20))
    for index in range(19):
        assert project.steps.state(many, index) == project.steps.state(one, index)
    _, branch = finished(bench, at(bench.text(length=20, bunch=7), many, 9))  # in the middle of a bunch
    assert branch.path.read_bytes() == first.path.read_bytes()


def test_a_bunch_of_words_ends_where_the_job_pauses(bench: Bench, project: Project) -> None:
    whole, first = finished(bench, bench.text(length=20))
    (job,) = bench.engine.contact_sheet(bench.text(length=20, bunch=8), [1], until=0.5)
    bench.wait_for(job.id, Paused)
    assert [event.step.index for event in bench.of(job.id, Stepped)] == list(range(10))
    assert len(project.steps.read(job.id)) == 10
    bench.engine.resume(job.id)
    made = bench.wait_for(job.id, Finished).artifacts[0]
    assert made.path.read_bytes() == first.path.read_bytes()
    assert len(project.steps.read(job.id)) == len(project.steps.read(whole)) == 20


def test_a_branch_from_an_inherited_step_is_one_of_the_parents(bench: Bench, project: Project) -> None:
    root, _ = finished(bench, bench.tiny(steps=6))
    branch, _ = finished(bench, at(bench.tiny(steps=6), root, 3, prompt="b"))
    sister, _ = finished(bench, at(bench.tiny(steps=6), branch, 1, prompt="c"))
    assert bench.job(sister).request.resume == ResumePoint(root, 1)
    tree = project.branches.tree(sister)
    assert [item.id for item in tree.children(root)] == [branch, sister]


def test_the_tree_says_what_was_changed(bench: Bench, project: Project) -> None:
    offer = bench.plugins.generators()["tiny.picture"]
    root, made = finished(bench, bench.tiny(steps=6), title="dots")
    branch, second = finished(bench, at(replace(bench.tiny(steps=6), seed=9), root, 2, prompt="more dots"))
    leaf, _ = finished(bench, at(replace(bench.tiny(steps=6), seed=9), branch, 4, prompt="more dots"), again=True)
    tree = project.branches.tree(second.id, lambda generator: offer.spec.params)
    assert tree == project.branches.tree(root, lambda generator: offer.spec.params)
    assert (tree.root, [item.id for item in tree.branches]) == (root, [root, branch, leaf])
    assert [item.id for item in tree.path(leaf)] == [root, branch, leaf]
    assert tree.depth(leaf) == 2
    top, middle, last = tree.branches
    assert (top.label, top.state, top.kept, top.artifacts) == ("dots", "done", True, (made.id,))
    assert (middle.parent, middle.at) == (root, 2)
    assert middle.label == "Prompt dots → more dots, Seed 1 → 9"
    assert last.label == "Nothing changed"


def test_names_pins_and_pruning(bench: Bench, project: Project) -> None:
    root, _ = finished(bench, bench.tiny(steps=4))
    branch, made = finished(bench, at(bench.tiny(steps=4), root, 1, prompt="b"))
    leaf, _ = finished(bench, at(bench.tiny(steps=4, prompt="b"), branch, 2, prompt="c"))
    version = project.branches.version
    project.branches.name(branch, "  The  good one ")
    project.branches.pin(branch, True)
    assert project.branches.version > version
    node = project.branches.tree(root).get(branch)
    assert node is not None
    assert (node.label, node.pinned) == ("The good one", True)
    assert project.branches.prune(branch) == (branch, leaf)
    assert [item.id for item in project.branches.tree(root).branches] == [root]
    assert not project.steps.path(leaf).exists()
    assert made.path.exists()
    project.branches.restore([branch])
    node = project.branches.tree(root).get(branch)
    assert node is not None
    assert not node.kept
    with pytest.raises(StudioError, match="grew from"):
        project.branches.prune(root)
    with pytest.raises(StudioError, match="Nothing is known"):
        project.branches.name("0" * 32, "x")


def test_trees_survive_a_restart_and_the_loss_of_the_steps_folder(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    with Project.open(folder) as project, Bench(folder, live="inline", project=project) as bench:
        root, _ = finished(bench, bench.tiny(steps=4))
        branch, made = finished(bench, at(bench.tiny(steps=4), root, 1, prompt="b"))
        sister, _ = finished(bench, at(bench.tiny(steps=4), root, 2, prompt="c"))
        project.branches.name(branch, "mine")
    with Project.open(folder) as project:
        project.branches.load()
        tree = project.branches.tree(made.id)
        assert [item.id for item in tree.branches] == [root, branch, sister]
        assert tree.branches[1].name == "mine"
        assert len(project.steps.read(branch)) == 4
    for file in (folder / "steps").iterdir():
        file.unlink()
    with Project.open(folder) as project:
        project.branches.load()
        tree = project.branches.tree(made.id)
        assert [item.id for item in tree.branches] == [root, branch, sister]
        assert not any(item.kept for item in tree.branches)


def test_a_recipe_holds_all_that_a_branch_went_on_from(bench: Bench) -> None:
    root, first = finished(bench, bench.text(length=8))
    branch, _ = finished(bench, at(bench.text(length=9), root, 3))
    _, leaf = finished(bench, at(bench.text(length=10), branch, 5))
    recipe = leaf.recipe
    assert [passage.steps for passage in recipe.lineage] == [root, branch]
    assert recipe.lineage[0].request == first.recipe.request
    assert recipe.lineage[1].request.resume == ResumePoint(root, 3)
    assert recipe.whole
    assert first.recipe.lineage == ()
    assert not replace(recipe, lineage=recipe.lineage[1:]).whole


# --- pause, edit, contact sheets -------------------------------------------------------------------------------------


def test_a_contact_sheet_stops_by_itself_and_some_go_on(bench: Bench) -> None:
    straight = finished(bench, bench.tiny(steps=8, seed=2))[1]
    jobs = bench.engine.contact_sheet(bench.tiny(steps=8), [2, 3, 4], until=0.25)
    assert bench.job(jobs[0].id).state is JobState.DONE  # the library has it already
    chosen, dropped = jobs[1].id, jobs[2].id
    for job_id in (chosen, dropped):
        bench.wait_for(job_id, Paused)
        assert [event.step.index for event in bench.of(job_id, Stepped)] == [0, 1]
    bench.engine.resume(chosen)
    bench.engine.cancel(dropped)
    promoted = bench.wait_for(chosen, Finished).artifacts[0]
    assert [event.step.index for event in bench.of(chosen, Stepped)] == list(range(8))
    assert bench.job(chosen).until == 0.0
    assert bench.job(dropped).state is JobState.CANCELLED
    assert pixels(promoted) == pixels(finished(bench, bench.tiny(steps=8, seed=3), again=True)[1])
    assert pixels(promoted) != pixels(straight)


def test_a_share_without_kept_state_or_behind_the_end_does_not_pause(bench: Bench) -> None:
    finished(bench, bench.text(length=8, remember=False), until=0.25)
    finished(bench, bench.tiny(steps=1), until=0.25)
    finished(bench, bench.tiny(steps=3), until=1.0)


def test_the_rest_of_a_paused_job_is_done_with_another_request(bench: Bench, project: Project) -> None:
    (job,) = bench.engine.contact_sheet(bench.tiny(steps=6), [5], until=0.5)
    bench.wait_for(job.id, Paused)
    with pytest.raises(StudioError, match="no longer in the queue"):
        bench.engine.edit("0" * 32, job.request)
    branch = bench.engine.edit(job.id, job.request.with_params(prompt="else"))
    assert branch.id != job.id
    made = bench.wait_for(branch.id, Finished).artifacts[0]
    assert bench.job(job.id).state is JobState.CANCELLED
    assert made.recipe.request.resume == ResumePoint(job.id, 2)
    assert made.recipe.lineage[0].request == job.request
    assert [step.origin for step in project.steps.read(branch.id)] == [job.id] * 3 + [branch.id] * 3
    plain = finished(bench, bench.tiny(steps=6, seed=5, prompt="else"))[1]
    assert pixels(made) != pixels(plain)
    with pytest.raises(StudioError, match="has ended"):
        bench.engine.edit(job.id, job.request)


def test_an_edited_job_keeps_its_place_and_one_without_steps_its_id(bench: Bench) -> None:
    (begun,) = bench.engine.contact_sheet(bench.tiny(steps=6), [5], until=0.5)
    bench.wait_for(begun.id, Paused)
    bench.engine.hold(True)
    last = bench.submit(bench.tiny(steps=6, seed=6))
    bench.engine.move(begun.id, last)
    branch = bench.engine.edit(begun.id, begun.request.with_params(prompt="else"))
    fresh = bench.engine.edit(last, bench.tiny(steps=5, seed=6))
    assert fresh.id == last
    assert [job.id for job in bench.engine.jobs() if not job.state.ended] == [branch.id, last]
    bench.engine.hold(False)
    bench.wait_for(last, Finished)
    assert bench.job(last).request.params["steps"] == 5
    running = bench.submit(bench.tiny(steps=400, pause=0.02))
    bench.wait_for(running, Stepped)
    with pytest.raises(StudioError, match="is running"):
        bench.engine.edit(running, bench.tiny(steps=5))
    bench.engine.cancel(running)
    bench.wait_for(running, Cancelled)


def test_an_edit_that_changes_nothing_goes_on(bench: Bench) -> None:
    (job,) = bench.engine.contact_sheet(bench.tiny(steps=6), [5], until=0.5)
    bench.wait_for(job.id, Paused)
    assert bench.engine.edit(job.id, bench.tiny(steps=6, seed=5)).id == job.id
    bench.wait_for(job.id, Finished)


def test_a_pause_gives_the_memory_back_unless_something_else_waits(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "studio.plugin.tiny")

    def put_away() -> bool:
        return "the brush is put away" in caplog.messages

    (sheet,) = bench.engine.contact_sheet(bench.tiny(steps=6), [5], until=0.5)
    bench.wait_for(sheet.id, Paused)
    paused = [bench.submit(bench.tiny(steps=400, pause=0.02, seed=seed)) for seed in (1, 2)]
    for job_id in paused:
        bench.wait_for(job_id, Stepped, times=2)
        assert not put_away()
        bench.engine.pause(job_id)
        bench.wait_for(job_id, Paused)
    bench.until(put_away)
    assert caplog.messages.count("the brush is put away") == 1
    for job_id in paused:
        bench.engine.cancel(job_id)
    bench.engine.resume(sheet.id)
    bench.wait_for(sheet.id, Finished)


# --- room ------------------------------------------------------------------------------------------------------------


def set_room(bench: Bench, size: int) -> None:
    bench.settings["studio"] = {"Storage": {"steps": size / 10**9}}


def test_the_oldest_steps_go_first_and_never_a_picture(bench: Bench, project: Project) -> None:
    made = [finished(bench, bench.tiny(steps=4, width=64, height=64, seed=seed)) for seed in range(4)]
    one = project.steps.size(made[0][0])
    project.branches.pin(made[0][0], True)
    bench.engine.looking_at(made[1][0])
    set_room(bench, int(one * 3.5))
    last, _ = finished(bench, bench.tiny(steps=4, width=64, height=64, seed=9))
    bench.until(lambda: project.steps.size() <= one * 3.5)
    assert set(project.steps.jobs()) == {made[0][0], made[1][0], last}
    assert all(artifact.path.exists() for _, artifact in made)
    note = project.steps.row(made[2][0]).notes[0]
    assert "no longer kept" in note
    with pytest.raises(StudioError, match="not kept here any more"):
        bench.submit(at(bench.tiny(steps=4, width=64, height=64, seed=2), made[2][0], 1))


def test_a_branch_outlives_its_parents_steps_and_says_so(bench: Bench, project: Project) -> None:
    root, _ = finished(bench, bench.tiny(steps=6))
    branch, _ = finished(bench, at(bench.tiny(steps=6), root, 2, prompt="b"))
    project.steps.forget(root)
    row = project.steps.row(branch)
    assert [step.index for step in row.steps] == [3, 4, 5]
    (note,) = row.notes
    assert note.startswith("Steps 1 to 3 of what this went on from are no longer kept")
    assert [item.id for item in project.branches.tree(branch).branches] == [root, branch]
    _, leaf = finished(bench, at(bench.tiny(steps=6, prompt="b"), branch, 3, prompt="c"))
    assert [passage.steps for passage in leaf.recipe.lineage] == [root, branch]


def test_a_full_budget_costs_the_steps_and_says_so(bench: Bench, project: Project) -> None:
    whole, first = finished(bench, bench.tiny(steps=6, width=64, height=64, seed=3))
    # Before the room gets small: the first job's own look at the room may come late.
    project.branches.pin(whole, True)
    set_room(bench, project.steps.size(whole) // 2)
    job_id, second = finished(bench, bench.tiny(steps=6, width=64, height=64, seed=3), again=True)
    said = [event.message for event in bench.of(job_id, Progressed)]
    assert any("The room for kept steps is full" in message for message in said)
    assert pixels(second) == pixels(first)
    assert len(bench.of(job_id, Stepped)) == 6
    assert project.steps.read(job_id) == ()


def test_waiting_jobs_and_what_they_go_on_from_keep_their_steps(bench: Bench, project: Project) -> None:
    root, _ = finished(bench, bench.tiny(steps=4))
    (job,) = bench.engine.contact_sheet(bench.tiny(steps=4), [5], until=0.5)
    bench.wait_for(job.id, Paused)
    bench.engine.hold(True)
    waiting = bench.submit(at(bench.tiny(steps=4), root, 1, prompt="b"))
    set_room(bench, 0)
    bench.engine.hold(False)
    bench.wait_for(waiting, Finished)
    assert job.id in project.steps.jobs()
    bench.engine.resume(job.id)
    bench.wait_for(job.id, Finished)
    bench.until(lambda: project.steps.jobs() == ())


def test_steps_of_a_removed_job_without_results_go(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    with Project.open(folder) as project, Bench(folder, live="inline", project=project) as bench:
        jobs = bench.engine.contact_sheet(bench.tiny(steps=4), [5, 6, 7], until=0.5)
        for job in jobs:
            bench.wait_for(job.id, Paused)
        kept, _ = finished(bench, bench.tiny(steps=4))
        branch, _ = finished(bench, at(jobs[1].request, jobs[1].id, 0, prompt="b"))
        for job in jobs:
            bench.engine.cancel(job.id)
        bench.engine.clear_ended()
        bench.until(lambda: set(project.steps.jobs()) == {kept, branch, jobs[1].id})
        (folder / "steps" / f"{'e' * 32}.steps").write_bytes(b"")
    with Project.open(folder) as project, Bench(folder, live="inline", project=project) as bench:
        bench.until(lambda: set(project.steps.jobs()) == {kept, branch, jobs[1].id})
        assert len(project.steps.read(branch)) == 4


# --- verifying -------------------------------------------------------------------------------------------------------


def verified(bench: Bench, artifact: Any) -> Any:
    job = bench.engine.verify(artifact.id)
    bench.wait_for(job.id, Finished)
    assert bench.job(job.id).artifacts == ()
    return bench.of(job.id, Verified)[0].verdict


def test_a_result_and_a_branch_of_a_branch_are_made_again(bench: Bench, project: Project) -> None:
    root, first = finished(bench, bench.tiny(steps=6))
    branch, _ = finished(bench, at(bench.tiny(steps=6), root, 1, prompt="b"))
    _, leaf = finished(bench, at(bench.tiny(steps=6), branch, 3, prompt="cc"))
    assert verified(bench, first).answer is Answer.IDENTICAL
    for job_id in project.steps.jobs():
        project.steps.forget(job_id)  # nothing but the recipe is needed
    count = project.library.count()
    verdict = verified(bench, leaf)
    assert verdict.answer is Answer.IDENTICAL
    assert verdict.text.startswith("Identical")
    assert project.library.count() == count
    assert project.steps.jobs() == ()
    _, words = finished(bench, bench.text(length=6))
    assert verified(bench, words).answer is Answer.IDENTICAL
    root, _ = finished(bench, bench.text(length=20, bunch=6))
    _, words = finished(bench, at(bench.text(length=20, bunch=6), root, 7))
    project.steps.forget(root)
    assert verified(bench, words).answer is Answer.IDENTICAL  # written again up to the middle of a bunch


def test_what_is_not_the_same_is_named(bench: Bench, project: Project) -> None:
    _, made = finished(bench, bench.tiny(steps=6))
    used = {**made.recipe.used, "python": "3.9.1", "plugin": {"id": "tiny", "version": "0.0.1"}}
    picture = Image.open(made.path).convert("RGB")
    spoiled = picture.copy()
    spoiled.putpixel((3, 3), (150, 140, 160))
    for changed, answer in ((spoiled, Answer.CLOSE), (Image.new("RGB", picture.size), Answer.DIFFERENT)):
        target = io.BytesIO()
        changed.save(target, "PNG")
        foreign = project.artifacts.bring_in(target.getvalue(), recipe=replace(made.recipe, used=used))
        verdict = verified(bench, foreign)
        assert verdict.answer is answer
        assert verdict.psnr is not None
        assert {item.name for item in verdict.differs} == {"Python", "tiny plugin"}
        assert "Python 3.9.1, now " in verdict.text
        assert "PSNR" in verdict.text


def test_a_text_that_differs_says_from_which_word_on(bench: Bench, project: Project) -> None:
    _, made = finished(bench, bench.text(length=6))
    words = made.path.read_text().split()
    words[4] = "wrong"
    foreign = project.artifacts.bring_in(" ".join(words).encode(), media="text/plain", recipe=made.recipe)
    verdict = verified(bench, foreign)
    assert verdict.answer is Answer.CLOSE
    assert "from word 5 on" in verdict.text


def test_what_cannot_be_verified_says_why(bench: Bench, project: Project) -> None:
    root, made = finished(bench, bench.tiny(steps=6))
    data = made.path.read_bytes()

    def bring(note: bytes, recipe: Any) -> str:
        return project.artifacts.bring_in(data + note, recipe=recipe).id

    gone = ModelRef("test/gone", "Gone", "ab" * 32)
    branch = at(bench.tiny(steps=6), root, 1)
    for recipe, words in (
        (None, "Nothing tells how"),
        (replace(made.recipe, state="partial"), "partial"),
        (replace(made.recipe, request=branch), "does not tell how that was made"),
        (replace(made.recipe, request=replace(bench.text(), model=gone)), "The model 'Gone' is not on this machine"),
        (replace(made.recipe, request=Request("nowhere.picture")), "no plugin called 'nowhere'"),
        (
            replace(made.recipe, request=replace(bench.tiny(), inputs=(Input("image", "image/png", "cd" * 32),))),
            "no longer in the project",
        ),
    ):
        with pytest.raises(StudioError, match=words):
            bench.engine.verify(bring(words.encode(), recipe))


# --- bad input -------------------------------------------------------------------------------------------------------


def test_a_truncated_steps_file_is_said_and_the_result_stays(bench: Bench, project: Project) -> None:
    root, made = finished(bench, bench.tiny(steps=6, width=64, height=64))
    path = project.steps.path(root)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    row = project.steps.row(root)
    assert 0 < len(row.steps) < 6
    with pytest.raises(StudioError, match="Step 6 is not kept here any more"):
        bench.submit(at(bench.tiny(steps=6, width=64, height=64), root, 5))
    finished(bench, at(bench.tiny(steps=6, width=64, height=64), root, 0, prompt="b"))
    assert made.path.exists()
    path.write_bytes(b"no steps at all, but long enough for a header")
    with pytest.raises(StudioError, match="cannot be read"):
        bench.submit(at(bench.tiny(steps=6, width=64, height=64), root, 0))


def test_a_branch_whose_model_is_gone_is_refused(bench: Bench) -> None:
    root, _ = finished(bench, bench.text(length=6))
    with pytest.raises(StudioError, match="is not on this machine"):
        bench.submit(at(bench.text(length=6, model="test/gone"), root, 2))
    bench.engine.hold(True)
    job_id = bench.submit(at(bench.text(length=7), root, 2))
    bench.models.known.clear()
    bench.engine.hold(False)
    assert "no longer on this machine" in bench.wait_for(job_id, Failed).problem.message
    assert bench.of(job_id, Changed)


def test_a_branch_whose_plugin_or_steps_are_gone_is_refused_and_the_result_stays(
    bench: Bench, project: Project, tmp_path: Path
) -> None:
    root, made = finished(bench, bench.tiny(steps=6))
    with pytest.raises(StudioError, match="no plugin called 'nowhere'"):
        bench.submit(replace(at(bench.tiny(steps=6), root, 2), generator="nowhere.picture"))
    bench.engine.hold(True)
    waiting = bench.submit(at(bench.tiny(steps=6), root, 3, prompt="b"))
    project.steps.path(root).unlink()
    bench.engine.hold(False)
    problem = bench.wait_for(waiting, Failed).problem
    assert "what it needs is not kept" in problem.message
    assert problem.hint
    with pytest.raises(StudioError, match="Step 3 is not kept here any more"):
        bench.submit(at(bench.tiny(steps=6), root, 2))
    assert project.steps.row(root).notes == (
        "The steps of this result are no longer kept: the room for steps was needed.",
    )
    assert made.path.exists()
    assert verified(bench, made).answer is Answer.IDENTICAL
