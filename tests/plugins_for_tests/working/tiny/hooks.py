"""What the plugin offers."""

from __future__ import annotations

from studio.api import GeneratorSpec, hookimpl

from .params import Params


@hookimpl
def studio_generators():
    return [
        GeneratorSpec(
            name="picture",
            title="Tiny picture",
            run="generate:run",
            params=Params,
            media="image/png",
            inputs=(("image", "image/*"),),
            warm="generate:warm",
        )
    ]
