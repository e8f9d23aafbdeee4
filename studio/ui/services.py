"""What the window works with: every long-lived object, built once in studio.app and passed in."""

from __future__ import annotations

from studio.core.values import frozen
from studio.engine import Engine, Mailbox, PluginHost
from studio.store import ModelShelf, Places, Project, SessionStore, SettingsStore


@frozen
class Services:
    """Another project means another Services: `project` and `engine` change, the rest stays."""

    places: Places
    project: Project
    engine: Engine
    plugins: PluginHost
    mailbox: Mailbox
    settings: SettingsStore
    session: SessionStore
    models: ModelShelf
    version: str
