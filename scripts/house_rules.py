"""The house rules that no linter knows, each with the sentence to follow. `python3 dev.py lint` runs them.

Rules about code look at the syntax tree, so that words in strings and comments do not trip them.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

FILE_LINES = 400
TEST_LINES = 600
"""Tests are read one at a time, so a file may hold more of them."""
FUNCTION_LINES = 70

Node = TypeVar("Node", bound=ast.AST)
Finding = tuple[int, str]
"""Line number and the sentence to follow."""


@dataclass(frozen=True)
class Source:
    """One tracked file. `tree` is None for what is not Python."""

    path: str
    text: str
    tree: ast.Module | None

    @property
    def tests(self) -> bool:
        """True for tests, which may do on purpose what the program never does."""
        return self.path.startswith("tests/")

    def within(self, *folders: str) -> bool:
        """True where the file lies in (or is) one of `folders`."""
        return any(self.path == folder or self.path.startswith(folder + "/") for folder in folders)


# --- rules about any text --------------------------------------------------------------------------------------------

_WORDS = {
    r"\b(?:TO[D]O|FIX[M]E|XX[X])\b": "Finish it now, or write it where plans are written; not in a comment.",
    r"(?<![\w.])/(?:hom[e]|Users|roo[t]|wor[k]|far[m])/\w": "No path of one's own machine.",
    r"[\"'\s(`]/tm[p]/\w": "No fixed place under the temporary folder: use tempfile or tmp_path.",
}


def words(source: Source) -> Iterator[Finding]:
    """No unfinished business and no private paths, in any file."""
    for number, line in enumerate(source.text.splitlines(), 1):
        for pattern, sentence in _WORDS.items():
            if re.search(pattern, line):
                yield number, sentence


def file_length(source: Source) -> Iterator[Finding]:
    """Files stay readable in one go."""
    count = source.text.count("\n")
    limit = TEST_LINES if source.tests else FILE_LINES
    if source.tree and count > limit:
        yield limit, f"{count} lines. Split it by what its reader knows; {limit} is the limit."


# --- rules about Python ----------------------------------------------------------------------------------------------


def module_docstring(source: Source) -> Iterator[Finding]:
    """Every module says in a line or two what it is for."""
    if source.tree and source.tree.body and not source.tests and not ast.get_docstring(source.tree):
        yield 1, "Say in a docstring what this file is for."


def function_length(source: Source) -> Iterator[Finding]:
    """A function fits on a screen."""
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = [*_walk(source, ast.FunctionDef)]
    for node in [*functions, *_walk(source, ast.AsyncFunctionDef)]:
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > FUNCTION_LINES and not source.tests:
            yield node.lineno, f"{node.name} has {length} lines; {FUNCTION_LINES} fit on a screen."


def names(source: Source) -> Iterator[Finding]:
    """No names that collect what has no home."""
    vague = re.compile(r"(helper|util|utils|manager|misc|legacy|common)s?$", re.I)
    if vague.search(Path(source.path).stem):
        yield 1, f"{Path(source.path).name}: name the file after what it knows."
    for node in _walk(source, ast.ClassDef):
        if vague.search(node.name):
            yield node.lineno, f"{node.name}: name the class after something a user would recognise."


_NEVER_CALLED = {
    "eval": "Never evaluate text.",
    "exec": "Never execute text.",
    "os.system": "Use subprocess with a list of arguments, in the engine.",
    "pickle.load": "Pickles run code.",
    "pickle.loads": "Pickles run code.",
    "torch.load": "Pickles run code; weights are safetensors.",
    "joblib.load": "Pickles run code.",
    "yaml.load": "Use yaml.safe_load.",
    "tempfile.mktemp": "Somebody else may take the name first: use mkstemp.",
}


def dangerous_calls(source: Source) -> Iterator[Finding]:
    """Nothing of a foreign file is ever executed."""
    for node in _walk(source, ast.Call):
        name = _dotted(node.func)
        if name in _NEVER_CALLED:
            yield node.lineno, f"{name}: {_NEVER_CALLED[name]}"
        if name.endswith((".extractall", ".unpack_archive")):
            yield node.lineno, "Unpack member by member, checking every name and size."
        if name == "Image.open" and not any(key.arg == "formats" for key in node.keywords) and not source.tests:
            yield node.lineno, "Image.open needs formats=(…): Pillow knows decoders that nobody here asked for."
        plain = any(key.arg == "allow_pickle" and _is(key.value, False) for key in node.keywords)
        if name in ("np.load", "numpy.load") and not plain:
            yield node.lineno, f"{name} needs allow_pickle=False, said aloud."
        for key in node.keywords:
            if key.arg in ("shell", "trust_remote_code") and not _is(key.value, False):
                yield node.lineno, f"{key.arg} stays False."


_STARTS_WORK = {
    "threading.Thread",
    "Thread",
    "threading.Timer",
    "QThread",
    "QProcess",
    "os.fork",
    "os.spawnv",
    "subprocess.Popen",
    "subprocess.run",
    "ThreadPoolExecutor",
    "ProcessPoolExecutor",
}


def threads(source: Source) -> Iterator[Finding]:
    """Threads and processes are started in the engine only (and by the sound feeder and MIDI in widgets)."""
    free = ("tests", "scripts", "benchmarks", "dev.py", "studio/engine", "studio/setup", "studio/testing")
    if source.within(
        *free, "studio/widgets/sound.py", "studio/widgets/midi.py", "plugins/starter/training", "plugins/starter/world"
    ):
        return
    for node in _walk(source, ast.Call):
        if _dotted(node.func) in _STARTS_WORK:
            yield node.lineno, "Threads and processes are started in studio/engine; ui has Qt's thread pool."
    for kind in _walk(source, ast.ClassDef):
        if any(_dotted(base).endswith(("Thread", "Process")) for base in kind.bases):
            yield kind.lineno, "Threads and processes are started in studio/engine; ui has Qt's thread pool."


def swallowed_errors(source: Source) -> Iterator[Finding]:
    """A bare `except:` would also swallow Ctrl+C and the end of the program."""
    for node in _walk(source, ast.ExceptHandler):
        if node.type is None:
            yield node.lineno, "Name what is caught."


def honest_tests(source: Source) -> Iterator[Finding]:
    """A test that cannot fail is none."""
    if not source.tests:
        return
    for node in _walk(source, ast.Assert):
        if isinstance(node.test, ast.Constant) and node.test.value:
            yield node.lineno, "An assertion that cannot fail."
        if isinstance(node.test, ast.Tuple) and node.test.elts:
            yield node.lineno, "A tuple is always true: drop the parentheses."
    for mark in _walk(source, ast.Attribute):
        if mark.attr == "xfail":
            yield mark.lineno, "Mend it or remove the test."


RULES: tuple[Callable[[Source], Iterator[Finding]], ...] = (
    words,
    file_length,
    module_docstring,
    function_length,
    names,
    dangerous_calls,
    threads,
    swallowed_errors,
    honest_tests,
)


# --- running them ----------------------------------------------------------------------------------------------------


def _walk(source: Source, kind: type[Node]) -> Iterator[Node]:
    if source.tree:
        yield from (node for node in ast.walk(source.tree) if isinstance(node, kind))


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is(node: ast.AST, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def sources(root: Path) -> Iterator[Source]:
    """All tracked text files (in an unpacked archive: all files that look like ours)."""
    tracked = _tracked(root)
    if tracked is not None:
        paths = tracked
    else:
        paths = [p.relative_to(root).as_posix() for p in root.rglob("*") if ".venv" not in p.parts and p.is_file()]
    for path in sorted(paths):
        if path.startswith("resources/") or not path.endswith(
            (".py", ".md", ".toml", ".txt", ".yml", ".sh", ".qss", ".cfg")
        ):
            continue
        try:
            text = (root / path).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        yield Source(path, text, ast.parse(text, path) if path.endswith(".py") else None)


def _tracked(root: Path) -> list[str] | None:
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True)
    except OSError:  # no git on this machine
        return None
    return [name for name in listing.stdout.decode().split("\0") if name] if listing.returncode == 0 else None


def check(source: Source) -> list[str]:
    """What is wrong with one file, as "path:line: sentence"."""
    return [f"{source.path}:{line}: {sentence}" for rule in RULES for line, sentence in rule(source)]


def main(root: Path) -> int:
    """Print every finding; 1 where there are any."""
    findings = [finding for source in sources(root) for finding in check(source)]
    print("\n".join(findings) or "house rules: kept")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent))
