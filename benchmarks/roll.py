"""The piano roll with 10,000 notes: what each step of a gesture costs the window, from the event to the last pixel.

CPU milliseconds of the window's thread, all notes in sight or sixteen bars of them, at the sizes of a laptop and of a
large screen. ``python benchmarks/roll.py``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _frames import row

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
NOTES, GOAL = 10_000, 20.0
"""The second: milliseconds of 99 in 100 steps."""


def piece() -> Any:
    """Four tracks of 2,500 notes each: 160 bars."""
    from plugins.music import document_edit as edit
    from plugins.music import document_tracks as tracks
    from plugins.music.document import Note, Score

    score = Score(length=160 * 1920)
    for voice, name in enumerate(("piano", "violin", "cello", "clarinet")):
        score, track = tracks.add_track(score, name)
        base = 72 - 9 * voice
        rows = [Note(0, i * 122, 110, base + (i * 7 + voice) % 13, 50 + i * 11 % 70) for i in range(NOTES // 4)]
        score, _ = edit.add(score, track, rows)
    return score


def gestures(panel: Any, app: Any) -> dict[str, Callable[[int], object]]:
    """What a turn of each gesture does."""
    from plugins.music import document_edit as edits

    sheet, lens, editor = panel.sheet, panel.editor.lens, panel.editor
    front = list(sheet.track.by_id)
    every = list(sheet.score.home_track)
    start = sheet.score

    def shown(score: Any) -> None:
        sheet.show(score)
        app.processEvents()

    return {
        "playhead": lambda turn: (editor.set_playhead(lens.left + turn * 40, moving=False), app.processEvents()),
        "scroll": lambda turn: (lens.scroll(left=turn * 900.0), app.processEvents()),
        "zoom": lambda turn: (lens.zoom(1.1 if turn % 2 else 1 / 1.1, 300), app.processEvents()),
        "select": lambda turn: (sheet.select(front[: 40 * turn]), app.processEvents()),
        "move one": lambda turn: shown(edits.move(start, front[100:101], pitches=turn % 5)),
        "move all": lambda turn: shown(edits.move(start, every, ticks=120 * (turn % 5))),
        "copy all": lambda turn: shown(edits.copy(start, every, ticks=120 * (turn % 5))[0]),
        "velocity": lambda turn: shown(edits.set_velocity(start, front[:50], dict.fromkeys(front[:50], 20 + turn))),
        "undo": lambda turn: (
            panel.host.undo_stack[-1].undo() if turn % 2 else sheet.edit("x", edits.move(start, front[:10], pitches=1)),
            app.processEvents(),
        ),
    }  # fmt: skip


def main() -> bool:
    """Print what it costs; False where a turn takes longer than a frame may."""
    from PySide6.QtWidgets import QApplication

    from plugins.music.panel import MusicPanel
    from studio.testing.panel_host import FakePanelHost
    from studio.widgets import theme

    app = QApplication([])
    theme.apply(app, "dark")
    good = True
    with tempfile.TemporaryDirectory() as name:
        panel = MusicPanel(FakePanelHost(Path(name), "music.roll"))
        panel.show()
        score = piece()
        for size in ((1100, 560), (2300, 1200)):
            panel.resize(*size)
            for words, bars in (("all 160 bars", 160), ("16 bars", 16)):
                panel.sheet.edit("a piece", score, select=())
                panel.editor.lens.fit(0, bars * 1920, 40, 90)
                app.processEvents()
                for title, work in gestures(panel, app).items():
                    good &= row(f"{size[0]:>4} x {size[1]:<5}{words:<14}{title:<10}", work, GOAL)
        panel.devices.close()
        panel.sound.player.close()
        panel.close()
        panel.deleteLater()
        app.processEvents()
    return good


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
