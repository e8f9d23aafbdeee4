"""Projects: made, opened again, locked, upgraded, refused with words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.core.artifact import Output
from studio.core.errors import StudioError
from studio.store import Formats, Places, Project, bundled

ROOT = Path(__file__).resolve().parents[3]
HOLDER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from studio.store import Project
project = Project.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_project_is_made_and_opened_again(tmp_path: Path, output: Callable[..., Output]) -> None:
    folder = tmp_path / "some" / "Castle studies"
    with Project.open(folder) as project:
        assert project.name == "Castle studies"
        artifact = project.artifacts.keep(output())
        identity = project.id
    with Project.open(folder) as project:
        assert project.id == identity
        assert project.artifacts.get(artifact.id) == artifact
        assert project.notices == []
        project.rename("Burgen")
    with Project.open(folder) as project:
        assert project.name == "Burgen"


def test_what_others_put_into_project_json_stays(tmp_path: Path) -> None:
    with Project.open(tmp_path / "p"):
        pass
    path = tmp_path / "p" / "project.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "colour": "blue"}))
    with Project.open(tmp_path / "p") as project:
        project.rename("new")
    assert json.loads(path.read_text())["colour"] == "blue"


def test_a_second_window_is_told_what_to_do(tmp_path: Path) -> None:
    with Project.open(tmp_path / "p", name="Castles"):
        with pytest.raises(StudioError) as caught:
            Project.open(tmp_path / "p", name="Castles")
        assert caught.value.message == f"“Castles” is already open in another Studio (process {os.getpid()})."
        assert "close it and try again" in caught.value.hint
    Project.open(tmp_path / "p").close()


def test_a_killed_process_lets_go_of_the_lock(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    command = [sys.executable, "-c", HOLDER, str(folder), str(ROOT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"open"
        with pytest.raises(StudioError, match=f"process {holder.pid}"):
            Project.open(folder)
        holder.kill()
        holder.wait()
        Project.open(folder).close()


def test_a_failed_open_leaves_the_project_free(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    Project.open(folder).close()
    good = (folder / "project.json").read_text()
    (folder / "project.json").write_text(json.dumps({"format": 99, "name": "Future"}))
    with pytest.raises(StudioError, match="“Future” was last opened with a newer version"):
        Project.open(folder)
    assert json.loads((folder / "project.json").read_text())["format"] == 99
    (folder / "project.json").write_text(good)
    Project.open(folder).close()


def test_a_damaged_project_json_is_kept_and_made_anew(tmp_path: Path, output: Callable[..., Output]) -> None:
    folder = tmp_path / "p"
    with Project.open(folder) as project:
        artifact = project.artifacts.keep(output())
    (folder / "project.json").write_text('{"format": 1, "na')
    with Project.open(folder) as project:
        assert project.artifacts.get(artifact.id) == artifact
        assert "project.damaged-1.json" in project.notices[0]
    assert (folder / "project.damaged-1.json").read_text() == '{"format": 1, "na'


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("I am a file")
    with pytest.raises(StudioError) as caught:
        Project.open(tmp_path / "p")
    assert caught.value.hint


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder this process may not write to: root gives up its rights meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="studio-read-only-"))
    folder.chmod(0o555)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no read-only flag on Windows")
def test_a_read_only_folder_is_said(read_only_folder: Path) -> None:
    with pytest.raises(StudioError) as caught:
        Project.open(read_only_folder)
    assert "may not save" in caught.value.message
    assert "read-only" in caught.value.hint
    with pytest.raises(StudioError, match="may not save"):
        Project.open(read_only_folder / "new")


def older(tmp_path: Path, output: Callable[..., Output]) -> tuple[Path, str]:
    folder = tmp_path / "old"
    with Project.open(folder) as project:
        artifact = project.artifacts.keep(output(), title="Castle")
        project.documents.save("image.picture", {"zoom": 2})
    return folder, artifact.id


def test_an_older_project_is_copied_then_upgraded_step_by_step(tmp_path: Path, output: Callable[..., Output]) -> None:
    folder, artifact = older(tmp_path, output)
    formats = Formats(
        current=3,
        upgrades={
            1: {"document": lambda data: {**data, "zoom": data["zoom"] * 100}},
            2: {
                "document": lambda data: {**data, "zoom": f"{data['zoom']} %"},
                "sidecar": lambda data: {**data, "title": data["title"].upper()},
                "project": lambda data: {**data, "made by": "an older one"},
            },
        },
    )
    with Project.open(folder, formats=formats) as project:
        assert project.documents.load("image.picture") == {"zoom": "200 %"}
        found = project.artifacts.get(artifact)
        assert found is not None
        assert found.title == "CASTLE"
        assert project.library.search("castle")[0].title == "CASTLE"
        assert "brought up to date" in project.notices[0]
    about = json.loads((folder / "project.json").read_text())
    assert (about["format"], about["made by"]) == (3, "an older one")
    copy = folder / "backups" / "format-1"
    assert json.loads((copy / "documents/image.picture/document.json").read_text()) == {"zoom": 2}
    with pytest.raises(StudioError, match="newer version"):
        Project.open(folder)


def test_an_interrupted_upgrade_is_done_again_from_the_copies(
    tmp_path: Path, output: Callable[..., Output], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = older(tmp_path, output)
    formats = Formats(2, {1: {"document": lambda data: {**data, "zoom": data["zoom"] * 100}}})
    from studio.store import formats as module

    original = module.write_json

    def stop(path: Path, value: Any) -> None:
        if path.name == "project.json":
            raise KeyboardInterrupt
        original(path, value)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_json", stop)
        with pytest.raises(KeyboardInterrupt):
            Project.open(folder, formats=formats)
    with Project.open(folder, formats=formats) as project:
        assert project.documents.load("image.picture") == {"zoom": 200}


def test_unfinished_files_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    with Project.open(folder) as project:
        project.documents.save("text", {})
    places = [folder, folder / "documents" / "text", folder / "artifacts" / "ab", folder / "queue"]
    for place in places:
        place.mkdir(exist_ok=True, parents=True)
        (place / ".tmp-1234").write_bytes(b"half")
    with Project.open(folder):
        assert not list(folder.rglob(".tmp-*"))


def test_places_follow_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    places = Places.default()
    assert places == Places.under(tmp_path)
    assert places.first_project.is_relative_to(tmp_path)
    monkeypatch.delenv("STUDIO_HOME")
    system = Places.default()
    assert len({system.config, system.cache, system.data}) >= 2
    assert not system.data.is_relative_to(tmp_path)


def test_what_comes_with_studio_is_found() -> None:
    assert (bundled() / "plugins").is_dir()
    assert (bundled() / "resources").is_dir()
