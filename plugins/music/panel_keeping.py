"""The score as something to be exported or sent: the kept result that it is, or a file of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from studio.api import PanelHost, StudioError

from .document import MEDIA, Note, Score, Track
from .reading import score_of, with_recipe
from .takes import sound


class Keeping:
    """Answers with the ids of artifacts, "" for none. `result` is the newest result that was kept."""

    def __init__(self, host: PanelHost) -> None:
        self._host = host

    def document(self, score: Score, result: str, title: str) -> str:
        """The result itself where nothing was done to it; else a file of the score, which says that it was edited."""
        if not score.note_count:
            return ""
        artifact = self._host.artifact(result) if result else None
        recipe = None if artifact is None else artifact.recipe
        if artifact is not None:
            try:
                made = score_of(artifact)
            except StudioError:
                made = None  # its file is gone; the score is not
            if made is not None and heard(made) == heard(score):
                return artifact.id
            if made is None or not _have_in_common(made, score):
                recipe = None  # nothing of it is left
        if recipe is not None:
            recipe = replace(recipe, used={**recipe.used, "edited": True})
        titled = score if score.title else replace(score, title=title)
        return self._host.bring_in(with_recipe(titled, recipe), media=MEDIA, title=titled.title).id


def heard(score: Score) -> tuple[Any, ...]:
    """All that can be heard or read of a score: what makes two of them the same piece."""
    tracks = [(replace(track, id="", notes=()), sorted(map(_all, track.notes))) for track in score.tracks]
    return (tracks, score.tempos, score.metres, score.keys, score.chords, score.length, score.ppq, score.extra)


def _all(note: Note) -> tuple[int, ...]:
    return (*sound(note), note.locked, note.release)


def _have_in_common(one: Score, other: Score) -> bool:
    def sounds(track: Track) -> Counter[tuple[int, int, int, int]]:
        return Counter(map(sound, track.notes))

    both = [sum(map(sounds, score.tracks), Counter[tuple[int, int, int, int]]()) for score in (one, other)]
    return bool(both[0] & both[1])
