"""Writing with the model: from Ctrl+Enter to ghost text, alternatives, forks, and one step of undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from studio.api import (
    Artifact,
    Cancelled,
    Event,
    Failed,
    Finished,
    PanelHost,
    Previewed,
    Problem,
    Request,
    Started,
    Stepped,
    StudioError,
    media,
)

from .document_branches import Branch, Generation
from .document_places import whole
from .editor import ManuscriptEdit
from .panel_draft import HOLED, Draft, common, written
from .panel_places import Places
from .panel_requests import SELECTION_TASKS, TITLES, Requests, title_of
from .panel_resumed import draft_of
from .panel_scene import next_scene
from .panel_turns import Turns
from .wire import HOLE, LIVE, RECORD, Live


class Writing(QObject):
    """Knows the one draft there is. `changed` follows every change of it, `failed(Problem)` what went wrong,
    `reviewing(draft)` that a rewrite is done and wants to be judged, `recorded(job)` that tokens of a job are known.
    """

    changed = Signal()
    failed = Signal(object)
    reviewing = Signal(object)
    recorded = Signal(str)

    def __init__(self, host: PanelHost, editor: ManuscriptEdit, places: Places, parent: QObject) -> None:
        super().__init__(parent)
        self._host = host
        self.editor = editor
        self.places = places
        self.requests = Requests(host)
        self.draft: Draft | None = None
        self._hidden: dict[str, Draft] = {}
        self.tokens: dict[str, list[str]] = {}
        self.newest = ""
        self._aside: tuple[Draft, int] | None = None
        self._turns = Turns(editor, self.requests, self.failed.emit)
        editor.ghost_key.connect(self.key)

    # --- asking ---

    def busy(self) -> bool:
        """True while a job of this panel writes."""
        return self.draft is not None and self.draft.running

    def go_on(self) -> None:
        """Continue at the caret; what is on offer there is taken first, what is elsewhere stays among its ways."""
        if self.busy():
            self._host.say("The model is still writing. Esc stops it and keeps what is there")
            return
        (self.accept if self.editor.ghost.near(self.editor.textCursor()) else self.dismiss)()
        caret = self._turns.open(self.editor.textCursor().selectionEnd())
        if caret is None:
            return
        text = self.editor.text()
        self._ask(self.requests.to_continue(text, caret), caret, text[max(caret - 1, 0) : caret])
        self._turns.asked(self.draft)

    def rewrite(self, task: str, start: int, end: int, *, instruction: str = "", pinned: str = "") -> None:
        """Ask for another version of a passage. The text stays as it is until the artist takes the new one."""
        if self.busy():
            self._host.say("The model is still writing. Esc stops it and keeps what is there")
            return
        self.dismiss()
        text = self.editor.text()
        request = self.requests.to_rewrite(task, text, start, end, instruction=instruction, pinned=pinned)
        self._ask(request, start, text[max(start - 1, 0) : start], end - start, original=text[start:end])

    def _ask(
        self, request: Request | None, position: int, before: str, replaces: int = 0, *, original: str = ""
    ) -> None:
        if request is None:
            self.failed.emit(Problem("There is no text model.", "Open Models on the left: it says where to put one."))
            return
        place = self.places.at(position) if not replaces else 0
        self.begin(request, place or self.places.new(position), position, before, replaces, original=original)

    def begin(
        self,
        request: Request,
        place: int,
        position: int,
        before: str,
        replaces: int = 0,
        *,
        original: str = "",
        parent: int = 0,
        head: str = "",
        beside: Sequence[Branch] = (),
    ) -> None:
        """Ask for it, and show what comes at a position; `beside` are ways that were kept."""
        task = str(request.params.get("task", "continue"))
        try:
            job = self._host.submit(request, title=title_of(task, request), again=True)
        except StudioError as error:
            self.failed.emit(Problem.of(error))
            return
        self.requests.sent[job] = request
        tree = self.requests.manuscript.branches
        model = "" if request.model is None else request.model.name or request.model.id
        tree.begin(Generation(job, task, model, request.seed))
        count = int(request.params.get("alternatives", 1))
        ids = [
            tree.add(place, job, number, parent=parent, keep=len(head), original=original) for number in range(count)
        ]
        plain = self.requests.manuscript.mode == "code"
        ids = [*(branch.id for branch in beside), *ids]
        texts = [*(branch.text for branch in beside), *[head] * count]
        older = len(beside)
        self.draft = Draft(
            place, ids, before, task, job, head, replaces, True, older, 0, texts, plain=plain, older=older
        )
        if task not in SELECTION_TASKS:
            self.editor.move_to(position)
        self.editor.ghost.begin(position, replaces=replaces)
        self._show()
        self._host.changed()

    # --- forks ---

    def leave(self, branch: Branch, request: Request, shown: str) -> None:
        """Fork: what of `shown` stands in the document stays; the rest of the old way steps back, and so does what the
        model wrote right behind it, which went on from words that would no longer be there.
        """
        if self.busy():
            self.stop()
        self.dismiss()
        start, end = self.places.range(branch.place)
        there, before = self.editor.text()[start:end], self.editor.text()[start - 1 : start]
        same = common(there, shown)
        chain = self.places.chain_end(end)
        self.begin(
            request, branch.place, start + same, before, chain - start - same, parent=branch.id, head=shown[:same]
        )
        if self.draft is not None:
            self.draft.behind = chain - end

    def offer(self, branch: Branch) -> None:
        """Show a kept branch as a ghost in the place of the one that stands in the text."""
        self.dismiss()
        start, end = self.places.range(branch.place)
        there = self.editor.text()[start:end]
        if branch.original and not there:
            there = branch.original if self.editor.text()[start:].startswith(branch.original) else ""
            end = start + len(there)
        siblings = [other for other in self.requests.manuscript.branches.at(branch.place) if other.text]
        same = common(there, branch.text)
        self.draft = Draft(
            branch.place,
            [other.id for other in siblings],
            self.editor.text()[start - 1 : start],
            job=branch.job,
            head=branch.text[:same],
            replaces=end - start - same,
            shown=siblings.index(branch),
            texts=[other.text for other in siblings],
        )
        self.editor.move_to(start + same)
        self.editor.ghost.begin(start + same, replaces=end - start - same)
        self._show()

    def show_only_place(self) -> None:
        """While a rewrite is judged the text shows what would go, and nothing of the new."""
        self.editor.ghost.show("")
        self.changed.emit()

    def look_at(self, draft: Draft, position: int) -> None:
        """Show a draft that is only to be looked at; what was on offer comes back afterwards."""
        if self.draft is not None and self.draft.task != "look":
            self._aside = (self.draft, self.editor.ghost.position())
        self.draft = draft
        self.editor.ghost.begin(position, replaces=draft.replaces)
        self._show()

    def look_away(self) -> None:
        """Show what was on offer before the look, or the text."""
        if self.draft is None or self.draft.task != "look":
            return
        aside, self._aside = self._aside, None
        if aside is None:
            self._let_go()
        else:
            self.draft = aside[0]
            self.editor.ghost.begin(aside[1], replaces=aside[0].replaces)
            self._show()

    # --- the ghost's keys ---

    def key(self, what: str) -> None:
        """What a key in the editor asks of the draft."""
        actions: dict[str, Callable[[], object]] = {"accept": self.accept, "word": self.accept_word, "stop": self.stop}
        actions |= {"next": lambda: self.turn(1), "previous": lambda: self.turn(-1), "reject": self.dismiss}
        actions[what]()

    def turn(self, by: int) -> None:
        """Show the next alternative."""
        if self.draft is not None and self.draft.turn(by):
            self._realign()
            self._show()

    def show_number(self, number: int) -> None:
        """Show one of the alternatives."""
        if self.draft is not None and number != self.draft.shown:
            self.turn(number - self.draft.shown)

    def _realign(self) -> None:
        """Alternatives that are whole branches share different beginnings with what stands in the text."""
        draft = self.draft
        if draft is None or draft.running or draft.task in (*SELECTION_TASKS, "look"):
            return
        start, end = self.places.range(draft.place)
        there = self.editor.text()[start:end]
        same = common(there, draft.texts[draft.shown])
        if draft.texts[draft.shown] != there:
            end += draft.behind
        if (draft.head, draft.replaces) != (draft.texts[draft.shown][:same], end - start - same):
            draft.head, draft.replaces = draft.texts[draft.shown][:same], end - start - same
            self.editor.ghost.begin(start + same, replaces=draft.replaces)

    def accept(self) -> None:
        """Take all that the ghost shows into the text."""
        self._take(self.draft.ghost() if self.draft is not None else "")

    def accept_word(self) -> None:
        """Take its next word."""
        self._take(self.draft.next_word() if self.draft is not None else "")

    def _take(self, text: str) -> None:
        draft = self.draft
        if draft is None or not self.editor.ghost.active() or HOLE in text:
            return
        if draft.task in SELECTION_TASKS and draft.job in self.requests.sent:
            if not draft.running:
                self.reviewing.emit(draft)
            return
        if text or draft.replaces:
            at = self.editor.ghost.position()
            name = "Choose another way on" if draft.replaces else TITLES.get(draft.task, "Continue")
            author = draft.branches[draft.shown]
            self.editor.replace(at, at + draft.replaces, text, name=name, author=author, join=draft.taken > 0)
            draft.taken += len(text)
            draft.replaces = self.editor.ghost.replaces = 0
            self.editor.ghost.begin(at + len(text))
        if not draft.running and not draft.ghost():
            self._turns.end(self.editor.ghost.position())
            self._let_go()
        else:
            self._show()

    def stop(self) -> None:
        """Esc: stop the job and keep what it has written; without a job, take the ghost away."""
        draft = self.draft
        if draft is not None and draft.running and (draft.task in SELECTION_TASKS or HOLE in draft.ghost()):
            self._host.cancel(draft.job)  # what came so far is judged when the job has ended
            return
        if draft is not None and draft.running and draft.ghost():
            self._hidden[draft.job] = draft
            self.accept()
            self._turns.end(self.editor.ghost.position())
        self.dismiss()

    def dismiss(self) -> None:
        """Take the ghost away; what it showed stays among the ways on from its place."""
        draft = self.draft
        if draft is None:
            return
        if draft.running:
            self._host.cancel(draft.job)
        self._let_go()
        self._turns.stopped(draft)

    def _let_go(self) -> None:
        draft = self.draft
        self.draft = self._aside = None
        if draft is not None and draft.task != "look":
            draft.store(self.requests.manuscript.branches)
            if draft.running:
                self._hidden[draft.job] = draft
        came, went = self.editor.ghost.followed
        bar = self.editor.verticalScrollBar()
        back = came >= 0 and bar.value() == went
        self.editor.ghost.clear()
        self.changed.emit()
        if back:  # what the page was scrolled for is gone again
            bar.setValue(came)
        self._host.changed()

    # --- hearing ---

    def hear(self, event: Event) -> None:
        """What jobs of this panel say."""
        job = event.job_id
        draft = draft_of(self, self._hidden, job)
        match event:
            case Started():
                self.tokens[job] = []
                self.newest = job
            case Stepped(step=step):
                words = self.tokens.setdefault(job, [])
                del words[step.index :]
                words.append(step.label)
            case Previewed(preview=preview) if draft is not None and preview.media == LIVE:
                draft.look(Live.from_bytes(preview.data))
                if draft.due():
                    self.keep()
                if draft is self.draft:
                    self._show()
            case Finished(artifacts=artifacts) | Cancelled(artifacts=artifacts):
                self._end(job, draft, artifacts)
            case Failed(problem=problem):
                if draft is not None:
                    self._fail(draft, problem)

    def keep(self) -> None:
        """What has come so far is among the ways on, whatever happens next."""
        for draft in (self.draft, *self._hidden.values()):
            if draft is not None and draft.task != "look":
                draft.store(self.requests.manuscript.branches)
        self._host.changed()

    def _fail(self, draft: Draft, problem: Problem) -> None:
        draft.running = False
        self._hidden.pop(draft.job, None)
        if draft is self.draft:
            self._let_go()
        if not draft.wrote():
            for number in draft.branches[draft.older :]:
                self.requests.manuscript.branches.prune(number)
        self._turns.stopped(draft)
        self.failed.emit(problem)

    def _end(self, job: str, draft: Draft | None, artifacts: Sequence[Artifact]) -> None:
        generation = self.requests.manuscript.branches.generations.get(job)
        texts = [artifact for artifact in artifacts if artifact.media == media.TEXT]
        if generation is not None:
            generation.results = [artifact.id for artifact in texts]
            generation.record = next((a.id for a in artifacts if a.media == RECORD), "")
        self._hidden.pop(job, None)
        if draft is not None:
            draft.running = False
            for number, (text, finish) in enumerate(written(artifacts, len(draft.branches) - draft.older)):
                draft.put(number, text, finish)
            if not texts:
                draft.drop_holes(self.requests.manuscript.branches)
            draft.store(self.requests.manuscript.branches)
            if draft is self.draft:
                self._settle(draft)
        self.recorded.emit(job)
        self._host.changed()

    def _settle(self, draft: Draft) -> None:
        """The shown draft is whole now."""
        if draft.task == "prompt":
            words = whole(" ".join(draft.texts[0].split()))
            self._let_go()
            if words and not self._host.send_words(words):
                self._host.say("There is no panel that makes pictures")
            return
        if not draft.wrote():
            self._let_go()
            text = next_scene(self, draft)
            if text is None:
                self._host.say(HOLED if draft.holed else "The model wrote nothing here")
            else:
                self._host.say("The story had come to its end: a new scene begins")
                self._ask(self.requests.to_continue(text, len(text)), len(text), "\n")
        elif draft.task in SELECTION_TASKS:
            self._show()
            self.reviewing.emit(draft)
        elif not draft.ghost():
            self._let_go()
        else:
            self._show()

    def _show(self) -> None:
        if self.draft is not None:
            self.editor.ghost.show(self.draft.ghost())
            self.editor.follow_ghost()
        self.changed.emit()
