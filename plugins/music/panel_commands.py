"""The commands of the music panel: for the palette and its keys, and for the menu of the roll."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from studio.widgets.icons import icon

from . import document_edit as edits
from . import document_shape as shape
from .document import Note, Score
from .document_time import Grid
from .panel_quantise import QuantiseCard
from .panel_sheet import Region

if TYPE_CHECKING:
    from .panel import MusicPanel

Edit = Callable[[Score, frozenset[int]], Score]
SHAPES: tuple[tuple[str, str, str, Edit, str], ...] = (
    ("octave-up", "Octave up", "arrow-up", lambda s, ids: shape.transpose(s, ids, 12), ""),
    ("octave-down", "Octave down", "arrow-down", lambda s, ids: shape.transpose(s, ids, -12), ""),
    ("third-up", "A third up in the key", "arrow-up-right", lambda s, ids: shape.transpose(s, ids, 2, in_key=True), ""),
    ("to-key", "Snap to the key", "magnet", lambda s, ids: shape.fit_to_key(s, ids), ""),
    ("invert", "Upside down", "arrows-vertical", lambda s, ids: shape.invert(s, ids, in_key=True), ""),
    ("retrograde", "Back to front", "arrows-horizontal", lambda s, ids: shape.retrograde(s, ids), ""),
    ("legato", "Legato", "link-simple", lambda s, ids: shape.legato(s, ids), "Ctrl+L"),
    ("crescendo", "Crescendo", "caret-double-up", lambda s, ids: shape.velocity_ramp(s, ids, first=50, last=115), ""),
    ("diminuendo", "Diminuendo", "caret-double-down",
     lambda s, ids: shape.velocity_ramp(s, ids, first=110, last=45), ""),
    ("join", "Join notes", "arrows-in-line-horizontal", lambda s, ids: edits.join(s, ids), "Ctrl+J"),
)  # fmt: skip


def add_commands(panel: MusicPanel) -> None:
    """Put what the panel can do into the palette, with its keys."""
    add, sound, editor = panel.host.add_command, panel.sound, panel.editor
    add("play", "Play or pause", sound.toggle, icon="play")
    add("stop", "Stop", sound.stop, icon="stop")
    add("start", "To the beginning", lambda: sound.seek(0), shortcut="Home", icon="skip-back")
    add("loop", "Loop", panel.transport.loop.toggle, shortcut="L", icon="repeat")
    add("metronome", "Metronome", panel.transport.metronome.toggle, shortcut="M", icon="timer")
    add("record", "Record", panel.transport.record.toggle, shortcut="Shift+R", icon="record")
    add("fit", "Show the whole piece", editor.fit, shortcut="Ctrl+0", icon="corners-out")
    add("select", "Select tool", lambda: editor.roll.gestures.set_tool("select"), shortcut="V", icon="cursor")
    add("draw", "Draw tool", lambda: editor.roll.gestures.set_tool("draw"), shortcut="B", icon="pencil-simple")
    add("erase", "Eraser", lambda: editor.roll.gestures.set_tool("erase"), shortcut="E", icon="eraser")
    add("mark_tool", "Marker", lambda: editor.roll.gestures.set_tool("mark"), shortcut="A", icon="selection-plus")
    add("all", "Select all notes of the track", lambda: select_all(panel), shortcut="Ctrl+A", icon="selection-all")
    add("copy", "Copy notes", lambda: copy(panel), shortcut="Ctrl+C", icon="copy")
    add("cut", "Cut notes", lambda: cut(panel), shortcut="Ctrl+X", icon="scissors")
    add("paste", "Paste notes at the playhead", lambda: paste(panel), shortcut="Ctrl+V", icon="clipboard")
    add("double", "Duplicate notes", lambda: duplicate(panel), shortcut="Ctrl+D", icon="copy-simple")
    add("split", "Split notes at the playhead", lambda: split(panel), shortcut="Ctrl+T", icon="scissors")
    add("quantise-as", "Quantize with strength and swing …", lambda: open_quantise(panel), shortcut="Shift+Q",
        icon="sliders-horizontal")  # fmt: skip
    add("quantise", "Quantize", lambda: quantise(panel, 1.0, 0.0), shortcut="Q", icon="grid-four")
    add("quantise-half", "Quantize by half", lambda: quantise(panel, 0.5, 0.0), icon="grid-four")
    add("swing", "Quantize with swing", lambda: quantise(panel, 1.0, 0.6), icon="wave-sine")
    add("humanise", "Humanize", lambda: humanise(panel), shortcut="H", icon="hand-waving")
    add("lock", "Lock or unlock notes", lambda: lock(panel), shortcut="K", icon="lock-simple")
    add("mark", "Mark the bars of the selected notes", lambda: mark(panel), shortcut="R", icon="selection")
    add("scale", "Highlight the key", lambda: toggle(panel, "highlight_scale"), icon="music-note")
    add("in-key", "Keep what I draw and move in the key", panel.transport.keep.toggle, icon="magnet")
    add("ghosts", "Show the other tracks", lambda: toggle(panel, "ghost_tracks"), icon="ghost")
    add("follow", "Follow the playhead", lambda: setattr(editor, "follow", not editor.follow), icon="footprints")
    for name, title, picture, change, keys in SHAPES:
        add(name, title, lambda t=title, c=change: apply(panel, t, c), shortcut=keys, icon=picture)
    add("keep", "Keep this take", panel.takes.keep, icon="check")
    add("to-sound", "Send the piece to Sound", lambda: to_sound(panel), icon="waves")
    add("next-take", "Next take", lambda: panel.takes.step(1), shortcut="Alt+Down", icon="caret-right")
    add("previous-take", "Previous take", lambda: panel.takes.step(-1), shortcut="Alt+Up", icon="caret-left")


def fill_menu(panel: MusicPanel) -> QMenu:
    """What a right click on the roll offers."""
    menu = QMenu(panel)
    chosen = bool(panel.sheet.selection)
    if chosen:
        menu.addAction(icon("scissors"), "Cut\tCtrl+X", lambda: cut(panel))
        menu.addAction(icon("copy"), "Copy\tCtrl+C", lambda: copy(panel))
        menu.addAction(icon("copy-simple"), "Duplicate\tCtrl+D", lambda: duplicate(panel))
        menu.addAction(icon("lock-simple"), "Lock or unlock\tK", lambda: lock(panel))
        menu.addAction(icon("selection"), "Mark their bars\tR", lambda: mark(panel))
        menu.addSeparator()
        menu.addAction(icon("arrows-split"), "Split at the playhead\tCtrl+T", lambda: split(panel))
        menu.addAction(icon("grid-four"), "Quantize\tQ", lambda: quantise(panel, 1.0, 0.0))
        menu.addAction(icon("sliders-horizontal"), "Quantize with strength and swing …\tShift+Q",
                       lambda: open_quantise(panel))  # fmt: skip
        menu.addAction(icon("hand-waving"), "Humanize\tH", lambda: humanise(panel))
        inside = menu.addMenu("Shape")
        for _, title, picture, change, _keys in SHAPES:
            inside.addAction(icon(picture), title, lambda t=title, c=change: apply(panel, t, c))
        others = [t for t in panel.sheet.score.tracks if t.id != panel.sheet.track_id]
        if others:
            move = menu.addMenu("Move to track")
            for track in others:
                move.addAction(track.name, lambda name=track.id: to_track(panel, name))
        menu.addSeparator()
        menu.addAction(icon("trash"), "Remove\tDel", lambda: remove(panel))
    menu.addAction(icon("clipboard"), "Paste\tCtrl+V", lambda: paste(panel))
    menu.addAction(icon("selection-all"), "Select all of the track\tCtrl+A", lambda: select_all(panel))
    return menu


def meant(panel: MusicPanel) -> frozenset[int]:
    """The selected notes, or all of the track in front."""
    track = panel.sheet.track
    return panel.sheet.selection or frozenset(() if track is None else track.by_id)


def apply(panel: MusicPanel, title: str, change: Edit) -> None:
    """One of the shapes over what is meant."""
    ids = meant(panel)
    if ids:
        panel.sheet.edit(title.lower(), change(panel.sheet.score, ids))


def select_all(panel: MusicPanel) -> None:
    """Every note of the track in front."""
    track = panel.sheet.track
    panel.sheet.select(() if track is None else track.by_id)


def remove(panel: MusicPanel) -> None:
    """The selected notes go."""
    panel.sheet.edit("removing notes", edits.remove(panel.sheet.score, panel.sheet.selection))


def copy(panel: MusicPanel) -> bool:
    """Keep the selected notes for `paste`."""
    notes = panel.sheet.notes()
    if notes:
        panel.clipboard = notes
        panel.host.say(f"{len(notes)} {'note' if len(notes) == 1 else 'notes'} copied")
    return bool(notes)


def cut(panel: MusicPanel) -> None:
    """The selected notes go, and can be pasted elsewhere."""
    if copy(panel):
        panel.sheet.edit("cutting notes", edits.remove(panel.sheet.score, panel.sheet.selection))


def paste(panel: MusicPanel) -> None:
    """The kept notes into the track in front, from the playhead on."""
    notes: tuple[Note, ...] = panel.clipboard
    track = panel.sheet.track
    if not notes or track is None:
        panel.host.say("There are no notes to paste")
        return
    shift = panel.sheet.snap(max(0.0, panel.sound.tick())) - notes[0].start
    score, ids = edits.add(panel.sheet.score, track.id, [replace(n, start=n.start + shift) for n in notes])
    panel.sheet.edit("pasting notes", score, select=ids)


def duplicate(panel: MusicPanel) -> None:
    """The selected notes once more, right behind."""
    notes = panel.sheet.notes()
    if notes:
        last = max(n.end for n in notes)
        span = panel.sheet.snap(last) - notes[0].start
        score, ids = edits.copy(panel.sheet.score, panel.sheet.selection, ticks=max(span, panel.sheet.step()))
        panel.sheet.edit("duplicating notes", score, select=ids)


def split(panel: MusicPanel) -> None:
    """Cut what sounds at the playhead."""
    score, _ = edits.split(panel.sheet.score, meant(panel), [round(panel.sound.tick())])
    panel.sheet.edit("splitting notes", score)


def quantise(panel: MusicPanel, strength: float, swing: float) -> None:
    """Onto the grid of the snap, or sixteenths where that is off."""
    grid = panel.sheet.grid or Grid(16)
    apply(panel, "quantizing", lambda s, ids: shape.quantise(s, ids, grid, strength=strength, swing=swing))


def open_quantise(panel: MusicPanel) -> None:
    """A card with strength, swing and looseness, seen and heard while they are turned."""
    ids = meant(panel)
    if ids:
        QuantiseCard(panel.sheet, ids, panel).open_over(panel.editor.roll)


def humanise(panel: MusicPanel) -> None:
    """A little late, a little loud."""
    apply(panel, "humanizing", lambda s, ids: shape.humanise(s, ids, seed=secrets.randbelow(2**31)))


def lock(panel: MusicPanel) -> None:
    """Locked notes stay when the model writes around them."""
    notes = panel.sheet.notes()
    if notes:
        on = not all(n.locked for n in notes)
        panel.sheet.edit(
            "locking" if on else "unlocking", edits.lock(panel.sheet.score, panel.sheet.selection, locked=on)
        )


def to_sound(panel: MusicPanel) -> None:
    """The piece as it sounds now, into the panel where sounds are cut."""
    kept = panel.export_id()
    if kept:
        panel.host.send(kept, f"{panel.host.panel_id.partition('.')[0]}.sound")
    else:
        panel.host.say("There are no notes yet")


def mark(panel: MusicPanel) -> None:
    """The bars of the selected notes, to be written anew."""
    sheet, notes = panel.sheet, panel.sheet.notes()
    if notes:
        homes = sheet.score.home_track
        tracks = tuple(t.id for t in sheet.score.tracks if t.id in {homes[n.id] for n in notes})
        first = sheet.timeline.bar(notes[0].start)
        last = sheet.timeline.bar(max(n.end for n in notes) - 1)
        sheet.set_regions([Region(first, last, tracks)])


def to_track(panel: MusicPanel, track_id: str) -> None:
    """The selected notes into another track."""
    panel.sheet.edit("moving to another track", edits.to_track(panel.sheet.score, panel.sheet.selection, track_id))
    panel.sheet.choose_track(track_id)


def toggle(panel: MusicPanel, name: str) -> None:
    """Turn a way of showing on or off."""
    setattr(panel.editor.roll, name, not getattr(panel.editor.roll, name))
    panel.editor.roll.redraw()
