"""What every test runs under: no screen, no network, a home of its own, and no tolerance for warnings or leftovers.

Qt's own messages fail a test through pytest-qt (`qt_log_level_fail` in pyproject.toml), a Python warning through
`filterwarnings = error`, the rest through studio.testing.strict, which plugins may use as well. The home is made here,
before anything can look for it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="studio-tests-"))

ENVIRONMENT = {
    "STUDIO_HOME": str(HOME / "studio"),
    "XDG_DATA_HOME": str(HOME / "share"),  # the system's trash lives there on Linux
    "XDG_CACHE_HOME": str(HOME / "cache"),
    "XDG_CONFIG_HOME": str(HOME / "config"),
    "XDG_RUNTIME_DIR": str(HOME / "runtime"),
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HOME": str(HOME / "huggingface"),
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning OpenMP threads cost 3-5 times the CPU where cores are shared
    "PYTHONFAULTHANDLER": "1",
    "QT_ACCESSIBILITY": "0",  # no bus to talk to; accessible names are read in the process itself
}
os.environ.update(ENVIRONMENT)
# A developer may ask for a real screen; everybody else gets none.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("STUDIO_TEST_PLATFORM", "offscreen")
for variable in ("DBUS_SESSION_BUS_ADDRESS", "QT_SCALE_FACTOR", "QT_STYLE_OVERRIDE", "QT_QPA_PLATFORMTHEME"):
    os.environ.pop(variable, None)
(HOME / "runtime").mkdir(mode=0o700)

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:  # with import-mode=importlib pytest adds nothing itself
    sys.path.insert(0, str(ROOT))


pytest_plugins = ["studio.testing.strict"]


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)
