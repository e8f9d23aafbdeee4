"""The sound document: edits that never touch a recording, exact to the sample; peaks; files of the world."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from plugins.music import tags, wave_files, wave_look, wave_render
from plugins.music import wave_edit as edits
from plugins.music.wave import Clip, Marker, Region, Wave, joined, spoken_time, whole
from plugins.music.wave_tape import Shelf, Tape, record
from studio.api import StudioError

RATE = 8_000
JOIN = 40
"""Frames of a join at that rate."""


def noise(frames: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels))
    return made.astype(np.float32)


def tape(sound: np.ndarray, rate: int = RATE) -> Tape:
    return record(iter([sound[:777], sound[777:]]), rate, sound.shape[1])


@pytest.fixture
def sound() -> np.ndarray:
    return noise(10_000)


@pytest.fixture
def shelf(sound: np.ndarray) -> Shelf:
    shelf = Shelf()
    shelf.put("a", tape(sound))
    shelf.put("b", tape(noise(3_000, 1, seed=5)))
    return shelf


@pytest.fixture
def wave() -> Wave:
    return Wave(RATE, 2, whole("a", 10_000))


def heard(wave: Wave, shelf: Shelf) -> np.ndarray:
    return wave_render.read(wave, shelf, 0, wave.length)


# --- edits ---


def test_deleting_joins_without_touching_anything_else(wave: Wave, shelf: Shelf, sound: np.ndarray) -> None:
    made = heard(edits.delete(wave, 2_000, 3_001), shelf)
    assert len(made) == 10_000 - 1_001
    assert np.array_equal(made[:2_000], sound[:2_000])
    assert np.array_equal(made[2_000 + JOIN :], sound[3_001 + JOIN :])
    u = np.sin((np.arange(JOIN) + 0.5) / JOIN * np.pi / 2)[:, None] ** 2
    assert np.allclose(made[2_000 : 2_000 + JOIN], sound[2_000 : 2_000 + JOIN] * (1 - u) + sound[3_001:3_041] * u,
                       atol=1e-6)  # fmt: skip


def test_cut_and_paste_in_the_same_place_is_what_it_was(wave: Wave, shelf: Shelf, sound: np.ndarray) -> None:
    cut = edits.clips_between(wave, 4_000, 5_000)
    back = edits.replaced(edits.replaced(wave, 4_000, 5_000, ()), 4_000, 4_000, cut)
    assert back.clips == wave.clips
    pasted = heard(edits.insert(wave, 1_000, cut), shelf)
    assert np.array_equal(pasted[1_000 + JOIN : 2_000], sound[4_000 + JOIN : 5_000])
    assert np.array_equal(pasted[2_000 + JOIN :], sound[1_000 + JOIN :])


def test_gain_fades_and_silence_are_sample_exact(wave: Wave, shelf: Shelf, sound: np.ndarray) -> None:
    louder = heard(edits.gain(wave, 100, 200, 0.5), shelf)
    assert np.array_equal(louder[100:200], sound[100:200] * np.float32(0.5))
    assert np.array_equal(louder[:100], sound[:100])
    assert np.array_equal(louder[200:], sound[200:])
    faded = heard(edits.fade(wave, 0, 1_000, "in", curve="line"), shelf)
    ramp = ((np.arange(1_000) + 0.5) / 1_000)[:, None]
    assert np.allclose(faded[:1_000], sound[:1_000] * ramp, atol=1e-6)
    assert np.array_equal(faded[1_000:], sound[1_000:])
    quiet = heard(edits.silence(wave, 500, 900), shelf)
    assert not quiet[500 + JOIN : 900 - JOIN].any()
    assert np.array_equal(quiet[:500], sound[:500])
    assert np.array_equal(quiet[900:], sound[900:])


def test_reversing_twice_is_what_it_was(wave: Wave, shelf: Shelf, sound: np.ndarray) -> None:
    shaped = edits.fade(edits.gain(wave, 300, 700, 0.25), 200, 900, "out", curve="power")
    once = edits.reverse(shaped, 0, shaped.length)
    assert np.allclose(heard(once, shelf), heard(shaped, shelf)[::-1], atol=1e-6)
    assert np.allclose(heard(edits.reverse(once, 0, once.length), shelf), heard(shaped, shelf), atol=1e-6)
    middle = heard(edits.reverse(wave, 2_000, 4_000), shelf)
    assert np.array_equal(middle[2_000 + JOIN : 4_000], sound[2_000:4_000][::-1][JOIN:])


def test_trim_keeps_the_range_and_its_marks(wave: Wave, shelf: Shelf, sound: np.ndarray) -> None:
    marked = edits.add_marker(edits.add_region(wave, "Verse", 1_000, 3_000), "Here", 2_500)
    made = edits.trim(marked, 2_000, 4_000)
    assert np.array_equal(heard(made, shelf), sound[2_000:4_000])
    assert [(r.name, r.start, r.end) for r in made.regions] == [("Verse", 0, 1_000)]
    assert [(m.name, m.at) for m in made.markers] == [("Here", 500)]


def test_marks_move_with_what_they_mark(wave: Wave) -> None:
    marked = edits.add_region(edits.add_region(wave, "One", 0, 1_000), "Two", 5_000, 6_000)
    marked = edits.add_marker(marked, "M", 5_500)
    later = edits.insert_silence(marked, 2_000, 300)
    assert [(r.start, r.end) for r in later.regions] == [(0, 1_000), (5_300, 6_300)]
    assert later.markers[0].at == 5_800
    gone = edits.delete(marked, 4_900, 6_100)
    assert [r.name for r in gone.regions] == ["One"]
    assert not gone.markers
    moved = edits.set_region(marked, replace(marked.regions[0], start=50, end=20))
    assert moved.regions[0] == Region(1, "One", 20, 50, 0)
    assert edits.set_marker(marked, Marker(3, "N", 99_999)).markers[0].at == 10_000
    assert edits.remove_mark(marked, 1).regions == marked.regions[1:]


def test_pieces_of_one_recording_become_one_again(wave: Wave) -> None:
    pieces = [clip for at in range(0, 10_000, 100) for clip in edits.clips_between(wave, at, at + 100)]
    assert joined(pieces) == wave.clips


def test_a_mono_recording_in_a_stereo_sound(wave: Wave, shelf: Shelf) -> None:
    mixed = replace(wave, clips=(*wave.clips, Clip(50), *whole("b", 3_000)))
    made = heard(mixed, shelf)
    assert np.array_equal(made[10_050:, 0], made[10_050:, 1])
    assert not made[10_000:10_050].any()
    mono = heard(replace(wave, channels=1), shelf)
    assert mono.shape == (10_000, 1)
    assert np.allclose(mono[:, 0], heard(wave, shelf).mean(axis=1))


def test_where_a_range_went(wave: Wave) -> None:
    assert edits.carried(wave, wave, 3_000, 4_000) == (3_000, 4_000)
    assert edits.carried(wave, edits.delete(wave, 100, 200), 3_000, 4_000) == (2_900, 3_900)
    assert edits.carried(wave, edits.delete(wave, 8_000, 9_000), 3_000, 4_000) == (3_000, 4_000)
    assert edits.carried(wave, edits.gain(wave, 3_500, 3_600, 0.5), 3_000, 4_000) is None


def test_a_file_of_it_says_the_same(wave: Wave) -> None:
    made = edits.reverse(edits.fade(edits.delete(wave, 500, 900), 0, 300, "in"), 100, 2_000)
    made = edits.add_marker(edits.add_region(made, "Ünï", 5, 700), "x", 9)
    again = Wave.from_json(json.loads(made.to_bytes()))
    assert again == made
    kept = Wave.from_json({**made.to_json(), "newer": 1})
    assert kept.to_json()["newer"] == 1


@pytest.mark.parametrize("change", [{"format": 2}, {"rate": 1}, {"channels": 7}, {"clips": [[-1, []]]}, {"clips": 3},
                                    {"clips": [[9, [["a", 0, 3, 1.0, []]]]]}, {"clips": [[9, [["a", 0, 1, -1, []]]]]},
                                    {"clips": [[1 << 51, []]]}, {"regions": [{"id": 1}]}, {"beats": "x"}])  # fmt: skip
def test_what_is_no_sound_document_is_refused(wave: Wave, change: dict[str, object]) -> None:
    with pytest.raises(StudioError, match="cannot be read"):
        Wave.from_json({**wave.to_json(), **change})


def test_times_for_people() -> None:
    assert [spoken_time(0), spoken_time(64.25), spoken_time(3.5, digits=3), spoken_time(61, digits=0)] == [
        "0:00.00", "1:04.25", "0:03.500", "1:01"]  # fmt: skip


# --- peaks ---


@pytest.mark.parametrize("columns", [7, 100, 900, 4_000])
def test_peaks_show_what_is_there(wave: Wave, shelf: Shelf, columns: int) -> None:
    shaped = edits.reverse(edits.gain(edits.delete(wave, 1_000, 2_000), 3_000, 4_000, 0.25), 500, 6_000)
    made = heard(shaped, shelf)
    edges = np.linspace(0, shaped.length, columns + 1).astype(np.int64)
    low, high, root = wave_look.look(shaped, shelf, edges)
    for column in range(columns):
        inside = made[edges[column] : max(edges[column + 1], edges[column] + 1)]
        if columns > 200:  # so near that the samples themselves are seen
            assert np.array_equal(high[column], inside.max(axis=0))
            assert np.array_equal(low[column], inside.min(axis=0))
        elif len(inside) > 130:
            assert (high[column] >= inside[65:-65].max(axis=0) - 1e-6).all()
            assert (low[column] <= inside[65:-65].min(axis=0) + 1e-6).all()
            assert np.allclose(root[column], np.sqrt((inside**2).mean(axis=0)), atol=0.06)
    assert high.max() <= 0.5
    assert low.min() >= -0.5


# --- files ---


@pytest.mark.parametrize(("name", "kind"), [("a.wav", "FLOAT"), ("a.wav", "PCM_16"), ("a.flac", "PCM_24"),
                                            ("a.ogg", "VORBIS"), ("a.mp3", None), ("a.opus", "OPUS")])  # fmt: skip
def test_files_of_the_world_come_in(tmp_path: Path, name: str, kind: str | None) -> None:
    rate = 48_000
    at = np.arange(rate)[:, None] / rate
    tone = (0.5 * np.sin(2 * np.pi * 440 * at)).astype(np.float32).repeat(2, axis=1)
    form = {"opus": "OGG"}.get(name.partition(".")[2])
    soundfile.write(tmp_path / name, tone, rate, kind, format=form)
    made = wave_files.decode(tmp_path / name)
    assert (made.rate, made.channels) == (rate, 2)
    assert abs(made.frames - rate) < 3_000
    limit = {"FLOAT": 0.0, "PCM_16": 1e-4, "PCM_24": 1e-6}.get(kind or "", 0.05)
    assert np.abs(made.read(5_000, 35_000, 2) - tone[5_000:40_000]).max() <= limit or name == "a.mp3"
    assert abs(float(np.sqrt((made.read(5_000, 35_000, 2) ** 2).mean())) - 0.3535) < 0.01
    other = wave_files.decode(tmp_path / name, rate=44_100)
    assert other.rate == 44_100
    assert abs(other.frames - 44_100) < 3_000


def test_more_channels_become_two(tmp_path: Path) -> None:
    six = noise(4_000, 6)
    soundfile.write(tmp_path / "six.wav", six, RATE, "FLOAT")
    made = wave_files.decode(tmp_path / "six.wav")
    assert np.allclose(made.read(0, made.frames, 2)[:, 0], six[:, 0::2].mean(axis=1), atol=1e-6)


def test_hostile_files_are_refused_at_once(tmp_path: Path) -> None:
    good = tmp_path / "good.wav"
    soundfile.write(good, noise(2_000), RATE, "PCM_16")
    data = good.read_bytes()
    for name, content in {
        "empty.wav": b"",
        "words.mp3": b"these are words\n" * 500,
        "half.flac": b"fLaC\0\0\0\x22" + bytes(20),
        "slow.wav": data[:24] + (3).to_bytes(4, "little") + data[28:],
        "riff.wav": data[:44],
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StudioError) as caught:
            wave_files.decode(tmp_path / name)
        assert name in caught.value.message
    lying = tmp_path / "lying.wav"
    lying.write_bytes(data[:40] + (2**31).to_bytes(4, "little") + data[44:])
    assert wave_files.decode(lying).frames == 2_000  # no more than what is there
    with pytest.raises(StudioError, match="gone"):
        wave_files.decode(tmp_path / "nowhere.wav")


def test_samples_that_are_no_numbers_are_silence(tmp_path: Path) -> None:
    sound = noise(1_000)
    sound[10:20] = np.nan
    sound[30, 0] = np.inf
    soundfile.write(tmp_path / "nan.wav", sound, RATE, "FLOAT")
    made = wave_files.decode(tmp_path / "nan.wav")
    assert made.clipped == 21
    assert np.isfinite(made.read(0, made.frames, made.channels)).all()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file could not be deleted there")
@pytest.mark.parametrize("kind", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_wav_file_is_read_where_it_lies(tmp_path: Path, kind: str) -> None:
    """Nothing is copied; what is read is what libsndfile reads, and a file that goes leaves silence, not a crash."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(30_001), RATE, kind)
    path.write_bytes(tags.with_chunks(path.read_bytes(), [tags.info("x", "y")]))
    wanted, _ = soundfile.read(path, dtype="float32", always_2d=True)
    made = wave_files.decode(path)
    assert made.reel.temporary == 0
    assert np.array_equal(made.read(0, 30_001, 2), wanted)
    assert np.array_equal(made.read(-5, 20, 2)[5:], wanted[:15])
    assert np.allclose(made.read(100, 50, 1), wanted[100:150].mean(axis=1, keepdims=True))
    assert made.levels[0].high.max() == wanted[: 30_001 // 64 * 64].max()
    os.truncate(path, 1_000)
    assert not made.read(20_000, 100, 2).any()
    path.unlink()


def test_sixteen_bits_take_half_the_room(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", noise(20_000), RATE, "PCM_16")
    wanted, _ = soundfile.read(tmp_path / "a.flac", dtype="float32", always_2d=True)
    made = wave_files.decode(tmp_path / "a.flac")
    assert made.reel.temporary == 20_000 * 2 * 2
    assert np.array_equal(made.read(0, 20_000, 2), wanted)


def test_tapes_that_nobody_hears_make_room(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", noise(10_000), RATE, "PCM_16")
    shelf = Shelf(most=100_000)
    shelf.hold(["1"])
    for name in "12345":
        shelf.put(name, wave_files.decode(tmp_path / "a.flac"))
    assert [name for name in "12345" if shelf.get(name, RATE) is not None] == ["1", "3", "4", "5"]
    shelf.hold([])
    assert [name for name in "12345" if shelf.get(name, RATE) is not None] == ["3", "4", "5"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_program_that_dies_leaves_nothing_behind(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", noise(50_000), RATE, "PCM_16")
    folder = tmp_path / "temporary"
    folder.mkdir()
    code = (
        "import sys, time; from pathlib import Path; from plugins.music import wave_files\n"
        "tape = wave_files.decode(Path(sys.argv[1])); print(tape.read(0, 5, 2).shape, flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "TMPDIR": str(folder)}
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a.flac")], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "(5, 2)\n"
    child.kill()
    child.communicate()
    assert list(folder.iterdir()) == []


def test_normalising_measures_the_loudest_sample(wave: Wave, shelf: Shelf, sound: np.ndarray) -> None:
    loudest = wave_render.peak(wave, shelf, 1_000, 9_000)
    assert loudest == np.abs(sound[1_000:9_000]).max()
