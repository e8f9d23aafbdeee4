"""The command line: the same jobs as the window's, without a window. Without a command it opens the window."""

from __future__ import annotations

import builtins
import gc
import sys
from collections.abc import Sequence
from importlib import import_module

from studio.core.errors import StudioError
from studio.setup import system
from studio.setup.words import SetupError, complain

COMMANDS = ("generate", "models", "plugins", "library", "verify")
OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 failed, 2 wrong arguments, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    wants_help = bool(arguments) and arguments[0] in ("-h", "--help")
    if not wants_help and (not arguments or arguments[0].startswith("-")):
        return _window(arguments)
    from studio.cli import commands

    try:
        return commands.run(arguments)
    except StudioError as error:
        commands.say_error(error)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output, as in `studio library | head`, has had enough
        sys.stderr.close()
        return OK


def _window(arguments: Sequence[str]) -> int:
    if "--version" not in arguments:
        try:  # looked at first: where a system library is missing, Qt ends the process without a word
            system.ready_for_window(tell=lambda _line: None, install=False)
        except SetupError as error:
            complain(error)
            return FAILED
    # Nothing that a start makes is garbage, and to look for some costs 0.014 s. The window turns it on again.
    gc.disable()
    # PySide puts itself before every import, for its `from __feature__`, which nobody uses here: 0.01 s.
    import_module("PySide6.QtCore")
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
    # By name: no other command may load Qt.
    code: int = import_module("studio.app").main(arguments)
    return code
