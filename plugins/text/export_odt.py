"""ODT, the format of LibreOffice (OASIS OpenDocument 1.3): real styles, real headings, pictures inside.

Qt's own writer knows no headings, so the navigator of an office would be empty, and it forgets who wrote the text.
"""

from __future__ import annotations

import html
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .export_archive import put
from .export_book import Block, Book, Span, as_common, picture_size, plain
from .params_export import PageOptions

WIDEST, TALLEST = 15.0, 20.0
"""Centimetres that a picture may take."""
DOTS = 96 / 2.54
"""Pixels of a picture in a centimetre, unless it would be too large."""
_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{place}:1.0"'
    for name, place in (
        ("office", "office"),
        ("style", "style"),
        ("text", "text"),
        ("draw", "drawing"),
        ("fo", "xsl-fo-compatible"),
        ("svg", "svg-compatible"),
        ("meta", "meta"),
        ("manifest", "manifest"),
    )
)
_SPACES += ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SERIF, MONO = "Liberation Serif", "Liberation Mono"
"""LibreOffice brings these along everywhere."""
_SIZES = {1: 20, 2: 15, 3: 12, 4: 12, 5: 12, 6: 12}


def odt(book: Book, options: PageOptions) -> bytes:
    """An ODT file. The same text gives the same bytes."""
    pictures: dict[Path, tuple[str, bytes]] = {}
    for number, path in enumerate(book.pictures(), start=1):
        data, suffix = as_common(path)
        pictures[path] = (f"Pictures/{number}{suffix}", data)
    names = {path: name for path, (name, _) in pictures.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        put(archive, "mimetype", b"application/vnd.oasis.opendocument.text", packed=False)
        put(archive, "content.xml", _content(book, options, names).encode())
        put(archive, "styles.xml", _styles(options).encode())
        put(archive, "meta.xml", _meta(book, options).encode())
        for name, data in pictures.values():
            put(archive, name, data, packed=False)
        put(archive, "META-INF/manifest.xml", _manifest([name for name, _ in pictures.values()]).encode())
    return out.getvalue()


def _content(book: Book, options: PageOptions, names: Mapping[Path, str]) -> str:
    parts = []
    follows = False
    for number, block in enumerate(book.blocks):
        parts.append(_block(block, number, options, names, follows=follows))
        follows = block.kind == "text"
    looks = "".join(
        f'<style:style style:name="{name}" style:family="text"><style:text-properties {look}/></style:style>'
        for name, look in _LOOKS.items()
    )
    chapter = '<style:style style:name="Chapter" style:family="paragraph" style:parent-style-name="Heading_20_1">'
    chapter += '<style:paragraph-properties fo:break-before="page"/></style:style>'
    return (
        f'{_HEAD}<office:document-content {_SPACES} office:version="1.3">'
        f"<office:automatic-styles>{looks}{chapter}</office:automatic-styles>"
        f"<office:body><office:text>{''.join(parts)}</office:text></office:body></office:document-content>\n"
    )


_LOOKS = {
    "B": 'fo:font-weight="bold"',
    "I": 'fo:font-style="italic"',
    "S": 'style:text-line-through-style="solid"',
    "C": f'style:font-name="{MONO}" fo:font-size="90%"',
}


def _block(block: Block, number: int, options: PageOptions, names: Mapping[Path, str], *, follows: bool) -> str:
    words = _words(block.spans)
    match block.kind:
        case "heading":
            level = min(block.level, 6)
            fresh = options.chapters and level == 1 and number > 0
            style = "Chapter" if fresh else f"Heading_20_{level}"
            return f'<text:h text:style-name="{style}" text:outline-level="{level}">{words}</text:h>'
        case "break":
            return f'<text:p text:style-name="Break">{"#" if options.manuscript else "* * *"}</text:p>'
        case "picture":
            return _picture(block, number, names) if block.picture is not None else ""
        case "quote":
            return f'<text:p text:style-name="Quotations">{words}</text:p>'
        case "item":
            mark = html.escape(block.mark)
            return f'<text:p text:style-name="Item_20_{min(max(block.level, 1), 4)}">{mark}<text:tab/>{words}</text:p>'
        case "code":
            return f'<text:p text:style-name="Preformatted_20_Text">{_spaced(block.text)}</text:p>'
        case _:
            style = "First_20_line_20_indent" if follows else "Text_20_body"
            return f'<text:p text:style-name="{style}">{words}</text:p>'


def _words(spans: Sequence[Span]) -> str:
    out = []
    for span in spans:
        text = _spaced(span.text)
        for name, on in (("C", span.code), ("S", span.struck), ("I", span.italic), ("B", span.bold)):
            text = f'<text:span text:style-name="{name}">{text}</text:span>' if on else text
        if span.target:
            text = f'<text:a xlink:type="simple" xlink:href="{html.escape(span.target)}">{text}</text:a>'
        out.append(text)
    words = "".join(out)
    return f'<text:s text:c="1"/>{words[1:]}' if words.startswith(" ") else words


def _spaced(text: str) -> str:
    """ODF folds spaces, so a second one in a row is written as an element."""
    out = html.escape(text, quote=False).replace("\t", "<text:tab/>").replace("\n", "<text:line-break/>")
    while "  " in out:
        start = out.index("  ")
        end = start + len(out[start:]) - len(out[start:].lstrip(" "))
        out = f'{out[: start + 1]}<text:s text:c="{end - start - 1}"/>{out[end:]}'
    return out


def _picture(block: Block, number: int, names: Mapping[Path, str]) -> str:
    assert block.picture is not None
    wide, tall = (pixels / DOTS for pixels in picture_size(block.picture))
    scale = min(WIDEST / wide, TALLEST / tall, 1.0)
    size = f'svg:width="{wide * scale:.2f}cm" svg:height="{tall * scale:.2f}cm"'
    image = f'<draw:image xlink:href="{names[block.picture]}" xlink:type="simple" xlink:show="embed"/>'
    told = f"<svg:title>{html.escape(block.text)}</svg:title>" if block.text else ""
    frame = f'<draw:frame draw:name="Picture {number}" text:anchor-type="as-char" {size}>{image}{told}</draw:frame>'
    return f'<text:p text:style-name="Break">{frame}</text:p>'


def _styles(options: PageOptions) -> str:
    points = 12 if options.manuscript else 11
    line = "200%" if options.manuscript else "135%"
    indent = "1.27cm" if options.manuscript else "0.64cm"
    body = f'fo:line-height="{line}" fo:margin-top="0cm" fo:margin-bottom="0cm" fo:orphans="2" fo:widows="2"'
    language, *more = (options.language.strip() or "en").split("-")
    country = more[-1].upper() if more and len(more[-1]) == 2 else "none"
    speaks = f'fo:language="{html.escape(language)}" fo:country="{html.escape(country)}"'
    usual = f'<style:text-properties style:font-name="{SERIF}" fo:font-size="{points}pt" {speaks}/>'
    styles = [
        f'<style:default-style style:family="paragraph">{usual}</style:default-style>',
        _style("Text_20_body", "Text body", body),
        _style("First_20_line_20_indent", "First line indent", f'{body} fo:text-indent="{indent}"'),
        _style(
            "Quotations",
            "Quotations",
            'fo:margin-left="1cm" fo:margin-right="1cm" fo:margin-top="0.25cm" fo:margin-bottom="0.25cm"',
            'fo:font-style="italic"',
        ),
        _style("Break", "Break", 'fo:text-align="center" fo:margin-top="0.4cm" fo:margin-bottom="0.4cm"'),
        _style(
            "Preformatted_20_Text",
            "Preformatted Text",
            'fo:margin-top="0.25cm" fo:margin-bottom="0.25cm"',
            f'style:font-name="{MONO}" fo:font-size="90%"',
        ),
    ]
    for level, size in _SIZES.items():
        room = 'fo:margin-top="0.9cm" fo:margin-bottom="0.45cm" fo:keep-with-next="always" fo:line-height="115%"'
        look = f'fo:font-size="{size}pt" fo:font-weight="bold"'
        head = _style(f"Heading_20_{level}", f"Heading {level}", room, look)
        styles.append(head.replace(" style:family=", f' style:default-outline-level="{level}" style:family=', 1))
    for depth in range(1, 5):
        place = f'{body} fo:margin-left="{0.75 * depth:.2f}cm" fo:text-indent="-0.6cm"'
        styles.append(_style(f"Item_20_{depth}", f"Item {depth}", place))
    faces = "".join(
        f'<style:font-face style:name="{name}" svg:font-family="&apos;{name}&apos;" '
        f'style:font-family-generic="{kind}" style:font-pitch="{pitch}"/>'
        for name, kind, pitch in ((SERIF, "roman", "variable"), (MONO, "modern", "fixed"))
    )
    return (
        f'{_HEAD}<office:document-styles {_SPACES} office:version="1.3">'
        f"<office:font-face-decls>{faces}</office:font-face-decls>"
        f"<office:styles>{''.join(styles)}</office:styles></office:document-styles>\n"
    )


def _style(name: str, shown: str, place: str, look: str = "") -> str:
    inside = f"<style:paragraph-properties {place}/>" if place else ""
    inside += f"<style:text-properties {look}/>" if look else ""
    return (
        f'<style:style style:name="{name}" style:display-name="{shown}" style:family="paragraph">{inside}</style:style>'
    )


def _meta(book: Book, options: PageOptions) -> str:
    author = html.escape(plain(options.author).strip())
    named = f"<meta:initial-creator>{author}</meta:initial-creator><dc:creator>{author}</dc:creator>" if author else ""
    return (
        f'{_HEAD}<office:document-meta {_SPACES} office:version="1.3"><office:meta>'
        f"<dc:title>{html.escape(book.title)}</dc:title>{named}</office:meta></office:document-meta>\n"
    )


def _manifest(pictures: Sequence[str]) -> str:
    kinds = {".png": "image/png", ".jpg": "image/jpeg"}
    files = [("content.xml", "text/xml"), ("styles.xml", "text/xml"), ("meta.xml", "text/xml")]
    files += [(name, kinds[Path(name).suffix]) for name in pictures]
    rows = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>' for name, kind in files
    )
    whole = '<manifest:file-entry manifest:full-path="/" manifest:version="1.3" '
    whole += 'manifest:media-type="application/vnd.oasis.opendocument.text"/>'
    return f'{_HEAD}<manifest:manifest {_SPACES} manifest:version="1.3">{whole}{rows}</manifest:manifest>\n'
