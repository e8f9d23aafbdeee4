"""What the model writes: ghosts while it comes, takes to choose from, one entry for a kept one, the rest unchanged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from plugins.music.document import MEDIA, Note, Score
from plugins.music.document_tracks import add_track
from plugins.music.panel import MusicPanel, empty_score
from plugins.music.panel_sheet import Region
from plugins.music.params import MusicSettings, read_cells, read_parts
from studio.api import (
    Artifact,
    Cancelled,
    Failed,
    Finished,
    Preview,
    Previewed,
    Problem,
    Recipe,
    Request,
    ResumePoint,
    Started,
    Step,
)
from studio.testing.panel_host import FakePanelHost

BAR = 1920


def rewritten(score: Score, bar: int, pitch: int) -> Score:
    """The melody's bar anew: two half notes of that pitch."""
    track = score.tracks[0]
    kept = [n for n in track.notes if not bar * BAR <= n.start < (bar + 1) * BAR]
    fresh = [Note(500 + i, bar * BAR + i * 960, 960, pitch, 100) for i in range(2)]
    return replace(score.with_track(track.with_notes([*kept, *fresh])), next_id=600)


def result(host: FakePanelHost, score: Score, request: Request, job: str, name: str = "r") -> Artifact:
    path = Path(host.folder) / f"{name}.json"
    path.write_bytes(score.to_bytes())
    return host.give(Artifact(name * 8, MEDIA, path, Recipe(request), job=job, steps=job))


def preview(job: str, score: Score) -> Previewed:
    return Previewed(job, Preview(MEDIA, score.to_bytes()))


def press(qtbot: QtBot, panel: MusicPanel) -> tuple[str, Request]:
    qtbot.mouseClick(panel.bar.generate, Qt.MouseButton.LeftButton)
    return panel.host.submitted[-1]


def second_bar_anew(qtbot: QtBot, panel: MusicPanel) -> tuple[str, Request]:
    panel.sheet.set_regions([Region(1, 1, ("t1",))])
    return press(qtbot, panel)


def test_marked_bars_are_asked_for_with_the_score_around_them(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot
) -> None:
    panel.sheet.set_regions([Region(1, 2, ("t1",))])
    assert panel.bar.words.text() == "Bars 2 to 3 of Violin; everything else stays"
    _, request = press(qtbot, panel)
    assert request.generator == "music.composer"
    assert request.params["task"] == "infill"
    assert read_cells(request.params["cells"]) == (("t1", 1, 2),)
    assert request.model is not None
    (item,) = request.inputs
    kept = host.artifact(item.sha256)
    assert kept is not None
    assert Score.from_bytes(kept.path.read_bytes()) == panel.sheet.score


def test_ghosts_stream_in_and_keeping_is_one_entry_that_changes_nothing_else(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot
) -> None:
    before = panel.sheet.score
    job, request = second_bar_anew(qtbot, panel)
    after = rewritten(before, 1, 72)
    host.play(panel, [Started(job, "CPU"), preview(job, after)])
    assert panel.sheet.ghosts is not None
    assert [n.pitch for t in panel.sheet.ghosts.tracks for n in t.notes] == [72, 72]
    assert panel.sheet.faded == {5, 6, 7, 8}
    assert panel.sheet.score is before
    assert panel.floating.takes.isVisible()
    host.play(panel, [Finished(job, (result(host, after, request, job),))])
    assert host.steps_shown == job
    qtbot.mouseClick(panel.floating.takes.keep, Qt.MouseButton.LeftButton)
    notes = panel.sheet.score.tracks[0].notes
    assert [n.pitch for n in notes if BAR <= n.start < 2 * BAR] == [72, 72]
    assert [n for n in notes if not BAR <= n.start < 2 * BAR] == [
        n for n in before.tracks[0].notes if not BAR <= n.start < 2 * BAR
    ]
    assert panel.sheet.score.tracks[1] == before.tracks[1]
    assert [entry.text for entry in host.undo_stack] == ["writing bars anew"]
    assert "Outside bar 2 of violin: unchanged (16 notes compared)" in panel.settings_pane.proof.text()
    assert panel.sheet.ghosts is None
    assert panel.floating.takes.isHidden()
    host.undo_stack[0].undo()
    assert panel.sheet.score is before


