"""Packs plugins/ and resources/, which lie beside studio/ in a checkout, into the wheel as studio/bundled."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKED = ("plugins", "resources")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


class BuildWithBundle(build_py):
    """The usual build, and then the folders that no package listing of setuptools can place inside another package:
    plugins are plain folders, found by their plugin.toml.
    """

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # a checkout finds them where they are
            return
        target = Path(self.build_lib) / "studio" / "bundled"
        shutil.rmtree(target, ignore_errors=True)
        for name in PACKED:
            shutil.copytree(ROOT / name, target / name, ignore=LEFT_OUT)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        bundle = Path(self.build_lib) / "studio" / "bundled"
        return [*super().get_outputs(include_bytecode), *(str(path) for path in bundle.rglob("*") if path.is_file())]


setup(cmdclass={"build_py": BuildWithBundle})
