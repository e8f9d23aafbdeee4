"""MIDI devices: a keyboard that is unplugged and comes back, and parts that are sent when their place is heard."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from mido import Message

from studio.api import StudioError
from studio.widgets.midi import Keyboard, MidiDevices, Part, Sender, load_backend
from studio.widgets.sound import Player
from tests.loop_midi import LoopBackend, LoopOutput
from tests.studio.widgets.test_sound import RATE, SPEED, Ramp, Shop


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.002)


def test_a_keyboard_is_heard_goes_and_comes_back() -> None:
    backend, heard = LoopBackend(), list[tuple[bytes, float]]()
    keyboard = Keyboard(MidiDevices(lambda: backend), lambda message, when: heard.append((message, when)))
    assert not keyboard.look()
    keyboard.choose("Keys")
    assert keyboard.look()
    backend.opened[0].press(Message("note_on", note=60, velocity=99))
    assert heard[0][0] == bytes((0x90, 60, 99))
    assert abs(heard[0][1] - time.perf_counter()) < 5
    backend.inputs = []
    assert not keyboard.look()
    assert backend.opened[0].closed
    backend.inputs = ["Keys 31:0"]  # another number, the same keyboard
    assert keyboard.look()
    assert len(backend.opened) == 2
    keyboard.close()
    assert backend.opened[1].closed


def test_without_the_library_or_the_system_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(StudioError, match="python-rtmidi library"):
        MidiDevices().inputs()
    with pytest.raises(StudioError, match="is not connected"):
        MidiDevices(LoopBackend).open_output("Other")


def test_a_system_without_midi_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_sequencer(_name: str) -> object:
        raise OSError("error creating ALSA sequencer client object")

    monkeypatch.setitem(sys.modules, "rtmidi", ModuleType("rtmidi"))  # optional: here or not
    monkeypatch.setattr("mido.Backend", no_sequencer)
    with pytest.raises(StudioError, match="has no MIDI"):
        load_backend()


@pytest.fixture
def sending() -> Iterator[tuple[Player, Sender, LoopBackend]]:
    backend, player = LoopBackend(), Player(Ramp(), opener=Shop())
    sender = Sender(player, MidiDevices(lambda: backend))
    yield player, sender, backend
    sender.close()
    player.close()


def sent(backend: LoopBackend) -> list[str]:
    return [str(m).removesuffix(" time=0") for port in backend.opened for _, m in port.sent]


def row(kind: int, first: int, second: int = 0) -> bytes:
    return bytes((kind, first)) if kind & 0xF0 == 0xC0 else bytes((kind, first, second))


def test_messages_are_sent_when_their_place_is_heard(sending: tuple[Player, Sender, LoopBackend]) -> None:
    player, sender, backend = sending
    second = RATE * SPEED
    sender.set_parts({"Box": Part([0, 0, second // 2, second], [row(0xC0, 40), row(0x90, 60, 90), row(0x80, 60, 64),
                                                                row(0x90, 62, 90)])})  # fmt: skip
    until(lambda: sender.connected("Box"))
    player.play(0)
    sender.wake()
    until(lambda: len(sent(backend)) >= 4 and "note=62" in sent(backend)[-1])
    port = backend.opened[0]
    assert isinstance(port, LoopOutput)
    placed = [m.type for _, m in port.sent if m.type in ("program_change", "note_on", "note_off")]
    assert placed == ["program_change", "note_on", "note_off", "note_on"]
    times = [when for when, m in port.sent if m.type in ("note_on", "note_off")]
    assert times[0] < times[1] < times[2]
    player.stop()
    until(lambda: "note_off channel=0 note=62 velocity=64" in sent(backend))
    until(lambda: sent(backend)[-1] == "control_change channel=0 control=123 value=0")


def test_from_the_middle_programs_and_controllers_come_first(sending: tuple[Player, Sender, LoopBackend]) -> None:
    player, sender, backend = sending
    second = RATE * SPEED
    rows = [row(0xC0, 40), row(0xB0, 0, 1), row(0xB0, 7, 80), row(0x90, 60, 90), row(0x80, 60), row(0xC0, 41),
            row(0x90, 64, 70)]  # fmt: skip
    sender.set_parts({"Box": Part([0, 0, 0, 0, 100, second, 3 * second], rows)})
    until(lambda: sender.connected("Box"))
    player.play(2 * second)
    sender.wake()
    until(lambda: any("note=64" in words for words in sent(backend)))
    found = [words for words in sent(backend) if "control=123" not in words and "control=64 " not in words]
    assert found[:3] == [
        "control_change channel=0 control=0 value=1",
        "control_change channel=0 control=7 value=80",
        "program_change channel=0 program=41",
    ]
    assert not any("note=60" in words for words in found)


def test_what_sets_a_device_up_is_sent_once_before_the_middle_and_in_its_place(
    sending: tuple[Player, Sender, LoopBackend],
) -> None:
    player, sender, backend = sending
    second = RATE * SPEED
    reset, later = b"\xf0\x7e\x7f\x09\x01\xf7", b"\xf0\x43\x10\xf7"
    rows = [reset, row(0xC0, 40), row(0x90, 60, 90), later, row(0x90, 64, 70)]
    sender.set_parts({"Box": Part([0, 0, 2 * second, 5 * second // 2, 3 * second], rows)})
    until(lambda: sender.connected("Box"))
    for turn in (1, 2):
        player.play(2 * second - 10)
        sender.wake()
        until(lambda turn=turn: sum("note=64 velocity=70" in words for words in sent(backend)) == turn)
        player.stop()
        until(lambda turn=turn: sum("note_off channel=0 note=64" in words for words in sent(backend)) == turn)
    found = [words for words in sent(backend) if "control" not in words and "note_off" not in words]
    assert "data=(126,127,9,1)" in found[0]
    assert found[1].startswith("program_change")
    assert sum("data=(126,127,9,1)" in words for words in found) == 1
    assert sum("data=(67,16)" in words for words in found) >= 1
    assert "note=64" in found[-1]


def test_a_loop_lets_go_and_begins_again(sending: tuple[Player, Sender, LoopBackend]) -> None:
    player, sender, backend = sending
    second = RATE * SPEED
    sender.set_parts({"Box": Part([0], [row(0x90, 60, 90)])})
    until(lambda: sender.connected("Box"))
    player.play(0, loop=(0, second // 4))
    sender.wake()
    until(lambda: sum("note_on" in words for words in sent(backend)) >= 3)
    found = [words.split()[0] for words in sent(backend) if "note" in words]
    assert found[:5] == ["note_on", "note_off", "note_on", "note_off", "note_on"]


def test_a_device_that_comes_later_plays(sending: tuple[Player, Sender, LoopBackend]) -> None:
    _, sender, backend = sending
    sender.now("Box", row(0x90, 60, 90))
    until(lambda: sent(backend) == ["note_on channel=0 note=60 velocity=90"])
    sender.look([])
    until(lambda: not sender.connected("Box"))
    assert backend.opened[0].closed
    sender.now("Box", row(0x80, 60, 64))
    until(lambda: len(backend.opened) == 2 and sent(backend)[-1].startswith("note_off"))
