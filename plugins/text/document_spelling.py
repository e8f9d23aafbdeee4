"""Which words are right: Hunspell dictionaries, read by spylls when they are first asked."""

from __future__ import annotations

import gc
import io
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studio.api import StudioError

from .document_english import american, british

_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*")
_CODE = re.compile(r"^[a-z]{2,3}(?:[_-][A-Za-z]{2,4})*$")
LONGEST = 20_000
ENGLISH = "en"
"""American and British spelling, both right."""
GULP = 50
"""Lines of a dictionary that are read at a time: a millisecond."""
LARGEST = 64 << 20
"""Bytes of a dictionary's file that is read; the largest there are have 10 MB."""


def words_of(line: str) -> Iterable[tuple[int, str]]:
    """(start, word) of what can be misspelt in a line: words of letters, curly apostrophes made straight."""
    if len(line) > LONGEST or line.startswith("!["):
        return
    for found in _WORD.finditer(line):
        if len(found.group()) > 1:
            yield found.start(), found.group()


def system_folders() -> tuple[Path, ...]:
    """Where this machine may keep Hunspell dictionaries."""
    home = Path.home()
    if sys.platform == "darwin":
        found = [home / "Library/Spelling", Path("/Library/Spelling")]
        offices = [Path("/Applications/LibreOffice.app/Contents/Resources/extensions")]
    elif os.name == "nt":
        found = [Path(os.environ.get("APPDATA", str(home))) / "hunspell"]
        offices = [
            Path(os.environ.get(name, r"C:\Program Files")) / "LibreOffice/share/extensions"
            for name in ("ProgramFiles", "ProgramFiles(x86)")
        ]
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
        found = [data / "hunspell", Path("/usr/share/hunspell"), Path("/usr/share/myspell/dicts")]
        offices = [Path("/usr/lib/libreoffice/share/extensions")]
    for office in offices:
        found += sorted(office.glob("dict-*")) if office.is_dir() else []
    return tuple(found)


def dictionaries(folders: Sequence[Path]) -> dict[str, Path]:
    """The languages that these folders hold by their code ("de_DE"), each with its files' path without a suffix. The
    first folder that has a language gives it.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        try:
            files = sorted(folder.glob("*.dic"))
        except OSError:
            continue
        for file in files:
            if _CODE.match(file.stem) and file.with_suffix(".aff").is_file():
                found.setdefault(file.stem.replace("-", "_"), file.with_suffix(""))
    return found


def tag_of(language: str) -> str:
    """A dictionary's language as other programs name it (BCP 47): "en_GB" is en-GB."""
    return language.replace("_", "-")


class Dictionary:
    """One language. Reading it takes about two seconds, once, in whatever thread asks first. `ENGLISH` reads every
    English dictionary there is and knows British words by rules besides.
    """

    def __init__(self, paths: Sequence[Path], *, both: bool = False) -> None:
        self._paths = tuple(paths)
        self._both = both
        self._lock = threading.Lock()
        self._words: list[Any] = []

    @classmethod
    def of(cls, language: str, there: Mapping[str, Path]) -> Dictionary:
        """The dictionary of a language among those that are there."""
        if language == ENGLISH:
            return cls([path for code, path in there.items() if code in ("en_US", "en_GB")], both=True)
        return cls([there[language]] if language in there else [])

    def _open(self) -> list[Any]:
        with self._lock:
            if not self._words:
                if not self._paths:
                    raise StudioError("The dictionary is not here.", "Choose another language for the text.")
                with _for_good():
                    self._words = [_read(path) for path in self._paths]
            return self._words

    def check(self, words: Sequence[str]) -> dict[str, bool]:
        """Whether each word is right."""
        known = self._open()
        return {word: self._right(known, _plain(word)) for word in words}

    def _right(self, known: Sequence[Any], word: str) -> bool:
        if any(book.lookup(word) for book in known):
            return True
        return self._both and any(book.lookup(form) for form in american(word) for book in known)

    def suggest(self, word: str, most: int = 6) -> list[str]:
        """What may have been meant, the best first."""
        known = self._open()
        found: list[str] = []
        for suggestion in known[0].suggest(_plain(word)):
            if suggestion not in found:
                found.append(suggestion)
            other = british(suggestion) if self._both else ""
            if other and other not in found:
                found.append(other)
            if len(found) >= most:
                break
        return [suggestion.replace("'", "’") for suggestion in found[:most]]


@contextmanager
def _for_good() -> Iterator[None]:
    """What is made inside is no garbage. Looking through a dictionary's 350,000 objects for some holds everybody up for
    0.12 s, four times while it is read and now and then for as long as it is there.
    """
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if looked:
            gc.enable()


def _read(path: Path) -> Any:
    """Both files of a dictionary. Spylls' own reader leaves them open."""
    from spylls.hunspell import Dictionary as Hunspell
    from spylls.hunspell import readers
    from spylls.hunspell.readers.file_reader import FileReader

    class Reader(FileReader):  # type: ignore[misc]
        def _open(self, path: str, encoding: str) -> io.StringIO:
            file = Path(path)
            if file.stat().st_size > LARGEST:
                raise StudioError(f"{file.name} is too large for a dictionary.", "Choose another language.")
            return io.StringIO(file.read_text(encoding, "surrogateescape"))

        def __next__(self) -> Any:
            # Reading is two seconds of Python: whoever types meanwhile wants the interpreter in time.
            if self.line_no % GULP == 0:
                time.sleep(0.0005)
            return super().__next__()

    try:
        aff, context = readers.read_aff(Reader(f"{path}.aff"))
        words = readers.read_dic(Reader(f"{path}.dic", encoding=context.encoding), aff=aff, context=context)
        return Hunspell(aff, words)
    except StudioError:
        raise
    except Exception as error:  # foreign files: spylls raises whatever its parsing stumbles over
        raise StudioError(
            f"The dictionary {path.name} cannot be read.", "Choose another language.", details=str(error)
        ) from error


def _plain(word: str) -> str:
    return word.replace("’", "'")