def test_what_was_edited_meanwhile_is_not_lost(panel: MusicPanel, host: FakePanelHost, qtbot: QtBot) -> None:
    before = panel.sheet.score
    job, request = second_bar_anew(qtbot, panel)
    host.commands["all"]()
    panel.sheet.select({1})
    qtbot.keyClick(panel.editor.roll, Qt.Key.Key_Up)
    after = rewritten(before, 1, 72)
    host.play(panel, [Finished(job, (result(host, after, request, job),))])
    panel.takes.keep()
    notes = panel.sheet.score.tracks[0].notes
    assert next(n for n in notes if n.id == 1).pitch == 61
    assert [n.pitch for n in notes if BAR <= n.start < 2 * BAR] == [72, 72]


def test_locked_notes_stay(panel: MusicPanel, host: FakePanelHost, qtbot: QtBot) -> None:
    panel.sheet.select({6})
    host.commands["lock"]()
    job, request = second_bar_anew(qtbot, panel)
    after = rewritten(panel.sheet.score, 1, 72)
    host.play(panel, [Finished(job, (result(host, after, request, job),))])
    panel.takes.keep()
    notes = [n for n in panel.sheet.score.tracks[0].notes if BAR <= n.start < 2 * BAR]
    assert 6 in {n.id for n in notes}


def test_takes_are_compared_and_dropped(panel: MusicPanel, host: FakePanelHost, qtbot: QtBot) -> None:
    before = panel.sheet.score
    panel.sheet.set_regions([Region(1, 1, ("t1",))])
    seeds = []
    for pitch, name in ((70, "a"), (74, "b")):
        job, request = press(qtbot, panel)
        seeds.append(request.seed)
        host.play(panel, [Finished(job, (result(host, rewritten(before, 1, pitch), request, job, name),))])
    assert seeds[0] != seeds[1]
    assert panel.floating.takes.count.text() == "2 of 2"
    assert panel.sheet.ghosts is not None
    qtbot.mouseClick(panel.floating.takes.previous, Qt.MouseButton.LeftButton)
    assert panel.floating.takes.count.text() == "1 of 2"
    assert {n.pitch for t in panel.sheet.ghosts.tracks for n in t.notes} == {70}
    qtbot.mouseClick(panel.floating.takes.drop, Qt.MouseButton.LeftButton)
    assert panel.sheet.score is before
    assert panel.sheet.ghosts is None
    assert not host.undo_stack


def test_a_first_piece_is_taken_at_once(panel: MusicPanel, host: FakePanelHost, qtbot: QtBot) -> None:
    empty = empty_score()
    panel.sheet.show(empty)
    assert panel.bar.words.text() == "A wistful waltz of 8 bars in D minor"
    job, request = press(qtbot, panel)
    assert request.inputs == ()
    assert read_parts(request.params["parts"]) == (("melody", "violin"), ("chords", "piano"), ("bass", "cello"))
    assert (request.params["tonic"], request.params["mode"], request.params["metre"]) == (2, "minor", "3/4")
    made, _ = add_track(rewritten(empty, 0, 70), "cello", role="bass")
    host.play(panel, [Finished(job, (result(host, made, request, job),))])
    assert panel.sheet.score == made
    assert [entry.text for entry in host.undo_stack] == ["composing"]
    assert panel.artifact_id() == "r" * 8
    host.undo_stack[0].undo()
    assert panel.sheet.score == empty


def test_a_cancelled_take_keeps_what_is_there(panel: MusicPanel, host: FakePanelHost, qtbot: QtBot) -> None:
    job, _ = second_bar_anew(qtbot, panel)
    host.play(panel, [preview(job, rewritten(panel.sheet.score, 1, 72)), Cancelled(job)])
    assert panel.floating.takes.isVisible()
    assert panel.sheet.ghosts is not None


def test_a_failure_is_said_over_the_roll_and_the_piece_is_untouched(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot
) -> None:
    before = panel.sheet.score
    job, _ = second_bar_anew(qtbot, panel)
    host.play(panel, [Failed(job, Problem("The model was lost.", "Load it again."))])
    assert panel.floating.card.isVisible()
    assert panel.sheet.score is before
    assert panel.takes.current() is None


def test_a_metre_the_model_does_not_know_is_said_before_anything_is_sent(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot
) -> None:
    panel.transport.set_metre(7, 8)
    qtbot.mouseClick(panel.bar.generate, Qt.MouseButton.LeftButton)
    assert not host.submitted
    assert panel.floating.card.isVisible()


