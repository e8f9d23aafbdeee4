"""From a request to what the model is asked, and from what it wrote back to the artist's score.

The model knows pieces of at most 32 bars: of a longer one it hears the bars around those it is asked for. What it was
not asked for comes from the artist's own score, never from what the model's grid made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from studio.api import StudioError
from studio.inference.notes import sample
from studio.inference.notes import tokens as symbolic_tokens
from studio.inference.notes.score import MAX_BARS, ROLES, TICKS, Brief
from studio.inference.notes.vocabulary import BAR_ZERO, KIND_OF
from studio.inference.text.noise import key, uniform

from .document import Note, Score, by_start
from .document_edit import grown
from .document_notes import (
    bar_ticks,
    from_symbolic,
    metre_for,
    new_track,
    quarters,
    roles,
    symbolic_instrument,
    to_symbolic,
)
from .document_tracks import set_bars
from .params import MusicParams, read_cells, read_parts

HARMONY = "harmony"


@dataclass(frozen=True, slots=True)
class Order:
    """What to ask the model, and how its answer goes into `score` (None: a new piece).

    `first` is the bar of the score that the model's bar 0 is; `asked` are (bar of the model, part); `tracks` says which
    track of the score plays which part.
    """

    task: sample.Task
    brief: Brief
    score: Score | None
    first: int
    asked: frozenset[tuple[int, str]]
    tracks: dict[str, str]

    @property
    def bars(self) -> tuple[int, ...]:
        """The bars that are written, as the model counts them."""
        return tuple(sorted({bar for bar, _ in self.asked}))

    def result(self, tokens: Sequence[int], *, title: str = "") -> Score:
        """The whole score with what these tokens say in it; bars that are not reached yet stay as they were."""
        if self.score is None:
            return from_symbolic(self.task.result(tokens), title=title)
        cells = symbolic_tokens.decode_body(tokens, self.brief)
        begun = {token - BAR_ZERO for token in tokens if KIND_OF[token] == "bar"}
        return _laid_in(self, self.score, cells, {cell for cell in self.asked if cell[0] in begun})

    def so_far(self, tokens: Sequence[int], *, title: str = "") -> Score:
        """`result` of a model that was stopped, without the bars at its end that it has not begun: one can go on
        where it stopped.
        """
        score = self.result(tokens, title=title)
        last = max((token - BAR_ZERO for token in tokens if KIND_OF[token] == "bar"), default=0)
        before = 0 if self.score is None else self.score.length
        end = max((self.first + last + 1) * score.bar_ticks(score.metres[0]), before)
        if end >= score.length:
            return score
        return grown(replace(score, length=end, chords=tuple(c for c in score.chords if c.start < end)))


def plan(params: MusicParams, score: Score | None, seed: int) -> Order:
    """Raises StudioError where the model cannot do what is asked of such a score."""
    if params.task == "piece" or score is None:
        if params.task != "piece":
            raise StudioError("There is no piece to work on.", "Send one along, or ask for a new one.")
        brief = _brief(params, read_parts(params.parts), params.bars)
        return Order(sample.begin(brief), brief, None, 0, _all_cells(brief), {})
    parts = roles(score)
    if not parts:
        raise StudioError("There is nothing to listen to yet.", "Write some notes, or ask for a new piece.")
    match params.task:
        case "continue":
            return _continue(params, score, parts)
        case "add":
            return _add(params, score, parts)
        case "vary":
            return _fill(params, score, parts, _some(params, score, parts, seed))
    return _fill(params, score, parts, _cells(params, score, parts))


def _all_cells(brief: Brief, first: int = 0) -> frozenset[tuple[int, str]]:
    return frozenset((bar, part) for bar in range(first, brief.bars) for part in (HARMONY, *dict(brief.parts)))


def _brief(params: MusicParams, parts: Sequence[tuple[str, str]], bars: int) -> Brief:
    top, _, bottom = params.metre.partition("/")
    return Brief(
        params.style, params.mood, params.tonic, params.mode, (int(top), int(bottom)), params.tempo, bars, tuple(parts)
    )


def _heard(params: MusicParams, score: Score, parts: dict[str, str], bars: int) -> Brief:
    """The brief of a piece that is there already; style and mood are what the artist asks for now."""
    try:
        metre = metre_for(score)
    except ValueError as error:
        raise StudioError(
            f"The model does not write in {error}.", "It knows 4/4, 3/4 and 6/8, one of them for the whole piece."
        ) from error
    found = {role: symbolic_instrument(score.track(track)) for track, role in parts.items()}
    known = score.key_at(0)
    tempo = min(300.0, max(20.0, score.tempos[0].bpm / quarters(1.0, metre)))
    brief = _brief(params, [(role, found[role]) for role in ROLES if role in found], bars)
    return replace(brief, tonic=known.tonic, mode=known.mode, metre=metre, tempo=tempo)


def _bars(score: Score) -> int:
    return max(1, -(-score.length // bar_ticks(score)))


def _window(score: Score, first: int, bars: int) -> Score:
    """Those bars as a score of their own."""
    size = bar_ticks(score)
    start, end = first * size, (first + bars) * size

    def cut(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(replace(n, start=n.start - start) for n in notes if start <= n.start < end)

    chords = tuple(replace(c, start=c.start - start) for c in score.chords if start <= c.start < end)
    moved = score.map_tracks(lambda track: track.with_notes(cut(track.notes)))
    return replace(moved, chords=chords, length=bars * size)


def _fill(params: MusicParams, score: Score, parts: dict[str, str], cells: Sequence[tuple[int, str]]) -> Order:
    """Write cells (bar of the score, role) anew."""
    whole = _bars(score)
    low, high = min(bar for bar, _ in cells), max(bar for bar, _ in cells)
    if high - low >= MAX_BARS:
        raise StudioError(f"These are {high - low + 1} bars at once.", f"The model writes at most {MAX_BARS}.")
    bars = min(whole, MAX_BARS)
    first = max(0, min(low - (MAX_BARS - (high - low + 1)) // 2, whole - bars))
    brief = _heard(params, score, parts, bars)
    asked = {(bar - first, role) for bar, role in cells}
    everyone = {role for role, _ in brief.parts}
    for bar in {bar for bar, _ in asked}:
        if everyone <= {role for b, role in asked if b == bar}:
            asked.add((bar, HARMONY))  # nobody is left who would play the old chords
    window = _window(score, first, bars)
    piece = symbolic_tokens.fit(to_symbolic(window, brief, parts))
    task = sample.fill(piece, asked, _sounding(window, parts) & asked)
    return Order(task, brief, score, first, frozenset(asked), parts)


def _sounding(score: Score, parts: dict[str, str]) -> set[tuple[int, str]]:
    """The cells in which something begins: who has music written anew does not ask for silence."""
    size = bar_ticks(score)
    free = ((parts[t.id], n) for t in score.tracks if t.id in parts for n in t.notes if not n.locked)
    return {(n.start // size, role) for role, n in free} | {(c.start // size, HARMONY) for c in score.chords}


def _cells(params: MusicParams, score: Score, parts: dict[str, str]) -> list[tuple[int, str]]:
    found, unknown = [], []
    last = _bars(score) - 1
    for track, low, high in read_cells(params.cells):
        if track in parts:
            found += [(bar, parts[track]) for bar in range(low, min(high, last) + 1)]
        else:
            unknown.append(track)
    if not found:
        names = ", ".join(t.name for t in score.tracks if t.id in unknown)
        raise StudioError(
            f"The model cannot write for {names}." if names else "No bars are marked.",
            f"It knows one track for each of {', '.join(ROLES)}."
            if names
            else "Mark bars in the ruler, or with the marker in the roll.",
        )
    return found


def _some(params: MusicParams, score: Score, parts: dict[str, str], seed: int) -> list[tuple[int, str]]:
    """A share of the marked cells (of all where none are), chosen by the seed."""
    cells = (
        _cells(params, score, parts)
        if params.cells
        else [(bar, role) for bar in range(_bars(score)) for role in parts.values()]
    )
    low = min(bar for bar, _ in cells)
    cells = [cell for cell in cells if cell[0] < low + MAX_BARS]
    ranked = sorted(cells, key=lambda cell: uniform(key(seed, ROLES.index(cell[1]), cell[0], 7)))
    return ranked[: max(1, round(len(ranked) * params.strength))]


def _continue(params: MusicParams, score: Score, parts: dict[str, str]) -> Order:
    whole = _bars(score)
    if params.bars >= MAX_BARS:
        raise StudioError(f"{params.bars} more bars are too many at once.", f"Ask for at most {MAX_BARS - 1}.")
    kept = min(whole, MAX_BARS - params.bars)
    first = whole - kept
    brief = _heard(params, score, parts, kept + params.bars)
    piece = symbolic_tokens.fit(to_symbolic(_window(score, first, kept), brief, parts))
    longer = set_bars(score, whole + params.bars)
    return Order(sample.go_on(piece, kept), brief, longer, first, _all_cells(brief, kept), parts)


def _add(params: MusicParams, score: Score, parts: dict[str, str]) -> Order:
    wanted = read_parts(params.parts)
    if len(wanted) != 1:
        raise StudioError("One track at a time is added.", 'Write for instance "counter:flute".')
    role, instrument = wanted[0]
    if role in parts.values():
        raise StudioError(f"A track plays {role} already.", "Choose another part, or write its bars anew.")
    whole = _bars(score)
    if whole > MAX_BARS:
        raise StudioError(f"The piece has {whole} bars.", f"A track can be added to at most {MAX_BARS}.")
    number = 1 + max((int(t.id[1:]) for t in score.tracks if t.id[1:].isdigit()), default=0)
    track = new_track(score, number - 1, role, instrument)
    wider = replace(score, tracks=(*score.tracks, track))
    brief = _heard(params, score, parts, whole)
    piece = symbolic_tokens.fit(to_symbolic(_window(score, 0, whole), brief, parts))
    task = sample.add_track(piece, role, instrument)
    asked = frozenset((bar, role) for bar in range(whole))
    return Order(task, task.score.brief, wider, 0, asked, {**parts, track.id: role})


def _laid_in(
    order: Order,
    score: Score,
    cells: dict[tuple[int, str], tuple],  # type: ignore[type-arg]
    reached: set[tuple[int, str]],
) -> Score:
    """The score with the written cells in place of what was there; locked notes stay, what would cross them goes."""
    size = bar_ticks(score)
    scale = score.ppq / TICKS
    shift = order.first * size
    number = score.next_id
    tracks = []
    for track in score.tracks:
        role = order.tracks.get(track.id)
        spans = [(shift + bar * size, shift + (bar + 1) * size) for bar, part in reached if part == role]
        if role is None or not spans:
            tracks.append(track)
            continue
        starts = {a for a, _ in spans}
        kept = [n for n in track.notes if n.locked or (n.start // size) * size not in starts]
        locked = [n for n in kept if n.locked]
        fresh = []
        for (bar, part), events in cells.items():
            if part != role or (bar, part) not in reached:
                continue
            for event in events:
                start = shift + round(event.start * scale)
                note = Note(number, start, max(1, round(event.duration * scale)), event.pitch, event.velocity)
                if not any(_crosses(note, other, role) for other in locked):
                    fresh.append(note)
                    number += 1
        tracks.append(track.with_notes([*kept, *fresh]))
    harmony = {shift + bar * size for bar, part in reached if part == HARMONY}
    chords = [c for c in score.chords if (c.start // size) * size not in harmony]
    for (bar, part), events in cells.items():
        if part == HARMONY and (bar, part) in reached:
            chords += [replace(e, start=shift + round(e.start * scale)) for e in events]
    return grown(replace(score, tracks=tuple(tracks), chords=by_start(chords), next_id=number))


def _crosses(note: Note, other: Note, role: str) -> bool:
    overlap = note.start < other.end and other.start < note.end
    return overlap and (note.pitch == other.pitch or role in ("melody", "counter", "bass"))


__all__ = ["Order", "plan"]
