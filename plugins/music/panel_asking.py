"""What Generate would ask for, in words and as a Request: made from the marked bars, the score and the inspector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.api import Input, Model, ModelRef, PanelHost, Request, StudioError
from studio.inference.notes.score import METRES, ROLES

from . import document_tracks as tracks
from .document import MEDIA, Score, Tempo
from .document_notes import quarters, roles
from .names import key_name
from .panel_inspector import PITCHED, USUAL, Inspector
from .panel_sheet import Region, Sheet
from .panel_takes import Take
from .params import MusicParams, write_cells, write_parts
from .takes import outside

_WORDS = {"lofi": "lo-fi piece", "folk": "folk tune", "synthpop": "synth-pop song", "": "piece"}


class Asking:
    """`task` is what was chosen, or what the score and the marks suggest."""

    def __init__(self, sheet: Sheet, inspector: Inspector) -> None:
        self._sheet, self._inspector = sheet, inspector
        self._chosen = ""
        self._part: tuple[str, str] | None = None
        self._lent: tuple[float, tuple[Tempo, ...]] | None = None
        """The tempo of the next piece, as long as the artist chooses no other."""

    # What can be asked for

    def tasks(self) -> Sequence[str]:
        """In the order in which they are offered."""
        if self._sheet.regions:
            return ("infill", "vary", "piece", "continue", "add")
        if not self._sheet.score.note_count:
            return ("piece",)
        return ("piece", "continue", "add", "vary") if self.free_parts() else ("piece", "continue", "vary")

    def task(self) -> str:
        """What Generate will do."""
        offered = self.tasks()
        return self._chosen if self._chosen in offered else offered[0]

    def choose(self, task: str) -> None:
        """Do something else from now on."""
        self._chosen = task
        if task != "infill" and task != "vary":
            self._sheet.set_regions(())

    def free_parts(self) -> list[tuple[str, Sequence[str]]]:
        """The parts that no track plays yet, with the instruments that could."""
        taken = set(roles(self._sheet.score).values())
        return [(r, ("drum kit",) if r == "drums" else PITCHED) for r in ROLES if r not in taken]

    def part(self) -> tuple[str, str] | None:
        """The part and instrument of a new track."""
        free = [role for role, _ in self.free_parts()]
        if self._part is not None and self._part[0] in free:
            return self._part
        return (free[0], USUAL[free[0]]) if free else None

    def choose_part(self, role: str, instrument: str) -> None:
        """Another part for the new track."""
        self._part = (role, instrument)

    # In words

    def words(self) -> str:
        """One line: what will happen, and what stays."""
        values, score, task = self._inspector.values(), self._sheet.score, self.task()
        key = score.key_at(0)
        where = key_name(key.tonic, key.mode, key.flats)
        if task == "piece":
            style = _WORDS.get(values["style"], values["style"])
            mood = f"{values['mood']} " if values["mood"] else ""
            bars = f"{values['bars']} {'bar' if values['bars'] == 1 else 'bars'}"
            pace = self._pace()
            return f"{_a(mood + style)} of {bars} in {where}" + (f" at {pace:g} BPM" if pace is not None else "")
        if task == "continue":
            return f"{values['bars']} more bars; what is there stays"
        if task == "add":
            return "A track that hears the others; they stay as they are"
        if task == "vary":
            where = self._marked() if self._sheet.regions else "The whole piece"
            return f"{where}: about {values['strength']:.0%} of it changes, locked notes stay"
        return f"{self._marked()}; everything else stays"

    def _pace(self) -> float | None:
        """The tempo that a text or a picture has lent."""
        lent = self._lent
        return lent[0] if lent is not None and lent[1] == self._sheet.score.tempos else None

    def _marked(self) -> str:
        return " and ".join(self._region_words(region) for region in self._sheet.regions)

    def _region_words(self, region: Region) -> str:
        score = self._sheet.score
        bars = (
            f"Bar {region.first + 1}"
            if region.first == region.last
            else f"Bars {region.first + 1} to {region.last + 1}"
        )
        if len(region.tracks) == len(score.tracks):
            return bars
        return f"{bars} of {', '.join(t.name for t in score.tracks if t.id in region.tracks)}"

    def take_words(self, take: Take) -> str:
        """What a take is about."""
        if take.task == "infill" and take.regions:
            return self._region_words(take.regions[0])
        names = {"piece": "New piece", "continue": "Going on", "add": "New track", "vary": "Variation"}
        return names.get(take.task, "Take")

    def bars_of(self, take: Take) -> list[int]:
        """The bars that a take has written, in the order of its steps."""
        timeline = self._sheet.timeline
        if take.task == "continue":
            first = timeline.bar(max(0, take.before.length - 1)) + 1
            return list(range(first, timeline.bars))
        if take.task in ("infill", "vary") and take.regions:
            return sorted({bar for r in take.regions for bar in range(r.first, r.last + 1)})
        return list(range(timeline.bars))

    def title(self) -> str:
        """What the job and its result are called."""
        values = self._inspector.values()
        mood, style = values["mood"], _WORDS.get(values["style"], values["style"])
        piece = f"{mood} {style}".strip()
        return piece[:1].upper() + piece[1:]

    # As a request

    def request(self, generator: str, model: Model, seed: int, host: PanelHost) -> Request:
        """Raises StudioError where the model cannot work on such a score."""
        task, score = self.task(), self._sheet.score
        values: dict[str, Any] = {**self._inspector.values(), "task": task, "cells": ""}
        metre, key = score.metres[0], score.key_at(0)
        if (metre.numerator, metre.denominator) not in METRES or (task != "piece" and len(score.metres) > 1):
            known = ", ".join(f"{a}/{b}" for a, b in METRES)
            raise StudioError(
                f"This model does not write in {metre.numerator}/{metre.denominator}."
                if len(score.metres) == 1
                else "This model writes pieces with one metre only.",
                f"It knows {known}: choose one of them over the roll.",
            )
        per_beat = quarters(1.0, (metre.numerator, metre.denominator))
        pace = self._pace() if task == "piece" else None
        values |= {
            "tonic": key.tonic,
            "mode": key.mode,
            "metre": f"{metre.numerator}/{metre.denominator}",
            "tempo": min(300.0, max(20.0, (pace or score.tempos[0].bpm) / per_beat)),
        }
        if task == "add":
            part = self.part()
            if part is None:
                raise StudioError("Every part the model knows is played already.", "Remove a track first.")
            values["parts"] = write_parts([part])
        elif task in ("infill", "vary"):
            values["cells"] = write_cells(self._cells())
        inputs: tuple[Input, ...] = ()
        if task != "piece":
            kept = host.bring_in(score.to_bytes(), media=MEDIA, title=self.title())
            inputs = (Input("score", MEDIA, kept.id),)
        return Request(generator, values, seed, ModelRef(model.id, model.title, model.sha256), inputs)

    def _cells(self) -> list[tuple[str, int, int]]:
        regions = self._sheet.regions
        if not regions:
            last = max(0, self._sheet.timeline.bars - 1)
            regions = (Region(0, last, tuple(t.id for t in self._sheet.score.tracks)),)
        return [(track, region.first, region.last) for region in regions for track in region.tracks]

    def take(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Set the inspector and the transport as a recipe says; the labels of what does not fit come back."""
        refused = self._inspector.set_values(values)
        task = values.get("task")
        self._chosen = task if isinstance(task, str) else ""
        if task == "piece":
            usual = MusicParams()
            score = self._sheet.score
            metre = str(values.get("metre", usual.metre)).split("/")
            score = tracks.set_metre(score, 0, int(metre[0]), int(metre[1]))
            score = tracks.set_key(score, 0, int(values.get("tonic", usual.tonic)), str(values.get("mode", usual.mode)))
            per_beat = quarters(1.0, (int(metre[0]), int(metre[1])))
            score = tracks.set_tempo(score, 0, float(values.get("tempo", usual.tempo)) * per_beat)
            if score != self._sheet.score:
                self._sheet.edit("recall of a recipe", score)
        return refused

    def lend(self, lent: tuple[str, int] | None) -> str:
        """Take a mood and a tempo for the next piece; says what was taken."""
        if lent is None:
            return "Nothing in it tells of a mood"
        mood, bpm = lent
        self._inspector.set_values({"mood": mood})
        self._chosen = "piece"
        self._sheet.set_regions(())
        score = tracks.set_tempo(self._sheet.score, 0, float(bpm))
        if self._sheet.score.note_count:
            self._lent = (float(bpm), self._sheet.score.tempos)  # what is there keeps its own
        elif score != self._sheet.score:
            self._sheet.edit("a tempo", score)
        return f"It sounds {mood}: the next piece will, too, at {bpm} BPM"

    def proof(self, take: Take) -> str:
        """What a kept take left unchanged, counted."""
        if take.task not in ("infill", "add", "continue") or take.after is None:
            return ""
        before, after = self._outside(take, take.before), self._outside(take, take.after)
        same = all(after.get(track) == sounds for track, sounds in before.items())
        count = sum(sum(sounds.values()) for sounds in before.values())
        where = f"Outside {self._region_words(take.regions[0]).lower()}" if take.regions else "What was there"
        return f"{where}: unchanged ({count} notes compared)" if same else f"{where}: something else changed too"

    def _outside(self, take: Take, score: Score) -> dict[str, Any]:
        timeline = self._sheet.timeline
        cells = []
        for region in take.regions if take.task == "infill" else ():
            start, end = timeline.bar_span(region.first, region.last)
            cells += [(track, start, end) for track in region.tracks]
        known = {track.id for track in take.before.tracks}
        end = take.before.length
        found = outside(score, cells)
        return {
            track: type(sounds)({s: n for s, n in sounds.items() if s[0] < end})
            for track, sounds in found.items()
            if track in known
        }


def _a(words: str) -> str:
    return f"{'An' if words[:1] in 'aeiou' else 'A'} {words}"
