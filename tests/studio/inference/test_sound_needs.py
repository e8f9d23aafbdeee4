"""What a sound will need: more for a longer one, and what is said of it."""

from __future__ import annotations

from pathlib import Path

from studio.api import Model
from studio.inference.needs import DEVICE, MODEL, choose, preflight
from studio.inference.sound_mends import in_turn
from studio.inference.sound_needs import sound_needs

GB = 10**9
PARTS = {"transformer": 4 * GB, "text_encoder": GB, "vae": GB // 2}
MODEL_FILE = Model(
    "models/sa", "Big", "sound/StableAudioPipeline", Path("nowhere"), size=11 * GB // 2, dtype="F32",
    facts={"parts": PARTS},
)  # fmt: skip


def test_longer_sounds_need_more() -> None:
    short, long = (sound_needs(MODEL_FILE, seconds, itemsize=2, guided=True) for seconds in (5, 47))
    assert short.denoiser == long.denoiser == 2 * GB
    assert short.of(DEVICE) < long.of(DEVICE)
    assert long.of(MODEL) < long.of(DEVICE)
    plain = sound_needs(MODEL_FILE, 47, itemsize=2, guided=False)
    assert plain.denoise < long.denoise


def test_its_parts_take_turns_where_all_of_it_does_not_fit() -> None:
    wanted = sound_needs(MODEL_FILE, 5, itemsize=2, guided=True)
    free = (wanted.of(MODEL) + wanted.of(DEVICE)) // 2
    whole, turns = (
        choose(wanted, free=free, card=True, mode=mode, tiles="off", small="off") for mode in (DEVICE, MODEL)
    )
    assert not whole.fits
    assert turns.fits
    assert "take turns" in preflight(wanted, turns)
    assert "may fail" in preflight(wanted, whole)


def test_only_pipelines_that_know_the_order_of_their_parts_take_turns() -> None:
    assert in_turn(MODEL_FILE)
    assert not in_turn(Model("models/a2", "Other", "sound/AudioLDM2Pipeline", Path("nowhere")))
