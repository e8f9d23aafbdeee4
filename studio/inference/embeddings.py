"""Prompts are read once: the same words to the same model give the embeddings of the last time."""

from __future__ import annotations

import functools
from collections import OrderedDict
from typing import Any

import torch

_PLAIN = (str, int, float, bool, type(None), torch.dtype, torch.device)


class EmbeddingCache:
    """Remembers what a pipeline's `encode_prompt` answered, newest `limit` calls. Calls with tensors among their
    arguments are not remembered. Two prompts of SD1.5 take 0.36 s on one core, as long as half a small job.
    """

    def __init__(self, limit: int = 32) -> None:
        self._limit = limit
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self.hits = 0

    def clear(self) -> None:
        """Forget everything: the text encoder's weights have changed."""
        self._kept.clear()

    def watch(self, pipe: Any) -> None:
        """Put the cache in front of `pipe.encode_prompt`, where the pipeline has one."""
        encode = getattr(pipe, "encode_prompt", None)
        if encode is None:
            return

        @functools.wraps(encode)
        def remembered(*args: Any, **kwargs: Any) -> Any:
            key = _key((args, kwargs))
            if key is None:
                return encode(*args, **kwargs)
            if key in self._kept:
                self._kept.move_to_end(key)
                self.hits += 1
                return self._kept[key]
            answer = encode(*args, **kwargs)
            self._kept[key] = answer
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
            return answer

        pipe.encode_prompt = remembered


def _key(value: Any) -> Any:
    """A hashable stand-in for call arguments, or None where one of them cannot be compared by value."""
    if isinstance(value, _PLAIN):
        return (type(value).__name__, value)
    if isinstance(value, (list, tuple)):
        parts = [_key(item) for item in value]
        return None if None in parts else tuple(parts)
    if isinstance(value, dict):
        parts = [(name, _key(item)) for name, item in sorted(value.items())]
        return None if any(part is None for _, part in parts) else tuple(parts)
    return None
