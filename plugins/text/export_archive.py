"""A ZIP file whose bytes depend on what is in it alone, as EPUB and ODT are."""

from __future__ import annotations

import zipfile

_TIME = (1980, 1, 1, 0, 0, 0)
"""Files of an archive are dated the same, so the same text is the same bytes."""


def put(archive: zipfile.ZipFile, name: str, data: bytes, *, packed: bool = True) -> None:
    """Add a file. `packed` is False for what a reader must find as it is, or what is small already."""
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)
