"""What a model says about itself: the metadata inside a file, and the card (README.md) in a folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

LIMIT = 300
"""Characters of one statement."""
_CARD_BYTES = 64_000
_MODELSPEC = {
    "title": ("modelspec.title",),
    "licence": ("modelspec.license",),
    "origin": ("modelspec.author", "modelspec.hash_origin"),
    "summary": ("modelspec.description", "modelspec.usage_hint"),
    "words": ("modelspec.trigger_phrase",),
}
"""https://github.com/Stability-AI/ModelSpec, which the trainers and mergers of the field write."""

_LINE = re.compile(r"([A-Za-z_]{1,40}):[ \t]*(.{0,500})")
_MARKUP = re.compile(r"[#*`>|]|!?\[([^\]]{0,200})\]\([^)]{0,500}\)|<[^>]{0,200}>")


def said_in_file(metadata: Mapping[str, str]) -> dict[str, str]:
    """title, licence, origin, summary and words (to write into a prompt), as far as a file's metadata has them."""
    found = {}
    for name, keys in _MODELSPEC.items():
        value = next((metadata[key] for key in keys if metadata.get(key, "").strip()), "")
        if value:
            found[name] = _plain(value)
    return found


def said_in_folder(folder: Path) -> dict[str, str]:
    """licence, origin and summary, as far as the folder's card or the shared cache it lies in has them."""
    found: dict[str, str] = {}
    for part in reversed(folder.parts):
        if part.startswith("models--"):
            found["origin"] = "huggingface.co/" + "/".join(part.split("--")[1:])
            break
    try:
        with (folder / "README.md").open("rb") as file:
            text = file.read(_CARD_BYTES).decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return found
    front, _, body = text[4:].partition("\n---") if text.startswith("---\n") else ("", "", text)
    given = {match[1]: match[2].strip().strip("'\"") for match in _LINE.finditer(front)}
    licence = given.get("license_name") or given.get("license", "")
    if licence and licence != "other":
        found["licence"] = _plain(licence)
    if given.get("base_model") and "origin" not in found:
        found["origin"] = f"made from {_plain(given['base_model'])}"
    summary = _first_words(body.partition("\n")[2] if front else body)
    if summary:
        found["summary"] = summary
    return found


def _first_words(body: str) -> str:
    """The first paragraph that is prose."""
    for paragraph in body.split("\n\n"):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if not lines or lines[0].startswith(("#", "|", "```", "<", "![", "[!", "- ", "* ", "---")):
            continue
        words = _plain(" ".join(lines))
        if len(words) > 15:
            return words
    return ""


def _plain(text: str) -> str:
    """`text` without markup, shortened."""
    bare = _MARKUP.sub(lambda match: match[1] or ("" if match[0] in "*`" else " "), text[: 4 * LIMIT])
    plain = " ".join(bare.split())
    return plain if len(plain) <= LIMIT else plain[: LIMIT - 1].rstrip() + "…"
