"""HTML and EPUB: pages that any browser and any reader shows."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from studio.api import StudioError

from .export_archive import put
from .export_book import Block, Book, Span, as_common, plain
from .export_track import Track, player, track_of
from .params_export import EpubOptions

STYLE = """
body { font-family: Literata, Georgia, serif; line-height: 1.55; max-width: 36em; margin: 3em auto; padding: 0 1em; }
h1 { margin: 2.4em 0 1em; line-height: 1.2; } h2, h3 { margin: 1.8em 0 .8em; line-height: 1.25; }
p { margin: 0; text-indent: 1.4em; } h1 + p, h2 + p, h3 + p, .break + p, .first { text-indent: 0; }
.break { text-align: center; margin: 1.6em 0; text-indent: 0; } blockquote { margin: 1em 1.6em; font-style: italic; }
.item { text-indent: -1.2em; margin-left: 2.4em; } pre { white-space: pre-wrap; font-size: .85em; }
figure { margin: 1.6em 0; text-align: center; } img { max-width: 100%; max-height: 90vh; }
.track { position: sticky; top: 0; text-indent: 0; text-align: right; } audio { height: 2.2em; max-width: 100%; }
""".strip()
BOOK_STYLE = STYLE.replace("max-width: 36em; margin: 3em auto; padding: 0 1em; ", "margin: 0 5%; ")


def words(spans: Sequence[Span]) -> str:
    """Styled words as HTML."""
    out = []
    for span in spans:
        text = html.escape(span.text, quote=False).replace("\n", "<br/>")
        for tag, on in (("code", span.code), ("s", span.struck), ("em", span.italic), ("strong", span.bold)):
            text = f"<{tag}>{text}</{tag}>" if on else text
        if span.target:
            text = f'<a href="{html.escape(span.target)}">{text}</a>'
        out.append(text)
    return "".join(out)


def mark_of(number: int) -> str:
    """The id of the heading that is the block of that number in its chapter."""
    return f"part-{number}"


def body(blocks: Sequence[Block], picture: Callable[[Path], str]) -> str:
    """Blocks as XHTML; `picture` gives what an image's `src` says for a file."""
    out = []
    for number, block in enumerate(blocks):
        inside = words(block.spans)
        match block.kind:
            case "heading":
                level = min(block.level, 6)
                mark = f' id="{mark_of(number)}"' if level > 1 else ""
                out.append(f"<h{level}{mark}>{inside}</h{level}>")
            case "break":
                out.append('<p class="break">* * *</p>')
            case "quote":
                out.append(f"<blockquote><p>{inside}</p></blockquote>")
            case "item":
                mark = html.escape(block.mark)
                out.append(f'<p class="item" style="margin-left:{1.2 + 1.2 * block.level:.1f}em">{mark} {inside}</p>')
            case "code":
                out.append(f"<pre><code>{html.escape(block.text)}</code></pre>")
            case "picture":
                if block.picture is not None:
                    alt = html.escape(block.text)
                    out.append(f'<figure><img src="{picture(block.picture)}" alt="{alt}"/></figure>')
            case _:
                first = ' class="first"' if number == 0 else ""
                out.append(f"<p{first}>{inside}</p>")
    return "\n".join(out)


def page(book: Book, author: str, *, language: str = "en", track: Track | None = None) -> bytes:
    """One HTML file with its pictures, and the track that plays under it, inside."""

    def inside(path: Path) -> str:
        data, suffix = as_common(path)
        kind = "image/png" if suffix == ".png" else "image/jpeg"
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"

    head = f'<meta charset="utf-8"/><title>{html.escape(book.title)}</title>'
    head += '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
    author = plain(author)
    if author:
        head += f'<meta name="author" content="{html.escape(author)}"/>'
    text = body(book.blocks, inside)
    if track is not None:
        text = player(f"data:{track.kind};base64,{base64.b64encode(track.data).decode()}") + text
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(language)}"><head>{head}<style>\n{STYLE}\n</style></head>\n'
        f"<body>\n{text}\n</body></html>\n"
    ).encode()


# --- EPUB 3 ---


