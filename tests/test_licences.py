"""THIRD_PARTY.md names every package that Studio runs with, and none of them would change Studio's own licence."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def packages(wanted: list[str]) -> set[str]:
    """The names of `wanted` and of everything they need on this system."""
    found: set[str] = set()
    queue = [Requirement(text) for text in wanted]
    while queue:
        requirement = queue.pop()
        name = requirement.name.lower().replace("_", "-")
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        queue += [Requirement(text) for text in importlib.metadata.requires(requirement.name) or []]
    return found


def table() -> dict[str, str]:
    rows = re.findall(r"^\| ([\w.-]+) \| (.+) \|$", (ROOT / "THIRD_PARTY.md").read_text("utf-8"), re.M)
    return {name.lower().replace("_", "-"): licence for name, licence in rows}


def test_every_package_is_named_with_its_licence() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    here = packages([*project["dependencies"], *project["optional-dependencies"]["dev"]])
    # CUDA libraries and triton come with some builds of torch; the page speaks of them in words.
    unnamed = {name for name in here - set(table()) if not name.startswith(("nvidia-", "cuda-", "triton"))}
    assert not unnamed, f"add to THIRD_PARTY.md: {sorted(unnamed)}"


def test_nothing_is_gpl_only() -> None:
    wrong = {name: licence for name, licence in table().items() if "GPL" in licence.replace("LGPL", "")}
    assert not wrong


def test_constraints_pin_every_package_that_is_here() -> None:
    text = (ROOT / "constraints.txt").read_text("utf-8")
    pinned = {
        name.lower().replace("_", "-"): version for name, version in re.findall(r"^([\w.-]+)==(\S+)$", text, re.M)
    }
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    for name in packages([*project["dependencies"], *project["optional-dependencies"]["dev"]]):
        if name.startswith(("nvidia-", "cuda-", "triton")):
            continue  # pinned by torch itself
        version = importlib.metadata.version(name).partition("+")[0]
        assert pinned.get(name) == version, f"{name} {version} is installed, constraints.txt says {pinned.get(name)}"
