"""How lists are spelled in a field that holds one text.

A field of a form is one number, switch or text. A list is a text with one entry per line, in which a line break inside
an entry is spelled \\n and a backslash \\\\; a list of records is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from studio.api import StudioError

SAMPLERS = (
    "penalties",
    "dry",
    "top_n_sigma",
    "top_k",
    "typical_p",
    "top_p",
    "min_p",
    "xtc",
    "temperature",
)
"""The order in which samplers look at a token's probabilities, unless `order` says another one. `temperature` is also
the dynamic one; mirostat, when on, comes last and replaces what cuts the tail off."""


def lines(text: str) -> tuple[str, ...]:
    """The entries of a list that is spelled one per line; empty lines are no entries."""
    return tuple(_unescaped(line) for line in text.split("\n") if line)


def as_lines(entries: Iterable[str]) -> str:
    """The opposite of `lines`."""
    return "\n".join(
        entry.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        for entry in entries
        if entry
    )


def _unescaped(line: str) -> str:
    known = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    out, place = [], 0
    while place < len(line):
        letter = line[place]
        following = line[place + 1 : place + 2]
        if letter == "\\" and following in known and following:
            out.append(known[following])
            place += 2
        else:
            out.append(letter)
            place += 1
    return "".join(out)


def biases(text: str) -> tuple[tuple[str, float], ...]:
    """`logit_bias` as (text, bias) pairs; the spelling is one "text = number" per line. Raises StudioError."""
    pairs = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        words, sign, number = line.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = float("nan")
        if not sign or not -100 <= value <= 100:
            raise StudioError(f"Word bias: “{line[:60]}” is not understood.", "Write one per line: night = 2.5")
        pairs.append((_unescaped(words.removesuffix(" ")), value))
    return tuple(pairs)


def as_biases(pairs: Iterable[tuple[str, float]]) -> str:
    """The opposite of `biases`."""
    return "\n".join(f"{as_lines((words,))} = {value:g}" for words, value in pairs)


def messages(text: str) -> tuple[dict[str, str], ...]:
    """A chat as ({"role": …, "content": …}, …) from its JSON. Raises StudioError."""
    if not text:
        return ()
    try:
        data = json.loads(text)
        return tuple({"role": str(item["role"]), "content": str(item["content"])} for item in data)
    except (ValueError, TypeError, KeyError) as error:
        raise StudioError("The conversation cannot be read.", "Start a new one.", details=str(error)) from error


def as_messages(chat: Sequence[Mapping[str, str]]) -> str:
    """The opposite of `messages`."""
    return json.dumps([{"role": item["role"], "content": item["content"]} for item in chat], ensure_ascii=False)


def sampler_order(text: str) -> tuple[str, ...]:
    """The samplers in the order that `order` gives, those it leaves out behind them. Raises StudioError."""
    names = tuple(text.replace(",", " ").split())
    unknown = [name for name in names if name not in SAMPLERS]
    if unknown or len(set(names)) != len(names):
        wrong = unknown[0] if unknown else next(name for name in names if names.count(name) > 1)
        raise StudioError(
            f"Order of samplers: “{wrong[:40]}” is not right.", f"Known, each once: {' '.join(SAMPLERS)}."
        )
    return (*names, *(name for name in SAMPLERS if name not in names))
