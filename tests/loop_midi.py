"""A mido backend without cables: its inputs are played by the test, its outputs remember what was sent, and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from mido import Message
from mido.ports import BaseInput, BaseOutput


class LoopInput(BaseInput):
    """Plays what the test presses, from a thread of its own as a driver does."""

    def __init__(self, name: str, callback: Callable[[Message], None]) -> None:
        super().__init__(name)
        self._callback = callback

    def press(self, *messages: Message) -> None:
        """As if somebody played."""
        thread = threading.Thread(target=lambda: [self._callback(m) for m in messages])
        thread.start()
        thread.join()


class LoopOutput(BaseOutput):
    """Remembers."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.sent: list[tuple[float, Message]] = []

    def _send(self, msg: Message) -> None:
        self.sent.append((time.perf_counter(), msg))


class LoopBackend:
    """What `mido.Backend` offers, for ports named here; `plugged` may change at any time."""

    def __init__(self, *, inputs: tuple[str, ...] = ("Keys 24:0",), outputs: tuple[str, ...] = ("Box 28:0",)) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.opened: list[Any] = []

    def get_input_names(self) -> list[str]:
        return self.inputs

    def get_output_names(self) -> list[str]:
        return self.outputs

    def open_input(self, name: str, *, callback: Callable[[Message], None]) -> LoopInput:
        if name not in self.inputs:
            raise OSError(name)
        self.opened.append(LoopInput(name, callback))
        return self.opened[-1]

    def open_output(self, name: str) -> LoopOutput:
        if name not in self.outputs:
            raise OSError(name)
        self.opened.append(LoopOutput(name))
        return self.opened[-1]
