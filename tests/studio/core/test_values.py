"""Values: as frozen dataclasses with slots are, in everything that anybody can ask of them."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from studio.core.errors import Problem
from studio.core.values import frozen


@frozen
class Point:
    """A place."""

    x: int
    y: int = 2
    tags: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)
    seen: int = field(default=0, repr=False, hash=False)
    sum: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sum", self.x + self.y)


@frozen
class Far(Point):
    """A place that is far away."""

    miles: float = 1.0


@frozen
class Nothing:
    """Nothing to say."""


@frozen
class Named:
    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and other.name.casefold() == self.name.casefold()

    def __hash__(self) -> int:
        return hash(self.name.casefold())

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Standard:
    x: int
    y: int = 2
    facts: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Alike:
    x: int
    y: int = 2
    facts: Mapping[str, Any] = field(default_factory=dict)


def test_arguments_defaults_and_what_follows_from_them() -> None:
    point = Point(1)
    assert (point.x, point.y, point.tags, point.facts, point.sum) == (1, 2, (), {}, 3)
    assert Point(1, y=5, tags=("a",)).sum == 6
    assert Point(1).facts is not Point(1).facts
    assert Far(1, miles=3).miles == 3
    assert Far(1).sum == 3
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point(1, z=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point(1, sum=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="'x'"):
        Point(1, x=3)  # type: ignore[misc]
    with pytest.raises(TypeError, match="takes 5 arguments, not 6"):
        Point(1, 2, (), {}, 0, 6)  # type: ignore[call-arg]


def test_nothing_of_it_can_be_changed() -> None:
    point = Far(1)
    for name in ("x", "miles", "other"):
        with pytest.raises(FrozenInstanceError):
            setattr(point, name, 3)
    with pytest.raises(FrozenInstanceError):
        del point.x  # type: ignore[misc]
    assert not hasattr(point, "__dict__")


def test_equal_values_are_equal_and_hash_alike() -> None:
    assert Point(1) == Point(1, 2, facts={"a": 1})
    assert Point(1) != Point(2)
    assert Point(1) != Far(1)
    assert Point(1) != (1, 2, ())
    assert Point(1, seen=1) != Point(1)
    assert hash(Point(1, seen=1)) == hash(Point(1))
    assert {Nothing(), Nothing()} == {Nothing()}
    assert Named("A") == Named("a")
    assert repr(Named("A")) == "A"
    assert len({Named("A"), Named("a")}) == 1


def test_copies_and_changed_copies() -> None:
    point = Far(1, tags=("a",), facts={"b": [1]}, miles=4)
    assert replace(point, y=7) == Far(1, 7, ("a",), miles=4)
    assert copy.copy(point) == point
    deep = copy.deepcopy(point)
    assert deep == point
    assert deep.facts == point.facts
    assert deep.facts is not point.facts
    assert copy.deepcopy(Problem("a", "b")) == Problem("a", "b")


def test_it_is_a_dataclass_to_everybody_who_asks() -> None:
    assert is_dataclass(Alike)
    assert [part.name for part in fields(Alike)] == [part.name for part in fields(Standard)]
    assert str(inspect.signature(Alike)) == str(inspect.signature(Standard))
    assert repr(Alike(1)) == repr(Standard(1)).replace("Standard", "Alike")
    assert Alike.__match_args__ == Standard.__match_args__
    assert repr(Point(1)) == "Point(x=1, y=2, tags=(), facts={}, sum=3)"
    assert Named.__doc__ is not None
