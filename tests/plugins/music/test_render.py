"""Scores as sound: the same however it is cut, loud enough, never clipped, loops without a seam, plays while edited."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plugins.music import document_edit as edit
from plugins.music import document_tracks as tracks
from plugins.music.document import Foreign, Note, Score, Track
from plugins.music.document_notes import from_symbolic
from plugins.music.loudness import measure
from plugins.music.playback import ScoreSource
from plugins.music.render import LIMITER_DELAY, RATE, Mixer, NoteCache, plan, render, render_loop
from plugins.music.synth_parts import Sound
from plugins.starter.music.composer import random_score

Q = 480


def short(number: int, bars: int = 2) -> Score:
    """The first bars of a piece."""
    return from_symbolic(random_score(2**30 + number, bars=bars))


def level(sound: Sound) -> float:
    return float(np.sqrt((sound**2).mean()))


def pulled(source: ScoreSource, start: int | None, total: int, size: int = 1024) -> Sound:
    parts, done = [], 0
    while done < total:
        count = min(size, total - done)
        parts.append(source.read(None if start is None else start + done, count))
        done += count
    return np.concatenate(parts, axis=1)


def test_pieces_are_as_loud_as_they_should_be() -> None:
    """-20 to -12 LUFS, nothing clipped, no silence over two seconds; benchmarks/music.py measures ten whole ones."""
    cache = NoteCache()
    for number in (0, 5, 7, 11):
        found = measure(render(short(number, bars=4), cache=cache))
        assert -20 <= found.lufs <= -12, (number, found)
        assert found.peak <= -1.0, (number, found)
        assert found.silence <= 2, (number, found)


def test_a_piece_sounds_the_same_however_it_is_cut() -> None:
    score = short(4)
    whole = render(score)
    assert np.abs(whole - render(score, block=3001)).max() < 1e-5
    source = ScoreSource(score)
    stream = pulled(source, 0, whole.shape[1] + LIMITER_DELAY, 777)
    assert np.abs(stream[:, LIMITER_DELAY:] - whole).max() < 1e-5


def test_a_part_begins_where_it_is_asked_to() -> None:
    score = short(2)
    part = render(score, first=score.bar_ticks(score.metres[0]), last=score.length, tail=0.5)
    second = round(plan(score).timeline.seconds(score.bar_ticks(score.metres[0])) * RATE)
    assert part.shape[1] == plan(score).samples - second + RATE // 2
    assert level(part[:, :RATE]) > 0.01


def test_mute_solo_volume_and_pan_are_heard() -> None:
    score = short(2)
    first, second = score.tracks[0].id, score.tracks[1].id
    muted = render(tracks.set_track(score, first, mute=True))
    solo = render(tracks.set_track(score, first, solo=True))
    assert np.array_equal(solo, render(score, only=first))
    assert not np.array_equal(muted, render(score))
    silent = Score(tracks=(), length=4 * Q)
    assert not render(silent).any()
    left = render(tracks.set_track(tracks.set_track(score, second, solo=True), second, pan=-1.0))
    assert level(left[0]) > 2 * level(left[1])
    quiet = render(tracks.set_track(score, first, solo=True, volume=0.2))
    assert level(quiet) < level(solo) / 2


def test_stems_add_up_to_nearly_the_mix() -> None:
    score = short(10)
    whole = render(score)
    together = np.sum([render(score, only=t.id) for t in score.tracks], axis=0)
    assert np.corrcoef(whole[0], together[0])[0, 1] > 0.98


def test_a_loop_has_no_seam() -> None:
    score = tracks.set_tempo(short(3, bars=2), 0, 120)
    loop = render_loop(score)
    size = plan(score).samples
    assert loop.shape == (2, size)
    # The same bars written out four times: the last of them is the loop, but for the chorus, which has moved on.
    shifted = score
    for turn in (1, 2, 3):
        shifted, _ = edit.copy(shifted, [n.id for t in score.tracks for n in t.notes], ticks=turn * score.length)
    longer = render(replace(shifted, length=4 * score.length), tail=0)
    last = longer[:, 3 * size : 4 * size]
    count = min(last.shape[1], size)
    assert np.corrcoef(loop[0, :count], last[0, :count])[0, 1] > 0.97
    steps = np.abs(np.diff(loop, axis=1)).max()
    assert np.abs(loop[:, 0] - loop[:, -1]).max() <= steps


def test_a_choked_hat_is_silent_and_drums_ignore_lengths() -> None:
    kit = Track("t1", "kit", "drum kit", 9)
    free = Score(tracks=(kit.with_notes([Note(1, 0, 10, 46, 100)]),), length=4 * Q)
    choked = Score(tracks=(kit.with_notes([Note(1, 0, 10, 46, 100), Note(2, Q // 2, 10, 42, 1)]),), length=4 * Q)
    at = slice(RATE // 2 - RATE // 10, RATE // 2)
    assert level(render(free)[:, at]) > 5 * level(render(choked)[:, at])


def test_a_held_note_lasts_and_then_ends() -> None:
    organ = Track("t1", "organ", "organ", 0).with_notes([Note(1, 0, 8 * Q, 60, 90)])
    sound = render(Score(tracks=(organ,), length=8 * Q), tail=3.0)
    assert level(sound[:, 3 * RATE : 3 * RATE + 4800]) > 0.02
    assert level(sound[:, -4800:]) < 1e-3


def test_the_cache_stays_within_its_room() -> None:
    cache = NoteCache(limit=2_000_000)
    rows = [Note(pitch, pitch, 8 * Q, pitch, 90) for pitch in range(40, 80)]
    (organ,) = plan(Score(tracks=(Track("t1", "organ", "organ", 0).with_notes(rows),))).tracks
    for index in range(40):
        cache.take(organ, index, 20_000)
    assert sum(s.nbytes for s in cache._kept.values()) <= 2_000_000
    assert cache.has(organ, 39, 20_000)
    assert not cache.has(organ, 0, 1)


# --- program changes on the way --------------------------------------------------------------------------------------


def test_a_program_change_on_the_way_is_heard() -> None:
    """From the third quarter on another instrument plays, the notes before and a note that is held sound as before."""
    notes = [Note(1, 0, 3 * Q, 48, 90), Note(2, Q, Q, 60, 90), Note(3, 2 * Q, Q, 64, 90), Note(4, 3 * Q, Q, 67, 90)]
    organ = Track("t1", "organ", "organ", 0).with_notes(notes)
    changed = replace(organ, extra=(Foreign(2 * Q, bytes((0xC0, 40))),))  # violin
    first = replace(organ, notes=tuple(notes[:2]))
    second = replace(organ, instrument="violin", notes=tuple(notes[2:]))
    mixer, count = Mixer(), 4 * RATE
    found = {p.voice_name: p for p in plan(Score(tracks=(changed,))).tracks}
    assert set(found) == {"organ", "violin"}
    for name, alone in (("organ", first), ("violin", second)):
        (wanted,) = plan(Score(tracks=(alone,))).tracks
        assert np.array_equal(mixer.dry(found[name], 0, count), mixer.dry(wanted, 0, count))
    score = Score(tracks=(changed,), length=4 * Q)
    whole = render(score)
    live = pulled(ScoreSource(score), 0, whole.shape[1] + LIMITER_DELAY, 999)[:, LIMITER_DELAY:]
    assert np.abs(live - whole).max() < 1e-5
    assert np.abs(whole - render(Score(tracks=(organ,), length=4 * Q))).max() > 0.02


# --- controllers of foreign files ------------------------------------------------------------------------------------


def held_with(*events: Foreign, length: int = Q) -> Score:
    organ = Track("t1", "organ", "organ", 0, volume=1.0, extra=events).with_notes([Note(1, 0, length, 69, 90)])
    return Score(tracks=(organ,), length=8 * Q)


def test_the_pedal_holds_notes() -> None:
    plain = render(held_with())
    held = render(held_with(Foreign(100, b"\xb0\x40\x7f"), Foreign(4 * Q, b"\xb0\x40\x00")))
    assert level(plain[:, RATE : RATE + 4800]) < level(held[:, RATE : RATE + 4800]) / 20
    assert level(held[:, 2 * RATE + RATE // 2 :][:, -4800:]) < 1e-3
    left = render(held_with(Foreign(100, b"\xb0\x40\x7f")))
    assert np.isfinite(left).all()


def test_volume_and_expression_move_without_a_click() -> None:
    plain = render(held_with(length=8 * Q), tail=0)
    moved = render(held_with(Foreign(4 * Q, b"\xb0\x07\x20"), Foreign(6 * Q, b"\xb0\x0b\x40"), length=8 * Q), tail=0)
    assert np.abs(moved[:, :RATE] - plain[:, :RATE]).max() < 1e-6
    late = slice(2 * RATE + RATE // 4, 3 * RATE)
    assert level(moved[:, late]) < level(plain[:, late]) / 4
    assert np.abs(np.diff(moved, axis=1)).max() <= np.abs(np.diff(plain, axis=1)).max() * 1.1


def test_a_bent_note_is_higher() -> None:
    def pitch_at(sound: Sound, begin: int) -> float:
        part = sound[0, begin : begin + RATE // 2]
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 18))
        step = RATE / (1 << 18)
        around = np.geomspace(400, 520, 400)
        comb = [sum(power[round(k * hz / step)] for k in (1, 2, 4)) for hz in around]
        return 69 + 12 * float(np.log2(around[int(np.argmax(comb))] / 440))

    sound = render(held_with(Foreign(3 * Q, b"\xe0\x00\x60"), length=8 * Q), tail=0)
    assert pitch_at(sound, RATE // 2) == pytest.approx(69, abs=0.1)
    assert pitch_at(sound, 2 * RATE) == pytest.approx(70, abs=0.1)
    assert (
        np.abs(sound - render(held_with(Foreign(3 * Q, b"\xe0\x00\x60"), length=8 * Q), tail=0, block=999)).max() < 1e-4
    )


# --- while it plays --------------------------------------------------------------------------------------------------


def test_an_edit_takes_over_when_its_sounds_are_made() -> None:
    """Many new notes at once would stop the music: what was there plays on until they are ready."""
    chord = [Note(i, 0, 16 * Q, 48 + 4 * i, 90) for i in range(8)]
    score = Score(tracks=(Track("t1", "strings", "strings", 0).with_notes(chord),), length=16 * Q)
    source = ScoreSource(score)
    pulled(source, 0, RATE // 10)
    source.set_score(edit.move(score, range(8), pitches=1))
    cache = source._mixer.cache
    before = len(cache._kept)
    source.read(RATE // 10, 512)
    assert len(cache._kept) == before  # nothing was made where there was no time for it
    rounds = 0
    while source.prepare(RATE // 10 + 512, RATE):
        rounds += 1
    assert rounds >= 8
    after = pulled(source, RATE // 10 + 512, RATE // 2)
    other = pulled(ScoreSource(edit.move(score, range(8), pitches=1)), 0, RATE // 10 + 512 + RATE // 2)
    assert np.corrcoef(after[0, -RATE // 5 :], other[0, -RATE // 5 :])[0, 1] > 0.95


def test_another_tempo_keeps_the_beat() -> None:
    score = short(2)
    source = ScoreSource(score)
    source.read(RATE, 512)
    tick = source.tick(RATE)
    source.set_score(tracks.set_tempo(score, 0, score.tempos[0].bpm * 2))
    while source.prepare(RATE + 512, RATE):
        pass
    assert source.relocate(RATE) == RATE // 2
    assert source.tick(RATE // 2) == pytest.approx(tick)
    assert source.relocate(RATE) == RATE


def test_an_edit_is_heard_without_a_click() -> None:
    organ = Track("t1", "organ", "organ", 0).with_notes([Note(1, 0, 16 * Q, 60, 90)])
    score = Score(tracks=(organ,), length=16 * Q)
    source = ScoreSource(score)
    before = pulled(source, 0, RATE)
    source.set_score(edit.move(score, [1], pitches=7))
    after = pulled(source, RATE, RATE)
    joined = np.concatenate([before, after], axis=1)[0, RATE // 2 :]
    assert np.abs(np.diff(joined)).max() < 2.5 * np.abs(np.diff(before[0, RATE // 2 :])).max()
    other = ScoreSource(edit.move(score, [1], pitches=7))
    wanted = pulled(other, 0, 2 * RATE)[:, -RATE // 2 :]
    assert np.corrcoef(after[0, -RATE // 2 :], wanted[0])[0, 1] > 0.95


def test_jumps_and_stops_do_not_click() -> None:
    organ = Track("t1", "organ", "organ", 0).with_notes([Note(1, 0, 32 * Q, 55, 90)])
    source = ScoreSource(Score(tracks=(organ,), length=32 * Q))
    first = pulled(source, 0, RATE)
    jumped = pulled(source, 5 * RATE + 77, RATE)
    stopped = pulled(source, None, RATE)
    usual = np.abs(np.diff(first[0, RATE // 4 :])).max()
    whole = np.concatenate([first, jumped, stopped], axis=1)[0, RATE // 4 :]
    assert np.abs(np.diff(whole)).max() < 2.5 * usual
    assert level(stopped[:, -4800:]) < 0.01


def test_the_metronome_and_the_count_are_on_the_beat() -> None:
    source = ScoreSource(Score(length=8 * Q))
    source.metronome = True
    sound = pulled(source, 0, 2 * RATE + LIMITER_DELAY)[0, LIMITER_DELAY:]
    heard = np.flatnonzero(np.abs(sound) > 0.02)
    begins = [int(i) for i in heard if not np.abs(sound[max(0, i - 4000) : i]).max(initial=0) > 0.02]
    assert begins == pytest.approx([0, RATE // 2, RATE, 3 * RATE // 2], abs=40)
    assert source.count_in_length(0) == 2 * RATE
    counted, left = [], 2 * RATE
    while left:
        frames = min(1000, left)
        counted.append(source.count_in(0, left, frames))
        left -= frames
    quiet = np.concatenate(counted, axis=1)[0]
    assert level(quiet[LIMITER_DELAY : LIMITER_DELAY + 1000]) > 0.05
    assert level(quiet[RATE : RATE + 1000 + LIMITER_DELAY]) > 0.03


def test_keys_sound_until_they_are_let_go() -> None:
    source = ScoreSource(Score())
    key = source.key_down(Track("x", "organ", "organ", 0), 60, 100)
    held = pulled(source, None, RATE)
    assert level(held[:, RATE // 2 :]) > 0.02
    source.key_up(key)
    source.key_up(key)
    source.key_up(99)
    pulled(source, None, 3 * RATE)
    assert not source._keys
    assert level(pulled(source, None, RATE)) < 1e-4


def test_notes_are_made_ready_before_they_are_heard() -> None:
    source = ScoreSource(short(2))
    count = 0
    while source.prepare(0, 3 * RATE):
        count += 1
    assert 0 < count < 200
    assert not source.prepare(0, 3 * RATE)


def test_plans_are_kept_for_tracks_that_stay() -> None:
    score = short(2)
    before = plan(score)
    louder = plan(tracks.set_track(score, score.tracks[0].id, volume=0.1), before)
    assert louder.tracks[0].on is before.tracks[0].on
    assert louder.tracks[0].track.volume == 0.1
    faster = plan(tracks.set_tempo(score, 0, 200), before)
    assert faster.tracks[0].on is not before.tracks[0].on
    assert Mixer().mix([]).shape == (2, 0)
