"""Comparing a result with what its recipe gives when it is run again, and naming what is different now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.artifact import Output
from studio.core.recipe import Recipe
from studio.core.verdict import Answer, Ingredient, Verdict
from studio.engine.comparing import compared

_NAMES = {
    "studio": "Studio",
    "generator": "generator",
    "python": "Python",
    "platform": "system",
    "threads": "threads",
    "dtype": "precision",
}


def verdict(recipe: Recipe, kind: str, data: bytes, made: Sequence[Output]) -> Verdict:
    """`data` is the file that is looked into, of media type `kind`, with its recipe; `made` is what came of it now."""
    if not made:
        return Verdict(Answer.DIFFERENT, "nothing came of it")
    found = [compared(kind, data, output.media, output.data) for output in made]
    answer, detail, psnr = min(found, key=lambda one: list(Answer).index(one[0]))
    return Verdict(answer, detail, psnr, ingredients(recipe.used, made[0].recipe.used))


def ingredients(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Ingredient, ...]:
    """What a recipe says was used and is another now; what only one of the two knows is left out."""
    before, after = _flat(then), _flat(now)
    return tuple(
        Ingredient(name, before[name], after[name]) for name in before if name in after and before[name] != after[name]
    )


def _flat(used: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in used.items():
        if key == "model" and isinstance(value, Mapping):
            if value.get("sha256"):
                found["model"] = f"{value.get('name') or value.get('id') or ''} ({str(value['sha256'])[:12]})".strip()
        elif key == "plugin" and isinstance(value, Mapping):
            found[f"{value.get('id', '')} plugin".strip()] = str(value.get("version", ""))
        elif key == "loras" and isinstance(value, (list, tuple)):
            found["LoRAs"] = ", ".join(sorted(_lora(item) for item in value)) or "none"
        elif isinstance(value, (str, int, float)) and key != "continued_after_step":
            found[_NAMES.get(key, key)] = str(value)
    return found


def _lora(item: Any) -> str:
    return str(item.get("sha256", ""))[:12] if isinstance(item, Mapping) else str(item)
