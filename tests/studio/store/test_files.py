"""Atomic files: whole or not at all, and errors in words."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.store import files


def test_what_was_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "note.json"
    files.write_json(path, {"word": "Größe", "number": 1.5})
    files.write_json(path, {"word": "again"})
    assert files.read_object(path) == {"word": "again"}
    assert [p.name for p in path.parent.iterdir()] == ["note.json"]


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "note.txt"
    files.write_file(path, b"old")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, name, full)
    with pytest.raises(StudioError) as caught:
        files.write_file(path, b"new")
    assert "disk is full" in caught.value.message
    assert str(tmp_path) in caught.value.hint
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "may not save"),
        (errno.EACCES, "may not save"),
        (errno.EFBIG, "larger than this disk"),
        (errno.ENOENT, "is not there"),
        (errno.EIO, "could not be saved"),
    ],
)
def test_every_refusal_has_words_and_a_next_step(tmp_path: Path, number: int, words: str) -> None:
    error = files.in_words(OSError(number, os.strerror(number)), tmp_path / "note.txt")
    assert words in error.message
    assert error.hint.endswith(".")
    assert str(tmp_path / "note.txt") in error.details


def test_windows_error_numbers_are_understood(tmp_path: Path) -> None:
    error = OSError(errno.EINVAL, "The disk is full")
    error.winerror = 112  # type: ignore[attr-defined]
    assert "disk is full" in files.in_words(error, tmp_path / "note.txt").message


def test_a_scanner_that_holds_the_target_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, calls = Path.replace, []

    def busy(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) < 3:
            error = PermissionError(errno.EACCES, "used by another process")
            error.winerror = 32  # type: ignore[attr-defined]
            raise error
        return original(self, target)

    monkeypatch.setattr(Path, "replace", busy)
    files.write_file(tmp_path / "note.txt", b"new")
    assert (tmp_path / "note.txt").read_bytes() == b"new"
    assert len(calls) == 3


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": NaN}', "[" * 200_000, "\xff"])
def test_what_is_no_json_object_is_a_value_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError):
        files.read_object(path)


def test_a_huge_json_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(f'{{"a": "{"x" * 5000}"}}')
    with pytest.raises(ValueError, match="larger"):
        files.read_json(path, limit=1000)


def test_a_damaged_file_set_aside_twice_keeps_both(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for text in ("one", "two"):
        path.write_text(text)
        files.set_aside(path)
    assert sorted(p.read_text() for p in tmp_path.iterdir()) == ["one", "two"]


def test_sweep_takes_only_what_was_not_finished(tmp_path: Path) -> None:
    (tmp_path / f"{files.TEMPORARY}1").touch()
    (tmp_path / "mine.txt").touch()
    assert files.sweep(tmp_path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", "CON", "nul.txt", "a.", "-x", "x" * 200, "ä", "a b"])
def test_names_that_some_system_refuses(name: str) -> None:
    with pytest.raises(ValueError):
        files.plain_name(name)


@pytest.mark.parametrize("name", ["image.picture", "0123abcd", "My_document-2"])
def test_names_that_every_system_takes(name: str) -> None:
    assert files.plain_name(name) == name


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not synced on Windows")
def test_the_folder_is_synced_after_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (seen.append("fsync"), fsync(number))[1])
    monkeypatch.setattr(os, "replace", lambda *names, **more: (seen.append("replace"), replace(*names, **more))[1])
    files.write_file(tmp_path / "note.txt", b"new")
    assert seen[-3:] == ["fsync", "replace", "fsync"] or sys.platform == "darwin"
