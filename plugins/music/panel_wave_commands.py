"""The commands of the sound panel: for the palette and its keys, the tools, and the menu of the waveform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QMenu
from shiboken6 import isValid

from studio.api import StudioError
from studio.widgets.icons import icon
from studio.widgets.sound import output_devices

from . import wave_edit as edits
from . import wave_render
from .panel_palette import track_colour
from .wave import Marker, Region, Wave
from .wave_files import SUFFIXES

if TYPE_CHECKING:
    from .panel_wave import WavePanel

QUIETER, LOUDER = 10 ** (-3 / 20), 10 ** (3 / 20)
CEILING = 10 ** (-1 / 20)
"""What normalising brings the loudest sample to: 1 dB below full scale, room for lossy formats."""


def add_commands(panel: WavePanel) -> None:
    """Put what the panel can do into the palette, with its keys."""
    add, sound, desk = panel.host.add_command, panel.sound, panel.desk
    add("play", "Play or pause", sound.toggle, icon="play")
    add("stop", "Stop", sound.stop, icon="stop")
    add("start", "To the beginning", lambda: sound.seek(0), icon="skip-back")
    add("loop", "Loop", panel.transport.loop.toggle, shortcut="L", icon="repeat")
    add("spectrogram", "Spectrogram", panel.transport.spectral.toggle, shortcut="S", icon="chart-bar")
    add("bars", "Bars instead of seconds", panel.toggle_bars, icon="ruler")
    add("tempo", "Set the tempo…", lambda: ask_tempo(panel), icon="timer")
    add("fit", "Show all of it", desk.lens.fit, shortcut="Ctrl+0", icon="corners-out")
    add("zoom", "Zoom to the selection", lambda: zoom(panel), shortcut="Z", icon="magnifying-glass-plus")
    add("all", "Select all", lambda: panel.sheet.select(0, panel.sheet.wave.length), shortcut="Ctrl+A",
        icon="selection-all")  # fmt: skip
    for name, (title, picture, keys, run) in EDITS.items():
        add(name, title, lambda run=run: run(panel), shortcut=keys, icon=picture)
    add("region", "Name the selection as a region", lambda: add_region(panel), shortcut="R", icon="bookmark-simple")
    add("marker", "Set a marker", lambda: add_marker(panel), shortcut="M", icon="flag")
    add("rename", "Rename the region or marker here…", lambda: rename_here(panel), shortcut="F2", icon="pencil-simple")
    add("next-mark", "To the next region or marker", lambda: go(panel, 1), shortcut="PgDown", icon="caret-right")
    add("previous-mark", "To the region or marker before", lambda: go(panel, -1), shortcut="PgUp", icon="caret-left")
    add("open", "Open a sound…", lambda: choose_file(panel), icon="folder-open")
    add("new", "A new, empty sound", lambda: clear(panel), icon="file-plus")
    add("export-selection", "Export the selection…", panel.export_selection, icon="export")
    add("keep", "Keep this take", panel.takes.keep, icon="check")
    add("next-take", "Next take", lambda: panel.takes.step(1), shortcut="Alt+Down", icon="caret-right")
    add("previous-take", "Previous take", lambda: panel.takes.step(-1), shortcut="Alt+Up", icon="caret-left")


def fill_menu(panel: WavePanel, menu: QMenu) -> QMenu:
    """What a right click offers, and the Edit button."""
    menu.clear()
    there, chosen = panel.sheet.wave.length > 0, panel.sheet.has_range
    for group in GROUPS:
        for name in group:
            title, picture, keys, run = EDITS[name]
            action = menu.addAction(icon(picture), f"{title}\t{keys}" if keys else title, lambda run=run: run(panel))
            needs = name in NEED_RANGE
            action.setEnabled((there and (chosen or not needs)) if name != "paste" else bool(panel.clipboard))
        menu.addSeparator()
    menu.addAction(icon("bookmark-simple"), "Name as a region…\tR", lambda: add_region(panel)).setEnabled(chosen)
    menu.addAction(icon("flag"), "Set a marker\tM", lambda: add_marker(panel)).setEnabled(there)
    menu.addSeparator()
    menu.addAction(icon("folder-open"), "Open a sound…", lambda: choose_file(panel))
    menu.addAction(icon("export"), "Export the selection…", panel.export_selection).setEnabled(chosen)
    menu.addSeparator()
    _fill_outputs(panel, menu.addMenu(icon("speaker-high"), "Sound output"))
    return menu


def _fill_outputs(panel: WavePanel, menu: QMenu) -> None:
    """Where it is heard; the devices are looked for when the menu opens."""

    def fill(names: list[str]) -> None:
        menu.clear()
        for name, words in (("", "The system's own"), *((name, name) for name in names)):
            action = menu.addAction(words, lambda name=name: panel.sound.choose_device(name))
            action.setCheckable(True)
            action.setChecked(panel.sound.player.device == name)

    fill([panel.sound.player.device] if panel.sound.player.device else [])
    menu.aboutToShow.connect(lambda: panel.sheet.tapes.ask(_outputs, lambda names: isValid(menu) and fill(names)))


def _outputs() -> list[str]:
    try:
        return output_devices()
    except StudioError:
        return []  # Play says why


# --- edits ---


def _edit(panel: WavePanel, words: str, change: Callable[[Wave, int, int], Wave], *, range_only: bool = False) -> None:
    """One edit of what is meant: the selection, or all of it."""
    sheet = panel.sheet
    if not sheet.wave.length or (range_only and not sheet.has_range):
        panel.host.say("Select a range first" if sheet.wave.length else "There is no sound yet")
        return
    sheet.edit(words, change(sheet.wave, *sheet.span()))


def copy(panel: WavePanel) -> bool:
    """Keep the selection for `paste`."""
    sheet = panel.sheet
    if not sheet.has_range:
        panel.host.say("Select a range first")
        return False
    panel.clipboard = replace(
        sheet.wave, clips=edits.clips_between(sheet.wave, *sheet.selection), regions=(), markers=()
    )
    panel.host.say(f"{panel.clipboard.seconds:.2f} s copied")
    return True


def cut(panel: WavePanel) -> None:
    """Copy, and take it out."""
    if copy(panel):
        _remove(panel, "cutting")


def delete(panel: WavePanel) -> None:
    """Take the selection out."""
    if panel.sheet.has_range:
        _remove(panel, "removing a range")


def _remove(panel: WavePanel, words: str) -> None:
    sheet = panel.sheet
    start, end = sheet.selection
    sheet.edit(words, edits.delete(sheet.wave, start, end), select=(start, start))
    panel.sound.seek(start)


def paste(panel: WavePanel) -> None:
    """What was copied instead of the selection, or at the cursor."""
    held, sheet = panel.clipboard, panel.sheet
    if held is None:
        panel.host.say("There is nothing to paste")
    elif held.rate != sheet.wave.rate and sheet.wave.length:
        panel.host.say("What was copied has another rate: export it, and open it here")
    else:
        start, end = sheet.selection
        base = replace(sheet.wave, channels=max(sheet.wave.channels, held.channels)) if sheet.wave.length else (
            replace(sheet.wave, rate=held.rate, channels=held.channels))  # fmt: skip
        wave = edits.replaced(base, start, end, held.clips, join=True)
        sheet.edit("pasting", wave, select=(start, start + held.length))


def trim(panel: WavePanel) -> None:
    """Only the selection stays."""
    sheet = panel.sheet
    if sheet.has_range:
        start, end = sheet.selection
        sheet.edit("trimming", edits.trim(sheet.wave, start, end), select=(0, 0))
        panel.sound.seek(0)


def normalise(panel: WavePanel) -> None:
    """As loud as it can be without being cut off; measured off the window's thread."""
    sheet = panel.sheet
    wave, (start, end) = sheet.wave, sheet.span()
    if not wave.length:
        return

    def done(loudest: float) -> None:
        if sheet.wave is not wave:
            panel.host.say("The sound was edited meanwhile: normalize it again")
        elif loudest < 1e-6:
            panel.host.say("There is only silence")
        else:
            sheet.edit("normalizing", edits.gain(wave, start, end, CEILING / loudest))

    sheet.tapes.ask(lambda: wave_render.peak(wave, sheet.shelf, start, end), done)


