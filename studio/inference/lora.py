"""Laying LoRAs and embeddings over a loaded model for a job, and taking them off without a trace."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file

from studio.api import Model, StudioError

from . import textual_inversion
from .embeddings import EmbeddingCache
from .lora_merge import Merged
from .memory import is_shortage, shortage_in_words
from .placing import at_full_width

Added = Sequence[tuple[Model, float]]

_PARTS = ("unet", "transformer", "text_encoder", "text_encoder_2")
_PEFT = "base_model.model."
_FAULTS = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ImportError,
    RuntimeError,
    safetensors.SafetensorError,
)


@dataclass(eq=False)
class Overlay:
    """What lies over a pipeline now. The weights stay between jobs as long as jobs ask for the same; what a job does
    not ask for is taken off before it, and the model is then what it was to the last bit.
    """

    _attached: dict[str, bool] = field(default_factory=dict)
    """Adapter names, and whether the adapter reaches into the text encoders."""
    _weights: tuple[tuple[str, float], ...] = ()
    _merged: Merged = field(default_factory=Merged)

    def put(
        self,
        pipe: Any,
        embeddings: EmbeddingCache,
        added: Added,
        *,
        say: Callable[[str], None] = lambda _text: None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Have `pipe` wear exactly `added`, in that order. `check` is called before each file and may raise to stop.

        Raises StudioError where a file does not fit the model; nothing is laid over it then.
        """
        loras = {_name(model): (model, weight) for model, weight in added if _kind(model) == "lora" and weight}
        words = [model for model, _ in added if _kind(model) == "embedding"]
        try:
            self._wear(pipe, loras, say=say, check=check)
            named = {model.path.stem: textual_inversion.read(model.path, title=model.title, widths=_widths(pipe, model))
                     for model in words}  # fmt: skip
        except BaseException:
            self.take_off(pipe)
            embeddings.wear((), {})
            raise
        worn = tuple((name, loras[name][1]) for name, reaches in self._attached.items() if reaches)
        embeddings.wear((worn, tuple((model.path.stem, _name(model)) for model in words)), named)

    def take_off(self, pipe: Any) -> None:
        """Take everything off."""
        self._merged.restore()
        self._attached.clear()
        self._weights = ()
        if hasattr(pipe, "unload_lora_weights"):
            pipe.unload_lora_weights()

    def _wear(
        self, pipe: Any, loras: dict[str, tuple[Model, float]], *, say: Callable[[str], None], check: Callable[[], None]
    ) -> None:
        if not loras:
            if self._attached:
                self.take_off(pipe)
            return
        weights = tuple((name, weight) for name, (_, weight) in loras.items())
        if weights == self._weights:
            return
        self._merged.restore()
        self._weights = ()
        unused = [name for name in self._attached if name not in loras]
        if len(unused) == len(self._attached):
            self.take_off(pipe)
        elif unused:
            pipe.delete_adapters(unused)
            self._attached = {name: reach for name, reach in self._attached.items() if name in loras}
        for name, (model, _) in loras.items():
            if name not in self._attached:
                check()
                say(f"Loading {model.title}")
                self._attached[name] = _attach(pipe, name, model)
        self._attached = {name: self._attached[name] for name in loras}
        pipe.set_adapters([name for name, _ in weights], [weight for _, weight in weights])
        with shortage_in_words("for these LoRAs", "Close other programs, or take one out."):
            self._merged.merge(getattr(pipe, "unet", None) or getattr(pipe, "transformer", None))
        self._weights = weights


def _kind(model: Model) -> str:
    return model.family.partition("/")[0]


def _name(model: Model) -> str:
    """A name for the adapter inside peft: the same file has the same name, and there are no dots in it."""
    return "added_" + (model.sha256 or hashlib.sha256(str(model.path).encode()).hexdigest())[:24]


def _widths(pipe: Any, model: Model) -> tuple[int, ...]:
    encoders = [getattr(pipe, name, None) for name in ("text_encoder", "text_encoder_2")]
    kinds = [type(encoder).__name__ for encoder in encoders if encoder is not None]
    if not kinds or any(not kind.startswith("CLIPText") for kind in kinds):
        raise StudioError(
            f"“{model.title}” is an embedding, and this model reads prompts in another way.",
            "Take its name out of the prompt.",
        )
    return tuple(int(encoder.config.hidden_size) for encoder in encoders if encoder is not None)


def _attach(pipe: Any, name: str, model: Model) -> bool:
    """Load a file beside the weights; True where it reaches into the text encoders. Raises StudioError."""
    refused = StudioError(
        f"“{model.title}” does not fit this model.",
        "Take it out, or choose a model of the kind that it was made for.",
    )
    if not hasattr(pipe, "load_lora_weights"):
        raise StudioError("This model takes no LoRAs.", f"Take “{model.title}” out, or choose another model.")
    hint = "Close other programs, or choose a smaller model."
    shortage = shortage_in_words(f"to load {model.title}", hint)
    with shortage, _plain_encoder(pipe), at_full_width(pipe), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft wonders whether a second LoRA is meant
        try:
            state = _from_peft(model.path, pipe)
            source = (state,) if state is not None else (str(model.path.parent),)
            options = {} if state is not None else {"weight_name": model.path.name}
            pipe.load_lora_weights(*source, adapter_name=name, local_files_only=True, use_safetensors=True, **options)
        except _FAULTS as error:
            if is_shortage(error):
                raise
            refused.details = f"{type(error).__name__}: {error}"[:2000]
            raise refused from error
    reached = {part: _layers(getattr(pipe, part, None), name) for part in _PARTS}
    if not any(reached.values()):
        refused.details = "none of its weights has a place in the model"
        raise refused
    return bool(reached["text_encoder"] or reached["text_encoder_2"])


def _layers(part: Any, name: str) -> int:
    if not isinstance(part, torch.nn.Module):
        return 0
    return sum(name in getattr(module, "lora_A", ()) for module in part.modules())


@contextmanager
def _plain_encoder(pipe: Any) -> Iterator[None]:
    """Without the attribute that clip skip needs (see pipelines): diffusers takes it for an older transformers and
    would look for the weights one level too deep.
    """
    encoders = [getattr(pipe, part, None) for part in ("text_encoder", "text_encoder_2")]
    taken = [(encoder, vars(encoder).pop("text_model")) for encoder in encoders if "text_model" in _own(encoder)]
    try:
        yield
    finally:
        for encoder, value in taken:
            object.__setattr__(encoder, "text_model", value)


def _own(thing: Any) -> dict[str, Any]:
    return {} if thing is None else vars(thing)


def _from_peft(path: Path, pipe: Any) -> dict[str, torch.Tensor] | None:
    """The weights of a file as peft itself saves it, renamed as diffusers wants them; None for any other file."""
    with safetensors.safe_open(str(path), "pt") as file:
        if not all(key.startswith(_PEFT) for key in file.keys()):  # noqa: SIM118 - it is no dict
            return None
    part = "unet" if getattr(pipe, "unet", None) is not None else "transformer"
    scale = _peft_scale(path.with_name("adapter_config.json"))
    state = {}
    for key, tensor in load_file(str(path)).items():
        state[f"{part}.{key.removeprefix(_PEFT)}"] = tensor * scale if ".lora_B." in key else tensor
    return state


def _peft_scale(config: Path) -> float:
    """How much stronger than its numbers the file was meant to be: alpha / rank of peft's config beside it."""
    try:
        data = json.loads(config.read_text("utf-8")) if config.stat().st_size < 1_000_000 else {}
        return float(data["lora_alpha"]) / float(data["r"])
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return 1.0
