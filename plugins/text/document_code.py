"""Source code: which words of each line have which part, by Pygments."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

LARGEST = 400_000
"""Characters that are coloured as a whole; beyond, each line is by itself."""
LANGUAGES = (
    ("python", "Python", ".py"),
    ("javascript", "JavaScript", ".js"),
    ("typescript", "TypeScript", ".ts"),
    ("rust", "Rust", ".rs"),
    ("c", "C", ".c"),
    ("cpp", "C++", ".cpp"),
    ("java", "Java", ".java"),
    ("go", "Go", ".go"),
    ("html", "HTML", ".html"),
    ("css", "CSS", ".css"),
    ("bash", "Shell", ".sh"),
    ("sql", "SQL", ".sql"),
    ("json", "JSON", ".json"),
    ("glsl", "GLSL", ".glsl"),
)
SUFFIXES = {name: suffix for name, _title, suffix in LANGUAGES}
_ROLES = (
    ("Comment", "hint"),
    ("Literal.String", "success"),
    ("Literal.Number", "warning"),
    ("Keyword", "accent"),
    ("Name.Function", "warning"),
    ("Name.Class", "warning"),
    ("Name.Decorator", "warning"),
    ("Name.Builtin", "accent_hover"),
    ("Name.Tag", "accent"),
    ("Name.Attribute", "warning"),
    ("Operator", "muted"),
    ("Punctuation", "muted"),
    ("Error", "danger"),
)
Colours = list[tuple[int, int, str]]


@lru_cache(maxsize=8)
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return get_lexer_by_name("text", stripnl=False, ensurenl=False)


def role_of(kind: str) -> str:
    """The colour of a kind of word ("Token.Keyword.Declaration"), or ""."""
    name = kind.removeprefix("Token.")
    return next((role for start, role in _ROLES if name.startswith(start)), "")


def coloured(text: str, language: str) -> list[Colours]:
    """For each line (start, length, role of the theme) of what has a colour."""
    lines: list[Colours] = [[]]
    place = 0
    for kind, words in _lexer(language).get_tokens(text):
        role = role_of(str(kind))
        for number, part in enumerate(words.split("\n")):
            if number:
                lines.append([])
                place = 0
            if part and role:
                last = lines[-1][-1] if lines[-1] else (0, 0, "")
                if last[2] == role and last[0] + last[1] == place:
                    lines[-1][-1] = (last[0], last[1] + len(part), role)
                else:
                    lines[-1].append((place, len(part), role))
            place += len(part)
    return lines


@lru_cache(maxsize=4096)
def line_alone(line: str, language: str) -> tuple[tuple[int, int, str], ...]:
    """The same for one line that nobody has seen in its place yet."""
    return tuple(coloured(line, language)[0])
