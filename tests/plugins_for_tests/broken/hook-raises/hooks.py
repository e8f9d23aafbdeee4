"""Its hook raises."""

from studio.api import hookimpl


@hookimpl
def studio_panels():
    raise RuntimeError("no panels today")
