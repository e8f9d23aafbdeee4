"""Making a stretch of a line of sound with a diffusion pipeline: at once, or part by part where it is long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from studio.api import GeneratorContext, JobCancelled, JobPaused, Preview, StepState, StudioError

from .memory import shortage_in_words
from .pipelines import Loaded
from .resampling import Frames
from .sound_joins import crossfade, gain_to
from .sound_parts import Part, parts
from .sound_pictures import LatentSpectrum, fitted
from .sound_spaces import MARGIN, SoundSpace
from .sound_view import LatentView, SoundView
from .sounding import Given, SoundPlan, SoundRun
from .tensors import from_blob, to_blob

ANOTHER = 7919
"""Between the seeds of two parts: the same noise twice would be heard as the same idea twice."""
RESCUE_SECONDS = 2.0
"""What bringing the unfinished sound of a cancelled job to sound may take on a processor: an end was asked for."""
_SPECTRA: WeakKeyDictionary[Loaded, LatentSpectrum | None] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Stretch:
    """[frames, channels] at the model's rate, in which what lies between `first` and `last` is to be made. With
    `backwards` it leads up to what is behind it.
    """

    sound: Frames
    first: int
    last: int
    backwards: bool = False


def make(
    loaded: Loaded,
    space: SoundSpace,
    plan: SoundPlan,
    stretch: Stretch,
    context: GeneratorContext,
    rescue: Callable[[Frames, int], None] = lambda _line, _until: None,
) -> tuple[Frames, int]:
    """The line with its stretch made, as the model gives what is around it too (not as it was: who joins needs both),
    and how many runs it took. Raises JobCancelled, JobPaused and StudioError; before JobCancelled, `rescue` gets the
    line as far as it had come and the frame up to which that is, where something had.
    """
    line = np.array(stretch.sound, np.float32)
    ways = parts(
        len(line), stretch.first, stretch.last, longest=space.longest, hop=space.hop, backwards=stretch.backwards
    )
    view = SoundView(space.rate, stretch.first, stretch.last, context)
    looks = LatentView(view, space, lambda: _spectrum(loaded, space, context))
    number, before, gain = _go_on(context, line, ways, view)
    for place in range(number, len(ways)):
        part = ways[place]
        turn = _Turn(context, place, len(ways), before, line, gain)
        seconds = (part.end - part.begin) / space.rate
        now = replace(plan, seconds=seconds, seed=plan.seed + ANOTHER * place)
        run = SoundRun(loaded, now, turn, space=space, view=looks, part=part, given=_given(line, part, space))
        try:
            latents = run.latents()
        except JobPaused:
            raise
        except JobCancelled:
            until = _rescued(run, line, part, space, loaded, view, stretch, gain)
            if until > stretch.first:
                rescue(line, until)
            raise
        gain = _lay(line, part, latents, space, loaded, context, stretch, gain)
        view.is_there(line[part.first : part.last], part.first)
        before = turn.steps
    return line, len(ways)


def _rescued(
    run: SoundRun,
    line: Frames,
    part: Part,
    space: SoundSpace,
    loaded: Loaded,
    view: SoundView,
    stretch: Stretch,
    gain: float | None,
) -> int:
    """Lay what the model expected at the last step, if it can be decoded soon; up to where there is something then."""
    if stretch.backwards:
        return stretch.first
    seen = run.estimate()
    cost = view.cost(part.end - part.begin if space.whole else part.last - part.first)
    if seen is None or (loaded.device.kind == "cpu" and cost > RESCUE_SECONDS):
        return part.first
    try:
        _lay(line, part, seen, space, loaded, None, stretch, gain)
    except StudioError:
        return part.first
    return part.last


def _spectrum(loaded: Loaded, space: SoundSpace, context: GeneratorContext) -> LatentSpectrum | None:
    """Fitted once, at the first step that is looked at; its encoder is stopped as all of the model is."""
    if loaded not in _SPECTRA:
        context.progress("Learning what the model's sounds look like")
        _SPECTRA[loaded] = fitted(space)
    return _SPECTRA[loaded]


def _given(line: Frames, part: Part, space: SoundSpace) -> Given | None:
    """What the model hears of the line. Where nothing is yet, it is the mirror image of what is beside it: an encoder
    that hears a sound break off would write that down in what is kept.
    """
    if (part.first, part.last) == (part.begin, part.end):
        return None
    heard = line[part.begin : part.end].copy()
    first, last = part.first - part.begin, part.last - part.begin
    if not np.abs(heard[first:last]).max(initial=0.0):
        reach = min(2 * MARGIN * space.hop, last - first)
        left, right = heard[max(0, first - reach) : first][::-1], heard[last : last + reach][::-1]
        heard[first : first + len(left)] = left
        if len(right):
            heard[last - len(right) : last] = right
    return Given(torch.from_numpy(np.ascontiguousarray(heard.T)), part)


@torch.no_grad()
def _lay(
    line: Frames,
    part: Part,
    latents: torch.Tensor,
    space: SoundSpace,
    loaded: Loaded,
    context: GeneratorContext | None,
    stretch: Stretch,
    gain: float | None,
) -> float:
    """Decode a part and put it into the line, by `gain` louder, or as loud as what is around it; the gain. Later parts
    take that of the first: matched to each other one after the other, they would drift. Without a context nobody can
    stop it.
    """
    if context is not None:
        context.progress("Bringing it to sound")
    first, last, count = part.first - part.begin, part.last - part.begin, part.end - part.begin
    reach = space.cells(space.rate)
    begin, end = 0, space.cells(count)
    if not space.whole:
        begin, end = max(0, first // space.hop - reach), min(end, space.cells(last) + reach)
    loaded.flag.context = context
    hint = "Make it shorter, close other programs, or choose a smaller model."
    try:
        with shortage_in_words(f"to bring {(end - begin) * space.hop / space.rate:.0f} seconds to sound", hint):
            made = space.decode(latents, begin, end).numpy().T
    finally:
        loaded.flag.context = None
        loaded.pipe.maybe_free_model_hooks()
    if not np.isfinite(made).all():
        raise StudioError("The sound came out empty: the model's numbers ran over.", "Choose Full as the precision.")
    offset = part.begin + begin * space.hop
    made = made[: part.end - offset]
    left, right = slice(offset, part.first), slice(part.last, offset + len(made))
    if gain is None:
        there, own = (np.concatenate([a[left], a[right]]) for a in (line, _Placed(made, offset)))
        gain = gain_to(there, own)
    made = made * np.float32(gain)
    _put(line, made, offset, part, stretch, min(space.hop, (part.last - part.first) // 4))
    return gain


def _put(line: Frames, made: Frames, offset: int, part: Part, stretch: Stretch, fade: int) -> None:
    """Into the line, over what parts before it have left beside it, and around the stretch as the model gives it."""
    whole = _Placed(made, offset)
    for edge, begin in ((part.first, part.first - fade), (part.last, part.last)):
        if stretch.first <= begin and begin + fade <= stretch.last and fade and offset <= begin:
            place = slice(begin, begin + fade)
            if edge == part.first:
                line[place] = crossfade(line[place], whole[place])
            elif np.abs(line[place]).max(initial=0.0) and begin + fade <= offset + len(made):
                line[place] = crossfade(whole[place], line[place])
    line[part.first : part.last] = whole[part.first : part.last]
    if part.first == stretch.first:
        line[offset : part.first] = whole[offset : part.first]
    if part.last == stretch.last:
        line[part.last : offset + len(made)] = whole[part.last : offset + len(made)]


class _Placed:
    """An array that begins at a place of the line, and is sliced by places of the line."""

    def __init__(self, sound: Frames, offset: int) -> None:
        self._sound, self._offset = sound, offset

    def __getitem__(self, place: slice) -> Frames:
        return self._sound[max(0, place.start - self._offset) : max(0, place.stop - self._offset)]


def _go_on(
    context: GeneratorContext, line: Frames, ways: tuple[Part, ...], view: SoundView
) -> tuple[int, int, float | None]:
    """The part a kept step belongs to, the steps before it, and the gain of the parts before; those are put into the
    line.
    """
    if context.resume is None:
        return 0, 0, None
    _, state = context.resume
    number, before = int(state.values.get("part", 0)), int(state.values.get("before", 0))
    kept = state.tensors.get("line")
    if number >= len(ways) or (number and (kept is None or tuple(kept.shape) != line.shape)):
        raise StudioError(
            "This step cannot be continued with these settings.", "Keep the length that the step was made with."
        )
    if kept is not None:
        line[:] = from_blob(kept).numpy()
        for part in ways[:number]:
            view.is_there(line[part.first : part.last], part.first)
    return number, before, float(state.values.get("gain", 1.0)) if number else None


class _Turn:
    """The context of one part: its steps count on from those before it, and keep what was made before it."""

    def __init__(
        self, context: GeneratorContext, number: int, count: int, before: int, line: Frames, gain: float | None
    ) -> None:
        self._context, self._number, self._count, self._before = context, number, count, before
        self._line, self._gain = line, gain
        self.steps = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    @property
    def resume(self) -> tuple[int, StepState] | None:
        """The kept step, if it is of this part."""
        found = self._context.resume
        if found is None or int(found[1].values.get("part", 0)) != self._number:
            return None
        return found[0] - self._before, found[1]

    def step(
        self,
        index: int,
        total: int,
        *,
        preview: Callable[[], Preview] | None = None,
        state: Callable[[], StepState] | None = None,
        label: str = "",
    ) -> None:
        """As the context's own."""
        self.steps = self._before + total
        whole = self._before + total * (self._count - self._number)
        kept = None if state is None else lambda: self._kept(state())
        self._context.step(self._before + index, whole, preview=preview, state=kept, label=label)

    def _kept(self, state: StepState) -> StepState:
        tensors = dict(state.tensors)
        if self._number:
            tensors["line"] = to_blob(torch.from_numpy(self._line))
        more = {"part": self._number, "before": self._before, "gain": self._gain}
        return StepState(tensors, {**state.values, **more})
