"""PDF, which Qt sets and writes: in memory, in whatever thread asks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextImageFormat,
)

from studio.api import StudioError

from .export_book import Block, Book, Span, as_common
from .params_export import PdfOptions

SERIF = ["Literata", "Georgia", "DejaVu Serif", "serif"]
_SIZES = {"a4": QPageSize.PageSizeId.A4, "a5": QPageSize.PageSizeId.A5, "letter": QPageSize.PageSizeId.Letter}


def pdf(book: Book, options: PdfOptions) -> bytes:
    """A PDF with page numbers."""
    if QGuiApplication.instance() is None:
        raise StudioError("A PDF is set by the window.", "Export it from the Text panel.")
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(book.title)
    writer.setAuthor(options.author)
    writer.setCreator("Studio")
    writer.setPageSize(QPageSize(_SIZES[options.page]))
    side = 25 if options.manuscript or options.page != "a5" else 18
    writer.setPageMargins(QMarginsF(side, side, side, side), QPageLayout.Unit.Millimeter)
    writer.setResolution(144)
    area = writer.pageLayout().paintRectPixels(144)
    foot = 40
    page = QSizeF(area.width(), area.height() - foot)
    document = _document(book, options.size, options.manuscript, options.chapters, page.width())
    document.documentLayout().setPaintDevice(writer)
    document.setPageSize(page)
    painter = QPainter(writer)
    ink = QAbstractTextDocumentLayout.PaintContext()
    ink.palette.setColor(QPalette.ColorRole.Text, Qt.GlobalColor.black)  # otherwise that of the window's theme
    for number in range(document.pageCount()):
        if number:
            writer.newPage()
        painter.save()
        painter.translate(0, -number * page.height())
        ink.clip = QRectF(0, number * page.height(), page.width(), page.height())
        painter.setClipRect(ink.clip)
        document.documentLayout().draw(painter, ink)
        painter.restore()
        painter.setPen(Qt.GlobalColor.black)
        painter.setFont(document.defaultFont())
        text = str(number + 1)
        wide = painter.fontMetrics().horizontalAdvance(text)
        painter.drawText(round((page.width() - wide) / 2), round(page.height() + foot - 6), text)
    painter.end()
    return bytes(buffer.data().data())


def _document(book: Book, points: int, manuscript: bool, chapters: bool, wide: float) -> QTextDocument:
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    document.setMetaInformation(QTextDocument.MetaInformation.DocumentTitle, book.title)
    font = document.defaultFont()
    font.setFamilies(SERIF)
    font.setPointSizeF(points)
    document.setDefaultFont(font)
    cursor = QTextCursor(document)
    follows, first = False, True
    for block in book.blocks:
        if block.kind == "picture" and block.picture is None:
            continue
        style = _block_style(block, points, manuscript, follows)
        if block.kind == "heading" and block.level == 1 and chapters and not first:
            style.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
        if first:
            cursor.setBlockFormat(style)
        else:
            cursor.insertBlock(style, QTextCharFormat())
        first = False
        _fill(cursor, document, block, points, wide)
        follows = block.kind == "text"
    return document


def _block_style(block: Block, points: int, manuscript: bool, follows: bool) -> QTextBlockFormat:
    style = QTextBlockFormat()
    line = 200.0 if manuscript else 145.0
    style.setLineHeight(line, int(QTextBlockFormat.LineHeightTypes.ProportionalHeight.value))
    if block.kind == "heading":
        style.setHeadingLevel(min(block.level, 6))
        style.setTopMargin(points * (3.0 if block.level == 1 else 2.0))
        style.setBottomMargin(points * 1.2)
        style.setLineHeight(115.0, int(QTextBlockFormat.LineHeightTypes.ProportionalHeight.value))
    elif block.kind in ("break", "picture"):
        style.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        if block.kind == "picture":  # otherwise there is room below it for half of it again
            style.setLineHeight(100.0, int(QTextBlockFormat.LineHeightTypes.ProportionalHeight.value))
        style.setTopMargin(points)
        style.setBottomMargin(points)
    elif block.kind == "text" and follows:
        style.setTextIndent(points * (3.0 if manuscript else 1.6))
    elif block.kind in ("quote", "item"):
        style.setLeftMargin(points * 2 * max(block.level, 1))
        style.setTopMargin(points * 0.3)
    return style


def _fill(cursor: QTextCursor, document: QTextDocument, block: Block, points: int, wide: float) -> None:
    if block.kind == "break":
        cursor.insertText("* * *", _char_style(Span(""), block, points))
    elif block.kind == "picture" and block.picture is not None:
        _picture(cursor, document, block.picture, wide)
    else:
        if block.mark:
            cursor.insertText(f"{block.mark} ", _char_style(Span(""), block, points))
        for span in block.spans:
            cursor.insertText(span.text.replace("\n", "\u2028"), _char_style(span, block, points))


def _picture(cursor: QTextCursor, document: QTextDocument, path: Path, wide: float) -> None:
    data, _ = as_common(path, largest=1600)
    image = QImage.fromData(data)
    name = QUrl(f"picture:{path.stem}")
    document.addResource(int(QTextDocument.ResourceType.ImageResource.value), name, image)
    style = QTextImageFormat()
    style.setName(name.toString())
    scale = min(wide * 0.9 / max(image.width(), 1), wide * 1.3 / max(image.height(), 1), 1.0)
    style.setWidth(image.width() * scale)
    style.setHeight(image.height() * scale)
    cursor.insertImage(style)


def _char_style(span: Span, block: Block, points: int) -> QTextCharFormat:
    style = QTextCharFormat()
    scale = {1: 1.7, 2: 1.3, 3: 1.1}.get(block.level, 1.0) if block.kind == "heading" else 1.0
    style.setFontPointSize(points * scale)
    if span.bold or block.kind == "heading":
        style.setFontWeight(700)
    style.setFontItalic(span.italic or block.kind == "quote")
    style.setFontStrikeOut(span.struck)
    style.setFontFamilies(SERIF)
    if span.code:
        style.setFontFamilies(["DejaVu Sans Mono", "monospace"])
    return style
