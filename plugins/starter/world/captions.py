"""Captions: many ways to say what a scene shows, from telegram to sentence, with synonyms and omissions.

A caption never says what is not in the picture; what it leaves out, the picture is free in.
"""

from __future__ import annotations

import numpy as np

from .scene import Scene, Thing

# The first word of each list is the plain one.
SAY_PLACE = {
    "mountains": ("mountains", "the mountains", "snowy peaks", "a mountain range", "high mountains", "the alps"),
    "forest": ("a forest", "the woods", "a pine forest", "the forest", "woodland", "fir trees"),
    "sea": ("the sea", "the ocean", "open water", "the open sea", "the waves"),
    "beach": ("a beach", "the seashore", "the beach", "the coast", "a sandy shore", "a tropical beach"),
    "desert": ("a desert", "sand dunes", "the desert", "the dunes", "a sandy desert"),
    "snow": ("a snowy landscape", "snowy hills", "a snow field", "a winter landscape", "winter hills", "snow"),
    "city": ("a city", "the town", "the city", "a street with tall buildings", "a skyline", "skyscrapers"),
    "meadow": ("a meadow", "a field of flowers", "green hills", "a flower meadow", "the grassland", "rolling hills"),
    "lake": ("a lake", "a mountain lake", "the lake", "a quiet lake", "the lakeside"),
    "canyon": ("a canyon", "red rocks", "the canyon", "a red canyon", "the badlands", "sandstone cliffs"),
}
SAY_TIME = {
    "dawn": ("at dawn", "in the morning", "at sunrise", "early morning", "at daybreak", "morning light"),
    "day": ("by day", "at noon", "in daylight", "on a bright day", "during the day", "at midday"),
    "sunset": ("at sunset", "in the evening", "at dusk", "evening light", "in the sunset", "with a red evening sky"),
    "night": ("at night", "by night", "in the dark", "at midnight", "under a night sky", "nighttime"),
}
SAY_WEATHER = {
    "clear": ("clear sky", "with a clear sky", "cloudless", "clear weather"),
    "cloudy": ("cloudy", "with clouds", "with white clouds", "under clouds", "partly cloudy"),
    "rain": ("rain", "in the rain", "rainy", "with rain falling", "on a rainy day", "raining"),
    "snowfall": ("snowfall", "while it snows", "with falling snow", "snowing", "in falling snow"),
    "fog": ("fog", "in the fog", "foggy", "misty", "in mist", "with fog"),
    "storm": ("a storm", "with lightning", "stormy", "in a thunderstorm", "with a lightning bolt"),
}
SAY_SKY = {
    "birds": ("birds", "flying birds", "a flock of birds", "birds in the sky"),
    "rainbow": ("a rainbow", "a bright rainbow", "a rainbow in the sky"),
    "aurora": ("northern lights", "an aurora", "the northern lights", "a green aurora"),
    "stars": ("stars", "a starry sky", "many stars", "bright stars", "twinkling stars"),
}
SAY_MOON = {
    "sun": ("the sun", "sun", "a bright sun", "the shining sun"),
    "full": ("a full moon", "the moon", "a bright moon", "the full moon"),
    "crescent": ("a crescent moon", "a moon sickle", "the crescent moon", "a new moon"),
}
SAY_THING = {
    "house": ("house", "cottage", "cabin", "home", "hut"),
    "castle": ("castle", "fortress", "palace"),
    "lighthouse": ("lighthouse", "beacon", "light tower"),
    "tree": ("tree", "big tree", "round tree", "leafy tree"),
    "tent": ("tent", "camping tent", "camp"),
    "balloon": ("balloon", "hot air balloon", "hot-air balloon", "air balloon"),
    "sailboat": ("sailboat", "boat", "sailing boat", "ship", "yacht"),
    "windmill": ("windmill", "mill", "old windmill"),
    "car": ("car", "automobile", "little car"),
    "mushroom": ("mushroom", "toadstool", "giant mushroom"),
    "rocket": ("rocket", "spaceship", "space rocket"),
    "cat": ("cat", "kitten", "sitting cat"),
}
SAY_COLOUR = {
    "red": ("red", "red", "crimson", "scarlet"),
    "orange": ("orange", "orange", "tangerine"),
    "yellow": ("yellow", "yellow", "golden"),
    "green": ("green", "green", "emerald"),
    "blue": ("blue", "blue", "azure"),
    "purple": ("purple", "violet", "purple", "lilac"),
    "pink": ("pink", "pink", "rose"),
    "white": ("white", "white", "snow-white"),
}
SAY_POSITION = {
    "left": ("on the left", "at the left", "to the left", "on the left side"),
    "centre": ("in the middle", "in the centre", "in the center", "at the centre"),
    "right": ("on the right", "at the right", "to the right", "on the right side"),
}
SAY_STYLE = {
    "flat": ("flat illustration", "vector art", "a flat design", "a vector illustration", "a clean illustration"),
    "watercolour": ("watercolour", "watercolor", "a watercolour painting", "a watercolor painting", "an aquarelle"),
    "pixel art": ("pixel art", "8-bit pixel art", "a pixel art picture", "pixels", "retro game art"),
    "line art": ("line art", "an ink drawing", "a line drawing", "a comic drawing", "ink outlines"),
    "oil": ("oil painting", "an oil painting", "an impressionist painting", "thick brush strokes", "painted in oil"),
    "paper cut": ("paper cut", "a paper cutout", "layered paper", "papercraft", "cut paper art"),
}
SAY_PATTERN = {
    "stripes": ("stripes", "a striped pattern", "stripes pattern"),
    "waves": ("waves pattern", "wavy lines", "a wave pattern", "wavy stripes"),
    "circles": ("circles", "concentric circles", "rings", "a circle pattern"),
    "checks": ("checks", "a checkerboard", "a chessboard pattern", "squares"),
    "dots": ("dots", "polka dots", "a dotted pattern"),
    "rays": ("rays", "a sunburst", "radiating rays", "a starburst pattern"),
    "triangles": ("triangles", "a triangle pattern", "a geometric pattern of triangles"),
    "spiral": ("spiral", "a spiral", "a swirl", "a spiral pattern"),
}
_EXTRA = ("beautiful", "detailed", "lovely", "peaceful", "dreamy", "colourful", "highly detailed", "masterpiece",
          "calm", "a picture of", "artwork", "illustration", "scenery", "nice")  # fmt: skip
