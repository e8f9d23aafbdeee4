"""What one can choose when a manuscript is exported."""

from __future__ import annotations

from studio.api import frozen, param

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
EPUB = "application/epub+zip"
PDF = "application/pdf"
HTML = "text/html"


def _title() -> str:
    text: str = param("", label="Title", help="Empty: the first heading of the text.", max_length=300)
    return text


def _author() -> str:
    text: str = param("", label="Author", help="Whose text it is. Empty: nobody is named.", max_length=300)
    return text


def _track() -> str:
    text: str = param(
        "",
        label="Track",
        help="A sound file that goes inside, to be played while one reads: a piece of Music for instance.",
        role="sound",
        max_length=4000,
    )
    return text


def _language() -> str:
    text: str = param("en", label="Language", help="As in en, en-GB, de, fr.", max_length=35)
    return text


@frozen
class PlainOptions:
    """A text without marks."""

    wrap: int = param(
        0,
        label="Break lines after",
        help="0 leaves each paragraph on one line.",
        minimum=0,
        maximum=200,
        slider=(0, 120),
        unit="characters",
    )


@frozen
class BookOptions:
    """A page for browsers."""

    title: str = _title()
    author: str = _author()
    language: str = _language()
    track: str = _track()


@frozen
class PageOptions:
    """A document for people who edit or print."""

    title: str = _title()
    author: str = _author()
    language: str = _language()
    manuscript: bool = param(
        False,
        label="Manuscript format",
        help="Double-spaced 12 point lines with first lines indented, as publishers ask for.",
    )
    chapters: bool = param(True, label="Chapters on new pages", help="Begin each chapter on a page of its own.")


@frozen
class PdfOptions:
    """A printed page."""

    title: str = _title()
    author: str = _author()
    page: str = param(
        "a5",
        label="Page",
        help="The size of the paper.",
        choices=(("a5", "A5, a book"), ("a4", "A4"), ("letter", "US Letter")),
    )
    size: int = param(11, label="Letters", help="Size of the text.", minimum=6, maximum=24, unit="pt")
    manuscript: bool = param(False, label="Manuscript format", help="Double-spaced lines with wide margins.")
    chapters: bool = param(True, label="Chapters on new pages", help="Begin each chapter on a page of its own.")


@frozen
class EpubOptions:
    """An e-book."""

    title: str = _title()
    author: str = _author()
    language: str = _language()
    cover: str = param(
        "",
        label="Cover",
        help="A picture of the library, or a file. Empty: the picture at the very beginning of the text, if there is "
        "one.",
        role="picture",
        max_length=4000,
    )
    track: str = _track()
