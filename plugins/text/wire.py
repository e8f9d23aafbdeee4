"""What the generator tells the panel about tokens, as values and as bytes: the live look and the record at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from studio.api import StudioError

LIVE = "application/vnd.studio.tokens+json"
"""Media of previews: a `Live`."""

RECORD = "application/vnd.studio.token-record+json"
"""Media of the output beside the texts: a `Record`."""

HOLE = "▒"
"""Stands in a look at a text-diffusion model's passage where nothing is decided yet."""

FINISHES = ("", "length", "stop", "eos", "cancelled")
"""Why an alternative ended; "" while it has not."""


@dataclass(frozen=True, slots=True)
class LiveText:
    """An alternative so far: its whole text, its tokens' number, and why it ended. `text` may still lose its end:
    where a banned phrase or a stop sequence shows, writing goes back.
    """

    text: str
    tokens: int = 0
    finish: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """A look at all alternatives while they are written; a whole snapshot."""

    alternatives: tuple[LiveText, ...]

    def to_bytes(self) -> bytes:
        """UTF-8 JSON."""
        rows = [{"text": a.text, "n": a.tokens, "finish": a.finish} for a in self.alternatives]
        return json.dumps({"v": 1, "alternatives": rows}, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Live:
        """The opposite. Raises StudioError."""
        value = _read(data)
        try:
            rows = value["alternatives"]
            return cls(tuple(LiveText(str(r["text"]), int(r["n"]), str(r["finish"])) for r in rows))
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(error) from error


class Choice(NamedTuple):
    """What could have stood in a token's place: its number, its text there, its probability (0 … 1)."""

    id: int
    text: str
    p: float


@dataclass(frozen=True, slots=True)
class Token:
    """A written token. The texts of an alternative's tokens, joined, are its text exactly; a token that is a part of a
    letter has "" and the last part the letter. `p` is the model's own probability (before any sampler), `choices` the
    likeliest ones by it, the likeliest first; the token itself is among them where it was one of these.
    """

    id: int
    text: str
    p: float
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenText:
    """A finished alternative: its tokens and why it ended."""

    tokens: tuple[Token, ...]
    finish: str = ""

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(token.text for token in self.tokens)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of what was sent, or of what was left out: `origin` is memory, lore, note, story, after, passage,
    instruction or template; `title` names the lorebook entry; `why` says why it was left out ("" where it was sent).
    """

    origin: str
    text: str
    tokens: int
    title: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What the model was sent, in its order, and what was left out. `limit` is the model's or the chosen context in
    tokens, `room` how many of it were kept free for the answer.
    """

    sent: tuple[Segment, ...]
    left_out: tuple[Segment, ...] = ()
    limit: int = 0
    room: int = 0

    @property
    def tokens(self) -> int:
        """How many tokens were sent."""
        return sum(segment.tokens for segment in self.sent)


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of a generation: its alternatives token by token, and the context it was given."""

    alternatives: tuple[TokenText, ...]
    report: Report = field(default_factory=lambda: Report(()))
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """UTF-8 JSON, compact: about 150 bytes a token with ten choices."""
        data = {
            "v": 1,
            "alternatives": [
                {"finish": a.finish, "tokens": [_token_out(token) for token in a.tokens]} for a in self.alternatives
            ],
            "report": {
                "sent": [_segment_out(segment) for segment in self.report.sent],
                "left_out": [_segment_out(segment) for segment in self.report.left_out],
                "limit": self.report.limit,
                "room": self.report.room,
            },
            "facts": dict(self.facts),
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Record:
        """The opposite. Raises StudioError."""
        value = _read(data)
        try:
            report = value["report"]
            return cls(
                tuple(
                    TokenText(tuple(_token_in(token) for token in a["tokens"]), str(a["finish"]))
                    for a in value["alternatives"]
                ),
                Report(
                    tuple(_segment_in(segment) for segment in report["sent"]),
                    tuple(_segment_in(segment) for segment in report["left_out"]),
                    int(report["limit"]),
                    int(report["room"]),
                ),
                dict(value["facts"]),
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise _damaged(error) from error


def _token_out(token: Token) -> list[Any]:
    return [token.id, token.text, _short(token.p), [(number, text, _short(p)) for number, text, p in token.choices]]


def _token_in(data: Any) -> Token:
    number, text, p, choices = data
    return Token(int(number), str(text), float(p), tuple(Choice(int(c[0]), str(c[1]), float(c[2])) for c in choices))


def _segment_out(segment: Segment) -> list[Any]:
    return [segment.origin, segment.text, segment.tokens, segment.title, segment.why]


def _segment_in(data: Any) -> Segment:
    origin, text, tokens, title, why = data
    return Segment(str(origin), str(text), int(tokens), str(title), str(why))


def _short(p: float) -> float:
    return float(f"{p:.4g}")


def _read(data: bytes) -> Any:
    try:
        value = json.loads(data.decode())
    except ValueError as error:
        raise _damaged(error) from error
    if not isinstance(value, dict) or value.get("v") != 1:
        raise _damaged(ValueError("another version"))
    return value


def _damaged(error: Exception) -> StudioError:
    return StudioError(
        "What was kept about these words cannot be read.", "The text itself is safe.", details=str(error)
    )
