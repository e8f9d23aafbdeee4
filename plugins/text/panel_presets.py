"""Presets of how to write: what the samplers are set to, from careful to wild."""

from __future__ import annotations

from studio.widgets.presets import Preset

_OFF: Preset = {
    "top_k": 0, "typical_p": 1.0, "top_n_sigma": 0.0, "dynatemp_range": 0.0, "xtc_probability": 0.0,
    "mirostat": False, "repetition_penalty": 1.0, "frequency_penalty": 0.0, "presence_penalty": 0.0,
}  # fmt: skip
PRESETS: dict[str, Preset] = {
    "Precise": {**_OFF, "temperature": 0.4, "top_p": 0.9, "min_p": 0.05, "dry_multiplier": 0.0},
    "Balanced": {**_OFF, "temperature": 0.8, "top_p": 0.95, "min_p": 0.02, "dry_multiplier": 0.0},
    "Lively": {**_OFF, "temperature": 1.0, "top_p": 1.0, "min_p": 0.05, "dry_multiplier": 0.8},
    "Wild": {**_OFF, "temperature": 1.3, "top_p": 1.0, "min_p": 0.04, "dry_multiplier": 0.8, "xtc_probability": 0.5},
    "Even": {**_OFF, "temperature": 1.0, "top_p": 1.0, "min_p": 0.0, "dry_multiplier": 0.0, "mirostat": True},
}
