"""The hooks a plugin may implement. Each is asked once, plugin by plugin, and returns frozen specs.

Implement them as plain functions with `@hookimpl` in the plugin's `hooks.py`, which must import nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from studio.core.specs import ExporterSpec, GeneratorSpec, ImporterSpec, ModelSpec, PanelSpec, SettingsSpec

PROJECT = "studio"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def studio_panels() -> Sequence[PanelSpec]:  # type: ignore[empty-body]
    """Canvases and editors for the left rail."""


@hookspec
def studio_generators() -> Sequence[GeneratorSpec]:  # type: ignore[empty-body]
    """Things that turn a Request into Artifacts. One without a panel gets a form and a view made for it."""


@hookspec
def studio_exporters() -> Sequence[ExporterSpec]:  # type: ignore[empty-body]
    """File formats that artifacts can be exported to."""


@hookspec
def studio_importers() -> Sequence[ImporterSpec]:  # type: ignore[empty-body]
    """Readers of recipes and settings in files that are dropped on the window."""


@hookspec
def studio_models() -> Sequence[ModelSpec]:  # type: ignore[empty-body]
    """Weights that the plugin ships."""


@hookspec
def studio_settings() -> Sequence[SettingsSpec]:  # type: ignore[empty-body]
    """Pages of the settings window, each made from a params dataclass."""
