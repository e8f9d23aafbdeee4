"""The synthetic world: scenes made of words, drawn to pictures, and described again in captions.

Everything the picture model ever saw comes from here, so that its training data needs no licence but ours.
"""

from .captions import caption
from .render import render
from .scene import Scene, Thing, sample_scene

__all__ = ["Scene", "Thing", "caption", "render", "sample_scene"]
