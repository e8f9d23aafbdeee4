"""The developer's one command: `python3 dev.py test` sets up what is missing and runs every check.

python3 dev.py test [pytest options]   lint, types, import contracts, house rules, documentation, all tests
python3 dev.py lint                    the same without the tests
python3 dev.py bench [name …]          the benchmarks, with their figures
python3 dev.py screenshots             real windows, drawn into docs/screenshots
python3 dev.py docs [--check]          docs/plugin-api.md from the docstrings; every link looked at
python3 dev.py run [arguments]         Studio itself, like main.py
python3 dev.py wheel                   a wheel with plugins, resources and starter models, in dist
"""

import sys

if sys.version_info < (3, 11):  # in words that any Python can read
    sys.exit("Studio needs Python 3.11 or newer; this is %d.%d." % (sys.version_info[0], sys.version_info[1]))

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from studio.setup import system
from studio.setup.environment import Environment
from studio.setup.start import start
from studio.setup.words import SetupError, complain, say

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = Environment(ROOT, ("dev",))


def run(*command: str, quiet: bool = False) -> int:
    """Run a command of the environment in the project's folder. `quiet` shows its words only where it failed."""
    first, *rest = command
    line = [str(ENVIRONMENT.python), *rest] if first == "python" else [_script(first), *rest]
    sys.stdout.flush()
    result = subprocess.run(line, cwd=ROOT, text=True, encoding="utf-8", errors="replace", capture_output=quiet)
    if quiet and result.returncode:
        say((result.stdout + result.stderr).strip())
    return result.returncode


def _script(name: str) -> str:
    found = shutil.which(name, path=str(ENVIRONMENT.python.parent))
    if found is None:
        raise SetupError(f"{name} is not in {ENVIRONMENT.folder}.", "Remove that folder and start again.")
    return found


def provide_system() -> None:
    """What Qt and the tests with a real window need on Linux."""
    if sys.platform != "linux":
        return
    lacking = system.provide(["qt", "xcb", "fonts", "tests", "atspi"])
    fatal = [part for part in lacking if part.need == "qt"]
    if fatal:
        line = system.paste_line(fatal)
        raise SetupError(f"Qt cannot start without {', '.join(part.name for part in fatal)}.", f"Paste:\n    {line}")
    if lacking:
        say(f"Tests with a real window are left out. For them, paste:\n    {system.paste_line(lacking)}")


CHECKS = (
    ("ruff check", ("ruff", "check", "--quiet", ".")),
    ("ruff format", ("ruff", "format", "--check", "--quiet", ".")),
    ("types", ("mypy",)),
    ("import contracts", ("lint-imports", "--no-logo")),
    ("house rules", ("python", "scripts/house_rules.py")),
    ("documentation", ("python", "scripts/docs.py", "--check")),
)


def lint() -> int:
    """Every check that reads the code; the number of those that found something."""
    failed = 0
    for name, command in CHECKS:
        started = time.monotonic()
        code = run(*command, quiet=True)
        say(f"{name:<18}{'ok' if code == 0 else 'FAILED'}  {time.monotonic() - started:.1f} s")
        failed += code != 0
    return failed


def test(arguments: list[str]) -> int:
    """All checks and all tests. The tests run even after a failed check, so that one run tells everything."""
    failed = lint()
    if failed:
        say(f"{failed} of {len(CHECKS)} checks failed; see above.")
    code = run("python", "-m", "pytest", *arguments)
    return code or min(failed, 1)


def bench(arguments: list[str]) -> int:
    """The benchmarks, one after the other: they measure time, so nothing else may run beside them."""
    names = arguments or [path.stem for path in sorted((ROOT / "benchmarks").glob("*.py")) if path.stem[0] != "_"]
    return max(run("python", f"benchmarks/{name}.py") for name in names)


def wheel(arguments: list[str]) -> int:
    """Build without a network: setuptools comes with the environment."""
    shutil.rmtree(ROOT / "build", ignore_errors=True)  # setuptools would pack what an older build left there
    return run("python", "-m", "build", "--no-isolation", "--wheel", *arguments)


def main(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        say(__doc__.strip())
        return 0 if arguments else 2
    command, rest = arguments[0], arguments[1:]
    if command == "run":
        return start(str(ROOT / "main.py"), rest)
    commands = {
        "test": test,
        "lint": lambda _: min(lint(), 1),
        "bench": bench,
        "screenshots": lambda more: run("python", "scripts/screenshots.py", *more),
        "docs": lambda more: run("python", "scripts/docs.py", *more),
        "wheel": wheel,
    }
    if command not in commands:
        say(f"There is no command {command!r}.\n\n{__doc__.strip()}")
        return 2
    # A shell that starts us in the background has SIGINT ignored, which all children would inherit: the tests that
    # interrupt something need it as it usually is.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        ENVIRONMENT.prepare()
        if command in ("test", "bench", "screenshots"):
            provide_system()
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        return commands[command](rest)
    except SetupError as error:
        complain(error)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
