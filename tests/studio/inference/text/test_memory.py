"""What is remembered of a text: little is read again, and nothing comes out differently for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from studio.inference import devices
from studio.inference.text import models
from studio.inference.text.memory import Prompts
from studio.inference.text.pieces import LENGTH, can_be_pieced
from tests import tiny_writers


class Counted:
    """How many tokens a network really takes in."""

    def __init__(self, net: Any) -> None:
        self.tokens = 0
        net.get_input_embeddings().register_forward_pre_hook(self._came)

    def _came(self, _module: Any, args: tuple[Any, ...]) -> None:
        self.tokens += args[0].shape[1]

    def since(self) -> int:
        """Tokens since the last call."""
        count, self.tokens = self.tokens, 0
        return count


def text_of(writer: models.Writer, count: int, *, seed: int = 0) -> list[int]:
    chance = torch.Generator().manual_seed(seed)
    return torch.randint(5, writer.vocabulary.highest, (count,), generator=chance).tolist()


@torch.inference_mode()
def read(prompts: Prompts, ids: list[int]) -> torch.Tensor:
    return prompts.read(ids)[1]


@pytest.mark.parametrize("name", tiny_writers.NAMES)
def test_changing_the_end_reads_the_end_and_gives_the_same_to_the_last_digit(tmp_path: Path, name: str) -> None:
    device = devices.pick("cpu", precision="float32", threads=1)
    device.prepare()
    writer = models.load(tiny_writers.save(tmp_path / name, name, window=1024), device=device)
    prompts, ids = Prompts(writer.net, device.torch), text_of(writer, 700)
    counted = Counted(writer.net)
    read(prompts, ids)
    assert counted.since() == 700
    for end in (3, 40, 150):
        changed = [*ids[:-end], *text_of(writer, end + 9, seed=end)]
        now = read(prompts, changed)
        again = counted.since()
        assert again == prompts.read_tokens
        assert again < end + 9 + 2 * prompts.part
        assert torch.equal(now, read(Prompts(writer.net, device.torch), changed))
        counted.since()


def test_the_usual_networks_are_read_in_small_pieces_of_one_pass(writer: models.Writer) -> None:
    torch.set_num_threads(1)
    assert can_be_pieced(writer.net, torch.device("cpu"))
    assert Prompts(writer.net, torch.device("cpu")).part == LENGTH == 64
    assert not can_be_pieced(writer.net, torch.device("meta"))


@pytest.mark.parametrize("count", [1, 2, LENGTH - 1, LENGTH, LENGTH + 1, 2 * LENGTH, 2 * LENGTH + 1, 200])
def test_a_text_that_grows_by_one_token_at_any_length(writer: models.Writer, count: int) -> None:
    ids = text_of(writer, count + 1)
    prompts = Prompts(writer.net, torch.device("cpu"))
    read(prompts, ids[:-1])
    assert torch.equal(read(prompts, ids), read(Prompts(writer.net, torch.device("cpu")), ids))


def test_sixteen_bits_are_read_alike_in_whole_passes(tmp_path: Path) -> None:
    device = devices.pick("cpu", precision="bfloat16", threads=1)
    device.prepare()
    writer = models.load(tiny_writers.save(tmp_path / "half", window=1024), device=device)
    prompts, ids = Prompts(writer.net, device.torch), text_of(writer, 700)
    read(prompts, ids)
    changed = [*ids[:-20], *text_of(writer, 30, seed=1)]
    assert torch.equal(read(prompts, changed), read(Prompts(writer.net, device.torch), changed))
    assert prompts.read_tokens < 700


def test_writing_at_two_places_in_turns_reads_neither_from_the_beginning(writer: models.Writer) -> None:
    prompts = Prompts(writer.net, torch.device("cpu"))
    late = text_of(writer, 1000)
    early = [*late[:200], *text_of(writer, 30, seed=1)]
    read(prompts, late)
    for place in (early, late, early, late):
        read(prompts, [*place, 7])
        assert prompts.read_tokens < 3 * LENGTH


def test_a_recurrent_model_goes_on_where_the_texts_part(tmp_path: Path, device: devices.Device) -> None:
    writer = models.load(tiny_writers.save_recurrent(tmp_path / "gru"), device=device)
    prompts, ids = Prompts(writer.net, device.torch), text_of(writer, 500)
    read(prompts, ids)
    changed = [*ids[:-10], *text_of(writer, 12, seed=1)]
    assert torch.equal(read(prompts, changed), read(Prompts(writer.net, device.torch), changed))
    assert prompts.read_tokens < 12 + LENGTH
