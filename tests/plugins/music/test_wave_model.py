"""The sound panel and a real audio model, tiny and random: what is asked for is what comes back, in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pytestqt.qtbot import QtBot

from plugins.music import generate_sound, wave_render
from plugins.music.importer import read
from plugins.music.panel_wave import WavePanel
from plugins.music.params import SoundParams
from studio.api import Artifact, Finished, Model, Started, Stepped
from studio.inference.loading import hushed
from studio.testing.context import FakeContext
from studio.testing.panel_host import FakePanelHost
from tests import tiny_sounds
from tests.plugins.music.wave_bench import (  # noqa: F401 - fixtures
    RATE,
    heard,
    noise,
    opened,
    settle,
    wave_host,
    wave_panel,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    with hushed():
        made = tiny_sounds.stable_audio(tmp_path_factory.mktemp("sounds") / "stable-audio")
    return replace(made, id="m/tiny", title="Tiny", sha256="d" * 64)


def run(panel: WavePanel, host: FakePanelHost, model: Model, folder: Path, qtbot: QtBot) -> FakeContext:
    """Let the model do what was queued last, and the panel hear of it."""
    job, request = host.submitted[-1]
    inputs = {item.name: host.artifact(item.sha256).path for item in request.inputs}  # type: ignore[union-attr]
    context = FakeContext(request, SoundParams, scratch=folder, model=model, inputs=inputs)
    (output,) = generate_sound.run(request, context)
    kept = host.bring_in(output.data, media=output.media, title="made")
    made = host.give(Artifact(kept.id, kept.media, kept.path, output.recipe, facts=output.facts, steps=job))
    host.play(panel, [Started(job), *(Stepped(job, step) for step in context.steps), Finished(job, (made,))])
    host.end(job)
    settle(qtbot, panel)
    return context


def test_repaint_and_extend_with_a_real_model(
    opened: WavePanel, wave_host: FakePanelHost, model: Model, qtbot: QtBot, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    wave_host.usable_models = (model,)
    opened.refresh_models()
    opened.settings_pane.set_values({"steps": 3, "seconds": 1.0})
    opened.sheet.select(4 * RATE + 17, 5 * RATE + 3)
    start, end = opened.sheet.selection
    opened.generate()
    context = run(opened, wave_host, model, tmp_path, qtbot)
    assert opened.settings_pane.proof.text().startswith("Outside of what was made anew, all 72,014 samples")
    sounds = [step.preview.sound for step in context.steps if step.preview is not None]
    assert any(sounds)
    assert opened.sound.hear_step(next(sound for sound in sounds if sound), start)
    opened.sound.end_step()
    opened.takes.keep()
    now = heard(opened)
    assert np.array_equal(now[:start], noise(10)[:start])
    assert np.array_equal(now[end:], noise(10)[end:])
    assert not np.array_equal(now[start:end], noise(10)[start:end])
    # Going on at the end.
    opened.sheet.select(0, 0)
    opened.generate()
    run(opened, wave_host, model, tmp_path, qtbot)
    opened.takes.keep()
    assert np.array_equal(heard(opened)[: 10 * RATE], now)
    assert abs(opened.sheet.wave.seconds - 11) < 0.05
    assert np.abs(heard(opened)[10 * RATE + 100 :]).max() > 0
    # What is exported knows how it was made.
    shown = wave_host.artifact(opened.artifact_id())
    assert shown is not None
    recipe = read(shown.path).recipe
    assert recipe is not None
    assert recipe.request.params["task"] == "extend"


def test_a_new_sound_by_a_real_model(
    wave_panel: WavePanel, wave_host: FakePanelHost, model: Model, qtbot: QtBot, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    wave_host.usable_models = (model,)
    wave_panel.refresh_models()
    wave_panel.settings_pane.set_values({"steps": 2, "seconds": 1.0})
    wave_panel.generate()
    run(wave_panel, wave_host, model, tmp_path, qtbot)
    wave = wave_panel.sheet.wave
    (name,) = wave.sources
    artifact = wave_host.artifact(name)
    assert artifact is not None
    sound, rate = soundfile.read(artifact.path, dtype="float32", always_2d=True)
    assert rate == wave.rate
    assert np.array_equal(wave_render.read(wave, wave_panel.sheet.shelf, 0, wave.length), sound)
