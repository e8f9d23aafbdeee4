"""The `parameters` text that A1111 and most programs after it write into pictures: writing and reading it.

Reading is a linear scan. The field's usual regular expression needs 27 s on 40 kB of spaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from studio.api import Recipe, StudioError
from studio.inference.schedulers_table import BY_NAME

from .added import tags

TEXT_LIMIT = 100_000
_NEGATIVE = "Negative prompt:"
_STEPS = "Steps:"


@dataclass(frozen=True, slots=True)
class ForeignText:
    """What such a text says: `settings` by their names in lower case, as they were written."""

    prompt: str
    negative_prompt: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


def write(recipe: Recipe, *, size: tuple[int, int]) -> str:
    """The text for a recipe; `size` is the picture's own in pixels."""
    params = recipe.request.params
    lines = [_prompt(recipe)]
    negative = str(params.get("negative_prompt", ""))
    if negative:
        lines.append(f"{_NEGATIVE} {negative}")
    lines.append(", ".join(f"{name}: {_quoted(value)}" for name, value in _settings(recipe, size) if value))
    return "\n".join(lines)


def _prompt(recipe: Recipe) -> str:
    """The prompt, and behind it the LoRAs that it does not name itself: other programs know them by nothing else."""
    prompt = str(recipe.request.params.get("prompt", ""))
    families = {item.get("sha256"): str(item.get("family", "")) for item in recipe.used.get("loras", ())}
    try:
        named = {tag.name.casefold() for tag in tags(prompt)}
    except StudioError:  # a weight that is no number was never run, but may be exported
        named = set()
    listed = [
        f"<lora:{item.model.name or item.model.id}:{item.weight:g}>"
        for item in recipe.request.added
        if item.model.name.casefold() not in named
        and not families.get(item.model.sha256, "lora/").startswith("embedding/")
    ]
    return " ".join([prompt, *listed])


def _settings(recipe: Recipe, size: tuple[int, int]) -> Iterator[tuple[str, str]]:
    request, used = recipe.request, recipe.used
    params = request.params
    yield "Steps", str(params.get("steps", ""))
    entry = BY_NAME.get(str(params.get("scheduler", "")))
    sampler = entry.a1111 if entry is not None else ""
    yield "Sampler", sampler.removesuffix(" Karras")
    yield "Schedule type", "Karras" if sampler.endswith(" Karras") else ""
    guidance = params.get("guidance_scale")
    yield "CFG scale", "" if guidance is None else f"{float(guidance):g}"
    yield "Seed", str(request.seed)
    yield "Size", f"{size[0]}x{size[1]}"
    if request.model is not None:
        yield "Model hash", request.model.sha256[:10]
        yield "Model", request.model.name or request.model.id
    if any(item.name == "image" for item in request.inputs):
        yield "Denoising strength", f"{float(params.get('strength', 0)):g}"
    skip = params.get("clip_skip", 0)
    yield "Clip skip", str(int(skip) + 1) if skip else ""
    yield "Version", f"Studio {used.get('studio', '')}".strip()


def _quoted(value: str) -> str:
    if any(mark in value for mark in ',":\n'):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return value


def read(text: str) -> ForeignText | None:
    """The opposite of `write`, for texts of any program. None where the text has no line of settings."""
    text = text[:TEXT_LIMIT].replace("\r\n", "\n")
    start = _settings_start(text)
    if start < 0:
        return None
    head, tail = text[:start].rstrip("\n"), text[start:]
    settings = dict(_pairs(tail))
    if "steps" not in settings:
        return None
    if head.startswith(_NEGATIVE):
        prompt, negative = "", head[len(_NEGATIVE) :]
    else:
        prompt, _, negative = head.partition("\n" + _NEGATIVE)
    return ForeignText(prompt.strip(), negative.strip(), settings)


def _settings_start(text: str) -> int:
    """Where the last line begins that starts with "Steps:"; a prompt may hold such words as well."""
    if (place := text.rfind("\n" + _STEPS)) >= 0:
        return place + 1
    return 0 if text.startswith(_STEPS) else -1


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """`name: value` pairs with commas between them; a value in quotes may hold commas, colons and escapes."""
    at, end, count = 0, len(text), 0
    while at < end and count < 200:
        colon = text.find(":", at)
        if colon < 0:
            return
        name = text[at:colon].strip(" \n,").lower()
        at = colon + 1
        while at < end and text[at] == " ":
            at += 1
        if at < end and text[at] == '"':
            value, at = _in_quotes(text, at)
            comma = text.find(",", at)
        else:
            comma = text.find(",", at)
            value = text[at : comma if comma >= 0 else end].strip()
        if name:
            yield name, value
        count += 1
        if comma < 0:
            return
        at = comma + 1


def _in_quotes(text: str, at: int) -> tuple[str, int]:
    """The value that opens with the quote at `at`, and the place behind its end."""
    parts: list[str] = []
    at += 1
    while at < len(text):
        mark = text[at]
        if mark == '"':
            return "".join(parts), at + 1
        if mark == "\\" and at + 1 < len(text):
            at += 1
            mark = {"n": "\n", "t": "\t"}.get(text[at], text[at])
        parts.append(mark)
        at += 1
    return "".join(parts), at
