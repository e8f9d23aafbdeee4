"""A manuscript taken apart: chapters of paragraphs of styled words, the same for every format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.api import StudioError

from .document_outline import is_break

LARGEST = 64 << 20
"""Bytes of a text that is taken apart; a long novel has 2 MB."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ID = re.compile(r"([0-9a-f]{64})(\.[a-z0-9]{2,5})$")


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    link: str = ""

    @property
    def target(self) -> str:
        """Where the words lead on the web or by mail; "" for every other link."""
        return self.link if self.link.startswith(("http://", "https://", "mailto:")) else ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph: `kind` is heading, text, quote, item, break, code or picture. `level` is that of a heading or the
    depth of a list, `mark` what stands before an item, `picture` the file of a picture (None where it is gone).
    """

    kind: str
    spans: tuple[Span, ...] = ()
    level: int = 0
    mark: str = ""
    picture: Path | None = None

    @property
    def text(self) -> str:
        """The words without style."""
        return "".join(span.text for span in self.spans)


@dataclass(slots=True)
class Book:
    """All blocks in order. `title` is the first heading's unless one is given, `modified` in seconds since 1970."""

    title: str
    blocks: list[Block] = field(default_factory=list)
    modified: float = 0.0

    def chapters(self) -> list[tuple[str, list[Block]]]:
        """(title, blocks) of each part that begins with a heading of the first level; "" for what stands before."""
        parts: list[tuple[str, list[Block]]] = []
        for block in self.blocks:
            if not parts or (block.kind == "heading" and block.level == 1):
                parts.append((block.text if block.kind == "heading" and block.level == 1 else "", []))
            parts[-1][1].append(block)
        return parts

    def pictures(self) -> list[Path]:
        """The pictures that are there, each once."""
        return list(dict.fromkeys(block.picture for block in self.blocks if block.picture is not None))


def read_book(source: Path, title: str = "") -> Book:
    """Take the Markdown at `source` apart. Raises StudioError for what is no text."""
    try:
        if source.stat().st_size > LARGEST:
            raise StudioError("The text is too long to be exported.", "Export it in parts.")
        text = source.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudioError(f"{source.name} is not a text.", "Choose another file.", details=str(error)) from error
    except OSError as error:
        raise StudioError(f"{source.name} cannot be read.", "Choose it again.", details=str(error)) from error
    book = Book(plain(title).strip(), list(blocks_of(plain(text), source)), source.stat().st_mtime)
    if not book.title:
        book.title = next((block.text for block in book.blocks if block.kind == "heading"), "") or "Manuscript"
    return book


def plain(text: str) -> str:
    """Without the characters that no XML may hold: one of them, pasted from a terminal, would break a whole book."""
    return _NOT_XML.sub("", text)


def blocks_of(text: str, source: Path) -> Iterator[Block]:
    """The blocks of a Markdown text."""
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    # Indented lines are no code in a story, and HTML is words.
    parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable(["code", "html_block"])
    lists: list[list[object]] = []
    quoted = 0
    heading = 0
    fresh = False
    tokens: Sequence[Token] = parser.parse(_breaks_apart(text))
    for token in tokens:
        match token.type:
            case "heading_open":
                heading = int(token.tag[1:])
            case "heading_close":
                heading = 0
            case "blockquote_open":
                quoted += 1
            case "blockquote_close":
                quoted -= 1
            case "bullet_list_open":
                lists.append(["•", 0])
            case "ordered_list_open":
                lists.append(["", int(token.attrGet("start") or 1) - 1])
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                lists[-1][1] = int(str(lists[-1][1])) + 1
                fresh = True
            case "hr":
                yield Block("break")
            case "fence" | "code_block":
                yield Block("code", (Span(token.content.rstrip("\n"), code=True),))
            case "inline":
                for block in _inline(token, source):
                    if block.kind == "picture":
                        yield block
                    elif heading:
                        yield Block("heading", block.spans, heading)
                    elif lists:
                        mark = (str(lists[-1][0]) or f"{lists[-1][1]}.") if fresh else ""
                        fresh = False
                        yield Block("item", block.spans, len(lists), mark)
                    else:
                        yield Block("quote" if quoted else "text", block.spans)


def _breaks_apart(text: str) -> str:
    """Our scene break "#" is an empty heading to Markdown."""
    return "\n".join("***" if is_break(line) else line for line in text.split("\n"))


def _inline(token: object, source: Path) -> Iterator[Block]:
    spans: list[Span] = []
    style = {"strong": 0, "em": 0, "s": 0}
    link = ""
    for child in getattr(token, "children", None) or ():
        name, _, way = child.type.rpartition("_")
        if name in style and way in ("open", "close"):
            style[name] += 1 if way == "open" else -1
        elif child.type == "link_open":
            link = str(child.attrGet("href") or "")
        elif child.type == "link_close":
            link = ""
        elif child.type == "image":
            if spans:
                yield Block("text", tuple(spans))
                spans = []
            path = picture_of(str(child.attrGet("src") or ""), source)
            yield Block("picture", (Span(child.content),), picture=path)
        elif child.type in ("text", "code_inline", "softbreak", "hardbreak"):
            words = {"softbreak": " ", "hardbreak": "\n"}.get(child.type, child.content)
            code = child.type == "code_inline"
            if words:
                spans.append(Span(words, style["strong"] > 0, style["em"] > 0, style["s"] > 0, code, link))
    if spans:
        yield Block("text", tuple(spans))


def picture_of(link: str, source: Path) -> Path | None:
    """The file of a picture of the project: only pictures of its library are taken, never a path from the text."""
    found = _ID.search(link)
    if found is None:
        return None
    # The text lies in the library too: artifacts/ab/abcd….md
    path = source.parent.parent / found.group(1)[:2] / (found.group(1) + found.group(2))
    return path if path.is_file() else None


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels. Raises StudioError for a damaged picture."""
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF")) as picture:
            return picture.size
    except (OSError, ValueError, SyntaxError) as error:
        raise StudioError(f"The picture {path.name[:12]}… is damaged.", "Take it out of the text.") from error


def as_common(path: Path, *, largest: int = 2400) -> tuple[bytes, str]:
    """A picture as every reader shows it: (bytes, ".png" or ".jpg"), no larger than `largest` pixels a side."""
    import io

    from PIL import Image

    picture_size(path)
    with Image.open(path, formats=("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF")) as opened:
        if opened.format in ("PNG", "JPEG") and max(opened.size) <= largest:
            return path.read_bytes(), ".png" if opened.format == "PNG" else ".jpg"
        picture = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    picture.thumbnail((largest, largest))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue(), ".png"
