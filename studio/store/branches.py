"""The branches of a project's generations as trees, from the notes beside the steps and from the recipes of results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from studio.core.artifact import Artifact
from studio.core.branches import Branch, Tree, changes
from studio.core.errors import StudioError
from studio.store.library import Library
from studio.store.notes import Note
from studio.store.steps import StepStore

Params = Callable[[str], type | None]
"""The params dataclass of a generator by its id, for the words of a change."""

_PAGE = 500


class Branches:
    """Trees of generations that went on from one another's steps. Safe from any thread.

    `tree` takes under 1 ms for each branch, once `load` has read all notes; before, it knows the direct line only.
    """

    def __init__(self, steps: StepStore, library: Library) -> None:
        self._steps = steps
        self._notes = steps.notes
        self._library = library

    @property
    def version(self) -> int:
        """Counts up with every change, so that a view knows when to ask again."""
        return self._notes.version + self._library.version

    def load(self) -> None:
        """Read every note, and every recipe that went on from a step: from a helper thread, please (0.1 ms each)."""
        self._notes.load()
        for artifact in self._everything():
            recipe = artifact.recipe
            if recipe is not None and recipe.request.resume is not None and artifact.job:
                self._of_result(artifact.job)

    def tree(self, of: str, params: Params | None = None) -> Tree:
        """The whole tree that a generation belongs to; `of` is its job or an artifact. Empty where nothing is known."""
        start = self._job_of(of)
        note = self._known(start)
        if note is None:
            return Tree()
        line = [note]
        while (above := self._known(line[-1].parent)) is not None and above not in line:
            line.append(above)
        root = line[-1]
        return Tree(root.id, tuple(self._grown(root, None, params, set(), frozenset(note.id for note in line))))

    def name(self, branch_id: str, name: str) -> None:
        """Give a branch a name; "" takes it away. Raises StudioError."""
        self._notes.put(replace(self._there(branch_id), name=" ".join(name.split())))

    def pin(self, branch_id: str, on: bool) -> None:
        """Keep the steps of a branch whatever room they take, or no longer. Raises StudioError."""
        self._notes.put(replace(self._there(branch_id), pinned=on))

    def prune(self, branch_id: str) -> tuple[str, ...]:
        """Take a branch and all that went on from it out of the tree and delete their steps; their results stay in the
        library. Gives the ids of all of them. Raises StudioError for the root.
        """
        note = self._there(branch_id)
        if self._known(note.parent) is None:
            raise StudioError(
                "This is what all the branches grew from; it cannot be pruned.",
                "Prune one of its branches, or delete its result in the library.",
            )
        pruned = [note, *self._below(note)]
        for item in pruned:
            self._notes.put(replace(item, pruned=True, pinned=False))
            self._steps.forget(item.id)
        return tuple(item.id for item in pruned)

    def restore(self, branch_ids: Iterable[str]) -> None:
        """Show pruned branches in the tree again; their steps stay gone. Raises StudioError."""
        for branch_id in branch_ids:
            self._notes.put(replace(self._there(branch_id), pruned=False))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _grown(
        self, note: Note, parent: Note | None, params: Params | None, seen: set[str], line: frozenset[str]
    ) -> Iterator[Branch]:
        if note.id in seen or (note.pruned and note.id not in line):
            return
        seen.add(note.id)
        yield self._branch(note, parent, params)
        children = {child.id: child for child in self._notes.children(note.id)}
        for job_id in line - children.keys():
            one = self._known(job_id)
            if one is not None and one.parent == note.id:
                children[job_id] = one
        for child in sorted(children.values(), key=lambda child: (child.created, child.id)):
            yield from self._grown(child, note, params, seen, line)

    def _branch(self, note: Note, parent: Note | None, params: Params | None) -> Branch:
        results = self._library.of_job(note.id)
        request = note.request
        fields = None if params is None else params(request.generator)
        done = any(not artifact.partial for artifact in results)
        return Branch(
            id=note.id,
            parent="" if parent is None else parent.id,
            at=-1 if parent is None or request.resume is None else request.resume.index,
            request=request,
            title=note.title,
            name=note.name,
            pinned=note.pinned,
            created=note.created,
            artifacts=tuple(artifact.id for artifact in results),
            state="done" if done else "partial" if results else "",
            kept=self._steps.path(note.id).exists(),
            changed=() if parent is None else changes(parent.request, request, fields),
        )

    def _below(self, note: Note) -> list[Note]:
        found: list[Note] = []
        todo = [note]
        while todo:
            for child in self._notes.children(todo.pop().id):
                if child not in found and child != note:
                    found.append(child)
                    todo.append(child)
        return found

    def _there(self, branch_id: str) -> Note:
        note = self._known(branch_id)
        if note is None:
            raise StudioError(
                "Nothing is known of this generation any more.", "Generate it again to give it steps and branches."
            )
        return note

    def _known(self, job_id: str) -> Note | None:
        if not job_id:
            return None
        return self._notes.get(job_id) or self._of_result(job_id)

    def _of_result(self, job_id: str) -> Note | None:
        """What the recipe of a result says where the note is gone."""
        known = self._notes.get(job_id)
        if known is not None:
            return known
        for artifact in self._library.of_job(job_id):
            if artifact.recipe is not None and artifact.job == job_id:
                note = Note(job_id, artifact.recipe.request, artifact.title, artifact.created)
                self._notes.learn(note)
                return note
        return None

    def _job_of(self, of: str) -> str:
        artifact = self._library.get(of) if len(of) == 64 else None
        return of if artifact is None else artifact.steps or artifact.job

    def _everything(self) -> Iterator[Artifact]:
        offset = 0
        while page := self._library.search(limit=_PAGE, offset=offset):
            yield from page
            offset += len(page)
