"""A conversation as a manuscript: each turn is a heading that names who speaks, and what is said stands below it."""

from __future__ import annotations

from .document_outline import heading, to_markdown

SPEAKERS = {"you": "user", "model": "assistant", "system": "system"}
YOU, MODEL = "### You", "### Model"


def turns(text: str) -> list[dict[str, str]]:
    """The turns up to here as messages. Text before the first heading is what the model is told about the whole; a
    model's turn that is still empty is left out: it is the one to be written.
    """
    found: list[tuple[str, list[str]]] = [("system", [])]
    for line in text.split("\n"):
        mark = heading(line)
        role = SPEAKERS.get(mark[1].strip().lower()) if mark is not None else None
        if role is not None:
            found.append((role, []))
        else:
            found[-1][1].append(line)
    said = [(role, to_markdown("\n".join(lines)).strip()) for role, lines in found]
    return [{"role": role, "content": words} for role, words in said if words]


def speaker(text: str) -> str:
    """Whose turn the end of a text belongs to: user, assistant, system."""
    role = "system"
    for line in text.split("\n"):
        mark = heading(line)
        if mark is not None:
            role = SPEAKERS.get(mark[1].strip().lower(), role)
    return role


def opening(text: str, caret: int) -> str:
    """What has to stand at the caret before the model can answer: its heading, where it is not there yet."""
    before = text[:caret]
    if speaker(before) == "assistant":
        return ""
    return MODEL + "\n" if not before or before.endswith("\n") else "\n" + MODEL + "\n"
