"""Word's files become a manuscript: what a reader would see of them, in its order.

The text is read from the file's own XML: what python-docx calls a paragraph's runs leaves out links, tracked changes,
fields and tables, and a word that is lost on the way in is lost for good.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studio.api import StudioError

from .import_plain import MARK, Brought, ornament, spaced

UNPACKED = 256 << 20
"""Bytes that a DOCX may unpack to; whatever claims more is no manuscript."""
LARGEST_PICTURE = 64 << 20
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_V = "{urn:schemas-microsoft-com:vml}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_UNSEEN = frozenset(_W + name for name in ("del", "moveFrom", "pPr", "rPr", "sdtPr", "instrText", "delText"))
_LEAN = ("emphasis", "subtle emphasis", "intense emphasis", "book title")
_STRONG = ("strong", "strong emphasis", "intense emphasis")


def read_docx(path: Path) -> Brought:
    """The text of a DOCX with what it holds. Raises StudioError."""
    import docx

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED:
                raise StudioError(f"{path.name} is too large when unpacked.", "Save it again without its pictures.")
        return _Reading(docx.Document(str(path))).read()
    except StudioError:
        raise
    except Exception as error:
        raise StudioError(
            f"{path.name} is not a DOCX file that can be read.", "Save it again in Word.", details=str(error)
        ) from error


class _Reading:
    """One document on its way."""

    def __init__(self, document: Any) -> None:
        self._part = document.part
        self._body = document.element.body
        self._styles = {str(style.style_id): style for style in document.styles}
        self._lists = _numbered(document)
        self._notes = {kind: self._notes_of(kind) for kind in ("footnotes", "endnotes")}
        self._open: list[str] = []
        """Notes that were met and stand at the end of their chapter."""
        self._count = 0
        self._counted: dict[tuple[str, str], int] = {}
        self._pictures: list[tuple[bytes, str]] = []
        self._lost = 0

    def read(self) -> Brought:
        """All of it."""
        lines: list[str] = []
        for line in self._blocks(self._body):
            if line.startswith("# "):
                lines += self._told()
            lines.append(line)
        lines += self._told()
        text = "\n".join(spaced(lines))
        said = []
        if self._count:
            said.append("Notes now stand at the end of their chapter.")
        return Brought(text, tuple(self._pictures), tuple(said), self._lost)

    def _told(self) -> list[str]:
        told, self._open = self._open, []
        return told

    # --- blocks ---

    def _blocks(self, parent: Any) -> Iterator[str]:
        for child in parent:
            if child.tag == _W + "p":
                yield from self._paragraph(child)
            elif child.tag == _W + "tbl":
                yield from self._table(child)
            elif child.tag == _W + "sdt" and not _of_contents(child):
                yield from self._blocks(child.find(_W + "sdtContent"))
            elif child.tag in (_W + "ins", _W + "moveTo", _W + "customXml"):
                yield from self._blocks(child)

    def _table(self, table: Any) -> Iterator[str]:
        """A row is a line. What only holds a text in place is that text."""
        for row in table.iter(_W + "tr"):
            cells = [list(self._blocks(cell)) for cell in row.iterchildren(_W + "tc")]
            if len(cells) == 1:
                yield from cells[0]
            elif any(cells):
                yield " | ".join(" ".join(line for line in cell if line) for cell in cells)

    def _paragraph(self, paragraph: Any) -> Iterator[str]:
        name, level = self._kind(paragraph)
        if name.startswith("toc "):
            return
        apart: list[str] = []
        runs: list[tuple[str, str]] = []
        for text, marks in self._runs(paragraph, apart):
            if runs and text and (runs[-1][1] == marks or not text.strip()):
                runs[-1] = (runs[-1][0] + text, runs[-1][1])
            elif text:
                runs.append((text, marks))
        plain = _even("".join(text for text, _ in runs))
        if level and plain and MARK not in plain:
            yield f"{'#' * level} {plain}"
        elif not plain:
            yield "***" if name == "horizontal line" or _ruled(paragraph) else ""
        elif ornament(plain):
            yield "***"
        else:
            lead = self._lead(paragraph, name)
            lines = (_even(line) for line in "".join(_marked(*run) for run in runs).split("\n"))
            yield from (line if MARK in line else f"{lead}{line}" for line in lines if line)
        yield from apart

    def _kind(self, paragraph: Any) -> tuple[str, int]:
        """The name of its style in small letters, and the level of a heading (0 for none)."""
        about = paragraph.find(_W + "pPr")
        style_id = _value(about, "pStyle")
        style = self._styles.get(style_id)
        name = str(getattr(style, "name", "") or style_id).lower()
        if name in ("title", "titel", "titre"):
            return name, 1
        level = _value(about, "outlineLvl")
        while not level and style is not None:
            level = _value(style.element.find(_W + "pPr"), "outlineLvl")
            if not level and name.startswith("heading ") and name[8:].isdigit():
                return name, min(int(name[8:]), 6)
            style = style.base_style if hasattr(style, "base_style") else None
        return name, min(int(level) + 1, 6) if level.isdigit() and int(level) < 9 else 0

    def _lead(self, paragraph: Any, name: str) -> str:
        numbers = paragraph.find(f"{_W}pPr/{_W}numPr")
        of = (_value(numbers, "numId"), _value(numbers, "ilvl") or "0")
        if of[0] not in ("", "0") or name.startswith(("list bullet", "list number")):
            if self._lists.get(of, "") in ("", "bullet", "none") and not name.startswith("list number"):
                return "- "
            self._counted[of] = self._counted.get(of, 0) + 1
            return f"{self._counted[of]}. "
        return "> " if name.startswith(("quot", "intense quote", "block text")) else ""

    # --- within a paragraph ---

    def _runs(self, parent: Any, apart: list[str]) -> Iterator[tuple[str, str]]:
        for child in parent:
            if child.tag == _W + "r":
                marks = self._marks(child.find(_W + "rPr"))
                if marks is not None:
                    yield from ((text, marks) for text in self._texts(child, apart))
            elif child.tag not in _UNSEEN and not (child.tag == _W + "sdt" and _of_contents(child)):
                yield from self._runs(child, apart)

    def _texts(self, run: Any, apart: list[str]) -> Iterator[str]:
        kept = {"tab": " ", "cr": "\n", "noBreakHyphen": "\u2011"}
        for child in run:
            name = str(child.tag).removeprefix(_W)
            if name == "t":
                yield (child.text or "").replace("\n", " ").replace(MARK, "")
            elif name == "br":
                yield "\n" if child.get(_W + "type") in (None, "textWrapping") else " "
            elif name in kept:
                yield kept[name]
            elif name in ("footnoteReference", "endnoteReference"):
                note = self._notes[name.removesuffix("Reference") + "s"].get(child.get(_W + "id"), "")
                if note:
                    self._count += 1
                    self._open.append(f"[{self._count}] {note}")
                    yield f"[{self._count}]"
                    if child.get(_W + "customMarkFollows") in ("1", "true", "on"):
                        return
            elif name not in _UNSEEN:
                yield from self._drawn(child, apart)

    def _drawn(self, thing: Any, apart: list[str]) -> Iterator[str]:
        """Pictures, and what stands in boxes."""
        for each in thing.iter(_A + "blip", _V + "imagedata", _W + "txbxContent"):
            if any(parent.tag == _FALLBACK for parent in each.iterancestors()):
                continue  # the same once more, for old programs
            if each.tag == _W + "txbxContent":
                apart += self._blocks(each)
                continue
            data = self._picture(each.get(_R + "embed") or each.get(_R + "id") or "")
            if data:
                about = next(thing.iter(_DRAWING + "docPr"), None)
                title = "" if about is None else str(about.get("descr") or about.get("title") or "")
                self._pictures.append((data, title or "Picture"))
                yield f"\n{MARK}{len(self._pictures) - 1}{MARK}\n"
            else:
                self._lost += 1

    def _picture(self, name: str) -> bytes:
        part = self._part.related_parts.get(name) if name else None
        blob = bytes(getattr(part, "blob", b"") or b"")
        return blob if len(blob) <= LARGEST_PICTURE else b""

    def _marks(self, about: Any) -> str | None:
        """ "" … "***" of a run; None where nobody sees it. Only what differs from its paragraph is emphasis."""
        if about is None:
            return ""
        if _on(about, "vanish") or _on(about, "webHidden"):
            return None
        style = self._styles.get(_value(about, "rStyle"))
        name = str(getattr(style, "name", "")).lower()
        font = style.element.find(_W + "rPr") if style is not None else None
        found = []
        for what, names in (("b", _STRONG), ("i", _LEAN)):
            own = about.find(_W + what)
            found.append(_on(about, what) if own is not None else name in names or _on(font, what))
        lean = found[1] or (_value(about, "u") not in ("", "none") and "link" not in name)
        return ("**" if found[0] else "") + ("*" if lean else "")

    # --- what stands elsewhere in the file ---

    def _notes_of(self, kind: str) -> dict[str, str]:
        from lxml import etree  # part of python-docx

        part = next((rel.target_part for rel in self._part.rels.values() if rel.reltype.endswith("/" + kind)), None)
        if part is None:
            return {}
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        found = {}
        for note in etree.fromstring(part.blob, parser):
            if note.get(_W + "type") in (None, "normal"):
                words = " ".join(_said(paragraph) for paragraph in note.iter(_W + "p"))
                found[str(note.get(_W + "id"))] = _even(words)
        return found


def _even(text: str) -> str:
    """One space between words; those that do not break stay, which French has before half of its marks."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


