"""The sheet that a picture is cut from."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from studio.inference.sizes import Sheet, multiple_of
from tests import tiny_models


def test_a_size_that_fits_is_left_as_it_is() -> None:
    sheet = Sheet(96, 64, 16)
    assert (sheet.wide, sheet.high) == (96, 64)
    picture = Image.new("RGB", (96, 64), "red")
    assert sheet.laid(picture) is picture
    pixels = np.zeros((64, 96, 3))
    assert sheet.cut(pixels).shape == pixels.shape
    assert Sheet(0, 0, 8).cut(np.zeros((5, 7, 3))).shape == (5, 7, 3), "a pipeline may have a size of its own"


def test_a_picture_goes_on_to_the_edge_of_its_sheet() -> None:
    sheet = Sheet(72, 56, 32)
    assert (sheet.wide, sheet.high) == (96, 64)
    for mode in ("RGB", "L"):
        picture = Image.linear_gradient("L").resize((72, 56)).convert(mode)
        laid = np.asarray(sheet.laid(picture))
        assert laid.shape[:2] == (64, 96)
        assert np.array_equal(sheet.cut(laid), np.asarray(picture))
        assert np.array_equal(laid[60], laid[55]), "rows below are the last one again"
        assert np.array_equal(laid[:, 90], laid[:, 71])


def test_previews_are_cut_in_their_own_size() -> None:
    assert Sheet(72, 56, 32).cut(torch.zeros(8, 12, 3)).shape == (7, 9, 3)


def test_what_a_pipeline_asks_for() -> None:
    assert multiple_of(tiny_models.stable_diffusion_3()) == 16
    assert multiple_of(tiny_models.unconditional()) == 1
