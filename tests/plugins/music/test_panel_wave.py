"""The sound panel through real events: opening, selecting, editing, hearing, naming, exporting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from plugins.music import export, panel_wave_commands, wave_export
from plugins.music.document import Score
from plugins.music.panel import MusicPanel
from plugins.music.panel_wave import WavePanel
from plugins.music.params import FlacOptions, LossyOptions, WavOptions
from plugins.music.wave import Wave
from studio.api import Artifact, Problem, Recipe, Request, StudioError
from studio.testing.panel_host import FakePanelHost
from tests.plugins.music.panel_bench import piece
from tests.plugins.music.wave_bench import (  # noqa: F401 - fixtures
    CTRL,
    RATE,
    SHIFT,
    Hand,
    heard,
    noise,
    opened,
    settle,
    wave_host,
    wave_panel,
    write,
)


@pytest.fixture
def fist(qtbot: QtBot, opened: WavePanel) -> Hand:  # noqa: F811
    return Hand(qtbot, opened)


# --- opening ---


def test_a_file_is_opened_as_it_is(opened: WavePanel, wave_host: FakePanelHost) -> None:  # noqa: F811
    wave = opened.sheet.wave
    assert (wave.rate, wave.channels, wave.length) == (RATE, 2, 10 * RATE)
    assert np.array_equal(heard(opened), noise(10))
    assert "10.00" in opened.desk.view.accessibleDescription()
    assert opened.desk.empty.isHidden()
    assert wave_host.changes


def test_a_second_sound_comes_to_the_cursor_at_the_rate_of_the_first(
    opened: WavePanel, qtbot: QtBot, tmp_path: Path, fist: Hand, wave_host: FakePanelHost  # noqa: F811
) -> None:  # fmt: skip
    fist.click(4.0)
    at = opened.sheet.cursor
    tone = np.sin(np.arange(24_000) / 24_000 * 2 * np.pi * 440)[:, None].astype(np.float32) * 0.5
    opened.open_file(write(tmp_path / "tone.wav", tone, 24_000))
    settle(qtbot, opened)
    made = heard(opened)
    assert len(made) == 11 * RATE
    assert np.array_equal(made[:at], noise(10)[:at])
    assert np.allclose(made[at + 100 : at + 7_900, 0], 0.5 * np.sin(np.arange(100, 7_900) / RATE * 2 * np.pi * 440),
                       atol=2e-3)  # fmt: skip
    assert opened.sheet.selection == (at, at + RATE)
    wave_host.undo_stack[-1].undo()
    assert np.array_equal(heard(opened), noise(10))


def test_what_is_no_sound_is_said(wave_panel: WavePanel, qtbot: QtBot, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "words.wav").write_bytes(b"not a sound at all" * 99)
    wave_panel.open_file(tmp_path / "words.wav")
    qtbot.waitUntil(wave_panel.desk.card.isVisible)
    assert not wave_panel.sheet.wave.length
    assert not wave_panel.desk.empty.isHidden()


def test_a_piece_of_music_comes_as_it_sounds(
    wave_panel: WavePanel, qtbot: QtBot, wave_host: FakePanelHost  # noqa: F811
) -> None:  # fmt: skip
    score = wave_host.bring_in(piece().to_bytes(), media="audio/vnd.studio.score+json", title="A piece")
    wave_panel.receive(score)
    settle(qtbot, wave_panel)
    assert wave_panel.sheet.wave.rate == 48_000
    assert 8 < wave_panel.sheet.wave.seconds < 14
    assert (wave_panel.sheet.wave.tempo, wave_panel.sheet.wave.beats) == (120.0, 4)
    assert np.abs(heard(wave_panel)).max() > 0.1


def test_the_piece_that_is_edited_is_sent(panel: MusicPanel, host: FakePanelHost) -> None:
    host.commands["to-sound"]()
    ((artifact, target),) = host.sent
    assert target == "music.sound"
    kept = host.artifact(artifact)
    assert kept is not None
    assert kept.media == "audio/vnd.studio.score+json"
    assert Score.from_bytes(kept.path.read_bytes()).note_count == panel.sheet.score.note_count


# --- selecting and moving ---


def test_the_mouse_selects_exactly_what_it_says(fist: Hand, opened: WavePanel) -> None:  # noqa: F811
    lens = opened.desk.lens
    fist.drag(2.0, 5.0)
    a, b = (lens.frame(fist.at(s).x()) for s in (2.0, 5.0))
    assert opened.sheet.selection == (a, b)
    fist.drag(5.0, 6.0)  # its edge
    assert opened.sheet.selection == (a, lens.frame(fist.at(6.0).x()))
    fist.click(8.0, SHIFT)
    assert opened.sheet.selection == (a, lens.frame(fist.at(8.0).x()))
    fist.click(1.0)
    assert not opened.sheet.has_range
    assert opened.sound.frame() == opened.sheet.cursor


def test_a_double_click_selects_between_marks(fist: Hand, opened: WavePanel) -> None:  # noqa: F811
    fist.double(5.0)
    assert opened.sheet.selection == (0, 10 * RATE)
    fist.drag(2.0, 4.0)
    region = opened.sheet.selection
    panel_wave_commands.add_region(opened)
    fist.double(3.0)
    assert opened.sheet.selection == region
    fist.double(7.0)
    assert opened.sheet.selection == (region[1], 10 * RATE)


def test_the_wheel_zooms_to_the_mouse(fist: Hand, opened: WavePanel) -> None:  # noqa: F811
    lens, place = opened.desk.lens, fist.at(7.0)
    frame = lens.left + place.x() / lens.scale
    for _ in range(30):
        _wheel(opened, place, 120)
    assert abs(lens.left + place.x() / lens.scale - frame) < 1
    assert lens.scale > 1
    opened.desk.view.repaint()  # single samples
    left = lens.left
    _wheel(opened, place, -120, SHIFT)
    assert lens.left > left
    lens.fit()
    assert lens.is_fitted()


def _wheel(
    panel: WavePanel, place: QPoint, turn: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    view = panel.desk.view
    event = QWheelEvent(
        QPointF(place), QPointF(view.mapToGlobal(place)), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, keys,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def test_the_keys_select_to_the_sample(qtbot: QtBot, opened: WavePanel) -> None:  # noqa: F811
    view = opened.desk.view
    view.setFocus()
    opened.sheet.select(1_000, 1_000)
    qtbot.keyClick(view, Qt.Key.Key_Right, CTRL)
    assert opened.sheet.selection == (1_001, 1_001)
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Right, CTRL | SHIFT)
    assert opened.sheet.selection == (1_001, 1_004)
    qtbot.keyClick(view, Qt.Key.Key_End, SHIFT)
    assert opened.sheet.selection == (1_001, 10 * RATE)
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert opened.sheet.selection == (0, 0)
    qtbot.keyClick(view, Qt.Key.Key_Escape)


# --- editing ---


@pytest.mark.parametrize("name", [n for n in panel_wave_commands.EDITS if n not in ("copy", "crossfade")])
def test_every_edit_can_be_undone_and_done_again(
    name: str, opened: WavePanel, qtbot: QtBot, wave_host: FakePanelHost  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(2 * RATE, 3 * RATE)
    panel_wave_commands.copy(opened)
    if name == "paste":
        opened.sheet.select(5 * RATE, 6 * RATE)
    before = heard(opened)
    wave_host.commands[name]()
    settle(qtbot, opened)
    after = heard(opened)
    assert after.shape != before.shape or not np.array_equal(after, before)
    assert len(wave_host.undo_stack) == 1
    wave_host.undo_stack[0].undo()
    assert np.array_equal(heard(opened), before)
    wave_host.undo_stack[0].redo()
    assert np.array_equal(heard(opened), after)


def test_normalising_brings_the_loudest_sample_to_the_ceiling(opened: WavePanel, qtbot: QtBot) -> None:  # noqa: F811
    panel_wave_commands.normalise(opened)
    settle(qtbot, opened)
    assert np.abs(heard(opened)).max() == pytest.approx(panel_wave_commands.CEILING, rel=1e-5)


def test_a_join_can_be_faded_longer(opened: WavePanel, wave_host: FakePanelHost) -> None:  # noqa: F811
    opened.sheet.select(2 * RATE, 3 * RATE)
    panel_wave_commands.delete(opened)
    before = heard(opened)
    opened.sheet.select(2 * RATE - 2_000, 2 * RATE + 2_000)
    panel_wave_commands.crossfade(opened)
    after = heard(opened)
    assert len(after) == len(before)
    assert np.array_equal(after[: 2 * RATE], before[: 2 * RATE])
    assert np.array_equal(after[2 * RATE + 4_000 :], before[2 * RATE + 4_000 :])
    assert not np.array_equal(after[2 * RATE : 2 * RATE + 1_900], before[2 * RATE : 2 * RATE + 1_900])


def test_regions_and_markers_are_dragged_and_renamed(
    opened: WavePanel, qtbot: QtBot, wave_host: FakePanelHost, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    lane, lens = opened.desk.regions, opened.desk.lens
    opened.sheet.select(2 * RATE, 4 * RATE)
    panel_wave_commands.add_region(opened)
    wave_host.undo_stack.clear()
    left = Qt.MouseButton.LeftButton
    end = QPoint(round(lens.x(4 * RATE)), 10)
    qtbot.mousePress(lane, left, pos=end)
    qtbot.mouseMove(lane, end + QPoint(100, 0))
    qtbot.mouseRelease(lane, left, pos=end + QPoint(100, 0))
    assert opened.sheet.wave.regions[0].end == lens.frame(end.x() + 100)
    assert [entry.text for entry in wave_host.undo_stack] == ["another length of a region"]
    wave_host.undo_stack[0].undo()
    assert opened.sheet.wave.regions[0].end == 4 * RATE
    monkeypatch.setattr(panel_wave_commands.QInputDialog, "getText", lambda *a, **k: ("Chorus", True))
    qtbot.mouseDClick(lane, left, pos=QPoint(round(lens.x(3 * RATE)), 10))
    assert opened.sheet.wave.regions[0].name == "Chorus"
    assert "Chorus" in lane.accessibleDescription()
    opened.sheet.select(9 * RATE, 9 * RATE)
    panel_wave_commands.add_marker(opened)
    opened.sheet.select(0, 0)
    wave_host.commands["next-mark"]()
    assert opened.sheet.selection == (2 * RATE, 4 * RATE)
    monkeypatch.setattr(panel_wave_commands.QInputDialog, "getText", lambda *a, **k: ("Bridge", True))
    wave_host.commands["rename"]()
    assert opened.sheet.wave.regions[0].name == "Bridge"
    wave_host.commands["next-mark"]()
    assert opened.sheet.selection == (9 * RATE, 9 * RATE)
    wave_host.commands["previous-mark"]()
    assert opened.sheet.cursor == 2 * RATE
    menu = panel_wave_commands.mark_menu(opened, opened.sheet.wave.regions[0])
    menu.actions()[-1].trigger()
    assert not opened.sheet.wave.regions


def test_a_new_empty_sound_can_be_taken_back(opened: WavePanel, wave_host: FakePanelHost) -> None:  # noqa: F811
    panel_wave_commands.clear(opened)
    assert not opened.sheet.wave.length
    wave_host.undo_stack[-1].undo()
    assert np.array_equal(heard(opened), noise(10))


# --- hearing ---


def test_what_is_heard_is_the_selection(opened: WavePanel, qtbot: QtBot, card: list[Any]) -> None:  # noqa: F811
    opened.sheet.select(2 * RATE, 2 * RATE + 2_400)
    qtbot.keyClick(opened.desk.view, Qt.Key.Key_Space)
    assert opened.sound.is_playing()
    assert opened.transport.play.accessibleName() == "Pause"
    qtbot.waitUntil(lambda: not opened.sound.is_playing(), timeout=5000)
    opened.sound.player.close()
    played = np.frombuffer(b"".join(card[0].data), np.float32).reshape(-1, 2)
    first = int(np.flatnonzero(np.abs(played).sum(axis=1))[0])
    wanted = noise(10)[2 * RATE : 2 * RATE + 2_400]
    assert np.array_equal(played[first + 256 : first + 2_000], wanted[256:2_000])
    assert card[0].rate == RATE
    assert opened.sound.frame() == 2 * RATE


def test_a_pause_goes_on_where_it_was(opened: WavePanel, qtbot: QtBot) -> None:  # noqa: F811
    opened.sheet.select(2 * RATE, 6 * RATE)
    opened.sound.play()
    qtbot.waitUntil(lambda: opened.sound.frame() > 2.1 * RATE, timeout=5000)
    opened.sound.toggle()
    paused = opened.sound.frame()
    opened.sound.toggle()
    assert opened.sound.frame() == pytest.approx(paused, abs=1)
    opened.sound.stop()


def test_an_edit_while_it_plays_is_heard(opened: WavePanel, qtbot: QtBot, card: list[Any]) -> None:  # noqa: F811
    opened.sound.play()
    qtbot.waitUntil(lambda: bool(card) and len(card[0].data) > 3)
    opened.sheet.select(0, opened.sheet.wave.length)
    opened.transport.loop.setChecked(True)
    opened.sheet.edit("quiet", Wave(RATE, 2, opened.sheet.wave.clips[:0] or panel_wave_commands.edits.silence(
        opened.sheet.wave, 0, opened.sheet.wave.length).clips))  # fmt: skip
    written = len(card[0].data)
    qtbot.waitUntil(lambda: len(card[0].data) > written + 4, timeout=5000)
    opened.sound.stop()
    opened.sound.player.close()
    assert not np.frombuffer(card[0].data[-1], np.float32).any()


def test_no_device_is_one_clear_line(
    opened: WavePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    def none(_device: str, _rate: int) -> Any:
        raise StudioError("There is no sound device.", "Connect one.")

    monkeypatch.setattr("plugins.music.panel_wave_sound.open_device", none)
    opened.sound.play()
    qtbot.waitUntil(opened.desk.card.isVisible)
    assert not opened.sound.is_playing()


def test_the_meter_shows_what_is_heard(opened: WavePanel, qtbot: QtBot) -> None:  # noqa: F811
    with qtbot.waitSignal(opened.sound.metered, check_params_cb=lambda left, right: left > 0.4 and right > 0.4):
        opened.sound.play()
    assert opened.desk.meter.accessibleDescription().endswith("dB")
    opened.sound.stop()


# --- what is seen ---


def test_waveform_and_spectrogram_are_drawn(opened: WavePanel, qtbot: QtBot) -> None:  # noqa: F811
    view = opened.desk.view
    plain = view.grab().toImage()
    assert plain.pixelColor(plain.width() // 3, 110) != plain.pixelColor(plain.width() - 2, plain.height() - 2)
    opened.transport.spectral.setChecked(True)
    view.repaint()
    qtbot.waitUntil(lambda: view._spectrum is not None, timeout=5000)
    colours = {view.grab().toImage().pixelColor(x, 60).name() for x in range(10, 400, 7)}
    assert len(colours) > 10


def test_bars_where_the_tempo_is_known(
    opened: WavePanel, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr(panel_wave_commands.QInputDialog, "getDouble", lambda *a, **k: (90.0, True))
    opened.toggle_bars()
    assert opened.desk.ruler.bars
    assert opened.sheet.wave.tempo == 90.0
    opened.desk.ruler.repaint()
    opened.toggle_bars()
    assert not opened.desk.ruler.bars


# --- keeping ---


def test_everything_is_there_again(
    opened: WavePanel, qtbot: QtBot, wave_host: FakePanelHost  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(RATE, 2 * RATE)
    panel_wave_commands.cut(opened)
    panel_wave_commands.add_marker(opened)
    opened.bar.prompt.setText("a storm")
    state, before = opened.state(), heard(opened)
    again = WavePanel(wave_host_again(wave_host))
    qtbot.addWidget(again)
    again.restore(state)
    settle(qtbot, again)
    assert np.array_equal(heard(again), before)
    assert again.state() == state
    again.sound.player.close()


def wave_host_again(host: FakePanelHost) -> FakePanelHost:
    """The same project at the next start."""
    return FakePanelHost(host.folder, host.panel_id, host.generators, host.usable_models, _artifacts=host._artifacts)


def test_a_recording_that_is_gone_is_said(
    wave_panel: WavePanel, opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    state = opened.state()
    again = WavePanel(FakePanelHost(wave_host.folder, "music.sound"))
    qtbot.addWidget(again)
    again.restore(state)
    assert not again.desk.card.isHidden()
    assert again.sheet.wave.length == 10 * RATE
    again.sound.player.close()


def test_a_damaged_document_is_refused_and_said(wave_panel: WavePanel) -> None:  # noqa: F811
    with pytest.raises(StudioError):
        wave_panel.restore({"wave": {"format": 99}})
    assert not wave_panel.sheet.wave.length


# --- exporting ---


def test_an_untouched_recording_is_exported_itself(opened: WavePanel, wave_host: FakePanelHost) -> None:  # noqa: F811
    (name,) = opened.sheet.wave.sources
    assert opened.export_id() == opened.artifact_id() == name
    wave_host.commands["export-selection"]()
    assert not wave_host.exported


@pytest.mark.parametrize("form", ["wav", "flac", "ogg", "opus", "mp3"])
def test_the_document_is_exported_with_its_recipe(
    form: str, opened: WavePanel, wave_host: FakePanelHost, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    recipe = Recipe(Request("music.sound", {"prompt": "rain"}, 5))
    (name,) = opened.sheet.wave.sources
    known = wave_host.artifact(name)
    assert known is not None
    wave_host.give(Artifact(known.id, known.media, known.path, recipe, title=known.title))
    opened.sheet.select(RATE, 2 * RATE)
    panel_wave_commands.delete(opened)
    artifact = wave_host.artifact(opened.export_id())
    assert artifact is not None
    assert artifact.media == "audio/vnd.studio.wave+json"
    assert wave_export.is_sound(artifact.path)
    made = heard(opened)
    panel_wave_commands.clear(opened)
    opened.receive(artifact)  # "Send to Sound" from the library
    assert np.array_equal(heard(opened), made)
    options = {"wav": WavOptions(depth="float"), "flac": FlacOptions()}.get(form, LossyOptions())
    target = tmp_path / f"out.{form}"
    target.write_bytes(getattr(export, form)(artifact.path, None, options))
    sound, rate = soundfile.read(target, dtype="float32")
    assert rate == RATE
    assert abs(len(sound) - opened.sheet.wave.length) < 3_000
    if form in ("wav", "flac"):
        assert np.abs(sound - heard(opened)).max() < (1e-9 if form == "wav" else 1e-6)
    from plugins.music.importer import read

    found = read(target).recipe
    assert found is not None
    assert found.request.params["prompt"] == "rain"
    assert found.used["edited"] is True


def test_a_kept_sound_file_becomes_another_format(opened: WavePanel, wave_host: FakePanelHost, tmp_path: Path) -> None:  # noqa: F811
    artifact = wave_host.artifact(opened.artifact_id())
    assert artifact is not None
    (tmp_path / "a.flac").write_bytes(export.flac(artifact.path, None, FlacOptions(depth="16")))
    assert soundfile.info(tmp_path / "a.flac").frames == 10 * RATE


def test_a_damaged_document_cannot_be_exported(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(wave_export.MAGIC + b"nonsense")
    with pytest.raises(StudioError, match="cannot be read"):
        export.wav(bad, None, WavOptions())
    gone = Wave.from_json({**Wave().to_json(), "clips": [[5, [["ab", 0, 1, 1.0, []]]]]})
    bad.write_bytes(wave_export.pack(gone, {"ab": ".wav"}, None))
    with pytest.raises(StudioError, match="not in the project"):
        export.wav(bad, None, WavOptions())
    bad.write_bytes(wave_export.pack(gone, {"ab": "/../../x"}, None))
    with pytest.raises(StudioError):
        export.wav(bad, None, WavOptions())


def test_without_a_model_one_line_says_how_to_get_one(qtbot: QtBot, tmp_path: Path) -> None:
    panel = WavePanel(FakePanelHost(tmp_path, "music.sound"))
    qtbot.addWidget(panel)
    assert "Models" in panel.bar.words.text()
    assert not panel.bar.generate.isEnabled()
    panel.generate()
    assert not panel.desk.card.isHidden()
    panel.desk.show_problem(Problem("x"))
    panel.sound.player.close()
