"""Scores as files for the rest of the world, each with its recipe inside unless the artist says otherwise."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from studio.api import Recipe, StudioError

from . import midi_write, musicxml, wave_export
from .document import Score
from .params import FlacOptions, LossyOptions, MidiOptions, SheetOptions, StemOptions, WavOptions
from .reading import read_score, recipe_in
from .render import RATE, NoteCache, render, render_loop
from .sound_file import BLOCK, Held, encode
from .soundfont import Fonts
from .synth_parts import Sound
from .voicing import Voicing

__all__ = ["flac", "midi_file", "mp3", "ogg", "opus", "sheet", "stems", "wav"]

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
    return encode(_held(source, recipe, options.recipe, loop=options.loop), "WAV", kind, loop=options.loop)


def flac(source: Path, recipe: Recipe | None, options: FlacOptions) -> bytes:
    """FLAC, recipe as a comment."""
    return encode(_held(source, recipe, options.recipe), "FLAC", f"PCM_{options.depth}")


def ogg(source: Path, recipe: Recipe | None, options: LossyOptions) -> bytes:
    """Ogg Vorbis, recipe as a comment."""
    return encode(_held(source, recipe, options.recipe), "OGG", "VORBIS", level=1 - options.quality)


def opus(source: Path, recipe: Recipe | None, options: LossyOptions) -> bytes:
    """Opus in Ogg, recipe as a comment."""
    # libsndfile's scale goes up to 256 kbit/s a channel; half of that is more than enough for music.
    return encode(_held(source, recipe, options.recipe), "OGG", "OPUS", level=1 - options.quality / 2)


def mp3(source: Path, recipe: Recipe | None, options: LossyOptions) -> bytes:
    """MP3, recipe as the comment of its ID3 tag."""
    return encode(_held(source, recipe, options.recipe), "MP3", "MPEG_LAYER_III", level=1 - options.quality)


def stems(source: Path, recipe: Recipe | None, options: StemOptions) -> bytes:
    """A ZIP of one file for each track that sounds, and the recipe beside them. Each stem has its own hall and limiter:
    together they are nearly the mix, which the limiter heard as a whole.
    """
    score, cache = read_score(source), NoteCache()
    known = _known(source, recipe, options.recipe)
    _check_length(score)
    voicing = _voicing(score)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for number, track in enumerate((t for t in score.tracks if t.notes), 1):
            sound = render(score, only=track.id, cache=cache, voicing=voicing)
            form = options.form.upper()
            data = encode(_blocks(sound, track.name, known if form == "FLAC" else None), form, "PCM_24")
            plain = re.sub(r"[^\w\- ]+", "_", track.name).strip()[:60] or "track"
            # A date of its own would make another file of the same piece each time.
            archive.writestr(zipfile.ZipInfo(f"{number:02d} {plain}.{options.form}"), data)
        if known is not None:
            archive.writestr(zipfile.ZipInfo("recipe.json"), known.text())
    return held.getvalue()


def _known(source: Path, recipe: Recipe | None, wanted: bool) -> Recipe | None:
    """The recipe of the artifact, or of the file that was made of an edited score."""
    return (recipe or recipe_in(source)) if wanted else None


def _told(source: Path, recipe: Recipe | None, wanted: bool) -> str:
    known = _known(source, recipe, wanted)
    return "" if known is None else known.text()


def _held(source: Path, recipe: Recipe | None, wanted: bool, *, loop: bool = False) -> Held:
    """A sound document or a sound file as it is; a score as it sounds."""
    if wave_export.is_sound(source):
        held = wave_export.hold(source)
        return replace(held, recipe=(recipe or held.recipe) if wanted else None)
    title, sound = _rendered(str(source), source.stat().st_mtime_ns, loop)
    return _blocks(sound, title, _known(source, recipe, wanted))


def _blocks(sound: Sound, title: str, recipe: Recipe | None) -> Held:
    blocks = (sound[:, begin : begin + BLOCK].T for begin in range(0, sound.shape[1], BLOCK))
    return Held(RATE, len(sound), blocks, title, recipe)


def _check_length(score: Score) -> None:
    seconds = score.length / score.ppq * 60 / min(t.bpm for t in score.tempos)
    if seconds > MOST_SECONDS * 4:
        raise StudioError("This piece is too long to be rendered.", "Shorten it to under an hour.")


@lru_cache(maxsize=1)
def _rendered(path: str, changed: int, loop: bool) -> tuple[str, Sound]:
    """Title and sound. The same piece in another format, or another quality, is not played again."""
    score = read_score(Path(path))
    _check_length(score)
    voicing = _voicing(score)
    return score.title, render_loop(score, voicing=voicing) if loop else render(score, voicing=voicing)


def _voicing(score: Score) -> Voicing:
    """With the SoundFonts of the score. Raises StudioError where one cannot be played: no other sound in its place."""
    fonts = Fonts()
    fonts.load(score.tracks)
    return Voicing(fonts)
