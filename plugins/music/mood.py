"""A mood and a tempo for a text or a picture, by plain rules that one can read: a start, not a judgement."""

from __future__ import annotations

import re
from collections import Counter

_WORDS = {
    "wistful": "autumn rain alone lonely memory remember remembered lost letter farewell goodbye missed miss longing "
    "grey gray tears wept sigh sighed empty once ago faded old home far",
    "joyful": "joy happy laugh laughed laughing dance danced dancing sun sunny summer bright feast play played smile "
    "smiled spring festival golden birthday friends cheer cheerful merry",
    "tense": "fear afraid danger dark blood knife scream ran chase chased hunt hunted storm panic threat trap enemy "
    "war fire shadow shadows nervous waiting crack broke breaking alarm",
    "calm": "calm quiet still peace peaceful sleep slept soft gentle lake moon breath slow evening garden warm tea "
    "snow silent silence meadow drift drifting rest rested morning",
    "heroic": "hero brave courage sword king queen battle victory rise rose mountain banner army glory oath quest "
    "dragon strong fought fight won castle ride rode leader stand",
    "mysterious": "secret mystery strange unknown door key fog mist midnight whisper whispered hidden stars dream "
    "dreamed ancient forest riddle ghost cave mirror magic map moonlight",
}
_MOODS = {word: mood for mood, words in _WORDS.items() for word in words.split()}
_TEMPI = {"wistful": 84, "joyful": 132, "tense": 138, "calm": 72, "heroic": 116, "mysterious": 92}
_FAST = frozenset("fast run ran running rush rushed quick quickly hurry chase chased dance danced gallop".split())
_SLOW = frozenset("slow slowly sleep slept still rest quiet silent drift drifting tired heavy".split())
MOST = 200_000
"""Characters of a text that are looked at."""


def of_text(text: str) -> tuple[str, int] | None:
    """(mood, beats a minute), or None where no word says anything."""
    words = Counter(re.findall(r"[a-z]{3,20}", text[:MOST].casefold()))
    scores: Counter[str] = Counter()
    for word, count in words.items():
        if word in _MOODS:
            scores[_MOODS[word]] += count
    if not scores:
        return None
    mood = scores.most_common(1)[0][0]
    haste = sum(words[w] for w in _FAST) - sum(words[w] for w in _SLOW)
    return mood, _TEMPI[mood] + max(-16, min(16, 4 * haste))


def of_picture(pixels: list[tuple[float, float, float]]) -> tuple[str, int]:
    """(mood, beats a minute) of some pixels, red, green and blue from 0 to 1; [] counts as grey."""
    pixels = pixels or [(0.5, 0.5, 0.5)]
    light = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in pixels]
    bright = sum(light) / len(light)
    contrast = (sum((x - bright) ** 2 for x in light) / len(light)) ** 0.5 * 2
    colour = sum(max(p) - min(p) for p in pixels) / len(pixels)
    warm = sum(r - b for r, _, b in pixels) / len(pixels)
    if bright < 0.33:
        mood = "tense" if warm > 0.04 else "mysterious"
    elif colour > 0.3 and warm > 0:
        mood = "joyful" if bright > 0.5 else "heroic"
    elif warm < -0.02 and colour > 0.12:
        mood = "wistful" if bright < 0.6 else "calm"
    else:
        mood = "calm" if contrast < 0.45 else "heroic"
    energy = min(1.0, 0.6 * colour + 0.5 * contrast)
    return mood, round(_TEMPI[mood] + 30 * (energy - 0.4))
