"""Words of the pages about requests."""

from __future__ import annotations

from studio.core.request import AddedModel, ModelRef, Request
from studio.ui.pages.wording import added_text


def test_what_was_laid_over_the_model_is_named_with_its_weight() -> None:
    added = (AddedModel(ModelRef("models/ink", "ink"), 0.7), AddedModel(ModelRef("models/moss")))
    assert added_text(Request("a.b", added=added)) == "ink 0.7, models/moss"