def test_the_panel_is_found_again(panel: MusicPanel, host: FakePanelHost) -> None:
    panel.sheet.choose_track("t2")
    panel.settings_pane.form.field("style").set_value("blues")
    state = panel.state()
    other = MusicPanel(host=FakePanelHost(host.folder, panel_id="music.roll", usable_models=host.usable_models))
    other.restore(state)
    assert other.sheet.score == panel.sheet.score
    assert other.sheet.track_id == "t2"
    assert other.settings_pane.values()["style"] == "blues"
    other.sound.player.close()
    other.deleteLater()


def test_a_recipe_sets_everything(panel: MusicPanel, host: FakePanelHost) -> None:
    params = {
        "task": "piece", "style": "march", "mood": "heroic", "tonic": 7, "mode": "major", "metre": "4/4",
        "tempo": 96.0, "bars": 12, "parts": "melody:trumpet, drums:drum kit",
    }  # fmt: skip
    panel.recall(Recipe(Request("music.composer", params, seed=77)))
    values = panel.settings_pane.values()
    assert (values["style"], values["mood"], values["bars"]) == ("march", "heroic", 12)
    assert values["parts"] == "melody:trumpet, drums:drum kit"
    assert panel.sheet.score.tempos[0].bpm == 96
    assert panel.sheet.score.key_at(0).tonic == 7
    assert panel.settings_pane.seed.value() == 77
    assert panel.settings_pane.seed.locked()


def test_looking_back_at_a_bar_fades_what_came_after(panel: MusicPanel, host: FakePanelHost, qtbot: QtBot) -> None:
    before = panel.sheet.score
    panel.sheet.set_regions([Region(1, 2, ("t1",))])
    job, request = press(qtbot, panel)
    after = rewritten(before, 1, 72)
    host.play(panel, [Finished(job, (result(host, after, request, job),))])
    panel.takes.keep()
    panel.show_step(Step(0, 2, label="bar 2"))
    starts = {panel.sheet.score.note(i).start for i in panel.sheet.faded}
    assert starts
    assert min(starts) == 2 * BAR
    assert panel.sound.tick() == BAR
    panel.show_step(None)
    assert not panel.sheet.faded


def test_a_bar_is_branched_from_with_the_surprise_of_now(panel: MusicPanel, host: FakePanelHost, qtbot: QtBot) -> None:
    panel.sheet.set_regions([Region(1, 2, ("t1",))])
    job, request = press(qtbot, panel)
    host.play(panel, [Finished(job, (result(host, rewritten(panel.sheet.score, 1, 72), request, job),))])
    panel.settings_pane.form.field("temperature").set_value(1.3)
    panel.branch(job, 0)
    _, branched = host.submitted[-1]
    assert branched.resume == ResumePoint(job, 0)
    assert branched.params["temperature"] == 1.3
    assert branched.params["cells"] == request.params["cells"]
    assert branched.inputs == request.inputs


def test_a_text_and_a_picture_lend_their_mood(panel: MusicPanel, host: FakePanelHost, tmp_path: Path) -> None:
    text = tmp_path / "tale.txt"
    text.write_text("A secret door in the fog. A whisper at midnight, under strange stars.")
    panel.receive(host.give(Artifact("t" * 64, "text/plain", text)))
    assert panel.settings_pane.values()["mood"] == "mysterious"
    assert panel.bar.task.accessibleDescription() == "A new piece"
    picture = tmp_path / "sun.png"
    image = QImage(8, 8, QImage.Format.Format_RGB888)
    image.fill(QColor(255, 215, 50))
    image.save(str(picture))
    panel.receive(host.give(Artifact("p" * 64, "image/png", picture)))
    assert panel.settings_pane.values()["mood"] == "joyful"
    assert host.said[-1].startswith("It sounds joyful: the next piece will, too, at 1")


def test_a_tempo_that_is_lent_is_that_of_the_next_piece_only(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot, tmp_path: Path
) -> None:
    text = tmp_path / "tale.txt"
    text.write_text("The storm broke. She ran, afraid, from the dark hunt.")
    before = panel.sheet.score
    panel.receive(host.give(Artifact("t" * 64, "text/plain", text)))
    assert panel.sheet.score is before  # what is there keeps its tempo
    assert panel.bar.words.text().endswith(" at 142 BPM")
    _, request = press(qtbot, panel)
    assert (request.params["task"], request.params["mood"], request.params["tempo"]) == ("piece", "tense", 142)
    panel.transport.tempo.setValue(90)
    assert "BPM" not in panel.bar.words.text()
    _, request = press(qtbot, panel)
    assert request.params["tempo"] == 90


