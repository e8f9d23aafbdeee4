"""A track under an exported story: inside the page and inside the book, as other programs find it."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from plugins.text import export
from plugins.text.params_export import BookOptions, EpubOptions
from studio.api import StudioError
from tests.plugins.text.epub_check import problems


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.md"
    path.write_text("# The Lamp Room\n\nNobody had climbed it.\n\n# After\n\nThe end.\n", "utf-8")
    return path


def sound(path: Path) -> Path:
    tone = np.sin(np.arange(48_000) * 0.05).astype(np.float32) * 0.3
    kind = {".opus": ("OGG", "OPUS"), ".mp3": ("MP3", "MPEG_LAYER_III"), ".ogg": ("OGG", "VORBIS")}
    form, subtype = kind.get(path.suffix, (path.suffix[1:].upper(), "PCM_16"))
    soundfile.write(path, tone, 48_000, subtype, format=form)
    return path


@pytest.mark.parametrize("suffix", [".mp3", ".opus", ".ogg", ".wav", ".flac"])
def test_a_page_plays_its_track(story: Path, tmp_path: Path, suffix: str) -> None:
    track = sound(tmp_path / f"music{suffix}")
    page = export.html(story, None, BookOptions(track=str(track))).decode()
    found = re.search(r'<audio [^>]*src="data:(audio/\w+);base64,([^"]+)"', page)
    assert found is not None
    data = base64.b64decode(found[2])
    assert data == track.read_bytes()
    assert soundfile.info(io.BytesIO(data)).duration == pytest.approx(1, abs=0.1)
    assert "autoplay" not in page
    assert page.index("<audio") < page.index("The Lamp Room</h1>")
    assert "<audio" not in export.html(story, None, BookOptions()).decode()


@pytest.mark.parametrize("suffix", [".mp3", ".opus", ".ogg", ".wav", ".flac"])
def test_a_book_has_its_track_inside(story: Path, tmp_path: Path, suffix: str) -> None:
    track = sound(tmp_path / f"music{suffix}")
    data = export.epub(story, None, EpubOptions(track=str(track)))
    assert problems(data) == []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = archive.read("OEBPS/track.mp3")
        assert soundfile.info(io.BytesIO(inside)).format == "MP3"
        assert soundfile.info(io.BytesIO(inside)).duration == pytest.approx(1, abs=0.1)
        assert suffix != ".mp3" or inside == track.read_bytes()
        pages = [archive.read(name).decode() for name in sorted(archive.namelist()) if "chapter" in name]
        assert [page.count("<audio") for page in pages] == [1, 0]
        assert ElementTree.fromstring(pages[0].partition("<!DOCTYPE html>")[2]) is not None
        assert 'media-type="audio/mpeg"' in archive.read("OEBPS/book.opf").decode()
    assert problems(export.epub(story, None, EpubOptions())) == []


def test_a_track_of_a_rare_rate_is_brought_to_one_that_books_have(story: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "fine.wav", np.zeros((96_000, 2), np.float32), 96_000, "PCM_24")
    data = export.epub(story, None, EpubOptions(track=str(tmp_path / "fine.wav")))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = soundfile.info(io.BytesIO(archive.read("OEBPS/track.mp3")))
    assert (found.samplerate, found.channels) == (48_000, 2)


def test_what_readers_cannot_play_is_said(story: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.flac"
    broken.write_bytes(sound(tmp_path / "a.flac").read_bytes()[:40])
    with pytest.raises(StudioError, match="cannot be read"):
        export.epub(story, None, EpubOptions(track=str(broken)))
    with pytest.raises(StudioError, match="not there"):
        export.html(story, None, BookOptions(track=str(tmp_path / "gone.mp3")))
    words = tmp_path / "words.mp3"
    words.write_text("no sound at all")
    with pytest.raises(StudioError, match="no sound that a browser plays"):
        export.html(story, None, BookOptions(track=str(words)))
    with (tmp_path / "large.wav").open("wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(StudioError, match="50 MB"):
        export.html(story, None, BookOptions(track=str(tmp_path / "large.wav")))
