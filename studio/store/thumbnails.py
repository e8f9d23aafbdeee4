"""Small pictures for the library, made when they are first looked at, safe against pictures that mean harm."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from studio.core import media
from studio.core.artifact import Artifact
from studio.core.errors import StudioError
from studio.store import sniff
from studio.store.files import write_file

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FORMATS = {
    media.PNG: "PNG",
    media.JPEG: "JPEG",
    media.WEBP: "WEBP",
    media.AVIF: "AVIF",
    media.TIFF: "TIFF",
    "image/gif": "GIF",
}
"""Which of Pillow's decoders may see a file of which type: never "whatever it looks like"."""

PIXEL_LIMIT = 89_000_000
"""Pixels of a picture that is decoded: a 628 kB PNG can unpack to 144 million. Pillow warns from here on."""


class Thumbnails:
    """WebP files below one cache folder. Safe from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._hopeless: set[tuple[str, int]] = set()

    def path(self, artifact_id: str, size: int) -> Path:
        """Where the thumbnail of an artifact is or will be."""
        return self.folder / str(size) / artifact_id[:2] / f"{artifact_id}.webp"

    def get(self, artifact: Artifact, size: int, *, make: bool = True) -> Path | None:
        """The thumbnail's file, at most `size` pixels a side; None for what is no picture or cannot be decoded.

        Making one takes 10–30 ms a megapixel; `make=False` only looks whether it is there.
        """
        target, key = self.path(artifact.id, size), (artifact.id, size)
        if target.exists():
            return target
        if not make or artifact.media not in FORMATS or key in self._hopeless:
            return None
        data = _webp(artifact.path, FORMATS[artifact.media], size)
        if data is None:
            with self._lock:
                self._hopeless.add(key)
            return None
        try:
            write_file(target, data, durable=False)
        except StudioError:  # a full disk: the library shows its placeholder
            return None
        return target

    def forget(self, artifact_id: str) -> None:
        """Remove all thumbnails of an artifact."""
        for file in self.folder.glob(f"*/{artifact_id[:2]}/{artifact_id}.webp"):
            file.unlink(missing_ok=True)


def _webp(path: Path, decoder: str, size: int) -> bytes | None:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with path.open("rb") as file:
            claimed = sniff.png_size(file.read(24))
            if claimed and claimed[0] * claimed[1] > PIXEL_LIMIT:
                return None
            file.seek(0)
            with Image.open(file, formats=(decoder,)) as picture:
                if picture.width * picture.height > PIXEL_LIMIT:
                    return None
                picture.draft("RGB", (size * 2, size * 2))
                small = _eight_bit(picture)
                small.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
                small = ImageOps.exif_transpose(small)
        out = io.BytesIO()
        small.save(out, "WEBP", quality=82, method=2)
        return out.getvalue()
    except (
        OSError,
        ValueError,
        SyntaxError,  # what Pillow's PNG reader raises for a broken chunk
        EOFError,
        MemoryError,
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return None


def _eight_bit(picture: Picture) -> Picture:
    """The picture as RGB or RGBA. Deeper greys are scaled: Pillow's own `convert` would cut them off at white."""
    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value / 257).convert("L").convert("RGB")
    if picture.mode in ("I", "F"):
        low, high = (float(x) for x in picture.getextrema())  # type: ignore[arg-type]
        scale = 255 / (high - low) if high > low else 0.0
        return picture.point(lambda value: value * scale - low * scale).convert("L").convert("RGB")
    alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    return picture.convert("RGBA" if alpha else "RGB")


def measure(stream: BinaryIO, media_type: str) -> tuple[int, int] | None:
    """Width and height in pixels from a picture's header; None where it is damaged or larger than PIXEL_LIMIT."""
    from PIL import Image

    start = stream.tell()
    size = sniff.png_size(stream.read(24))
    stream.seek(start)
    if size is None and media_type in FORMATS:
        try:
            with Image.open(stream, formats=(FORMATS[media_type],)) as picture:
                size = picture.size
        except (
            OSError,
            ValueError,
            SyntaxError,
            EOFError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
        ):
            return None
    return size if size and 0 < size[0] * size[1] <= PIXEL_LIMIT else None
