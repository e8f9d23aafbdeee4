"""Where Studio keeps its own things on this machine, and where the parts that come with it are."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from studio.core.values import frozen

HOME = "STUDIO_HOME"
"""Environment variable: one folder for everything, instead of the places the system wants."""


@frozen
class Places:
    """`data` holds projects, `config` settings and the session, `cache` what can be made again, `models` the artist's
    own weights, `plugins` the artist's own plugins. None of them needs to exist yet.
    """

    data: Path
    config: Path
    cache: Path
    models: Path
    plugins: Path

    @classmethod
    def default(cls) -> Places:
        """The places of this user: those the system wants, or all under STUDIO_HOME where that is set."""
        home = os.environ.get(HOME, "")
        if home:
            return cls.under(Path(home).expanduser().absolute())
        data = platformdirs.user_data_path("Studio", appauthor=False)
        return cls(
            data=data,
            config=platformdirs.user_config_path("Studio", appauthor=False),
            cache=platformdirs.user_cache_path("Studio", appauthor=False),
            models=data / "models",
            plugins=data / "plugins",
        )

    @classmethod
    def under(cls, home: Path) -> Places:
        """Everything below one folder: portable installations and tests."""
        return cls(
            data=home,
            config=home / "config",
            cache=home / "cache",
            models=home / "models",
            plugins=home / "plugins",
        )

    @property
    def first_project(self) -> Path:
        """The project that is made for somebody who has none yet."""
        return self.data / "projects" / "My first project"


def bundled() -> Path:
    """The folder that holds `plugins/` and `resources/`: the checkout, or `studio/bundled` of an installed wheel.

    Raises FileNotFoundError for an installation that lacks them.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "bundled", package.parent):
        if (folder / "plugins").is_dir() and (folder / "resources").is_dir():
            return folder
    raise FileNotFoundError(f"neither {package / 'bundled'} nor {package.parent} holds plugins and resources")
