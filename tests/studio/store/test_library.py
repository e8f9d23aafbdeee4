"""The library: found as you type, safe to delete, mended when damaged."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.core.artifact import Output
from studio.core.media import MIDI, PNG
from studio.core.recipe import Recipe
from studio.core.request import Request
from studio.store import Project
from studio.store import index as index_module

Make = Callable[..., Output]
Ask = Callable[..., Request]


@pytest.fixture(params=["full text", "no full text"])
def shelf(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: Make
) -> Iterator[Project]:
    if request.param == "no full text":
        monkeypatch.setattr(index_module, "has_full_text", lambda connection: False)
    project = Project.open(tmp_path / "p")
    for prompt in (
        "a red castle by the river",
        "Café in the rain",
        "wild-flower meadow",
        "桜の木と城",
        "under_score 100%",
    ):
        project.artifacts.keep(output(prompt))
    yield project
    project.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("castle", ["a red castle by the river"]),
        ("CAST", ["a red castle by the river"]),
        ("riv red", ["a red castle by the river"]),
        ("castle meadow", []),
        ("cafe", ["Café in the rain"]),
        ("wild-fl", ["wild-flower meadow"]),
        ("桜", ["桜の木と城"]),
        ("城", ["桜の木と城"]),
        ("(river,", ["a red castle by the river"]),
        ("100%", ["under_score 100%"]),
        ('"castle" OR', []),
        ('cast"', ["a red castle by the river"]),
        ("zzz", []),
    ],
)
def test_search_as_you_type(shelf: Project, text: str, found: list[str]) -> None:
    assert [a.recipe.request.params["prompt"] for a in shelf.library.search(text) if a.recipe] == found
    assert shelf.library.count(text) == len(found)


@pytest.mark.parametrize(
    "text", ["'", '"', "*", "NOT", "a AND", "(", "^", "-", "a\0b", "\ud800", "%", "x" * 10_000, ":"]
)
def test_no_text_breaks_the_search(shelf: Project, text: str) -> None:
    shelf.library.search(text)
    shelf.library.count(text)
    assert shelf.notices == []


def test_the_model_is_searched_and_the_negative_prompt_is_not(project: Project, ask: Ask, output: Make) -> None:
    kept = project.artifacts.keep(Output(PNG, b"x", Recipe(ask("a tower", negative_prompt="blurry"))))
    assert project.library.search("starter tower") == (kept,)
    assert project.library.search("blurry") == ()


def test_filters_pages_and_newest_first(project: Project, output: Make, ask: Ask) -> None:
    kept = [project.artifacts.keep(output(seed=n)) for n in range(10)]
    tune = project.artifacts.keep(Output(MIDI, b"MThd", Recipe(ask("a tune"))))
    starred = project.artifacts.star(kept[3].id, True)
    library = project.library
    assert [a.id for a in library.search()] == [tune.id, *(a.id for a in reversed(kept))]
    assert library.search(kind="audio") == (tune,)
    assert library.search("castle", starred=True) == (starred,)
    assert [a.id for a in library.search(kind="image", limit=3, offset=2)] == [kept[n].id for n in (7, 6, 5)]
    counts = [library.count(), library.count(kind="image"), library.count("castle", starred=True), library.count("tun")]
    assert counts == [11, 10, 1, 1]


def test_the_version_counts_every_change(project: Project, output: Make) -> None:
    versions = [project.library.version]
    kept = project.artifacts.keep(output())
    versions.append(project.library.version)
    project.artifacts.star(kept.id, True)
    versions.append(project.library.version)
    project.artifacts.trash([kept.id], permanently=True)
    versions.append(project.library.version)
    assert versions == sorted(set(versions))
    project.library.search()
    assert project.library.version == versions[-1]


def keep_some(folder: Path, output: Make, count: int = 12) -> list[str]:
    with Project.open(folder) as project:
        for n in range(count):
            artifact = project.artifacts.keep(output(f"castle {n}", seed=n), job=f"j{n}", title=f"Title {n}")
            project.artifacts.star(artifact.id, n % 3 == 0)
        return [repr(artifact) for artifact in project.library.search()]


def test_the_cache_can_be_deleted(tmp_path: Path, output: Make) -> None:
    before = keep_some(tmp_path / "p", output)
    shutil.rmtree(tmp_path / "p" / "cache")
    with Project.open(tmp_path / "p") as project:
        assert [repr(a) for a in project.library.search()] == before
        assert project.notices == []


def test_a_clean_start_reads_no_sidecar(tmp_path: Path, output: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keep_some(tmp_path / "p", output)
    for sidecar in (tmp_path / "p" / "artifacts").glob("*/*.json"):
        stat = sidecar.stat()
        sidecar.write_text("{" * stat.st_size)  # same size …
        os.utime(sidecar, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # … and time: only reading would show it
    with Project.open(tmp_path / "p") as project:
        assert [repr(a) for a in project.library.search()] == before


def test_changes_behind_our_back_are_seen(tmp_path: Path, output: Make) -> None:
    keep_some(tmp_path / "p", output)
    sidecars = sorted((tmp_path / "p" / "artifacts").glob("*/*.json"))
    said = json.loads(sidecars[0].read_text())
    sidecars[0].write_text(json.dumps({**said, "title": "Edited in another program"}))
    sidecars[1].with_suffix(".png").unlink()
    with Project.open(tmp_path / "p") as project:
        assert [a.id for a in project.library.search("another program")] == [said["id"]]
        assert project.library.count() == 11


def test_garbage_instead_of_an_index(tmp_path: Path, output: Make) -> None:
    before = keep_some(tmp_path / "p", output)
    (tmp_path / "p" / "cache" / "library.sqlite").write_bytes(b"not a database at all" * 500)
    with Project.open(tmp_path / "p") as project:
        assert [repr(a) for a in project.library.search()] == before
        assert project.library.notices == [
            "The library's index was damaged. It was made again from your files; nothing is lost."
        ]
    with Project.open(tmp_path / "p") as project:
        assert project.notices == []


def test_an_index_of_another_version_is_made_again_without_a_word(tmp_path: Path, output: Make) -> None:
    before = keep_some(tmp_path / "p", output)
    connection = sqlite3.connect(tmp_path / "p" / "cache" / "library.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with Project.open(tmp_path / "p") as project:
        assert [repr(a) for a in project.library.search()] == before
        assert project.notices == []


@pytest.mark.parametrize("closed", [True, False])
def test_no_random_damage_shows_a_wrong_artifact(tmp_path: Path, output: Make, closed: bool) -> None:
    """Bytes are overwritten anywhere in the index; `closed` False also hides that from the checksum of the file."""
    before = keep_some(tmp_path / "p", output)
    path, chance = tmp_path / "p" / "cache" / "library.sqlite", random.Random(5)
    data = path.read_bytes()
    for _ in range(25):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 20))):
            damaged[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(damaged)
        if not closed:
            (path.parent / "library.sum").unlink()
        with Project.open(tmp_path / "p") as project:
            assert [repr(a) for a in project.library.search()] == before
            assert [repr(a) for a in project.library.search("castle")] == before
            assert [len(project.artifacts.of_job(f"j{n}")) for n in range(12)] == [1] * 12


def test_a_row_damaged_while_open_is_read_again_from_its_file(project: Project, output: Make) -> None:
    kept = [project.artifacts.keep(output(seed=n), title=f"T{n}") for n in range(3)]
    other = sqlite3.connect(project.folder / "cache" / "library.sqlite")
    other.execute("UPDATE rows SET data = replace(data, 'T1', 'XX'), starred = 1 WHERE id = ?", (kept[1].id,))
    other.commit()
    other.close()
    assert project.library.search() == tuple(reversed(kept))
    assert project.artifacts.get(kept[1].id) == kept[1]
    assert project.library.count(starred=True) == 0
    assert len(project.notices) == 1


def test_a_table_lost_while_open_is_made_again(project: Project, output: Make) -> None:
    kept = project.artifacts.keep(output(seed=1))
    other = sqlite3.connect(project.folder / "cache" / "library.sqlite")
    other.execute("DROP TABLE made")
    other.commit()
    other.close()
    second = project.artifacts.keep(output(seed=2))
    assert project.library.search() == (second, kept)
    project.library.rebuild()
    assert project.library.search() == (second, kept)


def test_an_index_that_cannot_be_written_is_kept_in_memory(tmp_path: Path, output: Make) -> None:
    (tmp_path / "cache").write_text("a file is in the way of the folder")
    with Project.open(tmp_path / "p", cache=tmp_path / "cache") as project:
        kept = project.artifacts.keep(output("castle"))
        assert project.library.search("cast") == (kept,)
        assert "cannot be written" in project.notices[0]
        project.library.rebuild()
        assert project.library.search("cast") == (kept,)


def test_a_disk_too_full_for_the_index_loses_nothing(
    project: Project, output: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = project.artifacts.keep(output(seed=1))
    writer = project.library._index._writer
    pages = writer.execute("PRAGMA max_page_count").fetchone()[0]
    writer.execute("PRAGMA max_page_count = 1")  # SQLite says then what it says on a full disk
    kept = [project.artifacts.keep(output("x" * 20_000, seed=n)) for n in range(2, 8)]
    assert project.library.search(limit=1)[0] in (first, *kept)
    assert [project.artifacts.get(a.id) for a in kept] == kept
    writer.execute(f"PRAGMA max_page_count = {pages}")
    monkeypatch.setattr("studio.store.library._PATIENCE", 0.0)
    project.library._try_again = 0.0
    assert project.library.search() == (*reversed(kept), first)


def test_closing_twice_leaves_no_promise_about_others_files(tmp_path: Path, output: Make) -> None:
    first = Project.open(tmp_path / "p")
    first.close()
    with Project.open(tmp_path / "p") as second:
        first.close()
        assert not (tmp_path / "p" / "cache" / "library.sum").exists()
        second.artifacts.keep(output())


def test_foreign_files_in_the_folder_are_left_alone(project: Project, output: Make) -> None:
    kept = project.artifacts.keep(output())
    folder = kept.path.parent
    for name in ("notes.txt", f"{'0' * 64}.png", f"{kept.id}.backup.png", f"{kept.id[:-1]}Z.png", ".DS_Store"):
        (folder / name).write_bytes(b"mine")
    (project.folder / "artifacts" / "readme.txt").write_text("mine")
    project.library.rebuild()
    assert project.library.search() == (kept,)
    assert len(list(folder.iterdir())) == 7


def test_searching_goes_on_while_the_index_is_made_again(project: Project, output: Make) -> None:
    kept = [project.artifacts.keep(output(seed=n)) for n in range(150)]
    seen: list[int] = []
    worker = threading.Thread(target=lambda: [project.library.rebuild() for _ in range(3)])
    worker.start()
    while worker.is_alive():
        seen.append(len(project.library.search("castle", limit=1000)))
        project.artifacts.star(kept[len(seen) % 150].id, True)
    worker.join()
    assert project.library.count() == 150
    assert max(seen) <= 150
    assert project.notices == []


def test_a_record_beside_a_result_is_found_by_its_job_only(shelf: Project, output: Make) -> None:
    result = shelf.artifacts.keep(output("a harbour"), job="j")
    made = output("a harbour", data=b'{"tokens": []}')
    record = shelf.artifacts.keep(
        Output("application/vnd.studio.tokens+json", made.data, made.recipe, {}), job="j", title="a harbour"
    )
    assert [artifact.id for artifact in shelf.library.search("harbour")] == [result.id]
    assert shelf.library.count("harbour") == 1
    assert record.id not in {artifact.id for artifact in shelf.library.search()}
    assert shelf.library.count() == len(shelf.library.search()) == 6
    assert [artifact.id for artifact in shelf.library.of_job("j")] == [result.id, record.id]
    assert shelf.artifacts.get(record.id) is not None
    shelf.artifacts.trash([record.id], permanently=True)
    assert shelf.artifacts.get(record.id) is None
    shelf.library.rebuild()
    assert shelf.library.count() == 6
