"""Documents: saved whole, unknown fields kept, damaged ones set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.store import DocumentStore


@pytest.fixture
def documents(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "documents")


def test_a_document_comes_back(documents: DocumentStore) -> None:
    assert documents.load("image.picture") is None
    documents.save("image.picture", {"prompt": "Größe", "layers": [1, {"a": None}]})
    assert documents.load("image.picture") == {"prompt": "Größe", "layers": [1, {"a": None}]}
    assert documents.ids() == ("image.picture",)


def test_fields_that_the_plugin_does_not_know_stay(documents: DocumentStore) -> None:
    documents.save("text", {"words": "one", "added later": [1]})
    documents.save("text", {"words": "two"})
    assert documents.load("text") == {"words": "two", "added later": [1]}


def test_nothing_is_written_where_nothing_changed(documents: DocumentStore) -> None:
    documents.save("text", {"words": "one"})
    before = documents.path("text").stat().st_mtime_ns
    documents.save("text", {"words": "one"})
    assert documents.path("text").stat().st_mtime_ns == before


def test_a_damaged_document_is_kept_and_said(documents: DocumentStore) -> None:
    documents.save("text", {"words": "one"})
    path = documents.path("text")
    path.write_text('{"words": "on')
    assert documents.load("text") is None
    documents.save("text", {"words": "new"})
    assert "“text” was damaged" in documents.notices[0]
    assert (path.parent / "document.damaged-1.json").read_text() == '{"words": "on'
    assert documents.load("text") == {"words": "new"}


def test_remove(documents: DocumentStore) -> None:
    documents.save("text", {})
    documents.remove("text")
    documents.remove("text")
    assert documents.ids() == ()
    assert not documents.path("text").parent.exists()


def test_ids_never_leave_the_folder(documents: DocumentStore) -> None:
    for bad in ("../x", "a/b", "", "nul"):
        with pytest.raises(ValueError):
            documents.load(bad)
