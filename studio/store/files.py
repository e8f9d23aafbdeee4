"""Writing files so that a crash, a full disk or a pulled plug leaves either the old file or the new one, whole."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from studio.core.errors import StudioError
from studio.core.ids import new_id

TEMPORARY = ".tmp-"
"""What the name of an unfinished file begins with; `sweep` removes those that a killed process left."""

JSON_LIMIT = 64 * 1024 * 1024
"""Larger JSON files are not ours."""

_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL_ON_WINDOWS = {39, 112}  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
_FORBIDDEN_ON_WINDOWS = {5, 19}  # ERROR_ACCESS_DENIED, ERROR_WRITE_PROTECT
_BUSY_ON_WINDOWS = {5, 32}  # ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION: a virus scanner looks at the file
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}


def in_words(error: OSError, path: Path, *, doing: str = "save") -> StudioError:
    """An OSError as a sentence an artist can act on. `doing` is the verb: "save", "open", "delete"."""
    winerror = getattr(error, "winerror", None)
    details = f"{type(error).__name__}: {error} ({path})"
    folder = path.parent
    if error.errno in _FULL or winerror in _FULL_ON_WINDOWS:
        return StudioError(
            f"The disk is full: “{path.name}” could not be saved.",
            f"Nothing that was saved before is lost. Make room on the disk that holds {folder}, then try again.",
            details=details,
        )
    if error.errno == errno.EFBIG:
        return StudioError(
            f"“{path.name}” is larger than this disk allows a file to be.",
            "Move the project to another disk.",
            details=details,
        )
    if error.errno in _FORBIDDEN or winerror in _FORBIDDEN_ON_WINDOWS:
        return StudioError(
            f"Studio may not {doing} “{path.name}” in {folder}.",
            "The folder is read-only or belongs to somebody else. Change its permissions, or choose another folder.",
            details=details,
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return StudioError(
            f"“{path.name}” is not there: {folder} cannot be found.",
            "Was the folder moved, or a drive taken out? Bring it back, then try again.",
            details=details,
        )
    return StudioError(
        f"“{path.name}” could not be {_past(doing)}: {error.strerror or error}.",
        "Check that the disk is connected and healthy, then try again.",
        details=details,
    )


def _past(verb: str) -> str:
    return {"save": "saved", "open": "opened", "delete": "deleted", "read": "read"}.get(verb, verb)


@contextlib.contextmanager
def plain_words(path: Path, *, doing: str = "save") -> Iterator[None]:
    """Turn every OSError inside into a StudioError about `path`."""
    try:
        yield
    except OSError as error:
        raise in_words(error, path, doing=doing) from error


def sync(file: BinaryIO | int) -> None:
    """Make the system put a file's bytes on the medium, as far as it can be made to."""
    number = file if isinstance(file, int) else file.fileno()
    if sys.platform == "darwin":
        import fcntl

        with contextlib.suppress(OSError):  # network drives do not know it
            fcntl.fcntl(number, fcntl.F_FULLFSYNC)  # fsync alone leaves the bytes in the drive's cache on macOS
            return
    os.fsync(number)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in `folder` survive a power cut. Windows journals that by itself."""
    if sys.platform == "win32":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot sync folders
            raise
    finally:
        os.close(number)


def make_folder(folder: Path) -> None:
    """Make `folder` and its parents where they are missing. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        sync_folder(folder.parent)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "a file is in the way", str(folder))


def replace(source: Path, target: Path) -> None:
    """os.replace that waits up to a second for a scanner that has the target open, which fails on Windows only."""
    for pause in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.3):
        try:
            source.replace(target)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in _BUSY_ON_WINDOWS:
                raise
            time.sleep(pause)
    source.replace(target)


def write_file(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Put `data` at `path`: temporary file, fsync, rename, fsync of the folder. Raises StudioError.

    `durable=False` leaves both fsyncs out: for caches, whose loss in a power cut costs nothing.
    """

    def fill(file: BinaryIO) -> None:
        file.write(data)

    write_through(path, fill, durable=durable)


def write_through(path: Path, fill: Callable[[BinaryIO], None], *, durable: bool = True) -> None:
    """Like `write_file`, with the bytes written by `fill`. What `fill` raises leaves no file behind."""
    temporary = path.parent / f"{TEMPORARY}{new_id()}"
    with plain_words(path):
        make_folder(path.parent)
        try:
            with temporary.open("xb") as file:
                fill(cast(BinaryIO, file))
                file.flush()
                if durable:
                    sync(file.fileno())
            replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        if durable:
            sync_folder(path.parent)


def write_json(path: Path, value: Any, *, durable: bool = True, levels: int | None = None) -> None:
    """Put a JSON value at `path` as readable text, as `write_file` does. Raises ValueError for NaN.

    `levels` are how many levels of objects have a line for each field, None for all of them. What is below stands on
    one line, which takes half the time and lets other threads in between: a large document must not stop the window.
    """
    text = _outlined(value, levels) if levels else json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    write_file(path, (text + "\n").encode("utf-8", "surrogatepass"), durable=durable)


def _outlined(value: Any, levels: int, indent: str = "") -> str:
    if not levels or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    deeper = indent + " "
    fields = (f"{deeper}{json.dumps(str(key))}: {_outlined(item, levels - 1, deeper)}" for key, item in value.items())
    return "{\n" + ",\n".join(fields) + f"\n{indent}}}"


def read_json(path: Path, *, limit: int = JSON_LIMIT) -> Any:
    """The JSON value at `path`. Raises OSError where it cannot be read and ValueError where it is not JSON."""
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{path.name} is larger than {limit} bytes")
    try:
        return json.loads(data.decode("utf-8", "surrogatepass"), parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError(f"{path.name} is nested too deeply") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def read_object(path: Path, *, limit: int = JSON_LIMIT) -> dict[str, Any]:
    """Like `read_json`, and a ValueError for anything but an object."""
    value = read_json(path, limit=limit)
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} holds no object")
    return value


def set_aside(path: Path) -> Path:
    """Rename a damaged file so that nobody overwrites it, and say where it is now. Raises OSError."""
    for number in range(1, 1000):
        aside = path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")
        if not aside.exists():
            path.replace(aside)
            return aside
    raise FileExistsError(errno.EEXIST, "there are a thousand damaged copies", str(path))


def sweep(folder: Path) -> int:
    """Remove the unfinished files that a killed process left in `folder` (not below it); how many there were.

    Only for a folder that no living process writes to.
    """
    count = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(TEMPORARY):
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()
                    count += 1
    return count


def plain_name(name: str) -> str:
    """`name` if it is fit to be a file name on every system. Raises ValueError otherwise."""
    if not _NAME.fullmatch(name) or name.partition(".")[0].lower() in _RESERVED or name.endswith("."):
        raise ValueError(f"{name[:80]!r} cannot be a file name")
    return name
