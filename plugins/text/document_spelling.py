"""Which words are right: a Hunspell dictionary, read by spylls when it is first asked."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from studio.api import StudioError

_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*")
LONGEST = 20_000


def words_of(line: str) -> Iterable[tuple[int, str]]:
    """(start, word) of what can be misspelt in a line: words of letters, curly apostrophes made straight."""
    if len(line) > LONGEST or line.startswith("!["):
        return
    for found in _WORD.finditer(line):
        if len(found.group()) > 1:
            yield found.start(), found.group()


class Dictionary:
    """One language. Reading it takes about two seconds, once, in whatever thread asks first."""

    def __init__(self, folder: Path, language: str = "en_US") -> None:
        self._path = folder / language
        self._lock = threading.Lock()
        self._words: Any = None

    def _open(self) -> Any:
        with self._lock:
            if self._words is None:
                if not self._path.with_suffix(".dic").is_file():
                    raise StudioError("The dictionary is not here.", f"{self._path.name}.dic is missing.")
                self._words = _read(self._path)
            return self._words

    def check(self, words: Sequence[str]) -> dict[str, bool]:
        """Whether each word is right."""
        known = self._open()
        return {word: bool(known.lookup(_plain(word))) for word in words}

    def suggest(self, word: str, most: int = 6) -> list[str]:
        """What may have been meant, the best first."""
        known = self._open()
        found = []
        for suggestion in known.suggest(_plain(word)):
            found.append(suggestion.replace("'", "’"))
            if len(found) >= most:
                break
        return found


def _read(path: Path) -> Any:
    """Both files of a dictionary. Spylls' own reader leaves them open."""
    from spylls.hunspell import Dictionary as Hunspell
    from spylls.hunspell import readers
    from spylls.hunspell.readers.file_reader import FileReader

    class Reader(FileReader):  # type: ignore[misc]
        def _open(self, path: str, encoding: str) -> io.StringIO:
            return io.StringIO(Path(path).read_text(encoding, "surrogateescape"))

    aff, context = readers.read_aff(Reader(f"{path}.aff"))
    words = readers.read_dic(Reader(f"{path}.dic", encoding=context.encoding), aff=aff, context=context)
    return Hunspell(aff, words)


def _plain(word: str) -> str:
    return word.replace("’", "'")