def epub(book: Book, options: EpubOptions) -> bytes:
    """An EPUB 3 archive: https://www.w3.org/TR/epub-33/. The same text gives the same bytes."""
    pictures: dict[Path, tuple[str, bytes]] = {}
    for number, path in enumerate(book.pictures(), start=1):
        data, suffix = as_common(path)
        pictures[path] = (f"picture-{number}{suffix}", data)
    chapters = book.chapters() or [("", [])]
    cover = _cover(book, options)
    if cover is not None and not options.cover.strip() and book.blocks and book.blocks[0].kind == "picture":
        first = [block for block in chapters[0][1] if block is not book.blocks[0]]
        chapters = [(chapters[0][0], first), *chapters[1:]] if first or len(chapters) == 1 else chapters[1:]
    track = track_of(options.track, book=True)
    language = options.language.strip() or "en"
    files: list[tuple[str, bytes]] = []
    for number, (title, blocks) in enumerate(chapters, start=1):
        text = body(blocks, lambda path: pictures[path][0])
        if track is not None and number == 1:
            text = player(track.name) + text
        files.append((f"chapter-{number:03d}.xhtml", _xhtml(title or book.title, text, language)))
    listed = [
        (name, title.strip() or book.title, blocks) for (name, _), (title, blocks) in zip(files, chapters, strict=True)
    ]
    named = [(name, data) for name, data in pictures.values()]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        put(archive, "mimetype", b"application/epub+zip", packed=False)
        put(archive, "META-INF/container.xml", _CONTAINER)
        put(archive, "OEBPS/style.css", BOOK_STYLE.encode())
        for name, data in files:
            put(archive, f"OEBPS/{name}", data)
        for name, data in named:
            put(archive, f"OEBPS/{name}", data)
        if track is not None:
            put(archive, f"OEBPS/{track.name}", track.data, packed=False)
        if cover is not None:
            put(archive, f"OEBPS/cover{cover[1]}", cover[0])
            image = f'<figure><img src="cover{cover[1]}" alt="{html.escape(book.title)}"/></figure>'
            put(archive, "OEBPS/cover.xhtml", _xhtml(book.title, image, language))
        put(archive, "OEBPS/nav.xhtml", _nav(book.title, listed, language))
        names = [name for name, _ in files]
        content = _opf(book, options, names, [n for n, _ in named], cover and cover[1], track)
        put(archive, "OEBPS/book.opf", content)
    return out.getvalue()


def _cover(book: Book, options: EpubOptions) -> tuple[bytes, str] | None:
    chosen = options.cover.strip()
    if chosen:
        path = Path(chosen).expanduser()
        if not path.is_file():
            raise StudioError("The cover is not there.", "Choose the picture again, or leave the cover empty.")
        return as_common(path)
    first = book.blocks[0] if book.blocks else None
    if first is not None and first.kind == "picture" and first.picture is not None:
        return as_common(first.picture)
    return None


def _xhtml(title: str, text: str, language: str) -> bytes:
    lang = html.escape(language)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="{lang}" lang="{lang}">'
        f'<head><title>{html.escape(title)}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>\n'
        f"<body>\n{text}\n</body></html>\n"
    ).encode()


def _nav(title: str, files: Sequence[tuple[str, str, Sequence[Block]]], language: str) -> bytes:
    """The contents: chapters, each with the scenes that have a name."""
    rows = []
    for name, text, blocks in files:
        scenes = [
            f'<li><a href="{name}#{mark_of(number)}">{html.escape(block.text)}</a></li>'
            for number, block in enumerate(blocks)
            if block.kind == "heading" and block.level == 2 and block.text.strip()
        ]
        inside = f"<ol>{''.join(scenes)}</ol>" if scenes else ""
        rows.append(f'<li><a href="{name}">{html.escape(text)}</a>{inside}</li>')
    lang = html.escape(language)
    lines = "\n".join(rows)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'xml:lang="{lang}" lang="{lang}"><head><title>{html.escape(title)}</title></head>\n'
        f'<body><nav epub:type="toc" id="toc"><h1>{html.escape(title)}</h1><ol>\n{lines}\n</ol></nav></body></html>\n'
    ).encode()


def _opf(
    book: Book,
    options: EpubOptions,
    names: Sequence[str],
    pictures: Sequence[str],
    cover: str | None,
    track: Track | None,
) -> bytes:
    seed = hashlib.sha256("\n".join(block.text for block in book.blocks).encode()).hexdigest()
    name = f"{seed[:8]}-{seed[8:12]}-4{seed[13:16]}-8{seed[17:20]}-{seed[20:32]}"
    kinds = {".png": "image/png", ".jpg": "image/jpeg"}
    items = ['<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>']
    items.append('<item id="style" href="style.css" media-type="text/css"/>')
    spine = []
    if cover:
        items.append(
            f'<item id="cover-image" href="cover{cover}" media-type="{kinds[cover]}" properties="cover-image"/>'
        )
        items.append('<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>')
        spine.append('<itemref idref="cover"/>')
    for number, file in enumerate(names, start=1):
        items.append(f'<item id="c{number}" href="{file}" media-type="application/xhtml+xml"/>')
        spine.append(f'<itemref idref="c{number}"/>')
    for number, file in enumerate(pictures, start=1):
        items.append(f'<item id="p{number}" href="{file}" media-type="{kinds[Path(file).suffix]}"/>')
    if track is not None:
        items.append(f'<item id="track" href="{track.name}" media-type="{track.kind}"/>')
    author = plain(options.author).strip()
    creator = f"<dc:creator>{html.escape(author)}</dc:creator>" if author else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">\n'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{name}</dc:identifier>'
        f"<dc:title>{html.escape(book.title)}</dc:title>{creator}"
        f"<dc:language>{html.escape(options.language.strip() or 'en')}</dc:language>"
        f'<meta property="dcterms:modified">{_moment(book.modified)}</meta></metadata>\n'
        f"<manifest>{''.join(items)}</manifest>\n<spine>{''.join(spine)}</spine>\n</package>\n"
    ).encode()


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_CONTAINER = (
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    b'<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>\n'
)
