"""plugin.toml: what is right, and the words for what is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.engine import read_manifest

GOOD = {
    "id": '"oil-paint"',
    "name": '"Oil paint"',
    "version": '"1.2.0"',
    "api": '"1.0"',
    "summary": '"Paints in oil."',
}


def write(folder: Path, **changes: str | None) -> Path:
    lines = [f"{key} = {value}" for key, value in {**GOOD, **changes}.items() if value is not None]
    (folder / "plugin.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_whole_manifest(tmp_path: Path) -> None:
    manifest = read_manifest(
        write(
            tmp_path,
            author='"A. Painter"',
            licence='"MIT"',
            homepage='"https://example.org"',
            permissions='["files", "network"]',
            needs='["json", "email.message"]',
            something_of_tomorrow="3",
        ),
        bundled=True,
    )
    assert (manifest.id, manifest.name, manifest.version, manifest.api) == ("oil-paint", "Oil paint", "1.2.0", "1.0")
    assert manifest.permissions == ("files", "network")
    assert manifest.needs == ("json", "email.message")
    assert manifest.folder == tmp_path
    assert manifest.bundled


def test_needs_are_looked_for_without_importing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "explosive.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    read_manifest(write(tmp_path, needs='["explosive.part"]'))
    assert "explosive" not in sys.modules


def test_a_table_called_plugin_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    text = "[plugin]\n" + "\n".join(f"{key} = {value}" for key, value in GOOD.items())
    (tmp_path / "plugin.toml").write_text(text, encoding="utf-8-sig")
    assert read_manifest(tmp_path).id == "oil-paint"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": None}, "does not say its id"),
        ({"id": '"Oil Paint"'}, "lower-case"),
        ({"id": '"../evil"'}, "lower-case"),
        ({"id": "7"}, "must be text"),
        ({"name": None}, "does not say its name"),
        ({"name": f'"{"x" * 81}"'}, "at most 80"),
        ({"version": '"new"'}, "version"),
        ({"api": "1.0"}, "must be text"),
        ({"api": '"1"'}, "two numbers"),
        ({"api": '"0.9"'}, "older Studio"),
        ({"api": '"1.99"'}, "newer Studio"),
        ({"api": '"2.0"'}, "newer Studio"),
        ({"permissions": '["telepathy"]'}, "telepathy"),
        ({"permissions": '"files"'}, "list of words"),
        ({"needs": '["no_such_thing", "nor_this"]'}, "no_such_thing, nor_this, which are not installed"),
        ({"needs": '["os; rm"]'}, "importable"),
        ({"permision": '["files"]'}, "'permissions' was meant"),
        ({"name": "oops"}, "not valid TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, str | None], words: str) -> None:
    with pytest.raises(StudioError, match=words) as caught:
        read_manifest(write(tmp_path, **changes))
    assert caught.value.hint


def test_no_file_a_huge_file_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"has no plugin\.toml"):
        read_manifest(tmp_path)
    (tmp_path / "plugin.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudioError, match="not valid TOML"):
        read_manifest(tmp_path)
    (tmp_path / "plugin.toml").write_bytes(b"#" * 100_000)
    with pytest.raises(StudioError, match="too large"):
        read_manifest(tmp_path)
