"""What is exported and sent is what is seen and heard: the edited score, or the result that it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mido
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from plugins.music import export
from plugins.music.document import MEDIA, Note, Score
from plugins.music.importer import read
from plugins.music.panel import MusicPanel
from plugins.music.panel_sheet import Region
from plugins.music.params import FlacOptions, MidiOptions, SheetOptions, StemOptions
from plugins.music.reading import read_score
from studio.api import Artifact, Finished, Recipe, Started
from studio.testing.panel_host import FakePanelHost
from tests.plugins.music.panel_bench import Hand
from tests.plugins.music.test_panel_takes import press, preview, result, rewritten


@pytest.fixture
def kept(panel: MusicPanel, host: FakePanelHost, qtbot: QtBot) -> Artifact:
    """A result of the model that was kept in the score."""
    panel.sheet.set_regions([Region(1, 1, ("t1",))])
    job, request = press(qtbot, panel)
    after = rewritten(panel.sheet.score, 1, 72)
    made = result(host, after, request, job)
    host.play(panel, [Started(job, "CPU"), preview(job, after), Finished(job, (made,))])
    qtbot.keyClick(panel.editor.roll, Qt.Key.Key_Return)
    assert panel.artifact_id() == made.id
    return made


def shown(panel: MusicPanel, host: FakePanelHost) -> Artifact:
    found = host.artifact(panel.export_id())
    assert found is not None
    assert panel.export_media() == found.media == MEDIA
    return found


def test_an_untouched_result_is_exported_itself(panel: MusicPanel, host: FakePanelHost, kept: Artifact) -> None:
    assert panel.export_id() == kept.id


def test_an_edited_score_is_exported_as_it_is_seen(
    panel: MusicPanel, host: FakePanelHost, kept: Artifact, hand: Hand, tmp_path: Path
) -> None:
    hand.drag((100, 60), (580, 65))
    artifact = shown(panel, host)
    assert artifact.id != kept.id
    assert read_score(artifact.path).tracks == panel.sheet.score.tracks
    assert not read_score(artifact.path).rest
    path = tmp_path / "out.mid"
    path.write_bytes(export.midi_file(artifact.path, artifact.recipe, MidiOptions()))
    assert 65 in [m.note for track in mido.MidiFile(path).tracks for m in track if m.type == "note_on"]
    found = read(path).recipe
    assert found is not None
    assert found.request == kept.recipe.request  # type: ignore[union-attr]
    assert found.used["edited"] is True
    host.undo_stack[-1].undo()
    assert panel.export_id() == kept.id


@pytest.mark.parametrize("form", ["sheet", "flac", "stems"])
def test_every_kind_of_file_has_the_recipe_of_an_edited_score(
    form: str, panel: MusicPanel, host: FakePanelHost, kept: Artifact, tmp_path: Path
) -> None:
    panel.sheet.edit("x", panel.sheet.score.map_tracks(lambda t: t.with_notes(t.notes[:3])))
    options = {"sheet": SheetOptions(), "flac": FlacOptions(), "stems": StemOptions()}[form]
    data = getattr(export, form)(shown(panel, host).path, None, options)
    path = tmp_path / {"sheet": "a.musicxml", "flac": "a.flac", "stems": "a.zip"}[form]
    path.write_bytes(data)
    if form == "stems":
        assert b'"edited":true' in data
    else:
        found = read(path).recipe
        assert found is not None
        assert found.used["edited"] is True


def test_where_nothing_of_the_result_is_left_its_recipe_is_not_told(
    panel: MusicPanel, host: FakePanelHost, kept: Artifact
) -> None:
    own = panel.sheet.score.map_tracks(lambda t: t.with_notes([Note(900 + len(t.name), 7, 11, 50, 3)]))
    panel.sheet.edit("all my own", own)
    assert b"recipe" not in shown(panel, host).path.read_bytes()


def test_without_a_result_the_score_is_exported_and_an_empty_one_is_not(panel: MusicPanel, host: FakePanelHost) -> None:
    assert panel.can_export
    assert panel.artifact_id() == ""
    assert read_score(shown(panel, host).path).note_count == 20
    panel.sheet.edit("nothing", panel.sheet.score.map_tracks(lambda t: t.with_notes(())))
    assert not panel.can_export
    assert panel.export_id() == panel.export_media() == ""


def test_what_lies_over_the_score_is_heard_and_so_exported(
    panel: MusicPanel, host: FakePanelHost, qtbot: QtBot
) -> None:
    panel.sheet.set_regions([Region(1, 1, ("t1",))])
    job, _ = press(qtbot, panel)
    host.play(panel, [Started(job, "CPU"), preview(job, rewritten(panel.sheet.score, 1, 75))])
    assert 75 in read_score(shown(panel, host).path).tracks[0].pitches
    panel.takes.drop()
    assert 75 not in read_score(shown(panel, host).path).tracks[0].pitches


def test_a_recipe_in_a_kept_score_that_is_none_is_passed_over(tmp_path: Path, panel: MusicPanel) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(replace(panel.sheet.score, rest={"recipe": {"format": "x"}}).to_bytes())
    assert read(_exported(path, tmp_path)).recipe is None
    assert Score.from_bytes(path.read_bytes()).rest


def _exported(source: Path, folder: Path) -> Path:
    path = folder / "out.mid"
    path.write_bytes(export.midi_file(source, None, MidiOptions()))
    return path


def test_the_recipe_of_the_artifact_comes_first(tmp_path: Path, panel: MusicPanel, kept: Artifact) -> None:
    assert kept.recipe is not None
    other = Recipe(kept.recipe.request.with_params(bars=99))
    path = tmp_path / "out.mid"
    path.write_bytes(export.midi_file(kept.path, other, MidiOptions()))
    assert read(path).recipe == other
