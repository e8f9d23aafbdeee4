"""The watermark: found in marked text, not in unmarked; it fades with changes; and it says what it cannot know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from studio.inference.text import models
from studio.inference.text.choosing import Chooser, Place, Taste
from studio.inference.text.loop import Plan, TokenRun
from studio.inference.text.memory import Prompts
from studio.inference.text.watermark import LEAST, Watermark

MARK = Watermark()


def written(writer: models.Writer, *, marked: bool, length: int = 220) -> TokenRun:
    plan = Plan(
        writer.vocabulary.encode("The old", start=True),
        length=length,
        seed=11,
        alternatives=2,
        taste=Taste(temperature=1.0),
        marked=MARK.marked if marked else None,
    )
    run = TokenRun(writer, plan, prompts=Prompts(writer.net, writer.device.torch))
    list(run.columns())
    return run


def test_a_branch_is_marked_alike(writer: models.Writer) -> None:
    run = written(writer, marked=True, length=30)
    again = TokenRun(writer, run.plan, prompts=Prompts(writer.net, writer.device.torch))
    again.resume(10, run.state(10))
    list(again.columns())
    assert [row.ids for row in again.rows] == [row.ids for row in run.rows]


def test_marked_text_is_found_and_unmarked_is_not(writer: models.Writer) -> None:
    for row in written(writer, marked=True).rows:
        found = MARK.look(row.ids)
        assert found.marked is True
        assert found.mean > 0.55
        rng = np.random.default_rng(0)
        changed = [int(rng.integers(400)) if rng.random() < 0.3 else token for token in row.ids]
        assert 0.5 < MARK.look(changed).mean < found.mean
    for row in written(writer, marked=False).rows:
        found = MARK.look(row.ids)
        assert found.marked is False
        assert abs(found.deviations) < 4


def test_places_without_a_choice_do_not_hide_the_mark(writer: models.Writer) -> None:
    """Between two marked tokens stand three that had to come: looked at alike they hide it, told of their doubt not."""
    rng = np.random.default_rng(3)
    ids: list[int] = []
    doubts: list[float] = []
    chooser = Chooser(Taste(), 0, marked=MARK.marked)
    flat = torch.zeros(1, 400)
    for place in range(320):
        free = place % 5 == 4
        past = np.array(ids[-1000:], dtype=np.int64)
        ids.append(chooser.choose(flat, [Place(0, place, past)])[0][0] if free else int(rng.integers(400)))
        doubts.append(1.0 if free else 0.0)
    assert MARK.look(ids, doubts).marked is True
    assert MARK.look(ids, doubts).deviations > 1.6 * MARK.look(ids).deviations
    assert MARK.look(ids, [0.0] * len(ids)).marked is None


def test_short_texts_say_nothing(writer: models.Writer) -> None:
    ids = written(writer, marked=True, length=LEAST - 5).rows[0].ids
    assert MARK.look(ids).marked is None
    assert MARK.look([]).tokens == 0
    assert MARK.look([1, 2, 3]).marked is None


def test_over_many_places_every_token_keeps_its_probability() -> None:
    chances = torch.tensor([[0.5, 0.3, 0.2]])
    chooser = Chooser(Taste(), 0, marked=MARK.marked)
    rng = np.random.default_rng(1)
    counts = np.zeros(3)
    for place in range(1200):
        past = rng.integers(0, 400, 6)
        counts[chooser.choose(chances.log(), [Place(0, place, past)])[0][0]] += 1
    assert np.abs(counts / 1200 - chances[0].numpy()).max() < 0.05


def test_what_returns_is_not_marked_again() -> None:
    line = torch.tensor([0.5, 0.3, 0.2]).log()
    fresh = Place(0, 0, np.array([5, 6, 7, 8, 9]))
    again = replace(fresh, past=np.array([6, 7, 8, 9, 1, 6, 7, 8, 9]))
    assert not torch.equal(MARK.marked(line, fresh), line)
    assert torch.equal(MARK.marked(line, again), line)
