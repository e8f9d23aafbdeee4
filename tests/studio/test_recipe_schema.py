"""The JSON Schema in the docs is what recipes really look like. Checked with as much of JSON Schema as it uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.core.recipe import Passage, Recipe
from studio.core.request import AddedModel, Input, ModelRef, Request, ResumePoint

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "recipe.schema.json").read_text("utf-8"))
KINDS: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "type", "required", "properties", "items", "const", "enum",
    "anyOf", "pattern", "minimum", "maximum",
}  # fmt: skip


def problems(value: Any, schema: dict[str, Any] = SCHEMA, at: str = "recipe") -> Iterator[str]:
    """What does not fit the schema."""
    assert schema.keys() <= KNOWN, f"the check knows nothing of {schema.keys() - KNOWN}"
    if "$ref" in schema:
        yield from problems(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], at)
    if "const" in schema and value != schema["const"]:
        yield f"{at} is {value!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is {value!r}"
    if "anyOf" in schema and all(list(problems(value, option, at)) for option in schema["anyOf"]):
        yield f"{at} fits nothing of {schema['anyOf']}"
    if "type" in schema and (not isinstance(value, KINDS[schema["type"]]) or isinstance(value, bool)):
        yield f"{at} is no {schema['type']}"
        return
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at} is {value!r}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{at} is {value}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{at} is {value}"
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at}.{name} is missing"
    for name, part in schema.get("properties", {}).items():
        if name in value:
            yield from problems(value[name], part, f"{at}.{name}")
    if "items" in schema:
        for number, item in enumerate(value):
            yield from problems(item, schema["items"], f"{at}[{number}]")


def branch() -> Recipe:
    first = Request(
        "image.diffusion",
        {"prompt": "a castle", "steps": 20},
        7,
        ModelRef("starter/pictures", "Starter pictures", "ab" * 32),
        (Input("image", "image/png", "cd" * 32),),
    )
    over = AddedModel(ModelRef("models/loras/ink.safetensors", "ink", "12" * 32), 0.7)
    second = replace(first, seed=8, resume=ResumePoint("e" * 32, 11), added=(over,))
    used = {"studio": "0.1.0", "threads": 2, "loras": [{"sha256": "12" * 32, "weight": 0.7}], "more": {"x": 1}}
    return Recipe(second, used, ("cd" * 32,), lineage=(Passage("e" * 32, first),))


@pytest.mark.parametrize(
    "recipe", [branch(), Recipe(Request("tokens.text")), Recipe(branch().request, state="partial")]
)
def test_recipes_fit_the_schema_and_come_back_as_they_were(recipe: Recipe) -> None:
    data = json.loads(recipe.text())
    assert list(problems(data)) == []
    assert Recipe.from_json(data) == recipe


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"format": 2}, "format"),
        ({"request": {}}, "generator is missing"),
        ({"request": {"generator": "Image"}}, "generator"),
        ({"request": {"generator": "a.b", "seed": -1}}, "seed"),
        ({"request": {"generator": "a.b", "seed": 2**32}}, "seed"),
        ({"request": {"generator": "a.b", "model": {"id": "x", "sha256": "AB"}}}, "model"),
        ({"request": {"generator": "a.b", "resume": {"steps": "x"}}}, "resume"),
        ({"lineage": [{"steps": "x"}]}, r"lineage\[0\].request is missing"),
        ({"parents": ["x"]}, r"parents\[0\]"),
        ({"state": "half"}, "state"),
        ({"used": {"threads": "two"}}, "threads"),
        ({"used": {"loras": [{"name": "x"}]}}, "sha256 is missing"),
    ],
)
def test_the_schema_refuses_what_is_no_recipe(change: dict[str, Any], word: str) -> None:
    found = list(problems({**branch().to_json(), **change}))
    assert any(re.search(word, problem) for problem in found), found


def test_the_schema_names_every_field() -> None:
    data = branch().to_json()
    assert set(SCHEMA["properties"]) == set(data)
    assert set(SCHEMA["$defs"]["request"]["properties"]) == set(data["request"])
