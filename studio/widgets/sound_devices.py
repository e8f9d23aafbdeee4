"""Sound devices through sounddevice, loaded at the first sound: open one, list all, say what is missing."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any, Protocol

from studio.api import StudioError

BUFFER_SECONDS = 0.6
"""How much may wait in the device while the transport runs."""


class Stream(Protocol):
    """An open output that takes interleaved float32 bytes and blocks while it is full: sounddevice.RawOutputStream."""

    latency: Any

    @property
    def write_available(self) -> int: ...

    def start(self) -> None: ...

    def write(self, data: bytes) -> bool:
        """True where it had run dry before."""

    def abort(self) -> None: ...

    def close(self) -> None: ...


Opener = Callable[[str, int], Stream]
"""(name of a device or "", rate) -> an open stream that has not started. Raises StudioError."""


def open_device(device: str, rate: int) -> Stream:
    """A real output of that name, or the system's own choice. Raises StudioError where there is none."""
    library = _library()
    try:
        try:
            stream = _opened(library, device, rate)
        except (library.PortAudioError, ValueError, OSError):
            if not _look_again(library):
                raise
            stream = _opened(library, device, rate)
    except (library.PortAudioError, ValueError, OSError) as error:
        raise StudioError(
            f"“{device}” does not play." if device else "No sound device was found.",
            "Connect one or choose another in the transport; everything but playback works.",
            details=str(error),
        ) from error
    _streams.add(stream)
    return stream


_streams: weakref.WeakSet[Any] = weakref.WeakSet()
"""What is open: PortAudio must not be begun anew under it."""


PERIODS = 48
"""ALSA hands sound on in periods, a quarter of the buffer each unless asked: 150 ms in which nothing can be heard."""


def _opened(library: Any, device: str, rate: int) -> Any:
    if sys.platform.startswith("linux"):
        _fine_periods(library)
    return library.RawOutputStream(
        samplerate=rate, channels=2, dtype="float32", device=_find(library, device), latency=BUFFER_SECONDS
    )


def _look_again(library: Any) -> bool:
    """Let PortAudio see what was connected since: it looks once, when it begins. False while something plays."""
    if any(not stream.closed for stream in _streams):
        return False
    # The library has no public way; these two are what its own documentation names.
    library._terminate()
    library._initialize()
    return True


def output_devices() -> list[str]:
    """The names of all outputs, the system's own choice not among them. Asks the system: up to some tenths of a second.

    Raises StudioError where PortAudio is missing.
    """
    library = _library()
    try:
        _look_again(library)
        return [d["name"] for d in library.query_devices() if d["max_output_channels"] >= 2]
    except library.PortAudioError as error:
        raise StudioError("The sound devices could not be listed.", details=str(error)) from error


def _find(library: Any, name: str) -> int | None:
    if not name:
        return None
    for index, found in enumerate(library.query_devices()):
        if found["name"] == name and found["max_output_channels"] >= 2:
            return index
    raise ValueError(f"{name} is not connected")


_quiet: list[Any] = []


def _library() -> Any:
    """sounddevice, which loads PortAudio. Raises StudioError."""
    if sys.platform.startswith("linux") and not _quiet:
        _silence_alsa()
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        how = "sudo apt install libportaudio2" if sys.platform.startswith("linux") else "pip install sounddevice"
        raise StudioError(
            "There is no playback: the PortAudio library is missing.",
            f"Install it ({how}) and start Studio again; everything but playback works.",
            details=str(error),
        ) from error
    return sounddevice


def _fine_periods(library: Any) -> None:
    """A large buffer in small steps. Elsewhere PortAudio has a buffer of its own, which is fine by itself."""
    import ctypes

    try:
        ctypes.CDLL(library._libname).PaAlsa_SetNumPeriods(PERIODS)
    except (OSError, AttributeError):
        return  # a PortAudio without ALSA


def _silence_alsa() -> None:
    """ALSA tells the terminal about every card that is not there."""
    import ctypes

    kind = ctypes.CFUNCTYPE(
        None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, use_errno=False
    )
    handler = kind(lambda *_: None)
    _quiet.append(handler)
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(handler)
    except (OSError, AttributeError):
        return
