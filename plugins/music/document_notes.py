"""Between the score that an artist edits and the symbolic score that the model reads and writes."""

from __future__ import annotations

from dataclasses import replace

from studio.inference.notes import score as symbolic
from studio.inference.notes.score import INSTRUMENTS, METRES, ROLES, STEP, TICKS

from .document import COLOURS, Key, Metre, Note, Score, Tempo, Track, ordered
from .document_tracks import FLAT_KEYS, free_channel
from .instruments import DRUM_KIT, voice_of

PANS = {"melody": 0.0, "counter": 0.3, "chords": -0.25, "pad": 0.15, "bass": 0.0, "drums": 0.0}
VOLUMES = {"melody": 100, "counter": 88, "chords": 84, "pad": 74, "bass": 96, "drums": 92}
"""How a mix begins, in MIDI's 0 to 127."""


def quarters(tempo: float, metre: tuple[int, int]) -> float:
    """Quarter notes a minute: in 6/8 a brief's tempo counts dotted quarters."""
    return tempo * 1.5 if metre == (6, 8) else tempo


def from_symbolic(piece: symbolic.Score, *, title: str = "") -> Score:
    """A new score of a piece; tracks are mixed by their roles."""
    brief = piece.brief
    made = Score(
        tempos=(Tempo(0, quarters(brief.tempo, brief.metre)),),
        metres=(Metre(0, *brief.metre),),
        keys=(Key(0, brief.tonic, brief.mode, flats=(brief.tonic, brief.mode != "major") in FLAT_KEYS),),
        chords=piece.chords,
        length=piece.length,
        ppq=TICKS,
        title=title,
        style=brief.style,
        mood=brief.mood,
    )
    next_id = 1
    for number, track in enumerate(piece.tracks):
        notes = tuple(Note(next_id + i, n.start, n.duration, n.pitch, n.velocity) for i, n in enumerate(track.notes))
        next_id += len(notes)
        made = replace(made, tracks=(*made.tracks, new_track(made, number, track.role, track.instrument, notes)))
    return replace(made, next_id=next_id)


def new_track(score: Score, number: int, role: str, instrument: str, notes: tuple[Note, ...] = ()) -> Track:
    """A track of that role for a score; `number` gives its id and colour."""
    return Track(
        id=f"t{number + 1}",
        name=role[:1].upper() + role[1:],
        instrument=instrument,
        channel=9 if instrument == DRUM_KIT else free_channel(score),
        role=role,
        colour=number % COLOURS,
        volume=VOLUMES[role] / 127,
        pan=PANS[role],
        notes=ordered(notes),
    )


def roles(score: Score) -> dict[str, str]:
    """Track id -> role for the tracks that the model can hear, at most one of each role: those that say so, then
    guesses (drums by channel, bass by pitch, then the highest as melody, then chords, counter and pad).
    """
    found: dict[str, str] = {}
    free = list(ROLES)
    for track in score.tracks:
        if track.role in free:
            found[track.id] = track.role
            free.remove(track.role)
    rest = [t for t in score.tracks if t.id not in found and t.notes]
    for track in [t for t in rest if t.drums]:
        if "drums" in free:
            found[track.id] = "drums"
            free.remove("drums")
    rest = [t for t in rest if t.id not in found and not t.drums]
    if "drums" in free:
        free.remove("drums")
    by_height = sorted(rest, key=lambda t: float(t.pitches.mean()))
    if by_height and "bass" in free and by_height[0].pitches.mean() < 52:
        found[by_height.pop(0).id] = "bass"
    if "bass" in free:
        free.remove("bass")
    for track in reversed(by_height):
        if not free:
            break
        polyphonic = bool((track.starts[1:] < track.ends[:-1]).any()) if len(track.notes) > 1 else False
        wish = "chords" if polyphonic and "chords" in free else free[0]
        found[track.id] = wish
        free.remove(wish)
    return found


def symbolic_instrument(track: Track) -> str:
    """The model's name for what plays a track."""
    if track.drums:
        return DRUM_KIT
    name = voice_of(track.instrument)
    return name if name in INSTRUMENTS and name != DRUM_KIT else "piano"


def metre_for(score: Score) -> tuple[int, int]:
    """The model's metre for a score: its first. ValueError where the model knows none such, or it changes."""
    metres = {(m.numerator, m.denominator) for m in score.metres}
    if len(metres) != 1 or next(iter(metres)) not in METRES:
        raise ValueError(", ".join(f"{a}/{b}" for a, b in sorted(metres)))
    return next(iter(metres))


def bar_ticks(score: Score) -> int:
    """The length of a bar in the score's own ticks."""
    return score.bar_ticks(score.metres[0])


def to_symbolic(score: Score, brief: symbolic.Brief, tracks: dict[str, str]) -> symbolic.Score:
    """The tracks {id: role} of a score as the model's kind of score, ticks scaled to TICKS, not yet rounded to the
    grid (see `tokens.fit`). Parts of the brief with no track stay empty.
    """
    scale = TICKS / score.ppq
    made = []
    by_role = {role: score.track(track_id) for track_id, role in tracks.items()}
    for role, instrument in brief.parts:
        track = by_role.get(role)
        notes = [] if track is None else track.notes
        rows = sorted(
            symbolic.Note(round(n.start * scale), n.pitch, max(STEP, round(n.length * scale)), n.velocity)
            for n in notes
        )
        made.append(symbolic.Track(role, instrument, tuple(rows)))
    chords = tuple(replace(c, start=round(c.start * scale)) for c in score.chords)
    return symbolic.Score(brief, tuple(made), chords)
