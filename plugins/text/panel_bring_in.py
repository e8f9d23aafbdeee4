"""What comes into the manuscript from elsewhere: texts of other programs, pictures, results of other panels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from studio.api import Artifact, Problem, StudioError, media
from studio.widgets.feeder import Feeder

from . import importer
from .document_outline import from_markdown, heading, outline
from .editor_paste import taken as fit_to_lay_out
from .import_plain import MARK, Brought
from .panel_targets import counted

if TYPE_CHECKING:
    from .panel import TextPanel

_PICTURE = re.compile(rf"{MARK}(\d+){MARK}")


class BringingIn(QObject):
    """Reads what is dropped, pasted, chosen or sent, away from the window, and puts it in at the caret."""

    def __init__(self, panel: TextPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self._reader = Feeder(threads=1).serve(panel)
        self._reader.ready.connect(self._read)
        self._reader.failed.connect(self._unread)
        panel.editor.picture_dropped.connect(self.take)

    def choose(self) -> None:
        """Ask for texts of other programs and bring them in."""
        kinds = f"Texts ({' '.join(f'*{suffix}' for suffix in importer.SUFFIXES)})"
        names, _ = QFileDialog.getOpenFileNames(self._panel, "Bring in a text", "", kinds)
        if names:
            self.bring_in(*map(Path, names))

    def bring_in(self, *paths: Path) -> None:
        """Put texts in at the caret, one behind the other, as one step of undo."""
        self._note(f"Reading {paths[0].name} …" if len(paths) == 1 else f"Reading {len(paths)} texts …")
        self._reader.ask(paths, lambda: _all_of(paths))

    def receive(self, artifact: Artifact) -> None:
        """A text is put in at the caret, a picture on a line of its own."""
        if media.kind(artifact.media) == "image":
            self._panel.pictures.insert(artifact)
        elif media.kind(artifact.media) == "text":
            text, _ = fit_to_lay_out(from_markdown(artifact.path.read_text("utf-8", "replace")))
            self._put_apart(text.strip("\n"), "bring in a text")

    def take(self, source: QMimeData) -> None:
        """What was dropped or pasted: files, or a picture as it is."""
        host = self._panel.host
        try:
            if source.hasImage():
                image = QImage(source.imageData())
                buffer = QBuffer()
                buffer.open(QIODevice.OpenModeFlag.WriteOnly)
                image.save(buffer, "PNG")
                self.receive(host.bring_in(bytes(buffer.data().data()), media=media.PNG, title="Pasted picture"))
            files = [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]
            texts = [path for path in files if path.suffix.lower() in importer.SUFFIXES]
            if texts:
                self.bring_in(*texts)
            for path in files:
                if path not in texts:
                    self.receive(host.bring_in(path))
        except StudioError as error:
            self._panel.show_error(error)

    def _note(self, words: str) -> None:
        self._panel.page.note.setText(words)

    def _unread(self, _paths: object, error: object) -> None:
        self._note("")
        self._panel.page.show_problem(Problem.of(error if isinstance(error, Exception) else Exception(str(error))))

    def _read(self, paths: object, found: object) -> None:
        if not isinstance(paths, tuple) or not isinstance(found, Brought):
            return
        name = paths[0].name if len(paths) == 1 else f"{len(paths)} texts"
        self._with_pictures(found, [], name)

    def _with_pictures(self, found: Brought, lines: list[str], name: str) -> None:
        """Keep the pictures, one after the other, and then put in the text."""
        if len(lines) == len(found.pictures):
            self._put(found, lines, name)
            return

        def kept(artifact: Artifact) -> None:
            self._with_pictures(found, [*lines, self._panel.pictures.line_of(artifact)], name)

        def lost(_error: StudioError) -> None:
            self._with_pictures(found, [*lines, ""], name)

        picture, title = found.pictures[len(lines)]
        self._panel.host.take_in(picture, kept, failed=lost, title=title)

    def _put(self, found: Brought, lines: Sequence[str], name: str) -> None:
        self._note("")
        text = _PICTURE.sub(lambda mark: lines[int(mark[1])], found.text)
        if "" in lines:
            text = re.sub(r"\n{2,}", "\n", text)
        said = list(found.said)
        lost = found.lost + sum(not line for line in lines)
        if lost:
            said.append(f"{'One picture' if lost == 1 else f'{lost} pictures'} could not be read.")
        self._panel.page.show_problem(None)
        words = sum(section.words for section in outline(text))
        self._panel.sight.look_again()
        self._panel.manuscript.progress.brought.append(words)
        self._put_apart(text.strip("\n"), f"bring in {name}")
        self._panel.sight.look_again()
        self._panel.host.say(" ".join([f"{counted(words)} brought in from {name}.", *said]))

    def _put_apart(self, text: str, name: str) -> None:
        """Put a text in at the caret: several paragraphs, or a heading, on lines of their own."""
        editor = self._panel.editor
        caret, whole = editor.textCursor().position(), editor.text()
        if "\n" in text or heading(text) is not None:
            lead = "" if whole[caret - 1 : caret] in ("", "\n") else "\n"
            text = lead + text + ("" if whole[caret : caret + 1] in ("", "\n") else "\n")
        editor.replace(caret, caret, text, name=name)


def _all_of(paths: Sequence[Path]) -> Brought:
    """Several texts as one. Raises StudioError for the first that cannot be read: then none comes in."""
    texts: list[str] = []
    whole = Brought("")
    for path in paths:
        found = importer.read(path)
        first = len(whole.pictures)
        text, long = fit_to_lay_out(_renumbered(found.text, first))
        texts.append(text)
        said = (*whole.said, *(each for each in (*found.said, f"{long}." if long else "") if each not in whole.said))
        whole = replace(whole, pictures=whole.pictures + found.pictures, said=said, lost=whole.lost + found.lost)
    return replace(whole, text="\n".join(texts), said=tuple(each for each in whole.said if each))


def _renumbered(text: str, first: int) -> str:
    return _PICTURE.sub(lambda mark: f"{MARK}{int(mark[1]) + first}{MARK}", text)
