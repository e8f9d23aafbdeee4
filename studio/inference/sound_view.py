"""What is seen and heard of a sound while it is made."""

from __future__ import annotations

import io
import math
import time
import wave
from collections.abc import Callable

import numpy as np
import torch

from studio.api import GeneratorContext, Preview

from .resampling import Frames, resample
from .sound_parts import Part
from .sound_pictures import HEIGHT, WIDTH, LatentSpectrum, levels_of, outline, picture
from .sound_spaces import SoundSpace

HEARD_SECONDS = 1.5
HEARD_RATE = 24_000
SHARE = 0.1
"""Of the time a sound takes, no more than this goes into letting it be heard while it is made."""


class SoundView:
    """Looks at what lies between `first` and `last` of a line, in frames of `rate`."""

    def __init__(self, rate: int, first: int, last: int, context: GeneratorContext) -> None:
        self._rate, self._context = rate, context
        self._first, self._last = first, last
        self._levels = np.full((HEIGHT, WIDTH), np.nan, np.float32)
        self._began, self._spent = time.perf_counter(), 0.0
        self._decoded = 0

    def is_there(self, sound: Frames, first: int) -> None:
        """`sound`, from the frame `first` of the line on, is made."""
        begin, end = self._columns(first, first + len(sound))
        if end > begin and len(sound):
            self._levels[:, begin:end] = levels_of(sound, self._rate, end - begin)

    def is_told(self, levels: np.ndarray, first: int, last: int) -> None:
        """Levels [HEIGHT, moments] of what lies between two frames of the line."""
        begin, end = self._columns(first, last)
        places = ((np.arange(end - begin) + 0.5) * levels.shape[1] / max(1, end - begin)).astype(int)
        self._levels[:, begin:end] = levels[:, np.minimum(places, levels.shape[1] - 1)]

    def listen(self, make: Callable[[], Frames]) -> Frames | None:
        """The short sound that `make` makes, where somebody looks and there was time to make it; else None."""
        started = time.perf_counter()
        if not self._context.wants_preview or self._spent > SHARE * (started - self._began):
            return None
        heard = make()
        self._spent += time.perf_counter() - started
        self._decoded += len(heard)
        return np.nan_to_num(heard) if len(heard) and np.isfinite(heard).any() else None

    def cost(self, frames: int) -> float:
        """Seconds that it takes to make so many frames heard, as far as that is known; else endless."""
        return self._spent * frames / self._decoded if self._decoded else math.inf

    def shown(self, heard: Frames | None = None) -> Preview:
        """The picture, with what is to be heard of it."""
        seen = picture(self._levels)
        if heard is None:
            return seen
        return Preview(seen.media, seen.data, seen.width, seen.height, sound=to_small_wav(heard, self._rate))

    def _columns(self, first: int, last: int) -> tuple[int, int]:
        length = max(1, self._last - self._first)
        begin, end = (round((frame - self._first) * WIDTH / length) for frame in (first, last))
        return min(max(0, begin), WIDTH - 1), min(WIDTH, max(end, begin + 1))


class LatentView:
    """Looks at the latents of a line."""

    def __init__(self, view: SoundView, space: SoundSpace, spectrum: Callable[[], LatentSpectrum | None]) -> None:
        """`spectrum` is asked for when somebody looks: it may have to be fitted first."""
        self.view, self._space, self._spectrum = view, space, spectrum

    def look(self, latents: torch.Tensor, part: Part) -> Preview:
        """The step at which the model expects `latents` for `part`."""
        hop = self._space.hop
        first, last = (part.first - part.begin) // hop, self._space.cells(part.last - part.begin)
        spectrum = self._spectrum()
        told = (
            outline(self._space.rows(latents)[:, first:last])
            if spectrum is None
            else spectrum.levels(latents, first, last)
        )
        self.view.is_told(told, part.first, part.last)
        count = max(1, int(HEARD_SECONDS * self._space.rate) // hop)
        end = min(last, first + count)
        # What is heard is not drawn over what is told: steps with and without a sound shall look alike.
        return self.view.shown(self.view.listen(lambda: self._space.decode(latents, first, end).numpy().T))


def to_small_wav(sound: Frames, rate: int) -> bytes:
    """[frames, channels] as a WAV file of 16 bits at no more than HEARD_RATE, not louder than full scale."""
    if rate > HEARD_RATE:
        sound, rate = resample(sound, rate, HEARD_RATE), HEARD_RATE
    loud = max(1.0, float(np.abs(sound).max(initial=0.0)))
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound / loud * 32_767).astype("<i2").tobytes())
    return held.getvalue()
