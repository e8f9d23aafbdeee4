"""The player: what is written to a sound card, where the playhead stands, and what happens when there is no card."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from studio.api import StudioError
from studio.widgets import sound
from studio.widgets.sound import BLOCK, Clock, Frames, Player, open_device, output_devices
from studio.widgets.sound_clock import LIVE_MOST, Lead
from studio.widgets.sound_devices import BUFFER_SECONDS

RATE = 48_000
SPEED = 8
"""The cards of these tests play faster than real ones, so that the tests are short."""


class Ramp:
    """A source whose sound says where it is: the left side is the place."""

    rate, latency = RATE * SPEED, 0

    def __init__(self, length: int = RATE * 60) -> None:
        self.length, self.prepared, self.still = length, 0, 0.0

    def read(self, start: int | None, frames: int) -> Frames:
        out = np.zeros((2, frames), np.float32)
        if start is None:
            out += np.float32(self.still)
        else:
            out[0] = np.arange(start, start + frames)
        return out

    def count_in_length(self, at: int) -> int:
        return 3000

    def count_in(self, at: int, left: int, frames: int) -> Frames:
        return np.full((2, frames), -1.0, np.float32)

    def relocate(self, place: int) -> int:
        return place

    def prepare(self, start: int, frames: int) -> bool:
        self.prepared += 1
        return self.prepared % 3 != 0


class Card:
    """Plays what is written at its own speed; nobody but a real one could be heard."""

    latency = 0.02

    def __init__(self, rate: int, *, fails_after: int = 0) -> None:
        self.rate, self.fails_after = rate, fails_after
        self.written, self.began, self.closed = 0, 0.0, False
        self.pieces: list[Frames] = []

    def _played(self) -> int:
        return int((time.perf_counter() - self.began) * self.rate)

    @property
    def write_available(self) -> int:
        return max(0, min(4096, 4096 - (self.written - self._played())))

    def start(self) -> None:
        self.began = time.perf_counter()

    def write(self, data: bytes) -> bool:
        if self.fails_after and self.written >= self.fails_after:
            raise OSError("Unanticipated host error")
        dry = self.written < self._played()
        if dry:
            self.began = time.perf_counter() - self.written / self.rate
        frames = np.frombuffer(data, np.float32).reshape(-1, 2).T
        while self.write_available < frames.shape[1]:
            time.sleep(0.001)
        self.pieces.append(frames)
        self.written += frames.shape[1]
        return False

    def abort(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def heard(self) -> Frames:
        """From the first sound on: until it is made, silence is played."""
        whole = np.concatenate([np.zeros((2, 0), np.float32), *self.pieces], axis=1)
        first = np.flatnonzero(np.abs(whole).max(axis=0))
        return whole[:, first[0] :] if len(first) else whole


class Shop:
    """Opens cards and remembers them."""

    def __init__(self, **options: int) -> None:
        self.cards: list[Card] = []
        self.names: list[str] = []
        self.options = options

    def __call__(self, device: str, rate: int) -> Card:
        self.names.append(device)
        self.cards.append(Card(rate, **self.options))
        return self.cards[-1]


@pytest.fixture
def made() -> Iterator[Callable[..., tuple[Player, Shop]]]:
    players = []

    def make(source: Ramp | None = None, **options: int) -> tuple[Player, Shop]:
        shop = Shop(**options)
        players.append(Player(source or Ramp(), opener=shop))
        return players[-1], shop

    yield make
    for player in players:
        player.close()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.002)


def test_every_frame_is_played_once_and_in_order(made: Callable[..., tuple[Player, Shop]]) -> None:
    player, shop = made()
    player.play(500)
    until(lambda: shop.cards and shop.cards[0].written > 20 * BLOCK)
    player.stop()
    left = shop.cards[0].heard()[0]
    played = left[: np.flatnonzero(left)[-1] + 1]
    assert np.array_equal(played, np.arange(500, 500 + len(played)))
    assert player.underruns == 0
    assert player.source.prepared > 0


def test_the_loop_is_exact(made: Callable[..., tuple[Player, Shop]]) -> None:
    player, shop = made()
    player.play(100, loop=(50, 1777))
    until(lambda: shop.cards and shop.cards[0].heard().shape[1] > 8 * BLOCK)
    player.set_loop(None)
    left = shop.cards[0].heard()[0][: 8 * BLOCK]
    wanted = np.concatenate([np.arange(100, 1777), *[np.arange(50, 1777)] * 5])[: len(left)]
    assert np.array_equal(left, wanted)
    player.stop()


def test_counting_in_comes_first(made: Callable[..., tuple[Player, Shop]]) -> None:
    player, shop = made()
    player.play(700, count_in=True)
    until(lambda: shop.cards and shop.cards[0].heard().shape[1] > 8 * BLOCK)
    left = shop.cards[0].heard()[0]
    assert (left[:3000] == -1).all()
    assert left[3000] == 700


def test_the_playhead_is_where_the_sound_is(made: Callable[..., tuple[Player, Shop]]) -> None:
    player, shop = made()
    assert player.position() == 0
    player.play(1000)
    until(lambda: shop.cards and shop.cards[0].heard().shape[1] > 30 * BLOCK)
    card = shop.cards[0]
    waited = sum(piece.shape[1] for piece in list(card.pieces)) - card.heard().shape[1]
    offsets = []
    for _ in range(50):
        played = (time.perf_counter() - card.began) * card.rate - waited
        offsets.append(player.position() - 1000 - played)
        time.sleep(0.002)
    # The card of this test has room for 4096 frames; a real one is measured by benchmarks/sound.py.
    assert abs(float(np.median(offsets))) < 4096
    player.seek(90_000)
    until(lambda: player.position() >= 90_000)
    player.stop()
    assert player.position() == 90_000


def test_the_end_stops_the_transport(made: Callable[..., tuple[Player, Shop]]) -> None:
    player, _ = made(Ramp(length=3000))
    player.play(0)
    until(lambda: not player.playing)
    assert player.problem is None


def test_an_armed_player_sounds_while_it_stands(made: Callable[..., tuple[Player, Shop]]) -> None:
    source = Ramp()
    player, shop = made(source)
    player.arm()
    until(lambda: shop.cards and shop.cards[0].written > BLOCK)
    source.still = 0.5
    until(lambda: shop.cards[0].heard()[0].max() == 0.5)
    assert not player.playing


def test_a_lost_device_is_one_sentence_and_another_can_be_chosen(made: Callable[..., tuple[Player, Shop]]) -> None:
    player, shop = made(fails_after=5 * BLOCK)
    player.play(0)
    until(lambda: player.problem)
    assert player.problem is not None
    assert "stopped" in str(player.problem)
    assert not player.playing
    until(lambda: shop.cards[0].closed)
    shop.options = {}
    player.choose("Other")
    player.play(0)
    assert player.problem is None
    until(lambda: len(shop.cards) == 2 and shop.cards[1].written > 3 * BLOCK)
    assert shop.names[-1] == player.device == "Other"


def test_the_device_changes_while_it_plays(made: Callable[..., tuple[Player, Shop]]) -> None:
    player, shop = made()
    player.play(0)
    until(lambda: shop.cards and shop.cards[0].written > 3 * BLOCK)
    player.choose("B")
    until(lambda: len(shop.cards) == 2 and shop.cards[1].written > 3 * BLOCK)
    assert shop.cards[0].closed
    assert shop.cards[1].heard()[0][0] > 0


def test_an_idle_player_gives_the_device_back(
    made: Callable[..., tuple[Player, Shop]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "IDLE_SECONDS", 0.05)
    player, shop = made()
    player.arm()
    until(lambda: shop.cards and shop.cards[0].closed)
    player.play(0)
    until(lambda: len(shop.cards) == 2 and shop.cards[1].written > 0)
    player.close()
    assert not [t for t in threading.enumerate() if t.name == "sound feeder"]
    player.play(0)
    assert len(shop.cards) == 2


def test_without_portaudio_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(StudioError, match="PortAudio library is missing"):
        output_devices()
    player = Player(Ramp())
    player.play(0)
    until(lambda: player.problem)
    assert "PortAudio" in str(player.problem)
    assert not player.playing
    player.close()


def test_the_clock_runs_evenly_between_jumps_of_the_buffer() -> None:
    clock = Clock(RATE)
    random = np.random.default_rng(2)
    for step in range(200):
        now = step * 0.021
        clock.tell(now * RATE + random.uniform(-300, 300), now)
    told = [clock.heard(4.2 + i * 0.01) for i in range(20)]
    assert np.allclose(np.diff(told), RATE * 0.01)
    assert abs(told[0] - 4.2 * RATE) < 150
    clock.tell(90_000_000, 5.0)
    assert clock.heard(5.0) == pytest.approx(90_000_000)


class Library:
    """sounddevice as it is while PortAudio looks for devices only when it begins."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        self.connected: list[str] = []
        self.known: list[str] = []

    def _terminate(self) -> None:
        self.known = []

    def _initialize(self) -> None:
        self.known = list(self.connected)

    def query_devices(self) -> list[dict[str, object]]:
        return [{"name": name, "max_output_channels": 2} for name in self.known]

    def RawOutputStream(self, **options: object) -> Card:
        if not self.known:
            raise self.PortAudioError("Error querying device -1")
        return Card(RATE)