_JOIN_PLACE = ("in", "in front of", "at", "with", "near", "before")


class _Voice:
    """Random words of one caption."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def chance(self, part: float) -> bool:
        return bool(self._rng.random() < part)

    def one(self, words: tuple[str, ...], plain: float = 0.45) -> str:
        """One of the words, the first with a share of its own."""
        if self._rng.random() < plain:
            return words[0]
        return words[int(self._rng.random() * len(words))]

    def shuffle(self, words: list[str]) -> list[str]:
        return [words[i] for i in self._rng.permutation(len(words))]


def _article(word: str) -> str:
    return ("an " if word[0] in "aeiou" else "a ") + word


def _bare(text: str) -> str:
    for start in ("the ", "a ", "an "):
        if text.startswith(start):
            return text[len(start) :]
    return text


def _thing(voice: _Voice, thing: Thing, telegram: bool) -> str:
    noun = voice.one(SAY_THING[thing.kind], 0.6)
    words = noun
    if voice.chance(0.9):
        words = f"{voice.one(SAY_COLOUR[thing.colour], 0.4)} {noun}"
    if not telegram or voice.chance(0.3):
        words = _article(words)
    if voice.chance(0.72):
        where = voice.one(SAY_POSITION[thing.position])
        words = f"{where} {words}" if voice.chance(0.12) else f"{words} {where}"
    return words


def _pattern(voice: _Voice, scene: Scene) -> str:
    first, second = (voice.one(SAY_COLOUR[c], 0.6) for c in scene.colours)
    kind = voice.one(SAY_PATTERN[scene.pattern])
    forms = (
        f"{first} and {second} {_bare(kind)}",
        f"{kind} in {first} and {second}",
        f"{_bare(kind)}, {first} on {second}",
        f"abstract {_bare(kind)}, {first}, {second}",
        f"abstract pattern, {first} and {second} {_bare(kind)}",
    )
    text = voice.one(forms, 0.3)
    return _styled(voice, scene, [text], telegram=False)


def _styled(voice: _Voice, scene: Scene, parts: list[str], *, telegram: bool) -> str:
    body = ", ".join(parts)
    if not voice.chance(0.85):
        return body
    style = voice.one(SAY_STYLE[scene.style])
    way = int(voice._rng.random() * 4)
    if way == 0 or telegram:
        return f"{style}, {body}" if voice.chance(0.5) else f"{body}, {style}"
    if way == 1:
        return f"{style} of {body}"
    if way == 2:
        return f"{body}, {_bare(style)} style"
    return f"{body}, {style}"


def caption(scene: Scene, rng: np.random.Generator, *, full: bool = False) -> str:
    """One caption of that scene; `full` leaves nothing out and speaks plainly (used by the evaluation)."""
    voice = _Voice(rng)
    if full:
        return _full(scene)
    if scene.pattern:
        return _pattern(voice, scene)
    telegram = voice.chance(0.35)
    things = [_thing(voice, t, telegram) for t in scene.things if voice.chance(0.94)]
    place = voice.one(SAY_PLACE[scene.place]) if voice.chance(0.92) else ""
    time = voice.one(SAY_TIME[scene.time]) if voice.chance(0.85) else ""
    weather = ""
    if voice.chance(0.3 if scene.weather == "clear" else 0.88):
        weather = voice.one(SAY_WEATHER[scene.weather])
    sky = voice.one(SAY_SKY[scene.sky]) if scene.sky != "none" and voice.chance(0.85) else ""
    moon = voice.one(SAY_MOON[scene.moon]) if scene.moon != "none" and voice.chance(0.45) else ""
    if telegram:
        parts = [
            p for p in (*things, _bare(place), _bare(time) if voice.chance(0.5) else time, weather, sky, moon) if p
        ]
        parts = voice.shuffle(parts) if voice.chance(0.6) else parts
    else:
        subject = " and ".join(things)
        if subject and place:
            join = voice.one(_JOIN_PLACE, 0.3)
            head = f"{subject} {join} {place}" if voice.chance(0.7) else f"{place} with {subject}"
        else:
            head = subject or place
        extras = [w for w in (weather, " and ".join(w for w in (moon, sky) if w)) if w]
        if head and time and voice.chance(0.7):
            head = f"{head} {time}"
        elif time:
            extras.append(time)
        parts = [w for w in (head, *voice.shuffle(extras)) if w]
    if voice.chance(0.12):
        parts.append(voice.one(_EXTRA, 0.0))
    if not parts:
        parts = [voice.one(SAY_PLACE[scene.place])]
    text = _styled(voice, scene, parts, telegram=telegram)
    if voice.chance(0.1):
        text = text[0].upper() + text[1:] + "."
    return text


def _full(scene: Scene) -> str:
    if scene.pattern:
        text = f"{scene.colours[0]} and {scene.colours[1]} {_bare(SAY_PATTERN[scene.pattern][0])}"
        return f"{text}, {SAY_STYLE[scene.style][0]}"
    things = [f"{_article(f'{t.colour} {t.kind}')} {SAY_POSITION[t.position][0]}" for t in scene.things]
    place = SAY_PLACE[scene.place][0]
    head = f"{' and '.join(things)} in {place}" if things else place
    parts = [f"{head} {SAY_TIME[scene.time][0]}"]
    if scene.weather != "clear":
        parts.append(SAY_WEATHER[scene.weather][0])
    if scene.sky != "none":
        parts.append(SAY_SKY[scene.sky][0])
    if scene.moon not in ("none", "sun"):
        parts.append(SAY_MOON[scene.moon][0])
    parts.append(SAY_STYLE[scene.style][0])
    return ", ".join(parts)
