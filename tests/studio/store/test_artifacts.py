"""Artifacts: kept by content with everything known of them, whatever goes wrong."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.artifact import Output
from studio.core.errors import StudioError
from studio.core.media import MARKDOWN, PNG, TEXT
from studio.core.recipe import Recipe
from studio.core.request import Request
from studio.store import ArtifactStore, Project

Make = Callable[..., Output]
Picture = Callable[..., bytes]
Ask = Callable[..., Request]


def sidecar(project: Project, artifact_id: str) -> Path:
    return project.folder / "artifacts" / artifact_id[:2] / f"{artifact_id}.json"


def test_a_kept_result_has_everything(project: Project, output: Make) -> None:
    made = output()
    kept = project.artifacts.keep(made, job="j1", title="Castle", steps="j1")
    assert kept.id == hashlib.sha256(made.data).hexdigest()
    assert kept.path == project.folder / "artifacts" / kept.id[:2] / f"{kept.id}.png"
    assert kept.path.read_bytes() == made.data
    assert (kept.media, kept.recipe, kept.title, kept.job, kept.steps) == (PNG, made.recipe, "Castle", "j1", "j1")
    assert kept.facts == {"width": 40, "height": 30}
    assert kept.created > 1.7e9
    assert project.artifacts.get(kept.id) == kept
    assert project.artifacts.path_of(kept.id) == kept.path
    said = json.loads(sidecar(project, kept.id).read_text())
    assert Recipe.from_json(said["recipe"]) == made.recipe


def test_everything_is_back_in_the_next_session(tmp_path: Path, output: Make) -> None:
    with Project.open(tmp_path / "p") as project:
        kept = [project.artifacts.keep(output(seed=n), job="j") for n in range(3)]
        starred = project.artifacts.star(kept[1].id, True)
    for _ in range(2):
        with Project.open(tmp_path / "p") as project:
            assert project.artifacts.of_job("j") == (kept[0], starred, kept[2])
            assert project.library.search() == (kept[2], starred, kept[0])


def test_finished_requests_are_found_and_partial_ones_are_not(project: Project, output: Make, ask: Ask) -> None:
    done, partial = output(seed=1), output(seed=2, state="partial")
    kept = project.artifacts.keep(done, job="j1")
    project.artifacts.keep(partial, job="j2")
    assert project.artifacts.find(ask(seed=1).digest()) == (kept,)
    assert project.artifacts.find(ask(seed=2).digest()) == ()
    assert project.artifacts.of_job("j2")[0].partial
    kept.path.unlink()
    assert project.artifacts.find(ask(seed=1).digest()) == ()
    assert project.artifacts.get(kept.id) is None


def test_a_batch_is_found_whole_and_in_order_and_only_the_latest(project: Project, output: Make, ask: Ask) -> None:
    for job in ("first", "second"):
        batch = [project.artifacts.keep(output(data=f"{job} {n}".encode()), job=job) for n in range(4)]
    assert project.artifacts.find(ask().digest()) == tuple(batch)
    assert project.artifacts.of_job("second") == tuple(batch)


def test_the_same_bytes_from_two_requests_answer_both(project: Project, ask: Ask) -> None:
    one, two = ask("one"), ask("two")
    first = project.artifacts.keep(Output(TEXT, b"hello", Recipe(one)), job="j1", title="first")
    project.artifacts.star(first.id, True)
    second = project.artifacts.keep(Output(TEXT, b"hello", Recipe(two)), job="j2", title="second")
    assert (first.id, second.title, second.starred, second.created) == (second.id, "first", True, first.created)
    for digest in (one.digest(), two.digest()):
        assert [a.id for a in project.artifacts.find(digest)] == [first.id]
    for job in ("j1", "j2"):
        assert [a.id for a in project.artifacts.of_job(job)] == [first.id]
    project.library.rebuild()
    assert [a.id for a in project.artifacts.find(one.digest())] == [first.id]
    assert project.library.count() == 1


def test_a_partial_result_does_not_hide_a_finished_one(project: Project, ask: Ask) -> None:
    project.artifacts.keep(Output(TEXT, b"hello", Recipe(ask())), job="j1")
    again = project.artifacts.keep(Output(TEXT, b"hello", Recipe(ask(), state="partial")), job="j2")
    assert not again.partial
    assert project.artifacts.find(ask().digest()) == (again,)


def test_unknown_fields_of_a_sidecar_survive(project: Project, output: Make) -> None:
    kept = project.artifacts.keep(output(), title="Castle")
    path = sidecar(project, kept.id)
    path.write_text(json.dumps({**json.loads(path.read_text()), "rating": 5, "title": "Edited elsewhere"}))
    assert project.artifacts.star(kept.id, True).title == "Edited elsewhere"
    project.artifacts.keep(output(), job="again")
    said = json.loads(path.read_text())
    assert (said["rating"], said["starred"], said["jobs"]) == (5, True, ["again"])


def test_a_recipe_of_a_newer_studio_is_not_understood_and_not_lost(project: Project, output: Make) -> None:
    kept = project.artifacts.keep(output())
    path = sidecar(project, kept.id)
    said = json.loads(path.read_text())
    said["recipe"]["format"] = 99
    path.write_text(json.dumps(said))
    assert project.artifacts.star(kept.id, True).recipe is None
    assert json.loads(path.read_text())["recipe"] == said["recipe"]


@pytest.mark.parametrize("text", ["{", "[]", '{"facts": 1, "recipe": [], "jobs": 3, "created": "x", "earlier": {}}'])
def test_a_damaged_sidecar_costs_no_picture(project: Project, output: Make, text: str) -> None:
    kept = project.artifacts.keep(output())
    path = sidecar(project, kept.id)
    path.write_text(text)
    project.library.rebuild()
    found = project.artifacts.get(kept.id)
    assert found is not None
    assert found.path.read_bytes() == output().data
    again = project.artifacts.keep(output(), title="again")
    assert again.recipe == output().recipe
    aside = path.with_name(f"{kept.id}.damaged-1.json")
    assert aside.exists() is (text in ("{", "[]"))
    assert project.library.count() == 1


def test_a_damaged_picture_is_mended_by_its_own_bytes(project: Project, output: Make) -> None:
    kept = project.artifacts.keep(output())
    kept.path.write_bytes(output().data[:-10])
    assert project.artifacts.keep(output()).path.read_bytes() == output().data


def test_a_file_without_a_sidecar_is_an_artifact(tmp_path: Path, picture: Picture) -> None:
    data = picture()
    name = hashlib.sha256(data).hexdigest()
    with Project.open(tmp_path / "p"):
        pass
    place = tmp_path / "p" / "artifacts" / name[:2]
    place.mkdir(parents=True)
    (place / f"{name}.png").write_bytes(data)
    with Project.open(tmp_path / "p") as project:
        (found,) = project.library.search()
        assert (found.id, found.media, found.facts, found.recipe) == (name, PNG, {"width": 40, "height": 30}, None)
        assert project.artifacts.star(name, True).starred


@pytest.mark.parametrize(
    ("kind", "media", "ending"),
    [
        ("PNG", "image/png", ".png"),
        ("JPEG", "image/jpeg", ".jpg"),
        ("WEBP", "image/webp", ".webp"),
        ("AVIF", "image/avif", ".avif"),
        ("TIFF", "image/tiff", ".tiff"),
        ("GIF", "image/gif", ".gif"),
    ],
)
def test_pictures_are_brought_in_by_their_first_bytes(
    project: Project, picture: Picture, tmp_path: Path, kind: str, media: str, ending: str
) -> None:
    source = tmp_path / "holiday.dat"
    source.write_bytes(picture(format=kind))
    kept = project.artifacts.bring_in(source)
    assert (kept.media, kept.path.suffix, kept.title) == (media, ending, "holiday")
    assert kept.facts == {"width": 40, "height": 30}
    assert kept.path.read_bytes() == source.read_bytes()
    assert project.artifacts.bring_in(source.read_bytes()) == kept


def test_texts_and_sounds_are_brought_in(project: Project, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# Größe\n" * 3000)
    assert project.artifacts.bring_in(notes).media == MARKDOWN
    assert project.artifacts.bring_in(b"words").media == TEXT
    assert project.artifacts.bring_in(b"words 2", media=MARKDOWN).media == MARKDOWN
    assert project.artifacts.bring_in(b"MThd\0\0\0\6" + bytes(20)).path.suffix == ".mid"
    assert project.artifacts.bring_in(b"RIFF\0\0\0\0WAVEfmt ").media == "audio/wav"
    assert project.artifacts.bring_in(b"FORM\0\0\0\0AIFFCOMM" + bytes(20)).path.suffix == ".aiff"
    for start in (b"\xff\xfa", b"\xff\xf3", b"\xff\xf2"):  # other rates and checksums of MP3
        assert project.artifacts.bring_in(start + bytes(60)).media == "audio/mpeg"
    own = "audio/vnd.studio.score+json"
    assert project.artifacts.bring_in(b'{"format": 1}', media=own).media == own
    assert project.artifacts.bring_in(b"only words", media="image/png").media == TEXT


def test_bringing_in_what_was_made_here_keeps_its_recipe(project: Project, output: Make) -> None:
    kept = project.artifacts.keep(output(), title="Castle", job="j")
    assert project.artifacts.bring_in(output().data, title="other") == kept


def test_a_recipe_can_come_with_the_file(project: Project, picture: Picture, ask: Ask) -> None:
    first = project.artifacts.bring_in(picture())
    assert first.recipe is None
    again = project.artifacts.bring_in(picture(), recipe=Recipe(ask()))
    assert again.recipe == Recipe(ask())
    assert project.library.search("castle") == (again,)
    assert project.artifacts.find(ask().digest()) == ()  # it only says so: a generation may not be answered with it
    made = project.artifacts.keep(Output(PNG, picture(), Recipe(ask())), job="j")
    assert project.artifacts.find(ask().digest()) == (made,)
    assert project.artifacts.bring_in(picture(), recipe=Recipe(ask())) == project.artifacts.star(made.id, False)
    assert project.artifacts.find(ask().digest()) == (made,)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\0\1\2\3" * 50, "does not know what kind of file"),
        (b"MZ\x90\0" + bytes(100), "does not know what kind of file"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "damaged"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff" + bytes(40), "too large"),
    ],
)
def test_what_cannot_be_brought_in_is_said(project: Project, tmp_path: Path, data: bytes, words: str) -> None:
    source = tmp_path / "strange.png"
    source.write_bytes(data)
    for given in (source, data):
        with pytest.raises(StudioError, match=words) as caught:
            project.artifacts.bring_in(given)
        assert caught.value.hint
    assert project.library.count() == 0


def test_a_missing_file_is_said(project: Project, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="is not there"):
        project.artifacts.bring_in(tmp_path / "gone.png")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_loses_nothing_and_is_said(
    project: Project, output: Make, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    kept = project.artifacts.keep(output(seed=1))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(StudioError, match="disk is full"):
            project.artifacts.keep(output(seed=2))
        with pytest.raises(StudioError, match="disk is full"):
            project.artifacts.star(kept.id, True)
    assert project.library.search() == (kept,)
    assert not list(project.folder.rglob(".tmp-*"))
    project.artifacts.keep(output(seed=2))
    assert project.library.count() == 2


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_takes_only_half_a_file(project: Project, output: Make) -> None:
    """RLIMIT_FSIZE makes the real write fail halfway, as a full disk does; to mount a tiny disk takes rights."""
    import resource
    import signal

    kept = project.artifacts.keep(output(seed=1))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(StudioError) as caught:
            project.artifacts.keep(output(data=bytes(200_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.hint
    assert [a.id for a in project.library.search()] == [kept.id]
    assert not list(project.folder.rglob(".tmp-*"))


def test_a_result_is_kept_even_where_the_index_cannot_take_it(project: Project, output: Make) -> None:
    project.library._index.close()  # every row from now on fails, as on a disk that has room for no more
    kept = project.artifacts.keep(output())
    assert project.artifacts.get(kept.id) == kept


def test_the_systems_trash(project: Project, output: Make) -> None:
    kept, other = project.artifacts.keep(output(seed=1)), project.artifacts.keep(output(seed=2))
    project.artifacts.trash([kept.id, "f" * 64, "../../x"])
    assert not kept.path.exists()
    assert not sidecar(project, kept.id).exists()
    assert project.library.search() == (other,)
    if sys.platform.startswith("linux"):
        trashed = {name for _, _, names in os.walk(os.environ["XDG_DATA_HOME"]) for name in names}
        assert {kept.path.name, sidecar(project, kept.id).name} <= trashed


def test_without_a_trash_nothing_is_deleted_unless_asked(project: Project, output: Make) -> None:
    def none(path: Path) -> None:
        raise OSError(errno.EPERM, "no trash here", str(path))

    store = ArtifactStore(project.folder / "artifacts", project.library, discard=none)
    kept = store.keep(output())
    with pytest.raises(StudioError) as caught:
        store.trash([kept.id])
    assert "permanently" in caught.value.hint
    assert store.get(kept.id) == kept
    store.trash([kept.id], permanently=True)
    assert store.get(kept.id) is None
    assert not list((project.folder / "artifacts").rglob(f"{kept.id}*"))


def test_a_star_for_what_is_gone_is_said(project: Project) -> None:
    with pytest.raises(StudioError, match="not in the project any more"):
        project.artifacts.star("f" * 64, True)
    assert project.artifacts.get("../../etc/passwd") is None
    assert project.artifacts.path_of("../" * 20) is None


def test_rename(project: Project, output: Make) -> None:
    kept = project.artifacts.keep(output())
    assert project.artifacts.rename(kept.id, "Burg am Fluß").path == kept.path
    assert [a.title for a in project.library.search("fluss")] == ["Burg am Fluß"]


def test_many_threads_keep_and_star_at_once(project: Project, output: Make) -> None:
    def work(start: int) -> None:
        for n in range(start, start + 10):
            artifact = project.artifacts.keep(output(seed=n), job=f"j{start}")
            project.artifacts.star(artifact.id, True)
            project.library.search("castle")

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert project.library.count(starred=True) == 40
    assert project.notices == []
    assert len(project.artifacts.of_job("j200")) == 10
