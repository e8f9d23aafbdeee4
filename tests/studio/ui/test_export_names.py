"""File names of exports: readable, valid everywhere, new, and inside the folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.ui import export_names as names

VALUES = names.values_for(
    prompt="a castle on a hill",
    title="Castle",
    seed=7,
    model="Starter",
    size=(64, 32),
    when=datetime(2026, 11, 21, 9, 5),
)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{date} {prompt} {seed}", "2026-11-21 a castle on a hill 7.png"),
        ("{time}_{model}_{width}x{height}", "09-05-00_Starter_64x32.png"),
        ("{title}-{counter}", "Castle-0001.png"),
        ("", "2026-11-21 a castle on a hill 7.png"),
        ("plain", "plain.png"),
        ("{what} {seed", "{what} {seed.png"),
    ],
)
def test_patterns(pattern: str, name: str) -> None:
    assert names.name_for(pattern, VALUES, ".png") == name


@pytest.mark.parametrize(
    "text",
    [
        "../../etc/passwd",
        "..\\..\\boot",
        "/absolute",
        "C:\\x",
        "a\x00b\nc",
        "...",
        " . ",
        "CON",
        "nul.txt",
        "com1",
        "x" * 999,
        "城" * 200,
        "a\u202eb",
    ],
)
def test_every_text_becomes_a_name_that_stays_in_the_folder(text: str, tmp_path: Path) -> None:
    name = names.clean(text)
    assert name == Path(name).name
    assert not set(name) & set('<>:"/\\|?*\x00\n\u202e')
    assert name.strip(" .") == name
    assert len(name.encode()) <= 121
    assert name.partition(".")[0].upper() not in {"CON", "NUL", "COM1"}
    path = names.write_new(tmp_path, text, {}, ".png", b"data")
    assert path.parent == tmp_path
    assert path.read_bytes() == b"data"


def test_braces_in_a_prompt_stay_what_they_are() -> None:
    values = names.values_for(prompt="{seed} {counter}", seed=7)
    assert names.name_for("{prompt}", values, ".png") == "{seed} {counter}.png"


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    written = [names.write_new(tmp_path, "boat", VALUES, ".png", data) for data in (b"1", b"2", b"3")]
    assert [path.name for path in written] == ["boat.png", "boat 2.png", "boat 3.png"]
    assert [path.read_bytes() for path in written] == [b"1", b"2", b"3"]
    assert names.free_name(tmp_path, "boat", VALUES, ".png") == "boat 4.png"
    counted = [names.write_new(tmp_path, "n{counter}", VALUES, ".png", b"") for _ in range(2)]
    assert [path.name for path in counted] == ["n0001.png", "n0002.png"]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    assert names.write_new(tmp_path / "new" / "place", "x", {}, ".png", b"1").exists()


def test_a_folder_that_is_a_file_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StudioError) as caught:
        names.write_new(tmp_path / "file", "x", {}, ".png", b"1")
    assert "file" in caught.value.message
    assert caught.value.hint


def test_unknown_fields_are_found() -> None:
    assert names.unknown_fields("{date} {who} {seed} {x") == ["who"]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a castle", "a castle"),
        (
            "watercolour painting of a castle on a hill at sunset, wild flowers",
            "watercolour painting of a castle on a hill at sunset, wild",
        ),
        ("x" * 99, "x" * 60),
        ("a\n  b", "a b"),
    ],
)
def test_a_long_prompt_ends_at_a_word(text: str, start: str) -> None:
    assert names.beginning(text) == start
