"""Texts of other programs: Markdown, plain text and DOCX become a manuscript."""

from __future__ import annotations

from pathlib import Path

from studio.api import StudioError

from .document_outline import from_markdown
from .import_plain import Brought, decoded, read_plain

LARGEST = 64 << 20
SUFFIXES = (".md", ".markdown", ".txt", ".docx")


def read(path: Path) -> Brought:
    """The text of a file as the editor holds it: a paragraph is a line. Raises StudioError."""
    try:
        if path.stat().st_size > LARGEST:
            raise StudioError(f"{path.name} is too long.", "Bring it in in parts.")
        if path.suffix.lower() == ".docx":
            from .import_docx import read_docx

            brought = read_docx(path)
        elif path.suffix.lower() == ".txt":
            brought = read_plain(path.read_bytes())
        else:
            text, said = decoded(path.read_bytes())
            brought = Brought(from_markdown(text).strip("\n"), said=said)
    except OSError as error:
        raise StudioError(f"{path.name} cannot be read.", "Choose it again.", details=str(error)) from error
    if not brought.text.strip():
        raise StudioError(f"There is no text in {path.name}.", "Choose another file.")
    return brought
