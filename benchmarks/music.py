"""Music without a sound card: how fast scores become sound, how loud they are, what composing costs beside the model.

Rendering is measured in CPU seconds of one thread, with nothing in the cache at first, for pieces of the built-in
composer and for eight busy tracks. Of the model's loop the share is measured that its forward passes take: the rest is
grammar, the choice of tokens and looks at the score.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _child import machine

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
GOAL_TIMES, GOAL_LUFS, GOAL_LOOP, GOAL_NOTE = 20.0, (-20.0, -12.0), 0.9, 0.05
PIECES, SAMPLES, ROUNDS = 10, 24, 5


def eight_tracks() -> Any:
    """Eight of the dearer voices, 32 bars at 120: three notes a second in each."""
    from plugins.music import document_edit as edit
    from plugins.music import document_tracks as tracks
    from plugins.music.document import Note, Score

    score = Score(length=32 * 1920)
    names = ("piano", "steel guitar", "strings", "choir", "synth pad", "brass", "electric bass", "drum kit")
    for voice, name in enumerate(names):
        score, track = tracks.add_track(score, name)
        base = {"electric bass": 33, "drum kit": 36}.get(name, 52 + voice)
        notes = [
            Note(0, place * 320, 300 if place % 3 else 900, base + (place * 7 + voice * 3) % 19, 60 + place * 11 % 60)
            for place in range(32 * 6)
        ]
        score, _ = edit.add(score, track, notes)
    return score


def rendering() -> bool:
    """Print how fast and how loud; False where a goal is missed."""
    from plugins.music.document_notes import from_symbolic
    from plugins.music.loudness import measure
    from plugins.music.render import RATE, NoteCache, plan, render
    from plugins.starter.music.composer import random_score

    good = True
    for number in range(PIECES):
        score = from_symbolic(random_score(2**30 + number))
        begun = time.thread_time()
        sound = render(score)
        spent = time.thread_time() - begun
        found = measure(sound)
        seconds = sound.shape[1] / RATE
        fits = GOAL_LUFS[0] <= found.lufs <= GOAL_LUFS[1] and found.peak < 0 and found.silence <= 2
        good = good and fits
        name = f"{score.style} {score.mood}"
        print(
            f"  {name:<20}{len(score.tracks)} tracks {seconds:5.1f} s {seconds / spent:4.0f} x {found.lufs:6.1f} LUFS, "
            f"peak {found.peak:5.1f} dB, silence {found.silence:.2f} s{'' if fits else '  MISSED'}"
        )
    score, cache = eight_tracks(), NoteCache()
    for name in ("nothing known", "notes known"):
        begun = time.thread_time()
        sound = render(score, cache=cache)
        times = sound.shape[1] / RATE / (time.thread_time() - begun)
        good = good and times >= GOAL_TIMES
        print(f"  eight tracks, {score.note_count} notes, {name}: {times:.0f} x real time")
    begun = time.thread_time()
    plan(score)
    print(f"  a plan of it after an edit: {(time.thread_time() - begun) * 1000:.1f} ms")
    return good


def written() -> bool:
    """Print how loud the built-in model's own pieces are; False where a goal is missed."""
    from plugins.music.document_notes import from_symbolic
    from plugins.music.loudness import measure
    from plugins.music.render import render
    from plugins.starter.music.composer import random_score
    from plugins.starter.music.measure import SAMPLES_FROM
    from plugins.starter.music.model import load_model
    from studio.inference.notes.sample import answers, begin
    from studio.store import bundled

    folder = bundled() / "resources" / "starter" / "music"
    if not (folder / "model.safetensors").is_file():
        print("  the built-in model is not here")
        return True
    tasks = [begin(random_score(SAMPLES_FROM + number, bars=8).brief) for number in range(SAMPLES)]
    drawn = answers(load_model(folder), tasks, seeds=range(SAMPLES), temperature=0.95)
    found = [measure(render(from_symbolic(t.result(ids)))) for t, ids in zip(tasks, drawn, strict=True)]
    loud, peaks, gaps = (sorted(getattr(m, name) for m in found) for name in ("lufs", "peak", "silence"))
    print(
        f"  {SAMPLES} pieces by the model: {loud[0]:.1f} to {loud[-1]:.1f} LUFS (half of them over "
        f"{statistics.median(loud):.1f}), highest peak {peaks[-1]:.1f} dB, longest silence {gaps[-1]:.2f} s"
    )
    return GOAL_LUFS[0] <= loud[0] and loud[-1] <= GOAL_LUFS[1] and peaks[-1] < 0 and gaps[-1] <= 2


