"""The music panel: a transport, a piano roll, and a bar that says what the model will write next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from studio.api import (
    Artifact,
    Event,
    PanelHost,
    Problem,
    Recipe,
    Request,
    Step,
    StudioError,
)
from studio.widgets.panel import Panel

from . import document_tracks as tracks
from .document import MEDIA, Metre, Note, Score, Tempo
from .panel_asking import Asking
from .panel_bar import ActionBar
from .panel_commands import add_commands, fill_menu
from .panel_devices import Devices
from .panel_editor import Editor
from .panel_floating import Floating
from .panel_inspector import Inspector
from .panel_keeping import Keeping
from .panel_lent import lent_by
from .panel_rack import Rack
from .panel_runs import Runs
from .panel_sheet import Sheet
from .panel_sound import Sound
from .panel_surface import lay_out
from .panel_takes import Take, Takes
from .panel_timeline import timeline_menu
from .panel_transport import Transport
from .params import MusicSettings
from .reading import score_of

GENERATOR = "composer"


def make(host: PanelHost) -> MusicPanel:
    """The panel, as hooks.py names it."""
    return MusicPanel(host)


def empty_score() -> Score:
    """Eight empty bars with a track to write into."""
    score = Score(tempos=(Tempo(0, 112.0),), metres=(Metre(0, 3, 4),))
    score = tracks.set_key(score, 0, 2, "minor")
    score = tracks.add_track(score, "piano", role="melody")[0]
    return tracks.set_bars(score, 8)


class MusicPanel(Panel):
    """Edits one score. What the model writes lies over it as a take until it is kept."""

    def __init__(self, host: PanelHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self.sheet = Sheet(host, empty_score(), self)
        self.settings_pane = Inspector()
        self.takes = Takes(host, self.sheet, score_of)
        self.asking = Asking(self.sheet, self.settings_pane)
        self.rack = Rack(host, self)
        self.transport = Transport(self.sheet, self.rack)
        self.editor = Editor(self.sheet)
        self.sound = Sound(host, self.sheet, self.takes, self.rack, self)
        self.devices = Devices(host, self.sheet, self.sound, self)
        self.rack.outputs = self.devices.outputs_there
        self.bar = ActionBar()
        self.floating = Floating(self.editor)
        self.keeping = Keeping(host)
        self.runs = Runs(self, f"{host.panel_id.partition('.')[0]}.{GENERATOR}")
        self._result = ""
        self._begun: set[str] = set()
        self._kept: Take | None = None
        self.clipboard: tuple[Note, ...] = ()
        lay_out(self, self.transport, self.editor, self.bar)
        self._join()
        add_commands(self)
        self.settings_pane.seed.roll()
        self.refresh_models()
        self._show_asking()

    def _join(self) -> None:
        sheet, takes, transport, sound = self.sheet, self.takes, self.transport, self.sound
        sheet.chosen.connect(self._show_asking)
        sheet.edited.connect(self._show_asking)
        self.settings_pane.changed.connect(self._inspector_edited)
        self.bar.submitted.connect(self.generate)
        self.bar.task_chosen.connect(lambda task: (self.asking.choose(task), self._show_asking()))
        self.bar.part_chosen.connect(lambda role, name: (self.asking.choose_part(role, name), self._show_asking()))
        transport.model_wanted.connect(
            lambda: (self.asking.choose("add"), self._show_asking(), self.bar.generate.setFocus())
        )
        transport.play_wanted.connect(sound.toggle)
        transport.stop_wanted.connect(sound.stop)
        transport.start_wanted.connect(lambda: sound.seek(0))
        transport.loop_toggled.connect(sound.set_looping)
        transport.loop_toggled.connect(self.editor.ruler.set_looping)
        transport.metronome_toggled.connect(sound.set_metronome)
        transport.count_in_toggled.connect(sound.set_count_in)
        sound.moved.connect(self._show_place)
        sound.playing.connect(transport.show_playing)
        sound.failed.connect(self.floating.show_problem)
        for part in (self.rack, self.devices):
            part.failed.connect(self.floating.show_problem)
        transport.counts_in = sound.counts_in
        transport.record_toggled.connect(self.devices.recorder.set_armed)
        transport.devices_wanted.connect(lambda: (self.devices.list_all(), self.devices.fill(transport.devices.menu())))
        self.devices.changed.connect(lambda: self.devices.refill(transport.devices.menu()))
        self.devices.recorder.recording.connect(transport.show_recording)
        self.editor.sought.connect(sound.seek)
        self.editor.struck.connect(sound.strike)
        self.editor.keys.let_go.connect(sound.let_go)
        self.editor.ruler.loop_wanted.connect(self._set_loop)
        self.editor.ruler.menu_wanted.connect(lambda tick, place: timeline_menu(self, tick).popup(place))
        self.editor.roll.menu_wanted.connect(lambda place: fill_menu(self).popup(place))
        takes.turned.connect(self._show_takes)
        takes.busy.connect(self.bar.show_busy)
        takes.failed.connect(self._failed)
        self.floating.try_again.connect(self.generate)
        takes.settled.connect(self._settled)
        self.floating.takes.stepped.connect(takes.step)
        self.floating.takes.kept.connect(takes.keep)
        self.floating.takes.dropped.connect(takes.drop)
        self.floating.takes.again.connect(self.generate)

    # What the window asks

    def inspector(self) -> QWidget:
        """Model, style, mood, length, instruments."""
        return self.settings_pane

    def on_event(self, event: Event) -> None:
        """Follow the panel's jobs."""
        self.takes.on_event(event)

    def state(self) -> dict[str, Any]:
        """The score, and what is set."""
        return {
            "score": self.sheet.score.to_json(),
            "track": self.sheet.track_id,
            "values": self.settings_pane.values(),
            "seed": self.settings_pane.seed.value(),
            "seed_locked": self.settings_pane.seed.locked(),
            "model": getattr(self.settings_pane.chosen_model(), "id", ""),
            "result": self._result,
            "takes": self.takes.waiting(),
            "in_key": self.sheet.in_key,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Bring back an earlier sitting; a score that cannot be read is said and left out."""
        if not isinstance(state.get("score"), dict):
            return
        try:
            self.sheet.show(Score.from_json(state["score"]))
        except StudioError as error:
            self.floating.show_problem(Problem.of(error))
            raise
        self.sheet.choose_track(str(state.get("track", "")))
        values = state.get("values")
        if isinstance(values, dict):
            self.settings_pane.set_values(values)
        if isinstance(state.get("seed"), int):
            self.settings_pane.seed.set_value(state["seed"])
        self.settings_pane.seed.set_locked(bool(state.get("seed_locked")))
        self.settings_pane.use_model(str(state.get("model", "")))
        self._result = str(state.get("result", ""))
        self.transport.set_in_key(bool(state.get("in_key")))
        takes = state.get("takes")
        self.takes.bring_back(takes if isinstance(takes, list) else ())
        self.editor.fit()
        self._show_asking()

    def showEvent(self, event: QShowEvent) -> None:
        """Models may have come or gone."""
        super().showEvent(event)
        self.refresh_models()

    def refresh_models(self) -> None:
        """Ask again which models there are."""
        models = tuple(self.host.models(GENERATOR))
        if models != self.settings_pane.models():
            self.settings_pane.set_models(models)
        self.bar.set_possible(bool(models))

    def use_model(self, model_id: str) -> bool:
        """Choose a model from elsewhere in the window."""
        return self.settings_pane.use_model(model_id)

    def artifact_id(self) -> str:
        """The newest result that was kept."""
        return self._result if self._result and self.host.artifact(self._result) is not None else ""

    @property
    def can_export(self) -> bool:
        """Everything that is heard can be written."""
        return self.sheet.score.note_count > 0 or self.takes.current() is not None

    def export_id(self) -> str:
        """The piece as it is heard now: the kept result where nothing was done to it."""
        return self.keeping.document(self.takes.score(), self._result, self.asking.title())

    def export_media(self) -> str:
        """A score."""
        return MEDIA if self.can_export else ""

    def receive(self, artifact: Artifact) -> None:
        """Open a piece: one entry of the undo stack. A text or a picture lends its mood."""
        score = score_of(artifact)
        if score is None:
            self.host.say(self.asking.lend(lent_by(artifact)))
            self._show_asking()
            return
        self.takes.drop()
        self.sheet.edit(f"opening {artifact.title or 'a piece'}", score, select=())
        self._result = artifact.id
        self.editor.fit()

    show_result = receive

    def recall(self, recipe: Recipe, notes: Sequence[str] = ()) -> None:
        """Set everything as the recipe says; the score it was asked over comes back too."""
        self.runs.recall(recipe, notes)
        self._show_asking()

    # Generate

    def generate(self) -> None:
        """Queue what the bar says."""
        self.runs.generate()

    def next_request(self) -> tuple[Request, str] | None:
        """What Generate would ask for now."""
        return self.runs.next_request()

    @property
    def can_branch(self) -> bool:
        """Each bar is kept with what is needed to go on from it."""
        return True

    def branch(self, steps: str, index: int) -> None:
        """Go on from a kept bar with another surprise or seed."""
        self.runs.branch(steps, index, result=self._result)

    def show_step(self, step: Step | None) -> None:
        """The piece as far as it was after that bar; None: as it is."""
        take = self.takes.current() or self._kept
        if step is None or take is None:
            self.takes.step(0)
            if not self.takes.takes:
                self.sheet.set_ghosts(None)
            return
        bars = self.asking.bars_of(take)
        bar = bars[min(step.index, len(bars) - 1)] if bars else step.index
        start, end = self.sheet.timeline.bar_span(bar, bar)
        later = frozenset(n.id for t in self.sheet.score.tracks for n in t.notes if n.start >= end)
        self.sheet.set_ghosts(self.sheet.ghosts, later)
        self.sound.seek(start)

    # Showing

    def _inspector_edited(self) -> None:
        self.host.changed()
        self._show_asking()

    def _show_asking(self) -> None:
        self.bar.task.show_tasks(self.asking.tasks(), self.asking.task())
        self.bar.show_parts(self.asking.free_parts(), self.asking.part() if self.asking.task() == "add" else None)
        self.bar.say(self.asking.words())
        self.settings_pane.form.field("bars").setEnabled(self.asking.task() in ("piece", "continue"))

    def _show_takes(self) -> None:
        take = self.takes.current()
        there = [t for t in self.takes.takes if t.after is not None]
        if take is None or take.after is None:
            self.floating.takes.show_takes("", 0, 0)
        else:
            words = self.asking.take_words(take) + (" …" if take.state != "done" else "")
            self.floating.takes.show_takes(words, there.index(take), len(there))
            if take.state != "done":
                self.editor.follow_writing(take.task)
            if take.artifact is not None and take.state == "done":
                self.host.show_steps(take.artifact.steps or take.job)
            self._play_as_written(take)
        self.sound.refresh()

    def _play_as_written(self, take: Take) -> None:
        """Begin to play a new piece when its second bar begins, where the artist has asked for that in Settings."""
        if take.task != "piece" or take.job in self._begun or take.after is None or self.sound.is_playing():
            return
        last = max((int(track.starts[-1]) for track in take.after.tracks if track.notes), default=0)
        if last >= self.sheet.timeline.bar_start(1) and self.host.settings(MusicSettings).play_as_written:
            self._begun.add(take.job)
            self.sound.seek(0)
            self.sound.play()

    def _settled(self, take: Take) -> None:
        self._kept = take
        if take.artifact is not None:
            self._result = take.artifact.id
        proof = self.asking.proof(take)
        self.settings_pane.proof.setText(proof)
        if proof:
            self.host.say(proof)  # the inspector may be scrolled, or hidden
        if take.task == "piece":
            self.editor.fit()
        self.host.changed()

    def _failed(self, problem: Problem) -> None:
        self.floating.show_problem(problem, action="Try again")

    def _show_place(self, tick: float, moving: bool) -> None:
        self.editor.set_playhead(tick, moving=moving)
        self.transport.show_place(int(tick))

    def _set_loop(self, start: int, end: int) -> None:
        self.editor.ruler.set_loop(start, end)
        self.sound.set_loop(start, end)
        self.transport.loop.setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space plays, Enter keeps a take, Escape drops marks."""
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.sound.toggle()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.takes.current() is not None:
            self.takes.keep()
        elif event.key() == Qt.Key.Key_Escape and (self.sheet.regions or self.sheet.selection):
            self.sheet.set_regions(())
            self.sheet.select(())
        else:
            super().keyPressEvent(event)
