"""What the Models page calls things: kinds, families, precisions, places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studio.core.bases import base_title
from studio.core.model import Model
from studio.core.values import frozen

REFUSED = "refused"


@frozen
class Kind:
    """A kind of model: its `id`, what one is called, what a filter for them is called, and its icon."""

    id: str
    one: str
    many: str
    icon: str


KINDS = (
    Kind("picture", "Picture model", "Pictures", "image"),
    Kind("lora", "LoRA", "LoRAs", "stack"),
    Kind("embedding", "Embedding", "Embeddings", "tag"),
    Kind("text", "Text model", "Text", "text-aa"),
    Kind("music", "Music model", "Music", "music-notes"),
    Kind("part", "Part of a model", "Parts", "puzzle-piece"),
)
OTHER = Kind("other", "Model", "Others", "cube")
_FAMILIES = {
    "diffusers": "picture",
    "single": "picture",
    "lora": "lora",
    "embedding": "embedding",
    "transformers": "text",
    "music": "music",
    "component": "part",
}
_WRITING = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "ForBlockDiffusion", "ModelLM")
_TEXT_DIFFUSION = ("LLaDA2Pipeline", "DiffusionGemmaPipeline")
_DTYPES = {
    "F64": "64 bit",
    "F32": "32 bit",
    "F16": "16 bit",
    "BF16": "16 bit (bfloat16)",
    "F8_E4M3": "8 bit",
    "F8_E5M2": "8 bit",
    "I8": "8 bit",
    "U8": "packed, 8 bit or fewer",
    "I32": "packed, 8 bit or fewer",
    "F4": "4 bit",
}
_LAYOUTS = {
    "diffusers": "a folder of diffusers",
    "single": "a single file",
    "transformers": "a folder of transformers",
    "component": "a part, used inside other models",
}


def kind_of(model: Model) -> Kind:
    """What kind it is, whether or not it can be used."""
    library, _, name = model.family.partition("/")
    found = _FAMILIES.get(library, "other")
    if library == "transformers" and not name.endswith(_WRITING):
        found = "part"
    if (library == "studio" and "Writer" in name) or (library == "diffusers" and name in _TEXT_DIFFUSION):
        found = "text"
    return next((kind for kind in KINDS if kind.id == found), OTHER)


def in_order(models: Sequence[Model]) -> tuple[Model, ...]:
    """By kind, those that come with Studio first, then by title; what is not used comes last."""
    kinds = [*KINDS, OTHER]
    return tuple(
        sorted(models, key=lambda m: (bool(m.problem), kinds.index(kind_of(m)), not m.bundled, m.title.casefold()))
    )


def line_of(model: Model) -> str:
    """One line below the title: what it is, or why it is not used."""
    if model.problem:
        return f"Not used: {model.problem}"
    kind = kind_of(model)
    base = base_title(model.base)
    if kind.id in ("lora", "embedding"):
        return f"{kind.one} for {base}" if base else kind.one
    return f"{kind.one} · {base}" if base else kind.one


def dtype_words(dtype: str) -> str:
    """A precision as people say it."""
    return _DTYPES.get(dtype, dtype)


def place_of(model: Model, own: Path) -> str:
    """Where it lies, in a word or two."""
    if model.bundled:
        return "Studio"
    parents = [parent.name for parent in model.path.parents]
    if own.absolute() in model.path.absolute().parents:
        return "Models folder"
    for program, marks in (
        ("ComfyUI", ("ComfyUI",)),
        ("WebUI", ("stable-diffusion-webui", "stable-diffusion-webui-forge", "webui")),
        ("InvokeAI", ("invokeai", "InvokeAI")),
        ("Hugging Face", ("huggingface",)),
    ):
        if any(mark in parents for mark in marks):
            return program
    return model.path.parent.name or "elsewhere"


def rows_of(model: Model, own: Path) -> list[tuple[str, str]]:
    """All that is known of it, a (name, value) each."""
    kind = kind_of(model)
    library, _, name = model.family.partition("/")
    side = model.facts.get("side")
    rows = [
        ("Kind", kind.one),
        ("Made for" if kind.id in ("lora", "embedding") else "Family", base_title(model.base)),
        ("Draws best at", f"{side} × {side} px" if isinstance(side, int) else ""),
        ("Write", str(model.facts.get("words", ""))),
        ("Architecture", name if library in ("diffusers", "single", "transformers", "component", "music") else ""),
        ("Form", _LAYOUTS.get(library, "")),
        ("Precision", dtype_words(model.dtype)),
        ("Licence", model.licence or "not stated"),
        ("Origin", model.origin),
        ("Place", place_of(model, own)),
    ]
    return [(name, value) for name, value in rows if value]
