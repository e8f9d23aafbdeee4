"""What is on offer at one place: the continuations of a running job, or branches that were kept, one of them shown."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from studio.api import Artifact, StudioError, media

from .document_branches import Branches, Fold
from .wire import HOLE, RECORD, Live, Record

OFTEN = 2.0
"""Seconds after which what a running job has written is kept with the document."""
_NEXT_WORD = re.compile(r"\s*\S+|\s+$")

HOLED = "Stopped with words missing: nothing to take. On the ribbon one can go on from any pass"


@dataclass(slots=True)
class Draft:
    """Continuations at a place. `branches` are the ids of the branches that they will be, `texts` all that the editor
    shows of each from the place on, `raw` the raw ones. `before` is the character in front of the place, `head`
    what stands in the document already and stays there (a fork leaves after it). `taken` characters of the shown text
    were accepted. `replaces` characters behind would go. `plain` text (code) is taken as it is. `behind` of the
    replaced characters are of other places. The first `older` branches were there before the job. `holed` was stopped
    with words missing.
    """

    place: int
    branches: list[int]
    before: str
    task: str = "continue"
    job: str = ""
    head: str = ""
    replaces: int = 0
    running: bool = False
    shown: int = 0
    taken: int = 0
    texts: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    finishes: list[str] = field(default_factory=list)
    plain: bool = False
    behind: int = 0
    older: int = 0
    holed: bool = False
    kept: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        count = len(self.branches)
        self.texts = self.texts or [""] * count
        self.raw = self.raw or [""] * count
        self.finishes = self.finishes or [""] * count

    def look(self, live: Live) -> None:
        """Take a look at the running job."""
        for number, alternative in enumerate(live.alternatives):
            self.put(number, alternative.text, alternative.finish)

    def put(self, number: int, raw: str, finish: str = "") -> None:
        """Take the text of one of the job's alternatives, as the model gave it."""
        number += self.older
        if number >= len(self.branches):
            return
        self.raw[number] = raw
        self.texts[number] = Fold(self.before, plain=self.plain).add(raw)
        self.finishes[number] = finish

    def due(self) -> bool:
        """True now and then while it is written: so much would be lost if the power failed."""
        now = time.monotonic()
        if now - self.kept < OFTEN:
            return False
        self.kept = now
        return True

    def wrote(self) -> bool:
        """True where the job brought anything."""
        return any(text.strip() for text in self.texts[self.older :])

    def drop_holes(self, tree: Branches) -> None:
        """Forget a passage that was stopped while it was full of holes."""
        self.holed = any(HOLE in text for text in self.raw[self.older :])
        if not self.holed:
            return
        for number, branch in enumerate(self.branches[self.older :]):
            self.put(number, "")
            if branch in tree.branches:
                tree.branches[branch].text = ""

    def ghost(self) -> str:
        """What the ghost shows: the shown alternative behind what stands in the document."""
        text = self.texts[self.shown]
        if not text.startswith(self.head):
            # Writing went back over what a fork had kept: all of it is new.
            return "" if self.running and self.head.startswith(text) else text[self.taken :]
        return text[len(self.head) + self.taken :]

    def next_word(self) -> str:
        """The next word of the ghost with the space before it."""
        found = _NEXT_WORD.match(self.ghost())
        return found.group() if found else ""

    def turn(self, by: int) -> bool:
        """Show another alternative; False where a part of the shown one was accepted, or there is no other."""
        if self.taken or len(self.branches) < 2:
            return False
        self.shown = (self.shown + by) % len(self.branches)
        return True

    def store(self, tree: Branches) -> None:
        """Keep what was written so far as branches; those that never began are taken away when the job has ended."""
        for number, branch in enumerate(self.branches):
            known = tree.branches.get(branch)
            if known is None or number < self.older:
                continue
            if self.texts[number] and self.texts[number] != self.head:
                known.text = self.texts[number]
            elif not self.running and not known.text:
                tree.prune(branch)


def common(one: str, other: str) -> int:
    """How many characters two texts share at their beginning; not half a letter that takes two places."""
    most = min(len(one), len(other))
    same = next((place for place in range(most) if one[place] != other[place]), most)
    return same - 1 if same and "\ud800" <= one[same - 1] <= "\udbff" else same


def written(artifacts: Sequence[Artifact], count: int) -> list[tuple[str, str]]:
    """The text of each of a job's alternatives, and why it ended. The library keeps equal texts once: where there are
    fewer than `count`, the record of the tokens says which is which.
    """
    texts = [artifact for artifact in artifacts if artifact.media == media.TEXT]
    record = next((artifact for artifact in artifacts if artifact.media == RECORD), None)
    if texts and len(texts) < count and record is not None:
        try:
            told = Record.from_bytes(record.path.read_bytes())
            return [(each.text, each.finish) for each in told.alternatives]
        except (OSError, StudioError):
            pass
    return [(artifact.path.read_text("utf-8"), str(artifact.facts.get("finish", ""))) for artifact in texts]
