"""What a picture shows, as words: the vocabulary of the world and the sampler that composes scenes from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

PLACES = (
    "mountains", "forest", "sea", "beach", "desert", "snow", "city", "meadow", "lake", "canyon",
)  # fmt: skip
TIMES = ("dawn", "day", "sunset", "night")
WEATHERS = ("clear", "cloudy", "rain", "snowfall", "fog", "storm")
SKIES = ("none", "birds", "rainbow", "aurora", "stars")
OBJECTS = (
    "house", "castle", "lighthouse", "tree", "tent", "balloon", "sailboat", "windmill", "car", "mushroom",
    "rocket", "cat",
)  # fmt: skip
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
POSITIONS = ("left", "centre", "right")
STYLES = ("flat", "watercolour", "pixel art", "line art", "oil", "paper cut")
PATTERNS = ("stripes", "waves", "circles", "checks", "dots", "rays", "triangles", "spiral")

# Abstract patterns are a small world of their own: a few per cent are enough to learn them.
PATTERN_SHARE = 0.07
WATER = ("sea", "lake", "beach")


@dataclass(frozen=True)
class Thing:
    """One foreground object: what it is, its colour, and the third of the picture it stands in."""

    kind: str
    colour: str
    position: str


@dataclass(frozen=True)
class Scene:
    """Everything a caption may mention; `seed` decides all that no word describes."""

    seed: int
    style: str
    place: str = ""
    time: str = "day"
    weather: str = "clear"
    sky: str = "none"
    moon: str = "none"
    """"sun", "full", "crescent" or "none": what shines."""
    things: tuple[Thing, ...] = field(default=())
    pattern: str = ""
    """Set for abstract pictures, which have no place, time, weather or things, only two `colours`."""
    colours: tuple[str, ...] = field(default=())


def _pick(rng: np.random.Generator, words: tuple[str, ...], weights: tuple[float, ...] | None = None) -> str:
    if weights is None:
        return words[int(rng.random() * len(words))]
    edge, total = rng.random() * sum(weights), 0.0
    for word, weight in zip(words, weights, strict=True):
        total += weight
        if edge < total:
            return word
    return words[-1]


def _weather(rng: np.random.Generator, place: str, time: str) -> str:
    weather = _pick(rng, WEATHERS, (0.42, 0.2, 0.11, 0.09, 0.1, 0.08))
    if weather == "snowfall" and place in ("desert", "beach", "canyon"):
        return "clear"
    if weather == "storm" and time == "dawn":
        return "rain"
    return weather


def _sky(rng: np.random.Generator, time: str, weather: str) -> str:
    if weather in ("fog", "storm", "snowfall"):
        return "none"
    if time == "night":
        if weather != "clear":
            return "none"
        return _pick(rng, ("stars", "aurora", "none"), (0.5, 0.25, 0.25))
    if weather == "rain":
        return "rainbow" if time == "day" and rng.random() < 0.5 else "none"
    return _pick(rng, ("none", "birds", "rainbow"), (0.68, 0.25, 0.07 if time == "day" else 0.0))


def _things(rng: np.random.Generator) -> tuple[Thing, ...]:
    count = 0 if rng.random() < 0.12 else (2 if rng.random() < 0.3 else 1)
    kinds = rng.permutation(len(OBJECTS))[:count]
    colours = rng.permutation(len(COLOURS))[:count]
    places = rng.permutation(len(POSITIONS))[:count]
    return tuple(Thing(OBJECTS[k], COLOURS[c], POSITIONS[p]) for k, c, p in zip(kinds, colours, places, strict=True))


def sample_scene(seed: int) -> Scene:
    """The scene of that number: the same words and the same picture wherever and whenever it is asked for."""
    rng = np.random.default_rng([seed, 1])
    style = _pick(rng, STYLES)
    if rng.random() < PATTERN_SHARE:
        two = rng.permutation(len(COLOURS))[:2]
        return Scene(seed, style, pattern=_pick(rng, PATTERNS), colours=tuple(COLOURS[i] for i in two))
    place, time, things = _pick(rng, PLACES), _pick(rng, TIMES), _things(rng)
    if any(t.kind == "sailboat" for t in things) and rng.random() < 0.75:
        # Boats belong on water; the rest stay where they are, so that odd prompts are not unheard of.
        place = _pick(rng, WATER)
    weather = _weather(rng, place, time)
    moon = "none"
    if weather in ("clear", "cloudy") and rng.random() < 0.8:
        moon = "sun" if time != "night" else _pick(rng, ("full", "crescent"))
    return Scene(
        seed,
        style,
        place=place,
        time=time,
        weather=weather,
        sky=_sky(rng, time, weather),
        moon=moon,
        things=things,
    )
