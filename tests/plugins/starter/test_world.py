"""The synthetic world is the training data: it must be the same everywhere and its captions must be true."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from plugins.starter.world import Scene, Thing, caption, render, sample_scene
from plugins.starter.world import captions as say
from plugins.starter.world.frame import SQUARE, Frame
from plugins.starter.world.render import LOOK, render_with_boxes
from plugins.starter.world.scene import COLOURS, OBJECTS, PATTERNS, PLACES, POSITIONS, SKIES, STYLES, TIMES, WEATHERS


def test_a_scene_is_the_same_whenever_it_is_asked_for() -> None:
    first = [render(sample_scene(i)) for i in range(12)]
    again = [render(sample_scene(i)) for i in reversed(range(12))][::-1]
    for a, b in zip(first, again, strict=True):
        assert a.shape == (256, 256, 3)
        assert a.dtype == np.uint8
        assert hashlib.sha256(a.tobytes()).digest() == hashlib.sha256(b.tobytes()).digest()


# The mean red, green and blue of each quarter of some scenes, as bytes in hexadecimal: how they look at LOOK 2.
QUARTERS = {
    0: "313b5b253051354b72324969",
    3: "a6cee5a7adc6c7d4c8b6cbc2",
    5: "262f542831563339582e304a",
    16: "f1df9bf1dd96f0dd97f0de9b",
    21: "79b1ea6caaf25793c6508ec3",
    28: "917f7a917f7a887283887283",
    54: "d9888fd8878ed1828ad2828a",
    55: "ddb4c6d9a9c284717e85727d",
}


def test_scenes_look_as_they_did_when_the_model_learned_them() -> None:
    assert LOOK == 2, "a new look needs new quarters"
    for number, said in QUARTERS.items():
        quarters = render(sample_scene(number)).reshape(2, 128, 2, 128, 3).mean((1, 3)).ravel()
        assert quarters == pytest.approx(list(bytes.fromhex(said)), abs=1.5), number


@pytest.mark.parametrize("frame", [Frame(352, 256), Frame(224, 320), Frame(304, 192)])
def test_other_shapes_show_the_same_scene_without_stretching_it(frame: Frame) -> None:
    for i, position in enumerate(POSITIONS):
        scene = Scene(5, "flat", place="desert", things=(Thing("mushroom", "red", position),))
        square, wide = (render_with_boxes(scene, f)[1][0] for f in (SQUARE, frame))
        picture = render(scene, frame)
        assert picture.shape == (frame.high, frame.wide, 3)
        assert wide[2] == pytest.approx(square[2], rel=0.2), "things keep their size"
        assert frame.high - wide[1] == pytest.approx(SQUARE.high - square[1], abs=16), "and stand on the same ground"
        assert i / 3 < wide[0] / frame.wide < (i + 1) / 3
        red = (picture[..., 0] > 150) & (picture[..., 1] < 80)
        assert abs(np.nonzero(red)[1].mean() - wide[0]) < 12, "it is drawn where its box says"


@pytest.mark.parametrize("style", STYLES)
def test_other_shapes_are_filled_to_their_edges(style: str) -> None:
    frame = (Frame(320, 192), Frame(192, 320))[STYLES.index(style) % 2]
    for scene in (
        Scene(1, style, place="lake", weather="cloudy", moon="sun"),
        Scene(2, style, place="city", time="night", sky="stars"),
        Scene(3, style, place="beach", weather="rain", sky="rainbow"),
        *(Scene(4, style, pattern=pattern, colours=("red", "blue")) for pattern in PATTERNS),
    ):
        picture = render(scene, frame)
        # Each of nine windows shows something; an empty one would be all of one colour.
        for rows in np.array_split(picture, 3, axis=0):
            for window in np.array_split(rows, 3, axis=1):
                assert window.std(axis=(0, 1)).max() > 1, (scene, frame)


def test_different_scenes_give_different_pictures() -> None:
    assert len({render(sample_scene(i)).tobytes() for i in range(24)}) == 24


@pytest.mark.parametrize("style", STYLES)
def test_every_place_can_be_drawn_in_every_style_and_has_no_black_sky(style: str) -> None:
    for i, place in enumerate(PLACES):
        for time in TIMES:
            picture = render(Scene(1000 + i, style, place=place, time=time))
            assert picture[20:80].mean() > 14, f"{place} {time} in {style} has a black sky"
            assert picture.std() > 6, f"{place} {time} in {style} is empty"


def test_everything_that_can_be_named_can_be_drawn() -> None:
    for weather in WEATHERS:
        render(Scene(1, "flat", place="lake", weather=weather))
    for sky in SKIES:
        render(Scene(1, "flat", place="lake", time="night", sky=sky))
    for pattern in PATTERNS:
        render(Scene(1, "oil", pattern=pattern, colours=("red", "white")))
    for kind in OBJECTS:
        render(Scene(1, "paper cut", place="sea", things=(Thing(kind, "red", "left"),)))


def test_a_thing_stands_where_its_caption_says() -> None:
    plain = Scene(5, "flat", place="desert")
    empty = render(plain).astype(int)
    for position, third in zip(POSITIONS, (slice(0, 110), slice(64, 192), slice(146, 256)), strict=True):
        picture, boxes = render_with_boxes(replace(plain, things=(Thing("mushroom", "red", position),)))
        changed = np.abs(picture.astype(int) - empty).sum(axis=(0, 2))
        assert changed[third].sum() > 0.9 * changed.sum()
        assert len(boxes) == 1


def test_a_named_colour_is_that_colour() -> None:
    for colour, channel in (("red", 0), ("green", 1), ("blue", 2)):
        scene = Scene(5, "flat", place="snow", time="night", things=(Thing("car", colour, "centre"),))
        (x, y, _), *_ = render_with_boxes(scene)[1]
        around = render(scene)[int(y) - 20 : int(y) + 20, int(x) - 30 : int(x) + 30].reshape(-1, 3).astype(int)
        vivid = around[(around.max(1) - around.min(1)) > 60]
        assert np.bincount(vivid.argmax(1), minlength=3).argmax() == channel


def test_a_caption_says_only_what_is_there() -> None:
    rng = np.random.default_rng(0)
    for i in range(400):
        scene = sample_scene(i)
        words = f" {caption(scene, rng).lower()} "
        present = {t.kind for t in scene.things}
        for kind, names in say.SAY_THING.items():
            if kind not in present:
                assert not any(f" {name} " in words for name in names if name not in ("home", "mill", "camp")), words
        for place, names in say.SAY_PLACE.items():
            if place != scene.place:
                assert f" {names[0]} " not in words or scene.place in ("mountains", "snow"), words


def test_a_full_caption_leaves_nothing_out() -> None:
    rng = np.random.default_rng(0)
    scene = Scene(3, "oil", place="sea", time="dawn", weather="fog", things=(Thing("cat", "pink", "right"),))
    words = caption(scene, rng, full=True)
    for word in ("oil painting", "the sea", "at dawn", "fog", "pink cat", "on the right"):
        assert word in words


def test_captions_are_many() -> None:
    rng = np.random.default_rng(0)
    scene = sample_scene(8)
    assert len({caption(scene, rng) for _ in range(200)}) > 120


def test_the_sampler_uses_all_its_words_about_evenly() -> None:
    things = [t for i in range(3000) for t in sample_scene(i).things]
    for words, seen in (
        (OBJECTS, [t.kind for t in things]),
        (COLOURS, [t.colour for t in things]),
        (POSITIONS, [t.position for t in things]),
    ):
        counts = [seen.count(word) for word in words]
        assert min(counts) > 0.75 * max(counts)
