"""Documentation that cannot rot: the plugin API page is made from the docstrings, and every link is looked at.

`--check` changes nothing and fails where the page is out of date, a link leads nowhere or an example does not compile.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any

from studio import api
from studio.api import hookspecs
from studio.core.specs import PERMISSIONS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "plugin-api.md"

INTRODUCTION = """# The plugin API

Made from the docstrings by `python3 dev.py docs`; edit those, not this page. How to write a plugin, step by step, is
told in [plugins.md](plugins.md).

Everything a plugin may use from Studio is in `studio.api` (this page), `studio.widgets` (Qt parts for panels),
`studio.inference` (torch parts for generators) and `studio.testing` (fakes for its tests). All else is private.
"""


def page() -> str:
    """The whole page as text."""
    parts = [INTRODUCTION, f"API version **{api.API_VERSION}**. {_first_note('API_VERSION')}\n"]
    parts.append("## Hooks\n\nImplement them with `@hookimpl` in `hooks.py`. Each returns a sequence.\n")
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction):
        if name.startswith("studio_"):
            kind = str(inspect.signature(function).return_annotation).removeprefix("Sequence[").removesuffix("]")
            parts.append(f"- `{name}()` → `{kind}`: {_doc(function)}")
    parts.append("\n## Permissions\n\nWords for `permissions` in `plugin.toml`; the person is asked for them.\n")
    parts += [f"- `{word}`: {meaning}" for word, meaning in PERMISSIONS.items()]
    parts.append("\n## Names\n")
    for name in sorted(api.__all__, key=str.lower):
        parts.append(_entry(name, getattr(api, name)))
    return "\n".join(parts).rstrip() + "\n"


def _entry(name: str, value: Any) -> str:
    if name == "API_VERSION" or name == "hookimpl":
        return ""
    if inspect.ismodule(value):
        return _module(name, value)
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return f"### `{name}`\n\n`{_typed(value)}`\n"
    lines = [f"### `{name}`\n", _doc(value), ""]
    if inspect.isfunction(value):
        lines[0] = f"### `{name}`\n\n```python\n{_signature(name, value)}\n```\n"
    elif issubclass(value, Enum):
        lines += [f"- `{item.name}` = `{item.value!r}`" for item in value]
    elif dataclasses.is_dataclass(value):
        lines += [f"- `{_field(item)}`" for item in dataclasses.fields(value)]
    lines += list(_members(value)) if inspect.isclass(value) else []
    return "\n".join(lines).rstrip() + "\n"


def _members(kind: type) -> Iterator[str]:
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"- `{name}` (property): {_doc(member)}"
        elif isinstance(member, classmethod):
            yield f"- `{_signature(name, member.__func__)}`: {_doc(member.__func__)}"
        elif inspect.isfunction(member):
            yield f"- `{_signature(name, member)}`: {_doc(member)}"


def _module(name: str, module: Any) -> str:
    lines = [f"### `{name}`\n", _doc(module), ""]
    constants = {key: value for key, value in vars(module).items() if key.isupper() and isinstance(value, str)}
    lines += [f"- `{key}` = `{value!r}`" for key, value in constants.items() if not key.startswith("_")]
    functions = inspect.getmembers(module, inspect.isfunction)
    lines += [
        f"- `{_signature(key, value)}`: {_doc(value)}"
        for key, value in functions
        if value.__module__ == module.__name__ and not key.startswith("_")
    ]
    return "\n".join(lines) + "\n"


def _field(item: dataclasses.Field[Any]) -> str:
    text = f"{item.name}: {item.type}"
    if item.default is not dataclasses.MISSING:
        return f"{text} = {item.default!r}"
    return text


def _signature(name: str, function: Any) -> str:
    return name + re.sub(r"'([^']*)'", r"\1", str(inspect.signature(function)))


def _typed(value: Any) -> str:
    return re.sub(r"studio\.core\.\w+\.", "", str(value))


def _doc(value: Any) -> str:
    text = inspect.getdoc(value)
    if not text:
        raise SystemExit(f"{value!r} is public and has no docstring")
    return text


def _first_note(name: str) -> str:
    """The string that stands below a constant in studio/api/__init__.py."""
    body = ast.parse(Path(inspect.getfile(api)).read_text("utf-8")).body
    for statement, following in pairwise(body):
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return ast.literal_eval(following.value) if isinstance(following, ast.Expr) else ""
    return ""


# --- looking at what is written --------------------------------------------------------------------------------------


def _pages() -> Iterator[Path]:
    for path in ROOT.rglob("*.md"):
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts):
            yield path


def _anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def broken_links(path: Path) -> Iterator[str]:
    """Links of a page to files and headings of this project that are not there."""
    text = path.read_text("utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    for target in re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name) if name else path
        if not file.exists():
            yield f"{path.relative_to(ROOT)}: there is no {target}"
        elif anchor and anchor not in _anchors(file.read_text("utf-8")):
            yield f"{path.relative_to(ROOT)}: there is no heading {target}"


def broken_examples(path: Path) -> Iterator[str]:
    """Python examples that do not even compile."""
    for code in re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.S | re.M):
        if path == PAGE:
            continue  # signatures, not programs
        try:
            ast.parse(code)
        except SyntaxError as error:
            yield f"{path.relative_to(ROOT)}: an example does not compile: {error}"


def main(arguments: list[str]) -> int:
    """Write the page, or check it; 1 where something is wrong."""
    problems = []
    if "--check" in arguments:
        if not PAGE.exists() or PAGE.read_text("utf-8") != page():
            problems.append("docs/plugin-api.md is out of date: run python3 dev.py docs")
    else:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(), "utf-8", newline="\n")
    for path in _pages():
        problems += [*broken_links(path), *broken_examples(path)]
    print("\n".join(problems) or "documentation: every link leads somewhere")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
