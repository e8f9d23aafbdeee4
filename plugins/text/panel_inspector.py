"""The inspector of the text panel: the model and the few things one changes all the time, then everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QTabBar, QVBoxLayout, QWidget

from studio.api import Choice, Model, ParamSpec, describe
from studio.widgets import theme
from studio.widgets.controls import Section
from studio.widgets.fields import ChoiceField
from studio.widgets.presets import PresetRow
from studio.widgets.prompt import PromptEdit
from studio.widgets.seed import SeedField
from studio.widgets.text import Label

from .document import SENT, Manuscript
from .panel_context import ContextViewer
from .panel_lore import Lorebook
from .panel_presets import PRESETS
from .panel_samplers import Fields
from .params import TextParams

MODEL = ParamSpec("model", "choice", "", "Model", help="Which weights write.")
FIRST = ("length", "alternatives", "temperature")
TOLD = ("note_depth", "reach", "lore_budget", "lore_depth", "context")
WORDS = ("memory", "note")


class Tabs(QWidget):
    """Pages below a row of names; each only takes the height that it needs. `changed` carries the number in front."""

    changed = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QTabBar()
        self.bar.setAccessibleName(name)
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setUsesScrollButtons(False)
        self.bar.setStyleSheet(f"QTabBar::tab {{ padding: {theme.px(7)}px {theme.px(9)}px; margin-right: 0; }}")
        self._pages: list[QWidget] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(theme.S))
        column.addWidget(self.bar)
        self.bar.currentChanged.connect(self._turn)

    def add(self, title: str, page: QWidget, *, help: str = "") -> None:
        """One more page."""
        self._pages.append(page)
        self.layout().addWidget(page)  # type: ignore[union-attr]
        self.bar.addTab(title)
        if help:
            self.bar.setTabToolTip(self.bar.count() - 1, help)
        self._turn(self.bar.currentIndex())

    def _turn(self, number: int) -> None:
        for place, page in enumerate(self._pages):
            page.setVisible(place == number)
        self.changed.emit(number)


class Inspector(QWidget):
    """Shows a Manuscript's settings and writes what the artist changes back. `changed` is said after each change."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._manuscript: Manuscript | None = None
        self._models: tuple[Model, ...] = ()
        self.setAccessibleName("Inspector")
        specs = {spec.name: spec for spec in describe(TextParams) if spec.level != "hidden" and spec.name not in SENT}
        rest = [spec for name, spec in specs.items() if name not in (*FIRST, *TOLD, *WORDS)]
        self.model = ChoiceField(MODEL)
        self.no_model = Label("There is no text model on this machine. Open Models to see where to put one.", "error")
        self.no_model.setWordWrap(True)
        self.presets = PresetRow(PRESETS, label="Style of writing", none="My own settings", own_first=False)
        self.first = Fields([specs[name] for name in FIRST if name in specs], sections=False)
        self.memory = _words("Memory", "What the model must never forget: who, where, when, in what tone.")
        self.note = _words(
            "Author’s note", "What should happen next, and how. Stands near the end, where it weighs most."
        )
        self.lore = Lorebook()
        self.context = ContextViewer()
        self.told = Fields([specs[name] for name in TOLD if name in specs])
        self.samplers = Fields(rest)
        self.advanced = Section("Advanced", "Samplers, penalties, rules")
        self.refining = self.samplers.sections.get("Text diffusion")
        self.seed = SeedField()
        self.typed, self.written = Label("", "label"), Label("", "label")
        self._lay_out()
        self._join()

    def _lay_out(self) -> None:
        self.tabs = Tabs("What the model is told")
        self.tabs.add("Memory", self.memory)
        self.tabs.add("Note", self.note)
        self.tabs.add("Lore", self.lore)
        self.tabs.add("Sent", self.context, help="What the model sees: exactly what is sent, and what is left out")
        self.advanced.body.setSpacing(theme.px(theme.XS))
        self.advanced.body.addWidget(self.samplers)
        self.advanced.body.addWidget(self.told)
        self.advanced.body.addWidget(self.seed)
        shares = QHBoxLayout()
        shares.addWidget(self.typed)
        shares.addStretch(1)
        shares.addWidget(self.written)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.M)
        for part in (self.model, self.no_model, self.presets, self.first, self.tabs, self.advanced):
            column.addWidget(part)
        column.addStretch(1)
        column.addLayout(shares)

    def _join(self) -> None:
        for fields in (self.first, self.told, self.samplers):
            fields.changed.connect(self._edited)
        for words in (self.memory, self.note):
            words.textChanged.connect(self._edited)
        self.lore.changed.connect(self.changed)
        self.model.changed.connect(self._model_chosen)
        self.seed.changed.connect(lambda _seed: self._edited())
        self.seed.lock_changed.connect(lambda _on: self._edited())
        self.presets.applied.connect(self._apply)
        self.presets.saving.connect(lambda name: self.presets.keep(name, self._preset_values()))

    def show_manuscript(self, manuscript: Manuscript) -> None:
        """Show its settings from now on, without saying that anything changed."""
        self._manuscript = None
        self._show_values(manuscript.params)
        self.lore.load(manuscript.lore)
        self.seed.set_value(manuscript.seed)
        self.seed.set_locked(manuscript.seed_locked)
        self._show_model(manuscript.model)
        self._manuscript = manuscript
        self.presets.match(manuscript.params)

    def _show_values(self, values: Mapping[str, Any]) -> None:
        for fields in (self.first, self.told, self.samplers):
            fields.set_values(values)
        for name, words in (("memory", self.memory), ("note", self.note)):
            if words.text() != str(values.get(name, "")):
                with QSignalBlocker(words):
                    words.setText(str(values.get(name, "")))

    def show_seed(self, seed: int) -> None:
        """Show a seed that was thrown for the artist."""
        manuscript, self._manuscript = self._manuscript, None
        self.seed.set_value(seed)
        self._manuscript = manuscript

    def show_shares(self, typed: int, written: int, edited: int) -> None:
        """Say how much of the text is whose, in characters."""
        whole = typed + written + edited
        self.typed.setVisible(whole > 0)
        self.written.setVisible(whole > 0)
        if whole:
            model = round(100 * written / whole)
            self.typed.setText(f"Written by you {100 - model} %")
            self.written.setText(f"by the model {model} %")

    # --- models ---

    def set_models(self, models: Sequence[Model]) -> None:
        """Offer these models. Where the manuscript's is not among them the first is taken."""
        self._models = tuple(models)
        self.model.setVisible(bool(models))
        self.no_model.setVisible(not models)
        manuscript, self._manuscript = self._manuscript, None
        self.model.set_choices([Choice(model.id, model.title, model.summary) for model in models])
        if manuscript is not None:
            self._show_model(manuscript.model)
        self._manuscript = manuscript

    def models(self) -> tuple[Model, ...]:
        """The models on offer."""
        return self._models

    def chosen_model(self) -> Model | None:
        """The model that will write."""
        return next((model for model in self._models if model.id == self.model.value()), None)

    def use_model(self, model_id: str) -> bool:
        """Choose a model by its id; False where it is not on offer."""
        if all(model.id != model_id for model in self._models):
            return False
        self.model.set_value(model_id)
        return True

    def _show_model(self, model_id: str) -> None:
        if any(model.id == model_id for model in self._models):
            self.model.set_value(model_id)
        self._fit_model()

    def _fit_model(self) -> None:
        """Passes are for the models that go over a passage; nobody else is bothered with them."""
        model = self.chosen_model()
        if self.refining is not None:
            self.refining.setVisible(model is not None and model.family.startswith("diffusers/"))

    def _model_chosen(self, model_id: object) -> None:
        self._fit_model()
        if self._manuscript is not None:
            self._manuscript.model = str(model_id)
            self.changed.emit()

    # --- values ---

    def commit(self) -> bool:
        """Take half-typed text as final; False where a field has a problem (it has the focus then)."""
        if not (self.told.commit() and self.samplers.commit()):
            self.advanced.set_open(True)
            return False
        self.seed.commit()
        return self.first.commit()

    def _edited(self) -> None:
        manuscript = self._manuscript
        if manuscript is None:
            return
        manuscript.params |= self.first.values() | self.told.values() | self.samplers.values()
        manuscript.params |= {"memory": self.memory.text(), "note": self.note.text()}
        manuscript.seed = int(self.seed.value())
        manuscript.seed_locked = self.seed.locked()
        self.presets.match(manuscript.params)
        self.changed.emit()

    def _preset_values(self) -> dict[str, Any]:
        return {**self.samplers.values(), "temperature": self.first.values()["temperature"]}

    def _apply(self, values: Mapping[str, Any]) -> None:
        for fields in (self.first, self.told, self.samplers):
            fields.set_values(values)
        self._edited()


def _words(name: str, placeholder: str) -> PromptEdit:
    return PromptEdit(name, placeholder=placeholder, lines=(5, 12), limit=20_000)
