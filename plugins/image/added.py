"""LoRAs and embeddings in a request: found in the prompt, and refused before the run where they cannot work."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from studio.api import AddedModel, Model, ModelRef, Request, StudioError, base_title, frozen

WEIGHT_LIMIT = 4.0
"""The strongest weight, in both directions; pictures fall apart long before."""
_TEXTS = ("prompt", "negative_prompt")
_TAG = re.compile(r"<(lora|lyco):([^<>]{0,300})>", re.IGNORECASE)
_GAPS = re.compile(r"\s*,(?:\s*,)*")


@frozen
class Tag:
    """<lora:name:0.8> in a prompt, and where it stands there."""

    name: str
    weight: float
    start: int
    end: int


def tags(text: str) -> tuple[Tag, ...]:
    """The LoRAs a prompt names. Raises StudioError for a weight that is no number."""
    found = []
    for match in _TAG.finditer(text):
        name, _, rest = match[2].partition(":")
        number = rest.partition(":")[0].strip()
        try:
            weight = float(number) if number else 1.0
        except ValueError:
            weight = math.nan
        if not abs(weight) <= WEIGHT_LIMIT:
            raise StudioError(
                f"The weight in “{match[0][:60]}” is not a number from −{WEIGHT_LIMIT:g} to {WEIGHT_LIMIT:g}.",
                "Write it like this: <lora:name:0.8>.",
            )
        found.append(Tag(name.strip(), weight, match.start(), match.end()))
    return tuple(found)


def without_tags(text: str) -> str:
    """The prompt as the model reads it: without the LoRAs it names and the commas that were around them."""
    if not _TAG.search(text):
        return text
    return _GAPS.sub(",", _TAG.sub("", text)).strip(" ,\n")


def with_weight(text: str, name: str, weight: float | None) -> str:
    """The prompt with another weight for the LoRA called `name`, or without it for None."""
    pieces, at = [], 0
    for tag in tags(text):
        if tag.name.casefold() == name.casefold():
            pieces += [text[at : tag.start], "" if weight is None else f"<lora:{tag.name}:{weight:g}>"]
            at = tag.end
    changed = "".join(pieces) + text[at:]
    return changed if weight is not None or changed == text else _GAPS.sub(",", changed).strip(" ,")


def settle(request: Request, models: Sequence[Model]) -> Request:
    """`request` with all that its words name in `added`, each LoRA once; an embedding is there only while it is named.

    Raises StudioError for a name that nobody knows, and for what does not go with the model.
    """
    texts = [str(request.params.get(name, "")) for name in _TEXTS]
    by_id = {model.id: model for model in models}
    model = by_id.get(request.model.id) if request.model is not None else None
    base = "" if model is None else model.base
    found: dict[str, AddedModel] = {}
    for item in request.added:
        known = by_id.get(item.model.id)
        if known is None or kind(known) != "embedding":
            found[item.model.id] = item
    for tag in (tag for text in texts for tag in tags(text)):
        lora = named(tag.name, "lora", request, models, base=base)
        if lora is None:
            raise _unknown(tag.name, models)
        ref = found[lora.id].model if lora.id in found else ModelRef(lora.id, tag.name, lora.sha256)
        found[lora.id] = AddedModel(ref, tag.weight)
    for embedding in embeddings_in(" ".join(map(without_tags, texts)), models, base=base):
        before = next((item for item in request.added if item.model.id == embedding.id), None)
        ref = ModelRef(embedding.id, embedding.path.stem, embedding.sha256)
        found[embedding.id] = before or AddedModel(ref)
    for name in found:
        problem = misfit(by_id[name], model) if name in by_id and model is not None else ""
        if problem:
            raise StudioError(problem, _way_out(by_id[name], models))
    return replace(request, added=tuple(item for item in found.values() if item.weight))


def kind(model: Model) -> str:
    """ "lora", "embedding", or what else the family begins with."""
    return model.family.partition("/")[0]


def named(name: str, of: str, request: Request, models: Sequence[Model], *, base: str = "") -> Model | None:
    """The LoRA (or embedding) that a prompt means: one that the request has already, then one that fits the model."""
    wanted = name.casefold()
    before = {item.model.id: item.model.name for item in request.added}
    fitting = [m for m in models if kind(m) == of and wanted in _names(m, before.get(m.id, ""))]
    fitting.sort(key=lambda m: (m.id not in before, bool(base) and m.base not in (base, ""), bool(m.problem), m.id))
    return fitting[0] if fitting else None


def _names(model: Model, other: str) -> set[str]:
    return {model.path.stem.casefold(), model.title.casefold(), other.casefold()}


def embeddings_in(text: str, models: Sequence[Model], *, base: str = "") -> tuple[Model, ...]:
    """The embeddings whose names (those of their files) stand in the text as words of their own."""
    known: dict[str, Model] = {}
    for model in sorted(models, key=lambda m: (bool(base) and m.base not in (base, ""), bool(m.problem), m.id)):
        if kind(model) == "embedding":
            known.setdefault(model.path.stem.casefold(), model)
    if not known:
        return ()
    names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    words = re.findall(rf"(?<![\w-])(?:embedding:)?({names})(?![\w-])", text.casefold())
    return tuple(known[word] for word in dict.fromkeys(words))


def misfit(added: Model, model: Model) -> str:
    """Why `added` cannot be laid over `model`, or "". Both tell it by their headers."""
    if not added.base or added.base == model.base:
        return ""
    what = "an embedding" if kind(added) == "embedding" else "a LoRA"
    other = base_title(model.base) or "of another kind"
    return f"“{added.title}” is {what} for {base_title(added.base)}, and the model “{model.title}” is {other}."


def _way_out(added: Model, models: Sequence[Model]) -> str:
    fitting = [m.title for m in models if m.base == added.base and kind(m) in ("diffusers", "single") and not m.problem]
    out = "Take its name out of the prompt" if kind(added) == "embedding" else "Take it out"
    return f"{out}, or choose one of these models: {', '.join(fitting[:3])}." if fitting else f"{out}."


def _unknown(name: str, models: Sequence[Model]) -> StudioError:
    from difflib import get_close_matches  # not in each start

    known = sorted({m.path.stem for m in models if kind(m) == "lora" and not m.problem}, key=str.casefold)
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"Did you mean <lora:{near[0]}>?" if near else "Models shows which there are and how to add one."
    return StudioError(f"There is no LoRA called “{name[:80]}” here.", hint)
