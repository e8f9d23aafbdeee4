"""Sounds on their way into the document: files, results, pieces of music as they sound; nothing holds up the window."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from PySide6.QtCore import QObject, Signal

from studio.api import Artifact, PanelHost, StudioError, media

from . import wave_edit as edits
from . import wave_export
from .document import MEDIA as SCORE
from .panel_wave_sheet import WaveSheet
from .reading import MIDI, read_score
from .wave import MEDIA, Wave, whole
from .wave_tape import Tape

_KINDS = {
    ".wav": media.WAV,
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".caf": "audio/x-caf",
    ".au": "audio/basic",
    ".w64": "audio/x-w64",
}


class WaveIntake(QObject):
    """`opening` says what is being read ("" when it is there), `opened` carries the id of what came in."""

    opening = Signal(str)
    opened = Signal(str)
    failed = Signal(object)

    def __init__(self, host: PanelHost, sheet: WaveSheet, parent: QObject) -> None:
        super().__init__(parent)
        self._host, self._sheet = host, sheet
        self._tempi: dict[str, tuple[float, int]] = {}

    def open_file(self, path: Path) -> None:
        """A file that was chosen: it becomes a recording of the project."""
        self.opening.emit(f"Opening {path.name} …")
        kind = _KINDS.get(path.suffix.lower(), "")
        self._host.take_in(path, self.take, failed=self._fail, media=kind, title=path.stem)

    def take(self, artifact: Artifact, *, instead: bool = False, select: tuple[int, int] = (0, 0)) -> None:
        """A kept sound or score: the document where there is none (or `instead` of it), else at the cursor."""
        name = artifact.title or "a sound"
        if artifact.media in (SCORE, *MIDI):
            self.opening.emit(f"Playing {name} into a sound …")
            tempo: list[tuple[float, int]] = []
            self._host.take_in(
                lambda: _played(artifact.path, tempo),
                lambda made: self._performed(made, tempo, instead),
                failed=self._fail,
                media=media.WAV,
                title=artifact.title,
            )
        elif artifact.media == MEDIA:
            self._reopen(artifact)
        elif media.kind(artifact.media) != "audio":
            self._fail(StudioError("This is not a sound.", "WAV, FLAC, OGG, Opus and MP3 files can be opened here."))
        else:
            self.opening.emit(f"Opening {name} …")
            fresh = instead or not self._sheet.wave.length
            rate = 0 if fresh else self._sheet.wave.rate
            self._sheet.tapes.decode(
                artifact, rate, lambda tape: self._place(artifact, tape, fresh, select), self._fail
            )

    def _performed(self, made: Artifact, tempo: list[tuple[float, int]], instead: bool) -> None:
        """A piece was played into a sound: its tempo gives the bars."""
        if tempo:
            self._tempi[made.id] = tempo[0]
        self.take(made, instead=instead)

    def _reopen(self, artifact: Artifact) -> None:
        """A document that was exported: as it was then."""
        try:
            wave, _, _ = wave_export.unpack(artifact.path)
        except StudioError as error:
            self._fail(error)
            return
        self._sheet.edit(f"opening {artifact.title or 'a sound'}", wave, select=(0, 0))

    def _fail(self, error: StudioError) -> None:
        self.opening.emit("")
        self.failed.emit(error)

    def _place(self, artifact: Artifact, tape: Tape, fresh: bool, select: tuple[int, int]) -> None:
        sheet, name = self._sheet, artifact.title or "a sound"
        sheet.shelf.put(artifact.id, tape)
        wave = sheet.wave
        if fresh or not wave.length:
            made = Wave(tape.rate, tape.channels, whole(artifact.id, tape.frames), title=artifact.title)
            if artifact.id in self._tempi:
                bpm, beats = self._tempi[artifact.id]
                made = replace(made, tempo=bpm, beats=beats)
            end = select[1] if 0 <= select[0] < select[1] <= tape.frames else 0
            sheet.edit(f"opening {name}", made, select=select if end else (0, 0))
        elif tape.rate != wave.rate:
            self.take(artifact)  # the document became another one while this was read
            return
        else:
            start, end = sheet.selection
            wide = replace(wave, channels=max(wave.channels, tape.channels))
            made = edits.replaced(wide, start, end, whole(artifact.id, tape.frames), join=True)
            sheet.edit(f"adding {name}", made, select=(start, start + tape.frames))
            self._host.say("Added at the cursor")
        if tape.clipped:
            self._host.say(f"{tape.clipped:,} damaged samples in it are silent now")
        self.opening.emit("")
        self.opened.emit(artifact.id)


def _played(path: Path, tempo: list[tuple[float, int]]) -> bytes:
    """A score as our synthesiser plays it, as a WAV file; `tempo` gets beats a minute and in a bar, where they never
    change. Raises StudioError.
    """
    from .render import RATE, render

    score = read_score(path)
    if len(score.tempos) == 1 and len(score.metres) == 1:
        metre = score.metres[0]
        tempo.append((score.tempos[0].bpm * metre.denominator / 4, metre.numerator))
    seconds = score.length / score.ppq * 60 / min(tempo.bpm for tempo in score.tempos)
    if seconds > 3600:
        raise StudioError("This piece is too long to become a sound.", "Shorten it to under an hour.")
    sound = render(score)
    held = io.BytesIO()
    with soundfile.SoundFile(held, "w", RATE, len(sound), "FLOAT", format="WAV") as file:
        for begin in range(0, sound.shape[1], 65_536):
            file.write(np.ascontiguousarray(sound[:, begin : begin + 65_536].T))
    return held.getvalue()
