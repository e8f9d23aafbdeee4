"""Scores as MusicXML 4.0: measures, voices, ties over bar lines, triplets, chord symbols, drums.

Times are rounded to 24ths of a quarter note, which hold thirty-seconds and triplets; rests fill every voice.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from .document import Key, Metre, Note, Score, Track
from .document_time import Timeline
from .instruments import DRUM_NAMES, program_of
from .midi import key_sharps
from .musicxml_notes import DIVISIONS, Struck, clef, filled, harmony, shortened, voice_text

FIELD = "studio.recipe"
MOST_VOICES = 4


def to_bytes(score: Score, *, recipe: str = "") -> bytes:
    """The file, UTF-8. `recipe` is Recipe.text()."""
    return _Writer(score).text(recipe).encode()


class _Writer:
    def __init__(self, score: Score) -> None:
        self._score, self._timeline = score, Timeline(score)
        self._tracks = [t for t in score.tracks if t.notes] or list(score.tracks[:1])

    def text(self, recipe: str) -> str:
        parts = "".join(self._listed(number, track) for number, track in enumerate(self._tracks, 1))
        body = "".join(
            f'<part id="P{n}">{"".join(self._measures(track, first=n == 1, part=n))}</part>\n'
            for n, track in enumerate(self._tracks, 1)
        )
        told = (
            f'<miscellaneous><miscellaneous-field name="{FIELD}">{escape(recipe)}</miscellaneous-field></miscellaneous>'
            if recipe
            else ""
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
            '"http://www.musicxml.org/dtds/partwise.dtd">\n'
            '<score-partwise version="4.0">\n'
            f"<work><work-title>{_clean(self._score.title)}</work-title></work>\n"
            f"<identification><encoding><software>Studio</software></encoding>{told}</identification>\n"
            f"<part-list>{parts}</part-list>\n{body}</score-partwise>\n"
        )

    def _listed(self, number: int, track: Track) -> str:
        rows = []
        if track.drums:
            for key in sorted({n.pitch for n in track.notes}):
                name = DRUM_NAMES.get(key, f"drum {key}")
                rows.append((f"P{number}-I{key}", name, f"<midi-unpitched>{key + 1}</midi-unpitched>", 1))
        else:
            rows.append((f"P{number}-I1", track.instrument, "", program_of(track.instrument) + 1))
        shown = "".join(
            f'<score-instrument id="{i}"><instrument-name>{_clean(n)}</instrument-name></score-instrument>'
            for i, n, _, _ in rows
        )
        heard = "".join(
            f'<midi-instrument id="{i}"><midi-channel>{track.channel + 1}</midi-channel>'
            f"<midi-program>{program}</midi-program>{extra}</midi-instrument>"
            for i, _, extra, program in rows
        )
        return f'<score-part id="P{number}"><part-name>{_clean(track.name)}</part-name>{shown}{heard}</score-part>'

    def _measures(self, track: Track, *, first: bool, part: int) -> Iterator[str]:
        voices = self._voices(track)
        key_before: Key | None = None
        metre_before: Metre | None = None
        for bar in range(self._timeline.bars):
            start, end = self._timeline.bar_span(bar, bar)
            low, high = self._units(start), self._units(end)
            metre, key = self._timeline.metre_at(start), self._score.key_at(start)
            attributes = ""
            if bar == 0:
                attributes += f"<divisions>{DIVISIONS}</divisions>"
            if key != key_before:
                sharps, minor = key_sharps(key)
                mode = key.mode if key.mode in ("dorian", "mixolydian") else "minor" if minor else "major"
                # A sheet in dorian carries the signature of its own notes, not that of minor.
                sharps += {"dorian": 1, "mixolydian": -1}.get(key.mode, 0)
                attributes += f"<key><fifths>{sharps}</fifths><mode>{mode}</mode></key>"
            if metre != metre_before:
                attributes += f"<time><beats>{metre.numerator}</beats><beat-type>{metre.denominator}</beat-type></time>"
            if bar == 0:
                attributes += clef(track)
            key_before, metre_before = key, metre
            head = f"<attributes>{attributes}</attributes>" if attributes else ""
            head += self._directions(start, end) if first else ""
            shown = [v for i, v in enumerate(voices) if i == 0 or any(s.end > low and s.start < high for s in v)]
            body = ""
            for index, voice in enumerate(shown):
                if index:
                    body += f"<backup><duration>{high - low}</duration></backup>"
                elif first:
                    body += self._chords(start, end, key)
                body += voice_text(voice, low, high, number=index + 1, key=key, drums=part if track.drums else 0)
            yield f'<measure number="{bar + 1}">{head}{body}</measure>\n'

    def _units(self, tick: int) -> int:
        return round(tick * DIVISIONS / self._score.ppq)

    def _directions(self, start: int, end: int) -> str:
        out = ""
        for tempo in self._score.tempos:
            if start <= tempo.start < end:
                offset = self._units(tempo.start) - self._units(start)
                place = f"<offset>{offset}</offset>" if offset else ""
                out += (
                    '<direction placement="above"><direction-type><metronome><beat-unit>quarter</beat-unit>'
                    f"<per-minute>{tempo.bpm:g}</per-minute></metronome></direction-type>{place}"
                    f'<sound tempo="{tempo.bpm:g}"/></direction>'
                )
        return out

    def _chords(self, start: int, end: int, key: Key) -> str:
        here = (c for c in self._score.chords if start <= c.start < end)
        return "".join(harmony(c, key, self._units(c.start) - self._units(start)) for c in here)

    def _voices(self, track: Track) -> list[list[Struck]]:
        """Notes in as few voices as do not overlap; what does not fit into MOST_VOICES is cut where it must be."""
        groups: dict[tuple[int, int], list[Note]] = {}
        for note in track.notes:
            begin = self._units(note.start)
            end = begin + 6 if track.drums else max(self._units(note.end), begin + 1)
            groups.setdefault((begin, end), []).append(note)
        voices: list[list[Struck]] = [[]]
        for (start, end), notes in sorted(groups.items(), key=lambda g: (g[0][0], -g[0][1])):
            single = {n.pitch: n for n in notes}
            struck = Struck(start, end, tuple(single[p] for p in sorted(single)))
            free = next((v for v in voices if not v or v[-1].end <= start), None)
            if free is None and len(voices) < MOST_VOICES:
                free = []
                voices.append(free)
            if free is None:
                free = max((v for v in voices if v[-1].start < start), key=lambda v: v[-1].start, default=None)
                if free is None:
                    continue
                last = free[-1]
                free[-1] = Struck(last.start, start, last.notes)
            free.append(struck)
        if track.drums:
            return [shortened(v) for v in voices]
        return [filled(v) for v in voices]


def _clean(text: str) -> str:
    return escape("".join(c for c in text if c >= " "))
