"""Edits of a sound: each takes a Wave and gives another one. Ranges are from `start` to before `end`, in frames."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from .wave import Clip, Marker, Ramp, Region, Voice, Wave, joined

JOIN_SECONDS = 0.005
"""How long a join is faded over: too short to be heard as a fade, long enough not to click."""
LOUDEST = 64.0
"""+36 dB: no single edit makes anything louder than that."""


def clips_between(wave: Wave, start: int, end: int) -> tuple[Clip, ...]:
    """The pieces that are heard in a range, cut to it."""
    start, end = max(0, start), min(end, wave.length)
    if start >= end:
        return ()
    found = []
    index = bisect_right(wave.starts, start) - 1
    while index < len(wave.clips) and wave.starts[index] < end:
        at, clip = wave.starts[index], wave.clips[index]
        found.append(clip.part(max(0, start - at), min(clip.length, end - at)))
        index += 1
    return tuple(found)


def replaced(wave: Wave, start: int, end: int, clips: Sequence[Clip], *, join: bool = False) -> Wave:
    """Other pieces instead of a range; regions and markers behind it move with what they mark."""
    start, end = max(0, min(start, wave.length)), max(0, min(end, wave.length))
    fresh = sum(clip.length for clip in clips)
    row = (*clips_between(wave, 0, start), *clips, *clips_between(wave, end, wave.length))
    made = replace(wave, clips=joined(row), **_moved_marks(wave, start, end, fresh))
    if join:
        frames = join_frames(wave)
        made = crossfaded(made, start, frames)
        if fresh:
            made = crossfaded(made, start + fresh, frames)
    return made


def join_frames(wave: Wave) -> int:
    """The length of an ordinary join."""
    return round(wave.rate * JOIN_SECONDS)


def delete(wave: Wave, start: int, end: int) -> Wave:
    """The range goes; what is behind it moves up."""
    return replaced(wave, start, end, (), join=True)


def insert(wave: Wave, at: int, clips: Sequence[Clip]) -> Wave:
    """Pieces at a place; what is behind it moves on."""
    return replaced(wave, at, at, clips, join=True)


def trim(wave: Wave, start: int, end: int) -> Wave:
    """Only the range stays."""
    return replaced(replaced(wave, end, wave.length, ()), 0, start, ())


def silence(wave: Wave, start: int, end: int) -> Wave:
    """Nothing is heard in the range; its edges are faded inside of it."""
    start, end = max(0, start), min(end, wave.length)
    if start >= end:
        return wave
    edge = min(join_frames(wave), (end - start) // 2)
    quiet = replaced(wave, start + edge, end - edge, [Clip(end - start - 2 * edge)] if end - start > 2 * edge else ())
    return fade(fade(quiet, start, start + edge, "out", curve="line"), end - edge, end, "in", curve="line")


def insert_silence(wave: Wave, at: int, frames: int) -> Wave:
    """A pause."""
    return insert(wave, at, [Clip(max(1, frames))])


def gain(wave: Wave, start: int, end: int, factor: float) -> Wave:
    """Louder (above 1) or softer."""
    factor = max(0.0, min(factor, LOUDEST))
    return _voiced(wave, start, end, lambda voice, _at: voice.louder(factor))


def fade(wave: Wave, start: int, end: int, way: str, *, curve: str = "soft") -> Wave:
    """From silence to what is there (`way` "in"), or to silence ("out")."""
    start, end = max(0, start), min(end, wave.length)
    if start >= end:
        return wave
    first, last = (0.0, 1.0) if way == "in" else (1.0, 0.0)
    return _voiced(wave, start, end, lambda voice, at: voice.shaped(Ramp(first, last, end - start, at, curve)))


def reverse(wave: Wave, start: int, end: int) -> Wave:
    """Back to front."""
    start, end = max(0, start), min(end, wave.length)
    clips = [
        Clip(clip.length, tuple(voice.backwards(clip.length) for voice in clip.voices))
        for clip in reversed(clips_between(wave, start, end))
    ]
    return replace(replaced(wave, start, end, clips, join=True), regions=wave.regions, markers=wave.markers)


def crossfaded(wave: Wave, at: int, frames: int) -> Wave:
    """What is before a place goes on in its recordings for so many frames and fades out, while what is behind it fades
    in: nothing becomes longer or shorter. A place where the recordings go on by themselves stays as it is.
    """
    if not 0 < at < wave.length or frames < 2:
        return wave
    index = bisect_right(wave.starts, at) - 1
    if wave.starts[index] != at:
        return wave
    before, behind = wave.clips[index - 1], wave.clips[index]
    frames = min(frames, behind.length)
    curve = "soft" if frames <= 2 * join_frames(wave) else "power"
    leaving = tuple(v.later(before.length).shaped(Ramp(1.0, 0.0, frames, 0, curve)) for v in before.voices)
    coming = tuple(v.shaped(Ramp(0.0, 1.0, frames, 0, curve)) for v in behind.part(0, frames).voices)
    row = [*wave.clips[:index], Clip(frames, (*leaving, *coming))]
    if behind.length > frames:
        row.append(behind.part(frames, behind.length))
    return replace(wave, clips=(*row, *wave.clips[index + 1 :]))


def carried(before: Wave, now: Wave, start: int, end: int) -> tuple[int, int] | None:
    """Where a range of `before` is in `now`, which was made of it by edits; None where the range itself was edited."""
    if clips_between(now, start, end) == clips_between(before, start, end) and now.length >= end:
        return start, end
    shift = now.length - before.length
    if start + shift >= 0 and clips_between(now, start + shift, end + shift) == clips_between(before, start, end):
        return start + shift, end + shift
    return None


# --- regions and markers ---


def add_region(wave: Wave, name: str, start: int, end: int) -> Wave:
    """One more region, in the next colour."""
    region = Region(wave.next_id, name, max(0, start), min(end, wave.length), (wave.next_id - 1) % 12)
    regions = tuple(sorted((*wave.regions, region), key=lambda r: (r.start, r.end, r.id)))
    return replace(wave, regions=regions, next_id=wave.next_id + 1)


def add_marker(wave: Wave, name: str, at: int) -> Wave:
    """One more marker."""
    marker = Marker(wave.next_id, name, max(0, min(at, wave.length)))
    markers = tuple(sorted((*wave.markers, marker), key=lambda m: (m.at, m.id)))
    return replace(wave, markers=markers, next_id=wave.next_id + 1)


def set_region(wave: Wave, region: Region) -> Wave:
    """A region in place of the one with its id."""
    start, end = sorted((max(0, region.start), min(region.end, wave.length)))
    fresh = replace(region, start=start, end=max(end, start + 1))
    regions = [fresh if each.id == region.id else each for each in wave.regions]
    return replace(wave, regions=tuple(sorted(regions, key=lambda r: (r.start, r.end, r.id))))


def set_marker(wave: Wave, marker: Marker) -> Wave:
    """A marker in place of the one with its id."""
    fresh = replace(marker, at=max(0, min(marker.at, wave.length)))
    markers = [fresh if each.id == marker.id else each for each in wave.markers]
    return replace(wave, markers=tuple(sorted(markers, key=lambda m: (m.at, m.id))))


def remove_mark(wave: Wave, mark_id: int) -> Wave:
    """A region or a marker goes; the sound stays."""
    return replace(
        wave,
        regions=tuple(region for region in wave.regions if region.id != mark_id),
        markers=tuple(marker for marker in wave.markers if marker.id != mark_id),
    )


def _voiced(wave: Wave, start: int, end: int, change: Callable[[Voice, int], Voice]) -> Wave:
    """`change(voice, at)` for all voices in a range; `at` is how far behind its beginning a clip begins."""
    start, end = max(0, start), min(end, wave.length)
    at, clips = 0, []
    for clip in clips_between(wave, start, end):
        clips.append(Clip(clip.length, tuple(change(voice, at) for voice in clip.voices)))
        at += clip.length
    made = replaced(wave, start, end, clips)
    return replace(made, regions=wave.regions, markers=wave.markers)


def _moved_marks(wave: Wave, start: int, end: int, fresh: int) -> dict[str, tuple]:  # type: ignore[type-arg]
    shift = fresh - (end - start)

    def moved(place: int, *, is_end: bool) -> int:
        if place >= end and not (is_end and place == end == start):
            return place + shift
        return min(place, start + fresh) if place > start else place

    regions = []
    for region in wave.regions:
        first, last = moved(region.start, is_end=False), moved(region.end, is_end=True)
        if last > first:
            regions.append(replace(region, start=first, end=last))
    markers = [replace(m, at=moved(m.at, is_end=False)) for m in wave.markers if not start < m.at < end or fresh]
    return {"regions": tuple(regions), "markers": tuple(markers)}
