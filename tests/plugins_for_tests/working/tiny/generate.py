"""Makes the pictures: noise that settles into one colour."""

from __future__ import annotations

import random
import struct
import time
import zlib

from studio.api import JobCancelled, Output, Preview, StepState, Tensor, media


def warm(context):
    context.cached("palette", lambda: [0])


def run(request, context):
    params = context.params
    log = context.log
    context.cached("brush", object, drop=lambda _brush: log.info("the brush is put away"))
    wish = sum(params.prompt.encode()) % 256
    dice = random.Random(request.seed)
    size = params.width * params.height * 3
    first, pixels = 0, bytes(dice.randrange(256) for _ in range(size))
    if context.resume is not None:
        index, state = context.resume
        first, pixels = index + 1, state.tensors["pixels"].data
    try:
        for index in range(first, params.steps):
            pixels = bytes((value + wish) // 2 for value in pixels)
            shown = Preview(media.RGB, pixels, params.width, params.height)
            context.preview(lambda shown=shown: shown)
            state = StepState({"pixels": Tensor("U8", (params.height, params.width, 3), pixels)}, {"index": index})
            if index < params.early:
                context.keep([output(pixels, params, context, note=str(index))])  # before the step it belongs to
            context.step(index, params.steps, preview=lambda shown=shown: shown, state=lambda state=state: state)
            wait(params.pause, context)
    except JobCancelled:
        context.keep([output(pixels, params, context, state="partial")])
        raise
    return [output(pixels, params, context)]


def wait(seconds, context):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        context.check()
        time.sleep(0.005)


def output(pixels, params, context, *, state="done", note=""):
    context.used(tiny="1.0")
    recipe = context.recipe(state=state)
    rows = b"".join(
        b"\0" + pixels[start : start + params.width * 3] for start in range(0, len(pixels), params.width * 3)
    )
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            chunk(b"IHDR", struct.pack(">IIBBBBB", params.width, params.height, 8, 2, 0, 0, 0)),
            chunk(b"tEXt", b"studio\0" + recipe.text().encode("latin-1", "replace")),
            chunk(b"tEXt", b"note\0" + note.encode()),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        )
    )
    return Output(media.PNG, data, recipe, {"width": params.width, "height": params.height})


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
