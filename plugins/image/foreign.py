"""Settings that other programs leave in pictures, as a recipe of ours: A1111 and its relatives, InvokeAI, ComfyUI."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from studio.api import SEED_LIMIT, ModelRef, Recipe, Request, describe, salvage, values_of
from studio.inference.schedulers_table import from_foreign

from . import codec_text
from .params import SIZE_LIMIT, ImageParams

GENERATOR = "image.diffusion"
_SIZE = re.compile(r"(\d{1,6})\s{0,3}[x×]\s{0,3}(\d{1,6})")
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,12})?")


@dataclass(frozen=True, slots=True)
class Taken:
    """A recipe put together from foreign settings, and sentences about what did not come along."""

    recipe: Recipe
    notes: tuple[str, ...] = ()


class _Gathered:
    """Params as they are found, each in the range of ours, with notes about what had to be changed."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.notes: list[str] = []
        self.seed = 0
        self.model = ""
        self._specs = {spec.name: spec for spec in describe(ImageParams)}

    def text(self, name: str, value: Any) -> None:
        if isinstance(value, str):
            self.values[name] = value[: self._specs[name].max_length]

    def number(self, name: str, value: Any) -> None:
        """A number for one of the params, brought into its range."""
        found = _number(value)
        spec = self._specs[name]
        if found is None or spec.minimum is None or spec.maximum is None:
            return
        kept: float = min(max(found, spec.minimum), spec.maximum)
        if spec.kind == "integer":
            kept = int(kept) // spec.multiple * spec.multiple
        if kept != found:
            self.notes.append(f"{spec.label} was {found:g}; Studio takes {kept:g}.")
        self.values[name] = kept

    def size(self, width: Any, height: Any) -> None:
        for name, value in (("width", width), ("height", height)):
            found = _number(value)
            if found is not None and found <= 4 * SIZE_LIMIT:
                self.number(name, found)

    def scheduler(self, sampler: Any, schedule: Any = "") -> None:
        name = from_foreign(str(sampler), str(schedule))
        if name:
            self.values["scheduler"] = name
        elif sampler:
            self.notes.append(f"The scheduler “{str(sampler)[:40]}” is not known here; Automatic is taken instead.")

    def take_seed(self, value: Any) -> None:
        text = str(value).strip()[:24]
        if not text.isascii() or not text.isdigit():
            return
        number = int(text)
        self.seed = number % SEED_LIMIT
        if number >= SEED_LIMIT:
            self.notes.append(f"The seed {number} is larger than Studio's seeds; {self.seed} is taken instead.")

    def take_model(self, name: Any, hint: Any = "") -> None:
        text = str(name or "").strip()[:120]
        if not text:
            return
        self.model = text
        mark = f" ({str(hint)[:16]})" if hint else ""
        self.notes.append(f"It was made with the model “{text}”{mark}; choose it, or another one, before you generate.")

    def taken(self) -> Taken:
        params, _ = salvage(ImageParams, self.values)
        kept = {name: value for name, value in values_of(params).items() if name in self.values}
        model = ModelRef("", self.model) if self.model else None
        request = Request(GENERATOR, kept, self.seed, model)
        self.notes.append("Another program draws its noise differently: the picture will be alike, not the same.")
        return Taken(Recipe(request), tuple(self.notes))


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value) if abs(value) < 1e12 else None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()[:32]):
        return float(value)
    return None


def from_parameters(text: str) -> Taken | None:
    """A1111's `parameters` text, which Forge, SD.Next, Fooocus and many others write too."""
    read = codec_text.read(text)
    if read is None:
        return None
    given, found = read.settings, _Gathered()
    found.text("prompt", read.prompt)
    found.text("negative_prompt", read.negative_prompt)
    found.number("steps", given.get("steps"))
    found.number("guidance_scale", given.get("cfg scale") or given.get("distilled cfg scale"))
    found.number("strength", given.get("denoising strength"))
    skip = _number(given.get("clip skip"))
    if skip is not None and skip > 1:
        found.number("clip_skip", skip - 1)
    size = _SIZE.fullmatch(given.get("size", "").strip())
    if size is not None:
        found.size(*size.groups())
    found.scheduler(given.get("sampler", ""), given.get("schedule type", ""))
    found.take_seed(given.get("seed", ""))
    found.take_model(given.get("model"), given.get("model hash"))
    if "hires upscale" in given:
        found.notes.append("The enlarging step (hires fix) is not repeated.")
    return found.taken()


