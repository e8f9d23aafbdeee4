"""The main job through the accessibility tree: the real program, a real (virtual) screen, a real accessibility bus."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from studio.setup import system
from studio.testing import screen

ROOT = Path(__file__).parents[2]


def lacking() -> str:
    """Why this cannot be run here, or ""."""
    if sys.platform != "linux":
        return "AT-SPI is the accessibility bus of Linux"
    parts = system.missing(["atspi"])
    if parts:
        return "the system lacks " + ", ".join(part.name for part in parts)
    return screen.lacking(accessibility=True)


@pytest.mark.skipif(bool(lacking()), reason=f"not run: {lacking()}")
@pytest.mark.timeout(400)
def test_the_main_job_through_the_accessibility_tree(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    prompt = "a lighthouse by the sea at night"
    with screen.VirtualScreen((1366, 768), accessibility=True) as virtual:
        environment = {**virtual.environment, "STUDIO_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
        with (tmp_path / "words").open("wb") as words:
            program = subprocess.Popen(
                [sys.executable, "-m", "studio"], cwd=tmp_path, env=environment, stdout=words, stderr=words
            )
        try:
            driver = subprocess.run(
                [
                    system.SYSTEM_PYTHON,
                    str(ROOT / "tests/accessibility/drive.py"),
                    "--prompt",
                    prompt,
                    "--folder",
                    str(out),
                    "--python",
                    sys.executable,
                ],
                env={**virtual.environment, "PYTHONWARNINGS": "ignore"},  # Debian's Atspi calls itself deprecated
                capture_output=True,
                text=True,
                timeout=350,
            )
            alive = program.poll() is None
        finally:
            program.terminate()
            try:
                program.wait(20)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
    said = (tmp_path / "words").read_text("utf-8", "replace")
    assert driver.returncode == 0, f"{driver.stderr}\nStudio said: {said[-2000:]}"
    assert alive, said
    saw = json.loads(driver.stdout)
    assert saw["statuses"][-1] == "Done"
    assert any(status.startswith("Step ") for status in saw["statuses"]), saw
    assert saw["dropped"] == "copy"  # and the prompt came back from the file
    (exported,) = out.iterdir()
    assert exported.name.startswith("driven")
    with Image.open(exported, formats=("PNG", "JPEG", "WEBP", "AVIF", "TIFF")) as picture:
        assert picture.size[0] >= 64
        recipes = [text for text in picture.info.values() if isinstance(text, str) and prompt in text]
        assert recipes, f"no recipe in {sorted(picture.info)}"
    assert "Traceback" not in said