def crossfade(panel: WavePanel) -> None:
    """The joins inside the selection, faded over as far as it reaches on the shorter side."""
    sheet = panel.sheet
    start, end = sheet.selection
    places = [at for at in sheet.wave.starts[1:-1] if start < at < end]
    if not places:
        panel.host.say("There is no join in the selection")
        return
    place = min(places, key=lambda at: abs(at - (start + end) / 2))
    sheet.edit("a crossfade", edits.crossfaded(sheet.wave, place, max(2, end - place)))


def duplicate(panel: WavePanel) -> None:
    """The selection once more, right behind."""
    sheet = panel.sheet
    if sheet.has_range:
        start, end = sheet.selection
        wave = edits.insert(sheet.wave, end, edits.clips_between(sheet.wave, start, end))
        sheet.edit("duplicating", wave, select=(end, end + end - start))


def pause(panel: WavePanel) -> None:
    """A second of silence at the cursor."""
    sheet = panel.sheet
    if sheet.wave.length:
        at = sheet.cursor
        wave = edits.insert_silence(sheet.wave, at, sheet.wave.rate)
        sheet.edit("a pause", wave, select=(at, at + sheet.wave.rate))


def mono(panel: WavePanel) -> None:
    """Both sides as one, or one as two."""
    wave = panel.sheet.wave
    panel.sheet.edit("mono" if wave.channels == 2 else "stereo", replace(wave, channels=3 - wave.channels))


