"""The colours of the world: what light, haze and style make of a plain colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RGB = tuple[float, float, float]
"""Red, green and blue, 0 to 255; floats, so that mixing never rounds."""

NAMED: dict[str, RGB] = {
    "red": (214, 48, 49),
    "orange": (240, 132, 30),
    "yellow": (246, 205, 50),
    "green": (52, 158, 76),
    "blue": (45, 105, 214),
    "purple": (132, 66, 184),
    "pink": (244, 130, 178),
    "white": (245, 243, 238),
}

WHITE: RGB = (255, 255, 255)
INK: RGB = (38, 36, 52)

# Sky colours from the zenith to the horizon; several for each time, so that no time looks like one picture.
SKIES: dict[str, tuple[tuple[RGB, RGB, RGB], ...]] = {
    "dawn": (
        ((126, 152, 214), (238, 184, 200), (255, 226, 186)),
        ((150, 170, 220), (246, 206, 200), (255, 238, 206)),
        ((176, 150, 206), (246, 176, 186), (255, 214, 170)),
    ),
    "day": (
        ((58, 138, 226), (128, 190, 244), (208, 234, 252)),
        ((40, 150, 214), (118, 204, 236), (222, 244, 246)),
        ((84, 160, 236), (156, 208, 248), (230, 242, 250)),
    ),
    "sunset": (
        ((74, 44, 122), (214, 74, 108), (255, 174, 92)),
        ((112, 40, 98), (236, 98, 72), (255, 196, 96)),
        ((52, 60, 134), (198, 90, 138), (255, 158, 104)),
    ),
    "night": (
        ((12, 16, 48), (26, 38, 92), (58, 76, 140)),
        ((18, 14, 54), (44, 34, 102), (84, 66, 142)),
        ((8, 26, 52), (18, 54, 94), (44, 92, 130)),
    ),
}
LIGHT: dict[str, RGB] = {
    "dawn": (1.0, 0.9, 0.9),
    "day": (1.0, 1.0, 1.0),
    "sunset": (0.96, 0.72, 0.64),
    "night": (0.34, 0.4, 0.62),
}
GREY: dict[str, RGB] = {
    "dawn": (196, 190, 200),
    "day": (176, 188, 200),
    "sunset": (158, 122, 134),
    "night": (40, 46, 70),
}
# How far each weather pulls the sky towards grey, and how much it darkens the land.
DULL = {"clear": 0.0, "cloudy": 0.3, "rain": 0.68, "snowfall": 0.5, "fog": 0.6, "storm": 0.85}
DARK = {"clear": 1.0, "cloudy": 0.97, "rain": 0.86, "snowfall": 0.98, "fog": 0.98, "storm": 0.7}


def mix(a: RGB, b: RGB, part: float) -> RGB:
    """`a` with `part` (0 to 1) of `b`."""
    keep = 1.0 - part
    return (a[0] * keep + b[0] * part, a[1] * keep + b[1] * part, a[2] * keep + b[2] * part)


def scale(a: RGB, by: RGB | float) -> RGB:
    """`a` under a light, or darkened by a factor."""
    if isinstance(by, float | int):
        by = (by, by, by)
    return (min(a[0] * by[0], 255.0), min(a[1] * by[1], 255.0), min(a[2] * by[2], 255.0))


@dataclass(frozen=True)
class Air:
    """The light and the air of one scene: asked by everything that is drawn in it."""

    sky: tuple[RGB, RGB, RGB]
    light: RGB
    haze: RGB
    thick: float
    """How fast distance fades into haze, 0 to 1."""
    night: bool
    snowy: bool

    def lit(self, colour: RGB, far: float = 0.0) -> RGB:
        """A colour of the land: lit, then faded by its distance (0 near, 1 at the horizon)."""
        return mix(scale(colour, self.light), self.haze, min(0.92, far * self.thick))

    def named(self, colour: RGB) -> RGB:
        """A colour that a caption names: lit only half, so that red stays red at night."""
        light = self.light
        half = (0.5 + light[0] * 0.5, 0.5 + light[1] * 0.5, 0.5 + light[2] * 0.5)
        return scale(colour, half)


def air(time: str, weather: str, rng: np.random.Generator) -> Air:
    """The air of that time and weather, with a little of the generator's own taste."""
    stops = SKIES[time][int(rng.random() * len(SKIES[time]))]
    jitter = (rng.random(3) * 14.0 - 7.0).tolist()
    grey, dull, dark = GREY[time], DULL[weather], DARK[weather]
    sky = []
    for index, stop in enumerate(stops):
        colour = (stop[0] + jitter[0], stop[1] + jitter[1], stop[2] + jitter[2])
        shade = scale(grey, 0.82 + 0.12 * index)
        colour = mix(colour, shade, dull)
        if weather == "storm":
            colour = scale(colour, 0.62)
        sky.append((max(0.0, colour[0]), max(0.0, colour[1]), max(0.0, colour[2])))
    light = LIGHT[time]
    light = (light[0] * dark, light[1] * dark, light[2] * dark)
    thick = {"fog": 1.0, "rain": 0.72, "snowfall": 0.75, "storm": 0.6}.get(weather, 0.55)
    return Air(
        sky=(sky[0], sky[1], sky[2]),
        light=light,
        haze=mix(sky[2], sky[1], 0.25),
        thick=thick,
        night=time == "night",
        snowy=weather == "snowfall",
    )
