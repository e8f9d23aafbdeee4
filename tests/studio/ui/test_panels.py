"""A plugin that fails is named and set aside; the window and the other plugins go on."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from studio.app import Options, Studio
from studio.store import Places
from studio.ui.pages.plugins import PluginCard
from tests.studio.ui.conftest import write_plugin

Open = Any

BROKEN = {
    "manifest": {"plugin.toml": "id = 'broken'\nname = "},
    "import": {"hooks.py": "raise SystemExit(3)"},
    "hook": {
        "hooks.py": """
            from studio.api import hookimpl

            @hookimpl
            def studio_panels():
                raise RuntimeError("no panels today")
        """
    },
    "panel": {"panel.py": "def make(host):\n    raise SystemExit('gone')\n"},
}
GOOD = {
    "plugin.toml": """
        id = "broken"
        name = "Wobbly"
        version = "1.0"
        api = "1.0"
        summary = "Falls over."
    """,
    "hooks.py": """
        from studio.api import PanelSpec, hookimpl

        @hookimpl
        def studio_panels():
            return [PanelSpec("desk", "Wobbly", "panel:make", order=50)]
    """,
    "panel.py": """
        from studio.widgets.panel import Panel

        def make(host):
            return Panel(host)
    """,
}


@pytest.mark.parametrize("stage", list(BROKEN))
def test_a_plugin_that_fails_at_any_stage_is_named_and_set_aside(
    qtbot: QtBot, open_studio: Open, tmp_path: Path, stage: str
) -> None:
    folder = tmp_path / "own" / "wobbly"
    folder.mkdir(parents=True)
    for name, text in {**GOOD, **BROKEN[stage]}.items():
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    studio: Studio = open_studio(plugins=tmp_path / "own")
    window = studio.window
    assert window.front == "sketch.board"
    if stage == "panel":
        window.show_place("broken.desk")
        assert window.front == "sketch.board"
        assert [problem.message for problem in window.notices.problems] == ["The Wobbly plugin failed."]
        assert "gone" in window.notices.problems[0].details
    qtbot.waitUntil(lambda: "broken.desk" not in {place.id for place in window.rail.places()})
    info = next(info for info in studio.services.plugins.plugins if info.folder == folder)
    assert (info.status, info.stage) == ("faulty", stage)
    window.show_place("plugins")
    card = next(card for card in window.findChildren(PluginCard) if card.info.folder == folder)
    assert card.isVisible()
    assert card.accessibleDescription() == "has a problem"
    assert window.notices.problems == []  # the page says it now
    window.show_place("sketch.board")
    board: Any = window.panels.opened("sketch.board")
    board.panel.generate()
    qtbot.waitUntil(lambda: bool(board.panel.shown))


def test_a_panel_that_raises_later_is_shown_once_and_keeps_working(qtbot: QtBot, studio: Studio) -> None:
    slot: Any = studio.window.panels.opened("sketch.board")

    def fail(_event: object) -> None:
        raise ValueError("not my day")

    slot.panel.on_event = fail
    slot.panel.generate()
    qtbot.waitUntil(lambda: studio.window.status.text == "Done")
    assert [problem.message for problem in studio.window.notices.problems] == ["The Sketch panel failed."]
    assert "not my day" in studio.window.notices.problems[0].details


def test_safe_mode_leaves_own_plugins_out(open_studio: Open, tmp_path: Path) -> None:
    folder = tmp_path / "own" / "wobbly"
    folder.mkdir(parents=True)
    for name, text in GOOD.items():
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    studio: Studio = open_studio(plugins=tmp_path / "own")
    assert "broken.desk" in {place.id for place in studio.window.rail.places()}
    studio.close()
    safe: Studio = open_studio(plugins=tmp_path / "own", safe_mode=True)
    assert "broken.desk" not in {place.id for place in safe.window.rail.places()}


def test_without_any_plugin_the_window_still_opens(open_studio: Open, options: Options, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    studio: Studio = open_studio(bundled=tmp_path / "none")
    assert studio.window.front == "library"
    QTest.keyClick(studio.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert studio.window.status.text == "Ready"


PLAIN = {
    "plugin.toml": """
        id = "plain"
        name = "Plain"
        version = "1.0"
        api = "1.0"
        summary = "A generator without a panel, for a model nobody may have."
    """,
    "hooks.py": """
        from dataclasses import dataclass

        from studio.api import GeneratorSpec, hookimpl, media


        @dataclass(frozen=True)
        class Params:
            pass


        @hookimpl
        def studio_generators():
            return [GeneratorSpec("echo", "Echo", "generate:run", Params, media.TEXT, models=("transformers/*",))]
    """,
}


def test_a_generator_without_a_panel_has_a_place_once_there_is_a_model(
    qtbot: QtBot, open_studio: Open, places: Places, tmp_path: Path
) -> None:
    write_plugin(tmp_path / "own" / "plain", PLAIN)
    studio: Studio = open_studio(plugins=tmp_path / "own")
    rail = studio.window.rail
    assert "plain.echo" not in {place.id for place in rail.places()}
    folder = places.models / "tiny"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    save_file({"w": np.zeros(4, np.float32)}, folder / "model.safetensors")
    studio.services.models.scan()
    studio.window.models_changed()
    assert "plain.echo" in {place.id for place in rail.places()}


def test_where_every_panel_fails_the_plugins_page_is_shown(open_studio: Open, tmp_path: Path) -> None:
    for name in ("one", "two"):
        files = {**GOOD, **BROKEN["panel"]}
        files["plugin.toml"] = files["plugin.toml"].replace('"broken"', f'"{name}"')
        write_plugin(tmp_path / "bad" / name, files)
    studio: Studio = open_studio(bundled=tmp_path / "bad")
    assert studio.window.front == "plugins"
