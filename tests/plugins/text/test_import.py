"""Texts of other programs: nothing that a reader sees of them is lost, and a paragraph stays a paragraph."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn

from plugins.text import importer
from plugins.text.import_plain import MARK
from studio.api import StudioError
from tests.plugins.text.docx_bench import with_picture


def txt(tmp_path: Path, text: str | bytes) -> importer.Brought:
    path = tmp_path / "text.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return importer.read(path)


def of(document: Any, tmp_path: Path) -> importer.Brought:
    document.save(str(tmp_path / "text.docx"))
    return importer.read(tmp_path / "text.docx")


def inside(paragraph: Any, xml: str) -> None:
    spaces = nsdecls("w", "r")
    paragraph._p.append(parse_xml(xml.replace(">", f" {spaces}>", 1)))


def test_links_changes_and_fields_are_text(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("See ")
    inside(paragraph, '<w:hyperlink w:anchor="x"><w:r><w:t>the list</w:t></w:r></w:hyperlink>')
    inside(paragraph, '<w:ins w:id="1" w:author="a"><w:r><w:t xml:space="preserve"> and more</w:t></w:r></w:ins>')
    inside(paragraph, '<w:del w:id="2" w:author="a"><w:r><w:delText>, not this</w:delText></w:r></w:del>')
    inside(paragraph, "<w:sdt><w:sdtContent><w:r><w:t>.</w:t></w:r></w:sdtContent></w:sdt>")
    inside(paragraph, "<w:r><w:rPr><w:vanish/></w:rPr><w:t>Unseen</w:t></w:r>")
    assert of(document, tmp_path).text == "See the list and more."


def test_emphasis_is_what_differs_from_the_paragraph(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("A ")
    for piece in ("very ", "long"):
        paragraph.add_run(piece).bold = True
    paragraph.add_run(" ")
    paragraph.add_run("walk", style="Emphasis")
    paragraph.add_run(" to ")
    paragraph.add_run("the sea").underline = True
    paragraph.add_run(".")
    document.add_paragraph("Set apart.", style="Quote")
    document.add_heading("Bold by itself", 2)
    assert of(document, tmp_path).text == "A **very long** *walk* to *the sea*.\n> Set apart.\n## Bold by itself"


def test_spaces_that_do_not_break_come_along(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("M.\u00a0Roux", 1)
    document.add_paragraph("«\u00a0Oui\u202f!\u00a0»  dit-il.")
    assert of(document, tmp_path).text == "# M.\u00a0Roux\n«\u00a0Oui\u202f!\u00a0» dit-il."
    assert txt(tmp_path, "«\u00a0Oui\u00a0»").text == "«\u00a0Oui\u00a0»"


def test_lists_tables_lines_and_breaks(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("rope", style="List Bullet")
    document.add_paragraph("first", style="List Number")
    document.add_paragraph("second", style="List Number")
    table = document.add_table(2, 2)
    for row, words in zip(table.rows, (("tide", "hour"), ("high", "six")), strict=True):
        for cell, word in zip(row.cells, words, strict=True):
            cell.text = word
    verse = document.add_paragraph("\tline one")
    verse.add_run().add_break()
    verse.add_run("line two")
    document.add_paragraph("# # #")
    document.add_paragraph("Она открыла окно. 海は青い。")
    expected = (
        "- rope\n1. first\n2. second\ntide | hour\nhigh | six\nline one\nline two\n***\nОна открыла окно. 海は青い。"
    )
    assert of(document, tmp_path).text == expected


def test_headings_are_known_by_their_level_whatever_their_style_is_called(tmp_path: Path) -> None:
    document = docx.Document()
    style = document.styles.add_style("Kapitelanfang", 1)
    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "0")
    style.element.get_or_add_pPr().append(level)
    document.add_paragraph("Das Licht", style="Kapitelanfang")
    document.add_paragraph("Es war aus.")
    assert of(document, tmp_path).text == "# Das Licht\nEs war aus."


def test_pictures_come_along_where_they_stand(tmp_path: Path) -> None:
    document, picture = with_picture()
    found = of(document, tmp_path)
    assert found.text == f"Before.\n{MARK}0{MARK}\nBehind."
    assert [data for data, _ in found.pictures] == [picture]
    assert not found.lost


def test_notes_stand_at_the_end_of_their_chapter(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("One", 1)
    paragraph = document.add_paragraph("A word")
    inside(paragraph, '<w:r><w:footnoteReference w:id="2"/></w:r>')
    inside(paragraph, "<w:r><w:t> more.</w:t></w:r>")
    document.add_heading("Two", 1)
    document.save(str(tmp_path / "plain.docx"))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    sign = '<w:r><w:rPr><w:rStyle w:val="FootnoteCharacters"/></w:rPr><w:t>1</w:t></w:r>'
    note = f'<w:footnote w:id="2"><w:p>{sign}<w:r><w:t>The note.</w:t></w:r></w:p></w:footnote>'
    notes = f"<w:footnotes {nsdecls('w')}>{note}"
    relation = f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>'
    with zipfile.ZipFile(tmp_path / "plain.docx") as old, zipfile.ZipFile(tmp_path / "text.docx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/_rels/document.xml.rels":
                data = data.replace(b"</Relationships>", relation.encode())
            new.writestr(name, data)
        new.writestr("word/footnotes.xml", notes + "</w:footnotes>")
    found = importer.read(tmp_path / "text.docx")
    assert found.text == "# One\nA word[1] more.\n[1] The note.\n# Two"
    assert "end of their chapter" in " ".join(found.said)


def test_a_line_a_paragraph_stays_one_beside_an_empty_line(tmp_path: Path) -> None:
    one = "She opened the window, because the room smelled of wet coats, and closed it again because of the traffic."
    two = "“No,” she said."
    lines = [one, two, one, two, one, two, one, two]
    text = "\n".join([*lines, "", *lines])
    assert txt(tmp_path, text).text == "\n".join([*lines, "***", *lines])


def test_wrapped_lines_are_put_together_and_verses_stay(tmp_path: Path) -> None:
    wrapped = (
        "The fog had come in the night and it lay over the harbour like\n"
        "wool, so that nobody saw the boat which had not been there on\n"
        "the evening before.\n\nNobody but the child, who had been awake for hours by the cold\n"
        "window and had counted every light that went out in the town.\n"
    )
    verses = "O rose, thou art sick!\nThe invisible worm\nThat flies in the night\n"
    found = txt(tmp_path, f"{wrapped}\n{verses}").text.split("\n")
    assert found[:2] == [" ".join(part.split()) for part in wrapped.split("\n\n")]
    assert found[2:] == verses.splitlines()
    typed = "    The fog had come in the night and it lay over the harbour like\nwool.\n    Nobody saw the boat that"
    assert txt(tmp_path, typed + " had not been there when the\nevening came.\n").text.count("\n") == 1


@pytest.mark.parametrize("name", ["CHAPTER I.", "Chapter One", "Kapitel 3", "PART TWO: The Sea", "Epilogue", "Глава 2"])
def test_chapters_are_known_by_their_names(tmp_path: Path, name: str) -> None:
    text = f"{name}\n\nThe lamp was out.\n\nNobody came.\n\n\n* * *\n\nChapter and verse he gave them.\n"
    chapter = name.rstrip(".")
    assert (
        txt(tmp_path, text).text
        == f"# {chapter}\nThe lamp was out.\nNobody came.\n***\nChapter and verse he gave them."
    )


def test_letters_of_old_files(tmp_path: Path) -> None:
    found = txt(tmp_path, "Café déjà vu – “x”".encode("cp1252"))
    assert found.text == "Café déjà vu – “x”"
    assert "Western" in found.said[0]
    russian = "Она открыла окно и долго смотрела на море."
    for encoding in ("cp1251", "koi8-r"):
        assert txt(tmp_path, russian.encode(encoding)).text == russian
    assert txt(tmp_path, russian.encode("utf-16")).text == russian
    assert txt(tmp_path, "\ufeff" + russian).said == ()


@pytest.mark.parametrize("name", ["empty.txt", "blank.md", "empty.docx"])
def test_nothing_in_it_is_said(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("docx"):
        docx.Document().save(str(path))
    else:
        path.write_text("" if name == "empty.txt" else "\n \n")
    with pytest.raises(StudioError, match="no text"):
        importer.read(path)
