"""What people call the architectures that decide which weights go together."""

from __future__ import annotations

_TITLES = {
    "sd1": "SD 1.x",
    "sd2": "SD 2.x",
    "sdxl": "SDXL",
    "sd3": "SD 3",
    "flux": "Flux",
    "flux2": "Flux 2",
    "pixart": "PixArt",
    "qwen": "Qwen Image",
    "z-image": "Z-Image",
    "sana": "Sana",
    "hunyuan": "Hunyuan-DiT",
    "chroma": "Chroma",
    "lumina2": "Lumina 2",
    "auraflow": "AuraFlow",
}


def base_title(base: str) -> str:
    """The name of a Model.base for people ("SD 1.x"); "" where it is not known."""
    return _TITLES.get(base, base)
