"""Writes the words: each follows from the sum of all before it and the seed."""

from __future__ import annotations

import time

from studio.api import Output, Preview, Step, StepState, media

from .params import Voice

WORDS = ("moon", "sea", "bird", "glass", "stone", "light", "rain", "door")


def run(request, context):
    params = context.params
    words, total = [params.prompt], request.seed
    if context.resume is not None:
        _, state = context.resume
        words, total = list(state.values["words"]), int(state.values["total"])
    context.log.info("writing with %s", context.model.title)
    bunch = []
    for index in range(len(words) - 1, params.length):
        total = (total * 31 + len(words)) % 1_000_003
        words.append(WORDS[total % len(WORDS)])
        now = StepState({}, {"words": list(words), "total": total})
        shown = Preview(media.TEXT, " ".join(words).encode())
        if params.bunch > 1:
            bunch.append(
                (Step(index, params.length, shown, has_state=params.remember), now if params.remember else None)
            )
            if len(bunch) == params.bunch or index + 1 == params.length:
                context.step_several(bunch)
                bunch = []
        else:
            context.step(
                index,
                params.length,
                preview=lambda shown=shown: shown,
                state=(lambda now=now: now) if params.remember else None,
            )
        end = time.monotonic() + params.pause
        while time.monotonic() < end:
            context.check()
            time.sleep(0.005)
    text = " ".join(words) + context.settings(Voice).ending
    return [Output(media.TEXT, text.encode(), context.recipe(), {"words": len(words)})]
