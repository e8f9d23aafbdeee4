"""Typed parameters: a frozen dataclass whose fields know their label, range and unit.

One declaration serves everybody: the inspector makes its form from it, the command line its options, the engine
checks requests with it, and a recipe is read back through it.

    @dataclass(frozen=True)
    class Params:
        steps: int = param(20, label="Steps", minimum=1, maximum=150, help="More steps, more detail, more time.")
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Any, Literal, TypeVar

from studio.core.errors import StudioError
from studio.core.values import frozen

Kind = Literal["integer", "number", "boolean", "text", "choice"]
Role = Literal["", "prompt", "negative prompt", "seed", "width", "height", "folder", "file", "picture", "sound"]
Level = Literal["basic", "advanced", "hidden"]

T = TypeVar("T")
_KEY = "studio"


@frozen
class Choice:
    """One value of a choice field: the stored `value`, and what a person reads."""

    value: str
    label: str
    help: str = ""


@frozen
class ParamSpec:
    """All that a form, a command line or a validator needs to know of one field.

    `minimum`/`maximum` are hard limits. `slider` is the sensible range a slider offers, inside the limits.
    `decimals` is the number of digits after the point to show; `multiple` demands a multiple of that integer.
    `unset` is what a form says for the smallest number or an empty text where that means something of its own
    ("Automatic", "No limit").
    `role` marks fields which the window gives a place of their own (prompt, seed, width ...). A "picture" is the path
    of a picture file, which the window also offers from its library, a "sound" that of a sound file.
    """

    name: str
    kind: Kind
    default: Any
    label: str
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    slider: tuple[float, float] | None = None
    step: float | None = None
    decimals: int = 2
    multiple: int = 1
    unit: str = ""
    unset: str = ""
    choices: tuple[Choice, ...] = ()
    level: Level = "basic"
    group: str = ""
    role: Role = ""
    multiline: bool = False
    max_length: int = 20_000


def param(
    default: Any,
    *,
    label: str,
    help: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    slider: tuple[float, float] | None = None,
    step: float | None = None,
    decimals: int = 2,
    multiple: int = 1,
    unit: str = "",
    unset: str = "",
    choices: Sequence[Choice | tuple[str, str]] = (),
    level: Level = "basic",
    group: str = "",
    role: Role = "",
    multiline: bool = False,
    max_length: int = 20_000,
) -> Any:
    """A dataclass field with everything of ParamSpec but the name and the kind, which come from the annotation."""
    extra = {
        "label": label,
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "slider": slider,
        "step": step,
        "decimals": decimals,
        "multiple": multiple,
        "unit": unit,
        "unset": unset,
        "choices": tuple(item if isinstance(item, Choice) else Choice(*item) for item in choices),
        "level": level,
        "group": group,
        "role": role,
        "multiline": multiline,
        "max_length": max_length,
    }
    return field(default=default, metadata={_KEY: extra})


def describe(params: type) -> tuple[ParamSpec, ...]:
    """The fields of a params dataclass in their order. Raises TypeError for an annotation no form can show.

    Allowed annotations: int, float, bool, str. A str with choices is a choice field.
    """
    return _describe(params)


@lru_cache(maxsize=256)
def _describe(params: Hashable) -> tuple[ParamSpec, ...]:
    assert isinstance(params, type)
    if not dataclasses.is_dataclass(params):
        raise TypeError(f"{params.__name__} is not a dataclass")
    hints = typing.get_type_hints(params)
    specs = []
    for item in dataclasses.fields(params):
        extra = dict(item.metadata.get(_KEY, {}))
        extra.setdefault("label", item.name.replace("_", " ").capitalize())
        specs.append(
            ParamSpec(
                name=item.name,
                kind=_kind(params, item.name, hints[item.name], extra),
                default=item.default,
                **extra,
            )
        )
    return tuple(specs)


def _kind(params: type, name: str, hint: Any, extra: Mapping[str, Any]) -> Kind:
    if isinstance(hint, types.UnionType):
        raise TypeError(f"{params.__name__}.{name}: union types have no form field")
    kinds: dict[Any, Kind] = {bool: "boolean", int: "integer", float: "number", str: "text"}
    if hint not in kinds:
        raise TypeError(f"{params.__name__}.{name}: {hint} has no form field; use int, float, bool or str")
    if extra.get("choices"):
        return "choice"
    return kinds[hint]


def check(spec: ParamSpec, value: Any) -> Any:
    """`value` converted to the field's own type, or a StudioError that names the field and its range."""
    if spec.kind == "boolean":
        if isinstance(value, bool):
            return value
        raise StudioError(f"{spec.label} must be on or off, not {value!r}.")
    if spec.kind == "choice":
        if value in {choice.value for choice in spec.choices}:
            return value
        known = ", ".join(choice.value for choice in spec.choices)
        raise StudioError(f"{spec.label}: there is no {str(value)[:60]!r}.", f"Choose one of: {known}.")
    if spec.kind == "text":
        if not isinstance(value, str):
            raise StudioError(f"{spec.label} must be text.")
        if len(value) > spec.max_length:
            raise StudioError(
                f"{spec.label} is too long ({len(value):,} characters).",
                f"Keep it under {spec.max_length:,}.",
            )
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise StudioError(f"{spec.label} must be a number, not {str(value)[:60]!r}.")
    if spec.kind == "integer" and value != int(value):
        raise StudioError(f"{spec.label} must be a whole number, not {value}.")
    number = int(value) if spec.kind == "integer" else float(value)
    if (spec.minimum is not None and number < spec.minimum) or (spec.maximum is not None and number > spec.maximum):
        raise StudioError(f"{spec.label} is {number:g}.", f"It can be from {spec.minimum:g} to {spec.maximum:g}.")
    if spec.multiple > 1 and number % spec.multiple:
        raise StudioError(f"{spec.label} is {number:g}.", f"It must be a multiple of {spec.multiple}.")
    return number


def parse(params: type[T], values: Mapping[str, Any]) -> T:
    """An instance of `params` from plain values; missing fields take their defaults.

    Raises StudioError for an unknown field or a value out of range: a request is never silently changed.
    """
    specs = {spec.name: spec for spec in describe(params)}
    unknown = sorted(set(values) - set(specs))
    if unknown:
        raise StudioError(f"There is no parameter called {unknown[0]!r}.", f"Known: {', '.join(specs)}.")
    return params(**{name: check(specs[name], value) for name, value in values.items()})


def salvage(params: type[T], values: Mapping[str, Any]) -> tuple[T, tuple[str, ...]]:
    """Like `parse`, but for values from elsewhere (an older version, a foreign file): what does not fit is left at
    its default and named in the second result.
    """
    specs = {spec.name: spec for spec in describe(params)}
    good: dict[str, Any] = {}
    bad: list[str] = []
    for name, value in values.items():
        try:
            good[name] = check(specs[name], value)
        except (KeyError, StudioError):
            bad.append(name)
    return params(**good), tuple(bad)


def values_of(params: Any) -> dict[str, Any]:
    """The fields of a params instance as plain values."""
    return {item.name: getattr(params, item.name) for item in dataclasses.fields(params)}
