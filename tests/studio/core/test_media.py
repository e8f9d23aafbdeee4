"""Media types are strings with patterns."""

from studio.core import media


def test_patterns():
    assert media.accepts(("image/*",), media.PNG)
    assert media.accepts(("text/plain", "image/png"), "image/png")
    assert not media.accepts(("image/*",), media.MIDI)
    assert not media.accepts((), media.PNG)


def test_names():
    assert media.kind(media.MIDI) == "audio"
    assert media.suffix(media.JPEG) == ".jpg"
    assert media.suffix("model/x-unheard-of") == ".bin"
