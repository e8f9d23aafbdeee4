"""Loading a pipeline from a folder of diffusers or from one file: offline, safetensors only, one at a time."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import diffusers
import torch
import tqdm.std
from safetensors import SafetensorError
from torch.overrides import TorchFunctionMode

from studio.api import Model, StudioError

from . import checkpoint, schedulers
from .cancel import CancelFlag
from .cosine_steps import REPLACES, CosineSDEScheduler
from .devices import Device
from .eight_bits import read_denoisers
from .embeddings import EmbeddingCache
from .loading import hushed, loading, refuse_damaged
from .lora import Overlay
from .memory import is_shortage
from .needs import DEVICE, Placing
from .placing import place
from .previews import LatentColours, colours_for


@dataclass(eq=False)
class Loaded:
    """A pipeline in memory with all that is kept beside it between jobs. One job at a time uses it."""

    pipe: Any
    device: Device
    folder: Path
    scheduler: Any
    """The model's own scheduler, untouched."""
    flag: CancelFlag
    embeddings: EmbeddingCache
    overlay: Overlay = field(default_factory=Overlay)
    """LoRAs and embeddings that the running job asks for."""
    moves: bool = False
    """Whether parts of it are brought to the device and away again while it works."""
    seconds_per_decoded_pixel: float = 0.0
    _colours: LatentColours | None = None
    _variants: dict[str, Any] = field(default_factory=dict)
    _schedulers: dict[str, Any] = field(default_factory=dict)

    def without_gradients(self) -> AbstractContextManager[None]:
        """What a run happens in. A step of the built-in model takes 3.5 % less in inference mode than without
        gradients; but what moves about may be given to parameters, which inference mode does not allow.
        """
        return torch.no_grad() if self.moves else torch.inference_mode()

    @property
    def colours(self) -> LatentColours:
        """From latents to colours, made at first use."""
        if self._colours is None:
            self._colours = colours_for(self.pipe, self.folder)
        return self._colours

    def new_scheduler(self, name: str) -> Any:
        """A scheduler of its own for one run; copying one costs a tenth of making it. Raises StudioError."""
        if name not in self._schedulers:
            with hushed():
                self._schedulers[name] = schedulers.make(name, self.scheduler)
        return copy.deepcopy(self._schedulers[name])

    def pipe_for(self, task: str) -> Any:
        """The pipeline for "text" or "image" (img2img); both share their weights. Where diffusers has none that starts
        from a picture, it is the one for "text": see entering.
        """
        if task == "text":
            return self.pipe
        if task not in self._variants:
            # It brings 300 modules, a seventh of the time until the first picture, for which it is not needed.
            from diffusers.pipelines.auto_pipeline import AutoPipelineForImage2Image

            try:
                made = AutoPipelineForImage2Image.from_pipe(self.pipe)  # type: ignore[no-untyped-call]
            except (ValueError, AttributeError):
                made = self.pipe
            else:
                _quiet(made)
                self.embeddings.watch(made)
            self._variants[task] = made
        return self._variants[task]

    @property
    def size(self) -> int:
        """Bytes of all weights."""
        parts = [part for part in self.pipe.components.values() if isinstance(part, torch.nn.Module)]
        return sum(p.numel() * p.element_size() for part in parts for p in part.parameters())

    def drop(self) -> None:
        """Let go of the weights."""
        self._variants.clear()
        self.embeddings.clear()
        vars(getattr(self.pipe, "text_encoder", None) or self).pop("text_model", None)  # a cycle that keeps the weights
        self.pipe = None


def load(
    model: Model,
    *,
    device: Device,
    placing: Placing | None = None,
    say: Callable[[str], None] = lambda _text: None,
    check: Callable[[], None],
) -> Loaded:
    """The pipeline in the model's folder or file, ready to run: on the device, or as `placing` says.

    `check` is called at every tensor and may raise to stop. Raises StudioError where the model is gone, not complete,
    not of a kind that is known, or too large for the memory.
    """
    placing = placing or Placing()
    _look_at(model)
    with loading(model, say=say, check=check):
        pipe = _read(model, device, check, small=placing.small)
        check()
        with _Looking(check):
            _settle(pipe, device, placing)
    check()
    flag = CancelFlag()
    flag.hook_into(pipe.components.values())
    embeddings = EmbeddingCache()
    embeddings.watch(pipe)
    moves = placing.mode != DEVICE or placing.small
    return Loaded(pipe, device, model.path, pipe.scheduler, flag, embeddings, moves=moves)


