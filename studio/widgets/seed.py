"""The seed: a number to type, a lock that keeps it for the next picture, a die that throws another."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from studio.core.params import ParamSpec
from studio.core.request import SEED_LIMIT
from studio.widgets.controls import IconButton
from studio.widgets.field import Field
from studio.widgets.numbers import NumberBox

SEED = ParamSpec(
    "seed",
    "integer",
    0,
    "Seed",
    help="Where the chance begins. The same seed with the same settings gives the same result.",
    minimum=0,
    maximum=SEED_LIMIT - 1,
    role="seed",
)


class SeedField(Field):
    """A seed in 0 … 2**32 - 1. Call `advance()` after each request: it throws a new seed unless the lock is on."""

    lock_changed = Signal(bool)

    def __init__(self, spec: ParamSpec = SEED, parent: QWidget | None = None) -> None:
        low = 0 if spec.minimum is None else max(0, spec.minimum)
        high = SEED_LIMIT - 1 if spec.maximum is None else min(spec.maximum, SEED_LIMIT - 1)
        super().__init__(replace(spec, minimum=low, maximum=high), parent)
        self._box = NumberBox(self.spec, grouped=True)
        self._box.setValue(float(spec.default))
        self._lock = IconButton("lock-simple-open", "Lock seed", kind="boxed", size=18)
        self._lock.setCheckable(True)
        self._dice = IconButton("dice-five", "New seed", kind="boxed", size=18)
        self._add_editor(self._box, stretch=1)
        self._add_editor(self._lock, name="Lock seed")
        self._add_editor(self._dice, name="New seed")
        self._lock.setAccessibleDescription("Keep this seed for the next result")
        self._dice.setAccessibleDescription("Throw another seed")
        self._lock.setToolTip("Keep this seed for the next result")
        self._dice.setToolTip("Throw another seed")
        self._seal()
        self._box.valueChanged.connect(lambda number: self._take(round(number)))
        self._box.complained.connect(self.set_problem)
        self._lock.toggled.connect(self._locked)
        self._dice.clicked.connect(self.roll)

    def is_changed(self) -> bool:
        """A seed has no default worth going back to."""
        return False

    def locked(self) -> bool:
        """True where the next request is to use the same seed."""
        return self._lock.isChecked()

    def set_locked(self, on: bool) -> None:
        """Turn the lock."""
        self._lock.setChecked(on)

    def roll(self) -> None:
        """Throw another seed, lock or no lock."""
        low, high = int(self.spec.minimum or 0), int(self.spec.maximum or 0)
        self.set_value(low + secrets.randbelow(high - low + 1))

    def advance(self) -> None:
        """Throw another seed unless the lock is on."""
        if not self.locked():
            self.roll()

    def commit(self) -> None:
        """Take half-typed text as final."""
        self._box.interpretText()

    def _locked(self, on: bool) -> None:
        self._lock.set_icon("lock-simple" if on else "lock-simple-open", "text" if on else "muted")
        self.lock_changed.emit(on)

    def _show(self, value: Any) -> None:
        with QSignalBlocker(self._box):
            self._box.setValue(float(value))
