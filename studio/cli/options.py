"""The options of `studio generate`, made from a generator's params dataclass: the one declaration serves here too."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.params import ParamSpec, check, describe
from studio.core.request import SEED_LIMIT
from studio.core.specs import GeneratorSpec

_SET = "param_"


def add_params(parser: argparse.ArgumentParser, spec: GeneratorSpec) -> None:
    """One option for every field; its help carries the range and the default."""
    groups: dict[str, Any] = {}
    for field in describe(spec.params):
        title = field.group or ("more settings" if field.level != "basic" else "settings")
        group = groups.setdefault(title, None) or parser.add_argument_group(title.lower())
        groups[title] = group
        _add(group, field)


def _add(group: Any, field: ParamSpec) -> None:
    flag = "--" + field.name.replace("_", "-")
    text = _help(field).replace("%", "%%")
    options: dict[str, Any] = {"dest": _SET + field.name, "default": None, "help": text}
    if field.kind == "boolean":
        group.add_argument(flag, action=argparse.BooleanOptionalAction, **options)
    else:
        word = "|".join(choice.value for choice in field.choices) if field.kind == "choice" else _metavar(field)
        group.add_argument(flag, metavar=word, type=_reader(field), **options)


def _metavar(field: ParamSpec) -> str:
    return {"integer": "N", "number": "X"}.get(field.kind, "TEXT")


def _help(field: ParamSpec) -> str:
    facts = []
    if field.kind in ("integer", "number") and field.minimum is not None and field.maximum is not None:
        unit = f" {field.unit}" if field.unit else ""
        facts.append(f"{field.minimum:g} to {field.maximum:g}{unit}")
        if field.multiple > 1:
            facts.append(f"a multiple of {field.multiple}")
    if field.default not in ("", None):
        default = {True: "on", False: "off"}.get(field.default, field.default) if field.kind == "boolean" else None
        facts.append(f"default {field.default if default is None else default}")
    return f"{field.label}. {field.help}" + (f" ({', '.join(facts)})" if facts else "")


def _reader(field: ParamSpec) -> Any:
    """Read a value from its text; argparse turns the error into its own, with exit code 2."""

    def read(text: str) -> Any:
        try:
            return check(field, _typed(field, text))
        except StudioError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{field.label} must be a number, not {text[:60]!r}") from error

    return read


def _typed(field: ParamSpec, text: str) -> Any:
    if field.kind == "integer":
        return int(text)
    if field.kind == "number":
        return float(text)
    if field.kind == "boolean":
        words = {
            "on": True,
            "true": True,
            "yes": True,
            "1": True,
            "off": False,
            "false": False,
            "no": False,
            "0": False,
        }
        if text.lower() not in words:
            raise StudioError(f"{field.label} must be on or off, not {text[:60]!r}.")
        return words[text.lower()]
    return text


def gathered(given: argparse.Namespace, spec: GeneratorSpec) -> dict[str, Any]:
    """The params that were given, by options or by --set NAME=VALUE (which wins). Raises StudioError."""
    values = {
        name.removeprefix(_SET): value
        for name, value in vars(given).items()
        if name.startswith(_SET) and value is not None
    }
    fields = {field.name: field for field in describe(spec.params)}
    for item in given.set or ():
        name, found, text = item.partition("=")
        field = fields.get(name.strip().replace("-", "_"))
        if not found or field is None:
            raise StudioError(f"--set {item[:60]!r} is not NAME=VALUE.", f"Known names: {', '.join(fields)}.")
        try:
            values[field.name] = check(field, _typed(field, text))
        except ValueError as error:
            raise StudioError(f"{field.label} must be a number, not {text[:60]!r}.") from error
    return values


def seed(text: str) -> int:
    """A seed from its text, for argparse."""
    if not (text.isascii() and text.isdigit()) or int(text) >= SEED_LIMIT:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to {SEED_LIMIT - 1}, not {text[:40]!r}")
    return int(text)


def count(text: str) -> int:
    """How many results, for argparse."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"a count is from 1 to 1000, not {text[:40]!r}")
    return int(text)


def inputs(items: list[str], spec: GeneratorSpec) -> Mapping[str, Path]:
    """Files by the name of their part: `FILE` for the generator's first input, `NAME=FILE` for any. Raises
    StudioError.
    """
    known = [name for name, _ in spec.inputs]
    found: dict[str, Path] = {}
    for item in items:
        name, sign, rest = item.partition("=")
        if sign and name in known:
            found[name] = Path(rest)
        elif known:
            found[known[0]] = Path(item)
        else:
            raise StudioError(f"{spec.title} takes no input.", "Leave --input out.")
    for path in found.values():
        if not path.is_file():
            raise StudioError(f"There is no file {path}.", "Look at how it is spelled.")
    return found
