"""A warming that hangs, crashes or is of no use never keeps the first job waiting for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.events import Finished, Started
from studio.core.request import Request
from tests.studio.engine.bench import Bench

HOOKS = """
from dataclasses import dataclass
from studio.api import GeneratorSpec, hookimpl

@dataclass(frozen=True)
class Params:
    word: str = "a"

@hookimpl
def studio_generators():
    names = ("say", "shout")
    return [GeneratorSpec(n, n, "generate:run", Params, "text/plain", warm="generate:warm") for n in names]
"""
GENERATE = """
import time
from pathlib import Path
from studio.api import Output

def warm(context):
    while not Path({stop!r}).exists():
        if Path({talk!r}).exists():
            context.progress("still loading")
        time.sleep(0.01)

def run(request, context):
    return [Output("text/plain", request.params["word"].encode(), context.recipe())]
"""


@pytest.fixture
def cold(tmp_path: Path) -> Path:
    """A folder with a plugin whose warming never returns until there is a file "stop"."""
    plugin = tmp_path / "plugins" / "cold"
    plugin.mkdir(parents=True)
    (plugin / "plugin.toml").write_text('id="cold"\nname="Cold"\nversion="1"\napi="1.0"\nsummary="S."\n')
    (plugin / "hooks.py").write_text(HOOKS)
    stop, talk = str(tmp_path / "stop"), str(tmp_path / "talk")
    (plugin / "generate.py").write_text(GENERATE.format(stop=stop, talk=talk))
    return tmp_path


@pytest.mark.parametrize("live", ["process", "inline"])
@pytest.mark.parametrize("wanted", ["say", "shout"])
def test_a_job_does_not_wait_for_ever_behind_a_warming(cold: Path, live: str, wanted: str) -> None:
    with Bench(cold / "project", bundled=cold / "plugins", live=live, grace=0.02) as bench:
        bench.engine.warm("cold.say")
        bench.until(lambda: bench.engine.device.name)
        first = bench.submit(Request(f"cold.{wanted}"))
        bench.wait_for(first, Finished)
        assert len(bench.workers) == 2
        assert bench.states(first)[-1] == "done"
        assert bench.plugins.plugin("cold").status == "ok"
        bench.wait_for(bench.submit(Request("cold.say", {"word": "b"})), Finished)
        assert len(bench.workers) == 2  # and it is not warmed again
        (cold / "stop").touch()  # a thread cannot be ended


def test_one_that_tells_of_its_progress_is_waited_for(cold: Path) -> None:
    (cold / "talk").touch()
    with Bench(cold / "project", bundled=cold / "plugins", live="inline", grace=0.02) as bench:
        bench.engine.warm("cold.say")
        bench.until(lambda: bench.engine.device.name)
        job = bench.submit(Request("cold.say"))
        bench.mail.wait(2.0)
        bench.until(lambda: True)
        seen = len(bench.workers)
        for _ in range(20):  # longer than a silent one would have had
            bench.mail.clear()
            bench.mail.wait(0.1)
        assert (seen, len(bench.workers), bench.of(job, Started)) == (1, 1, [])
        (cold / "stop").touch()
        bench.wait_for(job, Finished)
        assert len(bench.workers) == 1