def test_a_new_piece_plays_while_it_is_written_where_that_is_asked_for(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot
) -> None:
    host.own_settings = (MusicSettings(play_as_written=True),)
    whole = panel.sheet.score
    panel.sheet.show(empty_score())
    job, _ = press(qtbot, panel)
    first = whole.map_tracks(lambda t: t.with_notes(n for n in t.notes if n.start < 480))
    host.play(panel, [Started(job, "CPU"), preview(job, first)])
    assert not panel.sound.is_playing()
    host.play(panel, [preview(job, whole)])
    assert panel.sound.is_playing()
    panel.sound.stop()
    host.play(panel, [preview(job, whole)])
    assert not panel.sound.is_playing()


def test_what_is_written_beyond_the_view_comes_into_sight(panel: MusicPanel, host: FakePanelHost, qtbot: QtBot) -> None:
    lens = panel.editor.lens
    panel.asking.choose("continue")
    job, _ = press(qtbot, panel)
    score = panel.sheet.score
    track = score.tracks[0]
    more = [*track.notes, Note(900, 6 * BAR, 480, 60, 90)]
    host.play(
        panel, [Started(job, "CPU"), preview(job, replace(score.with_track(track.with_notes(more)), length=8 * BAR))]
    )
    assert 0 <= lens.x(6 * BAR) < panel.editor.roll.width()
    left = lens.left
    panel.editor.follow = False
    more.append(Note(901, 7 * BAR, 480, 60, 90))
    lens.scroll(left=0)
    host.play(panel, [preview(job, replace(score.with_track(track.with_notes(more)), length=8 * BAR))])
    assert lens.left == 0 != left


def test_the_proof_is_said_where_the_inspector_may_be_hidden(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot
) -> None:
    job, request = second_bar_anew(qtbot, panel)
    after = rewritten(panel.sheet.score, 1, 72)
    host.play(panel, [Started(job, "CPU"), Finished(job, (result(host, after, request, job),))])
    host.commands["keep"]()
    assert host.said[-1] == "Outside bar 2 of violin: unchanged (16 notes compared)"


def test_takes_that_nobody_kept_are_there_again(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot, tmp_path: Path
) -> None:
    """Also one whose end nobody could write down any more: the queue knows what it made."""
    before = panel.sheet.score
    panel.sheet.set_regions([Region(1, 1, ("t1",))])
    made, jobs = [], []
    for pitch in (72, 74):
        job, request = press(qtbot, panel)
        jobs.append(job)
        artifact = result(host, rewritten(before, 1, pitch), request, job, name=f"r{pitch}")
        host.play(panel, [Started(job, "CPU"), Finished(job, (artifact,))])
        host.end(job)
        made.append(artifact.id)
    running, _ = press(qtbot, panel)
    state = panel.state()
    assert state["takes"] == [[jobs[0], made[0]], [jobs[1], made[1]], [running, ""]]
    state["takes"][1][1] = ""
    host._jobs[jobs[1]] = replace(host._jobs[jobs[1]], artifacts=(made[1],))
    host.commands.clear()
    again = MusicPanel(host)
    qtbot.addWidget(again)
    again.restore(state)
    assert again.sheet.score == before
    assert len(again.takes.takes) == 3
    assert again.takes.takes[0].job == running
    assert {t.before for t in again.takes.takes} == {before}
    assert all(t.regions == (Region(1, 1, ("t1",)),) for t in again.takes.takes)
    while again.takes.current().artifact is None or again.takes.current().artifact.id != made[0]:
        again.takes.step(1)
    again.takes.keep()
    notes = again.sheet.score.tracks[0].notes
    assert [n.pitch for n in notes if BAR <= n.start < 2 * BAR] == [72, 72]
    assert len(notes) == 14
    assert again.sheet.score.tracks[1].notes == before.tracks[1].notes
    assert again.state()["takes"] == []
    again.devices.close()
    again.sound.player.close()


def test_a_job_that_runs_on_over_a_restart_changes_only_its_bars(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot
) -> None:
    before = panel.sheet.score
    job, _ = second_bar_anew(qtbot, panel)
    state = panel.state()
    host.commands.clear()
    again = MusicPanel(host)
    qtbot.addWidget(again)
    again.restore(state)
    host.play(again, [Started(job, "CPU"), preview(job, rewritten(before, 1, 77))])
    assert again.sheet.faded == {5, 6, 7, 8}
    assert [n.pitch for t in again.sheet.ghosts.tracks for n in t.notes] == [77, 77]
    again.devices.close()
    again.sound.player.close()
