"""Offers the built-in models: nothing but their folders and names, which is all that shipping a model takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studio.api import ModelSpec, hookimpl

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "starter"

_ALL = (
    ModelSpec(
        name="pictures",
        title="Starter pictures",
        family="diffusers/StableDiffusionPipeline",
        path=str(FOLDER / "pictures"),
        licence="Apache-2.0",
        origin="Trained by this project on pictures it draws itself; see its README.md.",
        summary="Small landscapes with a thing or two in them, in six styles, and patterns. Made for a processor.",
    ),
)


@hookimpl
def studio_models() -> Sequence[ModelSpec]:
    """Only what is really there: a checkout without weights must not offer an empty folder."""
    return tuple(spec for spec in _ALL if (Path(spec.path) / "model_index.json").exists())
