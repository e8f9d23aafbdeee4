"""Chat templates are programs that come with a model: rendered in transformers' sandbox, with bounds on what they take.

The sandbox keeps a template from the files and the objects of the program. It does not keep it from turning in circles
or from filling the memory; a host that hangs there could only be ended with all that it holds.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any

from jinja2.exceptions import SecurityError
from transformers.utils import chat_template_utils

_SECONDS = 1.5
"""Of the processor: real templates need some milliseconds, also for a long conversation."""
_LETTERS = 32 << 20
"""That one value may have."""
_NUMBER = 1 << 24
"""The largest number that a function is called with: padding by it already makes a text of that length."""
_WIDEST = 10_000
"""Letters that a filter may pad to, or count by."""
_WIDTH = re.compile(r"\d{6}|%[^a-z]*\*")
"""A width of a million letters or so in a text to be filled in."""


def rendered(template: str, messages: Sequence[Mapping[str, str]], names: Mapping[str, Any]) -> str:
    """The template's text for a conversation up to where the answer begins. `names` are the tokenizer's special tokens.

    Raises whatever the template does, and SecurityError where it takes too long or too much.
    """
    compiled = _compiled(template)
    with _Clock():
        return str(
            compiled.render(
                messages=[dict(message) for message in messages],
                tools=None,
                documents=None,
                add_generation_prompt=True,
                enable_thinking=False,
                **names,
            )
        )


@lru_cache(maxsize=8)
def _compiled(template: str) -> Any:
    # transformers makes an environment for each template: this one is nobody else's.
    environment = chat_template_utils._cached_compile_jinja_template(f"{{# {hash(template)} #}}").environment
    call, binop = environment.call, environment.call_binop
    environment.intercepted_binops = frozenset(("+", "*", "**", "%"))
    environment.call = lambda context, function, *args, **options: _small(
        call(context, function, *_modest(args), **dict(zip(options, _modest(options.values()), strict=True)))
    )

    def bounded(context: Any, operator: str, left: Any, right: Any) -> Any:
        _bear(operator, left, right)
        return _small(binop(context, operator, left, right))

    environment.call_binop = bounded
    for name in ("center", "indent", "wordwrap", "batch", "slice", "format", "replace"):
        environment.filters[name] = _filter(name, environment.filters[name])
    return environment.from_string(template)


def _modest(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values; SecurityError where one is a number that nobody needs."""
    found = tuple(values)
    if any(isinstance(value, int) and abs(value) > _NUMBER for value in found):
        raise SecurityError("a number is too large")
    return found


def _bear(operator: str, left: Any, right: Any) -> None:
    """SecurityError where an operator would make something too large."""
    sizes = [len(side) for side in (left, right) if isinstance(side, (str, bytes, list, tuple))]
    if operator == "**":
        raise SecurityError("powers are not reckoned")
    if operator == "*":
        numbers = _modest(side for side in (left, right) if isinstance(side, int))
        if any(size * abs(number) > _LETTERS for size in sizes for number in numbers):
            raise SecurityError("a value that is too large")
    if operator == "%" and isinstance(left, str) and _WIDTH.search(left):
        raise SecurityError("a width that is too large")


def _filter(name: str, plain: Any) -> Any:
    @wraps(plain)
    def bounded(*args: Any, **options: Any) -> Any:
        texts = [value for value in (*args, *options.values()) if isinstance(value, str)]
        if any(abs(value) > _WIDEST for value in (*args, *options.values()) if isinstance(value, int)):
            raise SecurityError("a width that is too large")
        if name == "format" and any(_WIDTH.search(text) for text in texts):
            raise SecurityError("a width that is too large")
        if name == "replace" and len(texts) == 3 and (texts[0].count(texts[1]) + 1) * len(texts[2]) > _LETTERS:
            raise SecurityError("a value that is too large")
        return _small(plain(*args, **options))

    return bounded


def _small(value: Any) -> Any:
    if isinstance(value, (str, bytes, list, tuple)) and len(value) > _LETTERS:
        raise SecurityError("a value that is too large")
    return value


class _Clock:
    """Stops the templates of this thread when they took their time, line by line."""

    def __enter__(self) -> None:
        self._before, self._end = sys.gettrace(), time.thread_time() + _SECONDS
        sys.settrace(self._look)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _look(self, frame: Any, event: str, _arg: Any) -> Any:
        if frame.f_code.co_filename != "<template>":
            return None
        if event == "line" and time.thread_time() > self._end:
            raise SecurityError(f"it was not done after {_SECONDS} seconds")
        return self._look
