"""The plugin host: reads, imports and asks plugins one by one inside a guard, and loads their code at first use."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pluggy

from studio.api import hookspecs
from studio.core.errors import Problem, StudioError
from studio.core.specs import (
    ExporterSpec,
    GeneratorSpec,
    ImporterSpec,
    Manifest,
    ModelSpec,
    PanelSpec,
    SettingsSpec,
)
from studio.core.values import frozen
from studio.engine import imports
from studio.engine.faults import problem_of
from studio.engine.installed import entry_points
from studio.engine.manifest import FILE, read_manifest
from studio.engine.offers import Offer, Offers, ask

ENTRY_POINTS = "studio.plugins"
Status = Literal["ok", "off", "faulty"]
_LOG = logging.getLogger("studio.plugins")
_TOTAL = ("manifest", "import", "hook")
"""Stages after which nothing of a plugin can be used. After "panel" its panels are gone and its generators get the
general panel; after "generate" and "export" everything stays on offer, so that the artist may simply try again.
"""


@frozen
class PluginInfo:
    """A plugin as the window lists it. `stage` is where a faulty one failed: manifest, import, hook, panel, generate or
    export. `folder` is where it is, also where its manifest cannot be read.
    """

    id: str
    name: str
    manifest: Manifest | None
    status: Status
    stage: str = ""
    problem: Problem | None = None
    folder: Path = Path()
    bundled: bool = False


@frozen
class _Found:
    """A place where a plugin should be; `problem` where it is already clear that there is none."""

    folder: Path
    package: str
    bundled: bool = False
    problem: StudioError | None = None


class PluginFault(StudioError):
    """A plugin's code cannot be loaded; the words are for the artist, the plugin has been set aside."""


