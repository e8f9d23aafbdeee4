"""The strict tests as a plugin's author gets them: with one line in a conftest of another project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

TESTS = """
import logging, os, socket, threading
import pytest

LOG = logging.getLogger("plugin")
go = threading.Event()

def test_fine():
    pass

def test_warns():
    LOG.warning("a stray word")

@pytest.mark.expects_log("announced")
def test_warns_as_announced():
    LOG.warning("announced")

@pytest.mark.expects_log("never")
def test_does_not_warn_as_announced():
    pass

def test_network():
    socket.create_connection(("192.0.2.1", 80), timeout=0.1)

def test_home(studio_home):
    assert os.environ["STUDIO_HOME"] == str(studio_home)
    assert not studio_home.exists()

def test_thread():
    threading.Thread(target=go.wait, name="left-behind", daemon=True).start()
"""


def test_another_project_uses_it_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["studio.testing.strict"]\n')
    (tmp_path / "test_plugin.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--strict-markers", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    ended = {}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED", "ERROR"):
            name = rest.split("::")[-1].split()[0]
            ended[name] = word if ended.get(name) != "ERROR" else "ERROR"
    assert ended == {
        "test_fine": "PASSED",
        "test_warns": "ERROR",
        "test_warns_as_announced": "PASSED",
        "test_does_not_warn_as_announced": "ERROR",
        "test_network": "FAILED",
        "test_home": "PASSED",
        "test_thread": "ERROR",
    }, done.stdout
    assert "a stray word" in done.stdout
    assert "left-behind" in done.stdout
    assert "NetworkUsed" in done.stdout
