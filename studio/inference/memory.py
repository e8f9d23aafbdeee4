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


@contextmanager
def shortage_in_words(what: str, hint: str) -> Iterator[None]:
    """Turn running out of memory inside the block into a StudioError and free what the block held."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_shortage(error):
            raise
        details = f"{type(error).__name__}: {error}"
        # The traceback's frames hold the tensors that did not fit.
        error.__traceback__ = None
        shortage = StudioError(f"There is not enough memory {what}.", hint, details=details)
    else:
        return
    give_back()
    raise shortage
