"""Markdown as one types: headings, emphasis and lists are shown as they will be read; their marks show at the caret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextBlock, QTextCharFormat, QTextDocument

from studio.widgets import theme

from .document_outline import heading, is_break
from .document_places import spread
from .editor_layout import BREAK, CODE, LINE, LIST, PICTURE

LONGEST = 20_000
"""Characters of a paragraph that is looked at; nobody emphasises a word in a longer one."""
FENCED = 0x100
"""Bit of a block's state: inside a fence of code."""
PICTURE_LINE = re.compile(r"^!\[([^\]]*)\]\(([^)\s]+)\)\s*$")
_LIST = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s")
_QUOTE = re.compile(r"^>\s?")
_SPANS = (
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), "strong"),
    (re.compile(r"(?<![\w*])(\*|_)(?=[^\s*_])(.+?)(?<=[^\s*_])\1(?![\w*])"), "emphasis"),
    (re.compile(r"(~~)(?=\S)(.+?)(?<=\S)\1"), "struck"),
    (re.compile(r"(`)([^`]+)`"), "code"),
)
MONO = ["JetBrains Mono", "Cascadia Mono", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"]
"""Families for source code, the first that is there."""
SCALES = {1: 1.5, 2: 1.2, 3: 1.08}
SPEAKER = 0.8


class Styling(QSyntaxHighlighter):
    """Styles the blocks of a document. `here` tells whether the caret is in a block: its marks are shown then.
    `misspelt` gives the (start, length) of words in a line that the dictionary does not know. `speakers` are headings
    that only say who speaks, each with its colour.
    """

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.here: Callable[[QTextBlock], bool] = lambda _block: False
        self.misspelt: Callable[[str], Iterable[tuple[int, int]]] = lambda _line: ()
        self.plain = False
        self.speakers: Mapping[str, str] = {}
        self.pixels = 18
        self.colours: Callable[[int, str], Iterable[tuple[int, int, str]]] = lambda _number, _line: ()

    def highlightBlock(self, text: str) -> None:
        """One paragraph."""
        text = spread(text)
        before = max(self.previousBlockState(), 0)
        if self.plain or len(text) > LONGEST:
            self.setCurrentBlockState(CODE if self.plain else LINE)
            if self.plain and len(text) <= LONGEST:
                for start, length, role in self.colours(self.currentBlock().blockNumber(), text):
                    style = QTextCharFormat()
                    style.setForeground(theme.tokens().color(role))
                    style.setFontItalic(role == "hint")
                    self.setFormat(start, length, style)
            return
        if text.startswith(("```", "~~~")):
            inside = before & FENCED
            self.setCurrentBlockState(CODE | (0 if inside else FENCED))
            self.setFormat(0, len(text), self._code(dim=True))
            return
        if before & FENCED:
            self.setCurrentBlockState(CODE | FENCED)
            self.setFormat(0, len(text), self._code())
            return
        here = self.here(self.currentBlock())
        if not text:
            self.setCurrentBlockState(LINE)
        elif (found := heading(text)) is not None:
            self._heading(text, found[0], here)
        elif is_break(text):
            self.setCurrentBlockState(BREAK)
            self.setFormat(0, len(text), self._hidden() if not here else self._dim())
        elif (found := PICTURE_LINE.match(text)) is not None:
            self.setCurrentBlockState(PICTURE)
            self.setFormat(0, len(text), self._dim(small=True) if here else self._hidden())
            if not here:  # what it is called is left of it; where its file lies nobody wants to read
                self.setFormat(found.start(1), len(found.group(1)), self._dim(small=True))
        else:
            self._paragraph(text, here)
        self._spelling(text)

    def _heading(self, text: str, level: int, here: bool) -> None:
        self.setCurrentBlockState(level)
        style = QTextCharFormat()
        style.setFontWeight(QFont.Weight.Bold)
        speaker = self.speakers.get(text.lstrip("# ").rstrip().lower())
        scale = SCALES.get(level, 1.0) if speaker is None else SPEAKER
        style.setProperty(QTextCharFormat.Property.FontPixelSize, round(self.pixels * scale))
        if speaker is not None:
            style.setForeground(theme.tokens().color(speaker))
        self.setFormat(0, len(text), style)
        marks = len(text) - len(text.lstrip("#"))
        marks += len(text[marks:]) - len(text[marks:].lstrip())
        if here or marks >= len(text):
            dim = QTextCharFormat(style)
            dim.setForeground(theme.tokens().color("hint"))
            dim.setFontWeight(QFont.Weight.Normal)
            self.setFormat(0, marks, dim)
        else:
            self.setFormat(0, marks, self._hidden())

    def _paragraph(self, text: str, here: bool) -> None:
        kind = LINE
        if (found := _LIST.match(text)) is not None:
            kind = LIST
            dim = QTextCharFormat()
            dim.setForeground(theme.tokens().color("accent"))
            self.setFormat(0, found.end(), dim)
        elif (found := _QUOTE.match(text)) is not None:
            style = QTextCharFormat()
            style.setForeground(theme.tokens().color("muted"))
            style.setFontItalic(True)
            self.setFormat(0, len(text), style)
            self.setFormat(0, found.end(), self._dim())
        self.setCurrentBlockState(kind)
        if not any(mark in text for mark in "*_`~"):
            return
        for pattern, what in _SPANS:
            for span in pattern.finditer(text):
                self._span(span.start(), span.end(), len(span.group(1)), what, here)

    def _span(self, start: int, end: int, mark: int, what: str, here: bool) -> None:
        for place in range(start + mark, end - mark):
            style = QTextCharFormat(self.format(place))
            if what == "strong":
                style.setFontWeight(QFont.Weight.Bold)
            elif what == "emphasis":
                style.setFontItalic(True)
            elif what == "struck":
                style.setFontStrikeOut(True)
            else:
                style = self._code()
            self.setFormat(place, 1, style)
        for place in (start, end - mark):
            self.setFormat(place, mark, self._dim() if here else self._hidden())

    def _spelling(self, text: str) -> None:
        marked = any(mark in text for mark in "*_`~")
        for start, length in self.misspelt(text):
            # Letter by letter only where a word may change its style.
            for place in range(start, start + length, 1 if marked else length):
                style = QTextCharFormat(self.format(place))
                style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
                style.setUnderlineColor(theme.tokens().color("danger"))
                self.setFormat(place, 1 if marked else length, style)

    def _dim(self, *, small: bool = False) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setForeground(theme.tokens().color("hint"))
        if small:
            style.setProperty(QTextCharFormat.Property.FontPixelSize, round(self.pixels * 0.66))
        return style

    def _hidden(self) -> QTextCharFormat:
        """As good as not there: a pixel high, in the colour of the page."""
        style = QTextCharFormat()
        colour = theme.tokens().color("canvas")
        colour.setAlpha(0)
        style.setForeground(colour)
        style.setProperty(QTextCharFormat.Property.FontPixelSize, 1)
        return style

    def _code(self, *, dim: bool = False) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setFontFamilies(MONO)
        style.setProperty(QTextCharFormat.Property.FontPixelSize, round(self.pixels * 0.84))
        style.setForeground(theme.tokens().color("hint" if dim else "muted"))
        return style
