from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.api import ModelRef, Request
from studio.cli import main
from studio.cli.meter import Meter, readable
from studio.engine import Engine, InlineWorker, Mailbox, PluginHost
from studio.store import ModelShelf, Places, Project, SettingsStore, StepWriter, bundled

SMALL = ["--width", "64", "--height", "64", "--steps", "4", "--model", "models/tiny"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests import tiny_models

    home = tmp_path_factory.mktemp("home")
    tiny_models.save(tiny_models.stable_diffusion(), home / "models" / "tiny")
    return home


@pytest.fixture(autouse=True)
def _at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(home))


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def run(*arguments: str) -> int:
    """In this process, as the `studio` script does it; argparse's own endings become codes."""
    try:
        return main(list(arguments))
    except SystemExit as ending:
        return int(ending.code or 0)


def generate(*arguments: str) -> int:
    return run("generate", "image", *SMALL, "--in-process", *arguments)


def through_the_engine(home: Path, project: Path, request: Request) -> Path:
    """The window's own path: plugin host, store and engine, as studio.app joins them."""
    places = Places.under(home)
    plugins = PluginHost(bundled() / "plugins", None, entry_points=False)
    plugins.load()
    with Project.open(project) as opened:
        mailbox = Mailbox()
        engine = Engine(
            plugins=plugins,
            mailbox=mailbox,
            journal=opened.queue,
            artifacts=opened.artifacts,
            steps=opened.steps,
            models=ModelShelf([places.models], (), places.cache),
            settings=SettingsStore(places.config / "settings.json").values,
            worker=lambda: InlineWorker(plugins, StepWriter),
        )
        engine.start()
        try:
            job = engine.submit(request)
            while not (ended := engine.job(job.id)) or not ended.state.ended:
                time.sleep(0.02)
            assert ended.problem is None, ended.problem
            artifact = opened.artifacts.get(ended.artifacts[0])
            assert artifact is not None
            return artifact.path
        finally:
            engine.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "x.png"


