"""Steps files: what was written is read, what was cut off or damaged is left out, nothing else suffers."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import zlib
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.core.media import RGB, TEXT
from studio.core.steps import Preview, Step, StepState, Tensor
from studio.store import StepStore, StepWriter, step_format

JOB = "0123456789abcdef0123456789abcdef"


def noise(count: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(count)


def step(index: int, *, size: int = 16) -> tuple[Step, StepState]:
    look = Preview(RGB, bytes([index * 9 % 256]) * (size * size * 3), size, size)
    tensors = {"latents": Tensor("F32", (1, 4, 8, 8), noise(1024, index)), "ids": Tensor("I64", (64,), bytes(512))}
    return Step(index, 8, look, f"at {index}", True, JOB), StepState(tensors, {"rng": [1, index], "name": "Größe"})


@pytest.fixture
def store(tmp_path: Path) -> StepStore:
    return StepStore(tmp_path / "steps")


def write(store: StepStore, indices: range) -> Path:
    with StepWriter(store.path(JOB)) as writer:
        for index in indices:
            writer.write(*step(index))
    return store.path(JOB)


def test_steps_and_states_come_back_as_they_were(store: StepStore) -> None:
    write(store, range(8))
    assert store.read(JOB) == tuple(step(index)[0] for index in range(8))
    for index in (0, 5, 7):
        assert store.state(JOB, index) == step(index)[1]
    assert store.jobs() == (JOB,)


def test_previews_are_small_on_disk_and_noise_is_not_squeezed(store: StepStore) -> None:
    path = write(store, range(8))
    assert store.size() == path.stat().st_size < 8 * (16 * 16 * 3 + 1024 + 512)
    assert step_format.squeeze(noise(5000, 1)) == (noise(5000, 1), False)
    assert step_format.squeeze(bytes(5000))[1]


def test_a_step_without_preview_or_state(store: StepStore) -> None:
    with StepWriter(store.path(JOB)) as writer:
        writer.write(Step(0, 0), None)
        writer.write(Step(1, 0, Preview(TEXT, "Wörter".encode(), expected=0.25)), None)
    first, second = store.read(JOB)
    assert (first.preview, first.has_state) == (None, False)
    assert second.preview == Preview(TEXT, "Wörter".encode(), expected=0.25)
    with pytest.raises(StudioError, match="cannot be continued"):
        store.state(JOB, 1)


def test_cut_off_anywhere_the_whole_steps_remain(store: StepStore) -> None:
    path = write(store, range(4))
    data = path.read_bytes()
    seen = []
    for length in range(0, len(data), 37):
        path.write_bytes(data[:length])
        steps = store.read(JOB)
        for s in steps:
            assert (s.total, s.label) == (8, f"at {s.index}")
            assert s.preview == step(s.index)[0].preview
            if s.has_state:
                assert store.state(JOB, s.index) == step(s.index)[1]
        seen.append(len(steps))
    assert seen == sorted(seen)
    assert set(seen) == {0, 1, 2, 3, 4}


def test_a_writer_goes_on_behind_the_last_whole_step(store: StepStore) -> None:
    path = write(store, range(4))
    path.write_bytes(path.read_bytes()[:-100])
    with StepWriter(path) as writer:
        writer.write(*step(3))
        writer.write(*step(4))
    assert store.read(JOB) == tuple(step(index)[0] for index in range(5))
    assert store.state(JOB, 3) == step(3)[1]


def test_of_two_steps_with_one_index_the_later_counts(store: StepStore) -> None:
    write(store, range(3))
    with StepWriter(store.path(JOB)) as writer:
        writer.write(Step(1, 8, label="again"), StepState(values={"v": 2}))
    assert [s.label for s in store.read(JOB)] == ["at 0", "again", "at 2"]
    assert store.state(JOB, 1).values["v"] == 2


def test_random_damage_is_never_believed(store: StepStore) -> None:
    path = write(store, range(6))
    data, chance, missing = path.read_bytes(), random.Random(3), 0
    for _ in range(300):
        damaged = bytearray(data)
        at = chance.randrange(step_format.HEADER.size, len(data))
        damaged[at] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        steps = store.read(JOB)
        missing += 6 - len(steps)
        assert len(steps) >= 5  # one flipped bit costs at most its own step
        for s in steps:
            assert s == step(s.index)[0]
            with contextlib.suppress(StudioError):
                assert store.state(JOB, s.index) == step(s.index)[1]
    assert missing > 0


def test_a_reader_sees_whole_steps_while_they_are_written(store: StepStore) -> None:
    with StepWriter(store.path(JOB)) as writer:
        for index in range(3):
            writer.write(*step(index))
            assert len(store.read(JOB)) == index + 1


def test_two_writers_on_one_file_do_not_tear_each_others_steps(store: StepStore) -> None:
    left_behind = StepWriter(store.path(JOB))
    left_behind.write(*step(0))
    with StepWriter(store.path(JOB)) as fresh:
        for index in range(1, 5):
            left_behind.write(*step(index - 1))
            fresh.write(*step(index))
    left_behind.close()
    assert store.read(JOB) == tuple(step(index)[0] for index in range(5))
    assert [store.state(JOB, index) for index in range(5)] == [step(index)[1] for index in range(5)]


def test_a_full_disk_costs_only_the_step_that_did_not_fit(store: StepStore, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = StepWriter(store.path(JOB))
    writer.write(*step(0))
    original = os.write

    def half(number: int, data: bytes) -> int:
        original(number, bytes(data)[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(StudioError, match="disk is full"):
            writer.write(*step(1))
    writer.write(*step(2))
    writer.close()
    assert [s.index for s in store.read(JOB)] == [0, 2]


def test_a_file_of_a_newer_studio_is_neither_read_nor_touched(store: StepStore) -> None:
    path = write(store, range(2))
    data = bytearray(path.read_bytes())
    data[:16] = step_format.HEADER.pack(step_format.MAGIC, 99)
    path.write_bytes(data)
    for use in (lambda: store.read(JOB), lambda: store.state(JOB, 0), lambda: StepWriter(path)):
        with pytest.raises(StudioError, match="newer version"):
            use()
    assert path.read_bytes() == bytes(data)


def test_a_foreign_file_is_said_to_be_unreadable(store: StepStore) -> None:
    path = store.path(JOB)
    path.parent.mkdir()
    path.write_bytes(b"PK\3\4" + bytes(100))
    with pytest.raises(StudioError, match="cannot be read"):
        store.read(JOB)


def test_a_zlib_bomb_is_not_inflated() -> None:
    with pytest.raises(ValueError, match="instead of 1000"):
        step_format.unsqueeze(zlib.compress(bytes(50_000_000)), True, 1000, limit=1 << 25)
    with pytest.raises(ValueError, match="out of bounds"):
        step_format.unsqueeze(b"", True, 1 << 40, limit=1 << 25)


def test_many_marks_are_read_through_quickly(store: StepStore) -> None:
    path = store.path(JOB)
    path.parent.mkdir()
    path.write_bytes(step_format.header() + step_format.MARK * 500_000)  # would be quadratic with a naive search
    assert store.read(JOB) == ()


def test_a_tensor_of_the_wrong_size_is_refused_when_written(store: StepStore) -> None:
    with StepWriter(store.path(JOB)) as writer, pytest.raises(ValueError, match="latents"):
        writer.write(Step(0, 1), StepState({"latents": Tensor("F32", (4,), bytes(15))}))


def test_forget_and_unknown_jobs(store: StepStore) -> None:
    write(store, range(2))
    store.forget(JOB)
    store.forget(JOB)
    assert store.read(JOB) == ()
    assert store.size() == 0
    with pytest.raises(StudioError):
        store.state(JOB, 0)
    with pytest.raises(ValueError):
        store.path("../../etc/passwd")
