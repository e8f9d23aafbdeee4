"""The inspector of the image panel: model, presets, size, seed, number of pictures, start picture, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.api import Choice, Model, PanelHost, ParamSpec, StudioError, base_title, describe
from studio.widgets import theme
from studio.widgets.fields import ChoiceField, SliderField
from studio.widgets.form import ParamForm
from studio.widgets.presets import PresetRow
from studio.widgets.seed import SeedField
from studio.widgets.text import Label

from .document import MOST_PICTURES, ImageDocument, added_from_json, added_to_json, native_size, role_name
from .panel_added import AddedSection
from .panel_needs import NeedsLine
from .panel_size import SizeFields
from .panel_start import StartSection
from .params import ImageSettings

MODEL = ParamSpec("model", "choice", "", "Model", help="Which weights make the picture.")
PICTURES = ParamSpec(
    "count",
    "integer",
    1,
    "Pictures",
    help="How many to make, each with a seed of its own.",
    minimum=1,
    maximum=MOST_PICTURES,
    slider=(1, 8),
)
START_GROUP = "Start from a picture"
PRESETS = {"Quick look": {"steps": 6}, "Balanced": {"steps": 20}, "Careful": {"steps": 40}}


class Inspector(QWidget):
    """Shows an ImageDocument and writes what the artist changes back into it. `changed` is said after each change,
    `model_shown` with the Model that will be used, or None, whenever that may be another.
    """

    changed = Signal()
    model_shown = Signal(object)

    def __init__(self, params: type, host: PanelHost | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = params
        self._host = host
        self._document: ImageDocument | None = None
        self._models: tuple[Model, ...] = ()
        self._additions: tuple[Model, ...] = ()
        self.setAccessibleName("Inspector")
        specs = {spec.name: spec for spec in describe(params)}
        start = [spec for spec in specs.values() if spec.group == START_GROUP]
        advanced = {spec.name for spec in specs.values() if spec.level == "advanced"}
        apart = {role_name(params, role) for role in ("prompt", "width", "height")} | {spec.name for spec in start}
        self.model = ChoiceField(MODEL)
        self.no_model = Label(
            "There is no picture model on this machine. Open Models to see where to put one.", "error", wrap=True
        )
        self.needs = NeedsLine()
        self.added = AddedSection()
        self.presets = PresetRow(PRESETS)
        self.form = ParamForm(params, skip_names=apart | advanced)
        self.size_fields = SizeFields(specs[role_name(params, "width")], specs[role_name(params, "height")])
        self.seed = SeedField()
        self.count = SliderField(PICTURES)
        self.start = StartSection(start)
        self.advanced = ParamForm(params, skip_names=(set(specs) - advanced) | apart)
        self.licence = Label("", "hint", wrap=True)
        self._lay_out()
        self._join()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.M)
        for part in (
            self.model,
            self.no_model,
            self.needs,
            self.added,
            self.presets,
            self.form,
            self.size_fields,
            self.seed,
            self.count,
            self.start,
            self.advanced,
        ):
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(self.licence)

    def _join(self) -> None:
        for form in (self.form, self.advanced):
            form.changed.connect(self._edited)
        self.size_fields.changed.connect(self._edited)
        self.start.changed.connect(self._edited)
        self.added.changed.connect(self._edited)
        self.count.changed.connect(lambda _value: self._edited())
        self.model.changed.connect(self._model_chosen)
        self.seed.changed.connect(self._seed_changed)
        self.seed.lock_changed.connect(lambda _on: self._edited())
        self.presets.applied.connect(self._apply)
        self.presets.saving.connect(lambda name: self.presets.keep(name, self._preset_values()))

    def show_document(self, document: ImageDocument) -> None:
        """Show `document` from now on, without saying that anything changed."""
        self._document = document
        with QSignalBlocker(self):
            values = dict(document.params)
            self._document = None  # the fields say `changed` one by one: nothing is written back before all are set
            self.form.set_values(values)
            self.advanced.set_values(values)
            self.start.set_values(values)
            width, height = role_name(self._params, "width"), role_name(self._params, "height")
            self.size_fields.set_size(values[width], values[height])
            self.seed.set_value(document.seed)
            self.seed.set_locked(document.seed_locked)
            self.count.set_value(document.count)
            self.added.set_added(document.added)
            self.added.follow(str(values.get(role_name(self._params, "prompt"), "")))
            if document.model:
                self._show_model(document.model)
            self._document = document
        self.presets.match(self._preset_values())
        self._say_licence()

    def set_models(self, models: Sequence[Model], added: Sequence[Model] = ()) -> None:
        """Offer these models, and what can be laid over them. Where the document's model is not among them the first
        is shown; the document's comes back as soon as it is found: after a start that takes a moment.
        """
        self._models = tuple(models)
        self._additions = tuple(added)
        there = bool(models)
        self.model.setVisible(there)
        self.no_model.setVisible(not there)
        # Studio's own first, then by family: the list is read in groups.
        grouped = sorted(models, key=lambda m: (not m.bundled, base_title(m.base) or "~", m.title.casefold()))
        with QSignalBlocker(self.model):
            self.model.set_choices([Choice(m.id, model_label(m), m.summary) for m in grouped])
        if self._document is not None and there:
            if any(m.id == self._document.model for m in models):
                self._show_model(self._document.model)
            elif not self._document.model:
                self._model_chosen(self.model.value())
        self._say_licence()

    def models(self) -> tuple[Model, ...]:
        """The models on offer."""
        return self._models

    def additions(self) -> tuple[Model, ...]:
        """What can be laid over a model."""
        return self._additions

    def chosen_model(self) -> Model | None:
        """The model that Generate will use."""
        return next((m for m in self._models if m.id == self.model.value()), None)

    def use_model(self, model_id: str) -> bool:
        """Choose a model by its id, or lay it over the chosen one; False where it is not on offer."""
        over = next((added for added in self._additions if added.id == model_id and not added.problem), None)
        if over is not None:
            self.added.put(over)
            return True
        if all(model.id != model_id for model in self._models):
            return False
        self.model.set_value(model_id)
        return True

    def commit(self) -> bool:
        """Take half-typed text as final; False where a field has a problem (it has the focus then)."""
        for field in (self.seed, self.count, *self.start.fields.values()):
            field.commit()
            if field.isVisible() and field.problem():
                field.setFocus()
                return False
        return self.form.commit() and self.size_fields.commit() and self.advanced.commit()

    def show_seed(self, seed: int) -> None:
        """Show a seed that was thrown for the artist."""
        document, self._document = self._document, None
        self.seed.set_value(seed)
        self._document = document

    def _show_model(self, model_id: str) -> None:
        if any(m.id == model_id for m in self._models):
            with QSignalBlocker(self.model):
                self.model.set_value(model_id)

    def _model_chosen(self, model_id: str) -> None:
        if self._document is None:
            return
        before = next((m for m in self._models if m.id == self._document.model), None)
        self._document.model = str(model_id)
        after = self.chosen_model()
        if after is not None:
            self._follow_size(before, after)
        self._say_licence()
        self._edited()

    def _follow_size(self, before: Model | None, after: Model) -> None:
        """Go to the new model's own size, unless the artist had chosen one that was not the old model's."""
        side = native_size(after)
        spec = self.size_fields.width_field.spec
        if not side or side % max(1, spec.multiple) or not (spec.minimum or 1) <= side <= (spec.maximum or side):
            return
        usual = native_size(before) if before is not None else int(spec.default)
        if self.size_fields.size_in_pixels() == (usual, usual):
            self.size_fields.set_size(side, side)

    def _seed_changed(self, seed: object) -> None:
        if self._document is not None:
            self._document.seed_used = False
        self._edited()

    def _edited(self) -> None:
        document = self._document
        if document is None:
            return
        document.params |= self.form.values() | self.advanced.values() | self.start.values()
        width, height = self.size_fields.size_in_pixels()
        document.params |= {role_name(self._params, "width"): width, role_name(self._params, "height"): height}
        document.seed = int(self.seed.value())
        document.seed_locked = self.seed.locked()
        document.count = int(self.count.value())
        document.added = self.added.added()
        self.presets.match(self._preset_values())
        self.say_needs()
        self.changed.emit()

    def _preset_values(self) -> dict[str, object]:
        """What a preset keeps: everything but the words and the start picture."""
        if self._document is None:
            return {}
        without = {role_name(self._params, "prompt"), *self.start.values()}
        kept: dict[str, object] = {n: v for n, v in self._document.params.items() if n not in without}
        return kept | {"model": self._document.model, "added": added_to_json(self._document.added)}

    def _apply(self, values: dict[str, object]) -> None:
        document = self._document
        if document is None:
            return
        model = values.get("model")
        if isinstance(model, str) and any(m.id == model for m in self._models):
            document.model = model
        self._document = None
        self.form.set_values(values)
        self.advanced.set_values(values)
        width, height = (values.get(role_name(self._params, role)) for role in ("width", "height"))
        if isinstance(width, int) and isinstance(height, int):
            with suppress(StudioError):  # kept by a version with other limits
                self.size_fields.set_size(width, height)
        if "added" in values:  # a preset of an older version, or one of ours, says nothing about them
            self.added.set_added(added_from_json(values["added"]))
        self._show_model(document.model)
        self._document = document
        self._say_licence()
        self._edited()

    def _say_licence(self) -> None:
        model = self.chosen_model()
        self.model_shown.emit(model)
        self.added.offer(self._additions, model)
        parts = () if model is None else (model.licence, model.origin)
        self.licence.setText(" ".join(f"{part.strip().rstrip('.')}." for part in parts if part.strip()))
        self.say_needs()

    def say_needs(self) -> None:
        """Say beneath the model what the picture needs in memory, if that is more than there is."""
        if self._host is None or self._document is None:
            return
        guided = float(self._document.params.get("guidance_scale", 0)) > 1
        self.needs.say(
            self.chosen_model(),
            self.size_fields.size_in_pixels(),
            guided=guided,
            device=self._host.device(),
            settings=self._host.settings(ImageSettings),
        )

    def showEvent(self, event: QShowEvent) -> None:
        """The settings may have changed meanwhile."""
        super().showEvent(event)
        self.say_needs()


def model_label(model: Model) -> str:
    """What the list of models shows: its name, its family or the size it draws best, and what it weighs."""
    side = native_size(model)
    family = base_title(model.base) or (f"{side} px" if side else "")
    weighs = f"{model.size / 1e9:.1f} GB" if model.size >= 1e9 else f"{model.size / 1e6:.0f} MB" if model.size else ""
    return "   ".join(part for part in (model.title, " · ".join(fact for fact in (family, weighs) if fact)) if part)
