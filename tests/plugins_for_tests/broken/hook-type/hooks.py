"""Its hook returns something else."""

from studio.api import hookimpl


@hookimpl
def studio_generators():
    return ["not a spec"]
