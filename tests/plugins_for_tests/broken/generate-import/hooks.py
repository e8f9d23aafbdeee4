"""Its generator cannot be imported."""

from dataclasses import dataclass

from studio.api import GeneratorSpec, hookimpl, param


@dataclass(frozen=True)
class Params:
    word: str = param("word", label="Word", help="What to say.")


@hookimpl
def studio_generators():
    return [GeneratorSpec(name="say", title="Say", run="generate:run", params=Params, media="text/plain")]
