"""The sound panel: a waveform to edit, and audio models that make a sound, a part of it anew, or go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QMenu, QWidget

from studio.api import Artifact, Event, PanelHost, Problem, Recipe, Step, StudioError
from studio.widgets import theme
from studio.widgets.panel import Panel
from studio.widgets.pictures import preview_image

from . import panel_wave_commands as commands
from .panel_surface import lay_out
from .panel_wave_asking import WaveAsking
from .panel_wave_bars import AskBar, WaveTransport
from .panel_wave_desk import Desk
from .panel_wave_inspector import WaveInspector
from .panel_wave_intake import WaveIntake
from .panel_wave_keeping import WaveKeeping
from .panel_wave_runs import WaveRuns
from .panel_wave_sheet import WaveSheet
from .panel_wave_sound import WaveSound
from .panel_wave_takes import WaveTake, WaveTakes
from .wave import Wave, spoken_time
from .wave_edit import clips_between

GENERATOR = "sound"
NO_MODEL = "No sound model yet: Models, on the left, says where to put one. Editing and exporting work without."
PROMPT = "warm piano, slow, rain outside"


def make(host: PanelHost) -> WavePanel:
    """The panel, as hooks.py names it."""
    return WavePanel(host)


class WavePanel(Panel):
    """Edits one sound. What a model makes lies over it as a take until it is kept."""

    def __init__(self, host: PanelHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self._generator = f"{host.panel_id.partition('.')[0]}.{GENERATOR}"
        self.sheet = WaveSheet(host, self)
        self.settings_pane = WaveInspector()
        self.takes = WaveTakes(host, self.sheet)
        self.asking = WaveAsking(self.sheet, self.settings_pane)
        self.transport = WaveTransport()
        self.desk = Desk(self.sheet)
        self.sound = WaveSound(host, self.sheet, self)
        self.bar = AskBar()
        self.intake = WaveIntake(host, self.sheet, self)
        self.keeping = WaveKeeping(host, self.sheet)
        self.runs = WaveRuns(self, self._generator)
        self.clipboard: Wave | None = None
        self._result = ""
        self._scrubbed: Step | None = None
        self._made = (0, 0)
        lay_out(self, self.transport, self.desk, self.bar)
        self._join()
        commands.add_commands(self)
        self.bar.prompt.setText(PROMPT)
        self.settings_pane.seed.roll()
        self.refresh_models()
        self._show_all()

    def _join(self) -> None:
        sheet, takes, transport, sound, desk = self.sheet, self.takes, self.transport, self.sound, self.desk
        for said in (sheet.edited, sheet.chosen):
            said.connect(self._show_all)
        sheet.tapes.failed.connect(self.show_error)
        self.settings_pane.changed.connect(self._inspector_edited)
        self.bar.prompt.textChanged.connect(self.host.changed)
        self.bar.submitted.connect(self.generate)
        self.bar.task_chosen.connect(self._choose_task)
        transport.play_wanted.connect(sound.toggle)
        transport.stop_wanted.connect(sound.stop)
        transport.start_wanted.connect(lambda: sound.seek(0))
        transport.loop_toggled.connect(self._set_looping)
        transport.spectral_toggled.connect(desk.view.set_spectral)
        transport.volume_moved.connect(sound.set_volume)
        transport.tool_wanted.connect(lambda name: commands.EDITS[name][3](self))
        transport.more.menu_.aboutToShow.connect(lambda: commands.fill_menu(self, transport.more.menu_))
        sound.moved.connect(self._show_place)
        sound.playing.connect(transport.show_playing)
        sound.metered.connect(desk.meter.show_level)
        sound.failed.connect(desk.show_problem)
        desk.sought.connect(sound.seek)
        desk.open_wanted.connect(lambda: commands.choose_file(self))
        desk.try_again.connect(self.generate)
        desk.ruler.loop_wanted.connect(self.loop_over)
        desk.view.menu_wanted.connect(lambda place: commands.fill_menu(self, QMenu(self)).popup(place))
        desk.regions.rename_wanted.connect(lambda mark: commands.rename(self, mark))
        desk.regions.menu_wanted.connect(lambda mark, place: commands.mark_menu(self, mark).popup(place))
        takes.turned.connect(self._show_takes)
        takes.busy.connect(self.bar.show_busy)
        takes.failed.connect(lambda problem: desk.show_problem(problem, action="Try again"))
        takes.settled.connect(self._settled)
        takes.finished.connect(self.runs.compare)
        desk.takes.stepped.connect(takes.step)
        desk.takes.kept.connect(takes.keep)
        desk.takes.dropped.connect(takes.drop)
        desk.takes.again.connect(self.generate)
        self.intake.opening.connect(desk.show_opening)
        self.intake.opening.connect(lambda words: self.host.say(words) if words else None)
        self.intake.failed.connect(self.show_error)
        self.intake.opened.connect(self._opened)

    # What the window asks

    def inspector(self) -> QWidget:
        """Model, length, steps, guidance."""
        return self.settings_pane

    def on_event(self, event: Event) -> None:
        """Follow the panel's jobs."""
        self.takes.on_event(event)

    @property
    def notes_results(self) -> bool:
        """A take is an entry of the undo stack when it is kept."""
        return True

    def state(self) -> dict[str, Any]:
        """The document, and what is set."""
        return {
            "wave": self.sheet.wave.to_json(),
            "selection": list(self.sheet.selection),
            "values": self.settings_pane.values(),
            "prompt": self.bar.prompt.text(),
            "seed": self.settings_pane.seed.value(),
            "seed_locked": self.settings_pane.seed.locked(),
            "model": getattr(self.settings_pane.chosen_model(), "id", ""),
            "result": self._result,
            "bars": self.desk.ruler.bars,
            "asked": self.takes.asked(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Bring back an earlier sitting; a document that cannot be read is said and left out."""
        if not isinstance(state.get("wave"), dict):
            return
        try:
            self.sheet.show(Wave.from_json(state["wave"]))
        except StudioError as error:
            self.desk.show_problem(Problem.of(error))
            raise
        values, chosen = state.get("values"), state.get("selection")
        if isinstance(chosen, list) and len(chosen) == 2 and all(isinstance(place, int) for place in chosen):
            self.sheet.select(*chosen)
        if isinstance(values, dict):
            self.settings_pane.set_values(values)
        if isinstance(state.get("prompt"), str):
            self.bar.prompt.setText(state["prompt"])
        if isinstance(state.get("seed"), int):
            self.settings_pane.seed.set_value(state["seed"])
        self.settings_pane.seed.set_locked(bool(state.get("seed_locked")))
        self.settings_pane.use_model(str(state.get("model", "")))
        self._result = str(state.get("result", ""))
        self.show_bars(bool(state.get("bars")))
        asked = state.get("asked")
        self.takes.bring_back(asked if isinstance(asked, dict) else {})
        self.desk.lens.fit()
        self.sound.seek(self.sheet.cursor)
        self._show_all()

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
        self.desk.set_possible(bool(models))
        self._show_all()

    def use_model(self, model_id: str) -> bool:
        """Choose a model from elsewhere in the window."""
        return self.settings_pane.use_model(model_id)

    def artifact_id(self) -> str:
        """The recording, where the document is nothing but that; else the newest result that is heard in it."""
        return self.keeping.recording() or self.keeping.newest(self._result)

    @property
    def can_export(self) -> bool:
        """Everything that is heard can be written."""
        return self.sheet.wave.length > 0

    def export_id(self) -> str:
        """The recording itself where nothing was done to it; else the document as it is now."""
        return self.keeping.recording() or self.keeping.document(self.sheet.wave, self._result)

    def export_media(self) -> str:
        """A sound document, or the recording that it is."""
        return self.keeping.media()

    def export_selection(self) -> None:
        """Only what is selected."""
        wave, (start, end) = self.sheet.wave, self.sheet.selection
        if end > start:
            part = replace(wave, clips=clips_between(wave, start, end), regions=(), markers=())
            self.host.export(self.keeping.document(part, self._result))

    def receive(self, artifact: Artifact) -> None:
        """A sound, or a piece of music as it sounds: the document where there is none yet, else at the cursor."""
        self.intake.take(artifact)

    def show_result(self, artifact: Artifact) -> None:
        """Open a result as the document."""
        self.takes.drop()
        self.intake.take(artifact, instead=True)

    def open_file(self, path: Path) -> None:
        """A sound file that was chosen."""
        self.intake.open_file(path)

    def recall(self, recipe: Recipe, notes: Sequence[str] = ()) -> None:
        """Set everything as the recipe says; the sound it was asked over comes back too."""
        self.takes.drop()
        self.runs.recall(recipe, notes)
        self._show_all()

    # Generate

    def generate(self) -> None:
        """Queue what the bar says."""
        self.runs.generate()

    @property
    def can_branch(self) -> bool:
        """Diffusion steps are kept with what is needed to go on from them."""
        return True

    def branch(self, steps: str, index: int) -> None:
        """Go on from a kept step with today's words and guidance."""
        self.runs.branch(steps, index, result=self._result)

    def show_step(self, step: Step | None) -> None:
        """What a step looks and sounds like, where it belongs; None: the document or the take again."""
        self._scrubbed = step
        preview = None if step is None else step.preview
        image = None if preview is None else preview_image(preview)
        if step is None or preview is None or image is None:
            self.sound.end_step()
            self._show_takes()
            return
        take = self.takes.current()
        span = self.sheet.ghost_span or (take.expected() if take is not None else self._last_made())
        words = f"Step {step.index + 1} of {step.total}" if step.total else f"Step {step.index + 1}"
        self.sheet.set_ghost(None if self.sheet.shown is self.sheet.wave else self.sheet.shown, span)
        self.desk.view.set_step(image, words)
        if preview.sound:
            self.sound.hear_step(preview.sound, span[0])

    # Showing

    def _choose_task(self, task: str) -> None:
        self.asking.choose(task)
        self._show_all()

    def _inspector_edited(self) -> None:
        self.host.changed()
        self._show_all()

    def _show_all(self) -> None:
        wave, sheet = self.sheet.shown, self.sheet
        self.transport.show_wave(wave, sheet.selection)
        self.bar.task.show_tasks(self.asking.tasks(), self.asking.task())
        self.bar.words.setText(self.asking.words() if self.settings_pane.models() else NO_MODEL)
        loop = sheet.selection if sheet.has_range else None
        if loop is not None and self.transport.loop.isChecked():
            self.desk.ruler.set_loop(*loop)
            self.sound.set_loop(*loop)
        self.settings_pane.form.field("seconds").setEnabled(self.asking.task() != "repaint")
        side = "mono" if wave.channels == 1 else "stereo"
        about = f"{spoken_time(wave.seconds)} · {wave.rate / 1000:g} kHz · {side}" if wave.length else ""
        self.settings_pane.about.setText(about)
        if not self.sound.is_playing():
            self._show_place(self.sound.frame(), False)

    def _show_takes(self) -> None:
        take = self.takes.current()
        there = self.takes.ready()
        if take is None or take.tape is None:
            self.desk.takes.show_takes("", 0, 0)
        else:
            words = {"new": "New sound", "insert": "New sound", "repaint": "Made anew", "front": "New beginning"}
            self.desk.takes.show_takes(words.get(take.task, "Going on"), there.index(take), len(there))
            if take.artifact is not None:
                self.host.show_steps(take.artifact.steps or take.job)
        look = None if take is None or take.tape is not None else take.look
        image = None if look is None else preview_image(look)
        if self._scrubbed is None:
            self.desk.view.set_step(image, "" if take is None else take.words)
            if look is not None and look.sound and self.sound.is_playing() and self.sheet.ghost_span is not None:
                self.sound.hear_step(look.sound, self.sheet.ghost_span[0])  # under what plays, while it is made
            elif take is None or take.tape is not None:
                self.sound.end_step()

    def _last_made(self) -> tuple[int, int]:
        """Where the steps on the ribbon belong: what was kept last, as far as it is still there."""
        start, end = self._made
        return (start, end) if 0 <= start < end <= self.sheet.wave.length else (0, self.sheet.wave.length)

    def _settled(self, take: WaveTake) -> None:
        self._made = self.sheet.selection if self.sheet.has_range else (0, self.sheet.wave.length)
        if take.artifact is not None:
            self._result = take.artifact.id
        if take.task == "new":
            self.desk.lens.fit()
            self.sound.seek(0)
        self.host.changed()

    def _opened(self, artifact_id: str) -> None:
        self._result = artifact_id
        if not self.bar.prompt.hasFocus():
            self.desk.view.setFocus()  # the button that asked for the file is gone
        self.host.changed()

    def show_error(self, error: StudioError) -> None:
        """What went wrong, over the waveform."""
        self.desk.show_problem(Problem.of(error))

    def _show_place(self, frame: float, moving: bool) -> None:
        self.desk.set_playhead(frame if self.sheet.shown.length else -1.0, moving=moving)
        self.transport.show_place(frame / self.sheet.shown.rate)

    def loop_over(self, start: int, end: int) -> None:
        """Loop a stretch."""
        self.desk.ruler.set_loop(start, end)
        self.sound.set_loop(start, end)
        self.transport.loop.setChecked(True)

    def _set_looping(self, on: bool) -> None:
        if on and self.sheet.has_range and self.desk.ruler.loop is None:
            self.loop_over(*self.sheet.selection)
        self.desk.ruler.set_looping(on)
        self.sound.set_looping(on)

    def toggle_bars(self) -> None:
        """Bars or seconds over the waveform."""
        if not self.sheet.wave.tempo and not self.desk.ruler.bars:
            commands.ask_tempo(self)
        else:
            self.show_bars(not self.desk.ruler.bars)

    def show_bars(self, on: bool) -> None:
        """Bars instead of seconds."""
        self.desk.ruler.bars = on
        self.desk.ruler.update()
        self.host.changed()

    def swatch(self, colour: QColor) -> QIcon:
        """A colour for a menu."""
        picture = QPixmap(theme.px(14), theme.px(14))
        picture.fill(colour)
        return QIcon(picture)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space plays, Enter keeps a take, Escape stops what runs, then drops takes, then the selection."""
        key = event.key()
        take = self.takes.current()
        if key == Qt.Key.Key_Space and not event.modifiers():
            self.sound.toggle()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and take is not None and take.tape is not None:
            self.takes.keep()
        elif key == Qt.Key.Key_Escape and self.takes.running():
            self.takes.cancel()
        elif key == Qt.Key.Key_Escape and take is not None:
            self.takes.drop()
        elif key == Qt.Key.Key_Escape and self.sheet.has_range:
            self.sheet.select(self.sheet.cursor, self.sheet.cursor)
        else:
            super().keyPressEvent(event)
