"""Running out of memory, in words an artist understands, and giving back what can be given back."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from studio.api import StudioError

_WORDS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "cannot allocate memory",
    "invalid buffer size",
    "_status_alloc_failed",
)


def is_shortage(error: BaseException) -> bool:
    """True for every way in which torch and Python say that memory has run out."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _WORDS)


def give_back() -> None:
    """Free what nobody refers to any more, and torch's own reserves."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _let_go(error: BaseException | None) -> None:
    """Of the tensors that did not fit: the frames of the tracebacks hold them, also of what was handled on the way."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


@contextmanager
def shortage_in_words(what: str, hint: str) -> Iterator[None]:
    """Turn running out of memory inside the block into a StudioError and free what the block held."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_shortage(error):
            raise
        details = f"{type(error).__name__}: {error}"
        _let_go(error)
        shortage = StudioError(f"There is not enough memory {what}.", hint, details=details)
    else:
        return
    give_back()
    raise shortage
