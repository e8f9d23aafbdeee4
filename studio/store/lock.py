"""One window for each project: a lock that the system itself lets go of when the process ends, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from studio.core.errors import StudioError
from studio.store.files import plain_words

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_BYTE = 4096
"""Which byte is locked on Windows: past the text, because a locked byte there cannot be read by others."""


class FolderLock:
    """Holds `path` locked from the moment it is made until `release`. `held` is False on file systems that know no
    locks (some network drives), where the project is opened all the same.
    """

    def __init__(self, path: Path, *, title: str) -> None:
        """Raises StudioError where another process (or this one) holds the lock or the folder cannot be written."""
        self.path = path
        self.held = True
        with plain_words(path):
            self._number: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            self._take()
        except OSError as error:
            if error.errno in _NO_LOCKS:
                self.held = False
            else:
                owner = _owner(self._number)
                self._close()
                raise StudioError(
                    f"“{title}” is already open in another Studio{owner}.",
                    "Switch to that window, or close it and try again. You can also open another project here.",
                    details=f"{type(error).__name__}: {error} ({path})",
                ) from error
        with contextlib.suppress(OSError):
            os.ftruncate(self._number, 0)
            os.lseek(self._number, 0, os.SEEK_SET)
            os.write(self._number, f"{os.getpid()}\n".encode())

    def _take(self) -> None:
        assert self._number is not None
        if sys.platform == "win32":
            import msvcrt

            os.lseek(self._number, _BYTE, os.SEEK_SET)
            msvcrt.locking(self._number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(self._number, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Let others in. Calling it twice does nothing. The file stays: removing it would race with a new owner."""
        self._close()

    def _close(self) -> None:
        if self._number is not None:
            number, self._number = self._number, None
            os.close(number)  # closing is what lets go of the lock, on every system


def _owner(number: int) -> str:
    with contextlib.suppress(OSError, ValueError, IndexError):
        os.lseek(number, 0, os.SEEK_SET)
        return f" (process {int(os.read(number, 32).split()[0])})"
    return ""
