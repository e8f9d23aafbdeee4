"""What the plugin offers."""

from __future__ import annotations

from studio.api import GeneratorSpec, hookimpl

from .params import Params


@hookimpl
def studio_generators():
    return [
        GeneratorSpec(
            name="storm", title="Storm", run="generate:run", params=Params, media="text/plain", warm="generate:warm"
        )
    ]
