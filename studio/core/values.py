"""Values: dataclasses that cannot be changed, made in a quarter of the time that the standard decorator takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


class _Made:
    """Stands for what a `default_factory` will make."""

    def __repr__(self) -> str:
        return "<factory>"


_MADE = _Made()


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """The same as `@dataclass(frozen=True, slots=True)`, for classes that are needed on the way to the window.

    The standard decorator writes and compiles seven functions for each class: 0.4 ms, and a start makes 130 classes.
    Here only `__init__` is compiled. Values inherit from values only, and every argument may be given by its place.
    """
    if cls.__doc__ is None:
        cls.__doc__ = cls.__name__  # else dataclasses makes one of the signature, which takes longer than all this
    own = vars(cls)
    own_hash = own.get("__hash__")  # a class with an __eq__ of its own gets None there
    kept = {name for name in ("__repr__", "__eq__", "__init__") if name in own}
    made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    for name, method in _methods(made).items():
        if name not in kept and not (name == "__hash__" and own_hash is not None):
            method.__qualname__ = f"{made.__qualname__}.{name}"
            setattr(made, name, method)
    return made


def _methods(cls: type[Any]) -> dict[str, Callable[..., Any]]:
    parts = fields(cls)
    names = tuple(part.name for part in parts)
    shown = tuple(part.name for part in parts if part.repr)
    compared = _reader([part.name for part in parts if part.compare])
    hashed = _reader([part.name for part in parts if (part.compare if part.hash is None else part.hash)])
    put = {name: getattr(cls, name).__set__ for name in names}

    def __repr__(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self is other or bool(compared(self) == compared(other))

    def __hash__(self: Any) -> int:
        return hash(hashed(self))

    def __setattr__(self: Any, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self: Any, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __getstate__(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    def __setstate__(self: Any, state: list[Any]) -> None:
        for name, kept in zip(names, state, strict=True):
            put[name](self, kept)

    methods = (__repr__, __eq__, __hash__, __setattr__, __delattr__, __getstate__, __setstate__, _init(cls, parts, put))
    return {method.__name__: method for method in methods}


def _reader(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _value: ()


def _init(cls: type[Any], parts: tuple[Field[Any], ...], put: dict[str, Any]) -> Callable[..., None]:
    known: dict[str, Any] = {"_MADE": _MADE}
    arguments, lines = [], []
    for part in parts:
        name, given = part.name, part.name
        known[f"_set_{name}"] = put[name]
        if part.default is not MISSING:
            known[f"_default_{name}"] = part.default
            given = name if part.init else f"_default_{name}"
            arguments += [f"{name}=_default_{name}"] if part.init else []
        elif part.default_factory is not MISSING:
            known[f"_make_{name}"] = part.default_factory
            given = f"_make_{name}() if {name} is _MADE else {name}" if part.init else f"_make_{name}()"
            arguments += [f"{name}=_MADE"] if part.init else []
        elif part.init:
            arguments.append(name)
        else:
            continue  # __post_init__ fills it
        lines.append(f" _set_{name}(self, {given})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    body = "\n".join(lines) or " pass"
    exec(f"def __init__(self, {', '.join(arguments)}):\n{body}", known)
    init: Callable[..., None] = known["__init__"]
    init.__annotations__ = {part.name: part.type for part in parts if part.init} | {"return": None}
    init.__module__ = cls.__module__
    return init
