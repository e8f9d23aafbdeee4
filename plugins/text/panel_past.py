"""Looking back at how a text was written, step by step, and going on from there, or writing so again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from studio.api import Recipe, Step

from .document import SENT
from .document_branches import Branch, Fold

if TYPE_CHECKING:
    from .panel import TextPanel


class Past:
    """What the ribbon asks of one panel."""

    def __init__(self, panel: TextPanel) -> None:
        self._panel = panel

    def show_step(self, step: Step | None) -> None:
        """Show the text as it was at a step; None: as it is."""
        job = "" if step is None else step.origin or self._panel.writing.newest
        if step is None or not job:
            self._panel.writing.look_away()
            return
        found = self._canvas_at(job, step) if self._in_passes(job) else self._text_at(job, step.index)
        if found is None or self._panel.writing.busy():
            return
        self._panel.ways.scrub(*found)

    def branch(self, steps: str, index: int) -> None:
        """Go on from a kept step with the settings as they are now."""
        found, request = self._text_at(steps, index), self._panel.writing.requests.of_job(steps)
        if found is None or request is None or not self._panel.settings_pane.commit():
            self._panel.host.say("Nothing is known any more about how this was written")
            return
        writing = self._panel.writing
        # A pass is no beginning: of what the last one left nothing stands yet.
        shown = "" if self._in_passes(steps) else found[1]
        writing.leave(found[0], writing.requests.to_branch(request, steps, index), shown)

    def _in_passes(self, job: str) -> bool:
        """True for what a text-diffusion model wrote: everywhere at once, and not token by token."""
        request = self._panel.writing.requests.of_job(job)
        name = "" if request is None or request.model is None else request.model.id
        return any(
            model.family.startswith("diffusers/") for model in self._panel.settings_pane.models() if model.id == name
        )

    def _canvas_at(self, job: str, step: Step) -> tuple[Branch, str] | None:
        """The branch of a job, and all of its passage as it was after a pass."""
        branch, request = self._branch_of(job), self._panel.writing.requests.of_job(job)
        if branch is None or request is None or step.preview is None:
            return None
        # A step shows all alternatives, one below the other.
        rows = step.preview.data.decode("utf-8", "replace").split("\n")
        each = max(len(rows) // max(int(request.params.get("alternatives", 1)), 1), 1)
        mine = rows[branch.alternative * each : (branch.alternative + 1) * each]
        return branch, self.shown(branch, ["\n".join(mine)])

    def recall(self, recipe: Recipe, notes: Sequence[str]) -> None:
        """Set how to write as a recipe says; the text stays."""
        request, before = recipe.request, self._how()
        params = before[0] | {name: value for name, value in request.params.items() if name not in SENT}
        model = before[3] if request.model is None else request.model.id
        after = params, request.seed, True, model
        self._write_so(*after)
        self._panel.host.add_undo(
            "recall of a recipe", undo=lambda: self._write_so(*before), redo=lambda: self._write_so(*after)
        )
        said = " ".join(map(str, notes)) or "Everything about how to write is set as it was."
        self._panel.page.note.setText(said)

    def _how(self) -> tuple[dict[str, Any], int, bool, str]:
        manuscript = self._panel.manuscript
        return dict(manuscript.params), manuscript.seed, manuscript.seed_locked, manuscript.model

    def _write_so(self, params: dict[str, Any], seed: int, locked: bool, model: str) -> None:
        manuscript = self._panel.manuscript
        manuscript.params |= params
        manuscript.seed, manuscript.seed_locked, manuscript.model = seed, locked, model
        self._panel.settings_pane.show_manuscript(manuscript)
        self._panel.host.changed()

    def _text_at(self, job: str, index: int) -> tuple[Branch, str] | None:
        """The branch of a job that is in the text (or its first), and what the page showed of it at a step."""
        branch, request = self._branch_of(job), self._panel.writing.requests.of_job(job)
        if branch is None:
            return None
        words = [token.text for token in self._panel.records.tokens(branch)] or self._panel.writing.tokens.get(job, [])
        kept = 0 if request is None else len(str(request.params.get("prefix_ids", "")).split())
        return (branch, self.shown(branch, words[: kept + index + 1])) if words else None

    def shown(self, branch: Branch, words: Sequence[str]) -> str:
        """What the page shows of a branch that begins with these tokens."""
        start, _ = self._panel.places.range(branch.place)
        before = self._panel.editor.text()[start - 1 : start]
        return Fold(before, plain=self._panel.manuscript.mode == "code").add("".join(words))

    def _branch_of(self, job: str) -> Branch | None:
        mine = [branch for branch in self._panel.manuscript.branches.branches.values() if branch.job == job]
        current = [branch for branch in mine if self._panel.places.current(branch.place) == branch.id]
        return next(iter(current or mine), None)
