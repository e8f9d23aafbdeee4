"""Turns what went wrong in a plugin into words for people."""

from __future__ import annotations

import traceback

from studio.core.errors import Problem, StudioError

_DETAILS_LIMIT = 20_000
_MEMORY_WORDS = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")


def trace(error: BaseException) -> str:
    """The traceback as text, shortened in the middle where it is very long."""
    try:
        text = "".join(traceback.format_exception(error))
    except BaseException:  # noqa: BLE001 - a plugin's exception may even fail to be printed
        text = f"{type(error).__name__} (it cannot be printed)"
    if len(text) > _DETAILS_LIMIT:
        half = _DETAILS_LIMIT // 2
        text = f"{text[:half]}\n…\n{text[-half:]}"
    return text


def out_of_memory(error: BaseException) -> bool:
    """True for Python's MemoryError and for what torch raises, known by its name so that torch stays unloaded."""
    if isinstance(error, MemoryError):
        return True
    if any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return isinstance(error, (RuntimeError, OSError)) and any(word in str(error).lower() for word in _MEMORY_WORDS)


def problem_of(error: BaseException, *, plugin: str) -> Problem:
    """`error`, raised while the plugin called `plugin` worked, as a value with the traceback in its details."""
    details = trace(error)
    if isinstance(error, StudioError):
        return Problem(error.message, error.hint, error.details or details)
    if out_of_memory(error):
        return Problem(
            "There was not enough memory for this.",
            "Make it smaller or fewer at once, choose a smaller model, or close other programs. Then try again.",
            details,
        )
    return Problem.of(error, who=f"The {plugin} plugin", details=details)


def is_bug(error: BaseException) -> bool:
    """True where the plugin's author is to blame: no word for people, and not a machine that is too small."""
    return not isinstance(error, StudioError) and not out_of_memory(error)


def disk_problem(error: Exception, *, what: str = "The queue") -> Problem:
    """Words for an error of the disk; those of a StudioError as they are."""
    if isinstance(error, StudioError):
        return Problem(error.message, error.hint, error.details)
    return Problem(
        f"{what} cannot be saved.",
        "Look at whether the disk is full or the project's folder is read-only. Then try again.",
        f"{type(error).__name__}: {error}",
    )
