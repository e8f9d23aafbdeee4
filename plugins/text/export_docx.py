"""Word's format, for editors and publishers: real styles, real headings, pictures inside."""

from __future__ import annotations

import io
from typing import Any

from .export_book import Block, Book, as_common, plain
from .params_export import PageOptions

WIDEST, TALLEST = 6.0, 8.0
"""Inches that a picture may take."""


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
    properties.language = _speak(document, options.language.strip() or "en")
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
    lists = _Lists(document)
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
                paragraph = document.add_paragraph()
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                _picture(paragraph, block)
            continue
        elif block.kind == "item":
            paragraph = lists.item(block)
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


def _speak(document: Any, language: str) -> str:
    """Say what the text is written in: Word would take it for American English and underline every word of another."""
    from docx.oxml.ns import qn

    said = document.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    kind = {"zh": "eastAsia", "ja": "eastAsia", "ko": "eastAsia", "ar": "bidi", "he": "bidi", "fa": "bidi"}
    said.set(qn(f"w:{kind.get(language[:2].lower(), 'val')}"), language)
    return language


class _Lists:
    """Items of lists. Word counts all that have a style of numbers on and on, so each list has numbers of its own."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._open: dict[int, tuple[int, int]] = {}
        """The id of the numbers, and the last of them, of the list at each depth."""

    def item(self, block: Block) -> Any:
        """An empty paragraph for an item; one without a mark goes on with the item before."""
        from docx.shared import Inches

        number = int(block.mark[:-1]) if block.mark[:-1].isdecimal() else None
        style = "List Continue" if not block.mark else "List Bullet" if number is None else "List Number"
        paragraph = self._document.add_paragraph(style=style)
        paragraph.paragraph_format.left_indent = Inches(0.25 * block.level)
        if number is not None:
            numbers, last = self._open.get(block.level, (0, -1))
            if number != last + 1:
                numbers = self._numbers(number)
            self._open = {depth: kept for depth, kept in self._open.items() if depth < block.level}
            self._open[block.level] = numbers, number
            paragraph._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = numbers
        return paragraph

    def _numbers(self, first: int) -> int:
        """New numbers that look like the style's."""
        part = self._document.part.numbering_part.element
        usual = part.num_having_numId(self._document.styles["List Number"].element.pPr.numPr.numId.val)
        fresh = part.add_num(usual.abstractNumId.val)
        fresh.add_lvlOverride(ilvl=0).add_startOverride(first)
        return int(fresh.numId)


def _picture(paragraph: Any, block: Block) -> None:
    from docx.shared import Inches

    assert block.picture is not None
    data, _ = as_common(block.picture)
    picture = paragraph.add_run().add_picture(io.BytesIO(data))
    scale = min(Inches(WIDEST) / picture.width, Inches(TALLEST) / picture.height, 1.0)
    picture.width, picture.height = round(picture.width * scale), round(picture.height * scale)
    picture._inline.docPr.set("descr", block.text)


def _words(paragraph: Any, block: Block) -> None:
    for span in block.spans:
        run = paragraph.add_run(span.text)
        run.bold, run.italic = span.bold or None, span.italic or None
        run.font.strike = span.struck or None
        if span.code or block.kind == "code":
            run.font.name = "Consolas"
        if span.target:
            _lead(paragraph, run, span.target)


def _lead(paragraph: Any, run: Any, target: str) -> None:
    """Make a link of words."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run._r.addprevious(link)
    link.append(run._r)
    run.underline = True