def _json(text: str) -> Mapping[str, Any] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def from_invokeai(text: str) -> Taken | None:
    """InvokeAI's `invokeai_metadata`."""
    data = _json(text)
    if data is None or "positive_prompt" not in data:
        return None
    found = _Gathered()
    found.text("prompt", data.get("positive_prompt"))
    found.text("negative_prompt", data.get("negative_prompt"))
    found.number("steps", data.get("steps"))
    found.number("guidance_scale", data.get("cfg_scale"))
    found.number("strength", data.get("strength"))
    found.size(data.get("width"), data.get("height"))
    sampler = str(data.get("scheduler", ""))
    found.scheduler(sampler, "karras" if sampler.endswith("_k") else "")
    found.take_seed(data.get("seed", ""))
    model = data.get("model")
    if isinstance(model, dict):
        found.take_model(model.get("name") or model.get("model_name"))
    return found.taken()


def from_comfyui(text: str) -> Taken | None:
    """ComfyUI's `prompt`: the graph that was run. Its first sampler is taken, with what leads to it."""
    graph = _json(text)
    if graph is None:
        return None
    for node in graph.values():
        inputs = _inputs(node)
        if "seed" in inputs and "steps" in inputs and "positive" in inputs:
            return _from_sampler(graph, inputs)
    return None


def _from_sampler(graph: Mapping[str, Any], inputs: Mapping[str, Any]) -> Taken:
    found = _Gathered()
    found.text("prompt", _first(graph, inputs.get("positive"), "text"))
    found.text("negative_prompt", _first(graph, inputs.get("negative"), "text"))
    found.number("steps", inputs.get("steps"))
    found.number("guidance_scale", inputs.get("cfg"))
    denoise = _number(inputs.get("denoise"))
    if denoise is not None and denoise < 1:
        found.number("strength", denoise)
    canvas = inputs.get("latent_image")
    found.size(_first(graph, canvas, "width"), _first(graph, canvas, "height"))
    found.scheduler(inputs.get("sampler_name", ""), inputs.get("scheduler", ""))
    found.take_seed(inputs.get("seed", ""))
    name = _first(graph, inputs.get("model"), "ckpt_name") or _first(graph, inputs.get("model"), "unet_name")
    found.take_model(name if isinstance(name, str) else "")
    return found.taken()


def _inputs(node: Any) -> Mapping[str, Any]:
    inputs = node.get("inputs") if isinstance(node, dict) else None
    return inputs if isinstance(inputs, dict) else {}


def _first(graph: Mapping[str, Any], link: Any, wanted: str) -> Any:
    """The nearest value called `wanted` behind a link ([node, output]); graphs may be deep, wide and in circles."""
    seen: set[str] = set()
    waiting = [link]
    while waiting and len(seen) < 1000:
        here = waiting.pop(0)
        if not (isinstance(here, list) and len(here) == 2 and isinstance(here[0], str)) or here[0] in seen:
            continue
        seen.add(here[0])
        inputs = _inputs(graph.get(here[0]))
        value = inputs.get(wanted)
        if isinstance(value, (str, int, float)):
            return value
        if isinstance(value, list):
            waiting.insert(0, value)
        waiting.extend(item for item in inputs.values() if isinstance(item, list))
    return None


READERS: Mapping[str, Callable[[str], Taken | None]] = {
    "parameters": from_parameters,
    "invokeai_metadata": from_invokeai,
    "prompt": from_comfyui,
}
"""By the keyword of the text in a PNG."""
