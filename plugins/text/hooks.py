"""What the Text plugin offers. The heavy code is named by string and loaded at first use."""

from __future__ import annotations

from collections.abc import Sequence

from studio.api import GeneratorSpec, PanelSpec, SettingsSpec, hookimpl, media

from . import params


@hookimpl
def studio_panels() -> Sequence[PanelSpec]:
    return (
        PanelSpec(
            name="manuscript",
            title="Text",
            make="panel:make",
            icon="text-align-left",
            accepts=("text/*", "image/*"),
            generators=("writer",),
            order=20,
        ),
    )


@hookimpl
def studio_generators() -> Sequence[GeneratorSpec]:
    return (
        GeneratorSpec(
            name="writer",
            title="Text",
            run="generate:run",
            params=params.TextParams,
            media=media.TEXT,
            models=("transformers/*", "studio/GruWriter"),
            steps_title="token",
            warm="generate:warm",
        ),
    )


@hookimpl
def studio_settings() -> Sequence[SettingsSpec]:
    return (SettingsSpec("Text", params.TextSettings, icon="text-aa"),)
