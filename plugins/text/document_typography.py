"""Good typography while one types: curly quotes, dashes, the ellipsis. Each change is one step of undo away."""

from __future__ import annotations

from dataclasses import dataclass

OPENERS = " \t\n([{—–-/“‘«¿¡„‚‹»\u00a0\u200b\u202f"
DASHES = "-–—"
_THIN = "\u202f"


@dataclass(frozen=True, slots=True)
class Quotes:
    """Opening and closing marks, and those inside of them."""

    open: str
    close: str
    inner_open: str = "‘"
    inner_close: str = "’"


ENGLISH = Quotes("“", "”")
QUOTES = {
    "en": ENGLISH,
    "de": Quotes("„", "“", "‚", "‘"),
    "cs": Quotes("„", "“", "‚", "‘"),
    "sk": Quotes("„", "“", "‚", "‘"),
    "pl": Quotes("„", "”", "«", "»"),
    "hu": Quotes("„", "”", "»", "«"),
    "ro": Quotes("„", "”", "«", "»"),
    "fr": Quotes(f"«{_THIN}", f"{_THIN}»", "“", "”"),
    "ru": Quotes("«", "»", "„", "“"),
    "uk": Quotes("«", "»", "„", "“"),
    "el": Quotes("«", "»", "“", "”"),
    "es": Quotes("«", "»", "“", "”"),
    "it": Quotes("«", "»", "“", "”"),
    "sv": Quotes("”", "”", "’", "’"),
    "fi": Quotes("”", "”", "’", "’"),
    "da": Quotes("»", "«", "›", "‹"),
}
"""By the language's code; all others quote as English does."""


def quotes_of(language: str) -> Quotes:
    """The marks of a language ("de_AT" is German)."""
    return QUOTES.get(language.replace("-", "_").partition("_")[0].lower(), ENGLISH)


def better(before: str, typed: str, quotes: Quotes = ENGLISH) -> tuple[int, str] | None:
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
        if last in ("—", "–") and before.count(quotes.open) > before.count(quotes.close):
            opening = False
        return 1, quotes.open if opening else quotes.close
    if typed == "'":
        if opening:
            return 1, quotes.inner_open
        inside = before.count(quotes.inner_open) > before.count(quotes.inner_close)
        return 1, quotes.inner_close if inside and not last.isalpha() else _closing(before, quotes)
    if typed.isdigit() and before.endswith(quotes.inner_open) and before[-2:-1] in ("", " "):
        return 1 + len(quotes.inner_open), f"’{typed}"  # the ’90s
    if typed == "-":
        if not before.strip(DASHES + " "):
            return None  # a line of dashes is a scene break
        if last == "–":
            return 2, "—"
        return (2, "–") if last == "-" else None
    if typed == "." and before.endswith("..") and not before.endswith("..."):
        return 3, "…"
    return None


def _closing(before: str, quotes: Quotes) -> str:
    """Behind a letter: an apostrophe, unless an inner quote is open in a language that closes it with another mark."""
    if quotes.inner_close != "’" and before.count(quotes.inner_open) > before.count(quotes.inner_close):
        return quotes.inner_close
    return "’"
