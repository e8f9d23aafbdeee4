"""The text panel: a manuscript in the middle, its outline at the left, what the model is told and does at the right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QShowEvent, QTextBlock
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.api import Artifact, Changed, Event, PanelHost, Problem, Recipe, Request, Step, StudioError, media
from studio.widgets.panel import Panel

from . import lorebook
from .document import Manuscript
from .document_branches import Branch
from .document_outline import Section, section_at, whole_end
from .document_spelling import tag_of
from .editor_sections import Move, Sections
from .panel_again import Again
from .panel_bring_in import BringingIn
from .panel_check import Check
from .panel_commands import add_commands
from .panel_inspector import Inspector
from .panel_mode import Mode
from .panel_page import Page
from .panel_past import Past
from .panel_pictures import Pictures
from .panel_places import Places
from .panel_resumed import offer_again, offered
from .panel_selection import Selection
from .panel_sight import Sight
from .panel_spelling import Spelling
from .panel_targets import Targets
from .panel_tokens import TokenPopup
from .panel_views import Records, Views
from .panel_ways import Ways
from .panel_writing import Writing
from .wire import Choice

GENERATOR = "writer"
SOON = 250
"""Milliseconds after the last key until outline, counts and views follow."""


def make(host: PanelHost) -> TextPanel:
    """The panel, as hooks.py names it."""
    return TextPanel(host)


class TextPanel(Panel):
    """Edits one Manuscript: the page holds its text, the inspector its settings."""

    def __init__(self, host: PanelHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self.manuscript = Manuscript.first()
        self.page = Page()
        self.editor = self.page.editor
        self.settings_pane = Inspector()
        self.places = Places(self.editor)
        self.writing = Writing(host, self.editor, self.places, self)
        self.records = Records(host, lambda: self.manuscript)
        self.views = Views(self.editor, self.records, lambda: self.manuscript)
        self.sections = Sections(self.editor)
        self.pictures = Pictures(self)
        self.spelling = Spelling(self)
        self.sight = Sight(self)
        self.mode = Mode(self)
        self.check = Check(self)
        self.selection = Selection(self)
        self.bringing_in = BringingIn(self)
        self.ways = Ways(self)
        self.again = Again(self)
        self.targets = Targets(self)
        self.past = Past(self)
        self.tokens = TokenPopup(self)
        self._forking: tuple[Branch, int] | None = None
        self._moving: Move | None = None
        self.restoring = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self.sight.look_again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        self.setFocusProxy(self.editor)
        self._join()
        add_commands(self)
        self._show_manuscript()
        self.refresh_models()
        self.settings_pane.presets.set_own(host.recall("presets", {}))

    def _join(self) -> None:
        host, page, editor = self.host, self.page, self.editor
        self.writing.requests.model = self.settings_pane.chosen_model
        self.writing.requests.lore = lambda: lorebook.to_json(entry.entry() for entry in self.manuscript.lore)
        self.writing.changed.connect(self.ways.show)
        self.writing.failed.connect(page.show_problem)
        self.writing.reviewing.connect(self.selection.review)
        self.writing.recorded.connect(self._recorded)
        editor.written.connect(self._written)
        editor.authors.changed.connect(lambda *_: self._edited())
        editor.cursorPositionChanged.connect(self._moved)
        editor.clicked_at.connect(self._clicked)
        editor.menu_wanted.connect(self.selection.menu)
        editor.shortened.connect(self.host.say)
        editor.verticalScrollBar().valueChanged.connect(lambda _value: self.sight.scrolled(editor))
        editor.page_changed.connect(lambda: self.sight.scrolled(editor))
        page.go.clicked.connect(self._go)
        page.view_changed.connect(self.sight.set_view)
        page.outline_button.clicked.connect(self._keep_outline)
        page.card.dismissed.connect(lambda: page.show_problem(None))
        outline_pane = page.outline
        outline_pane.jumped.connect(self._jump)
        outline_pane.chapter_wanted.connect(lambda: self.add_section("# Chapter"))
        outline_pane.scene_wanted.connect(lambda: self.add_section("***"))
        outline_pane.split_wanted.connect(lambda: self.add_section("# Chapter", here=True))
        outline_pane.renamed.connect(lambda row, title: self.sections.rename(self._sections()[row], title))
        outline_pane.merged.connect(lambda row: self.sections.merge(self._sections()[row]))
        outline_pane.moved.connect(self._move)
        outline_pane.target_wanted.connect(self.selection.ask_target)
        self.settings_pane.model.changed.connect(lambda _model: page.show_problem(None))  # it was another model's
        self.settings_pane.changed.connect(host.changed)
        self.settings_pane.changed.connect(self._soon.start)
        self.settings_pane.tabs.changed.connect(lambda _tab: self.sight.show_context())
        self.settings_pane.presets.kept.connect(lambda: host.remember("presets", self.settings_pane.presets.own()))
        self.settings_pane.context.live_wanted.connect(self.sight.show_context)
        self.tokens.chosen.connect(self._fork)
        self.tokens.closed.connect(editor.setFocus)

    # --- what the window asks ---

    def inspector(self) -> QWidget:
        """Model, how to write, what the model is told."""
        return self.settings_pane

    def on_event(self, event: Event) -> None:
        """Follow the panel's jobs."""
        if not isinstance(event, Changed) and not self.check.hear(event):
            self.writing.hear(event)

    def state(self) -> dict[str, Any]:
        """The manuscript."""
        return self.collected().to_json()

    def files(self) -> dict[str, str]:
        """Its chapters as Markdown."""
        return self.manuscript.files()

    def collected(self) -> Manuscript:
        """The manuscript with what stands on the page."""
        manuscript = self.manuscript
        manuscript.text = self.editor.text()
        manuscript.runs = self.editor.authors.runs()
        manuscript.places = self.places.positions()
        manuscript.targets = self.ways.targets()
        manuscript.caret = self.editor.textCursor().position()
        manuscript.view["offered"] = offered(self.writing)
        return manuscript

    def restore(self, state: dict[str, Any]) -> None:
        """Bring back the manuscript of an earlier sitting."""
        if state:
            self.manuscript = Manuscript.from_json(state)
            self._show_manuscript()
            offer_again(self.writing)

    def _show_manuscript(self) -> None:
        manuscript = self.manuscript
        self.restoring = True
        self.editor.load(manuscript.text, manuscript.runs, manuscript.caret)
        self.places.load(manuscript.places, manuscript.branches)
        self.ways.load_targets(manuscript.targets)
        self.writing.requests.manuscript = manuscript
        self.settings_pane.show_manuscript(manuscript)
        for name, button in self.page.buttons.items():
            button.setChecked(bool(manuscript.view.get(name)))
        self.mode.apply()
        self.spelling.follow()
        self.page.show_outline(manuscript.view.get("outline", True) is not False)
        self.restoring = False
        self.sight.look_again()

    def showEvent(self, event: QShowEvent) -> None:
        """Models may have come or gone while the panel was out of sight."""
        super().showEvent(event)
        self.refresh_models()
        self.editor.setFocus()
        QTimer.singleShot(0, self.editor, self.editor.ensureCursorVisible)  # the page has its size by then

    def changeEvent(self, event: QEvent) -> None:
        """Models may have come or gone while another window was in front."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and self.isActiveWindow():
            self.refresh_models()

    def refresh_models(self) -> None:
        """Ask again which models there are."""
        models = tuple(self.host.models(GENERATOR))
        if models != self.settings_pane.models():
            self.settings_pane.set_models(models)

    def use_model(self, model_id: str) -> bool:
        """Choose a model from elsewhere in the window."""
        return self.settings_pane.use_model(model_id)

    def generate(self) -> None:
        """Ctrl+Enter."""
        self.page.show_problem(None)
        if self.settings_pane.commit():
            self.writing.go_on()
            self.settings_pane.show_seed(self.manuscript.seed)

    def _go(self) -> None:
        """The button: continue, or stop."""
        if self.writing.busy():
            self.writing.stop()
        else:
            self.generate()
        self.editor.setFocus()

    def next_request(self) -> tuple[Request, str] | None:
        """What Ctrl+Enter would ask for."""
        caret = self.editor.textCursor().selectionEnd()
        good = self.settings_pane.commit()
        request = self.writing.requests.to_continue(self.editor.text(), caret) if good else None
        return None if request is None else (request, "Continue")

    @property
    def notes_results(self) -> bool:
        """What a job wrote stands beside the text until it is taken; taking it is the step of undo."""
        return True

    @property
    def can_export(self) -> bool:
        """True where something is written."""
        return self.editor.document().characterCount() > 1

    def export_id(self) -> str:
        """The manuscript as it is now, kept as Markdown."""
        text = self.editor.text()
        if not text.strip():
            return ""
        title, markdown = self.manuscript.exported(text)
        return self.host.bring_in(markdown.encode(), media=media.MARKDOWN, title=title).id

    def export_options(self) -> dict[str, str]:
        """The language it is written in."""
        return {"language": tag_of(self.spelling.language)}

    def export_media(self) -> str:
        """A manuscript."""
        return media.MARKDOWN if self.can_export else ""

    def receive(self, artifact: Artifact) -> None:
        """A text or a picture comes to stand at the caret."""
        self.bringing_in.receive(artifact)

    def take_files(self, paths: Sequence[Path]) -> None:
        """Texts of other programs come to stand at the caret."""
        self.bringing_in.bring_in(*paths)

    def show_result(self, artifact: Artifact) -> None:
        """Show a text of the library where it belongs."""
        for branch in self.manuscript.branches.branches.values():
            generation = self.manuscript.branches.generations.get(branch.job)
            if generation is not None and artifact.id in generation.results and branch.text:
                self.writing.offer(branch)
                return

    def recall(self, recipe: Recipe, notes: Sequence[str] = ()) -> None:
        """Set how to write as the recipe says; the text stays."""
        self.past.recall(recipe, notes)

    def copy(self) -> bool:
        """Copy the selection."""
        if not self.editor.textCursor().hasSelection():
            return False
        self.editor.copy()
        return True

    # --- the ribbon ---

    @property
    def can_branch(self) -> bool:
        """Tokens are kept with all that is needed to go on from them."""
        return True

    def show_step(self, step: Step | None) -> None:
        """Show the text as it was at a step; None: as it is."""
        self.past.show_step(step)

    def branch(self, steps: str, index: int) -> None:
        """Go on from a kept step with the settings as they are now."""
        self.past.branch(steps, index)

    # --- tokens ---

    def _clicked(self, position: int) -> None:
        if self.page.buttons["heat"].isChecked():
            self.open_token(position)

    def open_token(self, position: int) -> bool:
        """Show what could have stood in the place of the word at a character. False where nothing is known of it."""
        found = self.views.token_at(position)
        if found is None:
            return False
        start, _, branch, mark = found
        self._forking = (branch, mark.index)
        area = self.editor.place_of(start).toPoint()
        area.setY(area.y() + round(self.editor.page.pitch()))
        self.tokens.open(mark.token, self.editor.mapTo(self, area), round(self.editor.page.pitch()))
        return True

    def _fork(self, choice: Choice) -> None:
        if self._forking is None:
            return
        branch, index = self._forking
        request = self.writing.requests.of_job(branch.job)
        if request is None:
            self.host.say("Nothing is known any more about how this was written")
            return
        tokens = [*self.records.tokens(branch)[:index], choice]
        words = [token.text for token in tokens]
        fork = self.writing.requests.to_fork(request, "".join(words), [token.id for token in tokens])
        self.writing.leave(branch, fork, self.past.shown(branch, words))

    def _recorded(self, job: str) -> None:
        self._soon.start()
        record = self.records.of_job(job)
        if record is not None:
            self.settings_pane.context.sent(record.report)

    # --- following the text ---

    def _keep_outline(self) -> None:
        self.manuscript.view["outline"] = self.page.outline_wanted
        self.host.changed()

    def _written(self, name: str) -> None:
        undo, redo, move = self.editor.undo, self.editor.redo, self._moving
        if move is not None:
            undo, redo = partial(self.ways.carry, move.back(), undo), partial(self.ways.carry, move, redo)
        self.host.add_undo(name, undo=undo, redo=redo)

    def _edited(self) -> None:
        if not self.restoring:
            self.host.changed()
            self._soon.start()

    def _moved(self) -> None:
        row = section_at(self.page.outline.sections(), self.editor.textCursor().position())
        self.page.outline.set_current(row)
        self.ways.caret_moved()
        self.selection.selected()

    def _sections(self) -> list[Section]:
        """The sections as they are now, and not as they were before the last key."""
        if self._soon.isActive():
            self._soon.stop()
            self.sight.look_again()
        return self.page.outline.sections()

    def _move(self, source: int, to: int) -> None:
        self._moving = move = self.sections.plan(self._sections(), source, to)
        if move is not None:
            self.writing.dismiss()
            self.ways.carry(move, lambda: self.sections.move(move))
            self._moving = None
            self._sections()  # the same key once more moves it on

    def _jump(self, row: int) -> None:
        sections = self._sections()
        if 0 <= row < len(sections):
            self.editor.move_to(sections[row].body)
            self.editor.centerCursor()
            self.editor.setFocus()

    def add_section(self, heading: str, *, here: bool = False) -> None:
        """A new chapter or scene behind the section with the caret, or right at the caret."""
        sections = self.page.outline.sections()
        caret = self.editor.textCursor().position()
        if here or heading.startswith("*") or not sections:
            block: QTextBlock = self.editor.textCursor().block()
            position = block.position() if here else caret
        else:
            row = section_at(sections, caret)
            top = max((n for n in range(row + 1) if sections[n].level <= 1), default=0)
            position = whole_end(sections, top)
        self.sections.add(heading, position)

    def show_error(self, error: StudioError) -> None:
        """Show an error over the page."""
        self.page.show_problem(Problem.of(error))
