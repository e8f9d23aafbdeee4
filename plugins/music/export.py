"""Scores as files for the rest of the world, each with its recipe inside unless the artist says otherwise."""

from __future__ import annotations

import io
import re
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from studio.api import Recipe, StudioError

from . import midi, midi_write, musicxml, tags, wave_export
from .document import Score
from .params import FlacOptions, LossyOptions, MidiOptions, SheetOptions, StemOptions, WavOptions
from .reading import read_score, recipe_in
from .render import RATE, NoteCache, render, render_loop
from .soundfont import Fonts
from .synth_parts import Sound
from .voicing import Voicing

__all__ = ["flac", "midi_file", "mp3", "ogg", "opus", "sheet", "stems", "wav"]

BLOCK = 65_536
"""libsndfile's Vorbis encoder crashes the process when it is given a minute at once."""
MOST_SECONDS = 3600


def midi_file(source: Path, recipe: Recipe | None, options: MidiOptions) -> bytes:
    """A Standard MIDI file, recipe as a text event."""
    text = _told(source, recipe, options.recipe)
    return midi_write.to_bytes(read_score(source), kind=int(options.kind), recipe=text)


def sheet(source: Path, recipe: Recipe | None, options: SheetOptions) -> bytes:
    """MusicXML, recipe as a field of the identification."""
    text = _told(source, recipe, options.recipe)
    return musicxml.to_bytes(read_score(source), recipe=text)


def wav(source: Path, recipe: Recipe | None, options: WavOptions) -> bytes:
    """WAV, recipe as the comment of its INFO chunk; a loop also says so in a `smpl` chunk."""
    kind = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}[options.depth]
    if wave_export.is_sound(source):
        return wave_export.encode(source, "WAV", kind, recipe, wanted=options.recipe, loop=options.loop)
    sound = _sound(source, loop=options.loop)
    data = _encoded(sound, "WAV", kind, *_words(source, recipe, options.recipe))
    return tags.with_chunks(data, [tags.loop(sound.shape[1], RATE)]) if options.loop else data


def flac(source: Path, recipe: Recipe | None, options: FlacOptions) -> bytes:
    """FLAC, recipe as a comment."""
    if wave_export.is_sound(source):
        return wave_export.encode(source, "FLAC", f"PCM_{options.depth}", recipe, wanted=options.recipe)
    return _encoded(_sound(source), "FLAC", f"PCM_{options.depth}", *_words(source, recipe, options.recipe))


def ogg(source: Path, recipe: Recipe | None, options: LossyOptions) -> bytes:
    """Ogg Vorbis, recipe as a comment."""
    if wave_export.is_sound(source):
        level = 1 - options.quality
        return wave_export.encode(source, "OGG", "VORBIS", recipe, wanted=options.recipe, level=level)
    words = _words(source, recipe, options.recipe)
    return _encoded(_sound(source), "OGG", "VORBIS", *words, level=1 - options.quality)


def opus(source: Path, recipe: Recipe | None, options: LossyOptions) -> bytes:
    """Opus in Ogg, recipe as a comment."""
    if wave_export.is_sound(source):
        level = 1 - options.quality / 2
        return wave_export.encode(source, "OGG", "OPUS", recipe, wanted=options.recipe, level=level)
    words = _words(source, recipe, options.recipe)
    # libsndfile's scale goes up to 256 kbit/s a channel; half of that is more than enough for music.
    return _encoded(_sound(source), "OGG", "OPUS", *words, level=1 - options.quality / 2)


def mp3(source: Path, recipe: Recipe | None, options: LossyOptions) -> bytes:
    """MP3, recipe as the comment of its ID3 tag."""
    if wave_export.is_sound(source):
        level = 1 - options.quality
        return wave_export.encode(source, "MP3", "MPEG_LAYER_III", recipe, wanted=options.recipe, level=level)
    words = tags.id3(*_words(source, recipe, options.recipe))
    return words + _encoded(_sound(source), "MP3", "MPEG_LAYER_III", level=1 - options.quality)


