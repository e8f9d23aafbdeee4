"""Previews and foreign pictures as QImages, with a bound on what is believed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from studio.core import media
from studio.core.steps import Preview

LARGEST = 16_384
"""Pixels a side; what claims more is not decoded."""
_FORMATS = {media.PNG: b"png", media.JPEG: b"jpeg", media.WEBP: b"webp"}


def preview_image(preview: Preview) -> QImage | None:
    """The picture in a preview, owning its pixels, or None where it is none or its sizes do not add up."""
    if preview.media == media.RGB:
        width, height = preview.width, preview.height
        if not (0 < width <= LARGEST and 0 < height <= LARGEST) or len(preview.data) != width * height * 3:
            return None
        return QImage(preview.data, width, height, width * 3, QImage.Format.Format_RGB888).copy()
    if preview.media in _FORMATS:
        data = QByteArray(preview.data)
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        return _read(QImageReader(buffer, _FORMATS[preview.media]))
    return None


def load_image(path: Path, *, largest: int = LARGEST) -> QImage | None:
    """The picture in a file, turned as its EXIF says and no larger than `largest` a side; None where it is none."""
    reader = QImageReader(str(path))
    return _read(reader, largest) if reader.canRead() else _read_avif(path, largest)


def _read_avif(path: Path, largest: int) -> QImage | None:
    """What Qt has no reader for."""
    from PIL import Image, ImageOps

    refused = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with Image.open(path, formats=("AVIF",)) as opened:
            if max(opened.size) > LARGEST:
                return None
            picture = ImageOps.exif_transpose(opened.convert("RGBA"))
    except (OSError, ValueError, SyntaxError, MemoryError, *refused):
        return None
    picture.thumbnail((largest, largest))
    return QImage(picture.tobytes(), *picture.size, picture.width * 4, QImage.Format.Format_RGBA8888).copy()


def _read(reader: QImageReader, largest: int = LARGEST) -> QImage | None:
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and (size.width() > LARGEST or size.height() > LARGEST):
        return None
    if size.isValid() and max(size.width(), size.height()) > largest:
        reader.setScaledSize(size.scaled(QSize(largest, largest), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image
