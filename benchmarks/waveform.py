"""The sound panel with ten minutes of stereo: what opening, zooming, scrolling, selecting and edits cost the window.

CPU milliseconds of the window's thread from the gesture to the last pixel, at the sizes of a laptop and of a large
screen, for the plain recording and for one in five hundred pieces. ``python benchmarks/waveform.py``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _frames import row

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
RATE, MINUTES, PIECES, GOAL = 48_000, 10, 500, 20.0


def recording(folder: Path) -> Path:
    """Ten minutes that differ from second to second."""
    import numpy as np
    import soundfile

    random = np.random.default_rng(3)
    path = folder / "ten minutes.wav"
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16", format="WAV") as file:
        for second in range(MINUTES * 60):
            at = np.arange(RATE) / RATE
            tone = np.sin(2 * np.pi * (110 + second % 37 * 9) * at) * np.exp(-at * 3)
            file.write(np.stack([tone * 0.6, tone * 0.4], axis=1) + random.normal(0, 0.01, (RATE, 2)))
    return path


def main() -> bool:
    """Print what it costs; False where a turn takes longer than a frame may."""
    from PySide6.QtWidgets import QApplication

    from plugins.music import wave_edit as edits
    from plugins.music.panel_wave import WavePanel
    from studio.testing.panel_host import FakePanelHost
    from studio.widgets import theme

    app = QApplication([])
    theme.apply(app, "dark")
    good = True
    with tempfile.TemporaryDirectory() as name:
        panel = WavePanel(FakePanelHost(Path(name), "music.sound"))
        panel.show()
        kept = panel.host.bring_in(recording(Path(name)), media="audio/wav", title="ten minutes")
        begun, longest, last = time.perf_counter(), 0.0, time.perf_counter()
        panel.receive(kept)
        while panel.sheet.tapes.busy() or not panel.sheet.wave.length:
            app.processEvents()
            time.sleep(0.001)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
        print(f"open: {time.perf_counter() - begun:.1f} s, window held up for {longest * 1000:.0f} ms at most")
        view, lens, sheet = panel.desk.view, panel.desk.lens, panel.sheet
        plain = sheet.wave
        cut = plain
        for piece in range(PIECES):
            place = (piece * 7919) % 590 * RATE
            cut = edits.gain(cut, place, place + RATE // 3, 0.8)
        for size in ((1100, 560), (2300, 1200)):
            panel.resize(*size)
            for wave, words in ((plain, "whole"), (cut, f"{len(cut.clips)} pieces")):
                sheet.show(wave)
                lens.fit()
                app.processEvents()
                works: dict[str, Callable[[int], object]] = {
                    "zoom": lambda turn: (lens.zoom(1.2 if turn % 60 < 45 else 0.5, 400), view.repaint()),
                    "scroll": lambda turn: (lens.scroll(turn * RATE * 9), view.repaint()),
                    "select": lambda turn: (sheet.select(0, (turn + 1) * RATE), app.processEvents()),
                    "playhead": lambda turn: (panel.desk.set_playhead(turn * 9000, moving=False), app.processEvents()),
                    "edit": lambda turn: (
                        sheet.edit("x", edits.delete(sheet.wave, RATE * 5, RATE * 5 + 99)), app.processEvents()
                    ),
                }  # fmt: skip
                for title, work in works.items():
                    good &= row(f"{size[0]:>4} x {size[1]:<5}{words:<12}{title:<9}", work, GOAL)
        panel.sound.player.close()
        panel.close()
        panel.deleteLater()
        app.processEvents()
    return good


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