def stems(source: Path, recipe: Recipe | None, options: StemOptions) -> bytes:
    """A ZIP of one file for each track that sounds, and the recipe beside them. Each stem has its own hall and limiter:
    together they are nearly the mix, which the limiter heard as a whole.
    """
    score, cache, told = read_score(source), NoteCache(), _told(source, recipe, options.recipe)
    _check_length(score)
    voicing = _voicing(score)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for number, track in enumerate((t for t in score.tracks if t.notes), 1):
            sound = render(score, only=track.id, cache=cache, voicing=voicing)
            form = options.form.upper()
            data = _encoded(sound, form, "PCM_24", track.name, _comment(told) if form == "FLAC" else "")
            plain = re.sub(r"[^\w\- ]+", "_", track.name).strip()[:60] or "track"
            # A date of its own would make another file of the same piece each time.
            archive.writestr(zipfile.ZipInfo(f"{number:02d} {plain}.{options.form}"), data)
        if told:
            archive.writestr(zipfile.ZipInfo("recipe.json"), told)
    return held.getvalue()


def _told(source: Path, recipe: Recipe | None, wanted: bool) -> str:
    """The recipe as a text, of the artifact or of the file that was made of an edited score; "" for none."""
    known = (recipe or recipe_in(source)) if wanted else None
    return "" if known is None else known.text()


def _comment(told: str) -> str:
    return midi.RECIPE + told if told else ""


def _words(source: Path, recipe: Recipe | None, wanted: bool) -> tuple[str, str]:
    return read_score(source).title, _comment(_told(source, recipe, wanted))


def _check_length(score: Score) -> None:
    seconds = score.length / score.ppq * 60 / min(t.bpm for t in score.tempos)
    if seconds > MOST_SECONDS * 4:
        raise StudioError("This piece is too long to be rendered.", "Shorten it to under an hour.")


def _sound(source: Path, *, loop: bool = False) -> Sound:
    return _rendered(str(source), source.stat().st_mtime_ns, loop)


@lru_cache(maxsize=1)
def _rendered(path: str, changed: int, loop: bool) -> Sound:
    """The same piece in another format, or another quality, is not played again."""
    score = read_score(Path(path))
    _check_length(score)
    voicing = _voicing(score)
    return render_loop(score, voicing=voicing) if loop else render(score, voicing=voicing)


def _voicing(score: Score) -> Voicing:
    """With the SoundFonts of the score. Raises StudioError where one cannot be played: no other sound in its place."""
    fonts = Fonts()
    fonts.load(score.tracks)
    return Voicing(fonts)


def _encoded(
    sound: Sound, form: str, kind: str, title: str = "", comment: str = "", *, level: float | None = None
) -> bytes:
    held = io.BytesIO()
    options = {} if level is None else {"compression_level": min(max(level, 0.0), 1.0)}
    if kind == "PCM_16":
        sound = _dithered(sound)
    try:
        with soundfile.SoundFile(held, "w", RATE, len(sound), kind, format=form, **options) as file:
            # libsndfile refuses empty words, and leaves long ones out of WAV files.
            if title and form != "WAV":
                file.title = title
            if comment and form != "WAV":
                file.comment = comment
            for begin in range(0, sound.shape[1], BLOCK):
                file.write(np.ascontiguousarray(sound[:, begin : begin + BLOCK].T))
    except (soundfile.SoundFileError, RuntimeError, MemoryError) as error:
        raise StudioError(f"The sound could not be written as {form}.", "Try WAV.", details=str(error)) from error
    data = held.getvalue()
    return tags.with_chunks(data, [tags.info(title, comment)]) if form == "WAV" else data


def _dithered(sound: Sound) -> Sound:
    """Triangular noise of one degree of 16 bits: rounding errors become an even hiss instead of following the music."""
    random = np.random.default_rng(16)
    noise = random.random(sound.shape, np.float32) - random.random(sound.shape, np.float32)
    return np.clip(sound + noise / np.float32(32_768), -1, 1 - 2**-15)
