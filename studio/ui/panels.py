"""The panels of the window: built when first shown, each inside a guard, and told what their jobs say."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QUndoGroup, QUndoStack
from PySide6.QtWidgets import QWidget

from studio.core import media as media_types
from studio.core.errors import Problem, StudioError
from studio.core.events import Changed, Event, Finished
from studio.core.specs import GeneratorSpec, PanelSpec
from studio.engine import Offer
from studio.ui.panel_host import Change, ShellPanelHost, Surroundings
from studio.ui.rail import Place
from studio.widgets.panel import Panel

_LOG = logging.getLogger(__name__)
_ICONS = {"image": "image", "text": "text-aa", "audio": "waveform", "video": "film-strip", "model": "cube"}
T = TypeVar("T")


@dataclass(slots=True)
class Slot:
    """One panel that was opened. `said` are the failures that were already shown, so that none repeats each step.
    `notes_results` once it was seen to put its results on the undo stack itself.
    """

    id: str
    panel: Panel
    host: ShellPanelHost
    stack: QUndoStack
    said: set[str] = field(default_factory=set)
    notes_results: bool = False


class Panels(QObject):
    """Emits `changed` when there are other panels than before, and `broke(Problem)` when one of them failed."""

    changed = Signal()
    broke = Signal(object)
    _plugins_changed = Signal()

    def __init__(self, surroundings: Surroundings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._around = surroundings
        self._slots: dict[str, Slot] = {}
        self._origins: dict[str, str] = {}
        self.undo = QUndoGroup(self)
        # Plugins are set aside on any thread; the rail is drawn on this one.
        self._plugins_changed.connect(self.changed, Qt.ConnectionType.QueuedConnection)

    def plugins_changed(self) -> None:
        """Callable from any thread."""
        self._plugins_changed.emit()

    # --- what there is ---

    def _offers(self) -> dict[str, Offer[PanelSpec]]:
        return dict(self._around.services.plugins.panels())

    def _plain(self) -> dict[str, Offer[GeneratorSpec]]:
        """Generators that no panel drives: they get a form and a view made for them."""
        driven = {f"{offer.plugin.id}.{name}" for offer in self._offers().values() for name in offer.spec.generators}
        generators = self._around.services.plugins.generators()
        return {name: offer for name, offer in generators.items() if name not in driven}

    def places(self) -> list[Place]:
        """The panels for the rail, in its order. A generator without a panel of its own has a place as soon as there is
        a model it can use: before, all it could say is that there is none.
        """
        panels = [Place(name, offer.spec.title, offer.spec.icon) for name, offer in self._offers().items()]
        plain = [
            Place(name, offer.spec.title, _ICONS.get(media_types.kind(offer.spec.media), "sparkle"))
            for name, offer in self._plain().items()
            if not offer.spec.models or self.opened(name) is not None or self._has_model(offer.spec)
        ]
        return [*panels, *plain]

    def _has_model(self, spec: GeneratorSpec) -> bool:
        return any(model.fits(spec.models) for model in self._around.services.models.found())

    def title(self, panel: str) -> str:
        """What a panel is called."""
        return next((place.title for place in self.places() if place.id == panel), panel)

    def of_generator(self, generator: str) -> str:
        """The panel that drives a generator (full id), or ""."""
        plugin, _, name = generator.partition(".")
        for panel, offer in self._offers().items():
            if offer.plugin.id == plugin and name in offer.spec.generators:
                return panel
        return generator if generator in self._plain() else ""

    def accepting(self, media: str) -> list[tuple[str, str]]:
        """(id, title) of the panels that take a media type as an input."""
        found = [
            (name, offer.spec.title)
            for name, offer in self._offers().items()
            if media_types.accepts(offer.spec.accepts, media)
        ]
        for name, offer in self._plain().items():
            if any(media_types.accepts((pattern,), media) for _, pattern in offer.spec.inputs):
                found.append((name, offer.spec.title))
        return found

    def reading(self, paths: Sequence[Path]) -> list[str]:
        """The panels that read such files themselves."""
        endings = {path.suffix.lower() for path in paths}
        return [name for name, offer in self._offers().items() if endings and endings <= set(offer.spec.suffixes)]

    def making(self, pattern: str) -> list[str]:
        """The panels with a generator that makes media of this pattern, in the order of the rail."""
        generators = self._around.services.plugins.generators()
        found = []
        for name, offer in self._offers().items():
            made = [generators.get(f"{offer.plugin.id}.{each}") for each in offer.spec.generators]
            if any(each is not None and media_types.accepts((pattern,), each.spec.media) for each in made):
                found.append(name)
        return found

    def word(self, generator: str) -> str:
        """What one step of a generator is called."""
        offer = self._around.services.plugins.generators().get(generator)
        return offer.spec.steps_title if offer is not None else "step"

    def usual_word(self, panel: str) -> str:
        """What a step of a panel's first generator is called."""
        offer = self._offers().get(panel)
        names = [f"{offer.plugin.id}.{name}" for name in offer.spec.generators] if offer is not None else [panel]
        return self.word(names[0]) if names else "step"

    # --- building ---

    def ids(self) -> list[str]:
        """The panels that were built."""
        return list(self._slots)

    def opened(self, panel: str) -> Slot | None:
        """A panel that was already built."""
        return self._slots.get(panel)

    def open(self, panel: str) -> Slot | None:
        """Build a panel, or give the one that is there. None where it fails; `broke` has said why then."""
        if panel in self._slots:
            return self._slots[panel]
        stack = QUndoStack(self.undo)
        host = ShellPanelHost(panel, stack, self._around)
        try:
            made = self._make(panel, host)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit in a panel must not end the window either
            self._fail(panel, stack, error)
            return None
        slot = self._slots[panel] = Slot(panel, made, host, stack, notes_results=made.notes_results)
        state = self._around.documents.load(panel)
        if state and not self.guard(slot, lambda: made.restore(state)):
            self._around.documents.keep_copy(panel)
        self._around.documents.watch(panel, made.state, made.files)
        return slot

    def refresh_models(self) -> None:
        """Let the panels that are open look at the models again."""
        for panel in self.ids():
            slot = self.opened(panel)
            refresh = getattr(slot.panel, "refresh_models", None) if slot is not None else None
            if slot is not None and refresh is not None:
                self.guard(slot, refresh)

    def _make(self, panel: str, host: ShellPanelHost) -> Panel:
        plugins = self._around.services.plugins
        offer = self._offers().get(panel)
        if offer is None:
            from studio.widgets.generic import GenericPanel

            return GenericPanel(host, self._plain()[panel])
        made = plugins.code(panel, offer.spec.make)(host)
        if not isinstance(made, QWidget):
            raise TypeError(f"{offer.spec.make} must return a panel, not {type(made).__name__}")
        if not isinstance(made, Panel):
            made.deleteLater()
            raise TypeError(f"{type(made).__name__} must be a subclass of studio.widgets.panel.Panel")
        return made

    def _fail(self, panel: str, stack: QUndoStack, error: BaseException) -> None:
        plugins = self._around.services.plugins
        plugin = panel.partition(".")[0]
        self._around.commands.remove_panel(panel)
        self.undo.removeStack(stack)
        stack.deleteLater()
        info = next((info for info in plugins.plugins if info.id == plugin), None)
        if info is None or info.status != "faulty":
            plugins.set_aside(plugin, "panel", error)
        name = info.name if info is not None else plugin
        self.broke.emit(Problem.of(error, who=f"The {name} plugin", details=_trace(error)))

    def close(self) -> None:
        """Let go of every panel."""
        for slot in self._slots.values():
            self._around.commands.remove_panel(slot.id)
            self._around.documents.forget(slot.id)
            self.undo.removeStack(slot.stack)
            slot.panel.setParent(None)
            slot.panel.deleteLater()
        self._slots.clear()

    # --- telling ---

    def origin(self, job_id: str) -> str:
        """The panel (or "cli") a job came from."""
        if job_id not in self._origins:
            job = self._around.services.engine.job(job_id)
            if job is None:
                return ""
            self._origins[job_id] = job.origin
        return self._origins[job_id]

    def tell(self, event: Event) -> None:
        """Hand an event to the panel its job came from; a finished job becomes an entry of that panel's undo stack."""
        if isinstance(event, Changed) and event.job is not None:
            self._origins[event.job_id] = event.job.origin
        slot = self._slots.get(self.origin(event.job_id))
        if slot is None:
            return
        if isinstance(event, Finished):
            self._finish(slot, event)
        else:
            self.guard(slot, lambda: slot.panel.on_event(event))

    def _finish(self, slot: Slot, event: Finished) -> None:
        entries = slot.stack.count(), slot.stack.index()
        before: dict[str, Any] = self.ask(slot, slot.panel.state, {})
        self.guard(slot, lambda: slot.panel.on_event(event))
        after: dict[str, Any] = self.ask(slot, slot.panel.state, {})
        slot.notes_results = slot.notes_results or (slot.stack.count(), slot.stack.index()) != entries
        if slot.notes_results or before == after:
            return
        keys = [key for key in {*before, *after} if before.get(key) != after.get(key)]

        def put(state: dict[str, Any]) -> None:
            # Only what the result changed: a prompt that was edited since stays as it is.
            now = {**slot.panel.state(), **{key: state[key] for key in keys if key in state}}
            self.guard(slot, lambda: slot.panel.restore(now))
            slot.host.changed()

        job = self._around.services.engine.job(event.job_id)
        title = (job.title if job is not None else "") or "result"
        text = f"Generate “{title[:40]}”"
        slot.stack.push(Change(text, lambda: put(before), lambda: put(after)))

    def guard(self, slot: Slot, call: Callable[[], object]) -> bool:
        """Call into a panel. False where it failed; each failure is shown once."""
        try:
            call()
        except StudioError as error:
            self._around.report(error)
            return False
        except Exception as error:  # noqa: BLE001 - whatever a panel raises must not reach the window
            self._note(slot, error)
            return False
        return True

    def ask(self, slot: Slot, call: Callable[[], T], otherwise: T) -> T:
        """The answer of a panel, or `otherwise` where it failed."""
        answer = [otherwise]

        def keep() -> None:
            answer[0] = call()

        self.guard(slot, keep)
        return answer[0]

    def _note(self, slot: Slot, error: Exception) -> None:
        details = _trace(error)
        _LOG.info("panel %s failed\n%s", slot.id, details)
        where = f"{type(error).__name__}:{error}"
        if where in slot.said:
            return
        slot.said.add(where)
        self.broke.emit(Problem.of(error, who=f"The {self.title(slot.id)} panel", details=details))


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