Edit = tuple[str, str, str, Callable[["WavePanel"], object]]
EDITS: dict[str, Edit] = {
    "cut": ("Cut", "scissors", "Ctrl+X", cut),
    "copy": ("Copy", "copy", "Ctrl+C", copy),
    "paste": ("Paste", "clipboard", "Ctrl+V", paste),
    "delete": ("Remove", "trash", "Del", delete),
    "trim": ("Keep only the selection", "crop", "Ctrl+T", trim),
    "duplicate": ("Duplicate", "copy-simple", "Ctrl+D", duplicate),
    "fade-in": ("Fade in", "trend-up", "",
                lambda p: _edit(p, "a fade in", lambda w, a, b: edits.fade(w, a, b, "in"))),
    "fade-out": ("Fade out", "trend-down", "",
                 lambda p: _edit(p, "a fade out", lambda w, a, b: edits.fade(w, a, b, "out"))),
    "louder": ("Louder by 3 dB", "speaker-high", "",
               lambda p: _edit(p, "another level", lambda w, a, b: edits.gain(w, a, b, LOUDER))),
    "softer": ("Softer by 3 dB", "speaker-low", "",
               lambda p: _edit(p, "another level", lambda w, a, b: edits.gain(w, a, b, QUIETER))),
    "normalise": ("Normalize to −1 dB", "arrows-out-line-vertical", "N", normalise),
    "silence": ("Silence", "speaker-slash", "", lambda p: _edit(p, "silence", edits.silence, range_only=True)),
    "reverse": ("Back to front", "arrow-u-up-left", "", lambda p: _edit(p, "back to front", edits.reverse)),
    "crossfade": ("Crossfade the join in the selection", "intersect", "X", crossfade),
    "pause": ("A second of silence at the cursor", "pause", "", pause),
    "mono": ("Mono or stereo", "git-merge", "", mono),
}  # fmt: skip
"""Title, icon, keys, what it does."""
GROUPS = (
    ("cut", "copy", "paste", "delete", "trim", "duplicate"),
    ("fade-in", "fade-out", "louder", "softer", "normalise", "silence", "reverse", "crossfade"),
    ("pause", "mono"),
)
NEED_RANGE = frozenset(("cut", "copy", "delete", "trim", "duplicate", "silence", "crossfade"))


# --- regions, markers, places ---


def add_region(panel: WavePanel) -> None:
    """The selection gets a name."""
    sheet = panel.sheet
    if not sheet.has_range:
        panel.host.say("Select a range first")
        return
    name = f"Region {len(sheet.wave.regions) + 1}"
    sheet.edit("naming a region", edits.add_region(sheet.wave, name, *sheet.selection))
    panel.host.say("Double-click its name to change it")


def add_marker(panel: WavePanel) -> None:
    """A flag where the playhead is."""
    sheet = panel.sheet
    if sheet.wave.length:
        at = round(panel.sound.frame()) if panel.sound.is_playing() else sheet.cursor
        name = str(len(sheet.wave.markers) + 1)
        sheet.edit("a marker", edits.add_marker(sheet.wave, name, at))


