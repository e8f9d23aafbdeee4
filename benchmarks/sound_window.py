"""Playback in the real window while the real models compute, recorded at a real sound server: ``--seconds 60``.

A piece plays in a loop in the Music panel; meanwhile the generation host composes pieces of 32 bars and makes pictures
of 40 steps, one after the other without a pause, on all cores. Prints whether the record is what was rendered, sample
for sample, how often the output ran dry, and the gaps of a 10 ms timer in the window's thread. Needs pulseaudio and
parec.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from _sound_server import Recorder, measure

from _child import figures_of, machine, surroundings, tell

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
PIECE, GOAL_P99 = 2**30 + 1, 20.0


def run(seconds: float) -> None:
    """In the measured process."""
    from PySide6.QtCore import QTimer
    from ui_gap import Ticker

    from plugins.music.document_notes import from_symbolic
    from plugins.music.playback import ScoreSource
    from plugins.starter.music.composer import random_score
    from studio.app import Options, application, build
    from studio.store import Places

    asked: list[tuple[int | None, int]] = []
    read = ScoreSource.read

    def noting(self: ScoreSource, start: int | None, frames: int) -> Any:
        asked.append((start, frames))
        return read(self, start, frames)

    ScoreSource.read = noting  # type: ignore[method-assign]
    app = application()
    studio = build(Places.default(), Options(warm=True))
    studio.window.show()
    ticker, orders = Ticker(), [0]
    until = [0.0]

    def begin() -> None:
        studio.window.show_place("music.roll")
        slot = studio.window.panels.opened("music.roll")
        assert slot is not None
        panel: Any = slot.panel
        panel.sheet.edit("a piece", from_symbolic(random_score(PIECE)))
        panel.sound.set_looping(True)
        panel.sound.play()
        until[0] = time.perf_counter() + seconds
        ticker.start()
        more.timeout.connect(lambda: go_on(panel))
        more.start(200)

    def go_on(panel: Any) -> None:
        if time.perf_counter() < until[0]:
            keep_busy(studio.services, orders)
            return
        more.stop()
        ticker.timer.stop()
        underruns, problem = panel.sound.player.underruns, panel.sound.player.problem
        panel.sound.player.close()
        tell(asked=asked, underruns=underruns, problem=str(problem or ""), jobs=orders[0], gaps=ticker.gaps["starting"])
        QTimer.singleShot(300, app.exit)

    more = QTimer()
    QTimer.singleShot(5000, begin)
    app.exec()
    studio.close()


def keep_busy(services: Any, orders: list[int]) -> None:
    """A piece and a picture whenever nothing waits."""
    from studio.core.request import ModelRef, Request

    if any(not job.state.ended for job in services.engine.jobs()):
        return
    for generator, params in (
        ("image.diffusion", {"prompt": "castle on a hill", "steps": 40}),
        ("music.composer", {"task": "piece", "bars": 32}),
    ):
        fits = services.plugins.generators()[generator].spec.models
        model = next(model for model in services.models.models() if model.fits(fits))
        orders[0] += 1
        services.engine.submit(
            Request(generator, params, orders[0], ModelRef(model.id, model.title, model.sha256)), again=True
        )


def record(options: argparse.Namespace) -> int:
    """What the window plays to a server of our own."""
    from sound import differing

    from plugins.music.document_notes import from_symbolic
    from plugins.starter.music.composer import random_score

    with surroundings() as environment:
        recorder = Recorder()
        code = f"import sound_window; sound_window.run({options.seconds})"
        told = figures_of(code, environment, limit=options.seconds + 120)
        heard = recorder.end()
    asked = [(place, frames) for place, frames in told["asked"]]
    compared, wrong = differing(heard, from_symbolic(random_score(PIECE)), asked)
    gaps = sorted(told["gaps"])
    late = gaps[int(len(gaps) * 0.99)]
    print(f"playback while {told['jobs']} pieces and pictures are made: {machine()}")
    print(f"  {compared:.1f} s compared, {wrong} samples differ, {told['underruns']} underruns, "
          f"{told['problem'] or 'no problem'}")  # fmt: skip
    print(f"  gaps in the window: median {statistics.median(gaps):.1f} ms, p99 {late:.1f} ms, worst {gaps[-1]:.1f} ms")
    return 0 if not wrong and not told["underruns"] and late <= GOAL_P99 else 1


if __name__ == "__main__":
    raise SystemExit(measure(__doc__, record))
