"""What the Music plugin offers. The heavy code is named by string and loaded at first use."""

from __future__ import annotations

from collections.abc import Sequence

from studio.api import GeneratorSpec, PanelSpec, SettingsSpec, hookimpl, media

from . import params

SCORE = "application/vnd.studio.score+json"
_PIECES = (SCORE, media.MIDI, "audio/mid", "audio/x-midi")


@hookimpl
def studio_panels() -> Sequence[PanelSpec]:
    return (
        PanelSpec(
            name="roll",
            title="Music",
            make="panel:make",
            icon="music-notes",
            accepts=_PIECES,
            generators=("composer",),
            order=30,
        ),
    )


@hookimpl
def studio_generators() -> Sequence[GeneratorSpec]:
    return (
        GeneratorSpec(
            name="composer",
            title="Music",
            run="generate:run",
            params=params.MusicParams,
            media=SCORE,
            models=("music/*",),
            inputs=(("score", SCORE),),
            steps_title="bar",
            warm="generate:warm",
        ),
    )


@hookimpl
def studio_settings() -> Sequence[SettingsSpec]:
    return (SettingsSpec("Music", params.MusicSettings, icon="music-notes"),)
