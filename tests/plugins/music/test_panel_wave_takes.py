"""What an audio model makes: asked for in place, seen and heard step by step, chosen from, kept as one undo entry."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from plugins.music import wave_render
from plugins.music.panel_wave import WavePanel
from plugins.music.panel_wave_asking import LONG_SECONDS
from studio.api import (
    Artifact,
    Cancelled,
    Failed,
    Finished,
    Model,
    Preview,
    Problem,
    Recipe,
    Request,
    Started,
    Step,
    Stepped,
    StudioError,
    media,
)
from studio.testing.panel_host import FakePanelHost
from tests.plugins.music.wave_bench import (  # noqa: F401 - fixtures
    RATE,
    Hand,
    heard,
    noise,
    opened,
    settle,
    wave_host,
    wave_panel,
    write,
)


def wav(sound: np.ndarray, rate: int = RATE) -> bytes:
    held = io.BytesIO()
    soundfile.write(held, sound, rate, "FLOAT", format="WAV")
    return held.getvalue()


def answer(host: FakePanelHost, request: Request, seed: int, *, seconds: float = 2.0) -> Artifact:
    """What a model would answer: the sound it was given, with what was asked for anew, sample for sample."""
    values = request.params
    fresh = noise(seconds, seed=seed) * 0.3
    facts: dict[str, object] = {}
    if request.inputs:
        given = host.artifact(request.inputs[0].sha256)
        assert given is not None
        sound, _ = soundfile.read(given.path, dtype="float32", always_2d=True)
        first, last = int(values["first_frame"]), int(values["last_frame"])
        if values["task"] == "repaint":
            fresh = noise((last - first) / RATE, seed=seed)[: last - first] * 0.3
            fresh = np.concatenate([sound[:first], fresh, sound[last:]])
        elif values["side"] == "front":
            first, last = 0, len(fresh)
            fresh = np.concatenate([fresh, sound])
        else:
            first, last = len(sound), len(sound) + len(fresh)
            fresh = np.concatenate([sound, fresh])
        facts = {"first_frame": first, "last_frame": last}
    kept = host.bring_in(wav(fresh), media=media.WAV, title="rain")
    return host.give(
        Artifact(kept.id, kept.media, kept.path, Recipe(request), title="rain", facts=facts, steps=f"s{seed}")
    )


def finish(panel: WavePanel, host: FakePanelHost, qtbot: QtBot, seed: int = 1) -> np.ndarray:
    """Let the newest job make something; what it made."""
    job, request = host.submitted[-1]
    made = answer(host, request, seed)
    host.play(panel, [Started(job), Finished(job, (made,))])
    host.end(job)
    settle(qtbot, panel)
    return soundfile.read(made.path, dtype="float32", always_2d=True)[0]


def look(shade: int, sound: bytes = b"") -> Preview:
    return Preview(media.RGB, bytes([shade]) * (192 * 96 * 3), 192, 96, sound=sound)


def press(panel: WavePanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.bar.generate, Qt.MouseButton.LeftButton)


# --- new ---


def test_a_first_sound_becomes_the_document(
    wave_panel: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    wave_panel.bar.prompt.setText("slow rain")
    press(wave_panel, qtbot)
    request = wave_host.submitted[0][1]
    assert request.generator == "music.sound"
    assert request.params["prompt"] == "slow rain"
    assert (request.params["task"], request.inputs) == ("new", ())
    made = finish(wave_panel, wave_host, qtbot)
    assert np.array_equal(heard(wave_panel), made)
    assert [entry.text for entry in wave_host.undo_stack] == ["a new sound"]
    assert wave_panel.notes_results
    wave_host.undo_stack[0].undo()
    assert not wave_panel.sheet.wave.length


def test_a_new_sound_instead_of_another_waits_to_be_kept(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.asking.choose("new")
    press(opened, qtbot)
    made = finish(opened, wave_host, qtbot)
    assert np.array_equal(heard(opened), noise(10))
    assert opened.sheet.shown.length == len(made)
    qtbot.mouseClick(opened.desk.takes.keep, Qt.MouseButton.LeftButton)
    assert np.array_equal(heard(opened), made)


def test_a_new_sound_at_the_cursor(opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot) -> None:  # noqa: F811
    opened.sheet.select(3 * RATE, 3 * RATE)
    opened.asking.choose("insert")
    press(opened, qtbot)
    made = finish(opened, wave_host, qtbot)
    opened.takes.keep()
    now = heard(opened)
    assert len(now) == 12 * RATE
    assert np.array_equal(now[: 3 * RATE], noise(10)[: 3 * RATE])
    assert np.array_equal(now[3 * RATE + 40 : 5 * RATE], made[40:])


# --- repaint ---


def test_only_the_selection_changes_and_that_is_said(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    Hand(qtbot, opened).drag(3.0, 5.0)
    start, end = opened.sheet.selection
    assert opened.asking.task() == "repaint"
    assert "sample for sample" in opened.bar.words.text()
    press(opened, qtbot)
    request = wave_host.submitted[0][1]
    assert (request.params["first_frame"], request.params["last_frame"]) == (start, end)
    given = wave_host.artifact(request.inputs[0].sha256)
    assert given is not None
    assert np.array_equal(soundfile.read(given.path, dtype="float32")[0], noise(10))
    made = finish(opened, wave_host, qtbot)
    assert opened.sheet.ghost_span == (start, end)
    assert opened.settings_pane.proof.text().startswith("Outside of what was made anew, all ")
    qtbot.keyClick(opened.desk.view, Qt.Key.Key_Return)
    now = heard(opened)
    assert np.array_equal(now[:start], noise(10)[:start])
    assert np.array_equal(now[end:], noise(10)[end:])
    assert np.array_equal(now[start:end], made[start:end])
    assert len(wave_host.undo_stack) == 1
    wave_host.undo_stack[0].undo()
    assert np.array_equal(heard(opened), noise(10))
    assert opened.artifact_id()


def test_a_model_that_changed_more_is_found_out(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(3 * RATE, 4 * RATE)
    press(opened, qtbot)
    job, request = wave_host.submitted[0]
    honest = answer(wave_host, request, 1)
    sound = soundfile.read(honest.path, dtype="float32")[0]
    sound[10:20] += 0.01
    kept = wave_host.bring_in(wav(sound), media=media.WAV)
    bad = wave_host.give(Artifact(kept.id, kept.media, kept.path, facts=honest.facts))
    wave_host.play(opened, [Finished(job, (bad,))])
    settle(qtbot, opened)
    assert "10 of" in opened.settings_pane.proof.text()
    opened.takes.keep()
    assert np.array_equal(heard(opened)[: 3 * RATE], noise(10)[: 3 * RATE])  # and none of it gets in


def test_alternatives_are_gone_through_and_dropped(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(3 * RATE, 4 * RATE)
    one = None
    for seed in (1, 2):
        press(opened, qtbot)
        made = finish(opened, wave_host, qtbot, seed)
        one = made if one is None else one
    assert wave_host.submitted[0][1].seed != wave_host.submitted[1][1].seed
    bar = opened.desk.takes
    assert bar.count.text() == "1 of 2"
    shown = wave_render.read(opened.sheet.shown, opened.sheet.shelf, 0, 10 * RATE)
    assert np.array_equal(shown[3 * RATE : 4 * RATE], one[3 * RATE : 4 * RATE])
    qtbot.mouseClick(bar.next, Qt.MouseButton.LeftButton)
    assert bar.count.text() == "2 of 2"
    shown = wave_render.read(opened.sheet.shown, opened.sheet.shelf, 0, 10 * RATE)
    assert np.array_equal(shown[3 * RATE : 4 * RATE], made[3 * RATE : 4 * RATE])
    assert wave_host.steps_shown == "s2"
    qtbot.keyClick(opened.desk.view, Qt.Key.Key_Escape)
    assert opened.sheet.shown is opened.sheet.wave
    assert np.array_equal(heard(opened), noise(10))
    assert not wave_host.undo_stack


def test_a_take_follows_what_was_edited_meanwhile(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(5 * RATE, 6 * RATE)
    press(opened, qtbot)
    opened.sheet.select(RATE, 2 * RATE)
    wave_host.commands["delete"]()
    made = finish(opened, wave_host, qtbot)
    opened.takes.keep()
    now = heard(opened)
    assert np.array_equal(now[4 * RATE : 5 * RATE], made[5 * RATE : 6 * RATE])
    assert np.array_equal(now[5 * RATE :], noise(10)[6 * RATE :])


def test_a_take_over_what_was_edited_is_refused(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(5 * RATE, 6 * RATE)
    press(opened, qtbot)
    wave_host.commands["silence"]()
    edited = heard(opened)
    finish(opened, wave_host, qtbot)
    opened.takes.keep()
    assert opened.desk.card.isVisible()
    assert np.array_equal(heard(opened), edited)


def test_of_a_long_sound_only_what_is_around_is_handed_over(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    long = noise(LONG_SECONDS + 60, 1, seed=4)
    (tmp_path / "again").mkdir()
    opened.intake.take(wave_host.bring_in(write(tmp_path / "again/long.wav", long), media=media.WAV), instead=True)
    settle(qtbot, opened)
    opened.sheet.select(90 * RATE, 91 * RATE)
    press(opened, qtbot)
    request = wave_host.submitted[-1][1]
    assert (request.params["first_frame"], request.params["last_frame"]) == (30 * RATE, 31 * RATE)
    job = wave_host.submitted[-1][0]
    given = wave_host.artifact(request.inputs[0].sha256)
    assert given is not None
    sound = soundfile.read(given.path, dtype="float32", always_2d=True)[0]
    assert np.array_equal(sound, long[60 * RATE : 121 * RATE])
    sound[30 * RATE : 31 * RATE] = 0.25
    kept = wave_host.bring_in(wav(sound), media=media.WAV)
    facts = {"first_frame": 30 * RATE, "last_frame": 31 * RATE}
    made = wave_host.give(Artifact(kept.id, kept.media, kept.path, facts=facts))
    wave_host.play(opened, [Finished(job, (made,))])
    settle(qtbot, opened)
    opened.takes.keep()
    long[90 * RATE : 91 * RATE] = 0.25
    assert np.array_equal(heard(opened), long)
    assert "all 480,000 samples are the same" in opened.settings_pane.proof.text()


# --- extend ---


@pytest.mark.parametrize("task", ["extend", "front"])
def test_going_on_leaves_what_is_there(
    task: str, opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.asking.choose(task)
    press(opened, qtbot)
    request = wave_host.submitted[0][1]
    assert (request.params["task"], request.params["side"]) == ("extend", "front" if task == "front" else "end")
    made = finish(opened, wave_host, qtbot)
    assert "all 80,000 samples" in opened.settings_pane.proof.text()
    opened.takes.keep()
    assert np.array_equal(heard(opened), made)


def test_a_model_that_cannot_says_so_before_anything_is_queued(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    wave_host.usable_models = (Model("m/vits", "Voice", "sound/VitsModel", Path("/nowhere")),)
    opened.refresh_models()
    opened.sheet.select(RATE, 2 * RATE)
    press(opened, qtbot)
    assert opened.desk.card.isVisible()
    assert not wave_host.submitted


# --- while it is made ---


def test_steps_are_seen_where_they_belong(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(4 * RATE, 6 * RATE)
    press(opened, qtbot)
    assert opened.bar.generate.text().startswith("Another")
    job = wave_host.submitted[0][0]
    wave_host.play(opened, [Started(job), Stepped(job, Step(0, 8, look(255)))])
    shown = opened.desk.view.grab().toImage()
    middle = round(opened.desk.lens.x(5 * RATE))
    assert shown.pixelColor(middle, 200).lightness() > 250
    assert shown.pixelColor(round(opened.desk.lens.x(2 * RATE)), 3).lightness() < 100
    qtbot.keyClick(opened.desk.view, Qt.Key.Key_Escape)
    assert wave_host.cancelled == [job]
    assert opened.sheet.has_range
    wave_host.play(opened, [Cancelled(job)])
    assert opened.sheet.ghost_span is None
    assert opened.bar.generate.text().startswith("Generate")


def test_a_scrubbed_step_is_heard_in_a_loop_where_it_belongs(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot, card: list  # type: ignore[type-arg]  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(4 * RATE, 6 * RATE)
    press(opened, qtbot)
    job = wave_host.submitted[0][0]
    tone = (np.sin(np.arange(4_000) / 16_000 * 2 * np.pi * 500) * 0.5).astype(np.float32)
    step = Step(2, 8, look(90, wav(tone[:, None], 16_000)))
    wave_host.play(opened, [Started(job), Stepped(job, step)])
    assert not opened.sound.is_playing()  # nobody asked to listen
    opened.show_step(step)
    assert opened.sound.is_playing()
    qtbot.waitUntil(lambda: bool(card) and len(b"".join(card[0].data)) > 8 * 6_000, timeout=5000)
    opened.show_step(None)
    assert not opened.sound.is_playing()
    opened.sound.player.close()
    played = np.frombuffer(b"".join(card[0].data), np.float32).reshape(-1, 2)[:, 0]
    first = int(np.flatnonzero(played)[0])
    # 500 Hz at 8 kHz, over and over: the 2,000 frames of the window follow themselves.
    assert np.allclose(played[first + 500 : first + 1_900], played[first + 2_500 : first + 3_900], atol=1e-5)
    spectrum = np.abs(np.fft.rfft(played[first + 400 : first + 2_000]))
    assert abs(np.argmax(spectrum) * RATE / 1_600 - 500) < 10


def test_without_a_device_steps_are_still_seen(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    tries: list[int] = []

    def none(_device: str, rate: int) -> object:
        tries.append(rate)
        raise StudioError("There is no sound device.", "Connect one.")

    monkeypatch.setattr("plugins.music.panel_wave_sound.open_device", none)
    step = Step(2, 8, look(90, wav(noise(0.2))))
    opened.show_step(step)
    qtbot.waitUntil(lambda: "There is no sound device." in wave_host.said)
    assert opened.desk.card.isHidden()
    opened.show_step(step)
    assert len(tries) == 1
    opened.show_step(None)


def test_a_step_that_is_no_sound_is_only_seen(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.show_step(Step(0, 3, look(10, b"no sound")))
    assert not opened.sound.is_playing()
    opened.show_step(None)


def test_a_failed_job_is_said_and_leaves_all_as_it_was(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(4 * RATE, 6 * RATE)
    press(opened, qtbot)
    job = wave_host.submitted[0][0]
    wave_host.play(opened, [Started(job), Failed(job, Problem("No memory.", "Make it shorter."))])
    assert opened.desk.card.isVisible()
    assert opened.sheet.ghost_span is None
    assert np.array_equal(heard(opened), noise(10))


def test_a_branch_goes_on_from_a_step_and_is_another_take(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(4 * RATE, 6 * RATE)
    press(opened, qtbot)
    finish(opened, wave_host, qtbot)
    first = wave_host.submitted[0]
    opened.branch(first[0], 3)
    branched = wave_host.submitted[1][1]
    assert branched.resume is not None
    assert (branched.resume.steps, branched.resume.index) == (first[0], 3)
    assert (branched.seed, branched.inputs) == (first[1].seed, first[1].inputs)
    finish(opened, wave_host, qtbot, 2)
    assert opened.desk.takes.count.text().endswith("of 2")


def test_an_edit_beside_a_take_is_seen_and_heard_at_once(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(4 * RATE, 6 * RATE)
    press(opened, qtbot)
    made = finish(opened, wave_host, qtbot)
    opened.sheet.select(RATE, 2 * RATE)
    wave_host.commands["delete"]()
    shown = opened.sheet.shown
    assert shown.length == 9 * RATE
    assert opened.sheet.ghost_span == (3 * RATE, 5 * RATE)
    sound = wave_render.read(shown, opened.sheet.shelf, 3 * RATE, 2 * RATE)
    assert np.array_equal(sound, made[4 * RATE : 6 * RATE])
    wave_host.undo_stack[-1].undo()
    assert opened.sheet.shown.length == 10 * RATE
    assert opened.sheet.ghost_span == (4 * RATE, 6 * RATE)


def test_a_recipe_brings_back_prompt_seed_sound_and_selection(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(4 * RATE, 6 * RATE)
    opened.bar.prompt.setText("thunder")
    press(opened, qtbot)
    request = wave_host.submitted[0][1]
    finish(opened, wave_host, qtbot)
    opened.takes.keep()
    opened.bar.prompt.setText("something else")
    opened.recall(Recipe(request))
    settle(qtbot, opened)
    assert opened.bar.prompt.text() == "thunder"
    assert opened.settings_pane.seed.value() == request.seed
    assert opened.settings_pane.seed.locked()
    assert opened.sheet.selection == (4 * RATE, 6 * RATE)
    assert np.array_equal(heard(opened), noise(10))


def test_jobs_of_an_earlier_sitting_are_followed(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(4 * RATE, 6 * RATE)
    press(opened, qtbot)
    state = opened.state()
    wave_host.commands.clear()
    again = WavePanel(wave_host)
    qtbot.addWidget(again)
    again.restore(state)
    settle(qtbot, again)
    made = finish(again, wave_host, qtbot)
    again.takes.keep()
    assert np.array_equal(heard(again), made)
    again.sound.player.close()


def test_the_newest_step_is_heard_under_what_plays(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    opened.sheet.select(4 * RATE, 6 * RATE)
    press(opened, qtbot)
    opened.transport.loop.setChecked(True)
    opened.sound.play()
    job = wave_host.submitted[0][0]
    wave_host.play(opened, [Started(job), Stepped(job, Step(0, 8, look(90, wav(noise(0.5, seed=9)))))])
    over = opened.sound.source.overlay
    assert over is not None
    assert over.start == 4 * RATE
    assert np.array_equal(over.sound, noise(0.5, seed=9))
    assert opened.sound.player.playing
    finish(opened, wave_host, qtbot)
    assert opened.sound.source.overlay is None
    assert opened.sound.is_playing()  # the take now
    opened.sound.stop()


def test_takes_that_nobody_kept_are_there_again(
    opened: WavePanel, wave_host: FakePanelHost, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    """Also where the document was edited beside them meanwhile."""
    opened.sheet.select(4 * RATE, 6 * RATE)
    press(opened, qtbot)
    asked = wave_host.changes
    finish(opened, wave_host, qtbot)
    assert wave_host.changes > asked  # it is saved by itself
    opened.sheet.select(0, RATE)
    wave_host.commands["delete"]()
    shown = opened.sheet.shown
    assert shown is not opened.sheet.wave
    wanted = wave_render.read(shown, opened.sheet.shelf, 0, shown.length)
    state = opened.state()
    ((job, said),) = state["asked"].items()
    wave_host._jobs[job] = replace(wave_host._jobs[job], artifacts=(said[4],))
    said[4] = ""  # the program died before that was written down: the queue knows it
    wave_host.commands.clear()
    again = WavePanel(wave_host)
    qtbot.addWidget(again)
    again.restore(state)
    settle(qtbot, again)
    assert again.desk.takes.isVisibleTo(again.desk)
    qtbot.waitUntil(lambda: "are the same" in again.settings_pane.proof.text(), timeout=5000)
    again.takes.keep()
    assert again.sheet.wave.length == 9 * RATE
    assert np.array_equal(heard(again), wanted)
    assert again.state()["asked"] == {}
    again.sound.player.close()
