"""Harmony with functions: what chord may follow, where phrases rest, and how they add up to a form.

A chord here is (semitones above the tonic, quality). Tonic chords rest, predominants lead away, dominants lead back.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from studio.inference.notes.score import MODES, QUALITIES

Symbol = tuple[int, str]

FUNCTIONS: dict[str, dict[str, tuple[tuple[Symbol, float], ...]]] = {
    "major": {
        "T": (((0, ""), 5), ((9, "m"), 2.5), ((4, "m"), 1)),
        "P": (((5, ""), 4), ((2, "m"), 4), ((9, "m"), 0.7)),
        "D": (((7, ""), 4), ((7, "7"), 3), ((11, "dim"), 0.5), ((7, "sus4"), 0.6)),
    },
    "minor": {
        "T": (((0, "m"), 5), ((8, ""), 2), ((3, ""), 2)),
        "P": (((5, "m"), 4), ((2, "dim"), 1.2), ((8, ""), 1.5)),
        "D": (((7, ""), 3), ((7, "7"), 4), ((10, ""), 1.2)),
    },
    "dorian": {
        "T": (((0, "m"), 5), ((3, ""), 2)),
        "P": (((5, ""), 5), ((2, "m"), 2)),
        "D": (((10, ""), 4), ((7, "m"), 3)),
    },
    "mixolydian": {
        "T": (((0, ""), 5), ((9, "m"), 1.5)),
        "P": (((5, ""), 5), ((2, "m"), 2)),
        "D": (((10, ""), 5), ((7, "m"), 2)),
    },
}
BORROWED: dict[str, dict[str, tuple[Symbol, ...]]] = {
    "major": {"P": ((5, "m"), (8, "")), "D": ((10, ""),), "T": ((3, ""),)},
    "minor": {"P": ((1, ""), (5, "")), "D": ((11, "dim7"),), "T": ((0, ""),)},
    "dorian": {"P": ((8, ""),), "D": ((7, ""),), "T": ()},
    "mixolydian": {"P": ((5, "m"),), "D": ((7, "7"),), "T": ((8, ""),)},
}
"""Guests from the parallel key, sparingly."""

LOOPS: dict[str, tuple[tuple[Symbol, ...], ...]] = {
    "major": (
        ((0, ""), (7, ""), (9, "m"), (5, "")),
        ((9, "m"), (5, ""), (0, ""), (7, "")),
        ((5, ""), (7, ""), (4, "m"), (9, "m")),
        ((2, "m"), (7, "7"), (0, ""), (9, "m")),
        ((0, ""), (4, "m"), (5, ""), (5, "m")),
        ((5, ""), (4, "m"), (2, "m"), (0, "")),
    ),
    "minor": (
        ((0, "m"), (8, ""), (3, ""), (10, "")),
        ((0, "m"), (5, "m"), (8, ""), (7, "7")),
        ((8, ""), (10, ""), (0, "m"), (0, "m")),
        ((0, "m"), (3, ""), (10, ""), (5, "m")),
    ),
    "dorian": (((0, "m"), (5, ""), (0, "m"), (10, "")), ((0, "m"), (3, ""), (10, ""), (5, ""))),
    "mixolydian": (((0, ""), (10, ""), (5, ""), (0, "")), ((0, ""), (5, ""), (10, ""), (5, ""))),
}
BLUES = ("T", "P", "T", "T", "P", "P", "T", "T", "D", "P", "T", "D")


@dataclass(frozen=True, slots=True)
class Phrase:
    """`label` names the material ("A", "B"); `rest` is how it ends: half, full, or open (running on)."""

    label: str
    first: int
    bars: int
    rest: str


@dataclass(frozen=True, slots=True)
class Taste:
    """How adventurous: chances of secondary dominants, of borrowed chords and of sevenths, and of two chords a bar."""

    secondary: float = 0.1
    borrowed: float = 0.05
    sevenths: float = 0.2
    busy: float = 0.15
    tonic_pull: float = 1.0


def make_form(bars: int, rng: Random) -> tuple[Phrase, ...]:
    """Phrases of four bars (the last takes what remains): periods, AABA, AAB, and chains of them."""
    count = max(1, round(bars / 4))
    sizes = [4] * (count - 1) + [bars - 4 * (count - 1)]
    if bars == 12 and rng.random() < 0.5:
        labels, rests = "AAB", ("open", "open", "full")
    elif count == 1:
        labels, rests = "A", ("full",)
    elif count == 2:
        labels, rests = rng.choice((("AA", ("half", "full")), ("AB", ("half", "full"))))
    elif count == 3:
        labels, rests = rng.choice((("ABA", ("full", "half", "full")), ("AAB", ("half", "half", "full"))))
    else:
        pattern = rng.choice(("AABA", "ABAB", "AABA", "ABAC"))
        labels = (pattern * 3)[: count - 1] + pattern[-1]
        rests = (*(("half", "full") * 4)[: count - 1], "full")
    phrases, first = [], 0
    for label, size, rest in zip(labels, sizes, rests, strict=True):
        phrases.append(Phrase(label, first, size, rest))
        first += size
    return tuple(phrases)


def _pick(mode: str, function: str, rng: Random, *, not_this: Symbol | None = None) -> Symbol:
    options = [(s, w) for s, w in FUNCTIONS[mode][function] if s != not_this] or list(FUNCTIONS[mode][function])
    return rng.choices([s for s, _ in options], [w for _, w in options])[0]


def _functions(bars: int, rest: str, rng: Random) -> list[str]:
    """One function a bar; phrases begin at rest and end as asked."""
    opening = rng.choice(("TT", "TP", "TP", "TD", "TT"))
    if bars <= 2:
        return {"half": ["T", "D"], "full": ["D", "T"], "open": ["T", "P"]}[rest][-bars:]
    endings = {"half": ("PD", "TD", "PD"), "full": ("DT", "DT", "PT"), "open": ("PT", "DT", "TT")}
    ending = rng.choice(endings[rest])
    middle = rng.choice(("TPTP", "PDTP", "TPPD", "PTPT")) * (bars // 4 + 1)
    full = opening + middle
    return list((full[: bars - 2] if bars > 2 else "") + ending)


def _colour(symbol: Symbol, taste: Taste, mode: str, rng: Random) -> Symbol:
    """Perhaps add the seventh that the key has above this chord."""
    root, quality = symbol
    if quality not in ("", "m", "dim") or rng.random() > taste.sevenths:
        return symbol
    scale = set(MODES[mode])
    for rich in {"": ("maj7", "7"), "m": ("m7",), "dim": ("m7b5",)}[quality]:
        if all((root + i) % 12 in scale or i in QUALITIES[quality] for i in QUALITIES[rich]):
            return root, rich
    return symbol


def functional_phrase(mode: str, bars: int, rest: str, taste: Taste, rng: Random) -> list[list[Symbol]]:
    """Chords for each bar (one or two of them), with a cadence at the end."""
    result: list[list[Symbol]] = []
    last: Symbol | None = None
    home: Symbol = FUNCTIONS[mode]["T"][0][0]
    plan = _functions(bars, rest, rng)
    for number, function in enumerate(plan):
        final = number == len(plan) - 1
        guests = BORROWED[mode][function]
        if number == 0 and function == "T":
            symbol = home if rng.random() < 0.8 * taste.tonic_pull else _pick(mode, "T", rng)
        elif final and function == "T":
            symbol = home
        elif final and function == "D":
            symbol = FUNCTIONS[mode]["D"][0][0]
        elif guests and rng.random() < taste.borrowed:
            symbol = rng.choice(guests)
        else:
            symbol = _pick(mode, function, rng, not_this=last)
        if not final:
            symbol = _colour(symbol, taste, mode, rng)
        result.append([symbol])
        last = symbol
    _subdivide(result, plan, mode, taste, rng)
    return result


def _subdivide(result: list[list[Symbol]], plan: list[str], mode: str, taste: Taste, rng: Random) -> None:
    """Second chords in some bars: secondary dominants that lead into the next bar, and quick cadences."""
    for number in range(len(result) - 1):
        here, following = result[number][0], result[number + 1][0]
        strong = following[1] in ("", "m", "m7", "maj7") and following[0] != 0 and following[0] != here[0]
        if strong and rng.random() < taste.secondary:
            result[number].append(((following[0] + 7) % 12, "7"))
        elif rng.random() < taste.busy:
            nearby = {"T": "P", "P": "D" if plan[number + 1] == "T" else "P", "D": "D"}[plan[number]]
            second = _pick(mode, nearby, rng, not_this=here)
            if second != following:
                result[number].append(second)


def make_harmony(
    kind: str, mode: str, form: tuple[Phrase, ...], taste: Taste, rng: Random
) -> tuple[tuple[Symbol, ...], ...]:
    """The chords of every bar of the form. `kind` is functional, loop or blues.

    Phrases with the same label share their chords up to the cadence, as listeners expect.
    """
    bars: list[tuple[Symbol, ...]] = []
    if kind == "blues":
        return _blues(mode, form, taste, rng)
    material: dict[str, list[list[Symbol]]] = {}
    loops = list(LOOPS[mode])
    rng.shuffle(loops)
    for phrase in form:
        if kind == "loop":
            loop = material.get(phrase.label)
            if loop is None:
                loop = [[_colour(s, taste, mode, rng)] for s in loops[len(material) % len(loops)]]
                material[phrase.label] = loop
            chords = [list(loop[i % len(loop)]) for i in range(phrase.bars)]
            if phrase is form[-1]:
                chords[-1] = [FUNCTIONS[mode]["T"][0][0]]
            elif phrase.rest == "half" and rng.random() < 0.5:
                chords[-1] = [FUNCTIONS[mode]["D"][0][0]]
        else:
            fresh = functional_phrase(mode, phrase.bars, phrase.rest, taste, rng)
            before = material.get(phrase.label)
            chords = fresh
            if before is not None and len(before) == len(fresh) > 2:
                chords = [*before[:-2], *fresh[-2:]]
                joint = before[-3]
                if len(joint) > 1 and (joint[1][0] - chords[-2][0][0]) % 12 != 7:
                    chords[-3] = joint[:1]  # a dominant that would now lead nowhere
            material.setdefault(phrase.label, chords)
        bars.extend(tuple(c) for c in chords)
    return tuple(bars)


def _blues(mode: str, form: tuple[Phrase, ...], taste: Taste, rng: Random) -> tuple[tuple[Symbol, ...], ...]:
    """Twelve-bar blues, cut or repeated to the length of the form; it ends at home."""
    minor = mode in ("minor", "dorian")
    chords = {"T": (0, "m7" if minor else "7"), "P": (5, "m7" if minor else "7"), "D": (7, "7")}
    count = sum(p.bars for p in form)
    plan = [BLUES[i % 12] for i in range(count)] if count >= 8 else [BLUES[(i + 8) % 12] for i in range(count)]
    if rng.random() < 0.4:
        plan[1:2] = ["T"][: len(plan[1:2])]
    if rng.random() < 0.4 and len(plan) >= 10:
        plan[9] = "D"
    plan[-1] = "T"
    bars: list[tuple[Symbol, ...]] = []
    for number, function in enumerate(plan):
        bar = [chords[function]]
        if number + 1 < len(plan) and plan[number + 1] == "D" and rng.random() < 0.5:
            bar = [(2, "m7b5" if minor else "m7")]
        elif rng.random() < taste.secondary and number + 1 < len(plan) and function == "T" and plan[number + 1] == "P":
            bar.append((0, "7") if minor else (6, "dim7"))
        bars.append(tuple(bar))
    return tuple(bars)
