"""The image canvas as a plain value: what the artist set, what is on the canvas, and the Requests it asks for."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.api import (
    SEED_LIMIT,
    AddedModel,
    Artifact,
    Input,
    Model,
    ModelRef,
    Recipe,
    Request,
    ResumePoint,
    StudioError,
    describe,
    frozen,
    media,
    salvage,
    values_of,
)

from .added import WEIGHT_LIMIT, kind, tags

FORMAT = 1
FIRST_PROMPT = "watercolour painting of a white castle on the left in the mountains at sunset"
MOST_PICTURES = 16
RECENT = 60
"""How many pictures of the past the results strip offers; older ones are in the library."""


@frozen
class Picture:
    """A picture by content: `id` is its SHA-256 and its artifact's id."""

    id: str
    media: str = media.PNG
    title: str = ""


@dataclass(slots=True)
class ImageDocument:
    """What the image panel edits. `params` are plain values of the generator's params dataclass, prompt included.

    `seed_used` tells a seed that made a picture from one that was typed or thrown since: that one still has its turn.
    `artifact` is the id of the picture on the canvas ("" for none), `results` are the recent ones, oldest first.
    `rest` keeps fields written by a newer version, so that saving does not lose them.
    """

    params: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    seed: int = 0
    seed_locked: bool = False
    seed_used: bool = False
    count: int = 1
    start: Picture | None = None
    added: tuple[AddedModel, ...] = ()
    artifact: str = ""
    results: list[str] = field(default_factory=list)
    rest: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def first(cls, params: type) -> ImageDocument:
        """The document of a first start: everything at its default and a prompt already in the box."""
        values = values_of(params())
        prompt = role_name(params, "prompt")
        if prompt:
            values[prompt] = FIRST_PROMPT
        return cls(params=values, seed=fresh_seed())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, with whatever a newer version had written beside it."""
        start = self.start
        return {
            **self.rest,
            "format": FORMAT,
            "params": dict(self.params),
            "model": self.model,
            "seed": self.seed,
            "seed_locked": self.seed_locked,
            "seed_used": self.seed_used,
            "count": self.count,
            "start": None if start is None else {"id": start.id, "media": start.media, "title": start.title},
            "added": added_to_json(self.added),
            "artifact": self.artifact,
            "results": list(self.results),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], params: type) -> ImageDocument:
        """The opposite of `to_json`, forgiving: what does not fit is left at its default, never an error."""
        document = cls.first(params)
        known = set(document.to_json())
        document.rest = {key: value for key, value in data.items() if key not in known}
        kept = data.get("params")
        if isinstance(kept, Mapping):
            chosen, _ = salvage(params, kept)
            fitting = values_of(chosen)
            document.params |= {name: fitting[name] for name in kept if name in fitting}
            document.rest |= _left_over(kept, fitting)
        document.model = _text(data.get("model"))
        document.seed = _whole(data.get("seed"), document.seed, 0, SEED_LIMIT - 1)
        document.seed_locked = data.get("seed_locked") is True
        document.seed_used = data.get("seed_used") is True
        document.count = _whole(data.get("count"), 1, 1, MOST_PICTURES)
        document.start = _picture(data.get("start"))
        document.added = added_from_json(data.get("added"))
        document.artifact = _text(data.get("artifact"))
        results = data.get("results")
        if isinstance(results, Sequence) and not isinstance(results, str):
            document.results = [item for item in results if isinstance(item, str) and item][-RECENT:]
        return document

    def add_result(self, artifact_id: str) -> None:
        """Put a picture last in the results, once."""
        self.results = [*(r for r in self.results if r != artifact_id), artifact_id][-RECENT:]

    def roll(self) -> None:
        """Take a new seed where the one there has made its picture and is not locked."""
        if self.seed_used and not self.seed_locked:
            self.seed = fresh_seed()
        self.seed_used = True

    def requests(self, generator: str, params: type, model: Model | None) -> tuple[Request, ...]:
        """One request a picture, with seeds that count up from `seed` (and go on at 0 after the last one).

        Without a start picture the denoising strength is at its default: it changes nothing, so it must not make
        two equal requests differ.
        """
        values = {spec.name: self.params.get(spec.name, spec.default) for spec in describe(params)}
        inputs: tuple[Input, ...] = ()
        if self.start is not None:
            inputs = (Input("image", self.start.media, self.start.id),)
        else:
            values |= {spec.name: spec.default for spec in describe(params) if is_strength(spec.name)}
        ref = None if model is None else model.ref()
        base = Request(generator, values, self.seed, ref, inputs, added=self.added)
        return tuple(replace(base, seed=(self.seed + i) % SEED_LIMIT) for i in range(self.count))

    def branch(
        self, base: Request, *, steps: str, index: int, params: type, model: Model | None = None
    ) -> tuple[Request, str]:
        """The request that continues from a kept step of `base` with today's words, guidance and model, and the
        settings in words that were changed but cannot be: the steps before were made with them.

        A seed that was locked, typed or thrown since is that of the noise still to come.
        """
        specs = describe(params)
        values = {spec.name: self.params.get(spec.name, spec.default) for spec in specs}
        fixed = {role_name(params, "width"), role_name(params, "height"), "scheduler", "steps"}
        kept = [spec.label for spec in specs if spec.name in fixed and _differs(spec.name, values, base.params)]
        fixed.add("fit")
        values |= {name: value for name, value in base.params.items() if name in fixed or is_strength(name)}
        seed = self.seed if self.seed_locked or not self.seed_used else base.seed
        chosen = base.model if model is None or _same_model(model, base.model) else model.ref()
        branched = replace(
            base, params=values, seed=seed, model=chosen, resume=ResumePoint(steps, index), added=self.added
        )
        return branched, _listed(kept)

    def take(
        self,
        recipe: Recipe,
        params: type,
        models: Sequence[Model],
        pictures: Mapping[str, Artifact | None],
        *,
        added: Sequence[Model] = (),
    ) -> tuple[str, ...]:
        """Bring back what a recipe says; the sentences returned name what could not be brought back.

        `pictures` holds the recipe's inputs by their SHA-256, None for those that are not on this machine. `added` are
        the LoRAs and embeddings that are here.
        """
        request = recipe.request
        chosen, bad = salvage(params, request.params)
        self.params = values_of(chosen)
        notes = _salvage_notes(bad, params)
        self.seed, self.seed_locked, self.seed_used, self.count = request.seed, True, False, 1
        notes += self._take_model(request, models)
        notes += self._take_added(request, added)
        notes += self._take_start(request, pictures)
        if request.resume is not None:
            notes.append(
                f"It was branched from step {request.resume.index + 1} of another picture; "
                "Generate starts at the first step."
            )
        return tuple(notes)

    def _take_model(self, request: Request, models: Sequence[Model]) -> list[str]:
        if request.model is None:
            return []
        found = find_model(request.model.id, request.model.sha256, models)
        name = request.model.name or request.model.id
        if found is None:
            return [f"The model “{name[:60]}” is not on this machine; the chosen one stays."]
        self.model = found.id
        if request.model.sha256 and found.sha256 and found.sha256 != request.model.sha256:
            return [f"“{found.title}” is not the same version as the one used then; the picture may differ."]
        return []

    def _take_added(self, request: Request, added: Sequence[Model]) -> list[str]:
        """The LoRAs of the list; those that the prompt names stand there already."""
        missing = []
        kept = []
        for item in request.added:
            found = find_model(item.model.id, item.model.sha256, added)
            if found is None:
                missing.append(f"“{(item.model.name or item.model.id)[:60]}”")
            if found is None or kind(found) == "lora":
                ref = item.model if found is None else replace(found.ref(), name=item.model.name or found.title)
                kept.append(replace(item, model=ref))
        with suppress(StudioError):  # a weight that is no number is said where the prompt is
            said = {tag.name.casefold() for tag in tags(str(request.params.get("prompt", "")))}
            kept = [item for item in kept if item.model.name.casefold() not in said]
        self.added = tuple(kept)
        return [f"What was laid over the model is not all on this machine: {', '.join(missing)}."] if missing else []

    def _take_start(self, request: Request, pictures: Mapping[str, Artifact | None]) -> list[str]:
        self.start = None
        for item in request.inputs:
            if item.name != "image":
                continue
            artifact = pictures.get(item.sha256)
            if artifact is None:
                return ["The picture it started from is not on this machine."]
            self.start = Picture(artifact.id, artifact.media, artifact.title)
        return []


def added_to_json(added: Sequence[AddedModel]) -> list[dict[str, Any]]:
    """As a request writes them."""
    return list(Request("", added=tuple(added)).to_json().get("added", []))


def added_from_json(data: Any) -> tuple[AddedModel, ...]:
    """The opposite; what does not fit is left out."""
    found: list[AddedModel] = []
    for item in data if isinstance(data, Sequence) and not isinstance(data, str) else ():
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            found += Request.from_json({"generator": "", "added": [item]}).added
    return tuple(item for item in found if abs(item.weight) <= WEIGHT_LIMIT)


def _differs(name: str, values: Mapping[str, Any], base: Mapping[str, Any]) -> bool:
    return name in base and base[name] != values.get(name)


def _same_model(model: Model, ref: ModelRef | None) -> bool:
    return ref is not None and (model.id == ref.id or bool(ref.sha256 and ref.sha256 == model.sha256))


def _listed(words: Sequence[str]) -> str:
    """As in "Steps, width and height"."""
    if not words:
        return ""
    text = f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
    return text[:1].upper() + text[1:].lower()


def fresh_seed() -> int:
    """A seed nobody chose."""
    return secrets.randbelow(SEED_LIMIT)


def role_name(params: type, role: str) -> str:
    """The name of the field with that role, or ""."""
    return next((spec.name for spec in describe(params) if spec.role == role), "")


def is_strength(name: str) -> bool:
    """True for the params that only count when there is a picture to start from."""
    return name in ("strength", "denoising_strength")


def find_model(model_id: str, sha256: str, models: Sequence[Model]) -> Model | None:
    """The same weights wherever they are now, otherwise the model of that name."""
    same = next((m for m in models if sha256 and m.sha256 == sha256), None)
    return same or next((m for m in models if m.id == model_id), None)


def native_size(model: Model) -> int:
    """The side in pixels of the pictures a diffusers model was trained on; 0 where its files do not say.

    Side = `sample_size` of the denoiser × 2 ** (VAE levels − 1), as diffusers' pipelines compute their default.
    """
    known = model.facts.get("side")
    if isinstance(known, int):
        return known
    for part in ("unet", "transformer"):
        sample = _config(model.path / part).get("sample_size")
        if isinstance(sample, int) and not isinstance(sample, bool) and 0 < sample <= 4096:
            blocks = _config(model.path / "vae").get("block_out_channels")
            scale = 2 ** (len(blocks) - 1) if isinstance(blocks, list) and 0 < len(blocks) < 10 else 1
            return sample * scale
    return 0


def _config(folder: Path) -> dict[str, Any]:
    try:
        file = folder / "config.json"
        if file.stat().st_size > 1_000_000:
            return {}
        data = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def fit_size(width: float, height: float, *, area: int, multiple: int, low: int, high: int) -> tuple[int, int]:
    """The size of about `area` pixels nearest to the shape width : height that a model can make."""
    factor = (area / (width * height)) ** 0.5

    def side(length: float) -> int:
        return max(low, min(high, round(length * factor / multiple) * multiple))

    return side(width), side(height)


def _salvage_notes(bad: Sequence[str], params: type) -> list[str]:
    labels = {spec.name: spec.label for spec in describe(params)}
    return [
        f"“{labels[name]}” had a value this version cannot use."
        if name in labels
        else f"“{name[:40]}” is not known here and was left out."
        for name in bad
    ]


def _left_over(kept: Mapping[str, Any], fitting: Mapping[str, Any]) -> dict[str, Any]:
    unknown = {str(name): value for name, value in kept.items() if name not in fitting}
    return {"other_params": unknown} if unknown else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any, default: int, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        return default
    return value


def _picture(value: Any) -> Picture | None:
    if not isinstance(value, Mapping) or not isinstance(value.get("id"), str) or not value["id"]:
        return None
    return Picture(value["id"], _text(value.get("media")) or media.PNG, _text(value.get("title")))