def _look_at(model: Model) -> None:
    """Refuse what must not reach diffusers at all."""
    refuse_damaged(model)
    if model.family.startswith("single/"):
        _look_at_file(model)
        return
    index = model.path / "model_index.json"
    if not index.is_file():
        raise StudioError(
            f"The files of {model.title} are gone.",
            "Put them back where they were, or choose another model.",
            details=str(index),
        )
    code = next(model.path.rglob("*.py"), None)
    if code is not None:
        raise StudioError(
            f"{model.title} contains program code, which Studio never runs.",
            "Use a version of the model that holds weights only.",
            details=str(code),
        )
    try:
        data = json.loads(index.read_text(encoding="utf-8"))
        name = str(data["_class_name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudioError(
            f"{model.title} cannot be read.", "Copy or download the model again.", details=f"{index}: {error}"
        ) from error
    known = getattr(diffusers, name, None)
    if not (isinstance(known, type) and issubclass(known, diffusers.DiffusionPipeline)):
        raise StudioError(
            f"{model.title} is of a kind that Studio does not know ({name[:60]}).",
            "Choose a diffusers text-to-image model.",
        )


def _look_at_file(model: Model) -> None:
    if not model.path.is_file():
        raise StudioError(
            f"The file of {model.title} is gone.",
            "Put it back where it was, or choose another model.",
            details=str(model.path),
        )
    if model.path.suffix.lower() != ".safetensors":
        raise StudioError(f"{model.title} cannot be used.", "Look for a .safetensors version of it.")


class _Looking(TorchFunctionMode):
    """Calls `check` whenever torch is asked for anything, so that reading a model can be stopped in its middle."""

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__()
        self._check = check

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._check()
        return func(*args, **(kwargs or {}))


def _read(model: Model, device: Device, check: Callable[[], None], *, small: bool) -> Any:
    _silence_diffusers()
    precision = torch.get_default_dtype()
    try:
        with _Looking(check):
            if model.family.startswith("single/"):
                pipe = checkpoint.read(model.path, dtype=device.dtype, check=check, small=small)
            else:
                pipe = _read_folder(model, device, check, small=small)
    except RuntimeError as error:
        if is_shortage(error) or not str(error).startswith("Error(s) in loading state_dict"):
            raise  # a shortage of memory is told apart by the caller
        raise _unreadable(model, error) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, SafetensorError) as error:
        raise _unreadable(model, error) from error
    finally:
        torch.set_default_dtype(precision)  # diffusers changes it while it loads, and forgets to where it fails
    _quiet(pipe)
    return pipe


def _unreadable(model: Model, error: Exception) -> StudioError:
    return StudioError(
        f"{model.title} cannot be loaded.",
        "Files are missing or damaged, or it is of a kind that Studio does not know. Copy or download it again.",
        details=f"{type(error).__name__}: {error}",
    )


def _read_folder(model: Model, device: Device, check: Callable[[], None], *, small: bool) -> Any:
    index = json.loads((model.path / "model_index.json").read_text(encoding="utf-8"))
    options: dict[str, Any] = {}
    if "safety_checker" in index:  # optional, large, and judges pictures that nobody but the artist sees
        options.update(safety_checker=None, requires_safety_checker=False)
    variant = _only_variant(model.path)
    if variant:
        options["variant"] = variant
    if small and device.kind != "mps":
        options |= read_denoisers(model.path, index, dtype=device.dtype, variant=variant, check=check)
    with _without_torchsde():
        return diffusers.DiffusionPipeline.from_pretrained(  # type: ignore[no-untyped-call]
            model.path, dtype=device.dtype, local_files_only=True, use_safetensors=True, **options
        )


@contextmanager
def _without_torchsde() -> Iterator[None]:
    """One model is loaded at a time, so nobody else sees it."""
    own = getattr(diffusers, REPLACES)
    setattr(diffusers, REPLACES, CosineSDEScheduler)
    try:
        yield
    finally:
        setattr(diffusers, REPLACES, own)


def _only_variant(folder: Path) -> str:
    """ "fp16" for a folder of which some part holds "model.fp16.safetensors" and no "model.safetensors"."""
    parts: dict[Path, set[str]] = {}
    for path in folder.glob("*/*.safetensors"):
        found = re.search(r"\.(fp16|bf16|fp32)[.-]", path.name)
        parts.setdefault(path.parent, set()).add("" if found is None else found[1])
    return next((min(variants) for variants in parts.values() if "" not in variants), "")


def _better_by_pixel(part: torch.nn.Module, device: Device) -> bool:
    """Whether a part is faster with the channels of a pixel side by side. Measured on a processor with AMX, SD1.5's
    size: in bfloat16 a VAE 2.6 times, a UNet 1.04 times; in fp32 a VAE 1.08 times, a UNet 0.96 times, but a small one
    (6 M) 1.05 times.
    """
    if any(value.ndim > 4 for value in part.parameters()):  # made for films: a pixel's channels lie otherwise there
        return False
    if device.kind != "cpu":
        return device.kind == "cuda"
    large = sum(value.numel() for value in part.parameters()) > 300_000_000
    return not large or device.dtype.itemsize < 4


def _settle(pipe: Any, device: Device, placing: Placing) -> None:
    whole = placing.mode == DEVICE and not placing.small
    if whole:
        place(pipe, device, placing)
    for name in ("unet", "vae"):
        part = getattr(pipe, name, None)
        if isinstance(part, torch.nn.Module) and _better_by_pixel(part, device):
            part.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if not whole:  # what moves about is not touched any more
        place(pipe, device, placing)
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            part.requires_grad_(False)
    reader = getattr(pipe, "text_encoder", None)
    if hasattr(reader, "final_layer_norm") and not hasattr(reader, "text_model"):
        # diffusers 0.42 looks for CLIP's last norm (clip skip) where it was before transformers 5.
        object.__setattr__(reader, "text_model", reader)


def _quiet(pipe: Any) -> None:
    pipe.set_progress_bar_config(disable=True)


def _silence_diffusers() -> None:
    """As `loading` silences transformers."""
    diffusers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.set_verbosity_error()
    tqdm.std.tqdm.monitor_interval = 0  # else it starts a thread that watches over bars nobody sees