def editing() -> None:
    """What an edit costs in a track of 10,000 notes."""
    from plugins.music import document_edit as edit
    from plugins.music import document_shape as shape
    from plugins.music import document_tracks as tracks
    from plugins.music.document import Note, Score
    from plugins.music.document_time import Grid

    score, track = tracks.add_track(Score())
    score, ids = edit.add(score, track, [Note(0, i * 60, 55, 40 + i % 40, 80) for i in range(10_000)])
    works = {
        "move ten": lambda: edit.move(score, ids[:10], ticks=60, pitches=1),
        "move all": lambda: edit.move(score, ids, ticks=60, pitches=1),
        "quantise all": lambda: shape.quantise(score, ids, Grid(16), swing=0.5),
        "as JSON": score.to_bytes,
    }
    found = []
    for name, work in works.items():
        spent = []
        for _ in range(ROUNDS):
            begun = time.thread_time()
            work()
            spent.append(time.thread_time() - begun)
        found.append(f"{name} {min(spent) * 1000:.1f} ms")
    print(f"  10,000 notes: {', '.join(found)}")


def composing() -> bool:
    """Print what the generator's loop costs beyond the model; False where a goal is missed."""
    from plugins.music import generate
    from plugins.music.params import MusicParams
    from studio.api import Model, Preview, Request
    from studio.store import bundled
    from studio.testing import FakeContext

    folder = bundled() / "resources" / "starter" / "music"
    if not (folder / "model.safetensors").is_file():
        print("  the built-in model is not here")
        return True
    model = Model("starter/music", "Starter music", "music/LlamaForCausalLM", folder, sha256="0" * 64)
    cache: dict[Any, Any] = {}
    looks: list[float] = []

    class Watching(FakeContext):
        def preview(self, make: Any) -> None:
            begun = time.perf_counter()
            shown: Preview = make()
            looks.append(time.perf_counter() - begun)
            assert shown.data

    parts = "melody:violin, chords:piano, bass:cello, drums:drum kit"
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as scratch:

        def job(*, looking: bool) -> int:
            request = Request("music.composer", {"bars": 8, "parts": parts, "style": "folk"}, seed=4)
            context = Watching(request, MusicParams, scratch=Path(scratch), model=model, cache=cache)
            context.wants_preview = looking
            generate.run(request, context)
            return len(context.states[max(context.states)].tensors["tokens"].data) // 4

        count = job(looking=False)
        net = next(iter(cache.values()))

        begun: list[float] = []
        inside: list[float] = []
        hooks = (
            net.register_forward_pre_hook(lambda *_: begun.append(time.process_time())),
            net.register_forward_hook(lambda *_: inside.append(time.process_time() - begun[-1])),
        )
        shares, rates = [], []
        for _ in range(ROUNDS):
            inside.clear()
            ours = _spent(lambda: job(looking=False))
            # What lies between the forward passes is all that a bare loop of them would save.
            shares.append(sum(inside) / ours)
            rates.append(count / ours)
        watched = _spent(lambda: job(looking=True))
        for hook in hooks:
            hook.remove()
    share = statistics.median(shares)
    print(f"  {count} tokens: {max(rates):.0f} a CPU second, {share:.3f} x a bare loop (to {max(shares):.3f})")
    slowest = max(looks) * 1000
    print(f"  looked at note by note: {count / watched:.0f} a CPU second; a look takes {slowest:.1f} ms at most")
    return share >= GOAL_LOOP and max(looks) < GOAL_NOTE


def _spent(work: Any) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> int:
    """Print the figures; 1 where a goal is missed."""
    print(f"music: {machine()}")
    good = [rendering(), written(), composing()]
    editing()
    low, high = GOAL_LUFS
    print(
        f"  goals: {GOAL_TIMES:.0f} x real time; {low:.0f} to {high:.0f} LUFS, no clipping, no silence over 2 s; "
        f"{GOAL_LOOP} x a bare loop; a note seen within {GOAL_NOTE * 1000:.0f} ms: {'kept' if all(good) else 'MISSED'}"
    )
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
