"""Exported manuscripts, opened again by other libraries; imported ones from real files."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree

import docx as word
import pytest
from docx.oxml.ns import qn
from PIL import Image
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from plugins.text import export, importer
from plugins.text.export_book import read_book
from plugins.text.params_export import BookOptions, EpubOptions, PageOptions, PdfOptions, PlainOptions
from studio.api import StudioError
from tests.plugins.text.epub_check import problems

STORY = """![The coast]({picture})

# The Lamp Room

Nobody had *climbed* the lighthouse. “I know,” she said – and **waited** & listened to <b>.

She put her hand on the door.

***

## The stair

- oil
- wool

> A letter, ~~sealed~~.

# What Ida kept

The end.
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A manuscript in the library, with a picture of the library in it."""
    out = io.BytesIO()
    Image.new("RGB", (320, 200), (40, 90, 160)).save(out, "PNG")
    name = hashlib.sha256(out.getvalue()).hexdigest()
    folder = tmp_path / "artifacts" / name[:2]
    folder.mkdir(parents=True)
    (folder / f"{name}.png").write_bytes(out.getvalue())
    text = STORY.replace("{picture}", f"../../artifacts/{name[:2]}/{name}.png")
    path = tmp_path / "artifacts" / "ab" / "abcd.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_the_book_is_taken_apart(source: Path) -> None:
    book = read_book(source)
    assert book.title == "The Lamp Room"
    kinds = [block.kind for block in book.blocks]
    assert kinds == "picture heading text text break heading item item quote heading text".split()
    assert [title for title, _ in book.chapters()] == ["", "The Lamp Room", "What Ida kept"]
    first = book.blocks[2]
    assert [span.text for span in first.spans if span.italic] == ["climbed"]
    assert [span.text for span in first.spans if span.bold] == ["waited"]
    assert book.pictures()[0].is_file()


def test_plain_text(source: Path) -> None:
    text = export.txt(source, None, PlainOptions()).decode()
    assert text.startswith("The Lamp Room\n\nNobody had climbed the lighthouse.")
    assert "\n\n* * *\n\n" in text
    wrapped = export.txt(source, None, PlainOptions(wrap=40)).decode()
    assert max(map(len, wrapped.splitlines())) <= 40


def test_markdown_is_the_text_itself(source: Path) -> None:
    assert export.markdown(source, None, None) == source.read_bytes()


def test_html_is_one_safe_file(source: Path) -> None:
    page = export.html(source, None, BookOptions(author="Ida <3")).decode()
    tree = ElementTree.fromstring(page.partition("\n")[2])
    assert tree.find("head/title").text == "The Lamp Room"  # type: ignore[union-attr]
    assert [h.text for h in tree.iter("h1")] == ["The Lamp Room", "What Ida kept"]
    assert "listened to &lt;b&gt;" in page
    assert next(tree.iter("img")).get("src", "").startswith("data:image/png;base64,")


def test_docx_opens_with_styles_and_picture(source: Path) -> None:
    data = export.docx(source, None, PageOptions(author="Ida Keeper"))
    opened = word.Document(io.BytesIO(data))
    assert opened.core_properties.author == "Ida Keeper"
    headings = [p.text for p in opened.paragraphs if p.style.name == "Heading 1"]
    assert headings == ["The Lamp Room", "What Ida kept"]
    italic = [run.text for p in opened.paragraphs for run in p.runs if run.italic]
    assert italic == ["climbed"]
    assert len(opened.inline_shapes) == 1


LISTS = """1. Oil the lamp.

   Twice.
2. Wind the clock.
   1. The key
   2. The weight

Then:

1. Sleep.

