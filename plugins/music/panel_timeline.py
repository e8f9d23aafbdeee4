"""Changes along the way: tempo, metre, key and chords at a bar, from the menu of the ruler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog, QMenu

from studio.inference.notes.score import MODES, QUALITIES
from studio.widgets.icons import icon

from . import document_edit as edits
from . import document_tracks as tracks
from .names import key_name
from .panel_transport import METRES

if TYPE_CHECKING:
    from .panel import MusicPanel


def timeline_menu(panel: MusicPanel, tick: int) -> QMenu:
    """What can be changed from the bar at `tick` on."""
    menu = QMenu(panel)
    sheet, score = panel.sheet, panel.sheet.score
    bar = sheet.timeline.bar(tick) + 1
    menu.addSection(f"From bar {bar}")
    menu.addAction(icon("timer"), "Tempo …", lambda: _ask_tempo(panel, tick))
    metres = menu.addMenu("Metre")
    for numerator, denominator in METRES:
        metres.addAction(
            f"{numerator} / {denominator}",
            lambda n=numerator, d=denominator: sheet.edit("another metre", tracks.set_metre(score, tick, n, d)),
        )
    keys = menu.addMenu("Key")
    for mode in MODES:
        inside = keys.addMenu(mode[:1].upper() + mode[1:])
        for tonic in range(12):
            name = key_name(tonic, mode, (tonic, mode != "major") in tracks.FLAT_KEYS)
            inside.addAction(name, lambda t=tonic, m=mode: sheet.edit("another key", tracks.set_key(score, tick, t, m)))
    chords = menu.addMenu("Chord")
    for tonic in range(12):
        inside = chords.addMenu(key_name(tonic, "").strip())
        for quality in QUALITIES:
            name = key_name(tonic, "").strip() + quality
            inside.addAction(
                name, lambda r=tonic, q=quality: sheet.edit("a chord", tracks.set_chord(score, tick, r, q))
            )
    removable = [
        (kind, words)
        for kind, words in (("tempos", "tempo"), ("metres", "metre"), ("keys", "key"), ("chords", "chord"))
        if any(c.start == tick for c in getattr(score, kind)) and not (tick == 0 and kind in ("tempos", "metres"))
    ]
    if removable:
        menu.addSeparator()
    for kind, words in removable:
        menu.addAction(
            f"Remove the {words} change",
            lambda kind=kind, words=words: sheet.edit(f"removing a {words}", tracks.clear_change(score, kind, tick)),
        )
    menu.addSeparator()
    size = sheet.timeline.bar_start(bar) - tick
    menu.addAction("Insert a bar here", lambda: sheet.edit("inserting a bar", edits.insert_time(score, tick, size)))
    if sheet.timeline.bars > 1:
        menu.addAction("Remove this bar", lambda: sheet.edit("removing a bar", edits.insert_time(score, tick, -size)))
    menu.addAction("End the piece here", lambda: sheet.edit("another length", tracks.set_bars(score, bar)))
    menu.addAction("Play from here", lambda: (panel.sound.seek(tick), panel.sound.play()))
    return menu


def _ask_tempo(panel: MusicPanel, tick: int) -> None:
    now = panel.sheet.score.tempo_at(tick).bpm
    bpm, good = QInputDialog.getDouble(panel, "Tempo", "Quarter notes a minute", now, 20, 300, 1)
    if good:
        panel.sheet.edit("another tempo", tracks.set_tempo(panel.sheet.score, tick, bpm))
