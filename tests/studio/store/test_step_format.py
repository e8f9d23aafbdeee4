"""How states are stored: each array once a file, noise without the bits that say nothing, older files read as well."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import pytest

from studio.core import media
from studio.core.errors import StudioError
from studio.core.steps import Preview, Step, StepState, Tensor
from studio.store import StepStore, StepWriter, preview_format, step_format

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


# --- arrays that follow from others, looks at pictures ---------------------------------------------------------------


def corrected(index: int, count: int = 16384) -> StepState:
    """As UniPC keeps it: the corrected sample, two answers of the model, and the latents that were made of them."""
    import numpy as np

    def drawn(seed: int) -> np.ndarray:
        return np.random.default_rng(seed).standard_normal(count).astype(np.float32)

    sample, old, new = drawn(1000 + index), drawn(index), drawn(index + 1)
    sigma = np.float32(0.9 - 0.02 * index)
    latents = sample * sigma + (new * np.float32(0.3) - old * np.float32(0.07))
    arrays = {"latents": latents, "outputs.0": old, "outputs.1": new, "last_sample": sample}
    return StepState({name: Tensor("F32", (count,), one.tobytes()) for name, one in arrays.items()}, {"index": index})


def test_what_follows_from_the_rest_of_a_state_takes_next_to_nothing_and_loses_no_bit(store: StepStore) -> None:
    states = [corrected(index) for index in range(8)]
    with StepWriter(store.path(JOB)) as writer:
        for index, state in enumerate(states):
            writer.write(Step(index, 8, has_state=True), state)
    assert [store.state(JOB, index) for index in range(8)] == states
    assert store.size() < 8 * 2.4 * 65536 * 0.87  # of four arrays two, and what is left of rounding
    with StepWriter(store.path(JOB)) as writer:  # one that goes on knows of nothing before it, and needs nothing
        writer.write(Step(8, 9, has_state=True), corrected(8))
    assert store.state(JOB, 8) == corrected(8)


def test_numbers_that_are_none_are_kept_as_they_are(store: StepStore) -> None:
    import numpy as np

    state = corrected(1)
    odd = np.frombuffer(state.tensors["latents"].data, np.float32).copy()
    odd[:4] = np.nan, np.inf, -np.inf, -0.0
    state = StepState({**state.tensors, "latents": Tensor("F32", (16384,), odd.tobytes())})
    with StepWriter(store.path(JOB)) as writer:
        writer.write(Step(0, 1, has_state=True), state)
    assert store.state(JOB, 0) == state


@pytest.mark.parametrize(
    ("terms", "packed"),
    [
        ([[0, 1.0], [7, 1.0]], b""),  # an array that is not there
        ([], b""),
        ([[3, 1.0]], b""),  # itself
        ([[0, float("inf")]], b""),
        ([[0, 1.0]], b"no zlib"),
        ([[0, 1.0]], zlib.compress(bytes(100_000_000))),
        ([[0, "x"]], b""),
        (None, b""),
    ],
)
def test_a_sum_that_was_tampered_with_is_damage(store: StepStore, terms: object, packed: bytes) -> None:
    import json

    raw = numbers(1024, 1)
    arrays = [[name, "F32", [1024], 4096, 4096, False] for name in "abc"]
    arrays.append(["d", "F32", [1024], 4096, len(packed), {"linear": terms}])
    about = json.dumps({"values": {}, "tensors": arrays}).encode()
    store.folder.mkdir()
    record = step_format.pack(Step(0, 1), struct.pack("<I", len(about)) + about + raw * 3 + packed)
    store.path(JOB).write_bytes(step_format.header() + record)
    with pytest.raises(StudioError, match="cannot be continued"):
        store.state(JOB, 0)


def test_a_look_at_a_picture_is_kept_small_and_looks_the_same(store: StepStore) -> None:
    import numpy as np

    rows, columns = np.mgrid[0:192, 0:256]
    picture = np.stack([rows, columns, (rows + columns) // 2], axis=2).astype(np.uint8)
    picture = (picture * 0.9 + np.random.default_rng(0).integers(0, 20, picture.shape)).astype(np.uint8)
    look = Preview(media.RGB, picture.tobytes(), 256, 192)
    words = Preview(media.TEXT, b"word " * 2000)
    with StepWriter(store.path(JOB)) as writer:
        writer.write(Step(0, 2, look))
        writer.write(Step(1, 2, words))
    assert store.size() < 40_000
    first, second = (step.preview for step in store.read(JOB))
    assert second == words
    assert first is not None
    assert (first.media, first.width, first.height, len(first.data)) == (media.RGB, 256, 192, picture.size)
    error = np.frombuffer(first.data, np.uint8).astype(float) - picture.reshape(-1)
    assert np.sqrt(np.mean(error**2)) < 6


def test_a_look_that_is_not_what_it_says_is_damage(store: StepStore) -> None:
    look = Preview(media.RGB, bytes(range(256)) * 48, 64, 64)
    good = preview_format.pack_preview(look)
    for about, data in (
        ({**good[1], "width": 32, "height": 128}, good[0]),
        (good[1], good[0][:200]),
        (good[1], b"not a JPEG"),
        ({**good[1], "size": 1 << 40}, good[0]),
    ):
        with pytest.raises(ValueError):
            preview_format.unpack_preview(about, data, limit=1 << 25)
    assert len(preview_format.unpack_preview(good[1], good[0], limit=1 << 25).data) == 12288


def test_a_step_that_can_be_heard_is_kept_with_its_sound(store: StepStore) -> None:
    looks = [Preview(media.RGB, bytes(12288), 64, 64, sound=b"RIFF" * 9000)]
    looks.append(Preview(media.RGB, b"abc", 1, 1, sound=b"x"))
    with StepWriter(store.path(JOB)) as writer:
        for index, look in enumerate(looks):
            writer.write(Step(index, 2, look))
    assert [step.preview.sound for step in store.read(JOB) if step.preview] == [look.sound for look in looks]
    data, about = preview_format.pack_preview(looks[1])
    with pytest.raises(ValueError, match="sound"):
        preview_format.unpack_preview({**about, "sound": 99}, data, limit=1 << 25)


# --- arrays that grow ------------------------------------------------------------------------------------------------


def told(count: int) -> StepState:
    """As a writer of tokens keeps it: all of them so far."""
    tokens = struct.pack(f"<{count}i", *(number * 7919 % 32000 for number in range(count)))
    return StepState({"tokens": Tensor("I32", (count,), tokens)}, {"count": count})


def test_of_tokens_each_step_keeps_the_last_ones(store: StepStore) -> None:
    with StepWriter(store.path(JOB)) as writer:
        for index in range(1000):
            writer.write(Step(index, 1000, has_state=True), told(index + 1))
    with StepWriter(store.path(JOB)) as writer:
        for index in range(1000, 1200):
            writer.write(Step(index, 1200, has_state=True), told(index + 1))
    assert all(store.state(JOB, index) == told(index + 1) for index in (0, 63, 64, 200, 500, 999, 1000, 1001, 1199))
    assert store.size() < 1200 * 700  # stored whole each time: 2.9 MB


def test_an_array_that_goes_on_elsewhere_is_kept_whole(store: StepStore) -> None:
    other = StepState({"tokens": Tensor("I32", (300,), bytes(1200))}, {})
    states = [told(100), told(101), other, told(102), told(50), told(103), told(900)]
    with StepWriter(store.path(JOB)) as writer:
        for index, state in enumerate(states):
            writer.write(Step(index, 10, has_state=True), state)
    assert [store.state(JOB, index) for index in range(len(states))] == states
