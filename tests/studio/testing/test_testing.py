"""The tools for plugin authors, tried on the very plugin that docs/plugins.md tells people to write."""

from __future__ import annotations

import importlib
import io
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.api import Changed, Job, JobCancelled, JobPaused, JobState, Recipe, Request, StudioError, parse
from studio.engine import imports
from studio.testing import FakeContext, FakePanelHost, check_plugin

PAGE = Path(__file__).parents[3] / "docs" / "plugins.md"


def write_example(folder: Path) -> Path:
    """The files of docs/plugins.md: each code block names its file in its first line."""
    for name, body in re.findall(r"^```\w+\n# (rings/\S+)\n(.*?)^```", PAGE.read_text("utf-8"), re.S | re.M):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, "utf-8")
    return folder / "rings"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return write_example(tmp_path / "plugins")


@pytest.fixture
def rings(tmp_path: Path) -> Any:
    """The example's generate and params modules, imported as the host would."""
    folder = write_example(tmp_path / "again")
    package = imports.package_name(imports.USER, folder)
    imports.add_package(package, folder)
    return importlib.import_module(f"{package}.generate"), importlib.import_module(f"{package}.params").Rings


def context_for(request: Request, params: type, tmp_path: Path, **wishes: Any) -> FakeContext:
    return FakeContext(request, params, scratch=tmp_path, **wishes)


REQUEST = Request("rings.picture", {"drops": 5, "width": 96, "height": 64}, seed=3)


def test_the_documented_plugin_is_right(example: Path) -> None:
    assert {path.name for path in example.iterdir()} == {
        "plugin.toml",
        "params.py",
        "hooks.py",
        "generate.py",
        "test_rings.py",
    }
    check_plugin(example)


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("plugin.toml", 'api = "1.0"', 'api = "9.0"', "made for a newer Studio"),
        ("plugin.toml", 'id = "rings"', 'id = "R ings"', "id is 'R ings'"),
        ("hooks.py", "from studio.api import", "import numpy\nfrom studio.api import", "hooks.py loads .*numpy"),
        ("params.py", "from studio.api import", "from studio.core.params import", "studio.core.params is private"),
        ("params.py", 'help="Pixels down."', 'help=""', "Rings.height has no help"),
        ("params.py", "maximum=40.0, ", "", "Rings.ripple needs a minimum and a maximum"),
        ("hooks.py", '"generate:run"', '"generate:walk"', "'generate:walk' cannot be loaded"),
        ("hooks.py", '"generate:run"', '"generate:np"', "is no function"),
        ("hooks.py", "media=media.PNG", 'media="picture"', "'picture' is not a media type"),
        ("generate.py", "import io", "import io\nfrom PySide6 import QtCore", "generate.py loads PySide6"),
        ("generate.py", "import io", "import io\nimport plugins.image", "import its own parts relatively"),
        ("generate.py", "import io", "raise SystemExit(3)", "generate.py cannot be imported"),
    ],
)
def test_everything_that_is_wrong_is_named(example: Path, file: str, old: str, new: str, complaint: str) -> None:
    path = example / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(AssertionError, match=complaint):
        check_plugin(example)


def test_a_neighbour_is_not_blamed_on_it(example: Path) -> None:
    neighbour = example.parent / "broken"
    neighbour.mkdir()
    (neighbour / "plugin.toml").write_text('id = "broken"\nname = "B"\nversion = "1"\napi = "1.0"\nsummary = "s"\n')
    (neighbour / "hooks.py").write_text("raise RuntimeError('must not even be imported')")
    check_plugin(example)


def test_a_run_is_recorded(rings: Any, tmp_path: Path) -> None:
    generate, params = rings
    context = context_for(REQUEST, params, tmp_path)
    (output,) = generate.run(REQUEST, context)
    assert [step.index for step in context.steps] == [0, 1, 2, 3, 4]
    assert all(step.preview and (step.preview.width, step.preview.height) == (96, 64) for step in context.steps)
    picture = Image.open(io.BytesIO(output.data), formats=("PNG",))
    assert picture.size == (96, 64)
    assert Recipe.from_json(output.recipe.to_json()).request == REQUEST


def test_nobody_looks_so_nothing_is_drawn(rings: Any, tmp_path: Path) -> None:
    generate, params = rings
    context = context_for(REQUEST, params, tmp_path, looks=False)
    generate.run(REQUEST, context)
    assert [step.preview for step in context.steps] == [None] * 5


@pytest.mark.parametrize(("wish", "error"), [("cancel_at", JobCancelled), ("pause_at", JobPaused)])
def test_a_stopped_run_keeps_its_partial_result(rings: Any, tmp_path: Path, wish: str, error: type) -> None:
    generate, params = rings
    context = context_for(REQUEST, params, tmp_path, **{wish: 2})
    with pytest.raises(error):
        generate.run(REQUEST, context)
    assert len(context.steps) == 3
    assert [output.recipe.state for output in context.outputs] == ["partial"]


def test_a_branch_arrives_where_the_whole_run_did(rings: Any, tmp_path: Path) -> None:
    generate, params = rings
    whole = context_for(REQUEST, params, tmp_path)
    (straight,) = generate.run(REQUEST, whole)
    (branched,) = generate.run(REQUEST, whole.branch(1))
    assert branched.data == straight.data
    other = REQUEST.with_params(ripple=20.0)
    (changed,) = generate.run(other, whole.branch(1, other))
    assert changed.data != straight.data


def test_a_context_holds_a_generator_to_its_promises(rings: Any, tmp_path: Path) -> None:
    _, params = rings
    context = context_for(REQUEST, params, tmp_path)
    with pytest.raises(AssertionError, match="step 1 came where step 0 was due"):
        context.step(1, 5)
    with pytest.raises(AssertionError, match="0 … 1"):
        context.progress("Loading", 40)
    with pytest.raises(TypeError):
        context.used(device=object())
    caught: list[BaseException] = []

    def from_elsewhere() -> None:
        try:
            context.keep([])
        except AssertionError as error:
            caught.append(error)

    thread = threading.Thread(target=from_elsewhere)
    thread.start()
    thread.join()
    assert "thread" in str(caught[0])


def test_a_panel_host_checks_requests_and_plays_events(rings: Any, tmp_path: Path) -> None:
    _, params = rings
    host = FakePanelHost(tmp_path, panel_id="rings.water", generators={"picture": params})
    with pytest.raises(StudioError, match="Drops"):
        host.submit(Request("rings.picture", {"drops": 0}))
    job = host.submit(REQUEST, title="rings")
    assert host.submitted == [(job, REQUEST)]
    assert [item.state for item in host.jobs()] == [JobState.QUEUED]

    class Panel:
        def __init__(self) -> None:
            self.heard: list[Any] = []

        def on_event(self, event: Any) -> None:
            self.heard.append(event)

    panel = Panel()
    done = Job(job, REQUEST, state=JobState.DONE)
    host.play(panel, [Changed(job, done)])
    assert panel.heard == [Changed(job, done)]
    assert not host.jobs()
    brought = host.bring_in(b"not really a picture", media="image/png", title="x")
    assert host.artifact(brought.id) == brought
    assert brought.path.read_bytes() == b"not really a picture"
    assert host.settings(params) == parse(params, {})
