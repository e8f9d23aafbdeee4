"""How artifacts and requests are put into words: prompts, models, params, dates and sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QDateTime, QLocale

from studio.core.artifact import Artifact
from studio.core.media import kind
from studio.core.params import ParamSpec, describe
from studio.core.request import Request
from studio.core.specs import GeneratorSpec
from studio.engine import PluginHost
from studio.widgets.text import soften

KINDS = {"image": "Picture", "text": "Text", "audio": "Music", "video": "Video", "model": "3D model"}

FORMATS = {"text/plain": "Text", "text/markdown": "Markdown", "application/json": "Data"}
"""Formats whose name in the media type is no word for people."""


def format_of(media: str) -> str:
    """The format of a file as people call it: PNG, Markdown, Code (Python)."""
    known = FORMATS.get(media)
    if known:
        return known
    sort, _, rest = media.partition("/")
    rest = rest.removeprefix("x-").removeprefix("vnd.studio.")
    return f"Code ({rest.capitalize()})" if sort == "text" else rest.upper()


def spec_of(request: Request, plugins: PluginHost) -> GeneratorSpec | None:
    """The generator a request is for, or None where its plugin is not here."""
    offer = plugins.generators().get(request.generator)
    return offer.spec if offer is not None and isinstance(offer.spec, GeneratorSpec) else None


def fields_of(request: Request, plugins: PluginHost) -> tuple[ParamSpec, ...]:
    """The params a request's generator declares; () where its plugin is not here."""
    spec = spec_of(request, plugins)
    return () if spec is None else describe(spec.params)


def prompt_of(request: Request, plugins: PluginHost, role: str = "prompt") -> str:
    """What was asked for in words ("" where nothing was); `role` may be "negative prompt"."""
    for spec in fields_of(request, plugins):
        if spec.role == role:
            return str(request.params.get(spec.name, ""))
    return str(request.params.get(role.replace(" ", "_"), ""))


def param_rows(request: Request, plugins: PluginHost) -> list[tuple[str, str]]:
    """The params of a request as (label, value): without those that have a place of their own, those for an input it
    does not have, and the rarer ones that are as always.
    """
    apart = ("prompt", "negative prompt", "seed", "width", "height")
    specs = {spec.name: spec for spec in fields_of(request, plugins)}
    rows = []
    for name, value in request.params.items():
        spec = specs.get(name)
        if (spec and (spec.role in apart or spec.level == "hidden")) or (not spec and name in apart):
            continue
        if spec and ((spec.level == "advanced" and value == spec.default) or (spec.group and not request.inputs)):
            continue
        rows.append((spec.label if spec else name.replace("_", " ").capitalize(), value_text(value, spec)))
    return rows


def value_text(value: Any, spec: ParamSpec | None = None) -> str:
    """One value as a person writes it, with its unit."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if spec is not None:
        for choice in spec.choices:
            if choice.value == value:
                return choice.label
        if isinstance(value, float):
            number = f"{value:.{spec.decimals}f}"
            return f"{number} {spec.unit}".strip()
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return soften(f"{text} {spec.unit}".strip() if spec else text, 300)


def size_text(facts: Mapping[str, Any], params: Mapping[str, Any] | None = None) -> str:
    """ "512 × 512" from what is known of a picture, or ""."""
    for source in (facts, params or {}):
        width, height = source.get("width"), source.get("height")
        if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
            return f"{width} × {height}"
    return ""


def added_text(request: Request) -> str:
    """What was laid over the model, and how strongly: "ink 0.7, moss"."""
    names = ((item.model.name or item.model.id, item.weight) for item in request.added)
    return ", ".join(name if weight == 1 else f"{name} {weight:g}" for name, weight in names)


def seed_text(seed: int) -> str:
    """A seed in groups of three digits with narrow spaces, as on the seed field."""
    return f"{seed:,}".replace(",", "\u202f")


def date_text(seconds: float) -> str:
    """A date as this system writes it, or "" for an unknown one."""
    if seconds <= 0:
        return ""
    moment, system = QDateTime.fromSecsSinceEpoch(int(seconds)), QLocale.system()
    if system.language() == QLocale.Language.C:  # no country chosen: its short form is "21 11 2026"
        return moment.toString("yyyy-MM-dd HH:mm")
    return system.toString(moment, QLocale.FormatType.ShortFormat)


def title_of(artifact: Artifact) -> str:
    """What an artifact is called: its title, or what it is."""
    return soften(artifact.title, 120) or KINDS.get(kind(artifact.media), "Result")
