"""What lies over the model: LoRAs with their weights, whether the list holds them or the prompt names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from studio.api import AddedModel, Model, ParamSpec, Request, StudioError, base_title
from studio.widgets import theme
from studio.widgets.controls import Button, IconButton
from studio.widgets.fields import Slider
from studio.widgets.numbers import NumberBox
from studio.widgets.prompt import PromptEdit
from studio.widgets.text import ElidedLabel, Label, shorten, tip

from .added import WEIGHT_LIMIT, Tag, embeddings_in, kind, misfit, named, tags, with_weight

SLIDER, STEP = 1.5, 0.05
MOST = 40
"""How many entries the menu offers; who has more names them in the prompt."""


class AddedSection(QWidget):
    """`changed` is said where the list is another one now: read it with `added()`. What the prompt names is shown too,
    and changed there, once `join` has told which prompt it is.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models: tuple[Model, ...] = ()
        self._model: Model | None = None
        self._added: tuple[AddedModel, ...] = ()
        self._text = ""
        self._prompt: PromptEdit | None = None
        self._rows: list[Row] = []
        self.add = Button("Add…", "quiet", name="Add a LoRA", help="Lay a LoRA over the model, or put an embedding in.")
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.add.setMenu(self._menu)
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(Label("LoRAs", "label"), 1)
        head.addWidget(self.add)
        self._problem = Label("", "error", wrap=True)
        self._words = Label("", "hint", wrap=True)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.S)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.XS)
        column.addLayout(head)
        column.addLayout(self._list)
        column.addWidget(self._words)
        column.addWidget(self._problem)
        self._show()

    def added(self) -> tuple[AddedModel, ...]:
        """Those of the list, without those that only the prompt names."""
        return self._added

    def set_added(self, added: Sequence[AddedModel]) -> None:
        """Show these, without saying that anything changed."""
        self._added = tuple(added)
        self._show()

    def offer(self, models: Sequence[Model], model: Model | None) -> None:
        """What can be added, and the model that it is for."""
        self._models, self._model = tuple(models), model
        self._show()

    def join(self, prompt: PromptEdit) -> None:
        """Follow a prompt, and write into it where the weights of what it names are changed here."""
        self._prompt = prompt
        prompt.textChanged.connect(lambda: self.follow(prompt.text()))

    def follow(self, prompt: str) -> None:
        """Show what the prompt names too."""
        if prompt != self._text:
            self._text = prompt
            self._show()

    def rows(self) -> dict[str, Row]:
        """What is on show, by the names of the LoRAs."""
        return {row.name: row for row in self._rows}

    def _wanted(self) -> list[tuple[str, float, Model | None, bool]]:
        """(name, weight, model, from the prompt) of each row: of two weights the one in the prompt counts."""
        try:
            found: tuple[Tag, ...] = tags(self._text)
            self._problem.setText("")
        except StudioError as error:
            found = ()
            self._problem.setText(str(error))
        request = Request("", added=self._added)
        base = self._model.base if self._model is not None else ""
        by_id = {model.id: model for model in self._models}
        known = [(tag, named(tag.name, "lora", request, self._models, base=base)) for tag in found]
        in_prompt = {model.id for _, model in known if model is not None}
        rows = [
            (item.model.name or item.model.id, item.weight, by_id.get(item.model.id), False)
            for item in self._added
            if item.model.id not in in_prompt and kind_of(item, by_id) == "lora"
        ]
        last = {tag.name.casefold(): (tag.name, tag.weight, model, True) for tag, model in known}
        return rows + list(last.values())

    def _show(self) -> None:
        wanted = self._wanted()
        if [row.name for row in self._rows] != [name for name, *_ in wanted] or [
            row.in_prompt for row in self._rows
        ] != [in_prompt for *_, in_prompt in wanted]:
            self._build(wanted)
        for row, (_, weight, model, _) in zip(self._rows, wanted, strict=True):
            row.show_state(weight, self._complaint(model))
        base = self._model.base if self._model is not None else ""
        words = [model.path.stem for model in embeddings_in(self._text, self._models, base=base)]
        self._words.setText(f"Embeddings in the prompt: {', '.join(words)}" if words else "")
        self._words.setVisible(bool(words))
        self._problem.setVisible(bool(self._problem.text()))
        self.setVisible(bool(self._models or wanted or self._problem.text()))

    def _complaint(self, model: Model | None) -> str:
        if model is None:
            return "Not on this machine. Take it out, or look for it under Models."
        if model.problem:
            return model.problem
        return misfit(model, self._model) if self._model is not None else ""

    def _build(self, wanted: Sequence[tuple[str, float, Model | None, bool]]) -> None:
        for row in self._rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = []
        for name, weight, _, in_prompt in wanted:
            row = Row(name, weight, in_prompt=in_prompt)
            row.weighed.connect(self._weighed)
            row.removed.connect(self._removed)
            self._list.addWidget(row)
            row.show()  # else only when the layout gets its turn
            self._rows.append(row)

    def _weighed(self, name: str, weight: float) -> None:
        self._change(name, weight)

    def _removed(self, name: str) -> None:
        self._change(name, None)

    def _change(self, name: str, weight: float | None) -> None:
        row = next((row for row in self._rows if row.name == name), None)
        if row is not None and row.in_prompt:
            if self._prompt is not None:
                self._prompt.replace_text(with_weight(self._prompt.text(), name, weight))
            return
        kept = []
        for item in self._added:
            if (item.model.name or item.model.id) != name:
                kept.append(item)
            elif weight is not None:
                kept.append(replace(item, weight=weight))
        self._added = tuple(kept)
        if weight is None:
            self._show()
        self.changed.emit()

    def put(self, model: Model) -> None:
        """Add a LoRA at full weight, or an embedding's name at the end of the prompt."""
        if kind(model) == "embedding":
            if self._prompt is not None:
                text = self._prompt.text().rstrip(" ,")
                self._prompt.replace_text(f"{text}, {model.path.stem}" if text else model.path.stem)
        elif all(item.model.id != model.id for item in self._added):
            self._added = (*self._added, AddedModel(replace(model.ref(), name=model.path.stem)))
            self._show()
            self.changed.emit()

    def _fill_menu(self) -> None:
        self._menu.clear()
        usable = [model for model in self._models if not model.problem]
        loras = [model for model in usable if kind(model) == "lora"]
        words = [model for model in usable if kind(model) == "embedding"]
        self._offer(loras)
        if words:
            if loras:
                self._menu.addSeparator()
            self._menu.addAction("Embeddings, put into the prompt").setEnabled(False)
            self._offer(words)

    def _offer(self, models: Sequence[Model]) -> None:
        fits = {model.id: self._model is None or not misfit(model, self._model) for model in models}
        for model in sorted(models, key=lambda m: (not fits[m.id], m.title.casefold()))[:MOST]:
            action = QAction(shorten(model.title, 48).replace("&", "&&"), self._menu)
            action.setEnabled(fits[model.id])
            if not fits[model.id]:
                action.setText(f"{action.text()}   {base_title(model.base)}")
            action.triggered.connect(lambda _on=False, chosen=model: self.put(chosen))
            self._menu.addAction(action)


