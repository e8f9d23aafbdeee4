"""Word's format, for editors and publishers: real styles, real headings, pictures inside."""

from __future__ import annotations

import io
from typing import Any

from .export_book import Book, as_common, plain
from .params_export import PageOptions

WIDEST = 6.0
"""Inches that a picture may be wide."""


def docx(book: Book, options: PageOptions) -> bytes:
    """A DOCX file."""
    import datetime

    import docx as word
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Inches, Pt, RGBColor

    document = word.Document()
    properties = document.core_properties
    properties.title, properties.author = book.title[:255], plain(options.author)[:255]
    properties.comments = ""
    properties.created = properties.modified = datetime.datetime(1980, 1, 1)
    normal = document.styles["Normal"]
    normal.font.name = "Times New Roman" if options.manuscript else "Georgia"
    normal.font.size = Pt(12 if options.manuscript else 11)
    normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing = 2.0 if options.manuscript else 1.35
    for level in range(1, 7):
        heading = document.styles[f"Heading {level}"]
        heading.font.name = normal.font.name
        heading.font.color.rgb = RGBColor(0, 0, 0)
        # Word takes a heading's letters from the theme unless they are named for every script.
        for script in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            heading.element.rPr.rFonts.attrib.pop(qn(script), None)
        heading.font.size = Pt({1: 20, 2: 15}.get(level, 12))
    follows = False
    for number, block in enumerate(book.blocks):
        if block.kind == "heading":
            paragraph = document.add_heading(level=min(block.level, 9))
            paragraph.paragraph_format.page_break_before = bool(options.chapters and block.level == 1 and number)
        elif block.kind == "break":
            paragraph = document.add_paragraph("* * *" if not options.manuscript else "#")
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(12)
        elif block.kind == "picture":
            if block.picture is not None:
                data, _ = as_common(block.picture)
                paragraph = document.add_paragraph()
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                picture = paragraph.add_run().add_picture(io.BytesIO(data))
                if picture.width > Inches(WIDEST):
                    picture.height = round(picture.height * Inches(WIDEST) / picture.width)
                    picture.width = Inches(WIDEST)
            continue
        elif block.kind == "item":
            paragraph = document.add_paragraph(style="List Number" if block.mark[:1].isdigit() else "List Bullet")
            paragraph.paragraph_format.left_indent = Inches(0.25 * block.level)
        elif block.kind == "quote":
            paragraph = document.add_paragraph(style="Quote")
        else:
            paragraph = document.add_paragraph()
            if follows and block.kind == "text":
                paragraph.paragraph_format.first_line_indent = Inches(0.5 if options.manuscript else 0.25)
        if block.kind != "break":
            _words(paragraph, block)
        follows = block.kind == "text"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _words(paragraph: Any, block: Any) -> None:
    for span in block.spans:
        run = paragraph.add_run(_printable(span.text))
        run.bold, run.italic = span.bold or None, span.italic or None
        run.font.strike = span.struck or None
        if span.code or block.kind == "code":
            run.font.name = "Consolas"


def _printable(text: str) -> str:
    """XML has no place for control characters."""
    return "".join(letter for letter in text if letter in "\n\t" or ord(letter) >= 32)
