"""The starter plugin as the host sees it."""

from __future__ import annotations

from pathlib import Path

from studio.testing import check_plugin

FOLDER = Path(__file__).parents[3] / "plugins" / "starter"


def test_the_plugin_is_in_order() -> None:
    check_plugin(FOLDER)


def test_only_models_that_are_there_are_offered() -> None:
    from plugins.starter.hooks import studio_models

    for spec in studio_models():
        assert (Path(spec.path) / "model_index.json").is_file() or (Path(spec.path) / "config.json").is_file()
        assert spec.licence == "Apache-2.0"
