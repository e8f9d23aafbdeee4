"""Loading text-diffusion models: pipelines of diffusers (LLaDA2, DiffusionGemma), or the network's folder alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError

from studio.api import Model, StudioError
from studio.inference.devices import Device
from studio.inference.loading import loading, refuse_damaged

from .llada2 import ARCHITECTURE, LLaDA2
from .models import runs_code
from .vocabulary import Vocabulary

_CANVAS = "DiffusionGemmaForBlockDiffusion"
_PIPELINES = ("LLaDA2Pipeline", "DiffusionGemmaPipeline")
FAMILIES = frozenset(
    {*(f"diffusers/{name}" for name in _PIPELINES), *(f"transformers/{n}" for n in (ARCHITECTURE, _CANVAS))}
)
"""What a model's family is called where it writes by text diffusion."""


@dataclass(eq=False)
class Refiner:
    """A text-diffusion model in memory. `mask` is the token that stands for an open place; None for a network that
    begins with chance in its stead.
    """

    net: Any
    scheduler: Any
    vocabulary: Vocabulary
    device: Device
    title: str
    mask: int | None
    window: int

    def drop(self) -> None:
        """Let go of the weights."""
        self.net = None

    def logits(self, tokens: torch.Tensor) -> torch.Tensor:
        """Of a network with masks: [rows, n] to [rows, n, vocabulary] in fp32, every token seeing every other."""
        if isinstance(self.net, LLaDA2):
            found: torch.Tensor = self.net(tokens)
        else:
            places = torch.arange(tokens.shape[1], device=tokens.device)[None].expand_as(tokens)
            found = self.net(tokens, attention_mask=torch.ones_like(tokens), position_ids=places).logits
        return found.float()


def load(
    model: Model,
    *,
    device: Device,
    say: Callable[[str], None] = lambda _text: None,
    check: Callable[[], None] = lambda: None,
) -> Refiner:
    """The model in a folder, on the device. Raises StudioError where it is none, holds code, or is damaged."""
    refuse_damaged(model)
    code = runs_code(model)
    if code is not None:
        raise code
    with loading(model, say=say, check=check):
        net, scheduler, tokenizer = _read(model, device)
        net = net.to(device.torch).eval().requires_grad_(False)
    words = Vocabulary(tokenizer, title=model.title)
    masked = type(net).__name__ != _CANVAS
    if masked and tokenizer.mask_token_id is None:
        raise StudioError(
            f"The tokenizer of {model.title} has no mask, so nothing can be left open.",
            "Copy the model's own tokenizer files into its folder.",
        )
    config = net.config.get_text_config() if hasattr(net.config, "get_text_config") else net.config
    window = int(getattr(config, "max_position_embeddings", 0) or 4096)
    mask = int(tokenizer.mask_token_id) if masked else None
    return Refiner(net, scheduler, words, device, model.title, mask, window)


def _read(model: Model, device: Device) -> tuple[Any, Any, Any]:
    """Network, scheduler and tokenizer. One by one: the pipelines' own loader does not know their untyped parts."""
    try:
        parts = _parts(model)
        net = _net(parts["model"], _json(parts["model"] / "config.json"), device)
        words = transformers.AutoTokenizer.from_pretrained(
            str(parts["tokenizer"]), local_files_only=True, trust_remote_code=False
        )
        scheduler = _scheduler(parts.get("scheduler"), canvas=type(net).__name__ == _CANVAS)
    except RuntimeError:
        raise  # a shortage of memory is told apart by the caller
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, SafetensorError) as error:
        raise StudioError(
            f"{model.title} cannot be loaded.",
            "Files are missing or damaged, or it needs program code of its own, which Studio never runs.",
            details=f"{type(error).__name__}: {error}",
        ) from error
    return net, scheduler, words


def _json(file: Path) -> Mapping[str, Any]:
    data = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ValueError(f"{file.name} holds no object")
    return data


def _parts(model: Model) -> dict[str, Path]:
    """Where the parts of a pipeline lie; of a network's own folder all lie together."""
    index = model.path / "model_index.json"
    if not index.is_file():
        return {"model": model.path, "tokenizer": model.path}
    data = _json(index)
    if data["_class_name"] not in _PIPELINES:
        raise StudioError(f"{model.title} does not write text.", "Choose a language model.")
    words = next(name for name in ("tokenizer", "processor") if name in data)
    return {"model": model.path / "model", "tokenizer": model.path / words, "scheduler": model.path / "scheduler"}


def _net(folder: Path, config: Mapping[str, Any], device: Device) -> Any:
    names = config.get("architectures") or [""]
    if names[0] == ARCHITECTURE:
        return LLaDA2.from_folder(folder, config, device.dtype)
    kind = getattr(transformers, str(names[0]), None)
    if not (isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)):
        raise ValueError(f"no model of transformers: {names[0]}")
    net, found = kind.from_pretrained(
        str(folder), dtype=device.dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
    )
    missing = sorted(found.get("missing_keys") or ()) + sorted(map(str, found.get("mismatched_keys") or ()))
    if missing:  # transformers would fill them with chance
        raise ValueError(f"without weights: {', '.join(missing[:20])}")
    return net


def _scheduler(folder: Path | None, *, canvas: bool) -> Any:
    """The pipeline's own plan. For a canvas always the one that the published model is sampled with: the others of
    diffusers keep a memory of their own, with which no pass could be gone on from.
    """
    from diffusers import BlockRefinementScheduler, EntropyBoundScheduler  # seconds to load, and few models need it

    kind = EntropyBoundScheduler if canvas else BlockRefinementScheduler
    if folder is None:
        return kind()
    own = _json(folder / "scheduler_config.json").get("_class_name") == kind.__name__
    return kind.from_pretrained(folder, local_files_only=True) if own else kind()
