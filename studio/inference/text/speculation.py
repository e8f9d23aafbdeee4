"""A small model that runs ahead: it guesses tokens, and the large one reads all guesses in one forward pass.

Both choose with the same luck, the noise that belongs to a place (`noise.py`). The large model still chooses every
token itself, by its own probabilities: a guess is right where it is the token that the large model takes anyway. The
text is that of the large model alone (but for last digits of its arithmetic), and the luck in common makes as many
guesses right as can be: see Leviathan et al., "Fast inference from transformers via speculative decoding", 2023, and
Daliri et al., "Coupling without communication and drafter-invariant speculative decoding", 2025.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .choosing import Chooser, Place

if TYPE_CHECKING:
    from .memory import Prompts


class Draft:
    """The model that guesses. `length` is how many tokens it runs ahead at most."""

    def __init__(self, prompts: Prompts, device: torch.device, *, length: int = 4) -> None:
        self.length = length
        self.guessed = 0
        self._prompts = prompts
        self._device = device
        self._memory: Any = None
        self._logits: torch.Tensor | None = None
        self._prompt: list[int] = []
        self._read: list[int] = []

    def begin(self, prompt: Sequence[int], *, check: Callable[[], None]) -> None:
        """Read the text in front."""
        self._memory, self._logits = self._prompts.read(prompt, check=check)
        self._prompt, self._read = list(prompt), []

    def guess(self, written: Sequence[int], chooser: Chooser, *, most: int) -> list[int]:
        """The tokens that probably come after what was written."""
        same = 0
        for mine, theirs in zip(self._read, written, strict=False):
            if mine != theirs:
                break
            same += 1
        same = min(same, len(written) - 1)  # the last token is read again for its logits
        self._memory.keep(len(self._prompt) + same)
        fresh = list(written[same:])
        self._read = list(written)
        for token in fresh:  # one by one: a recurrent model can only go back to where it stopped
            logits = self._memory.read(torch.tensor([[token]], device=self._device))
        guesses: list[int] = []
        level = chooser.start_level
        for ahead in range(max(most, 0)):
            past = np.array([*self._prompt, *written, *guesses], dtype=np.int64)
            token, level = chooser.choose(logits, [Place(0, len(written) + ahead, past, level=level)])[0]
            guesses.append(token)
            if ahead + 1 < most:
                logits = self._memory.read(torch.tensor([[token]], device=self._device))
                self._read.append(token)
        self.guessed += len(guesses)
        return guesses
