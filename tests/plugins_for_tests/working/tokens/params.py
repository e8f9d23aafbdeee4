"""What the artist can set."""

from __future__ import annotations

from dataclasses import dataclass

from studio.api import param


@dataclass(frozen=True)
class Params:
    prompt: str = param("Once", label="Prompt", help="How the text begins.", role="prompt")
    length: int = param(12, label="Length", minimum=1, maximum=5000, unit="tokens", help="Tokens to write.")
    pause: float = param(0.0, label="Pause", minimum=0, maximum=5, unit="s", help="Waits this long after a token.")
    remember: bool = param(True, label="Keep state", help="Whether one can go on from a token.")
    bunch: int = param(1, label="Bunch", minimum=1, maximum=100, unit="tokens", help="Tokens that are told at once.")


@dataclass(frozen=True)
class Voice:
    ending: str = param(".", label="Ending", help="What every text ends with.")