def test_a_device_that_is_connected_later_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    with pytest.raises(StudioError, match="No sound device was found"):
        open_device("", RATE)
    with pytest.raises(StudioError, match="“Desk” does not play"):
        open_device("Desk", RATE)
    assert output_devices() == []
    library.connected.append("Desk")
    stream = open_device("Desk", RATE)
    library.connected.append("Phones")
    assert output_devices() == ["Desk"], "nothing is looked for under a stream that plays"
    stream.close()
    assert output_devices() == ["Desk", "Phones"]


def test_more_waits_once_the_machine_is_late_and_less_when_it_is_calm() -> None:
    busy = [0.0]
    lead = Lead(busy=lambda: busy[0])
    usual = lead.seconds(live=False)
    lead.tell(usual, usual, 0.0)
    lead.tell(usual * 0.3, usual, 0.1)
    assert lead.seconds(live=False) > usual
    lead.tell(usual * 0.3, usual, 0.2)  # not filled up yet: the same dip still
    assert lead.seconds(live=False) < 2 * usual
    for second in range(1, 60):
        wanted = lead.seconds(live=False)
        lead.tell(wanted, wanted, float(second))
    assert lead.seconds(live=False) == usual
    assert lead.dry(60.0)
    assert not lead.dry(61.0)
    assert lead.seconds(live=False) == pytest.approx(BUFFER_SECONDS)
    assert lead.seconds(live=True) <= LIVE_MOST
    lead.tell(1.0, 0.6, 90.0)
    assert lead.seconds(live=False) == pytest.approx(BUFFER_SECONDS)
    busy[0] = 5.0
    other = Lead(busy=lambda: busy[0])
    other.begin(0.0)
    assert other.seconds(live=False) == pytest.approx(BUFFER_SECONDS)
