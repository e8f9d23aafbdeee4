"""Loading a causal language model from a folder: offline, safetensors only, no code of the model's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from studio.api import Model, StudioError
from studio.inference.devices import Device
from studio.inference.loading import loading, refuse_damaged

from . import shortcuts
from .recurrent import MODEL_TYPE as RECURRENT
from .recurrent import RecurrentWriter
from .vocabulary import Vocabulary

_CODE = {".py", ".pyc", ".so", ".dll", ".dylib", ".pyd"}
_PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
_LIMIT = 32 << 20
"""Bytes of a JSON file that is read to look at it."""

_BEYOND = 256
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model", "vocab.txt")


@dataclass(eq=False)
class Writer:
    """A language model in memory with its vocabulary. `window` is how many tokens it reads at most. One job at a time
    uses it.
    """

    net: Any
    vocabulary: Vocabulary
    device: Device
    folder: Path
    title: str
    window: int
    ends: frozenset[int]
    """The tokens with which the model says that it has finished."""

    @property
    def recurrent(self) -> bool:
        """True for a model whose memory is a state of fixed size instead of a cache that grows."""
        return isinstance(self.net, RecurrentWriter)

    @property
    def parameters(self) -> int:
        """How many weights it has."""
        return sum(weight.numel() for weight in self.net.parameters())

    @property
    def size(self) -> int:
        """Bytes of all weights."""
        return sum(weight.numel() * weight.element_size() for weight in self.net.parameters())

    def drop(self) -> None:
        """Let go of the weights."""
        self.net = None


def load(
    model: Model,
    *,
    device: Device,
    say: Callable[[str], None] = lambda _text: None,
    check: Callable[[], None] = lambda: None,
) -> Writer:
    """The model in a folder, on the device, ready to write.

    `check` is called between the parts of the work and may raise to stop it. Raises StudioError where the folder is
    gone, incomplete, holds code or pickles, has no tokenizer, is no causal language model, or is too large.
    """
    config = look_at(model)
    with loading(model, say=say, check=check):
        vocabulary = Vocabulary(_tokenizer(model), title=model.title)
        check()
        net = _net(model, config, device)
        check()
    _compare(model, net, vocabulary)
    return Writer(
        net=net,
        vocabulary=vocabulary,
        device=device,
        folder=model.path,
        title=model.title,
        window=_window(net, config),
        ends=_ends(net, config, vocabulary),
    )


def load_vocabulary(model: Model) -> Vocabulary:
    """The model's vocabulary alone, without its weights. Raises StudioError as `load` does."""
    look_at(model)
    with loading(model):
        return Vocabulary(_tokenizer(model), title=model.title)


def look_at(model: Model) -> dict[str, Any]:
    """The model's config.json, after everything that must not reach transformers was refused. Raises StudioError."""
    refuse_damaged(model)
    if not (model.path / "config.json").is_file():
        raise StudioError(
            f"The files of {model.title} are gone.",
            "Put them back where they were, or choose another model.",
            details=str(model.path / "config.json"),
        )
    code = runs_code(model)
    if code is not None:
        raise code
    config = _json(model, model.path / "config.json")
    if not any(model.path.glob("*.safetensors")):
        pickle = next((file for file in model.path.iterdir() if file.suffix.lower() in _PICKLES), None)
        if pickle is not None:
            raise StudioError(
                f"The weights of {model.title} are a pickle file, which can run programs.",
                "Look for a version of the model with .safetensors files.",
                details=str(pickle),
            )
        raise StudioError(f"There are no weights in {model.title}.", "Copy or download the model again.")
    if not any((model.path / name).is_file() for name in _TOKENIZERS):
        raise StudioError(
            f"{model.title} has no tokenizer, so nobody knows its words.",
            "Copy the model's tokenizer files (tokenizer.json) into its folder.",
        )
    return config


def runs_code(model: Model) -> StudioError | None:
    """What to say of a folder with program code in it, or one that asks for code; None for plain data."""
    for file in sorted(model.path.rglob("*")):
        if file.suffix.lower() in _CODE:
            return _refused(model, file)
        if file.suffix == ".json" and "config" in file.name:
            data = _json(model, file)
            if "auto_map" in data or data.get("trust_remote_code"):
                return _refused(model, file)
    return None