def _said(paragraph: Any) -> str:
    """The words of a note, without the sign that leads it."""
    runs = (run for run in paragraph.iter(_W + "r") if "note" not in _value(run.find(_W + "rPr"), "rStyle").lower())
    return "".join(each.text or " " for run in runs for each in run.iter(_W + "t", _W + "tab", _W + "br"))


def _value(about: Any, name: str) -> str:
    found = about.find(_W + name) if about is not None else None
    return "" if found is None else str(found.get(_W + "val") or "")


def _on(about: Any, name: str) -> bool:
    found = about.find(_W + name) if about is not None else None
    return found is not None and found.get(_W + "val") not in ("0", "false", "off")


def _ruled(paragraph: Any) -> bool:
    """A line across the page."""
    return paragraph.find(f"{_W}pPr/{_W}pBdr/{_W}bottom") is not None


def _of_contents(sdt: Any) -> bool:
    gallery = sdt.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
    return gallery is not None and "contents" in str(gallery.get(_W + "val")).lower()


def _numbered(document: Any) -> dict[tuple[str, str], str]:
    """How a list counts, by its number and level: "bullet", "decimal", …"""
    try:
        root = document.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return {}
    kinds = {
        abstract.get(_W + "abstractNumId"): {
            level.get(_W + "ilvl"): _value(level, "numFmt") for level in abstract.iter(_W + "lvl")
        }
        for abstract in root.iter(_W + "abstractNum")
    }
    return {
        (str(number.get(_W + "numId")), str(level)): kind
        for number in root.iter(_W + "num")
        for level, kind in kinds.get(_value(number, "abstractNumId"), {}).items()
    }


def _marked(text: str, marks: str) -> str:
    """A run in its marks; spaces stay outside, and no mark goes over a line."""
    if not marks or MARK in text:
        return text
    lines = []
    for line in text.split("\n"):
        inside = line.strip()
        start = len(line) - len(line.lstrip())
        lines.append(f"{line[:start]}{marks}{inside}{marks[::-1]}{line[start + len(inside) :]}" if inside else line)
    return "\n".join(lines)
