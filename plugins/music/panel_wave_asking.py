"""What Generate would ask an audio model for, in words and as a Request: from selection, form and prompt."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import soundfile

from studio.api import Model, ModelRef, Request, StudioError

from . import sound_ways, wave_render
from .panel_wave_inspector import WaveInspector
from .panel_wave_sheet import WaveSheet
from .panel_wave_takes import WaveTake
from .wave import Wave, spoken_time
from .wave_tape import Shelf, Tape

TASKS = {
    "new": "A new sound",
    "insert": "A new sound at the cursor",
    "repaint": "Make the selection anew",
    "extend": "Go on at the end",
    "front": "A new beginning",
}
CONTEXT_SECONDS = 30
"""Of a long sound, the model is given this much on both sides of what it makes anew."""
LONG_SECONDS = 120
SHORTEST_SECONDS = 0.1


class WaveAsking:
    """`task` is what was chosen, or what the document and the selection suggest."""

    def __init__(self, sheet: WaveSheet, inspector: WaveInspector) -> None:
        self._sheet, self._inspector = sheet, inspector
        self._chosen = ""

    def tasks(self) -> tuple[str, ...]:
        """In the order in which they are offered."""
        wave = self._sheet.wave
        if not wave.length:
            return ("new",)
        if self._sheet.has_range:
            return ("repaint", "extend", "front", "insert", "new")
        return ("extend", "front", "insert", "new")

    def task(self) -> str:
        """What Generate will do."""
        offered = self.tasks()
        return self._chosen if self._chosen in offered else offered[0]

    def choose(self, task: str) -> None:
        """Do something else from now on."""
        self._chosen = task

    def words(self) -> str:
        """One line: what will happen, and what stays."""
        task, wave, sheet = self.task(), self._sheet.wave, self._sheet
        seconds = float(self._inspector.values()["seconds"])
        if task == "repaint":
            start, end = (spoken_time(frame / wave.rate) for frame in sheet.selection)
            return f"{start} to {end} is made anew; everything else stays, sample for sample"
        if task == "extend":
            return f"{seconds:g} s more at the end, in keeping with what is there"
        if task == "front":
            return f"{seconds:g} s before the beginning, leading into what is there"
        if task == "insert":
            return f"{seconds:g} s at {spoken_time(sheet.cursor / wave.rate)}; what is behind moves on"
        return f"{seconds:g} s of a new sound" + (" instead of this one" if wave.length else "")

    def title(self, prompt: str) -> str:
        """What the job and its result are called."""
        words = " ".join(prompt.split())
        return words[:80].rstrip() or "Sound"

    def check(self, model: Model, prompt: str) -> None:
        """Raises StudioError where this cannot be asked of this model."""
        task = self.task()
        if not prompt.strip():
            raise StudioError("Nothing is asked for.", "Describe the sound first.")
        # What leads into something has something behind it, as a part made anew has.
        way = {"insert": "new", "front": "repaint"}.get(task, task)
        message, hint = sound_ways.why_not(model.family, way)
        if message:
            raise StudioError(message, hint)
        start, end = self._sheet.selection
        if task == "repaint" and end - start < SHORTEST_SECONDS * self._sheet.wave.rate:
            raise StudioError("The selection is too short for a model.", "Select at least a tenth of a second.")

    def given(self) -> tuple[int, int] | None:
        """What the model is to hear of the document (from, to before); None where it hears nothing of it."""
        task, wave = self.task(), self._sheet.wave
        if task in ("new", "insert"):
            return None
        if wave.seconds <= LONG_SECONDS:
            return 0, wave.length
        room = CONTEXT_SECONDS * wave.rate
        if task == "repaint":
            start, end = self._sheet.selection
            return max(0, start - room), min(wave.length, end + room)
        return (wave.length - room, wave.length) if task == "extend" else (0, room)

    def take(self, generator: str, model: Model, seed: int, prompt: str, *, offset: int) -> WaveTake:
        """What is asked for now, with the document as it is now."""
        task, (start, end) = self.task(), self._sheet.selection
        values: dict[str, Any] = {**self._inspector.values(), "prompt": prompt}
        values |= {"task": {"insert": "new", "front": "extend"}.get(task, task), "first_frame": 0, "last_frame": 0}
        values["side"] = "front" if task == "front" else "end"
        if task == "repaint":
            values |= {"first_frame": start - offset, "last_frame": end - offset}
            values["seconds"] = min(600.0, max(0.1, (end - start) / self._sheet.wave.rate))
        request = Request(generator, values, seed, ModelRef(model.id, model.title, model.sha256))
        span = {"repaint": (start, end), "insert": (start, start)}.get(task, (0, 0))
        return WaveTake("", request, task, self._sheet.wave, span, offset)


def packed(wave: Wave, shelf: Shelf, start: int, end: int) -> bytes:
    """A range of a document as a WAV file of floating-point numbers: nothing is rounded. Raises StudioError."""
    held = io.BytesIO()
    try:
        with soundfile.SoundFile(held, "w", wave.rate, wave.channels, "FLOAT", format="WAV") as file:
            for block in wave_render.blocks(wave, shelf, start, end):
                file.write(block)
    except (soundfile.SoundFileError, RuntimeError, MemoryError) as error:
        raise StudioError(
            "The sound could not be handed to the model.", "Make it shorter.", details=str(error)
        ) from error
    return held.getvalue()


def unchanged(before: Wave, take: WaveTake, tape: Tape, shelf: Shelf) -> tuple[int, int]:
    """(frames that are the same outside of what was made anew, frames outside) between what the model was given and
    what came back.
    """
    assert take.artifact is not None
    first, last = int(take.artifact.facts.get("first_frame", 0)), int(take.artifact.facts.get("last_frame", 0))
    channels = min(before.channels, tape.channels)
    same = total = 0
    spans = {
        "repaint": ((0, first, take.offset), (last, tape.frames, take.offset)),
        "extend": ((0, first, take.offset),),
        "front": ((last, tape.frames, -last),),
    }
    for start, end, shift in spans.get(take.task, ()):
        for at in range(start, end, wave_render.BLOCK):
            count = min(wave_render.BLOCK, end - at)
            was = wave_render.read(before, shelf, at + shift, count)[:, :channels]
            now = tape.read(at, count, tape.channels)[:, :channels]
            same += int(np.count_nonzero((was == now).all(axis=1)))
            total += count
    return same, total
