"""The recipe in files other than PNG: an XMP packet for us, and EXIF's user comment for the programs people use."""

from __future__ import annotations

import base64
import binascii
import zlib
from xml.sax.saxutils import escape, unescape

from PIL import Image

from studio.api import Recipe

from . import codec_text
from .codec_png import TEXT_LIMIT, unpack

EXIF_IFD = 0x8769
USER_COMMENT = 0x9286
SOFTWARE = 0x0131
XMP_TAG = 700
SEGMENT_LIMIT = 65_000
"""Bytes that a JPEG has room for in its one XMP and one EXIF segment, with a little to spare."""

_UNICODE = b"UNICODE\0"
_OPEN, _CLOSE = "<studio:recipe>", "</studio:recipe>"
_OPEN_PACKED, _CLOSE_PACKED = "<studio:packed>", "</studio:packed>"


def user_comment(recipe: Recipe, *, size: tuple[int, int]) -> bytes:
    """The A1111 text as EXIF's UserComment, in the one spelling that all readers know (UTF-16, big endian)."""
    return _UNICODE + codec_text.write(recipe, size=size).encode("utf-16-be")


def exif(recipe: Recipe, *, size: tuple[int, int], limit: int = 0) -> bytes:
    """An EXIF block with the A1111 text. Where it would be longer than `limit` bytes, without."""
    for comment in (user_comment(recipe, size=size), b""):
        block = Image.Exif()
        block[SOFTWARE] = "Studio"
        if comment:
            block.get_ifd(EXIF_IFD)[USER_COMMENT] = comment
        data: bytes = block.tobytes()
        if not limit or len(data) <= limit:
            break
    return data


def xmp(recipe: Recipe, *, limit: int = 0) -> bytes:
    """An XMP packet with the whole recipe, and with the prompt as the caption other programs show. Packed where it
    would be longer than `limit` bytes; the caption goes first.
    """
    prompt = str(recipe.request.params.get("prompt", ""))
    text = recipe.text()
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    plain_body = f"{_OPEN}{escape(text)}{_CLOSE}"
    packed_body = f"{_OPEN_PACKED}{packed}{_CLOSE_PACKED}"
    for body, caption in ((plain_body, prompt), (packed_body, prompt), (packed_body, "")):
        data = _packet(body, caption)
        if not limit or len(data) <= limit:
            break
    return data


def _packet(body: str, caption: str) -> bytes:
    description = (
        f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(_legal(caption))}</rdf:li></rdf:Alt>'
        "</dc:description>"
        if caption
        else ""
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:studio="urn:studio:recipe:1" xmp:CreatorTool="Studio">'
        f"{description}{body}</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    ).encode()


def _legal(text: str) -> str:
    """Without the control characters that XML has no spelling for; JSON escapes its own."""
    return "".join(mark for mark in text if mark >= " " or mark in "\n\t")


def from_xmp(data: bytes) -> str | None:
    """The recipe's JSON text in an XMP packet of ours. A search, not an XML parser: the packet may be anybody's."""
    text = data[: 4 * TEXT_LIMIT].decode("utf-8", "replace")
    plain = _between(text, _OPEN, _CLOSE)
    if plain is not None:
        return unescape(plain)
    packed = _between(text, _OPEN_PACKED, _CLOSE_PACKED)
    if packed is None:
        return None
    try:
        body = unpack(base64.b64decode(packed, validate=True), TEXT_LIMIT)
    except (binascii.Error, ValueError):
        return None
    return None if body is None else body.decode("utf-8", "replace")


def _between(text: str, before: str, after: str) -> str | None:
    start = text.find(before)
    if start < 0:
        return None
    start += len(before)
    end = text.find(after, start)
    return None if end < 0 or end - start > TEXT_LIMIT else text[start:end]


def from_user_comment(data: bytes) -> str:
    """The text in EXIF's UserComment, in whichever of its spellings."""
    head, body = data[:8], data[8 : 8 + TEXT_LIMIT]
    if head == _UNICODE:
        body = body[: len(body) // 2 * 2]
        # Some programs write little endian without saying so: Latin letters then have their zero byte second.
        little = body[1:400:2].count(0) > body[0:400:2].count(0)
        return body.decode("utf-16-le" if little else "utf-16-be", "replace")
    if head in (b"ASCII\0\0\0", b"\0" * 8):
        return body.decode("utf-8", "replace").rstrip("\0 ")
    return data[:TEXT_LIMIT].decode("utf-8", "replace")
