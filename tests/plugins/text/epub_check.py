"""What a shop's checker looks for in an EPUB 3: https://www.w3.org/TR/epub-33/ and the rules of EPUBCheck."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from xml.etree import ElementTree

X, PACK, DC = "{http://www.w3.org/1999/xhtml}", "{http://www.idpf.org/2007/opf}", "{http://purl.org/dc/elements/1.1/}"
OPS = "{http://www.idpf.org/2007/ops}"
_SIGNS = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}
_CHILD = {"p": {"p", "h1", "h2", "ol", "div", "figure"}, "ol": {"p", "ol"}}
"""What may not stand right inside what."""


def problems(data: bytes) -> list[str]:
    """Everything that is wrong, in words; an empty list for a good book."""
    found: list[str] = []
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = archive.namelist()
    first = archive.infolist()[0]
    if (first.filename, first.compress_type, first.extra) != ("mimetype", zipfile.ZIP_STORED, b""):
        found.append("mimetype is not the first file, stored as it is")
    if archive.read("mimetype") != b"application/epub+zip":
        found.append("mimetype says something else")
    if len(set(names)) != len(names):
        found.append("a name comes twice")
    container = ElementTree.fromstring(archive.read("META-INF/container.xml"))
    root = next(element for element in container.iter() if element.tag.endswith("rootfile"))
    opf_name = root.get("full-path", "")
    if root.get("media-type") != "application/oebps-package+xml" or opf_name not in names:
        return [*found, "the container names no package"]
    return found + _package(archive, opf_name)


def _package(archive: zipfile.ZipFile, opf_name: str) -> list[str]:
    found: list[str] = []
    base = posixpath.dirname(opf_name)
    opf = ElementTree.fromstring(archive.read(opf_name))
    ids = [element.get("id") for element in opf.iter() if element.get("id")]
    if len(set(ids)) != len(ids):
        found.append("an id of the package comes twice")
    unique = opf.get("unique-identifier")
    if opf.get("version") != "3.0" or all(e.get("id") != unique for e in opf.iter(f"{DC}identifier")):
        found.append("no version 3.0 or no unique identifier")
    for name in ("identifier", "title", "language"):
        if not [e for e in opf.iter(f"{DC}{name}") if (e.text or "").strip()]:
            found.append(f"no dc:{name}")
    changed = [e.text or "" for e in opf.iter(f"{PACK}meta") if e.get("property") == "dcterms:modified"]
    if len(changed) != 1 or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", changed[0]):
        found.append("dcterms:modified is not there once, in UTC")
    items = {item.get("id"): item for item in opf.iter(f"{PACK}item")}
    files = {posixpath.join(base, item.get("href", "")): item for item in items.values()}
    if len(files) != len(items):
        found.append("a file is listed twice")
    others = {"mimetype", "META-INF/container.xml", opf_name}
    found += [f"{name} is not listed" for name in archive.namelist() if name not in files and name not in others]
    found += [f"{name} is listed and not there" for name in files if name not in archive.namelist()]
    spine = [ref.get("idref") for ref in opf.iter(f"{PACK}itemref")]
    if not spine or len(set(spine)) != len(spine) or not set(spine) <= set(items):
        found.append("the spine is empty, or names what is not there or comes twice")
    if any(items[ref].get("media-type") != "application/xhtml+xml" for ref in spine if ref in items):
        found.append("the spine holds something that is no page")
    navs = [name for name, item in files.items() if "nav" in (item.get("properties") or "").split()]
    covers = [item for item in items.values() if "cover-image" in (item.get("properties") or "").split()]
    if len(navs) != 1 or len(covers) > 1:
        found.append("not one table of contents, or more than one cover")
    for name, item in files.items():
        sign = _SIGNS.get(item.get("media-type", ""))
        if sign and name in archive.namelist() and not archive.read(name).startswith(sign):
            found.append(f"{name} is no {item.get('media-type')}")
    pages = {n: archive.read(n) for n, item in files.items() if item.get("media-type") == "application/xhtml+xml"}
    return found + _pages(pages, set(files), navs)


def _pages(pages: dict[str, bytes], files: set[str], navs: list[str]) -> list[str]:
    found: list[str] = []
    trees: dict[str, ElementTree.Element] = {}
    for name, data in pages.items():
        try:
            trees[name] = ElementTree.fromstring(data)
        except ElementTree.ParseError as error:
            found.append(f"{name}: {error}")
    ids = {name: [e.get("id") for e in tree.iter() if e.get("id")] for name, tree in trees.items()}
    for name, tree in trees.items():
        if len(set(ids[name])) != len(ids[name]):
            found.append(f"{name}: an id comes twice")
        if not (tree.findtext(f"{X}head/{X}title") or "").strip():
            found.append(f"{name}: no title")
        for outer, inner in _CHILD.items():
            for element in tree.iter(f"{X}{outer}"):
                found += [f"{name}: <{c.tag[len(X) :]}> in <{outer}>" for c in element if c.tag[len(X) :] in inner]
        found += [f"{name}: an image without alt" for image in tree.iter(f"{X}img") if image.get("alt") is None]
        for element in tree.iter():
            for key in ("href", "src"):
                found += _link(name, element.get(key), files, ids)
    for name in navs:
        tocs = [nav for nav in trees[name].iter(f"{X}nav") if nav.get(f"{OPS}type") == "toc"]
        if len(tocs) != 1 or not list(tocs[0].iter(f"{X}a")):
            found.append("no table of contents")
        elif any(not "".join(link.itertext()).strip() for link in tocs[0].iter(f"{X}a")):
            found.append("a line of the contents is empty")
    return found


def _link(page: str, link: str | None, files: set[str], ids: dict[str, list[str | None]]) -> list[str]:
    if link is None or re.match(r"^(https?|mailto):", link):
        return []
    path, _, mark = link.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    if target not in files:
        return [f"{page}: {link} leads nowhere"]
    return [f"{page}: {link} leads to no place"] if mark and mark not in ids.get(target, []) else []
