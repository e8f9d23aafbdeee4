"""A disk that is really full: a file system of 2 MB in memory, where this process has the right to mount one.

Elsewhere the same paths are tested with refused system calls and with RLIMIT_FSIZE (test_artifacts, test_steps …).
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.core.artifact import Artifact, Output
from studio.core.errors import StudioError
from studio.core.job import Job
from studio.core.request import Request
from studio.core.steps import Step, StepState, Tensor
from studio.store import Project, StepWriter

Make = Callable[..., Output]
Ask = Callable[..., Request]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = shutil.which("mount")
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or mount is None:
        pytest.skip("mounting a small disk takes root on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Leave not a single byte free."""
    with (folder / "other people's file").open("ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def keep_until_full(project: Project, output: Make, kept: list[Artifact]) -> None:
    for n in itertools.count():
        kept.append(project.artifacts.keep(output(data=os.urandom(100_000), seed=n), job=f"j{n}"))


def write_steps(project: Project) -> None:
    with StepWriter(project.steps.path("j")) as writer:
        for index in range(100):
            state = StepState({"latents": Tensor("U8", (50_000,), os.urandom(50_000))})
            writer.write(Step(index, 100, has_state=True), state)


def test_a_full_disk_loses_nothing_and_says_so(small_disk: Path, output: Make, ask: Ask) -> None:
    kept: list[Artifact] = []
    job = Job("1" * 32, ask())
    with Project.open(small_disk / "p") as project:
        project.queue.save(job)
        project.documents.save("picture", {"zoom": 1})
        with pytest.raises(StudioError, match="disk is full"):
            keep_until_full(project, output, kept)
        assert len(kept) > 5
        fill(small_disk)
        with pytest.raises(StudioError, match="disk is full") as caught:
            project.documents.save("picture", {"zoom": 2, "text": "x" * 100_000})
        assert "Make room" in caught.value.hint
        with pytest.raises(StudioError, match="disk is full"):
            project.queue.save(Job("2" * 32, ask("x" * 20_000)))
        with pytest.raises(StudioError, match="disk is full"):
            write_steps(project)
        assert project.documents.load("picture") == {"zoom": 1}
        assert project.queue.load() == ((job,), False)
        assert [project.artifacts.get(a.id) for a in kept] == kept
        assert not list(project.folder.rglob(".tmp-*"))

    with Project.open(small_disk / "p") as project:  # also opens where not a byte is free
        assert {a.id for a in project.library.search()} == {a.id for a in kept}
        project.artifacts.trash([kept[0].id], permanently=True)
        (small_disk / "other people's file").unlink()
        kept[0] = project.artifacts.keep(output(data=b"small", seed=999), job="last")
        project.documents.save("picture", {"zoom": 2})
        project.queue.save(Job("2" * 32, ask()))

    with Project.open(small_disk / "p") as project:
        assert {a.id for a in project.library.search()} == {a.id for a in kept}
        assert project.documents.load("picture") == {"zoom": 2}
        assert len(project.queue.load()[0]) == 2


def test_a_new_project_on_a_full_disk_is_refused_with_words(small_disk: Path) -> None:
    (small_disk / "p").mkdir()
    fill(small_disk)
    with pytest.raises(StudioError, match="disk is full"):
        Project.open(small_disk / "p")
    (small_disk / "other people's file").unlink()
    Project.open(small_disk / "p").close()
