"""It knows a hook that there is not."""

from studio.api import hookimpl


@hookimpl
def studio_generator():
    return []
