"""Plugins of installed packages are found by their entry point, also in an archive; without one nothing is read."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from studio.engine.installed import entry_points

GROUP = "studio.plugins"
TEXT = f"[{GROUP}]\nzebra = zebra_plugin\nant = ant_plugin\n"


def _package(place: Path, text: str) -> None:
    about = place / "animals-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: animals\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(text, encoding="utf-8")


def test_a_package_is_found_by_its_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _package(tmp_path, TEXT)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [point.module for point in entry_points(GROUP)] == ["ant_plugin", "zebra_plugin"]


def test_a_package_in_an_archive_is_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "animals.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("animals-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: animals\nVersion: 1.0\n")
        made.writestr("animals-1.0.dist-info/entry_points.txt", TEXT)
    monkeypatch.syspath_prepend(str(archive))
    assert [point.name for point in entry_points(GROUP)] == ["ant", "zebra"]


def test_entry_points_of_others_are_none_of_ours(tmp_path: Path) -> None:
    _package(tmp_path, "[console_scripts]\nant = ant_plugin:main\n")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}];"
        f"from studio.engine.installed import entry_points;"
        f"print(entry_points({GROUP!r}), 'importlib.metadata' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == ["[]", "False"]
