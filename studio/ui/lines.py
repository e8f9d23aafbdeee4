"""The lines of a tree of generations: where each left another one, and bringing one of them to front."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from studio.core.artifact import Artifact
from studio.core.branches import Tree
from studio.core.errors import StudioError
from studio.core.job import JobState
from studio.core.request import Request, ResumePoint
from studio.store import Branches
from studio.ui.asking import ask
from studio.widgets.feeder import Feeder

if TYPE_CHECKING:
    from studio.ui.main_window import MainWindow


REMEMBERED = "ribbon"
"""The session's key for what stood on the ribbon of each panel."""


class Lines:
    """Answers from the queue and the library of the project that is open."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        dock, view = window.ribbon, window.ribbon.branches
        dock.row_drawn.connect(lambda _steps: self.draw())
        dock.line_wanted.connect(self.show)
        dock.branch_wanted.connect(self.branch)
        self._feeder = Feeder().serve(window)
        self._feeder.ready.connect(lambda _key, _answer: self.draw())
        view.chosen.connect(self.show)
        view.named.connect(self.name)
        view.pin_wanted.connect(self.pin)
        view.prune_wanted.connect(self.prune)
        view.compare_wanted.connect(self.compare)

    def learn(self) -> None:
        """Read in the background what is known of the branches of this project; until then only direct lines show."""
        branches = self._branches
        self._feeder.ask(("branches", id(branches)), branches.load)
        for panel, steps_id in self._window.ribbon.all_shown().items():
            self.put(panel, steps_id)  # the queue is known now: some of them may have been paused

    def close(self) -> None:
        """Ask nothing any more."""
        self._feeder.close()

    def draw(self) -> None:
        """Show the tree of what is on the ribbon."""
        window = self._window
        here = window.ribbon.shown(window.front)
        tree = self._branches.tree(here, self._params) if here else Tree()
        window.services.engine.looking_at(*sorted(set(window.ribbon.all_shown().values())))
        if here:
            window.session.set(f"{REMEMBERED}/{window.front}", [window.services.project.id, here])
        window.ribbon.branches.show_tree(tree, here, window.ribbon.ribbon.count())
        window.ribbon.ribbon.set_forks(tree.forks(here))

    def put(self, panel: str, steps_id: str) -> None:
        """Put kept steps on the ribbon of a panel; "" empties it."""
        window = self._window
        job = window.services.engine.job(steps_id) if steps_id else None
        word = window.panels.usual_word(panel) if job is None else window.panels.word(job.request.generator)
        paused = job is not None and job.state is JobState.PAUSED
        window.ribbon.show_steps(panel, steps_id, word, paused=paused)

    def recall(self, panel: str) -> None:
        """What was on the ribbon of a panel when the window was closed comes back, unless it has something newer."""
        window = self._window
        kept = window.session.get(f"{REMEMBERED}/{panel}")
        if isinstance(kept, list) and len(kept) == 2 and not window.ribbon.knows(panel):
            project, steps_id = kept
            if (
                project == window.services.project.id
                and isinstance(steps_id, str)
                and window.ribbon.has_steps(steps_id)
            ):
                self.put(panel, steps_id)

    @property
    def _branches(self) -> Branches:
        return self._window.services.project.branches

    def _params(self, generator: str) -> type | None:
        offer = self._window.services.plugins.generators().get(generator)
        return None if offer is None else offer.spec.params

    def branch(self, steps_id: str, index: int) -> None:
        """Go on from a step with what the panel in front has now."""
        window, slot = self._window, self._window.front_slot()
        if slot is not None:
            window.panels.guard(slot, lambda: slot.panel.branch(steps_id, index))

    def name(self, steps_id: str, name: str) -> None:
        """Give a generation a name."""
        self._try(lambda: self._branches.name(steps_id, name))

    def pin(self, steps_id: str, on: bool) -> None:
        """Always keep the steps of a generation, or let them go when their room is needed."""
        if self._try(lambda: self._branches.pin(steps_id, on)):
            self._window.say("Its steps are always kept now" if on else "Its steps go when their room is needed")

    def compare(self, steps_id: str) -> None:
        """Compare what came of a branch with what came of the generation it left."""
        window, slot = self._window, self._window.front_slot()
        branch = self._branches.tree(steps_id).get(steps_id)
        if slot is None or branch is None or not branch.parent:
            return
        pair = [found[-1] for one in (branch.parent, branch.id) if (found := self.results(one))]
        if len(pair) == 2:
            window.panels.guard(slot, lambda: slot.panel.compare(pair[0], pair[1]))
        else:
            window.say("There is no result of both of them to compare")

    def prune(self, steps_id: str) -> None:
        """Take a branch and all that grew from it out of the tree, after a question."""
        window = self._window
        here = window.ribbon.shown(window.front)
        tree = self._branches.tree(here)
        branch = tree.get(steps_id)
        if branch is None:
            return
        below = sum(branch in tree.path(other.id) for other in tree.branches) - 1
        what = f"this branch and the {below} that grew from it" if below > 0 else "this branch"
        go = branch.parent and ask(
            window,
            f"Prune {what}?",
            "Its steps are deleted: one can no longer look back at them or branch from them. "
            "What came of it stays in the library.",
            "Prune",
            "Keep it",
        )
        if branch.parent and not go:
            return
        gone: list[str] = []
        if not self._try(lambda: gone.extend(self._branches.prune(steps_id))):
            return
        if here in gone:
            self.show(branch.parent)
        window.notices.say(
            "The branch was pruned." if len(gone) == 1 else f"{len(gone)} branches were pruned.",
            action="Show again",
            act=lambda: self._restore(gone),
        )

    def _restore(self, gone: Sequence[str]) -> None:
        self._try(lambda: self._branches.restore(gone))

    def _try(self, change: Callable[[], object]) -> bool:
        """Change the tree and show it; what cannot be is said."""
        try:
            change()
        except StudioError as error:
            self._window.report(error)
            return False
        finally:
            self.draw()
        return True

    def request(self, steps_id: str) -> Request | None:
        """What was asked for where these steps came from; None where nobody knows any more."""
        services = self._window.services
        job = services.engine.job(steps_id)
        if job is not None:
            return job.request
        found = self.results(steps_id)
        return found[-1].recipe.request if found and found[-1].recipe is not None else None

    def results(self, steps_id: str) -> tuple[Artifact, ...]:
        """What came of the generation with these steps."""
        return self._window.services.project.artifacts.of_job(steps_id)

    def left_at(self, steps_id: str) -> ResumePoint | None:
        """Where the generation with these steps left another one."""
        request = self.request(steps_id)
        return None if request is None else request.resume

    def show(self, steps_id: str) -> None:
        """Bring a generation to front: its result on the canvas, its steps on the ribbon."""
        window = self._window
        found = self.results(steps_id)
        slot = window.front_slot()
        if slot is not None and found:
            window.panels.guard(slot, lambda: slot.panel.show_result(found[-1]))
        elif slot is not None and not window.ribbon.has_steps(steps_id):
            window.report(
                StudioError("Nothing of this generation is left.", "Its result and its steps were removed before.")
            )
            return
        window.show_steps(window.front, steps_id)
        self.draw()  # its row has to be read; the tree is known
