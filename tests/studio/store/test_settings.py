"""Settings and the session: what fits is kept, what does not is at its default, nothing of others is lost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.core.params import param
from studio.store import SessionStore, SettingsStore


@dataclass(frozen=True)
class Look:
    theme: str = param("dark", label="Theme", choices=(("dark", "Dark"), ("light", "Light")))
    size: int = param(13, label="Size", minimum=8, maximum=30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


def test_defaults_without_a_file(path: Path) -> None:
    assert SettingsStore(path).get("studio.Look", Look) == Look()
    assert not path.exists()


def test_what_was_set_comes_back_and_listeners_hear_of_it(path: Path) -> None:
    store, heard = SettingsStore(path), []
    stop = store.listen(heard.append)
    store.set("studio.Look", Look("light", 16))
    stop()
    store.set("image.Look", Look("light", 10))
    assert heard == ["studio.Look"]
    assert SettingsStore(path).get("studio.Look", Look) == Look("light", 16)
    assert SettingsStore(path).values("studio") == {"Look": {"theme": "light", "size": 16}}


def test_what_does_not_fit_is_at_its_default_and_stays_on_disk(path: Path) -> None:
    path.parent.mkdir()
    values = {"studio.Look": {"theme": "neon", "size": 20, "later": 1}, "gone.Plugin": {"a": 1}}
    path.write_text(json.dumps({"format": 7, "more": True, "values": values}))
    store = SettingsStore(path)
    assert store.get("studio.Look", Look) == Look("dark", 20)
    store.set("studio.Look", Look("light", 20))
    kept = json.loads(path.read_text())
    assert kept["values"]["studio.Look"] == {"theme": "light", "size": 20, "later": 1}
    assert kept["values"]["gone.Plugin"] == {"a": 1}
    assert (kept["format"], kept["more"]) == (7, True)


@pytest.mark.parametrize("text", ["{", "[]", '{"values": 3}', '{"values": {"studio.Look": [1]}}'])
def test_a_damaged_file_is_not_in_the_way(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    store = SettingsStore(path)
    assert store.get("studio.Look", Look) == Look()
    store.set("studio.Look", Look("light"))
    assert SettingsStore(path).get("studio.Look", Look) == Look("light")
    if store.notices:
        assert (path.parent / "settings.damaged-1.json").read_text() == text


def test_a_file_that_cannot_be_read_is_said_once_and_not_overwritten(path: Path) -> None:
    path.mkdir(parents=True)  # reading it fails on every system, for every user
    store, session = SettingsStore(path), SessionStore(path)
    assert store.get("studio.Look", Look) == store.get("studio.Look", Look) == Look()
    assert store.values("studio") == {}
    assert session.get("panel", "text") == "text"
    assert len(store.notices) == 1
    for change in (lambda: store.set("studio.Look", Look()), lambda: session.set("panel", 1)):
        with pytest.raises(StudioError):
            change()
    assert path.is_dir()


def test_the_session(path: Path) -> None:
    session = SessionStore(path)
    assert session.get("panel", "image.picture") == "image.picture"
    session.set("panel", "text.manuscript")
    session.update({"sizes": (1, 2), "open": True})
    again = SessionStore(path)
    assert (again.get("panel"), again.get("sizes"), again.get("none")) == ("text.manuscript", [1, 2], None)
    before = path.stat().st_mtime_ns
    again.set("sizes", [1, 2])
    assert path.stat().st_mtime_ns == before


def test_what_was_got_cannot_change_what_is_kept(path: Path) -> None:
    session = SessionStore(path)
    session.set("list", [1])
    session.get("list").append(2)
    assert session.get("list") == [1]
