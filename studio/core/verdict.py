"""The verdict: what came of making a result again from its recipe."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from studio.core.values import frozen


class Answer(StrEnum):
    """How alike the two are."""

    IDENTICAL = "identical"
    CLOSE = "close"
    DIFFERENT = "different"


@frozen
class Ingredient:
    """Something that went into the result and is another now: `name` as in "torch version", and both values."""

    name: str
    then: str
    now: str

    @property
    def text(self) -> str:
        """As in "torch 2.12.0, now 2.13.0"."""
        return f"{self.name} {self.then or 'unknown'}, now {self.now or 'unknown'}"


@frozen
class Verdict:
    """`text` is the sentence to show. `detail` is how far apart the two are ("PSNR 41.2 dB", "word 12"), `psnr` in dB
    for pictures that are not identical. `differs` names what was not the same when it was made again.
    """

    answer: Answer
    detail: str = ""
    psnr: float | None = None
    differs: tuple[Ingredient, ...] = ()

    @property
    def text(self) -> str:
        """The verdict in a sentence or two."""
        if self.answer is Answer.IDENTICAL:
            return "Identical: made again, it came out the same in every detail."
        start = "Close" if self.answer is Answer.CLOSE else "Different"
        first = f"{start}: {self.detail}." if self.detail else f"{start}."
        if not self.differs:
            return f"{first} Nothing that the recipe names is different now."
        return f"{first} Not the same as then: {'; '.join(item.text for item in self.differs)}."

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as `studio verify --json` prints it."""
        return {
            "answer": str(self.answer),
            "text": self.text,
            "detail": self.detail,
            "psnr": self.psnr,
            "differs": [{"name": item.name, "then": item.then, "now": item.now} for item in self.differs],
        }
