"""How a model wants to be spoken to: chat templates, and the special tokens for filling a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2.exceptions import SecurityError

from studio.api import StudioError

from .rendering import rendered
from .vocabulary import Vocabulary

_FILLING = (
    # prefix, suffix, middle, and further tokens that end the middle
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", ("<|fim_pad|>", "<|file_separator|>", "<|repo_name|>")),
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>", ("<fim_pad>",)),  # StarCoder
    ("<fim-prefix>", "<fim-suffix>", "<fim-middle>", ("<fim-pad>",)),  # SantaCoder
    ("▁<PRE>", "▁<SUF>", "▁<MID>", ("▁<EOT>",)),  # Code Llama
    ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", ()),  # DeepSeek: prefix, hole, suffix, end
    ("[PREFIX]", "[SUFFIX]", "[MIDDLE]", ()),  # Codestral
)


@dataclass(frozen=True, slots=True)
class Filling:
    """The tokens with which a model was taught to fill a gap (Bavarian et al., "Efficient training of language models
    to fill in the middle", 2022).
    """

    prefix: int
    suffix: int
    middle: int
    ends: frozenset[int]
    suffix_first: bool = False

    def prompt(self, before: Sequence[int], after: Sequence[int], *, start: Sequence[int] = ()) -> list[int]:
        """The tokens after which the middle comes."""
        if self.suffix_first:
            return [*start, self.suffix, *after, self.prefix, *before]
        return [*start, self.prefix, *before, self.suffix, *after, self.middle]


def filling(vocabulary: Vocabulary) -> Filling | None:
    """How this model fills a gap, or None where it was not taught to."""
    known = vocabulary.tokenizer.get_vocab()
    for prefix, suffix, middle, more in _FILLING:
        if prefix in known and suffix in known and middle in known:
            ends = frozenset(known[name] for name in (*more, prefix, suffix, middle) if name in known)
            return Filling(known[prefix], known[suffix], known[middle], ends, suffix_first=prefix == "[PREFIX]")
    return None


def chats(vocabulary: Vocabulary) -> bool:
    """True where the model brings a template for conversations."""
    return bool(getattr(vocabulary.tokenizer, "chat_template", None))


def conversation(vocabulary: Vocabulary, messages: Sequence[Mapping[str, str]]) -> str:
    """A conversation as the model knows it, up to where its answer begins. The template is rendered in a
    sandbox (`rendering.py`). A template without a place for system messages gets them in front of the first message.

    Raises StudioError where there is no template, or a broken one.
    """
    if not chats(vocabulary):
        raise StudioError(
            f"{vocabulary.title} was not made for conversations.",
            "Choose a chat or instruct model, or let it continue a text.",
        )
    told = [dict(message) for message in messages]
    try:
        return _rendered(vocabulary, told)
    except Exception as first:
        merged = _without_system(told)
        if merged != told and not isinstance(first, SecurityError):
            try:
                return _rendered(vocabulary, merged)
            except Exception as error:
                raise _broken(vocabulary, error) from error
        raise _broken(vocabulary, first) from first


def _rendered(vocabulary: Vocabulary, messages: list[dict[str, str]]) -> str:
    words = vocabulary.tokenizer
    return rendered(words.get_chat_template(), messages, words.special_tokens_map)


def turn_ends(vocabulary: Vocabulary) -> frozenset[int]:
    """The special token with which the template ends what the model said: many models say only there that they have
    finished, and name another token as their end. None where the template ends it with plain letters.
    """
    mark = "\ue000"
    told = [{"role": "user", "content": "a"}, {"role": "assistant", "content": mark}, {"role": "user", "content": "b"}]
    try:
        _, _, behind = _rendered(vocabulary, told).rpartition(mark)
    except Exception:  # noqa: BLE001 - `conversation` says what is wrong with it
        return frozenset()
    first = next((name for name in vocabulary.special_names if name and behind.lstrip().startswith(name)), None)
    return frozenset() if first is None else frozenset(vocabulary.encode(first, specials=True)[:1])


def _without_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    told = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    rest = [dict(m) for m in messages if m["role"] != "system"]
    if told and rest:
        rest[0]["content"] = f"{told}\n\n{rest[0]['content']}"
    return rest


def _broken(vocabulary: Vocabulary, error: Exception) -> StudioError:
    line = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    return StudioError(
        f"The chat template of {vocabulary.title} does not work.",
        f"Get the model's tokenizer files again. The template says: {line}",
        details=f"{type(error).__name__}: {error}",
    )


def conversation_ids(vocabulary: Vocabulary, messages: Sequence[Mapping[str, str]]) -> list[int]:
    """The tokens of `conversation`. What people wrote cannot end a message: the names of special tokens in it are
    plain letters, those of the template are not.
    """
    names = [name for name in vocabulary.special_names if any(name in m["content"] for m in messages)]
    if not names:
        return vocabulary.encode(conversation(vocabulary, messages), specials=True)
    veiled, parts = [], []
    for message in messages:
        mark = f"\ue000{len(parts)}\ue001"
        parts.append(message["content"].strip())
        veiled.append({**message, "content": mark})
    text = conversation(vocabulary, veiled)
    ids: list[int] = []
    for number, part in enumerate(parts):
        front, found, text = text.partition(f"\ue000{number}\ue001")
        ids += vocabulary.encode(front, specials=True)
        ids += vocabulary.encode(part) if found else []
    return ids + vocabulary.encode(text, specials=True)
