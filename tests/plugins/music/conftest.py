"""The panel and its host, for all tests of the music plugin."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.plugins.music.panel_bench import hand, host, panel  # noqa: F401 - fixtures


class Card:
    """A sound card: takes what is written as fast as it would be heard."""

    latency = 0.1

    def __init__(self, rate: int) -> None:
        self.rate, self.written, self.began = rate, 0, time.perf_counter()
        self.data: list[bytes] = []

    @property
    def write_available(self) -> int:
        played = int((time.perf_counter() - self.began) * self.rate)
        return max(0, int(self.latency * self.rate) - max(0, self.written - played))

    def start(self) -> None:
        self.began = time.perf_counter()

    def write(self, data: bytes) -> bool:
        self.data.append(data)
        self.written += len(data) // 8
        while self.write_available <= 0:
            time.sleep(0.002)
        return False

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def card(monkeypatch: pytest.MonkeyPatch) -> list[Card]:
    """The cards that were opened: a machine that tests has none."""
    opened: list[Card] = []

    def open_card(_device: str, rate: int) -> Any:
        opened.append(Card(rate))
        return opened[-1]

    monkeypatch.setattr("plugins.music.panel_sound.open_device", open_card)
    monkeypatch.setattr("plugins.music.panel_wave_sound.open_device", open_card)
    return opened
