"""Its panel cannot be imported; its generator works."""

from dataclasses import dataclass

from studio.api import GeneratorSpec, PanelSpec, hookimpl, param


@dataclass(frozen=True)
class Params:
    word: str = param("word", label="Word", help="What to say.")


@hookimpl
def studio_panels():
    return [PanelSpec(name="desk", title="Desk", make="panel:make", generators=("say",))]


@hookimpl
def studio_generators():
    return [GeneratorSpec(name="say", title="Say", run="generate:run", params=Params, media="text/plain")]
