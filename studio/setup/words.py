"""How the set-up speaks in a terminal: plain lines, and an error that says what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable

Say = Callable[[str], None]


class SetupError(Exception):
    """The set-up cannot go on. `message` says why, `hint` what the person can do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}".strip()


def say(line: str) -> None:
    """One line, at once: a set-up that is piped into a log must not keep its words back."""
    print(line, flush=True)


def complain(error: SetupError) -> None:
    """Show an error on the error stream, where a script that starts Studio looks for it."""
    print(f"\n{error}", file=sys.stderr, flush=True)
