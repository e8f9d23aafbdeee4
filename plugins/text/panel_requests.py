"""Requests made of the manuscript: to continue, to rewrite a passage, to fork from a word or from a kept step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from studio.api import Model, PanelHost, Request, ResumePoint

from .context import reach_end
from .document import SENT, Manuscript
from .document_chat import turns
from .document_outline import to_markdown
from .document_places import whole
from .spelling import as_messages

MOST = 600_000
"""Characters before the caret that are sent at most; no model here reads more."""

TITLES = {
    "continue": "Continue",
    "fill": "Fill in",
    "rewrite": "Rewrite",
    "expand": "Expand",
    "shorten": "Shorten",
    "tone": "Change the tone",
    "repaint": "Repaint",
    "chat": "Answer",
    "prompt": "Image prompt",
}
SELECTION_TASKS = ("rewrite", "expand", "shorten", "tone", "repaint", "prompt")


class Requests:
    """Knows the model, and what was asked for in this sitting (`sent`, by job)."""

    def __init__(self, host: PanelHost) -> None:
        self._host = host
        self._generator = f"{host.panel_id.partition('.')[0]}.writer"
        self.manuscript = Manuscript.first()
        self.model: Callable[[], Model | None] = lambda: None
        self.lore: Callable[[], str] = lambda: ""
        self.sent: dict[str, Request] = {}

    def reach(self) -> str:
        """How far back the model reads: what is chosen, or what suits the model."""
        if self.manuscript.mode != "prose":
            return "all"
        chosen = str(self.manuscript.params.get("reach", "auto"))
        model = self.model()
        if chosen != "auto":
            return chosen
        # The model that comes with the program was taught with tales of one scene; behind the end of one it babbles.
        return "scene" if model is not None and model.bundled else "all"

    def _make(self, **sent: Any) -> Request | None:
        model = self.model()
        if model is None:
            return None
        seed = self.manuscript.next_seed()
        # A space that does not break is another word to most models.
        plain = {name: whole(value).replace("\u00a0", " ") for name, value in sent.items() if isinstance(value, str)}
        sent |= plain
        sent["reach"] = self.reach()
        return self.manuscript.request(self._generator, model, seed, lore=self.lore(), **sent)

    def to_continue(self, text: str, caret: int) -> Request | None:
        """What Ctrl+Enter asks for; None without a model."""
        before, after = text[:caret], text[caret : caret + reach_end(text[caret:], self.reach())]
        there = bool(after.strip())
        if self.manuscript.mode == "chat":
            return self._make(task="chat", messages=as_messages(turns(before)), before="")
        if self.manuscript.mode == "code":
            return self._make(task="fill" if there else "continue", before=before[-MOST:], after=after[:MOST])
        return self._make(
            task="fill" if there else "continue",
            # A space at the end would keep most models from beginning a word.
            before=to_markdown(before[-MOST:]).rstrip(" "),
            after=to_markdown(after[:MOST]) if there else "",
        )

    def to_rewrite(
        self, task: str, text: str, start: int, end: int, *, instruction: str = "", pinned: str = ""
    ) -> Request | None:
        """Another version of the characters `start` … `end`."""
        written = str if self.manuscript.mode == "code" else to_markdown
        return self._make(
            task=task,
            before=written(text[:start][-MOST:]),
            after=written(text[end:][:MOST]),
            passage=written(text[start:end]),
            instruction=instruction,
            pinned=pinned,
        )

    def to_fork(self, base: Request, prefix: str, ids: Sequence[int]) -> Request:
        """The same with other words kept at its beginning, and with how to write as it is set now."""
        values = {**self.manuscript.params, **_of_text(base), "lore": self.lore()}
        values |= {"prefix": prefix, "prefix_ids": " ".join(map(str, ids))}
        model = self.model()
        return replace(base, params=values, resume=None, model=base.model if model is None else model.ref())

    def to_branch(self, base: Request, steps: str, index: int) -> Request:
        """The same from a kept step on, with how to write as it is set now."""
        values = {**self.manuscript.params, **_of_text(base)}
        # Steps hold the state of this many alternatives.
        values["alternatives"] = base.params.get("alternatives", 1)
        return replace(base, params=values, resume=ResumePoint(steps, index))

    def of_job(self, job: str) -> Request | None:
        """What a job was asked, of this sitting or an earlier one."""
        if job in self.sent:
            return self.sent[job]
        generation = self.manuscript.branches.generations.get(job)
        for name in generation.results if generation is not None else ():
            artifact = self._host.artifact(name)
            if artifact is not None and artifact.recipe is not None:
                return artifact.recipe.request
        return None


def _of_text(request: Request) -> dict[str, Any]:
    """What a request says about the text rather than about how to write."""
    return {name: request.params[name] for name in SENT if name in request.params}


def title_of(task: str, request: Request) -> str:
    """What the queue and the library call it: the words it goes on from, or those it was made of."""
    words = str(request.params.get("passage") or request.params.get("before") or "").split()
    near = " ".join(words[:9] if request.params.get("passage") else words[-9:])
    return f"{TITLES.get(task, 'Text')}: {near[-80:]}" if near else TITLES.get(task, "Text")
