"""Good typography while one types: curly quotes, dashes, the ellipsis. Each change is one step of undo away."""

from __future__ import annotations

OPENERS = " \t\n([{—–-/“‘«¿¡\u00a0\u200b"
DASHES = "-–—"


def better(before: str, typed: str) -> tuple[int, str] | None:
    """What should stand instead of what was just typed: how many characters before the caret go (the typed one counts),
    and what comes in their place. None where it is right already.

    `before` is the line up to the caret without the typed character.
    """
    if len(typed) != 1:
        return None
    last = before[-1:]
    opening = not last or last in OPENERS
    if typed == '"':
        # Behind a dash a quote closes what was broken off, unless none is open.
        if last in ("—", "–") and before.count("“") > before.count("”"):
            opening = False
        return 1, "“" if opening else "”"
    if typed == "'":
        return 1, "‘" if opening else "’"
    if typed.isdigit() and before.endswith("‘") and before[-2:-1] in ("", " "):
        return 2, f"’{typed}"  # the ’90s
    if typed == "-":
        if not before.strip(DASHES + " "):
            return None  # a line of dashes is a scene break
        if last == "–":
            return 2, "—"
        return (2, "–") if last == "-" else None
    if typed == "." and before.endswith("..") and not before.endswith("..."):
        return 3, "…"
    return None


def better_text(text: str) -> str:
    """The same for a whole text, as for one that was pasted."""
    out = ""
    for letter in text:
        line = out.rpartition("\n")[2]
        change = better(line, letter)
        if change is None:
            out += letter
        else:
            count, instead = change
            out = out[: len(out) - (count - 1)] + instead
    return out
