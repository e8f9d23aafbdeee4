"""Word files for tests."""

from __future__ import annotations

import io
from typing import Any

import docx
from PIL import Image


def with_picture() -> tuple[Any, bytes]:
    """A document with a picture between two paragraphs, and the picture."""
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(picture, "PNG")
    picture.seek(0)
    document = docx.Document()
    document.add_paragraph("Before.")
    document.add_picture(picture)
    document.add_paragraph("Behind.")
    return document, picture.getvalue()
