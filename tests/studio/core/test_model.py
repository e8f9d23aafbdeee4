"""A model offers itself only to generators that can use it, and never when something is wrong with it."""

from pathlib import Path

from studio.core.model import Model

GOOD = Model("starter/pictures", "Starter pictures", "diffusers/StableDiffusionPipeline", Path("x"), sha256="ab")


def test_fits_by_family():
    assert GOOD.fits(("diffusers/*",))
    assert not GOOD.fits(("transformers/*",))
    assert not GOOD.fits(())


def test_a_model_with_a_problem_fits_nothing():
    assert not Model("a", "A", "diffusers/X", Path("x"), problem="It holds a pickle.").fits(("*",))


def test_reference():
    assert (GOOD.ref().id, GOOD.ref().name, GOOD.ref().sha256) == ("starter/pictures", "Starter pictures", "ab")