def _json(model: Model, file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > _LIMIT:
            raise ValueError("too large")
        data = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("no object")
    except (OSError, ValueError) as error:
        raise StudioError(
            f"{model.title} cannot be read.", "Copy or download the model again.", details=f"{file}: {error}"
        ) from error
    return data


def _refused(model: Model, file: Path) -> StudioError:
    return StudioError(
        f"{model.title} contains program code, which Studio never runs.",
        "Use a version of the model that holds weights only.",
        details=str(file),
    )


def _tokenizer(model: Model) -> Any:
    try:
        return transformers.AutoTokenizer.from_pretrained(
            str(model.path), local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # a damaged file raises whatever its parser (Rust, sentencepiece) likes
        raise StudioError(
            f"The tokenizer of {model.title} cannot be read.",
            "Copy or download the model again.",
            details=f"{type(error).__name__}: {error}",
        ) from error


def _net(model: Model, config: dict[str, Any], device: Device) -> Any:
    kind = config.get("model_type")
    try:
        if kind == RECURRENT:
            return RecurrentWriter.from_folder(model.path, config).to(device.torch, torch.float32)
        if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or not _continues(config):
            raise StudioError(
                f"{model.title} is of a kind that cannot continue a text ({str(kind)[:60]}).",
                "Choose a causal language model, such as Llama, Mistral, Qwen, Gemma or GPT-2.",
            )
        net, found = transformers.AutoModelForCausalLM.from_pretrained(
            str(model.path),
            dtype=device.dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
        missing = sorted(found.get("missing_keys") or ()) + sorted(map(str, found.get("mismatched_keys") or ()))
        if missing:  # transformers would fill them with chance
            raise ValueError(f"without weights: {', '.join(missing[:20])}")
    except RuntimeError:
        raise  # a shortage of memory is told apart by the caller
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        ImportError,
        AssertionError,
        SafetensorError,
    ) as error:
        raise StudioError(
            f"{model.title} cannot be loaded.",
            "Files are missing or damaged. Copy or download the model again.",
            details=f"{type(error).__name__}: {error}",
        ) from error
    net = net.to(device.torch).eval().requires_grad_(False)
    shortcuts.quicken(net, device.torch)
    return net


def _continues(config: dict[str, Any]) -> bool:
    """True where the weights are those of a model that continues texts, as far as the folder says."""
    names = config.get("architectures")
    known = set()
    for name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values():
        known |= set(name) if isinstance(name, (tuple, list)) else {name}
    return not isinstance(names, list) or not names or bool(known & set(map(str, names)))


def _compare(model: Model, net: Any, vocabulary: Vocabulary) -> None:
    known = int(net.get_input_embeddings().weight.shape[0])
    # A few special tokens beyond the weights are usual (for pictures in a model without eyes): nobody writes them.
    if vocabulary.highest >= known + _BEYOND:
        raise StudioError(
            f"The tokenizer of {model.title} belongs to another model.",
            "Copy the model's own tokenizer files into its folder.",
            details=f"token {vocabulary.highest} of {known}",
        )


def _text_config(net: Any) -> Any:
    config = net.config
    return config.get_text_config() if hasattr(config, "get_text_config") else config


def _window(net: Any, config: dict[str, Any]) -> int:
    found = getattr(_text_config(net), "max_position_embeddings", None) or config.get("n_positions")
    return int(found) if isinstance(found, int) and found > 0 else 1 << 20


def _ends(net: Any, config: dict[str, Any], vocabulary: Vocabulary) -> frozenset[int]:
    plan = getattr(net, "generation_config", None)
    return frozenset(
        number
        for source in (getattr(plan, "eos_token_id", None), config.get("eos_token_id"), vocabulary.end)
        for number in _numbers(source)
    )


def _numbers(value: Any) -> Iterator[int]:
    for item in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(item, int) and item >= 0:
            yield item
