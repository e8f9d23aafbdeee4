"""What the Music plugin offers. The heavy code is named by string and loaded at first use."""

from __future__ import annotations

from collections.abc import Sequence

from studio.api import ExporterSpec, GeneratorSpec, ImporterSpec, PanelSpec, SettingsSpec, hookimpl, media

from . import params, sound_ways

SCORE = "audio/vnd.studio.score+json"
SHEET = "application/vnd.recordare.musicxml+xml"
WAVE = "audio/vnd.studio.wave+json"
SOUNDS = (WAVE, media.WAV, "audio/flac", "audio/mpeg", "audio/ogg", "audio/aiff", "audio/x-caf", "audio/basic")
_PIECES = (SCORE, media.MIDI, "audio/mid", "audio/x-midi")


@hookimpl
def studio_panels() -> Sequence[PanelSpec]:
    return (
        PanelSpec(
            name="roll",
            title="Music",
            make="panel:make",
            icon="music-notes",
            accepts=(*_PIECES, "text/*", "image/*"),
            generators=("composer",),
            order=30,
        ),
        PanelSpec(
            name="sound",
            title="Sound",
            make="panel_wave:make",
            icon="waves",
            accepts=("audio/*",),
            generators=("sound",),
            order=40,
        ),
    )


@hookimpl
def studio_generators() -> Sequence[GeneratorSpec]:
    return (
        GeneratorSpec(
            name="composer",
            title="Music",
            run="generate:run",
            params=params.MusicParams,
            media=SCORE,
            models=("music/*",),
            inputs=(("score", SCORE),),
            steps_title="bar",
            warm="generate:warm",
        ),
        GeneratorSpec(
            name="sound",
            title="Sound",
            run="generate_sound:run",
            params=params.SoundParams,
            media=media.WAV,
            inputs=(("audio", "audio/*"),),
            models=sound_ways.FAMILIES,
        ),
    )


@hookimpl
def studio_exporters() -> Sequence[ExporterSpec]:
    lossy = params.LossyOptions
    return (
        ExporterSpec("wav", "WAV", "export:wav", media.WAV, ".wav", (*_PIECES, *SOUNDS), params.WavOptions),
        ExporterSpec("flac", "FLAC", "export:flac", "audio/flac", ".flac", (*_PIECES, *SOUNDS), params.FlacOptions),
        ExporterSpec("mp3", "MP3", "export:mp3", "audio/mpeg", ".mp3", (*_PIECES, *SOUNDS), lossy),
        ExporterSpec("ogg", "Ogg Vorbis", "export:ogg", "audio/ogg", ".ogg", (*_PIECES, *SOUNDS), lossy),
        ExporterSpec("opus", "Opus", "export:opus", "audio/ogg", ".opus", (*_PIECES, *SOUNDS), lossy),
        ExporterSpec("stems", "Stems", "export:stems", "application/zip", ".zip", _PIECES, params.StemOptions),
        ExporterSpec("midi", "MIDI", "export:midi_file", media.MIDI, ".mid", _PIECES, params.MidiOptions),
        ExporterSpec("sheet", "MusicXML", "export:sheet", SHEET, ".musicxml", _PIECES, params.SheetOptions),
    )


@hookimpl
def studio_importers() -> Sequence[ImporterSpec]:
    return (
        ImporterSpec(
            name="recipe",
            title="Music with a recipe",
            read="importer:read",
            accepts=(*_PIECES[1:], SHEET, "audio/*"),
            suffixes=(".mid", ".midi", ".musicxml", ".wav", ".flac", ".mp3", ".ogg", ".opus"),
        ),
    )


@hookimpl
def studio_settings() -> Sequence[SettingsSpec]:
    return (
        SettingsSpec("Music", params.MusicSettings, icon="music-notes"),
        SettingsSpec("Sound", params.SoundSettings, icon="music-notes"),
    )
