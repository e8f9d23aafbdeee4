"""What the plugin offers."""

from __future__ import annotations

from studio.api import GeneratorSpec, SettingsSpec, hookimpl

from .params import Params, Voice


@hookimpl
def studio_generators():
    return [
        GeneratorSpec(
            name="text",
            title="Text",
            run=".generate:run",
            params=Params,
            media="text/plain",
            models=("test/*",),
            steps_title="token",
        )
    ]


@hookimpl
def studio_settings():
    return [SettingsSpec(title="Tokens", settings=Voice)]
