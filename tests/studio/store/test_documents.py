"""Documents: saved whole, unknown fields kept, damaged ones set aside."""

from __future__ import annotations

import os
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


def test_what_another_program_wrote_meanwhile_stays(documents: DocumentStore) -> None:
    documents.save("text", {"words": "one"})
    DocumentStore(documents.folder).save("text", {"added later": [1]})
    documents.save("text", {"words": "two"})
    assert documents.load("text") == {"words": "two", "added later": [1]}
    documents.remove("text")
    documents.save("text", {"words": "three"})
    assert documents.load("text") == {"words": "three"}


def test_a_person_can_read_it(documents: DocumentStore) -> None:
    documents.save("text", {"format": 1, "state": {"words": "Größe „ja“\n", "runs": [[0, {"a": 1.5}], []], "none": {}}})
    assert documents.path("text").read_text("utf-8").splitlines() == [
        "{",
        ' "format": 1,',
        ' "state": {',
        '  "words": "Größe „ja“\\n",',
        '  "runs": [[0, {"a": 1.5}], []],',
        '  "none": {}',
        " }",
        "}",
    ]
    with pytest.raises(ValueError, match="JSON"):
        documents.save("text", {"state": {"size": float("nan")}})


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


def test_plain_files_stand_beside_the_document(documents: DocumentStore) -> None:
    documents.save("text", {"words": "one two"}, {"01-one.md": "# One", "02-two.md": "# Zwei ä"})
    folder = documents.path("text").parent
    assert (folder / "01-one.md").read_text("utf-8") == "# One"
    documents.save("text", {"words": "two"}, {"01-two.md": "# Zwei ä"})
    assert sorted(file.name for file in folder.iterdir()) == ["01-two.md", "document.json"]
    assert documents.changed_files("text") == {}
    documents.remove("text")
    assert not folder.exists()


def test_what_another_program_wrote_into_a_plain_file_is_found(documents: DocumentStore) -> None:
    documents.save("text", {"words": "one"}, {"a.md": "one", "b.md": "two"})
    folder, now = documents.path("text").parent, documents.path("text").stat().st_mtime_ns
    (folder / "a.md").write_text("one and more", "utf-8")
    os.utime(folder / "a.md", ns=(now + 10**9, now + 10**9))
    assert documents.changed_files("text") == {"a.md": "one and more"}
    # The program was ended after the document and before its files: the older file is not news.
    (folder / "b.md").write_text("old", "utf-8")
    os.utime(folder / "b.md", ns=(now - 10**9, now - 10**9))
    assert documents.changed_files("text") == {"a.md": "one and more"}


def test_plain_files_never_leave_the_folder(documents: DocumentStore) -> None:
    with pytest.raises(ValueError):
        documents.save("text", {}, {"../x.md": "x"})
    assert not documents.path("text").exists()
