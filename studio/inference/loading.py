"""One model is loaded at a time, quietly."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import transformers

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
