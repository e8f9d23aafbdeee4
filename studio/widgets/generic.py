"""The panel of a generator that brings none: a form from its params and a view from its media type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QVBoxLayout, QWidget

from studio.api import (
    Artifact,
    Cancelled,
    Choice,
    Event,
    Failed,
    Finished,
    GeneratorSpec,
    Input,
    Model,
    PanelHost,
    ParamSpec,
    Preview,
    Previewed,
    Problem,
    Recipe,
    Request,
    ResumePoint,
    Started,
    Step,
    Stepped,
    StudioError,
    describe,
    media,
)
from studio.core.media import accepts
from studio.widgets import theme
from studio.widgets.controls import Button
from studio.widgets.errors import ErrorCard
from studio.widgets.fields import ChoiceField, SeedField
from studio.widgets.form import ParamForm
from studio.widgets.input_row import InputRow
from studio.widgets.panel import Panel
from studio.widgets.prompt_bar import PromptBar
from studio.widgets.results import ResultView
from studio.widgets.text import shorten


class GeneratorOffer(Protocol):
    """What a GenericPanel needs to know: `id` is "<plugin id>.<generator name>"."""

    @property
    def id(self) -> str:
        """The generator's full id."""

    @property
    def spec(self) -> GeneratorSpec:
        """The generator."""


