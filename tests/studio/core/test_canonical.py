"""Equal JSON values have one spelling and one hash, and frozen values cannot be changed."""

import math

import pytest

from studio.core.canonical import FrozenDict, canonical, digest, freeze, thaw


def test_spelling_ignores_key_order_and_container_types():
    assert canonical({"b": (1, 2), "a": "ü"}) == canonical({"a": "ü", "b": [1, 2]}) == '{"a":"ü","b":[1,2]}'


def test_digest_changes_with_any_value():
    assert len({digest({"a": value}) for value in (0, 1, "0", None, [], {}, False, 0.5)}) == 8


def test_frozen_values_refuse_changes_at_every_depth():
    frozen = freeze({"a": {"b": [1, {"c": 2}]}})
    with pytest.raises(TypeError):
        frozen["a"]["b"][1]["c"] = 3
    with pytest.raises(TypeError):
        frozen["new"] = 1


def test_freezing_copies():
    source = {"a": [1]}
    frozen = freeze(source)
    source["a"].append(2)
    assert thaw(frozen) == {"a": [1]}


def test_frozen_dicts_are_hashable_and_equal_to_plain_ones():
    assert FrozenDict({"a": 1}) == {"a": 1}
    assert hash(freeze({"a": [1], "b": 2})) == hash(freeze({"b": 2, "a": [1]}))


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, b"bytes", object()])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        freeze({"a": value})
