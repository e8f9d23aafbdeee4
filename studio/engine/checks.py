"""Checks a request before it is queued, so that a job cannot fail for a reason that was known beforehand."""

from __future__ import annotations

from dataclasses import replace

from studio.core import media
from studio.core.errors import StudioError
from studio.core.params import parse, values_of
from studio.core.request import AddedModel, ModelRef, Request
from studio.core.specs import GeneratorSpec
from studio.engine.offers import Offer
from studio.engine.plugins import PluginHost
from studio.engine.ports import ArtifactPort, ModelPort, StepPort


def checked(request: Request, *, plugins: PluginHost, artifacts: ArtifactPort, models: ModelPort) -> Request:
    """`request` with every param written out, so that it means the same when a plugin's defaults change.

    Raises StudioError, with words for the artist, for whatever cannot work.
    """
    offer = generator(request.generator, plugins)
    params = values_of(parse(offer.spec.params, request.params))
    _check_inputs(request, offer, artifacts)
    request = replace(request, params=params, model=_model(request, offer, models))
    if offer.spec.settle:
        request = plugins.code(offer.id, offer.spec.settle)(request, models.models())
    return replace(request, added=tuple(_added(item, offer, models) for item in request.added))


def resumable(request: Request, steps: StepPort) -> Request:
    """`request` with the step it goes on from named after the job that keeps it: a branch's first steps are its
    parent's. Raises StudioError where that step is not kept.
    """
    point = request.resume
    if point is None:
        return request
    try:
        owner = steps.owner(point.steps, point.index)
    except ValueError:  # a recipe from anywhere may name anything
        owner = None
    if owner is None:
        raise StudioError(
            f"Step {point.index + 1} is not kept here any more, so nothing can go on from it.",
            "Choose another step, or generate the result again with the same seed to get its steps back.",
        )
    return replace(request, resume=owner)


def generator(name: str, plugins: PluginHost) -> Offer[GeneratorSpec]:
    """The generator called `name`. Raises StudioError with the reason where it is not there."""
    offer = plugins.generators().get(name)
    if offer is not None:
        return offer
    plugin = name.partition(".")[0]
    info = plugins.plugin(plugin)
    if info is None:
        raise StudioError(f"There is no plugin called {plugin[:60]!r} here.", "Install it, or choose another one.")
    if info.status == "off":
        raise StudioError(f"The {info.name} plugin is turned off.", "Turn it on under Plugins and start Studio again.")
    if info.problem is not None:
        raise StudioError(
            f"The {info.name} plugin was set aside, because it does not work.",
            "Plugins shows the reason.",
            details=info.problem.details,
        )
    raise StudioError(f"The {info.name} plugin has no generator called {name.partition('.')[2][:60]!r}.")


def _check_inputs(request: Request, offer: Offer[GeneratorSpec], artifacts: ArtifactPort) -> None:
    known = dict(offer.spec.inputs)
    for item in request.inputs:
        pattern = known.get(item.name)
        if pattern is None:
            raise StudioError(
                f"{offer.spec.title} has no use for an input called {item.name[:60]!r}.",
                f"It knows: {', '.join(known)}." if known else "It takes no inputs.",
            )
        if not media.accepts((pattern,), item.media):
            raise StudioError(
                f"{offer.spec.title} cannot use {item.media[:60]} as its {item.name}.",
                f"It needs {pattern}.",
            )
        if artifacts.path_of(item.sha256) is None:
            raise StudioError(
                f"The file for the {item.name} is no longer in the project.",
                "Add it again, or take it out of the request.",
            )


def _added(item: AddedModel, offer: Offer[GeneratorSpec], models: ModelPort) -> AddedModel:
    ref = item.model
    model = models.get(ref.id)
    if model is None:
        raise StudioError(
            f"“{(ref.name or ref.id)[:80]}” is not on this machine.",
            "Take it out, or put it into the models folder and look for models again.",
        )
    if model.problem:
        raise StudioError(f"“{model.title}” cannot be used: {model.problem}", "Take it out, or choose another one.")
    if not model.fits(offer.spec.adds):
        raise StudioError(f"{offer.spec.title} has no use for “{model.title}” ({model.family}).", "Take it out.")
    if ref.sha256 and model.sha256 and ref.sha256 != model.sha256:
        raise StudioError(
            f"“{model.title}” is not the one this was made with: its file has changed.",
            "Take it out and add it again to use it as it is now.",
        )
    return replace(item, model=replace(ref, name=ref.name or model.title, sha256=ref.sha256 or model.sha256))


def _model(request: Request, offer: Offer[GeneratorSpec], models: ModelPort) -> ModelRef | None:
    """How the request names its model, with the hash where it is known by now: it is part of the request's digest."""
    if not offer.spec.models:
        return request.model
    if request.model is None:
        raise StudioError(f"{offer.spec.title} needs a model.", "Choose one; Models shows what is there.")
    ref = request.model
    model = models.get(ref.id)
    if model is None:
        raise StudioError(
            f"The model {(ref.name or ref.id)[:80]!r} is not on this machine.",
            "Choose another one, or put it into the models folder and look for models again.",
        )
    if model.problem:
        raise StudioError(f"The model {model.title!r} cannot be used: {model.problem}", "Choose another model.")
    if not model.fits(offer.spec.models):
        raise StudioError(
            f"{offer.spec.title} cannot work with the model {model.title!r} ({model.family}).", "Choose another model."
        )
    if ref.sha256 and model.sha256 and ref.sha256 != model.sha256:
        raise StudioError(
            f"The model {model.title!r} is not the one this was made with: its file has changed.",
            "Choose the model again to use it as it is now.",
        )
    return replace(ref, name=ref.name or model.title, sha256=ref.sha256 or model.sha256)