class GenericPanel(Panel):
    """Form, view and Generate button for one generator."""

    def __init__(self, host: PanelHost, offer: GeneratorOffer, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self._id, self._spec = offer.id, offer.spec
        self._roles = {spec.role: spec for spec in describe(self._spec.params) if spec.role}
        self._mine: set[str] = set()
        self._job = ""
        self._live: Preview | None = None
        self._shown: Artifact | None = None
        self._looking_back = False
        self._models: dict[str, Model] = {}
        prompt = self._roles.get("prompt")
        self._bar = PromptBar(
            placeholder=prompt.help if prompt else "",
            accessible_name=prompt.label if prompt else "Prompt",
            limit=prompt.max_length if prompt else 0,
        )
        self._form = ParamForm(self._spec.params, skip_roles=("prompt", "seed"))
        self._seed = SeedField(self._roles["seed"]) if "seed" in self._roles else SeedField()
        self._inputs = {name: InputRow(name) for name, _ in self._spec.inputs}
        self._model = ChoiceField(ParamSpec("model", "choice", "", "Model", help="The model that makes it."))
        self._view = ResultView(title=self._spec.title, text="Press Generate, or Ctrl+Enter.")
        self._card = ErrorCard(Problem(""))
        self._card.hide()
        self._lay_out(prompt)
        self._inspector = self._make_inspector()
        self._join()

    def _lay_out(self, prompt: ParamSpec | None) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(theme.L), 0, theme.px(theme.L), theme.px(theme.M))
        column.setSpacing(theme.px(theme.S))
        column.addWidget(self._view, 1)
        column.addWidget(self._card)
        self._button = self._bar.button
        if prompt is not None:
            self._bar.prompt.setText(str(prompt.default))
            column.addWidget(self._bar)
            self.setFocusProxy(self._bar.prompt)
        else:
            self._bar.hide()
            self._bar.setParent(self)
            self._button = Button("Generate   Ctrl ↵", "primary", icon="sparkle", name="Generate")
            self._button.clicked.connect(self.generate)
            column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
            self.setFocusProxy(self._button)

    def _make_inspector(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.px(theme.L), theme.px(theme.L), theme.px(theme.L), theme.px(theme.L))
        column.setSpacing(theme.px(theme.M))
        if self._spec.models:
            column.addWidget(self._model)
        column.addWidget(self._form)
        column.addWidget(self._seed)
        for row in self._inputs.values():
            column.addWidget(row)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        return area

    def _join(self) -> None:
        self._bar.submitted.connect(self.generate)
        self._bar.prompt.textChanged.connect(self.host.changed)
        for changing in (self._form.changed, self._seed.changed, self._seed.lock_changed, self._model.changed):
            changing.connect(self._changed)
        self._view.dropped.connect(self._dropped)
        self._view.menu_requested.connect(self._fill_menu)
        self._view.export_requested.connect(lambda: self.host.export(self.artifact_id()))
        if self._spec.models:
            self.refresh_models()
        history = self.host.recall("prompt history", [])
        if isinstance(history, list):
            self._bar.prompt.set_history([str(item) for item in history])

    def _changed(self, *_: object) -> None:
        self.host.changed()

    def refresh_models(self) -> None:
        """Ask again which models there are."""
        self._models = {model.id: model for model in self.host.models(self._spec.name)}
        self._model.set_choices([Choice(m.id, m.title, m.summary) for m in self._models.values()])

    # asking

    def generate(self) -> None:
        """Queue what the form says."""
        self._submit(None)

    @property
    def can_branch(self) -> bool:
        """Any step with its state can be continued; the ribbon knows which have one."""
        return True

    def branch(self, steps: str, index: int) -> None:
        """Continue from a kept step with the parameters as they are now."""
        self._submit(ResumePoint(steps, index))

    def next_request(self) -> tuple[Request, str] | None:
        """What the form says now."""
        self._seed.commit()
        if not self._form.commit():
            return None
        return self.request(), shorten(self._bar.prompt.text().strip(), 80) or self._spec.title

    def rest_of(self, request: Request) -> Request | None:
        """What the form says now."""
        return replace(self.request(request.resume), seed=request.seed)

    def request(self, resume: ResumePoint | None = None) -> Request:
        """What Generate asks for right now."""
        params = self._form.values()
        if "prompt" in self._roles:
            params[self._roles["prompt"].name] = self._bar.prompt.text()
        if "seed" in self._roles:
            params[self._roles["seed"].name] = self._seed.value()
        model = self._models.get(str(self._model.value())) if self._spec.models else None
        inputs = tuple(
            Input(name, row.artifact.media, row.artifact.id)
            for name, row in self._inputs.items()
            if row.artifact is not None
        )
        chosen = model.ref() if model is not None else None
        return Request(self._id, params, self._seed.value(), chosen, inputs, resume)

    def _submit(self, resume: ResumePoint | None) -> None:
        self._card.hide()
        self._seed.commit()
        if not self._form.commit():
            return
        prompt = self._bar.prompt.text().strip()
        try:
            job = self.host.submit(self.request(resume), title=shorten(prompt, 80) or self._spec.title)
        except StudioError as error:
            self._show_problem(Problem.of(error))
            return
        self._mine.add(job)
        if prompt:
            self._bar.prompt.add_to_history()
            self.host.remember("prompt history", self._bar.prompt.history())
        if resume is None:
            self._seed.advance()

    def _show_problem(self, problem: Problem) -> None:
        self._card.set_problem(problem)
        self._card.show()

    # answering

    def on_event(self, event: Event) -> None:
        """Follow the newest of the panel's running jobs."""
        if isinstance(event, Started):
            self._begin(event.job_id)
        elif isinstance(event, Stepped) and event.job_id == self._job:
            look = event.step.preview
            if look is not None and look.expected is None:  # else it is a word, and no picture of the whole
                self._preview(look)
        elif isinstance(event, Previewed) and event.job_id == self._job:
            self._preview(event.preview)
        elif isinstance(event, (Finished, Cancelled)) and event.job_id in {self._job, *self._mine}:
            self._end(event.job_id)
            if event.artifacts:
                self._show_artifact(event.artifacts[0])
            else:
                self._show_result()
        elif isinstance(event, Failed) and event.job_id in {self._job, *self._mine}:
            self._end(event.job_id)
            self._show_problem(event.problem)
            self._show_result()

    def _begin(self, job_id: str) -> None:
        self._job = job_id
        self._mine.add(job_id)
        self._live = None
        self._card.hide()
        width, height = self._roles.get("width"), self._roles.get("height")
        values = self._form.values()
        job = next((job for job in self.host.jobs() if job.id == job_id), None)
        asked = dict(job.request.params) if job is not None else values
        if width is not None and height is not None:
            size = [asked.get(spec.name, spec.default) for spec in (width, height)]
            if all(isinstance(side, int) and 0 < side <= 65_536 for side in size):
                self._view.canvas.set_target(*size)

    def _end(self, job_id: str) -> None:
        self._mine.discard(job_id)
        if job_id == self._job:
            self._job, self._live = "", None

    def _preview(self, preview: Preview | None) -> None:
        if preview is None:
            return
        self._live = preview
        if not self._looking_back:
            self._view.show_preview(preview)

    def show_step(self, step: Step | None) -> None:
        """A step of the ribbon, or the result again."""
        self._looking_back = step is not None
        if step is None:
            self._show_result()
        elif step.preview is not None:
            self._view.show_preview(step.preview)

    def _show_result(self) -> None:
        if self._looking_back:
            return
        if self._live is not None:
            self._view.show_preview(self._live)
        elif self._shown is not None:
            self._view.show_artifact(self._shown)
        else:
            self._view.clear()

    def _show_artifact(self, artifact: Artifact) -> None:
        self._shown = artifact
        self._looking_back = False
        self._view.show_artifact(artifact)
        self.host.changed()

    # files

    def _dropped(self, what: list[Path] | QImage) -> None:
        if isinstance(what, QImage):
            self.host.take_in(lambda: _png(what), self.receive, failed=self._cannot_take, media=media.PNG)
        elif what:
            self.host.take_in(what[0], self.receive, failed=self._cannot_take)

    def _cannot_take(self, error: StudioError) -> None:
        self._show_problem(Problem.of(error))

    def receive(self, artifact: Artifact) -> None:
        """Start from it where the generator can, otherwise look at it."""
        fitting = [name for name, pattern in self._spec.inputs if accepts((pattern,), artifact.media)]
        free = next((name for name in fitting if self._inputs[name].artifact is None), None)
        if fitting:
            self._inputs[free or fitting[0]].set_artifact(artifact)
            self.host.changed()
        else:
            self._show_artifact(artifact)

    def _fill_menu(self, menu: QMenu) -> None:
        if self.artifact_id():
            menu.addAction("Copy", self.copy)
            menu.addAction("Export…", lambda: self.host.export(self.artifact_id()))

    # keeping

    def inspector(self) -> QWidget:
        """Model, form, seed and inputs."""
        return self._inspector

    def recall(self, recipe: Recipe, notes: Sequence[str] = ()) -> None:
        """Set the form as the recipe says, and say what could not be set."""
        request = recipe.request
        said = [*notes, *self._fill_in(dict(request.params), request.seed)]
        if request.model is not None and not self._choose_model(request.model.id):
            said.append(f"The model {request.model.name or request.model.id} is not on this machine.")
        for part in request.inputs:
            artifact = self.host.artifact(part.sha256)
            if part.name in self._inputs and artifact is not None:
                self._inputs[part.name].set_artifact(artifact)
            else:
                said.append(f"The file it started from ({part.name}) is not in this project.")
        self._seed.set_locked(True)
        if said:
            self._show_problem(Problem("Not everything could be brought back.", " ".join(dict.fromkeys(said))))
        self.host.changed()

    def _fill_in(self, values: Mapping[str, Any], seed: int) -> list[str]:
        prompt = self._roles.get("prompt")
        if prompt is not None and isinstance(values.get(prompt.name), str):
            self._bar.prompt.replace_text(values[prompt.name])
        self._seed.set_value(seed)
        return [f"{label} could not be set." for label in self._form.set_values(values)]

    def _choose_model(self, model_id: str) -> bool:
        if model_id not in self._models:
            return False
        self._model.set_value(model_id)
        return True

    def state(self) -> dict[str, Any]:
        """The form, the prompt, the seed and what is on show."""
        return {
            "values": self._form.values(),
            "prompt": self._bar.prompt.text(),
            "seed": self._seed.value(),
            "locked": self._seed.locked(),
            "model": self._model.value(),
            "artifact": self.artifact_id(),
            "inputs": {name: row.artifact.id for name, row in self._inputs.items() if row.artifact is not None},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The opposite of `state`; what is wrong is passed over."""
        values, seed = state.get("values"), state.get("seed")
        self._form.set_values(values if isinstance(values, dict) else {})
        if isinstance(state.get("prompt"), str):
            self._bar.prompt.setText(state["prompt"])
        if isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**32:
            self._seed.set_value(seed)
        self._seed.set_locked(state.get("locked") is True)
        self._choose_model(str(state.get("model", "")))
        inputs = state.get("inputs")
        for name, artifact_id in inputs.items() if isinstance(inputs, dict) else ():
            if name in self._inputs:
                self._inputs[name].set_artifact(self.host.artifact(str(artifact_id)))
        artifact = self.host.artifact(str(state.get("artifact") or ""))
        if artifact is not None:
            self._show_artifact(artifact)

    def artifact_id(self) -> str:
        """The result on show."""
        return self._shown.id if self._shown is not None else ""

    def copy(self) -> bool:
        """The result, on the clipboard."""
        return self._view.copy()


def _png(image: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(data.data())
