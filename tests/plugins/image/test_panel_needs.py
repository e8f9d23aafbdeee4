"""What the picture needs in memory, said beneath the model before Generate is pressed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from plugins.image.panel import ImagePanel
from plugins.image.panel_needs import in_words
from plugins.image.params import ImageSettings
from studio.api import DeviceStatus
from tests.plugins.image.fake_host import STARTER, FakeHost

GB = 10**9
PARTS = {"unet": 5 * GB, "vae": GB // 6, "text_encoder": 3 * GB // 2}
SDXL = replace(STARTER, id="models/xl", title="XL", dtype="F16", facts={"parts": PARTS, "side": 1024})
CARD = DeviceStatus("NVIDIA RTX 3070", used=GB, total=9 * GB)


@pytest.mark.parametrize(
    ("device", "settings", "words"),
    [
        (CARD, ImageSettings(), "its parts take turns on the card"),
        (replace(CARD, total=13 * GB), ImageSettings(), ""),
        (replace(CARD, used=6 * GB), ImageSettings(), "its layers take turns on the card"),
        (replace(CARD, used=6 * GB, own=5 * GB), ImageSettings(), "its parts take turns on the card"),
        (replace(CARD, total=12 * GB), ImageSettings(precision="float32"), "Needs about 18.7 GB, 11.0 GB free"),
        (CARD, ImageSettings(memory="device", tiles="off", eight_bits="off"), "may fail"),
        (CARD, ImageSettings(memory="group"), "its layers take turns"),
        (DeviceStatus("CPU", used=GB, total=10 * GB), ImageSettings(precision="bfloat16"), "decoded in tiles"),
        (DeviceStatus("CPU", used=4 * GB, total=10 * GB), ImageSettings(precision="bfloat16"), "in 8 bits"),
        (DeviceStatus("CPU", used=1, total=30 * GB), ImageSettings(), ""),
        (DeviceStatus("Apple graphics", used=GB, total=8 * GB), ImageSettings(), "may fail"),
        (DeviceStatus(), ImageSettings(), ""),
    ],
)
def test_what_is_said(device: DeviceStatus, settings: ImageSettings, words: str) -> None:
    said = in_words(SDXL, (1024, 1024), guided=True, device=device, settings=settings)
    assert words in said
    assert bool(words) == bool(said)


def test_the_line_follows_the_model_and_the_size(panel: ImagePanel, host: FakeHost, qtbot: QtBot) -> None:
    pane = panel.settings_pane
    panel.show()
    assert pane.needs.isHidden(), "the starter model fits everywhere"
    host.runs_on = CARD
    host.known_models.append(SDXL)
    pane.set_models(host.models("diffusion"))
    assert pane.use_model(SDXL.id)
    pane.size_fields.set_size(256, 256)
    assert pane.needs.isHidden(), "small pictures fit"
    pane.size_fields.set_size(1024, 1024)
    assert not pane.needs.isHidden()
    assert pane.needs.accessibleName() == "Memory"
    assert "take turns" in pane.needs.text()
    assert "8.0" in pane.needs.text()
    assert pane.needs.property("tone") == "label"
    host.runs_on = replace(CARD, total=2 * GB)
    pane.say_needs()
    assert pane.needs.property("tone") == "error", "it may fail"
    host.runs_on = CARD
    assert pane.use_model(STARTER.id)
    assert pane.needs.isHidden()
