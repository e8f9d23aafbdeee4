"""Two results of one medium: whether they are the same, and from where on they are not."""

from __future__ import annotations

import io
import json

import mido
import numpy as np
import pytest
import soundfile
from PIL import Image

from studio.core.verdict import Answer
from studio.engine.comparing import compared

Score = list[tuple[int, int, int]]
TUNE: Score = [(0, 60, 480), (480, 64, 480), (960, 67, 480), (1440, 72, 960)]


def midi(tune: Score, *, tempo: int = 500_000, ticks: int = 480) -> bytes:
    """Notes as (start, pitch, length) in ticks."""
    file = mido.MidiFile(ticks_per_beat=ticks)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo)])
    moments = [(start, "note_on", pitch) for start, pitch, _ in tune]
    moments += [(start + length, "note_off", pitch) for start, pitch, length in tune]
    now = 0
    for moment, kind, pitch in sorted(moments, key=lambda one: (one[0], one[1] == "note_on")):
        track.append(mido.Message(kind, note=pitch, velocity=80, time=moment - now))
        now = moment
    file.tracks.append(track)
    target = io.BytesIO()
    file.save(file=target)
    return target.getvalue()


def png(colour: str, size: tuple[int, int] = (32, 32), level: int = 6) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG", compress_level=level)
    return target.getvalue()


def test_notes_are_compared_and_not_bytes() -> None:
    again = midi([(start * 2, pitch, length * 2) for start, pitch, length in TUNE], ticks=960)
    assert again != midi(TUNE)
    assert compared("audio/midi", midi(TUNE), "audio/midi", again)[0] is Answer.IDENTICAL


def test_the_first_note_that_differs_is_named() -> None:
    other = [*TUNE[:2], (960, 68, 480), TUNE[3]]
    answer, words, psnr = compared("audio/midi", midi(TUNE), "audio/midi", midi(other))
    assert (answer, psnr) == (Answer.CLOSE, None)
    assert words == "from note 3 on, “A♭4 at beat 2” for “G4 at beat 2”"
    answer, words, _ = compared("audio/midi", midi(TUNE), "audio/midi", midi(TUNE[:1]))
    assert answer is Answer.DIFFERENT
    assert words == "from note 2 on, the end for “E4 at beat 1”"


def test_notes_of_a_score_are_compared_and_not_what_they_are_called() -> None:
    def score(tune: Score, first: int) -> bytes:
        rows = [[first + n, start, length, pitch, 80, False, 64] for n, (start, pitch, length) in enumerate(tune)]
        return json.dumps({"ppq": 480, "title": str(first), "tracks": [{"notes": rows}]}).encode()

    kind = "audio/vnd.studio.score+json"
    assert compared(kind, score(TUNE, 1), kind, score(TUNE, 90))[0] is Answer.IDENTICAL
    answer, words, _ = compared(kind, score(TUNE, 1), kind, score([*TUNE[:3], (1440, 71, 960)], 1))
    assert (answer, words) == (Answer.CLOSE, "from note 4 on, “B4 at beat 3” for “C5 at beat 3”")


def test_samples_are_compared_and_not_headers() -> None:
    def wav(loud: float, hiss: float = 0.0, *, title: str = "", rate: int = 8000) -> bytes:
        noise = np.random.default_rng(1).standard_normal(4000) * hiss
        noise[:2000] = 0
        target = io.BytesIO()
        with soundfile.SoundFile(target, "w", rate, 1, "PCM_24", format="WAV") as file:
            if title:
                file.title = title
            file.write(np.sin(np.arange(4000) * 0.3) * loud + noise)
        return target.getvalue()

    kind = "audio/wav"
    assert compared(kind, wav(0.5), kind, wav(0.5, title="with a recipe"))[0] is Answer.IDENTICAL
    answer, words, _ = compared(kind, wav(0.5), kind, wav(0.5, 0.001))
    assert answer is Answer.CLOSE
    assert words.startswith("from 0.25 s on, the difference 5")
    assert compared(kind, wav(0.5), kind, wav(0.5, 0.3))[0] is Answer.DIFFERENT
    assert compared(kind, wav(0.5), kind, wav(0.5, rate=16000))[1] == "0.25 s at 16000 Hz instead of 0.50 s at 8000 Hz"


def test_words_are_compared_and_not_line_ends() -> None:
    assert compared("text/plain", b"a b\r\nc\r\n", "text/markdown", b"a b\nc")[0] is Answer.IDENTICAL
    answer, words, _ = compared("text/plain", b"one two three", "text/plain", b"one two four")
    assert answer is Answer.CLOSE
    assert words == "from word 3 on, “four” for “three”"


def test_pixels_are_compared_and_not_files() -> None:
    assert compared("image/png", png("red"), "image/png", png("red", level=0))[0] is Answer.IDENTICAL
    answer, words, psnr = compared("image/png", png("#808080"), "image/png", png("#818181"))
    assert answer is Answer.CLOSE
    assert words.startswith("PSNR 48")
    assert psnr is not None
    assert compared("image/png", png("red"), "image/png", png("blue", (64, 16)))[0] is Answer.DIFFERENT


@pytest.mark.parametrize(
    ("kind", "made", "words"),
    [
        ("image/png", "image/png", "cannot be read"),
        ("audio/midi", "audio/midi", "cannot be read"),
        ("audio/wav", "audio/wav", "cannot be read"),
        ("audio/vnd.studio.score+json", "audio/vnd.studio.score+json", "cannot be read"),
        ("image/png", "text/plain", "it is image/png, and text/plain was made"),
        ("model/glb", "model/glb", "from byte 4 of 9 on"),
    ],
)
def test_what_is_damaged_or_unknown_is_different(kind: str, made: str, words: str) -> None:
    answer, detail, _ = compared(kind, b"what is i", made, b"whale")
    assert answer is Answer.DIFFERENT
    assert words in detail
