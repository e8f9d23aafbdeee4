"""What one says of a work once, whatever format it goes out in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.widgets.form import ParamForm

OF_ONE = ("title", "cover", "language")
"""Options that are true of one work: the next one does not begin with them."""
OF_ALL = ("author",)
"""Options that are true of every format, and of the next work too."""
KEY = "export/everywhere"


def begin(form: ParamForm, kept: object, everywhere: object, known: Mapping[str, Any]) -> None:
    """Put in what the format was exported with last, what was said of any format since, and what is known of the work
    itself.
    """
    for values in (kept, everywhere, known):
        if isinstance(values, Mapping):
            form.set_values(values)


def carry(form: ParamForm | None, other: ParamForm | None) -> None:
    """Take what was said in one form over into the one that is shown now."""
    if form is None or other is None or form is other:
        return
    names = other.values()
    other.set_values({n: v for n, v in form.values().items() if n in (*OF_ONE, *OF_ALL) and n in names})


def to_keep(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is kept for the format, and what for every format."""
    return (
        {name: value for name, value in values.items() if name not in (*OF_ONE, *OF_ALL)},
        {name: value for name, value in values.items() if name in OF_ALL},
    )
