"""Frames: what goes in comes out, and nothing else is taken for a frame."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import pytest

from studio.core.artifact import Output
from studio.core.model import Model
from studio.core.recipe import Recipe
from studio.core.request import Input, ModelRef, Request, ResumePoint
from studio.core.steps import Preview, Step, StepState, Tensor
from studio.engine import wire
from studio.engine.context import Order
from studio.engine.frames import Frame, FrameError, pack, unpack


def through(*frames: Frame) -> list[Frame]:
    stream = io.BytesIO(b"".join(piece for frame in frames for piece in pack(frame)))
    out = []
    while (frame := unpack(stream.read)) is not None:
        out.append(frame)
    return out


def test_frames_come_out_as_they_went_in() -> None:
    frames = [Frame("a", {"text": "ü €", "list": [1, 2.5, None]}, (b"", b"\0" * 70_000)), Frame("b")]
    assert through(*frames) == frames


def test_an_order_crosses_whole() -> None:
    request = Request(
        "p.g",
        {"x": 1.5},
        7,
        ModelRef("m", "M", "0" * 64),
        (Input("image", "image/png", "1" * 64),),
        ResumePoint("j", 3),
    )
    state = StepState({"a": Tensor("F32", (2, 1), b"12345678"), "b": Tensor("U8", (), b"1")}, {"sigma": 0.5})
    order = Order(
        job="j",
        request=request,
        asked=Request("p.g"),
        model=Model("m", "M", "f/x", Path("w") / "m.safetensors", size=5),
        inputs={"image": Path("in.png")},
        settings={"Voice": {"ending": "!"}},
        steps=Path("steps") / "j",
        resume=(3, state),
        look=False,
    )
    (frame,) = through(order.frame("run"))
    assert Order.of(frame) == order


def test_values_cross_whole() -> None:
    step = Step(3, 9, Preview("image/x-rgb8", b"abc", 1, 1), "three", True)
    (frame,) = through(Frame("step", *wire.step_out(step)))
    assert wire.step_in(frame.data, frame.blobs) == step
    bare = Step(0, 0)
    assert wire.step_in(*wire.step_out(bare)) == bare
    heard = Step(5, 9, Preview("image/x-rgb8", b"abc", 1, 1, sound=b"RIFF and so on"))
    assert wire.steps_in(*wire.steps_out([step, heard, bare])) == [step, heard, bare]
    data, blobs = wire.preview_out(heard.preview)
    with pytest.raises(ValueError, match="longer"):
        wire.preview_in({**data, "sound": 99}, blobs)
    output = Output("text/plain", b"words", Recipe(Request("p.g"), {"studio": "1"}, ("0" * 64,)), {"words": 1})
    (frame,) = through(Frame("output", *wire.output_out(output)))
    assert wire.output_in(frame.data, frame.blobs) == output


@pytest.mark.parametrize(
    "data",
    [
        b"SF1",
        b"hello, world!",
        b"SF1\n" + struct.pack(">I", 2**31),
        b"SF1\n" + struct.pack(">I", 5) + b"{",
        b"SF1\n" + struct.pack(">I", 2) + b"[]",
        b"SF1\n" + struct.pack(">I", 35) + b'{"kind":"a","data":{},"blobs":[-1]}',
        b"SF1\n" + struct.pack(">I", 34) + b'{"kind":"a","data":{},"blobs":[9]}' + b"short",
        b"SF1\n" + struct.pack(">I", 46) + b'{"kind":"a","data":{},"blobs":[99999999999999]}'[:46],
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        unpack(io.BytesIO(data).read)


def test_noise_never_gets_through() -> None:
    dice = random.Random(1)
    whole = b"".join(pack(Frame("a", {"x": 1}, (b"blob",))))
    for _ in range(2000):
        broken = bytearray(whole)
        broken[dice.randrange(len(broken) - 4)] ^= 1 << dice.randrange(8)
        try:
            frame = unpack(io.BytesIO(bytes(broken)).read)
        except FrameError:
            continue
        assert isinstance(frame, Frame)