class Row(QWidget):
    """One LoRA: its name, its weight, a way to take it off, and why it cannot be used."""

    weighed = Signal(str, float)
    removed = Signal(str)

    def __init__(self, name: str, weight: float, *, in_prompt: bool) -> None:
        super().__init__()
        self.name, self.in_prompt = name, in_prompt
        self._weight = weight
        self.setAccessibleName(name)
        spec = ParamSpec(
            "weight",
            "number",
            1.0,
            f"Weight of {shorten(name, 80)}",
            minimum=-WEIGHT_LIMIT,
            maximum=WEIGHT_LIMIT,
            step=0.05,
        )
        help_text = f"How strongly {shorten(name, 80)} counts: 0 not at all, 1 as it was trained."
        self.remove = IconButton("x", f"Remove {shorten(name, 80)}", kind="tiny", size=14)
        self._slider = Slider()
        self._slider.setRange(0, round(SLIDER / STEP))
        self._slider.setAccessibleName(f"{spec.label} slider")
        self._box = NumberBox(spec)
        self._box.setFixedWidth(theme.px(64))
        for part in (self._slider, self._box):
            part.setToolTip(tip(help_text))
            part.setAccessibleDescription(help_text)
        self._problem = Label("", "error", wrap=True)
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(ElidedLabel(name), 1)
        if in_prompt:
            head.addWidget(Label("in the prompt", "label"))
        head.addWidget(self.remove)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self._slider, 1)
        row.addWidget(self._box)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.XS)
        column.addLayout(head)
        column.addLayout(row)
        column.addWidget(self._problem)
        self._slider.valueChanged.connect(lambda place: self._take(round(place * STEP, 2)))
        self._box.valueChanged.connect(lambda number: self._take(number, typed=True))
        self.remove.clicked.connect(lambda: self.removed.emit(self.name))
        self._place()
        self.show_state(weight, "")

    def value(self) -> float:
        """The weight on show."""
        return self._weight

    def problem(self) -> str:
        """Why it cannot be used, or ""."""
        return self._problem.text()

    def set_value(self, weight: float) -> None:
        """Take another weight, as a hand does."""
        self._take(weight)

    def _take(self, weight: float, *, typed: bool = False) -> None:
        if weight != self._weight:
            self._weight = weight
            self._place(typed=typed)
            self.weighed.emit(self.name, weight)

    def _place(self, *, typed: bool = False) -> None:
        """Show the weight; the box keeps what is being typed in it."""
        with QSignalBlocker(self._slider), QSignalBlocker(self._box):
            self._slider.setValue(round(self._weight / STEP))
            if not typed:
                self._box.setValue(self._weight)

    def show_state(self, weight: float, problem: str) -> None:
        """Show a weight, and why this LoRA cannot be used."""
        if weight != self._weight:
            self._weight = weight
            self._place()
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    def changeEvent(self, event: QEvent) -> None:
        """The box grows with the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_box"):
            self._box.setFixedWidth(theme.px(64))


def kind_of(item: AddedModel, by_id: dict[str, Model]) -> str:
    """What an entry is; one that is not here counts as a LoRA, which can be taken out by hand."""
    return kind(by_id[item.model.id]) if item.model.id in by_id else "lora"
