"""The base of all panels: what the window asks of the canvas or editor of a medium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from studio.api import Artifact, Event, PanelHost, Recipe, Request, Step
from studio.widgets.prompt import PromptEdit


class Panel(QWidget):
    """A canvas or editor. Everything has a harmless answer here: override what the medium has.

    All calls come on the window's thread and must return at once. `host` is the only way out of a panel.
    """

    def __init__(self, host: PanelHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.host = host

    def inspector(self) -> QWidget | None:
        """What stands on the right: asked once; the window keeps it."""
        return None

    def on_event(self, event: Event) -> None:
        """Something happened to one of the panel's jobs."""

    def show_step(self, step: Step | None) -> None:
        """Show a step in the centre; None: the result again."""

    def receive(self, artifact: Artifact) -> None:
        """Somebody sent an artifact of a type the panel accepts, to look at or to start from."""

    def take_files(self, paths: Sequence[Path]) -> None:
        """Files with the `suffixes` of the panel's spec were dropped on the window: read them, away from its thread."""

    def take_words(self, text: str) -> bool:
        """Another panel sends words to make something of: they become the prompt, and undo brings back the one before.
        False where the panel has no use for them.
        """
        prompts = [edit for edit in self.findChildren(PromptEdit) if edit.accessibleName() == "Prompt"]
        for prompt in prompts[:1]:
            prompt.replace_text(text)
        return bool(prompts)

    def show_result(self, artifact: Artifact) -> None:
        """Show a kept result of this panel's generators, as choosing it among the panel's results does."""

    def compare(self, one: Artifact, other: Artifact) -> None:
        """Show two results so that they can be compared."""

    def recall(self, recipe: Recipe, notes: Sequence[str] = ()) -> None:
        """Set everything as the recipe says. `notes` say what could not be brought back; show them."""

    def state(self) -> dict[str, Any]:
        """Everything to be found again at the next start, as plain JSON."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """The opposite of `state`; whatever is unknown or wrong is passed over."""

    def files(self) -> Mapping[str, str]:
        """Plain texts to stand beside the document under their file names ("01-the-lamp-room.md"), for people and other
        programs; `state` holds all of it too. What another program wrote into them since comes back in
        `restore(state)` as `state["files"]`.
        """
        return {}

    def use_model(self, model_id: str) -> bool:
        """Choose a model by its id; False where the panel cannot use it."""
        return False

    def generate(self) -> None:
        """Ctrl+Enter."""

    def artifact_id(self) -> str:
        """The kept result on show; "" for none."""
        return ""

    @property
    def notes_results(self) -> bool:
        """True where the panel itself puts what a finished job changes on the undo stack (an editor does so when the
        artist takes it). Otherwise the window makes one entry of each finished job.
        """
        return False

    @property
    def can_export(self) -> bool:
        """True where `export_id` would give something."""
        return bool(self.artifact_id())

    def export_id(self) -> str:
        """The artifact to export or to send: asked once, when the artist wants to. A panel whose document is no
        artifact yet makes one here. "" for nothing.
        """
        return self.artifact_id()

    def export_options(self) -> Mapping[str, Any]:
        """Options that every format begins with when `export_id` is exported, by their names (`language`): what the
        document knows of itself. A format without one of them passes it over.
        """
        return {}

    def export_media(self) -> str:
        """The media type of what `export_id` would give, which decides who can take it; "" for nothing. Asked often."""
        artifact = self.host.artifact(self.artifact_id())
        return "" if artifact is None else artifact.media

    def copy(self) -> bool:
        """Put what is on show on the clipboard; False where there is nothing."""
        return False

    def next_request(self) -> tuple[Request, str] | None:
        """What Generate would ask for now, of one result, and its title; None where nothing can be made."""
        return None

    def rest_of(self, request: Request) -> Request | None:
        """`request` with the settings as they are now, for the rest of a job that was paused; None where the panel
        does not tell. What the steps before were made with stays.
        """
        return None

    @property
    def can_branch(self) -> bool:
        """True where the panel's generator can continue from a kept step."""
        return False

    def branch(self, steps: str, index: int) -> None:
        """Continue from step `index` of the kept steps `steps` with the parameters as they are now."""
