"""Studio's own settings, as params dataclasses like those of plugins."""

from __future__ import annotations

from studio.core.params import param
from studio.core.values import frozen

APPEARANCE = "studio.Appearance"
COMPUTER = "studio.Computer"


@frozen
class Appearance:
    """How the window looks and moves."""

    theme: str = param(
        "dark",
        label="Theme",
        choices=[("dark", "Dark"), ("light", "Light"), ("system", "As the system")],
        help="Neutral greys in both, so that the colours of your work are seen as they are.",
    )
    font_size: int = param(
        13,
        label="Text size",
        minimum=10,
        maximum=26,
        unit="px",
        help="The size of body text; everything else grows with it. 26 is twice the usual size.",
    )
    motion: str = param(
        "system",
        label="Movement",
        choices=[("system", "As the system"), ("on", "On"), ("off", "Off")],
        help="Whether parts of the window slide and fade. Off shows everything at once.",
    )


@frozen
class Computer:
    """What Studio may use of this computer."""

    models_folder: str = param(
        "",
        label="Models folder",
        role="folder",
        unset="None",
        help="A further folder to look for models in, perhaps that of another program. Used from the next start.",
    )
    memory: int = param(
        0,
        label="Memory for models",
        minimum=0,
        maximum=1024,
        slider=(0, 64),
        unit="GB",
        unset="Automatic",
        help="How much memory loaded models may keep between jobs; 0 lets Studio decide. Used from the next start.",
    )
    warm: bool = param(
        True,
        label="Get ready in the background",
        help="Load the libraries and the usual model right after the start, so that the first result comes sooner.",
    )
