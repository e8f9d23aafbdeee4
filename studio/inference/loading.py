"""One model is loaded at a time, quietly."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

import transformers

from studio.api import Model, StudioError

from .memory import shortage_in_words

LOADING = Lock()
"""from_pretrained patches torch.nn.Module.register_parameter for the whole process while it loads: two loads at once
leave weights on the "meta" device."""


def silence_transformers() -> None:
    """No progress bars on the terminal; what the library has to say otherwise is meant for programmers."""
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.getLogger("accelerate").setLevel(logging.ERROR)


@contextmanager
def hushed() -> Iterator[None]:
    """Keep Python warnings of the libraries to ourselves: they speak to the libraries' own programmers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def refuse_damaged(model: Model) -> None:
    """Raises StudioError where looking through the models found that this one cannot be used."""
    if model.problem:
        raise StudioError(f"{model.title} cannot be used.", model.problem)


@contextmanager
def loading(
    model: Model, *, say: Callable[[str], None] = lambda _text: None, check: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Around reading a model's files into memory: says so, waits for whoever loads already, and keeps the libraries
    quiet. `check` is called once it is this one's turn and may raise to stop. Raises StudioError where the model cannot
    be used, and where the memory does not suffice for what is done inside.
    """
    refuse_damaged(model)
    say(f"Loading {model.title}")
    hint = "Close other programs, or choose a smaller model or half precision in Settings."
    with LOADING, shortage_in_words(f"to load {model.title}", hint), hushed():
        check()
        silence_transformers()
        yield
