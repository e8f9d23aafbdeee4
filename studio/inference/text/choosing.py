"""From logits to a token: all samplers in the order that the writer chose, then the draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from . import noise, repeats, samplers

ORDER = ("penalties", "dry", "top_n_sigma", "top_k", "typical_p", "top_p", "min_p", "xtc", "temperature")
_CUTS = frozenset({"top_n_sigma", "top_k", "typical_p", "top_p", "min_p", "xtc"})
_DRAW, _XTC = 0, 1
"""What chance is used for at one place."""


@dataclass(frozen=True, slots=True)
class Taste:
    """How tokens are chosen. The defaults take every token with the model's own probability.

    `order` names what is done, in its order; what is at its neutral value does nothing. A temperature of 0 takes the
    likeliest. `temperature_range` moves it up and down by the entropy. With mirostat the cuts (top-k to XTC) rest.
    `bias` is added to the logits of tokens; of a phrase of several tokens, to each that carries on from its beginning.
    """

    order: tuple[str, ...] = ORDER
    temperature: float = 1.0
    temperature_range: float = 0.0
    temperature_exponent: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    typical_p: float = 1.0
    top_n_sigma: float = 0.0
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    mirostat: bool = False
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    repetition: float = 1.0
    frequency: float = 0.0
    presence: float = 0.0
    penalty_range: int = 0
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed: int = 2
    dry_range: int = 0
    dry_breakers: frozenset[int] = frozenset()
    bias: tuple[tuple[tuple[int, ...], float], ...] = ()


@dataclass(slots=True)
class Place:
    """Where a token is chosen: which alternative, at which position, after which tokens ([n], the prompt included),
    at which mirostat level, and which tokens must not come. `past` may be None where `looks_back` is false.
    """

    alternative: int
    position: int
    past: np.ndarray | None
    level: float = 0.0
    banned: Sequence[int] = ()
    allowed: torch.Tensor | None = None
    """[vocabulary] of bool, or None for all."""
    pull: Mapping[int, float] = field(default_factory=dict)
    """What is added to the logits of single tokens here."""


class Chooser:
    """Chooses tokens by a taste and a seed. It has no memory: everything is in the place."""

    def __init__(self, taste: Taste, seed: int, *, marked: Callable[[torch.Tensor, Place], torch.Tensor] | None = None):
        self.taste = taste
        self._seed = seed
        self._marked = marked
        self._first: dict[int, float] = {}
        self._later: list[tuple[tuple[int, ...], float]] = []
        for phrase, value in taste.bias:
            if phrase:
                self._first[phrase[0]] = self._first.get(phrase[0], 0.0) + value
            if len(phrase) > 1:
                self._later.append((phrase, value))
        on = taste.repetition != 1 or taste.frequency != 0 or taste.presence != 0 or taste.dry_multiplier > 0
        self.looks_back = on or bool(self._later) or marked is not None
        """Whether choosing needs the tokens before a place."""
        self._chain = [step for name in taste.order if (step := self._step(name)) is not None]

    @property
    def start_level(self) -> float:
        """Mirostat's level before the first token."""
        return 2.0 * self.taste.mirostat_tau

    def choose(self, logits: torch.Tensor, places: Sequence[Place]) -> list[tuple[int, float]]:
        """A token for each row of `logits` [rows, vocabulary] (fp32, not changed), and mirostat's level after it."""
        taste = self.taste
        now = logits
        for row, place in enumerate(places):
            now = self._ruled(now, logits, row, place)
        for step in self._chain:
            now = step(now, places)
        if taste.mirostat and taste.temperature > 0:
            now = samplers.below_surprise(now, torch.tensor([p.level for p in places], device=now.device))
        if self._marked is not None and taste.temperature > 0:
            now = torch.stack([self._marked(row, place) for row, place in zip(now, places, strict=True)])
        return [self._drawn(row, place) for row, place in zip(now, places, strict=True)]

    def _ruled(self, now: torch.Tensor, logits: torch.Tensor, row: int, place: Place) -> torch.Tensor:
        """Biases, bans and what a grammar allows; the first that touches a row copies."""
        if not (self._first or place.pull or place.banned or place.allowed is not None):
            return now
        if now is logits:
            now = logits.clone()
        line = now[row]
        for token, value in (*self._first.items(), *place.pull.items()):
            line[token] += value
        for phrase, value in self._later if place.past is not None else ():
            for known in range(1, len(phrase)):
                if len(place.past) >= known and tuple(place.past[-known:]) == phrase[:known]:
                    line[phrase[known]] += value
        if place.allowed is not None:
            line.masked_fill_(~place.allowed[: line.shape[0]].to(line.device), samplers.OUT)
        if place.banned and bool((line > samplers.OUT).sum() > len(place.banned)):
            line[list(place.banned)] = samplers.OUT
        return now

    def _drawn(self, line: torch.Tensor, place: Place) -> tuple[int, float]:
        if self.taste.temperature == 0:
            return int(line.argmax()), place.level
        inside = (line > samplers.OUT).nonzero().squeeze(-1)
        values = line[inside].cpu().double().numpy()  # some graphics have no doubles
        spot = noise.key(self._seed, place.alternative, place.position, _DRAW)
        token = noise.draw(inside.cpu().numpy(), values, spot)
        if not self.taste.mirostat:
            return token, place.level
        best = float(values.max())
        known = best + math.log(float(np.exp(values - best).sum()))
        surprise = (known - float(line[token])) / math.log(2)
        return token, place.level - self.taste.mirostat_eta * (surprise - self.taste.mirostat_tau)

    # --- the samplers, by name ----------------------------------------------------------------------------------------

    def _step(self, name: str) -> Callable[[torch.Tensor, Sequence[Place]], torch.Tensor] | None:
        taste = self.taste
        if taste.mirostat and name in _CUTS:
            return None
        simple: dict[str, tuple[bool, Callable[[torch.Tensor], torch.Tensor]]] = {
            "top_n_sigma": (taste.top_n_sigma > 0, lambda x: samplers.top_n_sigma(x, taste.top_n_sigma)),
            "top_k": (taste.top_k > 0, lambda x: samplers.top_k(x, taste.top_k)),
            "typical_p": (taste.typical_p < 1, lambda x: samplers.typical_p(x, taste.typical_p)),
            "top_p": (taste.top_p < 1, lambda x: samplers.top_p(x, taste.top_p)),
            "min_p": (taste.min_p > 0, lambda x: samplers.min_p(x, taste.min_p)),
        }
        if name in simple:
            on, change = simple[name]
            return (lambda logits, _places: change(logits)) if on else None
        if name == "temperature":
            return self._tempered if taste.temperature > 0 else None
        if name == "xtc":
            return self._surprised if taste.xtc_probability > 0 else None
        if name == "penalties":
            on = taste.repetition != 1 or taste.frequency != 0 or taste.presence != 0
            return self._penalised if on else None
        if name == "dry":
            return self._dried if taste.dry_multiplier > 0 else None
        raise ValueError(f"there is no sampler called {name}")

    def _tempered(self, logits: torch.Tensor, _places: Sequence[Place]) -> torch.Tensor:
        taste = self.taste
        if taste.temperature_range > 0:
            low = max(0.0, taste.temperature - taste.temperature_range)
            high = taste.temperature + taste.temperature_range
            return samplers.dynamic_temperature(logits, low, high, taste.temperature_exponent)
        return samplers.temperature(logits, taste.temperature)

    def _surprised(self, logits: torch.Tensor, places: Sequence[Place]) -> torch.Tensor:
        rolls = [noise.uniform(noise.key(self._seed, p.alternative, p.position, _XTC)) for p in places]
        happens = torch.tensor([roll < self.taste.xtc_probability for roll in rolls], device=logits.device)
        return samplers.xtc(logits, self.taste.xtc_threshold, happens)

    def _penalised(self, logits: torch.Tensor, places: Sequence[Place]) -> torch.Tensor:
        taste, now = self.taste, logits.clone()
        for row, place in enumerate(places):
            assert place.past is not None
            past = place.past[-taste.penalty_range :] if taste.penalty_range else place.past
            repeats.penalties(
                now[row], past, repetition=taste.repetition, frequency=taste.frequency, presence=taste.presence
            )
        return now

    def _dried(self, logits: torch.Tensor, places: Sequence[Place]) -> torch.Tensor:
        taste, now = self.taste, logits.clone()
        for row, place in enumerate(places):
            assert place.past is not None
            repeats.dry(
                now[row],
                place.past[-taste.dry_range :] if taste.dry_range else place.past,
                multiplier=taste.dry_multiplier,
                base=taste.dry_base,
                allowed=taste.dry_allowed,
                breakers=taste.dry_breakers,
            )
        return now
