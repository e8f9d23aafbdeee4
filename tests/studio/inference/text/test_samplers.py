"""Samplers against what their papers say, on probabilities that one can check by hand."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
import torch

from studio.inference.text import noise, repeats, samplers
from studio.inference.text.choosing import Chooser, Place, Taste

CHANCES = (0.4, 0.3, 0.15, 0.1, 0.05)


def logits(*rows: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(rows or (CHANCES,)).log()


def kept(out: torch.Tensor, row: int = 0) -> list[int]:
    return (out[row] > samplers.OUT).nonzero().squeeze(-1).tolist()


def test_top_k_keeps_so_many() -> None:
    assert kept(samplers.top_k(logits(), 2)) == [0, 1]
    assert kept(samplers.top_k(logits(), 0)) == [0, 1, 2, 3, 4]
    assert kept(samplers.top_k(logits(), 9)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("share", "left"), [(0.3, 1), (0.41, 2), (0.69, 2), (0.71, 3), (0.999, 5), (1.0, 5), (0.0, 1)])
def test_top_p_keeps_the_likeliest_share(share: float, left: int) -> None:
    assert kept(samplers.top_p(logits(), share)) == list(range(left))


def test_top_p_over_a_flat_large_vocabulary_is_exact() -> None:
    flat = torch.linspace(0, 0.01, 5000)[None]
    out = samplers.top_p(flat, 0.9)
    chances = flat[0].softmax(-1)
    inside = kept(out)
    assert float(chances[inside].sum()) >= 0.9
    assert float(chances[inside[1:]].sum()) < 0.9


def test_min_p_keeps_a_share_of_the_best() -> None:
    assert kept(samplers.min_p(logits(), 0.5)) == [0, 1]
    assert kept(samplers.min_p(logits(), 0.25)) == [0, 1, 2, 3]
    assert kept(samplers.min_p(logits(), 1.0)) == [0]


def test_typical_keeps_what_is_about_as_surprising_as_usual() -> None:
    # entropy 1.39 nats; surprises 0.92, 1.20, 1.90, 2.30, 3.00: token 1 is nearest, then 0, then 2
    assert kept(samplers.typical_p(logits(), 0.2)) == [1]
    assert kept(samplers.typical_p(logits(), 0.5)) == [0, 1]
    assert kept(samplers.typical_p(logits(), 0.8)) == [0, 1, 2]


def test_top_n_sigma_counts_deviations_and_ignores_what_is_out() -> None:
    values = torch.tensor([[4.0, 3.0, 0.0, 0.0, samplers.OUT]])
    spread = float(values[0, :4].std(correction=0))
    assert kept(samplers.top_n_sigma(values, 1.01 / spread)) == [0, 1]
    assert kept(samplers.top_n_sigma(values, 0.99 / spread)) == [0]


def test_xtc_leaves_the_least_likely_of_the_obvious() -> None:
    both = logits(CHANCES, CHANCES)
    out = samplers.xtc(both, 0.12, torch.tensor([True, False]))
    assert kept(out, 0) == [2, 3, 4]
    assert kept(out, 1) == [0, 1, 2, 3, 4]
    assert kept(samplers.xtc(logits(), 0.35, torch.tensor([True]))) == [0, 1, 2, 3, 4], "one alone is not left out"


def test_dynamic_temperature_is_low_where_the_model_is_sure() -> None:
    sure, open_ = torch.tensor([[50.0, 0.0, 0.0]]), torch.zeros(1, 3)
    assert torch.allclose(samplers.dynamic_temperature(sure, 0.5, 1.5), sure / 0.5)
    assert torch.allclose(samplers.dynamic_temperature(open_ + 2, 0.5, 1.5), (open_ + 2) / 1.5)


def test_mirostat_holds_the_surprise_and_learns() -> None:
    assert kept(samplers.below_surprise(logits(), torch.tensor([2.0]))) == [0, 1]
    assert kept(samplers.below_surprise(logits(), torch.tensor([0.1]))) == [0]
    chooser = Chooser(Taste(mirostat=True, mirostat_tau=2.0, mirostat_eta=0.5), seed=1)
    assert chooser.start_level == 4.0
    token, level = chooser.choose(logits(), [Place(0, 0, None, level=4.0)])[0]
    inside = [p for p in CHANCES if -math.log2(p) <= 4.0]
    surprise = -math.log2(CHANCES[token] / sum(inside))
    assert level == pytest.approx(4.0 - 0.5 * (surprise - 2.0), abs=1e-5)


def test_penalties_follow_their_formulas() -> None:
    values = torch.tensor([2.0, -2.0, 1.0, 1.0])
    repeats.penalties(values, np.array([0, 0, 1, 2]), repetition=2.0, frequency=0.5, presence=0.25)
    assert values.tolist() == [1.0 - 1.0 - 0.25, -4.0 - 0.5 - 0.25, 0.5 - 0.5 - 0.25, 1.0]


def test_dry_grows_with_the_repeated_phrase_and_stops_at_breakers() -> None:
    past = np.array([1, 2, 3, 4, 9, 1, 2, 3])
    values = torch.zeros(10)
    repeats.dry(values, past, multiplier=1.0, base=2.0, allowed=2)
    assert values[4] == -2.0  # 1 2 3 stood before 4: three tokens, one more than allowed
    assert values.count_nonzero() == 1
    values = torch.zeros(10)
    repeats.dry(values, past, multiplier=1.0, base=2.0, allowed=2, breakers={1})
    assert values[4] == -1.0  # only 2 3 counts
    values = torch.zeros(10)
    repeats.dry(values, past, multiplier=1.0, base=2.0, allowed=2, breakers={4})
    assert values.count_nonzero() == 0


def test_guidance_of_one_is_the_model_itself() -> None:
    mine, other = logits(), logits((0.1, 0.1, 0.1, 0.3, 0.4))
    assert torch.allclose(samplers.guided(mine, other, 1.0), mine.log_softmax(-1))
    twice = samplers.guided(mine, other, 2.0).softmax(-1)[0]
    wanted = torch.tensor([a * a / b for a, b in zip(CHANCES, (0.1, 0.1, 0.1, 0.3, 0.4), strict=True)])
    assert torch.allclose(twice, wanted / wanted.sum(), atol=1e-5)


def test_draws_have_the_right_frequencies() -> None:
    values = np.log(np.array(CHANCES))
    tokens = np.arange(len(CHANCES))
    counts = np.bincount([noise.draw(tokens, values, noise.key(7, 1, place)) for place in range(20_000)])
    assert np.abs(counts / 20_000 - CHANCES).max() < 0.012


def test_luck_depends_on_seed_alternative_and_place_alone() -> None:
    tokens = np.arange(50)
    first = noise.gumbel(noise.key(1, 0, 3), tokens)
    assert (first == noise.gumbel(noise.key(1, 0, 3), tokens)).all()
    assert (first[10:20] == noise.gumbel(noise.key(1, 0, 3), tokens[10:20])).all(), "not on the other tokens"
    others = [noise.key(2, 0, 3), noise.key(1, 1, 3), noise.key(1, 0, 4), noise.key(1, 0, 3, 1)]
    assert all(abs(np.corrcoef(first, noise.gumbel(other, tokens))[0, 1]) < 0.5 for other in others)


def test_the_order_of_samplers_matters_and_every_order_works() -> None:
    hot = Taste(temperature=3.0, min_p=0.3)
    first = Taste(temperature=3.0, min_p=0.3, order=("temperature", "min_p"))
    places = [[Place(0, place, None)] for place in range(400)]
    normal = {Chooser(hot, 0).choose(logits(), place)[0][0] for place in places}
    other = {Chooser(first, 0).choose(logits(), place)[0][0] for place in places}
    assert normal == {0, 1, 2}
    assert other == {0, 1, 2, 3, 4}
    names = ("penalties", "top_k", "temperature", "xtc")
    full = Taste(temperature=0.7, top_k=3, repetition=1.2, xtc_probability=0.5)
    for order in permutations(names):
        taste = Taste(**{**{n: getattr(full, n) for n in full.__slots__}, "order": order})
        token, _ = Chooser(taste, 3).choose(logits(), [Place(0, 0, np.array([1]))])[0]
        assert 0 <= token < 5


def test_a_word_bias_reaches_through_a_whole_phrase() -> None:
    chooser = Chooser(Taste(temperature=0, bias=(((4, 3), 50.0),)), seed=0)
    assert chooser.choose(logits(), [Place(0, 0, np.array([0, 1]))])[0][0] == 4
    assert chooser.choose(logits(), [Place(0, 1, np.array([1, 4]))])[0][0] in (3, 4)
    assert chooser.looks_back


def test_nothing_is_changed_in_place() -> None:
    values = logits(CHANCES, CHANCES)
    before = values.clone()
    taste = Taste(repetition=1.5, dry_multiplier=1.0, top_k=2, top_p=0.5, min_p=0.1, typical_p=0.5, top_n_sigma=1.0)
    places = [Place(n, 0, np.array([0, 1, 0]), banned=(0,), pull={1: 2.0}) for n in range(2)]
    Chooser(taste, 0).choose(values, places)
    assert torch.equal(values, before)
