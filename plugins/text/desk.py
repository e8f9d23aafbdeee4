"""A model in memory, with what is kept beside it between jobs: whoever writes with it or checks a text needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.api import GeneratorContext, Model, StudioError
from studio.inference import devices
from studio.inference.text import models
from studio.inference.text.memory import Prompts

from .settings import TextSettings

_SMALL = 100 << 20
"""Bytes of a model that gains nothing from 16 bits on a processor: in 32 it is as fast and reads in small pieces."""


@dataclass(eq=False)
class Desk:
    """A model in memory with what is kept beside it between jobs."""

    writer: models.Writer
    prompts: Prompts
    grammar_tokens: Any = None

    @property
    def vocabulary_size(self) -> int:
        """How many tokens the model knows."""
        return int(self.writer.net.get_input_embeddings().weight.shape[0])

    def drop(self) -> None:
        """Let go of everything."""
        self.prompts.forget()
        self.writer.drop()


def desk_of(context: GeneratorContext, model: Model | None) -> Desk:
    """The desk of a model, made where it is not there yet. Raises StudioError."""
    if model is None:
        raise StudioError("No model is chosen.", "Choose one in the inspector.")
    settings = context.settings(TextSettings)
    device = devices.pick(settings.device, precision=settings.precision, threads=settings.threads)
    if device.kind == "cpu" and settings.precision == "auto" and model.size < _SMALL:
        device = devices.pick("cpu", precision="float32", threads=settings.threads)
    device.prepare()
    key = ("desk", str(model.path), model.sha256, device.kind, device.index, device.dtype_name)

    def make() -> Desk:
        writer = models.load(model, device=device, say=context.progress, check=context.check)
        return Desk(writer, Prompts(writer.net, device.torch))

    stored = 4 if model.dtype in ("F32", "") else 2
    return context.cached(key, make, size=model.size * device.dtype.itemsize // stored, drop=Desk.drop)
