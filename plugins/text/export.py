"""A manuscript as a file for the rest of the world."""

from __future__ import annotations

import textwrap
from pathlib import Path

from studio.api import Recipe

from . import export_docx, export_html, export_odt
from .export_book import Book, read_book
from .export_track import track_of
from .params_export import BookOptions, EpubOptions, PageOptions, PdfOptions, PlainOptions

__all__ = ["docx", "epub", "html", "markdown", "odt", "pdf", "txt"]


def txt(source: Path, recipe: Recipe | None, options: PlainOptions) -> bytes:
    """Words and line ends only; headings stand alone, a scene break is three stars."""
    return plain(read_book(source), options.wrap).encode()


def plain(book: Book, wrap: int = 0) -> str:
    """The text without marks."""
    parts = []
    for block in book.blocks:
        if block.kind == "picture":
            continue
        text = "* * *" if block.kind == "break" else block.text
        if block.kind == "item":
            text = f"{'  ' * (block.level - 1)}{block.mark or ' '} {text}"
        if wrap and block.kind != "code":
            text = "\n".join(textwrap.fill(line, wrap) if line.strip() else line for line in text.split("\n"))
        parts.append(text)
    return "\n\n".join(parts) + "\n" if parts else ""


def markdown(source: Path, recipe: Recipe | None, options: None) -> bytes:
    """The text as it is kept."""
    read_book(source)
    return source.read_bytes()


def html(source: Path, recipe: Recipe | None, options: BookOptions) -> bytes:
    """One page with everything inside."""
    book, language = read_book(source, options.title), options.language.strip() or "en"
    return export_html.page(book, options.author, language=language, track=track_of(options.track))


def docx(source: Path, recipe: Recipe | None, options: PageOptions) -> bytes:
    """Word's format."""
    return export_docx.docx(read_book(source, options.title), options)


def epub(source: Path, recipe: Recipe | None, options: EpubOptions) -> bytes:
    """An e-book."""
    return export_html.epub(read_book(source, options.title), options)


def odt(source: Path, recipe: Recipe | None, options: PageOptions) -> bytes:
    """LibreOffice's format."""
    return export_odt.odt(read_book(source, options.title), options)


def pdf(source: Path, recipe: Recipe | None, options: PdfOptions) -> bytes:
    """Pages to print."""
    from . import export_pages

    return export_pages.pdf(read_book(source, options.title), options)
