"""What the picture will need in memory, in a line beneath the model, where it is more than is free."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from studio.api import DeviceStatus, Model
from studio.inference.needs import MAY_FAIL, choose, needs, preflight, processor_itemsize
from studio.widgets.text import Label

from .params import ImageSettings

_WITHOUT_OWN_MEMORY = ("CPU", "Apple graphics")


class NeedsLine(Label):
    """Hidden while everything fits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "label", wrap=True, parent=parent)
        self.setAccessibleName("Memory")
        self.hide()

    def say(
        self,
        model: Model | None,
        size: tuple[int, int],
        *,
        guided: bool,
        device: DeviceStatus,
        settings: ImageSettings,
    ) -> None:
        """Work it out for this model and a picture of `size` pixels on this device."""
        text = "" if model is None else in_words(model, size, guided=guided, device=device, settings=settings)
        tone = "error" if MAY_FAIL in text else "label"
        if tone != self.property("tone"):
            self.setProperty("tone", tone)
            self.style().polish(self)
        self.setText(text)
        self.setVisible(bool(text))


def in_words(
    model: Model, size: tuple[int, int], *, guided: bool, device: DeviceStatus, settings: ImageSettings
) -> str:
    """What will be done and why; "" where there is nothing to say, or nothing is known of the device yet."""
    if not device.name:
        return ""
    card = device.name not in _WITHOUT_OWN_MEMORY
    itemsize = {"float32": 4, "bfloat16": 2, "float16": 2}.get(settings.precision)
    if itemsize is None or (settings.precision == "float16" and device.name == "CPU"):
        itemsize = processor_itemsize() if device.name == "CPU" else 2
    wanted = needs(model, *size, itemsize=itemsize, guided=guided)
    placing = choose(
        wanted,
        free=device.free,
        card=card,
        mode=settings.memory,
        tiles=settings.tiles,
        small="off" if device.name == "Apple graphics" else settings.eight_bits,
    )
    return preflight(wanted, placing)
