"""The storms."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import time

from studio.api import JobCancelled, Output, StudioError, media


class OutOfMemoryError(RuntimeError):
    """Called as torch calls its own."""


def warm(context):
    context.progress("warming up")
    for _ in range(3000):
        context.check()
        time.sleep(0.01)


def run(request, context):
    mood = context.params.mood
    context.progress(f"It is {mood}", 0.5)
    answer = globals()[f"be_{mood}"](context)
    return sunny(context) if answer is None else answer


def sunny(context, text="sunny", state="done"):
    return [Output(media.TEXT, text.encode(), context.recipe(state=state))]


def be_sunny(context):
    return None


def be_raise(context):
    raise KeyError("no such cloud")


def be_words(context):
    raise StudioError("The sky is too dark.", "Wait for the morning.")


def be_exit(context):
    sys.exit(3)


def be_memory(context):
    context.cached("cloud", lambda: "grey", size=10)
    raise MemoryError


def be_cuda(context):
    raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")


def be_list(context):
    return ["not an output"]


def be_none(context):
    return []


def be_dict(context):
    return {"text": "no list"}


def be_preview(context):
    context.step(0, 1, preview=lambda: "not a preview")


def be_print(context):
    print("a stray line on the standard output")  # noqa: T201
    os.write(1, b"\x00\x01 and bytes below Python\n")


def be_network(context):
    socket.create_connection(("192.0.2.1", 80), timeout=2)


def be_stdin(context):
    return sunny(context, f"read {len(sys.stdin.read())}")


def be_abort(context):
    os.abort()


def be_null(context):
    ctypes.string_at(0)


def be_hang(context):
    while True:
        time.sleep(0.01)


def be_swallow(context):
    while True:
        try:
            context.check()
        except JobCancelled:
            context.keep(sunny(context, "what I had", "partial"))
        time.sleep(0.01)


def be_slow(context):
    while not context.cancelled:
        time.sleep(0.01)
    for _ in range(8):
        context.progress("finishing what I have")
        time.sleep(0.2)
    context.keep(sunny(context, "what I had", "partial"))
    context.check()


def be_threads(context):
    return sunny(context, f"{os.environ.get('OMP_WAIT_POLICY')} {os.environ.get('HF_HUB_OFFLINE')} {os.getpid()}")
