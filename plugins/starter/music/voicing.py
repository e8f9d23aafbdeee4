"""Voice-leading: from chord symbols to notes that move as little as they must."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from studio.inference.notes.score import QUALITIES

from .harmony import Symbol

Voicing = tuple[int, ...]


def classes_of(symbol: Symbol) -> tuple[int, ...]:
    """Pitch classes above the tonic, the root first."""
    return tuple((symbol[0] + i) % 12 for i in QUALITIES[symbol[1]])


def close_voicings(symbol: Symbol, low: int, high: int, size: int) -> list[Voicing]:
    """All close positions of a chord within a range; four-note chords leave out the fifth where three must do."""
    notes = classes_of(symbol)
    if len(notes) > size:
        notes = (notes[0], notes[1], notes[3])[:size] if size >= 3 else (notes[1], notes[3])[:size]
    found = []
    for bottom in range(low, high - 4):
        if bottom % 12 in notes:
            stack, pitch = [bottom], bottom
            rest = [n for n in notes if n != bottom % 12]
            while rest:
                pitch += 1
                if pitch % 12 in rest:
                    rest.remove(pitch % 12)
                    stack.append(pitch)
            if stack[-1] <= high:
                found.append(tuple(stack))
    return found or [tuple(sorted(low + (n - low) % 12 for n in notes))]


def lead(symbols: Sequence[Symbol], *, low: int, high: int, size: int = 3) -> list[Voicing]:
    """Close voicings, each the nearest to the one before."""
    result: list[Voicing] = []
    centre = (low + high) / 2
    for symbol in symbols:
        options = close_voicings(symbol, low, high, size)
        if result:
            before = result[-1]

            def far(v: Voicing, before: Voicing = before) -> float:
                moves = [min(abs(p - q) for q in before) for p in v] + [min(abs(p - q) for q in v) for p in before]
                return sum(moves) + 0.08 * abs(sum(v) / len(v) - centre)

            result.append(min(options, key=far))
        else:
            result.append(min(options, key=lambda v: abs(sum(v) / len(v) - centre)))
    return result


def four_parts(symbols: Sequence[Symbol], sopranos: Sequence[int]) -> list[tuple[int, int, int]]:
    """Alto, tenor and bass under each soprano note (semitones above the tonic near middle C).

    The chord is complete where it can be, the leading tone never doubled, voices do not cross, move little, and
    avoid parallel fifths and octaves.
    """
    result: list[tuple[int, int, int]] = []
    before: tuple[int, ...] | None = None
    for symbol, soprano in zip(symbols, sopranos, strict=True):
        notes = classes_of(symbol)
        altos = [p for p in range(soprano - 9, soprano + 1) if p % 12 in notes and p >= -7]
        tenors = [p for p in range(-12, soprano - 1) if p % 12 in notes and p <= 7]
        basses = [p for p in range(-22, 1) if p % 12 == notes[0]]
        basses += [p for p in range(-20, -4) if p % 12 == notes[1]]
        best: tuple[float, tuple[int, int, int]] | None = None
        for alto, tenor, bass in product(altos or [soprano - 4], tenors or [soprano - 8], basses):
            if not bass < tenor <= alto <= soprano or alto - tenor > 12:
                continue
            cost = _cost((soprano, alto, tenor, bass), notes, before)
            if best is None or cost < best[0]:
                best = (cost, (alto, tenor, bass))
        chosen = best[1] if best else (soprano - 3, soprano - 8, notes[0] - 24)
        result.append(chosen)
        before = (soprano, *chosen)
    return result


def _cost(voices: tuple[int, ...], notes: tuple[int, ...], before: tuple[int, ...] | None) -> float:
    sounding = [v % 12 for v in voices]
    cost = 6.0 * len(set(notes[:3]) - set(sounding)) + (4.0 if 11 in notes and sounding.count(11) > 1 else 0.0)
    cost += 1.5 if sounding[3] != notes[0] else 0.0
    if before is None:
        return cost + abs(voices[1] + 2) * 0.1 + abs(voices[3] + 14) * 0.1
    moves = [abs(a - b) for a, b in zip(voices[1:], before[1:], strict=True)]
    cost += moves[0] + moves[1] + 0.5 * moves[2] + (3.0 if max(moves[:2]) > 7 else 0.0)
    for i in range(4):
        for j in range(i + 1, 4):
            gap, old = (voices[i] - voices[j]) % 12, (before[i] - before[j]) % 12
            if gap == old and gap in (0, 7) and voices[i] != before[i] and voices[j] != before[j]:
                cost += 8.0
    return cost
