"""The document as something to be exported or sent: the recording it is, or a file of its own."""

from __future__ import annotations

from dataclasses import replace

from studio.api import PanelHost

from . import wave_export
from .panel_wave_sheet import WaveSheet
from .wave import MEDIA, Wave, whole


class WaveKeeping:
    """Answers with the ids of artifacts, "" for none."""

    def __init__(self, host: PanelHost, sheet: WaveSheet) -> None:
        self._host, self._sheet = host, sheet

    def recording(self) -> str:
        """The recording that the document is, from its first frame to its last, with nothing done to it."""
        wave = self._sheet.wave
        if len(wave.sources) != 1:
            return ""
        (name,) = wave.sources
        tape = self._sheet.shelf.get(name, wave.rate)
        artifact = self._host.artifact(name)
        if tape is None or artifact is None or wave.clips != whole(name, tape.frames) or tape.channels != wave.channels:
            return ""
        return name

    def media(self) -> str:
        """What `recording` or `document` would give."""
        artifact = self._host.artifact(self.recording())
        return artifact.media if artifact is not None else MEDIA if self._sheet.wave.length else ""

    def newest(self, result: str) -> str:
        """A result that is heard in the document."""
        return result if result in self._sheet.wave.sources and self._host.artifact(result) is not None else ""

    def document(self, wave: Wave, result: str) -> str:
        """A file of the document: small, it names the recordings that it is made of."""
        if not wave.length:
            return ""
        found = {name: self._host.artifact(name) for name in wave.sources}
        endings = {name: artifact.path.suffix for name, artifact in found.items() if artifact is not None}
        made = found.get(result)
        recipe = made.recipe if made is not None else None
        if recipe is not None:
            recipe = replace(recipe, used={**recipe.used, "edited": True})
        data = wave_export.pack(wave, endings, recipe)
        return self._host.bring_in(data, media=MEDIA, title=wave.title or "Sound").id
