"""Playback, measured at a real sound server: ``.venv/bin/python benchmarks/sound.py [--seconds 60] [--load 2]``.

Starts a PulseAudio of its own with a null sink, plays a piece through the player while `--load` processes compute, and
records what the server plays. Prints whether the record is what was rendered, sample for sample, how often the output
ran dry, how far the playhead is from what is heard, and how soon an edit is. Needs pulseaudio and parec.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from _sound_server import Recorder, measure

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from plugins.music import document_edit as edit
from plugins.music.document import Note, Score, Track
from plugins.music.document_notes import from_symbolic
from plugins.music.playback import ScoreSource
from plugins.music.render import RATE
from plugins.starter.music.composer import random_score
from studio.widgets.sound import Player

BURN = "import numpy as np\nwhile True: np.dot(np.ones((500, 500)), np.ones((500, 500)))"


class Clicks:
    """A source with a click every half second, to see when a place is heard."""

    rate, latency, length = RATE, 0, RATE * 3600

    def read(self, start: int | None, frames: int) -> np.ndarray:
        out = np.zeros((2, frames), np.float32)
        if start is not None:
            at = np.arange(start, start + frames) % (RATE // 2)
            out[:, at < 48] = 0.8
        return out

    def count_in(self, at: int, left: int, frames: int) -> np.ndarray:
        return np.zeros((2, frames), np.float32)

    def count_in_length(self, at: int) -> int:
        return 0

    def relocate(self, place: int) -> int:
        return place

    def prepare(self, start: int, frames: int) -> bool:
        return False


class Noting(ScoreSource):
    """Remembers what was asked of it, to be rendered again in peace."""

    def __init__(self, score: Score) -> None:
        super().__init__(score)
        self.asked: list[tuple[int | None, int]] = []

    def read(self, start: int | None, frames: int) -> np.ndarray:
        self.asked.append((start, frames))
        return super().read(start, frames)


@contextlib.contextmanager
def busy(load: int) -> Iterator[None]:
    """That many processes compute without a pause."""
    burning = [subprocess.Popen([sys.executable, "-c", BURN], env={**os.environ, "OMP_NUM_THREADS": "1"})
               for _ in range(load)]  # fmt: skip
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def clock(seconds: float) -> None:
    """How far `position` is from what the server plays at that moment."""
    recorder = Recorder()
    time.sleep(0.5)
    player = Player(Clicks())
    player.play(0)
    told: list[tuple[float, float]] = []
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        told.append((time.perf_counter(), player.position()))
        time.sleep(0.005)
    player.close()
    recorder.end()
    offsets = []
    before = 0.0
    for when, piece in recorder.pieces:
        sound = np.frombuffer(piece[: len(piece) // 8 * 8], np.float32).reshape(-1, 2)[:, 0]
        rise = np.flatnonzero((sound > 0.5) & (np.concatenate(([before], sound[:-1])) <= 0.5))
        before = float(sound[-1]) if len(sound) else before
        for index in rise:
            heard_at = when - (len(sound) - index) / RATE
            place = float(np.interp(heard_at, [t for t, _ in told], [p for _, p in told]))
            off = (place + RATE / 4) % (RATE / 2) - RATE / 4
            offsets.append(off / RATE * 1000)
    late = offsets[3:]
    print(f"clock: {len(late)} clicks, playhead ahead of the recording by {np.median(late):.1f} ms (median), "
          f"{min(late):.1f} to {max(late):.1f} ms")  # fmt: skip


def aligned(record: np.ndarray, wanted: np.ndarray) -> int:
    """By how many samples the record is late."""
    probe = wanted[0, 2 * RATE : 4 * RATE]
    size = 1 << (record.shape[1] + len(probe)).bit_length()
    found = np.fft.irfft(np.fft.rfft(record[0], size) * np.conj(np.fft.rfft(probe, size)), size)
    return int(np.argmax(found[: record.shape[1]])) - 2 * RATE


def differing(record: np.ndarray, score: Score, asked: list[tuple[int | None, int]]) -> tuple[float, int]:
    """(seconds compared, samples that differ) of a record and of what was asked for, rendered again in peace."""
    again = ScoreSource(score)
    silence = next(number for number, (place, _) in enumerate(asked) if place is not None)
    wanted = np.concatenate([again.read(place, frames) for place, frames in asked], axis=1)
    begun = sum(frames for _, frames in asked[:silence])
    shift = aligned(record, wanted[:, begun:]) - begun
    # A null sink swallows the first milliseconds of a stream, and closing drops what still waits.
    first = max(0, shift, shift + begun) + RATE // 50
    last = min(record.shape[1], wanted.shape[1] + shift) - RATE * 3 // 4
    same = np.abs(record[:, first:last] - wanted[:, first - shift : last - shift]).max(axis=0)
    return (last - first) / RATE, int(np.count_nonzero(same > 1e-6))


def faithful(seconds: float, load: int) -> None:
    """Whether the record is the rendering, and how often the output ran dry."""
    score = from_symbolic(random_score(2**30 + 1))
    source = Noting(score)
    loop = (0, source.length)
    with busy(load):
        recorder = Recorder()
        time.sleep(0.5)
        player = Player(source)
        player.play(0, loop=loop)
        time.sleep(seconds)
        underruns = player.underruns
        player.close()
        time.sleep(0.5)
        record = recorder.end()
    compared, wrong = differing(record, score, source.asked)
    print(f"playback under {load} busy processes: {compared:.1f} s compared, {wrong} samples differ, "
          f"{underruns} underruns, {player.problem or 'no problem'}")  # fmt: skip


def edits(seconds: float, load: int) -> None:
    """How long after an edit it is heard, and whether a storm of edits under load makes a hole."""
    organ = Track("t1", "organ", "organ").with_notes([Note(1, 0, 400 * 480, 60, 100)])
    quiet = Score(tracks=(replace(organ, volume=0.0),), length=400 * 480)
    source, recorder = ScoreSource(quiet), Recorder()
    player = Player(source)
    player.play(0)
    time.sleep(3)
    told = []
    for _ in range(max(3, int(seconds / 2))):
        told.append(time.perf_counter())
        source.set_score(Score(tracks=(organ,), length=quiet.length))
        time.sleep(0.4)
        source.set_score(quiet)
        time.sleep(1.6)
    player.close()
    recorder.end()
    heard = []
    for when, piece in recorder.pieces:
        loud = np.flatnonzero(
            np.abs(np.frombuffer(piece[: len(piece) // 8 * 8], np.float32).reshape(-1, 2)).max(1) > 0.02
        )
        if len(loud):
            heard.append(when - (len(piece) // 8 - loud[0]) / RATE)
    late = [1000 * (min(h for h in heard if h > t) - t) for t in told]
    print(f"edits: heard after {np.median(late):.0f} ms (median), {max(late):.0f} ms at most")
    score = from_symbolic(random_score(2**30 + 4))
    source, recorder = ScoreSource(score), Recorder()
    with busy(load):
        player = Player(source)
        player.play(0, loop=(0, source.length))
        begin, count = time.perf_counter(), 0
        ids = list(score.home_track)
        while time.perf_counter() - begin < seconds:
            count += 1
            source.set_score(edit.move(score, ids, pitches=count % 5 - 2))
            time.sleep(0.12)
        underruns = player.underruns
        player.close()
        record = recorder.end()
    sounding = np.flatnonzero(np.abs(record).max(axis=0) > 1e-4)
    gap = int(np.diff(sounding).max()) / RATE * 1000
    print(f"{count} edits of all {len(ids)} notes under {load} busy processes: {underruns} underruns, "
          f"longest silence {gap:.0f} ms")  # fmt: skip


def all_three(options: argparse.Namespace) -> int:
    """Beside a server of our own."""
    clock(min(10.0, options.seconds))
    edits(min(10.0, options.seconds), options.load)
    faithful(options.seconds, options.load)
    return 0


if __name__ == "__main__":
    raise SystemExit(measure(__doc__, all_three, load=2))