class PluginHost:
    """All plugins: the bundled ones, those in the user's folder, and those of installed packages.

    `user=None, entry_points=False` is the safe mode: bundled plugins only. `disabled` are ids of plugins that are
    listed but not imported. Thread-safe after `load()`.
    """

    def __init__(
        self,
        bundled: Path,
        user: Path | None = None,
        *,
        disabled: Collection[str] = (),
        entry_points: bool = True,
    ) -> None:
        self.bundled = bundled
        self.user = user
        self.disabled = frozenset(disabled)
        self.entry_points = entry_points
        self._lock = threading.RLock()
        self._infos: list[PluginInfo] = []
        self._packages: dict[str, str] = {}
        self._offers: dict[str, Offers] = {}
        self._code: dict[tuple[str, str], Any] = {}
        self._listeners: list[Callable[[], None]] = []
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)

    # --- reading and importing ----------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read, import and ask every plugin. What fails is set aside with its stage; nothing is raised."""
        for found in (*self._bundled(), *self._user(), *self._installed()):
            self._load_one(found)
        self._tell()

    def _bundled(self) -> Iterator[_Found]:
        yield from _folders(self.bundled, imports.BUNDLED, bundled=True)

    def _user(self) -> Iterator[_Found]:
        if self.user is not None:
            yield from _folders(self.user, imports.USER, bundled=False)

    def _installed(self) -> Iterator[_Found]:
        if not self.entry_points:
            return
        for point in entry_points(ENTRY_POINTS):
            try:
                yield _Found(imports.folder_of(point.module), point.module)
            except StudioError as error:
                yield _Found(Path(point.name), point.module, problem=error)

    def _load_one(self, found: _Found) -> None:
        stage, manifest = "manifest", None
        try:
            if found.problem is not None:
                raise found.problem
            manifest = read_manifest(found.folder, bundled=found.bundled)
            self._refuse_second(manifest)
            if manifest.id in self.disabled:
                self._add(found, manifest, "off")
                return
            stage = "import"
            if found.package.startswith((f"{imports.BUNDLED}.", f"{imports.USER}.")):
                imports.add_package(found.package, found.folder)
            module = imports.import_part(found.package, "hooks")
            stage = "hook"
            offers = ask(self._manager, module, manifest)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit in a plugin must not end Studio
            if stage == "hook" and manifest is not None and self._manager.has_plugin(manifest.id):
                self._manager.unregister(name=manifest.id)
            self._add(found, manifest, "faulty", stage=stage, error=error)
            return
        self._packages[manifest.id] = found.package
        self._offers[manifest.id] = offers
        self._add(found, manifest, "ok")

    def _refuse_second(self, manifest: Manifest) -> None:
        for info in self._infos:
            if info.manifest is not None and info.manifest.id == manifest.id:
                raise StudioError(
                    f"There is already a plugin called {manifest.id!r}, in {info.folder}.",
                    "Remove one of the two.",
                )

    def _add(
        self,
        found: _Found,
        manifest: Manifest | None,
        status: Status,
        *,
        stage: str = "",
        error: BaseException | None = None,
    ) -> None:
        name = manifest.name if manifest is not None else found.folder.name
        problem = None if error is None else problem_of(error, plugin=name)
        if problem is not None:
            _LOG.info("plugin %s set aside at %s: %s\n%s", name, stage, problem.message, problem.details)
        self._infos.append(
            PluginInfo(
                id=manifest.id if manifest is not None else found.folder.name,
                name=name,
                manifest=manifest,
                status=status,
                stage=stage,
                problem=problem,
                folder=found.folder,
                bundled=found.bundled,
            )
        )

    # --- what there is -----------------------------------------------------------------------------------------------

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """Every plugin that was found, the bundled ones first."""
        with self._lock:
            return tuple(self._infos)

    def plugin(self, plugin_id: str) -> PluginInfo | None:
        """One plugin by its id."""
        return next((info for info in self.plugins if info.id == plugin_id), None)

    def panels(self) -> Mapping[str, Offer[PanelSpec]]:
        """The panels by full id, in the order of the rail."""
        panels = self._of(PanelSpec, (*_TOTAL, "panel"))
        return MappingProxyType(dict(sorted(panels.items(), key=lambda item: (item[1].spec.order, item[0]))))

    def generators(self) -> Mapping[str, Offer[GeneratorSpec]]:
        """The generators by full id."""
        return self._of(GeneratorSpec)

    def exporters(self) -> Mapping[str, Offer[ExporterSpec]]:
        """The exporters by full id."""
        return self._of(ExporterSpec)

    def importers(self) -> Mapping[str, Offer[ImporterSpec]]:
        """The importers by full id."""
        return self._of(ImporterSpec)

    def models(self) -> Mapping[str, Offer[ModelSpec]]:
        """The models that plugins ship, by full id."""
        return self._of(ModelSpec)

    def settings(self) -> Mapping[str, Offer[SettingsSpec]]:
        """The pages of settings by "<plugin id>.<class name>"."""
        return self._of(SettingsSpec)

    def _of(self, kind: type, lost: tuple[str, ...] = _TOTAL) -> Mapping[str, Offer[Any]]:
        with self._lock:
            gone = {info.id for info in self._infos if info.status == "faulty" and info.stage in lost}
            gone -= {info.id for info in self._infos if info.status == "ok"}  # a second one of the same id
            return MappingProxyType(
                {
                    full: offer
                    for plugin, offers in self._offers.items()
                    if plugin not in gone
                    for full, offer in offers[kind].items()
                }
            )

    # --- code ---------------------------------------------------------------------------------------------------------

    def code(self, of: str, name: str) -> Any:
        """The function or class that "module:name" names in the plugin of `of` (a plugin's id or an offer's full id),
        imported at first use. On failure the plugin is set aside and StudioError raised.
        """
        plugin, _, _ = of.partition(".")
        with self._lock:
            if (plugin, name) in self._code:
                return self._code[plugin, name]
            package, info = self._packages.get(plugin), self.plugin(plugin)
        if package is None or info is None:
            raise StudioError(f"The plugin {plugin!r} is not available.", "Look at Plugins for the reason.")
        module, _, attribute = name.lstrip(".").partition(":")
        try:
            found = getattr(imports.import_part(package, module), attribute)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.set_aside(plugin, self._stage_of(of, module), error)
            problem = problem_of(error, plugin=info.name)
            raise PluginFault(problem.message, problem.hint, details=problem.details) from error
        with self._lock:
            return self._code.setdefault((plugin, name), found)

    def has_code(self, of: str, name: str) -> bool:
        """True where `code(of, name)` needs no import any more."""
        with self._lock:
            return (of.partition(".")[0], name) in self._code

    def _stage_of(self, full: str, module: str) -> str:
        with self._lock:
            offers = self._offers.get(full.partition(".")[0], {})
        for kind, stage in ((PanelSpec, "panel"), (GeneratorSpec, "generate")):
            if full in offers.get(kind, {}):
                return stage
        if full in offers.get(ExporterSpec, {}) or full in offers.get(ImporterSpec, {}):
            return "export"
        return "panel" if module.startswith("panel") else "generate"

    # --- faults -------------------------------------------------------------------------------------------------------

    def set_aside(self, plugin_id: str, stage: str, error: BaseException) -> None:
        """Note that a plugin failed at a stage, with the error's words and traceback."""
        self._mark(plugin_id, stage, error)

    def clear(self, plugin_id: str, stage: str) -> None:
        """Note that a plugin which had failed at `stage` has worked since."""
        info = self.plugin(plugin_id)
        if info is not None and info.status == "faulty" and info.stage == stage and stage not in _TOTAL:
            self._mark(plugin_id, "", None)

    def _mark(self, plugin_id: str, stage: str, error: BaseException | None) -> None:
        with self._lock:
            for position, info in enumerate(self._infos):
                if info.id == plugin_id and info.id in self._offers:
                    problem = None if error is None else problem_of(error, plugin=info.name)
                    self._infos[position] = replace(
                        info, status="ok" if error is None else "faulty", stage=stage, problem=problem
                    )
                    break
            else:
                return
        self._tell()

    def listen(self, callback: Callable[[], None]) -> None:
        """Have `callback()` called whenever the plugins change, on whatever thread noticed it."""
        self._listeners.append(callback)

    def _tell(self) -> None:
        for callback in self._listeners:
            with contextlib.suppress(RuntimeError):  # a listener of the window may be gone already
                callback()


def _folders(place: Path, parent: str, *, bundled: bool) -> Iterator[_Found]:
    try:
        folders = sorted(entry for entry in place.iterdir() if (entry / FILE).is_file() or _looks_like(entry))
    except OSError:
        return
    for folder in folders:
        yield _Found(folder, imports.package_name(parent, folder), bundled)


def _looks_like(folder: Path) -> bool:
    """A folder without a manifest that was surely meant to be a plugin, so that its author gets an answer."""
    return (folder / "hooks.py").is_file()
