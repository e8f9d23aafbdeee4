"""What the artist can set."""

from __future__ import annotations

from dataclasses import dataclass

from studio.api import param

MOODS = (
    "sunny raise words exit memory cuda list none dict preview print network stdin abort null hang swallow slow threads"
)


@dataclass(frozen=True)
class Params:
    mood: str = param("sunny", label="Mood", choices=[(mood, mood) for mood in MOODS.split()], help="What happens.")
