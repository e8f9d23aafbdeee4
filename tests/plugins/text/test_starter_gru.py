"""The recurrent sibling of the starter prose, as its training saves it: the writer and the check read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from plugins.starter.prose.recurrent import GruWriter
from plugins.text import check, generate
from plugins.text.params import CheckParams, TextParams, TextSettings
from studio.api import Model, Request
from studio.inference import devices
from studio.inference.text import models
from studio.store import ModelShelf
from studio.testing import FakeContext
from tests import tiny_writers

SETTINGS = TextSettings(device="cpu", precision="float32", threads=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("models") / "gru"
    words = tiny_writers.tokenizer()
    torch.manual_seed(4)
    GruWriter(vocab_size=len(words), width=24, layers=2, embedding=16).save_pretrained(folder)
    words.save_pretrained(folder)
    return Model("starter/prose-gru", "Starter prose, recurrent", "studio/GruWriter", folder, sha256="ab" * 32)


def test_it_computes_what_was_trained(model: Model) -> None:
    mine = models.load(model, device=devices.pick("cpu", precision="float32", threads=1))
    theirs = GruWriter.from_pretrained(model.path)
    ids = torch.tensor([mine.vocabulary.encode("The old sailor walked along the harbour.")])
    with torch.inference_mode():
        assert torch.allclose(mine.net(ids)[0], theirs(ids)[0][:, -1], atol=1e-6)


def test_it_writes_goes_on_from_a_token_and_checks(model: Model, tmp_path: Path) -> None:
    values = {"before": "The old sailor", "length": 12, "alternatives": 2}
    request = Request("text.writer", values, seed=2, model=model.ref())
    context = FakeContext(request, TextParams, scratch=tmp_path, model=model, settings=(SETTINGS,))
    texts = [output.data for output in generate.run(request, context)]
    branch = context.branch(5)
    assert [output.data for output in generate.run(branch.request, branch)] == texts
    request = Request("text.checker", {"text": "The old sailor walked. " * 30}, model=model.ref())
    context = FakeContext(request, CheckParams, scratch=tmp_path, model=model, settings=(SETTINGS,))
    found = json.loads(check.run(request, context)[0].data)
    assert found["tokens"] > 0


def test_a_copy_in_the_models_folder_is_offered_too(model: Model, tmp_path: Path) -> None:
    found = ModelShelf([model.path.parent], [], tmp_path).get("models/gru")
    assert found is not None
    assert found.problem == ""
    assert found.family == "transformers/GruWriter"
    assert models.load(found, device=devices.pick("cpu", precision="float32", threads=1)).recurrent
