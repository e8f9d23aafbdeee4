"""What the sound panel edits: the document, what is selected in it, the tapes it plays from, and the undo entries."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.api import Artifact, PanelHost, StudioError
from studio.widgets.feeder import Feeder

from . import wave_files
from .wave import Wave
from .wave_tape import Shelf, Tape

Then = Callable[[Any], None]
Failed = Callable[[StudioError], None]


class Tapes(QObject):
    """Decodes recordings off the window's thread. `arrived` says that one more can be heard and seen."""

    arrived = Signal()
    failed = Signal(object)

    def __init__(self, host: PanelHost, parent: QObject) -> None:
        super().__init__(parent)
        self._host = host
        self._numbers = itertools.count()
        self._missing: set[str] = set()
        self.shelf = Shelf()
        self._feeder = Feeder().serve(parent)
        self._feeder.ready.connect(self._ready)
        self._feeder.failed.connect(self._unreadable)
        self._waiting: dict[tuple[str, int], list[tuple[Then | None, Failed | None]]] = {}

    def busy(self) -> bool:
        """True while something is being decoded."""
        return bool(self._waiting)

    def want(self, sources: Iterable[str], rate: int) -> None:
        """Have the recordings of a document ready; what is gone is said by `failed`."""
        for source in sources:
            if self.shelf.get(source, rate) is not None or (source, rate) in self._waiting:
                continue
            artifact = self._host.artifact(source)
            if artifact is None and source in self._missing:
                continue  # said once
            if artifact is None:
                self._missing.add(source)
                self.failed.emit(
                    StudioError(
                        "A recording of this sound is not in the project any more.",
                        "Where it was is silence now. Bring the file in again, and it is heard.",
                    )
                )
            else:
                self.decode(artifact, rate)

    def decode(self, artifact: Artifact, rate: int, then: Then | None = None, failed: Failed | None = None) -> None:
        """Have one ready at a rate (0: its own); `then(tape)` is called at once where it is."""
        known = self.shelf.get(artifact.id, rate)
        if known is not None:
            if then is not None:
                then(known)
            return
        key = (artifact.id, rate)
        new = key not in self._waiting
        self._waiting.setdefault(key, []).append((then, failed))
        if new:
            self._feeder.ask(key, partial(_decode, artifact.path, rate))

    def ask(self, call: Callable[[], object], then: Callable[[object], None]) -> None:
        """Have something else done on the same thread: what measures or compares tapes."""
        key = ("", next(self._numbers))
        self._waiting[key] = [(then, None)]
        self._feeder.ask(key, call)

    def wait(self) -> None:
        """Return when everything is decoded (tests); the answers may still be on their way."""
        self._feeder.wait()

    def _ready(self, key: tuple[str, int], result: object) -> None:
        calls = self._waiting.pop(key, [])
        if isinstance(result, Tape):
            self.shelf.put(key[0], result)
        for then, _ in calls:
            if then is not None:
                then(result)
        if isinstance(result, Tape):
            self.arrived.emit()

    def _unreadable(self, key: tuple[str, int], error: object) -> None:
        problem = error if isinstance(error, StudioError) else StudioError("This sound cannot be read.", str(error))
        heard = False
        for _, failed in self._waiting.pop(key, []):
            if failed is not None:
                failed(problem)
                heard = True
        if not heard:
            self.failed.emit(problem)


def _decode(path: Path, rate: int) -> Tape:
    return wave_files.decode(path, rate=rate)


class WaveSheet(QObject):
    """`edited` says that something else is seen and heard, `chosen` that the selection is another one. `rewritten`
    comes before `edited`: the document itself is another one, and what lies over it has to follow.
    """

    rewritten = Signal()
    edited = Signal()
    chosen = Signal()

    def __init__(self, host: PanelHost, parent: QObject) -> None:
        super().__init__(parent)
        self._host = host
        self.wave = Wave()
        self.tapes = Tapes(host, parent)
        self.selection = (0, 0)
        """From, to before; both the same: the cursor."""
        self._ghost: Wave | None = None
        self.ghost_span: tuple[int, int] | None = None
        """What is new in an alternative that is being looked at."""
        self.tapes.arrived.connect(self.edited)

    @property
    def shelf(self) -> Shelf:
        return self.tapes.shelf

    @property
    def shown(self) -> Wave:
        """What is seen and heard: the document, or an alternative to it."""
        return self.wave if self._ghost is None else self._ghost

    @property
    def cursor(self) -> int:
        return self.selection[0]

    @property
    def has_range(self) -> bool:
        return self.selection[1] > self.selection[0]

    def span(self) -> tuple[int, int]:
        """What is meant: the selection, or all of it."""
        return self.selection if self.has_range else (0, self.wave.length)

    def show(self, wave: Wave) -> None:
        """Another document without an entry in the undo stack."""
        self.wave = wave
        self._hold()
        self.tapes.want(sorted(wave.sources), wave.rate)
        self.rewritten.emit()
        self.selection = tuple(min(place, wave.length) for place in self.selection)  # type: ignore[assignment]
        self.edited.emit()

    def edit(self, text: str, wave: Wave, *, select: tuple[int, int] | None = None, before: Wave | None = None) -> None:
        """One entry of the undo stack. `before` is what undoing brings back, where a drag has shown steps."""
        old, chosen = (self.wave if before is None else before), self.selection
        if wave is old:
            return
        if select is not None:
            self.selection = select
        self.show(wave)
        after = self.selection
        self._host.add_undo(
            text, undo=lambda: self._bring_back(old, chosen), redo=lambda: self._bring_back(wave, after)
        )
        self._host.changed()
        self.chosen.emit()

    def _bring_back(self, wave: Wave, selection: tuple[int, int]) -> None:
        self.selection = selection
        self.show(wave)
        self._host.changed()
        self.chosen.emit()

    def select(self, start: int, end: int) -> None:
        """Select a range, or put the cursor somewhere."""
        length = self.shown.length
        wanted = (max(0, min(start, end, length)), max(0, min(max(start, end), length)))
        if wanted != self.selection:
            self.selection = wanted
            self.chosen.emit()

    def set_ghost(self, wave: Wave | None, span: tuple[int, int] | None = None) -> None:
        """Look at an alternative, before anybody has taken it."""
        if wave is self._ghost and span == self.ghost_span:
            return
        self._ghost, self.ghost_span = wave, span
        self._hold()
        self.edited.emit()

    def _hold(self) -> None:
        self.shelf.hold({*self.wave.sources, *self.shown.sources})