def mark_here(panel: WavePanel) -> Region | Marker | None:
    """The marker at the cursor, or the narrowest region around it."""
    wave, at = panel.sheet.wave, panel.sheet.cursor
    markers = [marker for marker in wave.markers if marker.at == at]
    regions = sorted((r for r in wave.regions if r.start <= at < r.end), key=lambda r: r.end - r.start)
    return next(iter([*markers, *regions]), None)


def rename_here(panel: WavePanel) -> None:
    """Ask for another name of what is at the cursor."""
    mark = mark_here(panel)
    if mark is None:
        panel.host.say("There is no region or marker at the cursor")
    else:
        rename(panel, mark)


def go(panel: WavePanel, by: int) -> None:
    """Select the next region, or put the cursor at the next marker."""
    wave, at = panel.sheet.wave, panel.sheet.cursor
    places = sorted({(r.start, r.end) for r in wave.regions} | {(m.at, m.at) for m in wave.markers})
    found = [place for place in places if (place[0] > at if by > 0 else place[0] < at)]
    if found:
        span = found[0] if by > 0 else found[-1]
        panel.sheet.select(*span)
        panel.sound.seek(span[0])
        panel.desk.lens.reveal(span[0])


def rename(panel: WavePanel, mark: Region | Marker) -> None:
    """Ask for another name."""
    kind = "region" if isinstance(mark, Region) else "marker"
    name, said = QInputDialog.getText(panel, f"Name of the {kind}", "Name", QLineEdit.EchoMode.Normal, mark.name)
    if said and name.strip() and name.strip() != mark.name:
        set_mark(panel, replace(mark, name=name.strip()[:120]), f"renaming a {kind}")


def set_mark(panel: WavePanel, mark: Region | Marker, words: str) -> None:
    """A mark in place of the one with its id."""
    wave = panel.sheet.wave
    change = edits.set_region(wave, mark) if isinstance(mark, Region) else edits.set_marker(wave, mark)
    panel.sheet.edit(words, change)


def mark_menu(panel: WavePanel, mark: Region | Marker) -> QMenu:
    """Rename, colour, remove."""
    menu = QMenu(panel)
    menu.addAction(icon("pencil-simple"), "Rename…", lambda: rename(panel, mark))
    if isinstance(mark, Region):
        menu.addAction(icon("repeat"), "Loop it", lambda: panel.loop_over(mark.start, mark.end))
        colours = menu.addMenu("Colour")
        for index in range(12):
            action = colours.addAction(f"Colour {index + 1}")
            action.setIcon(panel.swatch(track_colour(index)))
            action.triggered.connect(
                lambda _=False, index=index: set_mark(panel, replace(mark, colour=index), "another colour")
            )
    menu.addSeparator()
    menu.addAction(
        icon("trash"),
        "Remove",
        lambda: panel.sheet.edit("removing a mark", edits.remove_mark(panel.sheet.wave, mark.id)),
    )
    return menu


def zoom(panel: WavePanel) -> None:
    """The selection fills the view."""
    if panel.sheet.has_range:
        panel.desk.lens.show_range(*panel.sheet.selection)


def ask_tempo(panel: WavePanel) -> None:
    """The tempo, for a ruler in bars."""
    wave = panel.sheet.wave
    bpm, said = QInputDialog.getDouble(panel, "Tempo", "Beats a minute", wave.tempo or 120.0, 20, 400, 2)
    if said:
        panel.sheet.edit("a tempo", replace(wave, tempo=bpm, first_beat=panel.sheet.cursor))
        panel.show_bars(True)


def choose_file(panel: WavePanel) -> None:
    """Ask for a sound file."""
    kinds = "Sound (" + " ".join(f"*{suffix}" for suffix in SUFFIXES) + ")"
    start = str(panel.host.recall("folder", str(Path.home())))
    name, _ = QFileDialog.getOpenFileName(panel, "Open a sound", start, kinds)
    if name:
        panel.host.remember("folder", str(Path(name).parent))
        panel.open_file(Path(name))


def clear(panel: WavePanel) -> None:
    """An empty sound; undo brings the old one back."""
    if panel.sheet.wave.length:
        panel.sound.stop()
        panel.takes.drop()
        panel.sheet.edit("a new sound", Wave(), select=(0, 0))
