"""What plays the tracks beside our own voices: SoundFonts, opened off the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from studio.api import PanelHost, Problem, StudioError
from studio.widgets.feeder import Feeder
from studio.widgets.icons import icon

from .document import Score
from .panel_sheet import Sheet
from .soundfont import Fonts
from .voicing import Voicing

_KEPT = "soundfonts"
MOST_KNOWN = 8


class Rack(QObject):
    """`changed` says that a SoundFont is at hand now, `failed` carries why one is not."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, host: PanelHost, parent: QObject) -> None:
        super().__init__(parent)
        self._host = host
        self.fonts = Fonts()
        self.voicing = Voicing(self.fonts)
        self._refused: set[str] = set()
        self.outputs: Callable[[], list[str]] = list
        """Names of the MIDI devices that are connected."""
        self._feeder = Feeder(threads=1).serve(self)
        self._feeder.ready.connect(self._loaded)
        self._feeder.failed.connect(self._failed)

    def want(self, score: Score) -> None:
        """Get the fonts of a score ready; until then our own voices play in their place."""
        tracks = [t for t in score.tracks if t.font and t.font not in self._refused and not self.fonts.ready(t)]
        if tracks:
            key = tuple((t.id, t.font, t.preset, t.instrument, t.drums) for t in tracks)
            self._feeder.ask((tracks[0].font, key), lambda: self.fonts.load(tracks))

    def _loaded(self, _key: object, _result: object) -> None:
        self.voicing = Voicing(self.fonts)
        self.changed.emit()

    def _failed(self, key: tuple[str, object], error: Exception) -> None:
        self._refused.add(key[0])
        known = isinstance(error, StudioError)
        self.failed.emit(Problem.of(error) if known else Problem("The SoundFont cannot be played.", str(error)))
        self.changed.emit()

    def settle(self) -> None:
        """Return when nothing is being opened any more."""
        self._feeder.wait()

    # The menu of a track

    def known(self) -> list[str]:
        """Paths of the fonts that were chosen lately, newest first, as far as they are there."""
        kept = self._host.recall(_KEPT, [])
        paths = [p for p in kept if isinstance(p, str)] if isinstance(kept, list) else []
        return [p for p in paths if Path(p).is_file()]

    def take(self, path: str) -> None:
        """Somebody chose that font: it is tried (again), and offered first from now on."""
        self._refused.discard(path)
        self._host.remember(_KEPT, [path, *(p for p in self.known() if p != path)][:MOST_KNOWN])

    def fill(self, menu: QMenu, sheet: Sheet, track_id: str, asker: QWidget) -> None:
        """What can play a track: our own voice, a font used before, one from the disk; or that for all tracks."""
        track = sheet.score.track(track_id)
        menu.clear()
        for path in ("", *self.known()):
            words = Path(path).stem if path else "Studio synth"
            action = menu.addAction(words, lambda path=path: self.use(sheet, [track_id], path))
            action.setCheckable(True)
            action.setChecked(path == track.font)
        menu.addAction(icon("folder-open"), "Choose a SoundFont …", lambda: self._ask(sheet, [track_id], asker))
        menu.addSeparator()
        words = Path(track.font).stem if track.font else "Studio synth"
        every = [t.id for t in sheet.score.tracks]
        action = menu.addAction(f"{words} for all tracks", lambda: self.use(sheet, every, track.font))
        action.setEnabled(any(t.font != track.font for t in sheet.score.tracks))

    def fill_outputs(self, menu: QMenu, sheet: Sheet, track_id: str) -> None:
        """Which MIDI device plays a track in place of Studio."""
        track = sheet.score.track(track_id)
        menu.clear()
        there = self.outputs()
        for name in dict.fromkeys(("", *there, track.output)):
            words = name or "None"
            changed = sheet.score.with_track(replace(track, output=name))
            action = menu.addAction(
                words if not name or name in there else f"{words} (not connected)",
                lambda changed=changed: sheet.edit("another MIDI device", changed),
            )
            action.setCheckable(True)
            action.setChecked(name == track.output)

    def _ask(self, sheet: Sheet, tracks: list[str], asker: QWidget) -> None:
        start = str(Path(self.known()[0]).parent if self.known() else Path.home())
        name, _ = QFileDialog.getOpenFileName(asker, "Choose a SoundFont", start, "SoundFonts (*.sf2 *.sf3)")
        if name:
            self.use(sheet, tracks, name)

    def use(self, sheet: Sheet, tracks: list[str], path: str) -> None:
        """Play these tracks with a font ("": our own voices): one entry of the undo stack."""
        if path:
            self.take(path)
        score = sheet.score
        for track_id in tracks:
            if any(t.id == track_id and (t.font, t.preset) != (path, "") for t in score.tracks):
                score = score.with_track(replace(score.track(track_id), font=path, preset=""))
        sheet.edit("another sound", score)
