"""Asks one plugin what it offers and checks the answers, so that nobody later meets a spec that cannot work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from types import ModuleType
from typing import Any, Generic, TypeVar

import pluggy

from studio.core.model import Model
from studio.core.params import describe
from studio.core.specs import (
    ExporterSpec,
    GeneratorSpec,
    ImporterSpec,
    Manifest,
    ModelSpec,
    PanelSpec,
    SettingsSpec,
)
from studio.core.values import frozen

S = TypeVar("S", covariant=True)
HOOKS: Mapping[str, type] = {
    "studio_panels": PanelSpec,
    "studio_generators": GeneratorSpec,
    "studio_exporters": ExporterSpec,
    "studio_importers": ImporterSpec,
    "studio_models": ModelSpec,
    "studio_settings": SettingsSpec,
}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CODE = re.compile(r"\.?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_MEDIA = re.compile(r"[a-z]+/[A-Za-z0-9.+*_-]+")
_CODE_FIELDS = ("make", "run", "warm", "encode", "read")
_TEXT_FIELDS = ("name", "title", "family", "path", "suffix", "icon", "licence", "origin", "summary", "steps_title")


@frozen
class Offer(Generic[S]):
    """One thing a plugin offers. `id` is "<plugin id>.<name>"; settings go by the name of their class."""

    id: str
    plugin: Manifest
    spec: S


Offers = Mapping[type, Mapping[str, Offer[Any]]]


def ask(manager: pluggy.PluginManager, module: ModuleType, manifest: Manifest) -> Offers:
    """Register `module` and call each of its hooks by itself. Raises whatever is wrong with it."""
    _refuse_unknown_hooks(manager, module)
    manager.register(module, name=manifest.id)
    found: dict[type, dict[str, Offer[Any]]] = {kind: {} for kind in HOOKS.values()}
    for caller in manager.get_hookcallers(module) or ():
        kind = HOOKS[caller.name]
        for implementation in caller.get_hookimpls():
            if implementation.plugin is module:
                for spec in _answer(caller.name, kind, implementation.function):
                    name = spec.settings.__name__ if isinstance(spec, SettingsSpec) else spec.name
                    if name in found[kind]:
                        raise ValueError(f"{caller.name} offers {name!r} twice")
                    full = f"{manifest.id}.{name}"
                    found[kind][name] = Offer(full, manifest, spec)
    _check_panels(found)
    return {kind: {offer.id: offer for offer in offers.values()} for kind, offers in found.items()}


def _refuse_unknown_hooks(manager: pluggy.PluginManager, module: ModuleType) -> None:
    for name in dir(module):
        options = manager.parse_hookimpl_opts(module, name)
        if options is None:
            continue
        if (options.get("specname") or name) not in HOOKS:
            raise ValueError(f"there is no hook called {name}; the hooks are {', '.join(HOOKS)}")
        if options.get("wrapper") or options.get("hookwrapper"):
            raise ValueError(f"{name} must not be a wrapper: every plugin answers for itself only")


def _answer(hook: str, kind: type, function: Callable[[], Any]) -> tuple[Any, ...]:
    answer = function()
    if not isinstance(answer, (list, tuple)):
        raise TypeError(f"{hook} must return a list of {kind.__name__}, not {type(answer).__name__}")
    for spec in answer:
        if not isinstance(spec, kind):
            raise TypeError(f"{hook} must return a list of {kind.__name__}; one of them is {type(spec).__name__}")
        _check(spec)
    return tuple(answer)


def _check(spec: Any) -> None:
    kind = type(spec).__name__
    name = getattr(spec, "name", None)
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise ValueError(f"{kind}.name is {name!r}; it must be lower-case letters, digits, dashes and underscores")
    values = {item.name: getattr(spec, item.name) for item in fields(spec)}
    for key in _TEXT_FIELDS:
        if key in values and not isinstance(values[key], str):
            raise TypeError(f"{kind} {name!r}: {key} must be text")
    for key in _CODE_FIELDS:
        code = values.get(key, "")
        optional = key == "warm" and not code
        if key in values and not optional and not (isinstance(code, str) and _CODE.fullmatch(code)):
            raise ValueError(f"{kind} {name!r}: {key} is {code!r}; it must name code, as in 'generate:run'")
    suffixes = values.get("suffixes", ())
    if not (isinstance(suffixes, tuple) and all(isinstance(end, str) and end[:1] == "." for end in suffixes)):
        raise ValueError(f"{kind} {name!r}: suffixes must be a tuple of endings, as in ('.png',)")
    _check_media(kind, values)
    _check_dataclasses(kind, values)


def _check_media(kind: str, values: Mapping[str, Any]) -> None:
    patterns = values.get("accepts", ())
    inputs = values.get("inputs", ())
    for key, group in (("accepts", patterns), ("inputs", inputs), ("models", values.get("models", ()))):
        if not isinstance(group, tuple):
            raise TypeError(f"{kind}: {key} must be a tuple")
    for pair in inputs:
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(word, str) for word in pair)):
            raise TypeError(f'{kind}: inputs must be pairs of texts, as in ("image", "image/*")')
    named = [values["media"]] if "media" in values else []
    for media in (*named, *patterns, *(pattern for _, pattern in inputs)):
        if not isinstance(media, str) or not (_MEDIA.fullmatch(media) or media in ("*", "*/*")):
            raise ValueError(f"{kind}: {media!r} is not a media type, as in 'image/png'")


def _check_dataclasses(kind: str, values: Mapping[str, Any]) -> None:
    for key in ("params", "options", "settings"):
        params = values.get(key)
        if params is None:
            if key in values and key != "options":
                raise TypeError(f"{kind}: {key} must be a params dataclass")
            continue
        if not isinstance(params, type):
            raise TypeError(f"{kind}: {key} must be a params dataclass, not {type(params).__name__}")
        describe(params)  # raises for a field no form can show
        try:
            params()
        except TypeError as error:
            raise TypeError(f"{kind}: {params.__name__} needs a default for every field ({error})") from error


def _check_panels(found: Mapping[type, Mapping[str, Offer[Any]]]) -> None:
    for name, offer in found[PanelSpec].items():
        for generator in offer.spec.generators:
            if generator not in found[GeneratorSpec]:
                raise ValueError(
                    f"the panel {name!r} drives a generator {generator!r}, which the plugin does not offer"
                )


def shipped_models(offers: Iterable[Offer[ModelSpec]]) -> list[Model]:
    """The models that plugins bring along. Paths in a spec are relative to the plugin's folder."""
    return [
        Model(
            id=f"{offer.plugin.id}/{offer.spec.name}",
            title=offer.spec.title,
            family=offer.spec.family,
            path=offer.plugin.folder / offer.spec.path,
            licence=offer.spec.licence,
            origin=offer.spec.origin,
            summary=offer.spec.summary,
            bundled=True,
        )
        for offer in offers
    ]
