"""Text that is held to a grammar, a JSON schema or a pattern, token by token (llguidance)."""

from __future__ import annotations

import json
from typing import Any

import llguidance
import numpy as np
import torch
from llguidance.hf import from_tokenizer

from studio.api import StudioError

from .vocabulary import Vocabulary

KINDS = ("json", "lark", "regex")


def compiled(kind: str, text: str) -> str:
    """A grammar as llguidance wants it, from a JSON schema ("json"; empty: any object), a grammar in Lark's or GBNF's
    spelling ("lark") or a regular expression ("regex"). Raises StudioError with what is wrong in it.
    """
    try:
        if kind == "json":
            schema = json.loads(text) if text.strip() else {"type": "object"}
            if isinstance(schema, dict):  # otherwise a small model writes blank lines for ever
                spacing = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
                schema = {"x-guidance": spacing, **schema}
            made = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema))
        elif kind == "regex":
            made = llguidance.LLMatcher.grammar_from_regex(text)
        elif kind == "lark":
            plain = llguidance.gbnf_to_lark.gbnf_to_lark(text) if "::=" in text else text
            made = llguidance.LLMatcher.grammar_from_lark(plain)
        else:
            raise ValueError(f"unknown kind {kind}")
        wrong = llguidance.LLMatcher.validate_grammar(made, None)
    except Exception as error:  # noqa: BLE001 - its parsers raise whatever they like
        wrong = str(error)
    if wrong:
        line = str(wrong).strip().splitlines()[0][:200]
        raise StudioError("The grammar is not understood.", f"It says: {line}", details=str(wrong))
    return str(made)


def tokens_for(vocabulary: Vocabulary, *, size: int) -> Any:
    """llguidance's own view of the vocabulary, of `size` tokens. Making it takes a second for a large one: keep it."""
    try:
        return from_tokenizer(vocabulary.tokenizer, n_vocab=max(size, vocabulary.highest + 1))
    except Exception as error:
        raise StudioError(
            f"{vocabulary.title} cannot be held to a grammar.",
            "Its tokenizer is of a kind that the grammar library does not know; switch the grammar off.",
            details=str(error),
        ) from error


class Grammar:
    """A `Form`: only what a grammar allows may come, and the text ends where the grammar is satisfied."""

    def __init__(self, tokens: Any, grammar: str, *, size: int) -> None:
        self._matcher = llguidance.LLMatcher(tokens, grammar)
        self._size = size
        self._letters: list[int] = []

    def allowed(self) -> torch.Tensor | None:
        """See `Form`."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        if self._matcher.is_error():
            raise StudioError(
                "The grammar cannot be followed.", "Make it simpler.", details=str(self._matcher.get_error())
            )
        flags = np.unpackbits(bits, bitorder="little")[: self._size]
        mask = torch.zeros(self._size, dtype=torch.bool)
        mask[: len(flags)] = torch.from_numpy(flags.astype(bool))
        return mask

    def pull(self) -> dict[int, float]:
        """See `Form`."""
        return {}

    def take(self, token: int, text: str) -> None:
        """See `Form`."""
        self._matcher.consume_token(token)
        self._letters.append((self._letters[-1] if self._letters else 0) + len(text))

    def back(self, count: int) -> None:
        """See `Form`."""
        self._matcher.rollback(count)
        del self._letters[len(self._letters) - count :]

    @property
    def ended(self) -> int | None:
        """See `Form`."""
        return self._letters[-1] if self._letters and self._matcher.is_stopped() else None
