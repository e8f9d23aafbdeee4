"""The window's process stays light: it never loads torch, nor a plugin's generate.py, not even while it generates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = """
import json, sys
from PySide6.QtCore import QTimer
from studio.app import Options, application, build
from studio.store import Places

app = application()
studio = build(Places.default(), Options(warm=True))
window = studio.window
seen = []

def named(name):
    from PySide6.QtWidgets import QWidget
    return next(w for w in window.findChildren(QWidget) if w.accessibleName() == name and w.isVisible())

def look():
    words = named("Status").accessibleDescription()
    if seen[-1:] != [words]:
        seen.append(words)
    if words == "Done" or words.startswith("Failed"):
        poll.stop()
        for page in ("library", "queue", "models", "plugins", "settings"):
            window.show_place(page)
        QTimer.singleShot(300, app.exit)

poll = QTimer()
poll.timeout.connect(look)

def start():
    named("Generate").click()
    poll.start(50)

window.painted.connect(lambda: QTimer.singleShot(200, start))
QTimer.singleShot(150_000, app.exit)  # the test then shows what the status said until here
window.show()
app.exec()
studio.close()
print(json.dumps({"seen": seen, "modules": sorted(sys.modules), "files": sorted(
    str(getattr(module, "__file__", "") or "") for module in list(sys.modules.values()))}))
"""

HEAVY = {"torch", "transformers", "diffusers", "accelerate", "tokenizers", "safetensors.torch"}


@pytest.mark.timeout(300)
def test_a_generation_leaves_the_windows_process_light(tmp_path: Path) -> None:
    environment = {**os.environ, "STUDIO_HOME": str(tmp_path / "home")}
    result = subprocess.run(
        [sys.executable, "-c", RUN], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=280
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert "Traceback" not in result.stderr, result.stderr[-3000:]
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["seen"][-1] == "Done", told["seen"]
    loaded = {name for name in told["modules"] if name in HEAVY or name.partition(".")[0] in HEAVY}
    assert not loaded, f"the window's process has loaded {sorted(loaded)[:10]}"
    generators = [file for file in told["files"] if Path(file).name == "generate.py" and "plugins" in Path(file).parts]
    assert not generators
    assert any(Path(file).name == "panel.py" and "plugins" in Path(file).parts for file in told["files"])
