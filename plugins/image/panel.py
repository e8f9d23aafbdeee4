"""The image panel: a canvas, a prompt under it, and everything a picture depends on at the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.api import Artifact, Event, Imported, PanelHost, Problem, Recipe, Request, Step, StudioError, media
from studio.widgets.panel import Panel
from studio.widgets.text import shorten

from .document import ImageDocument, Picture, role_name
from .panel_commands import add_commands, fill_menu
from .panel_compare import Comparison
from .panel_easel import Easel
from .panel_gallery import Gallery
from .panel_inspector import Inspector
from .panel_intake import Intake
from .panel_jobs import Jobs
from .panel_mask import Masking
from .panel_prompt import PromptRow
from .panel_stage import Stage
from .params import ImageParams

GENERATOR = "diffusion"
HOW_TO_BEGIN = (
    "Describe a picture below and press Generate. Every step appears here while it is made.\n"
    "Or drop a picture here to start from it."
)
WELCOME = ("What shall it be?", HOW_TO_BEGIN)
NO_MODEL = (
    "There is no picture model yet",
    "Open Models on the left: it says where to put one. It is found as soon as it is there.",
)


def make(host: PanelHost) -> ImagePanel:
    """The panel, as hooks.py names it."""
    return ImagePanel(host)


class ImagePanel(Panel):
    """Edits one ImageDocument: the inspector and the prompt write into it, Generate makes Requests of it."""

    def __init__(self, host: PanelHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self.document = ImageDocument.first(ImageParams)
        self._prompt_name = role_name(ImageParams, "prompt")
        self._generator = f"{host.panel_id.partition('.')[0]}.{GENERATOR}"
        self.stage = Stage()
        self.prompt_row = PromptRow()
        self.settings_pane = Inspector(ImageParams, host)
        self._gallery = Gallery(self.stage.strip, self)
        self._intake = Intake(host, self)
        self._easel = Easel(host, self.stage, self._gallery)
        self._jobs = Jobs(host, self.stage, self._easel, self._gallery)
        self.masking = Masking(host, self.stage, self._easel)
        self.comparison = Comparison(host, self.stage, self._easel, self._gallery)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.stage, 1)
        column.addWidget(self.prompt_row)
        self.setProperty("surface", "canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusProxy(self.prompt_row)
        self._join()
        add_commands(self)
        self._show_document(as_edit=False)
        self.refresh_models()
        history = host.recall("history", [])
        if isinstance(history, list):
            self.prompt_row.prompt.set_history([text for text in history if isinstance(text, str)])
        self.settings_pane.presets.set_own(host.recall("presets", {}))

    def use_model(self, model_id: str) -> bool:
        """Choose a model from elsewhere in the window, as if it were chosen in the inspector."""
        return self.settings_pane.use_model(model_id)

    def _join(self) -> None:
        host, stage, start = self.host, self.stage, self.settings_pane.start
        prompt = self.prompt_row.prompt
        self.prompt_row.submitted.connect(self.generate)
        self.prompt_row.paste_wanted.connect(self.paste)
        prompt.textChanged.connect(self._prompt_edited)
        prompt.shortened.connect(lambda count: host.say(f"{count:,} characters were too many and left out"))
        self.settings_pane.model_shown.connect(self.prompt_row.show_model)
        self.settings_pane.changed.connect(host.changed)
        self.settings_pane.added.join(prompt)
        self.settings_pane.presets.kept.connect(lambda: host.remember("presets", self.settings_pane.presets.own()))
        start.file_chosen.connect(lambda path: self._intake.take_file(path, look_for_recipe=False))
        start.picture_dropped.connect(self._intake.take_image)
        start.canvas_wanted.connect(self.start_from_canvas)
        start.paste_wanted.connect(self.paste)
        start.result_chosen.connect(lambda name: self._start_from(host.artifact(name)))
        start.removed.connect(lambda: self.set_start(None))
        start.menu_opens.connect(self._offer_recent)
        self._intake.recipe_found.connect(self._recall_file)
        self._intake.picture_kept.connect(self.receive)
        self._intake.failed.connect(lambda error: stage.show_problem(Problem.of(error)))
        stage.canvas.dropped.connect(self._dropped)
        stage.canvas.menu_requested.connect(lambda menu: fill_menu(self, menu))
        stage.strip.picked.connect(self._jobs.show_key)
        stage.try_again.connect(self.generate)
        stage.tools.comparing.connect(stage.canvas.view.compare)
        stage.tools.copy_wanted.connect(self.copy)
        stage.tools.export_wanted.connect(lambda: host.export(self.artifact_id()))
        self._jobs.busy.connect(self._show_busy)
        self._jobs.finished.connect(self._finished)
        self._easel.turned.connect(self._turned)
        self._gallery.arrived.connect(self._start_arrived)

    # What the window asks

    def inspector(self) -> QWidget:
        """Model, presets, settings."""
        return self.settings_pane

    def on_event(self, event: Event) -> None:
        """Follow the panel's jobs."""
        self._jobs.on_event(event)

    def show_step(self, step: Step | None) -> None:
        """A step of the ribbon, or the picture again."""
        self._easel.show_step(step)

    def artifact_id(self) -> str:
        """The finished picture on the canvas."""
        artifact = self._easel.artifact()
        return "" if artifact is None else artifact.id

    def state(self) -> dict[str, Any]:
        """The document."""
        return self.document.to_json()

    def restore(self, state: dict[str, Any]) -> None:
        """Bring back the document of an earlier sitting, with its pictures as far as they are still there."""
        if not state:
            return
        self.document = ImageDocument.from_json(state, ImageParams)
        shown = self.host.artifact(self.document.artifact) if self.document.artifact else None
        found = [a for name in self.document.results if (a := self.host.artifact(name)) is not None]
        self.document.results = [artifact.id for artifact in found]
        self._gallery.refill(found)
        self._jobs.refill()
        self._show_document(as_edit=False)
        self.settings_pane.set_models(self.host.models(GENERATOR), self.host.added_models(GENERATOR))
        self._easel.show_artifact(shown)

    def showEvent(self, event: QShowEvent) -> None:
        """Models may have come or gone while the panel was out of sight."""
        super().showEvent(event)
        self.refresh_models()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the comparison wherever in the panel the focus is."""
        if event.key() == Qt.Key.Key_Escape and self.comparison.is_open():
            self.comparison.close()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Models may have come or gone while another window was in front."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and self.isActiveWindow():
            self.refresh_models()

    def refresh_models(self) -> None:
        """Ask again which models there are."""
        models, added = tuple(self.host.models(GENERATOR)), tuple(self.host.added_models(GENERATOR))
        if (models, added) != (self.settings_pane.models(), self.settings_pane.additions()):
            self.settings_pane.set_models(models, added)
        self._show_busy(self._jobs.any())

    def _show_busy(self, busy: bool) -> None:
        self.prompt_row.show_busy(busy)
        if not busy:
            self.stage.canvas.empty.set_words(*(WELCOME if self.settings_pane.models() else NO_MODEL))

    def receive(self, artifact: Artifact) -> None:
        """Start the next picture from this one."""
        if media.kind(artifact.media) == "image":
            self._start_from(artifact)
            self.stage.notice.say("The next picture starts from this one. Strength says how far it may go from it.")

    def show_result(self, artifact: Artifact) -> None:
        """Put a picture of the library on the canvas, and among the results where it is not there yet."""
        if media.kind(artifact.media) != "image":
            return
        if artifact.id not in self.document.results:
            self.document.add_result(artifact.id)
            self._gallery.add(artifact)
        self._jobs.show_key(artifact.id)
        self.host.changed()

    def recall(self, recipe: Recipe, notes: Sequence[str] = ()) -> None:
        """Set everything as the recipe says; what could not be brought back stands over the canvas."""
        before = self.document.to_json()
        inputs = {item.sha256: self.host.artifact(item.sha256) for item in recipe.request.inputs}
        models, added = self.host.models(GENERATOR), self.host.added_models(GENERATOR)
        said = [*notes, *self.document.take(recipe, ImageParams, models, inputs, added=added)]
        self._show_document()
        self._note_settings("recall of a recipe", before)
        if said:
            words = " ".join(dict.fromkeys(map(str, said)))
            self.stage.notice.say(f"Brought back, with exceptions. {words}", stay=True)
        else:
            self.stage.notice.say("Everything is set as it was. The seed is locked: Generate makes the same picture.")

    def compare(self, one: Artifact, other: Artifact) -> None:
        """Two pictures over the canvas."""
        self.comparison.open(one, other)

    def copy(self) -> bool:
        """Put what is on the canvas on the clipboard, as a picture and as a file."""
        copied = self.stage.copy()
        if copied:
            self.host.say("Picture copied")
        return copied

    def paste(self) -> None:
        """Take a picture from the clipboard as the one to start from."""
        if not self._intake.take_mime(QGuiApplication.clipboard().mimeData()):
            self.host.say("There is no picture on the clipboard")

    # Generate

    def generate(self) -> None:
        """Queue what is set now. What is changed afterwards does not disturb it."""
        requests = self._requests()
        if requests:
            self.prompt_row.prompt.add_to_history()
            self.host.remember("history", self.prompt_row.prompt.history())
            self._submit(requests)

    def _requests(self) -> Sequence[Request]:
        """What Generate would ask for, with a fresh seed unless that is locked; empty where something is missing."""
        self.refresh_models()
        model = self.settings_pane.chosen_model()
        if model is None:
            self.stage.show_problem(Problem("There is no picture model.", "Open Models to see where to put one."))
        if model is None or not self.settings_pane.commit() or not self.masking.is_ready():
            return ()
        self.document.roll()
        self.settings_pane.show_seed(self.document.seed)
        return self.masking.requests(self.document.requests(self._generator, ImageParams, model))

    @property
    def can_branch(self) -> bool:
        """Steps are kept with all that is needed to go on from them."""
        return True

    def branch(self, steps: str, index: int) -> None:
        """Go on from a kept step with today's words."""
        base = self._jobs.request_of(steps, self.document.results)
        if base is None:
            self.host.say("Nothing is known any more about how this picture was made")
        elif self.settings_pane.commit():
            self._easel.scrubbing = False
            branched, kept = self.document.branch(
                base, steps=steps, index=index, params=ImageParams, model=self.settings_pane.chosen_model()
            )
            self._submit((branched,), what="Branch")
            if kept and self.stage.card.isHidden():
                self.stage.notice.say(f"{kept} stay as they were: the steps before were made with them.")

    def next_request(self) -> tuple[Request, str] | None:
        """The first of the pictures that Generate would make."""
        requests = self._requests()
        return (requests[0], self._title()) if requests else None

    def rest_of(self, request: Request) -> Request | None:
        """Today's words, guidance and model; size, start picture and number of steps are those of the steps before."""
        rest, _ = self.document.branch(
            request, steps="", index=0, params=ImageParams, model=self.settings_pane.chosen_model()
        )
        return replace(rest, resume=request.resume, seed=request.seed)

    def _submit(self, requests: Sequence[Request], *, what: str = "Generate") -> None:
        self.stage.show_problem(None)
        self.stage.notice.leave()
        try:
            self._jobs.submit(requests, self._title(), before=self.document.artifact, what=what)
        except StudioError as error:
            self.stage.show_problem(Problem.of(error))
        self.host.changed()

    def _title(self) -> str:
        words = " ".join(str(self.document.params.get(self._prompt_name, "")).split())
        return shorten(words, 120) or "Picture"

    def _finished(self, artifact: Artifact) -> None:
        if artifact.id in self.document.results:
            self.host.say("This very picture was there already: another seed makes another one")
        self.document.add_result(artifact.id)
        self.host.changed()

    def _turned(self, artifact_id: str) -> None:
        if self.document.artifact != artifact_id:
            self.document.artifact = artifact_id
            self.host.changed()

    # The start picture

    def set_start(self, picture: Picture | None) -> None:
        """Start from a picture, or from nothing; one entry of the undo stack."""
        if picture == self.document.start:
            return
        before = self.document.to_json()
        self.document.start = picture
        self._show_start()
        self._note_settings("start picture", before)

    def start_from_canvas(self) -> None:
        """Start from the finished picture on the canvas."""
        self._start_from(self._easel.artifact())

    def _start_from(self, artifact: Artifact | None) -> None:
        if artifact is None:
            self.host.say("There is no finished picture to start from")
        else:
            self.set_start(Picture(artifact.id, artifact.media, artifact.title))

    def _show_start(self) -> None:
        start = self.document.start
        artifact = None if start is None else self.host.artifact(start.id)
        if start is not None and artifact is None:
            self.document.start = start = None
            self.stage.notice.say("The picture to start from is not here any more.", stay=True)
        if artifact is None or start is None:
            self.settings_pane.start.show_picture(None, "", "")
            self._easel.show_start(None)
            return
        whole = self._gallery.whole(artifact.id)
        self.settings_pane.start.show_picture(whole or QImage(), start.title or "Picture", "")
        if whole is not None:
            self._start_arrived(artifact.id, whole)
        else:
            self._gallery.ask(artifact)

    def _start_arrived(self, artifact_id: str, image: QImage | None) -> None:
        start = self.document.start
        if start is not None and start.id == artifact_id and image is not None:
            size = f"{image.width()} × {image.height()}"
            self.settings_pane.start.show_picture(image, start.title or "Picture", size)
            self._easel.show_start(image)

    def _offer_recent(self) -> None:
        self.settings_pane.start.offer(self._gallery.recent(), canvas=self._easel.artifact() is not None)

    # Hands

    def _prompt_edited(self) -> None:
        text = self.prompt_row.prompt.text()
        if self.document.params.get(self._prompt_name) != text:
            self.document.params[self._prompt_name] = text
            self.host.changed()

    def _dropped(self, what: list[Path] | QImage) -> None:
        if isinstance(what, QImage):
            self._intake.take_image(what, "Dropped picture")
        else:
            self._intake.take_file(what[0])

    def _recall_file(self, imported: Imported, path: Path) -> None:
        recipe = imported.recipe
        if recipe is not None and recipe.request.generator == self._generator:
            self.recall(recipe, imported.notes)
        else:
            self._intake.take_file(path, look_for_recipe=False)

    def _note_settings(self, text: str, before: dict[str, Any]) -> None:
        after = self.document.to_json()
        self.host.add_undo(text, undo=self._setter(before), redo=self._setter(after))
        self.host.changed()

    def _setter(self, settings: dict[str, Any]) -> Callable[[], None]:
        """Brings back settings without touching which pictures there are."""

        def bring_back() -> None:
            now = self.document
            self.document = ImageDocument.from_json(settings, ImageParams)
            self.document.artifact, self.document.results = now.artifact, now.results
            self._show_document()
            self.host.changed()

        return bring_back

    def _show_document(self, *, as_edit: bool = True) -> None:
        """Show all of the document. `as_edit`, so that the prompt's own undo brings back what was written before."""
        self.prompt_row.show_text(str(self.document.params.get(self._prompt_name, "")), as_edit=as_edit)
        self.settings_pane.show_document(self.document)
        self._show_start()
