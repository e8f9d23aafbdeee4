"""How states are stored: each array once a file, noise without the bits that say nothing, older files read as well."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.core.steps import Step, StepState, Tensor
from studio.store import StepStore, StepWriter, step_format

JOB = "ab" * 16


def numbers(count: int, seed: int) -> bytes:
    dice = random.Random(seed)
    return struct.pack(f"<{count}f", *(dice.gauss(0, 1) for _ in range(count)))


def history(index: int) -> StepState:
    """As a multistep scheduler keeps it: the model's answers of this step and of the one before."""
    tensors = {f"output.{back}": Tensor("F32", (1024,), numbers(1024, index - back)) for back in (1, 0)}
    return StepState({"latents": Tensor("F32", (1024,), numbers(1024, 100 + index)), **tensors}, {"index": index})


@pytest.fixture
def store(tmp_path: Path) -> StepStore:
    return StepStore(tmp_path / "steps")


def write(store: StepStore, indices: range) -> Path:
    with StepWriter(store.path(JOB)) as writer:
        for index in indices:
            writer.write(Step(index, 10, has_state=True), history(index))
    return store.path(JOB)


def test_what_a_step_shares_with_the_one_before_is_stored_once(store: StepStore) -> None:
    path = write(store, range(1))
    first = path.stat().st_size
    path.unlink()
    write(store, range(10))
    assert path.stat().st_size < 10 * first * 0.72
    assert all(store.state(JOB, index) == history(index) for index in range(10))


def test_noise_loses_a_seventh_and_no_bit(store: StepStore) -> None:
    for dtype, data in (
        ("F32", numbers(4096, 1)),
        ("F64", struct.pack("<2048d", *(random.Random(2).gauss(0, 1) for _ in range(2048)))),
        ("F16", struct.pack("<8192e", *(random.Random(3).gauss(0, 1) for _ in range(8192)))),
        ("BF16", numbers(8192, 4)[2::4] + numbers(8192, 4)[3::4]),
        ("F32", random.Random(5).randbytes(16384)),
        ("I64", random.Random(6).randbytes(16384)),
        ("F32", bytes(16384)),
        ("F32", b""),
    ):
        width = {"F32": 4, "F64": 8, "I64": 8}.get(dtype, 2)
        state = StepState({"x": Tensor(dtype, (len(data) // width,), data)})
        with StepWriter(store.path(JOB)) as writer:
            writer.write(Step(0, 1, has_state=True), state)
        assert store.state(JOB, 0) == state
        store.forget(JOB)
    assert write(store, range(1)).stat().st_size < 3 * 4096 * 0.9


def test_a_writer_that_goes_on_refers_to_nothing_it_has_not_written(store: StepStore) -> None:
    write(store, range(4))
    write(store, range(4, 8))
    left_behind = StepWriter(store.path(JOB))
    with StepWriter(store.path(JOB)) as fresh:
        fresh.write(Step(8, 10, has_state=True), history(8))
        left_behind.write(Step(9, 10, has_state=True), history(9))
        fresh.write(Step(9, 10, has_state=True), history(9))
    left_behind.close()
    assert all(store.state(JOB, index) == history(index) for index in range(10))


def test_damage_to_a_shared_array_is_noticed_where_it_is_used(store: StepStore) -> None:
    path = write(store, range(4))
    data = bytearray(path.read_bytes())
    part = history(2).tensors["output.0"].data[0::4][:64]  # its lowest bytes lie together
    at = data.find(part)
    assert at > 0
    data[at] ^= 1
    path.write_bytes(data)
    for index in (2, 3):
        with pytest.raises(StudioError, match="cannot be continued"):
            store.state(JOB, index)
    assert store.state(JOB, 1) == history(1)


def test_a_file_of_the_first_format_is_read(store: StepStore) -> None:
    import json

    store.folder.mkdir()
    raw = numbers(16, 1)
    about = json.dumps({"values": {"index": 0}, "tensors": [["x", "F32", [16], 64, 64, False]]}).encode()
    record = step_format.pack(Step(0, 1), struct.pack("<I", len(about)) + about + raw)
    store.path(JOB).write_bytes(step_format.HEADER.pack(step_format.MAGIC, 1) + record)
    assert store.state(JOB, 0) == StepState({"x": Tensor("F32", (16,), raw)}, {"index": 0})


def write_all(writer: StepWriter, indices: range) -> None:
    for index in indices:
        writer.write(Step(index, 10, has_state=True), history(index))


def test_steps_stop_at_the_room_they_have(store: StepStore) -> None:
    with StepWriter(store.path(JOB), 40_000) as writer:
        for index in range(4):
            writer.write(Step(index, 10, has_state=True), history(index))
        with pytest.raises(StudioError, match="room for kept steps is full"):
            write_all(writer, range(4, 10))
    assert store.size() <= 40_000
    kept = store.read(JOB)
    assert 2 < len(kept) < 10
    assert all(store.state(JOB, step.index) == history(step.index) for step in kept)
