"""The bytes of a step's preview: pictures as JPEG, everything else as it is or through zlib.

A look at a picture on its way is soft and noisy: zlib takes 0.8 ms to make 196 kB of it into 176 kB, JPEG 0.3 ms to
make 22 kB, and nobody sees the difference on the ribbon. It is no more than a look: what goes on is the state.
"""

from __future__ import annotations

import io
from typing import Any

from studio.core import media
from studio.core.steps import Preview

_SMALLEST = 4096
"""Bytes of a picture below which the head of a JPEG would weigh more than what it spares."""
_QUALITY = 90
_COLOURS_IN_FULL = 128
"""Pixels a side up to which each has a colour of its own: a preview of latents is 64 pixels for a picture of 512."""


def pack_preview(preview: Preview) -> tuple[bytes, dict[str, Any]]:
    """A preview as bytes, and the JSON that `unpack_preview` needs."""
    from studio.store.step_format import squeeze

    said = {} if preview.expected is None else {"expected": preview.expected}
    about = {"media": preview.media, "width": preview.width, "height": preview.height, **said}
    about["size"] = len(preview.data)
    sound = bytes(preview.sound)
    if sound:
        about["sound"] = len(sound)
    if preview.media == media.RGB and _SMALLEST <= len(preview.data) == preview.width * preview.height * 3:
        return _as_jpeg(preview) + sound, {**about, "jpeg": True}
    data, squeezed = squeeze(preview.data)
    return data + sound, {**about, "zlib": squeezed}


def unpack_preview(about: Any, data: bytes, *, limit: int) -> Preview:
    """The opposite of `pack_preview`; a picture differs by what nobody sees. Raises ValueError, TypeError or KeyError
    for what is damaged or takes more than `limit` bytes.
    """
    from studio.store.step_format import unsqueeze

    end = len(data) - int(about.get("sound", 0))
    if not 0 <= end <= len(data):
        raise ValueError("the sound of a preview is not as long as it says")
    data, sound = data[:end], data[end:]
    width, height, size = int(about["width"]), int(about["height"]), int(about["size"])
    if about.get("jpeg"):
        if size != width * height * 3 or not 0 < size <= limit:
            raise ValueError(f"{size} bytes are no picture of {width} × {height}")
        data = _from_jpeg(data, (width, height))
    else:
        data = unsqueeze(data, bool(about["zlib"]), size, limit=limit)
    expected = about.get("expected")
    return Preview(str(about["media"]), data, width, height, None if expected is None else float(expected), sound)


def _as_jpeg(preview: Preview) -> bytes:
    from PIL import Image  # not on the way to the window

    small = max(preview.width, preview.height) <= _COLOURS_IN_FULL
    target = io.BytesIO()
    picture = Image.frombytes("RGB", (preview.width, preview.height), bytes(preview.data))
    picture.save(target, "JPEG", quality=_QUALITY, subsampling=0 if small else 2)
    return target.getvalue()


def _from_jpeg(data: bytes, size: tuple[int, int]) -> bytes:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            if picture.size != size or picture.mode != "RGB":
                raise ValueError("a picture of another size")
            return picture.tobytes()
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from error
