"""Texts of other programs: Markdown, plain text and DOCX become a manuscript."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from studio.api import Imported, StudioError, media

from .document_outline import from_markdown

LARGEST = 64 << 20
UNPACKED = 256 << 20
"""Bytes that a DOCX may unpack to; whatever claims more is no manuscript."""
SUFFIXES = (".md", ".markdown", ".txt", ".docx")


def read(path: Path) -> Imported:
    """What a text says about itself: nothing but that it is one. Raises StudioError where it cannot be read."""
    read_text(path)
    return Imported(media.MARKDOWN if path.suffix.lower() in (".md", ".markdown") else media.TEXT)


def read_text(path: Path) -> str:
    """The text of a file as the editor holds it: a paragraph is a line. Raises StudioError."""
    try:
        if path.stat().st_size > LARGEST:
            raise StudioError(f"{path.name} is too long.", "Bring it in in parts.")
        if path.suffix.lower() == ".docx":
            return _docx(path)
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise StudioError(f"{path.name} cannot be read.", "Choose it again.", details=str(error)) from error
    if path.suffix.lower() in (".md", ".markdown"):
        return from_markdown(text).strip("\n")
    return _plain(text)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if b"\0" in data[:4096]:
            raise StudioError("This is not a text.", "Markdown, plain text and DOCX can be brought in.") from None
        return data.decode("cp1252", "replace")


def _plain(text: str) -> str:
    """Paragraphs of a plain text: parted by empty lines where there are any, otherwise each line is one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    apart = any(not line.strip() for line in lines)
    if not apart:
        return "\n".join(line.rstrip() for line in lines)
    out: list[str] = []
    fresh = True
    for line in lines:
        if not line.strip():
            fresh = True
        elif fresh:
            out.append(line.strip())
            fresh = False
        else:
            out[-1] = f"{out[-1]} {line.strip()}"
    return "\n".join(out)


def _docx(path: Path) -> str:
    import docx

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED:
                raise StudioError(f"{path.name} is too large when unpacked.", "Save it again without its pictures.")
        document = docx.Document(str(path))
        return "\n".join(_paragraph(paragraph) for paragraph in document.paragraphs).strip("\n")
    except StudioError:
        raise
    except Exception as error:
        raise StudioError(
            f"{path.name} is not a DOCX file that can be read.", "Save it again in Word.", details=str(error)
        ) from error


def _paragraph(paragraph: Any) -> str:
    words = "".join(_run(run) for run in paragraph.runs).replace("\n", " ").strip()
    style = str(getattr(paragraph.style, "name", "") or "")
    plain = paragraph.text.strip()
    if not words:
        return ""
    if style == "Title":
        return f"# {plain}"
    if style.startswith("Heading") and style[-1:].isdigit():
        return f"{'#' * min(int(style[-1]), 6)} {plain}"
    if plain.replace(" ", "") in ("***", "*", "#", "⁂"):
        return "***"
    if style.startswith("List Bullet"):
        return f"- {words}"
    if style.startswith("List Number"):
        return f"1. {words}"
    return f"> {words}" if "Quote" in style else words


def _run(run: Any) -> str:
    text = str(run.text)
    if not text.strip():
        return text
    marks = ("**" if run.bold else "") + ("*" if run.italic else "")
    if not marks:
        return text
    lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{lead}{marks}{text.strip()}{marks[::-1]}{tail}"
