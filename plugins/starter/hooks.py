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
    ModelSpec(
        name="prose",
        title="Starter prose",
        family="transformers/LlamaForCausalLM",
        path=str(FOLDER / "prose"),
        licence="Apache-2.0",
        origin="Trained by this project on stories that its own grammar tells; see its README.md.",
        summary="Short tales, rhymes and picture prompts after headers such as Genre, Mood, Hero, Place and Wish.",
    ),
    ModelSpec(
        name="prose-gru",
        title="Starter prose, recurrent",
        family="studio/GruWriter",
        path=str(FOLDER / "prose-gru"),
        licence="Apache-2.0",
        origin="Trained by this project on the same stories as the starter prose; see its README.md.",
        summary="The same in a recurrent network, to compare both kinds.",
    ),
    ModelSpec(
        name="music",
        title="Starter music",
        family="music/LlamaForCausalLM",  # not transformers/…: whoever writes text must not be offered notes
        path=str(FOLDER / "music"),
        licence="Apache-2.0",
        origin="Trained by this project on pieces by its own composer; see its README.md.",
        summary="Short pieces for up to six parts in eight styles and six moods; continues, fills gaps, adds tracks.",
    ),
)
_MARKS = ("model_index.json", "config.json")
"""A diffusers pipeline has the one, any other model the other."""


@hookimpl
def studio_models() -> Sequence[ModelSpec]:
    """Only what is really there: a checkout without weights must not offer an empty folder."""
    return tuple(spec for spec in _ALL if any((Path(spec.path) / m).exists() for m in _MARKS))
