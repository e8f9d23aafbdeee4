"""What an audio model can be asked for, told by its family."""

from __future__ import annotations

NEW, REPAINT, EXTEND = "new", "repaint", "extend"

_LATENTS = frozenset(
    (
        "StableAudioPipeline",
        "StableAudio3Pipeline",
        "AudioLDM2Pipeline",
        "MusicLDMPipeline",
        "AudioLDMPipeline",
        "AceStepPipeline",
    )
)
"""Diffusion in latents whose encoder is known: what is there can be brought to them, and held at every step."""
CODES = "MusicgenForConditionalGeneration"
VOICE = "VitsModel"
FAMILIES = tuple(f"sound/{kind}" for kind in (*sorted(_LATENTS), CODES, VOICE))
"""What can be run here. Other kinds that speak or sing are listed on the Models page and offered nowhere."""


def kind_of(family: str) -> str:
    """The class of a family as the model shelf writes it: "sound/VitsModel" is a "VitsModel"."""
    return family.partition("/")[2]


def ways(family: str) -> tuple[str, ...]:
    """The tasks that models of a family can do: of NEW, REPAINT and EXTEND."""
    kind = kind_of(family)
    if kind in _LATENTS:
        return (NEW, REPAINT, EXTEND)
    return (NEW, EXTEND) if kind == CODES else (NEW,)


def why_not(family: str, task: str) -> tuple[str, str]:
    """In words, why a family cannot do a task, and what can be done instead; both empty if it can."""
    if task in ways(family):
        return "", ""
    kind = kind_of(family)
    if kind == VOICE:
        return (
            "This model reads a text out in one go: it cannot hear a sound, and so it cannot go on or fit a part in.",
            "Make a new sound and cut it in, or choose a diffusion model such as Stable Audio.",
        )
    if kind == CODES:
        return (
            "This model writes sound from left to right: it cannot make a part anew that has something after it.",
            "Extend the sound instead, or choose a diffusion model such as Stable Audio.",
        )
    return (
        "This model has no encoder that is known here, so it cannot hear the sound that is there.",
        "Make a new sound, or choose Stable Audio, AudioLDM 2, MusicLDM or ACE-Step.",
    )