A [letter](https://example.org/a?b=1&c=2), a [note](notes.md) and more.
"""


def test_lists_and_links_of_a_docx_are_those_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "list.md"
    path.write_text(LISTS, "utf-8")
    made = word.Document(io.BytesIO(export.docx(path, None, PageOptions())))
    rows = [(p.style.name, p.text) for p in made.paragraphs]
    assert rows[:3] == [
        ("List Number", "Oil the lamp."),
        ("List Continue", "Twice."),
        ("List Number", "Wind the clock."),
    ]
    numbers = [p._p.pPr.numPr.numId.val for p in made.paragraphs if p.style.name == "List Number"]
    assert numbers[0] == numbers[1], "one list"
    assert numbers[2] == numbers[3]
    assert len({numbers[0], numbers[2], numbers[4]}) == 3, "each list counts for itself"
    part = made.part.numbering_part.element
    assert [part.num_having_numId(n).lvlOverride_lst[0].startOverride.val for n in sorted(set(numbers))] == [1, 1, 1]
    (link,) = made.paragraphs[-1].hyperlinks
    assert (link.text, link.address) == ("letter", "https://example.org/a?b=1&c=2")
    assert made.paragraphs[-1].text == "A letter, a note and more."


@pytest.mark.parametrize(("language", "odt"), [("de-AT", ("de", "AT")), ("fr", ("fr", "none")), ("", ("en", "none"))])
def test_documents_say_what_they_are_written_in(source: Path, language: str, odt: tuple[str, str]) -> None:
    options = PageOptions(language=language)
    made = word.Document(io.BytesIO(export.docx(source, None, options)))
    (said,) = made.styles.element.xpath("w:docDefaults//w:lang")
    assert said.get(qn("w:val")) == made.core_properties.language == (language or "en")
    styles = opened(export.odt(source, None, options)).read("styles.xml").decode()
    assert f'fo:language="{odt[0]}" fo:country="{odt[1]}"' in styles


def test_a_tall_picture_of_a_docx_fits_its_page_and_is_described(source: Path) -> None:
    picture = read_book(source).pictures()[0]
    Image.new("RGB", (300, 2000)).save(picture)
    (shape,) = word.Document(io.BytesIO(export.docx(source, None, PageOptions()))).inline_shapes
    assert shape.height.inches <= 8.001
    assert abs(shape.height / shape.width - 2000 / 300) < 0.01
    assert shape._inline.docPr.get("descr") == "The coast"


def opened(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(data))


def test_epub_is_what_the_standard_asks(source: Path) -> None:
    options = EpubOptions(author="Ida Keeper", language="en")
    data = export.epub(source, None, options)
    assert data == export.epub(source, None, options), "the same text is the same bytes"
    assert problems(data) == []
    book = opened(data)
    opf = book.read("OEBPS/book.opf").decode()
    assert "<dc:title>The Lamp Room</dc:title><dc:creator>Ida Keeper</dc:creator>" in opf
    assert 'properties="cover-image"' in opf, "a picture at the very beginning is the cover"
    nav = book.read("OEBPS/nav.xhtml").decode()
    assert nav.count("chapter-00") == 3
    assert ">The stair</a>" in nav, "scenes with a name stand below their chapter"


@pytest.mark.parametrize(
    "text",
    [
        "One line.",
        "# \n\nA chapter without a name.\n\n# \n\nAnother.",
        'Torn \x0b from \x01 a terminal \ufffe.\n\n# & <Names> "so"\n\n[x](javascript:alert(1)) [y](other.md#z) `<b>`',
        "# A\n\n## \n\n## Same\n\n## Same\n\n> quote\n\n- a\n  - b\n\n```\nx < 1\n```\n\n### deep",
        "![gone](../../artifacts/00/" + "0" * 64 + ".png)\n\n# One\n\nText\\\nbroken.",
        "",
    ],
)
def test_whatever_is_written_makes_a_good_epub(tmp_path: Path, text: str) -> None:
    path = tmp_path / "text.md"
    path.write_text(text, "utf-8")
    options = EpubOptions(title="A \x07 & B", author="Ida \x0c <3", language=" de ")
    assert problems(export.epub(path, None, options)) == []


def test_the_checker_finds_what_is_wrong(source: Path) -> None:
    good = opened(export.epub(source, None, EpubOptions()))

    def with_changes(old: bytes, new: bytes, *, drop: str = "") -> list[str]:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for entry in good.infolist():
                if entry.filename != drop:
                    archive.writestr(entry.filename, good.read(entry).replace(old, new))
        return problems(out.getvalue())

    assert with_changes(b"", b"") == []
    assert with_changes(b"dcterms:modified", b"dcterms:created")
    assert with_changes(b'idref="c1"', b'idref="c9"')
    assert with_changes(b"xhtml#part", b"xhtml#x")
    assert with_changes(b"<em>", b"<em")
    assert with_changes(b"", b"", drop="OEBPS/picture-1.png")


def test_a_cover_can_be_any_picture(source: Path, tmp_path: Path) -> None:
    Image.new("RGB", (60, 90), "red").save(tmp_path / "cover.webp")
    data = export.epub(source, None, EpubOptions(cover=str(tmp_path / "cover.webp")))
    assert problems(data) == []
    with Image.open(io.BytesIO(opened(data).read("OEBPS/cover.png"))) as cover:
        assert cover.size == (60, 90)


def test_odt_has_headings_styles_pictures_and_an_author(source: Path) -> None:
    data = export.odt(source, None, PageOptions(author="Ida & Co"))
    assert data == export.odt(source, None, PageOptions(author="Ida & Co")), "the same text is the same file"
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.namelist()[0] == "mimetype"
    assert archive.read("mimetype") == b"application/vnd.oasis.opendocument.text"
    parts = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist() if name.endswith(".xml")}
    content = parts["content.xml"]
    text = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
    assert "Nobody had climbed the lighthouse." in "".join(content.itertext())
    heads = [(node.get(f"{text}outline-level"), "".join(node.itertext())) for node in content.iter(f"{text}h")]
    assert heads == [("1", "The Lamp Room"), ("2", "The stair"), ("1", "What Ida kept")]
    used = {node.get(f"{text}style-name") for node in content.iter() if node.get(f"{text}style-name")}
    names = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}name"
    known = {node.get(names) for part in ("content.xml", "styles.xml") for node in parts[part].iter()}
    assert used <= known
    assert {"Chapter", "Break", "Quotations"} <= used
    (picture,) = [name for name in archive.namelist() if name.startswith("Pictures/")]
    assert Image.open(io.BytesIO(archive.read(picture))).size == (320, 200)
    assert picture in archive.read("META-INF/manifest.xml").decode()
    assert "Ida & Co" in "".join(parts["meta.xml"].itertext())


def test_odt_keeps_spaces_and_shrinks_wide_pictures(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (3000, 1500)).save(out, "PNG")
    name = hashlib.sha256(out.getvalue()).hexdigest()
    folder = tmp_path / "artifacts" / name[:2]
    folder.mkdir(parents=True)
    (folder / f"{name}.png").write_bytes(out.getvalue())
    path = tmp_path / "artifacts" / "ab" / "x.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f"One\u00a0 `a   b`  two\n\n```\nif x:\n    y\n```\n\n![](../../artifacts/{name[:2]}/{name}.png)\n", "utf-8"
    )
    content = zipfile.ZipFile(io.BytesIO(export.odt(path, None, PageOptions()))).read("content.xml").decode()
    assert 'a <text:s text:c="2"/>b' in content
    assert 'if x:<text:line-break/> <text:s text:c="3"/>y' in content
    assert 'svg:width="15.00cm" svg:height="7.50cm"' in content


def test_pdf_is_black_on_white_whatever_the_window_wears(source: Path, qapp: QApplication) -> None:
    pdf = export.pdf(source, None, PdfOptions(author="Ida"))
    assert pdf.startswith(b"%PDF-1.")
    assert pdf.count(b"/Type /Page\n") >= 3, "each chapter begins a page"
    worn = qapp.palette()
    try:
        dark = QPalette(worn)
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText):
            dark.setColor(role, "#ececee")
        qapp.setPalette(dark)
        assert drawn(export.pdf(source, None, PdfOptions(author="Ida"))) == drawn(pdf)
    finally:
        qapp.setPalette(worn)


def drawn(pdf: bytes) -> list[bytes]:
    """What the pages of a PDF are drawn with."""
    found = []
    for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompress(part))
    pages = [part for part in found if b" Tf" in part]
    assert len(pages) >= 2
    return pages


def test_a_cover_that_is_not_there_is_said(source: Path) -> None:
    with pytest.raises(StudioError, match="cover"):
        export.epub(source, None, EpubOptions(cover="/nowhere/x.png"))


def test_only_pictures_of_the_library_are_taken(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (4, 4)).save(secret)
    path = tmp_path / "a" / "b" / "text.md"
    path.parent.mkdir(parents=True)
    path.write_text(f"![x]({secret})\n\nWords.", "utf-8")
    assert read_book(path).pictures() == []


def test_markdown_text_and_docx_come_back(source: Path, tmp_path: Path) -> None:
    data = export.docx(source, None, PageOptions())
    (tmp_path / "story.docx").write_bytes(data)
    text = importer.read(tmp_path / "story.docx").text
    assert "# The Lamp Room\nNobody had *climbed* the lighthouse." in text
    assert "\n***\n## The stair\n- oil\n- wool\n> A letter, sealed.\n# What Ida kept" in text
    (tmp_path / "wrapped.txt").write_text("One line\nand more.\n\nTwo.", "utf-8")
    assert importer.read(tmp_path / "wrapped.txt").text == "One line and more.\nTwo."
    (tmp_path / "old.txt").write_bytes("Caf\xe9 “x”".encode("cp1252"))
    assert importer.read(tmp_path / "old.txt").text == "Café “x”"
    (tmp_path / "x.md").write_text("# A\n\nwrapped\nline\n\n- a\n- b\n", "utf-8")
    assert importer.read(tmp_path / "x.md").text == "# A\nwrapped line\n- a\n- b"


def test_damaged_files_are_errors_in_words(tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(StudioError, match="DOCX"):
        importer.read(tmp_path / "x.docx")
    (tmp_path / "x.txt").write_bytes(b"\x89PNG\0\0\0\xff\xfe\xfa")
    with pytest.raises(StudioError, match="not a text"):
        importer.read(tmp_path / "x.txt")
