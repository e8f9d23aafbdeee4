"""What the panel edits: the score, what is selected in it, and the entries of the undo stack."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from studio.api import PanelHost

from .document import Note, Score, Track
from .document_time import Grid, Timeline


@dataclass(frozen=True, slots=True)
class Region:
    """Whole bars, first to last (from 0, both included), of these tracks: what is to be written anew."""

    first: int
    last: int
    tracks: tuple[str, ...]


class Sheet(QObject):
    """`edited` says that the score is another one, `chosen` that the selection, the track or the regions are."""

    edited = Signal()
    chosen = Signal()
    recorded_changed = Signal()

    def __init__(self, host: PanelHost, score: Score, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self.score = score
        self.timeline = Timeline(score)
        self.grid: Grid | None = Grid(16)
        self.selection: frozenset[int] = frozenset()
        self.track_id = score.tracks[0].id if score.tracks else ""
        self.in_key = False
        """What is drawn or moved stays in the key."""
        self.regions: tuple[Region, ...] = ()
        self.ghosts: Score | None = None
        """What the model has written so far, or an alternative that is being looked at; not part of the score."""
        self.recorded: Score | None = None
        """What somebody plays just now, until it is written down."""
        self.faded: frozenset[int] = frozenset()
        """Notes that would make room for the ghosts."""

    # The score

    def show(self, score: Score) -> None:
        """Another score without an entry in the undo stack: at the start, or while a gesture runs."""
        if score is self.score:
            return
        self.score = score
        if (score.tempos, score.metres, score.length, score.ppq) != (
            self.timeline.tempos,
            self.timeline.metres,
            self.timeline.length,
            self.timeline.ppq,
        ):
            self.timeline = Timeline(score)
        homes = score.home_track.keys()
        if not homes >= self.selection:
            self.selection &= homes
        if not any(t.id == self.track_id for t in score.tracks):
            self.track_id = score.tracks[0].id if score.tracks else ""
        known = {t.id for t in score.tracks}
        self.regions = tuple(r for r in self.regions if known.issuperset(r.tracks))
        self.edited.emit()

    def edit(
        self, text: str, score: Score, *, before: Score | None = None, select: Iterable[int] | None = None
    ) -> None:
        """One entry of the undo stack. `before` is what undoing brings back, where a gesture has shown steps."""
        old = self.score if before is None else before
        chosen = self.selection
        if select is not None:
            self.selection = frozenset(select)
        self.show(score)
        if score is old:
            return
        after = self.selection
        self._host.add_undo(
            text, undo=lambda: self._bring_back(old, chosen), redo=lambda: self._bring_back(score, after)
        )
        self._host.changed()
        self.chosen.emit()

    def _bring_back(self, score: Score, selection: frozenset[int]) -> None:
        self.ghosts, self.faded = None, frozenset()
        self.selection = selection
        self.show(score)
        self._host.changed()
        self.chosen.emit()

    # What is chosen

    @property
    def track(self) -> Track | None:
        """The track one writes into."""
        return next((t for t in self.score.tracks if t.id == self.track_id), None)

    def choose_track(self, track_id: str) -> None:
        """Write into that track from now on."""
        if track_id != self.track_id and any(t.id == track_id for t in self.score.tracks):
            self.track_id = track_id
            self.chosen.emit()

    def select(self, ids: Collection[int]) -> None:
        """Select exactly these notes."""
        wanted = frozenset(ids)
        if wanted != self.selection:
            self.selection = wanted
            self.chosen.emit()

    def notes(self) -> tuple[Note, ...]:
        """The selected notes, by start."""
        return self.score.notes_of(self.selection)

    def set_regions(self, regions: Iterable[Region]) -> None:
        """What Generate will write anew."""
        wanted = tuple(regions)
        if wanted != self.regions:
            self.regions = wanted
            self.chosen.emit()

    def set_ghosts(self, score: Score | None, faded: frozenset[int] = frozenset()) -> None:
        """Show what the model writes, before anybody has taken it, and what would go."""
        self.ghosts, self.faded = score, faded
        self.edited.emit()

    def show_recorded(self, score: Score | None) -> None:
        """Show what is being played."""
        self.recorded = score
        self.recorded_changed.emit()

    # Snapping

    def snap(self, tick: float, *, down: bool = False, free: bool = False) -> int:
        """The place on the grid; the tick itself where there is no grid or `free` asks for none."""
        if self.grid is None or free:
            return max(0, round(tick))
        return self.timeline.snap(tick, self.grid, down=down)

    def keeps_key(self) -> bool:
        """Whether pitches are drawn to the key just now: drums have none."""
        return self.in_key and self.track is not None and not self.track.drums

    def step(self) -> int:
        """The length of a step of the grid in ticks."""
        return self.score.ppq // 4 if self.grid is None else max(1, round(self.grid.ticks(self.score.ppq)))
