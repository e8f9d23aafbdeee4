"""Places in a text, as the page counts them: in units of UTF-16, of which an emoji takes two.

Inside of the panel a text has one character for each place (`spread`), so that what stands at a place of the page is
`text[place]`. What leaves it, for a file or for a model, is plain text again (`whole`).
"""

from __future__ import annotations

import re

_WIDE = re.compile("[\U00010000-\U0010ffff]")


def of_page(raw: str) -> str:
    """Qt's raw text, a paragraph a line. Its plain text would have ordinary spaces for those that do not break."""
    return spread(raw.replace("\u2029", "\n").replace("\u2028", "\n"))


def spread(text: str) -> str:
    """With both halves of every letter that takes two places."""
    if text.isascii() or len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text):
        return text
    return _WIDE.sub(lambda found: _halves(ord(found[0]) - 0x10000), text)


def _halves(number: int) -> str:
    return chr(0xD800 + (number >> 10)) + chr(0xDC00 + (number & 0x3FF))


def whole(text: str) -> str:
    """The opposite. Half a letter, where one was cut in its middle, becomes the sign for what cannot be read."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