def test_the_pixels_are_those_of_the_window(home: Path, out: Path, tmp_path: Path) -> None:
    request = Request(
        "image.diffusion",
        {"prompt": "a castle", "steps": 4, "width": 64, "height": 64},
        7,
        ModelRef("models/tiny"),
    )
    windows = through_the_engine(home, tmp_path / "other", request)
    assert generate("--prompt", "a castle", "--seed", "7", "--out", str(out), "--quiet") == 0
    assert np.array_equal(pixels(windows), pixels(out))
    host = tmp_path / "host.png"
    alone = ["generate", "image", *SMALL, "--prompt", "a castle", "--seed", "7", "--again", "--out", str(host)]
    result = subprocess.run([sys.executable, "-m", "studio", *alone], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(host)
    assert "Step 4 of 4" in result.stderr
    assert np.array_equal(pixels(windows), pixels(host))


def test_json_says_what_was_made(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate("--seed", "3", "--count", "2", "--json", "--quiet", "--out", str(out)) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["seed"], second["seed"]) == (3, 4)
    assert first["state"] == "done"
    files = [Path(first["files"][0]), Path(second["files"][0])]
    assert [file.name for file in files] == ["x-1.png", "x-2.png"]
    assert not np.array_equal(pixels(files[0]), pixels(files[1]))


def test_a_seed_that_was_not_given_is_told(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate("--out", str(out)) == 0
    told = capsys.readouterr().err
    seed = told.rpartition("seed ")[2].strip()
    first = pixels(out)
    assert generate("--seed", seed, "--again", "--out", str(out), "--quiet") == 0
    assert np.array_equal(first, pixels(out))


def test_the_ending_chooses_the_format(tmp_path: Path) -> None:
    for suffix, kind in ((".jpg", "JPEG"), (".jpeg", "JPEG"), (".webp", "WEBP"), (".avif", "AVIF"), (".tif", "TIFF")):
        path = tmp_path / f"x{suffix}"
        assert generate("--seed", "1", "--quiet", "--out", str(path)) == 0
        with Image.open(path) as read:
            assert read.format == kind
    assert generate("--out", str(tmp_path / "x.psd")) == 2
    assert generate("--out", str(tmp_path / "no" / "x.png")) == 2


def test_from_a_picture(out: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.png"
    Image.linear_gradient("L").convert("RGB").save(start)
    alone, with_picture = tmp_path / "alone.png", tmp_path / "with.png"
    assert generate("--seed", "1", "--out", str(alone), "--quiet") == 0
    assert (
        generate("--seed", "1", "--input", str(start), "--strength", "0.5", "--out", str(with_picture), "--quiet") == 0
    )
    assert not np.array_equal(pixels(alone), pixels(with_picture))
    assert generate("--input", str(tmp_path / "none.png")) == 2


def test_set_is_the_same_as_an_option(tmp_path: Path) -> None:
    one, two = tmp_path / "1.png", tmp_path / "2.png"
    assert generate("--seed", "2", "--scheduler", "unipc", "--guidance-scale", "3", "--out", str(one), "--quiet") == 0
    assert (
        generate("--seed", "2", "--set", "scheduler=unipc", "--set", "guidance-scale=3", "--out", str(two), "--quiet")
        == 0
    )
    assert np.array_equal(pixels(one), pixels(two))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--steps", "0"], "1 to 500"),
        (["--steps", "many"], "must be a number"),
        (["--width", "65"], "multiple of 8"),
        (["--scheduler", "magic"], "there is no 'magic'"),
        (["--seed", "-1"], "seed"),
        (["--seed", "4294967296"], "seed"),
        (["--count", "0"], "count"),
        (["--set", "nonsense"], "NAME=VALUE"),
        (["--set", "nonsense=1"], "NAME=VALUE"),
        (["--nonsense"], "unrecognized"),
    ],
)
def test_wrong_arguments_are_said_and_end_with_2(
    arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(*arguments) == 2
    assert word in capsys.readouterr().err.replace("from 1 to", "1 to")


def test_a_model_that_is_not_there_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("generate", "image", "--model", "models/none", "--in-process") == 1
    assert "There is no model “models/none”" in capsys.readouterr().err


def test_help_lists_every_param_with_its_range(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("generate", "image", "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "--prompt",
        "--negative-prompt",
        "--steps",
        "1 to 500",
        "--strength",
        "0 to 1",
        "a multiple of 8",
        "unipc",
    ):
        assert part in text
    assert run("--help") == 0
    assert "generate" in capsys.readouterr().out


@pytest.fixture
def in_use(home: Path) -> Iterator[Project]:
    """The project that commands take by default, open as in a window."""
    project = Project.open(Places.under(home).first_project.with_name("My studio"))
    yield project
    project.close()


def test_while_a_window_has_the_project(in_use: Project, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate("--seed", "5") == 1
    assert "already open" in capsys.readouterr().err
    assert generate("--seed", "5", "--out", str(out)) == 0
    assert "already open" in capsys.readouterr().err
    assert pixels(out).shape == (64, 64, 3)
    assert generate("--seed", "5", "--out", str(out), "--project", str(in_use.folder)) == 1
    assert run("library", "--json") == 0
    assert isinstance(json.loads(capsys.readouterr().out), list)


def test_the_library_finds_what_was_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = ["--project", str(tmp_path / "p")]
    assert generate("--prompt", "a blue lighthouse", "--seed", "9", "--quiet", *project) == 0
    (file,) = capsys.readouterr().out.split("\n")[:1]
    assert run("library", "lighthouse", "--json", *project) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["file"] == file
    assert row["recipe"]["request"]["seed"] == 9
    assert row["facts"]["width"] == 64
    assert run("library", "submarine", *project) == 0
    assert "Nothing was found" in capsys.readouterr().out
    assert run("library", "--project", str(tmp_path / "nowhere")) == 1
    assert "no project" in capsys.readouterr().err


def test_models_and_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "--json", "--hash") == 0
    models = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert models["models/tiny"]["family"] == "diffusers/StableDiffusionPipeline"
    assert len(models["models/tiny"]["sha256"]) == 64
    assert run("models") == 0
    assert "models/tiny" in capsys.readouterr().out
    assert run("plugins", "--json") == 0
    plugins = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert plugins["image"]["status"] == "ok"
    assert plugins["image"]["generators"] == ["image.diffusion"]
    assert run("plugins") == 0
    assert "image.diffusion" in capsys.readouterr().out


def test_listings_load_neither_qt_nor_torch() -> None:
    code = (
        "import sys; from studio.cli import main; main(['models', '--json']); main(['plugins']);"
        "bad = [m for m in ('torch', 'diffusers', 'PySide6', 'numpy') if m in sys.modules]; sys.exit(3 if bad else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_interrupting_keeps_the_partial_picture(tmp_path: Path) -> None:
    out = tmp_path / "x.png"
    arguments = ["generate", "image", "--model", "models/tiny", "--width", "128", "--height", "128", "--steps", "500"]
    command = [sys.executable, "-m", "studio", *arguments, "--seed", "1", "--out", str(out), "--in-process"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "Step" not in (line := process.stderr.readline()):
            assert line, "it ended before its first step"
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    partial = tmp_path / "x-partial.png"
    assert printed.strip() == str(partial)
    assert "the partial result was kept" in said
    assert pixels(partial).shape == (128, 128, 3)
    assert not out.exists()


def test_without_a_command_the_window_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    module = type(sys)("studio.app")
    module.main = lambda argv: seen.append(argv) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "studio.app", module)
    assert run() == 0
    assert run("--safe-mode") == 0
    assert seen == [[], ["--safe-mode"]]


# --- the meter -------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_one_line_that_is_drawn_over() -> None:
    stream = Terminal()
    meter = Meter(stream)
    meter.message("Loading a model with a rather long name")
    meter.step(0, 4)
    meter.step(3, 4)
    meter.end()
    lines = stream.getvalue().split("\r")
    assert lines[-1].rstrip() == "[########################] Step 4 of 4"
    assert stream.getvalue().count("\n") == 1


def test_a_file_gets_a_line_for_every_tenth() -> None:
    stream = io.StringIO()
    meter = Meter(stream)
    for index in range(100):
        meter.step(index, 100)
    assert len(stream.getvalue().splitlines()) == 11
    quiet = Meter(io.StringIO(), quiet=True)
    quiet.step(0, 1)
    assert [readable(seconds) for seconds in (0.2, 8, 119, 4800)] == ["1 s", "8 s", "2 min", "80 min"]
