"""Going on from a kept step is bit-identical, by the window's own path and by the command line, in the same sitting, in
the next one, and after kill -9.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.api import AddedModel, Artifact, Input, Job, JobState, ModelRef, Request, ResumePoint
from studio.cli import main
from studio.engine import Engine, InlineWorker, Mailbox, PluginHost, ProcessWorker, host_command
from studio.store import ModelShelf, Places, Project, SettingsStore, StepWriter, bundled
from tests.studio.test_recipe_schema import problems

ROOT = Path(__file__).parents[2]
STEPS = 6
SCHEDULERS = ["ddim", "euler", "euler_a", "dpmpp_2m", "dpmpp_2m_sde", "unipc", "lcm"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests import tiny_loras, tiny_models

    home = tmp_path_factory.mktemp("home")
    pipe = tiny_models.stable_diffusion()
    tiny_models.save(pipe, home / "models" / "tiny")
    tiny_loras.save(home / "models" / "touch.safetensors", tiny_loras.state(pipe, "peft"))
    tiny_models.save(tiny_models.stable_diffusion(seed=5), home / "models" / "sister")
    tiny_models.save(tiny_models.stable_diffusion_xl(), home / "models" / "xl")
    tiny_models.save(tiny_models.flux(), home / "models" / "flux")
    return home


class Sitting:
    """A project and its engine, joined as studio.app does it, from one start of the program to its end."""

    def __init__(self, home: Path, project: Project, worker: Any) -> None:
        places = Places.under(home)
        self.project = project
        self.plugins = PluginHost(bundled() / "plugins", None, entry_points=False)
        self.plugins.load()
        models = ModelShelf([places.models], (), places.cache)
        models.scan()
        self.engine = Engine(
            plugins=self.plugins,
            mailbox=Mailbox(),
            journal=project.queue,
            artifacts=project.artifacts,
            steps=project.steps,
            models=models,
            settings=SettingsStore(places.config / "settings.json").values,
            worker=lambda: worker(self.plugins),
        )
        self.engine.start()

    def wait(self, job: Job) -> Job:
        deadline = time.monotonic() + 120
        while not (now := self.engine.job(job.id) or job).state.ended:
            assert time.monotonic() < deadline, now
            time.sleep(0.01)
        return now

    def make(self, request: Request, **options: Any) -> tuple[str, Artifact]:
        """The name of its steps and the picture."""
        job = self.wait(self.engine.submit(request, **options))
        assert job.state is JobState.DONE, job.problem
        artifact = self.project.artifacts.get(job.artifacts[0])
        assert artifact is not None
        return job.id, artifact

    def refused(self, request: Request) -> str:
        """Why the job failed."""
        job = self.wait(self.engine.submit(request))
        assert job.problem is not None
        assert job.problem.hint
        return job.problem.message


def inline(plugins: PluginHost) -> Any:
    return InlineWorker(plugins, StepWriter)


def hosted(plugins: PluginHost) -> Any:
    return ProcessWorker(host_command(plugins.bundled, None, entry_points=False))


@contextmanager
def sitting(home: Path, folder: Path, worker: Any = inline) -> Iterator[Sitting]:
    with Project.open(folder) as project:
        here = Sitting(home, project, worker)
        try:
            yield here
        finally:
            here.engine.close()


def request(model: str = "tiny", *, seed: int = 7, **params: Any) -> Request:
    values = {"prompt": "a red castle", "steps": STEPS, "width": 64, "height": 64, **params}
    return Request("image.diffusion", values, seed, ModelRef(f"models/{model}"))


def at(asked: Request, steps: str, index: int, /, **params: Any) -> Request:
    return replace(asked.with_params(**params), resume=ResumePoint(steps, index))


def pixels(artifact: Artifact | Path) -> np.ndarray:
    return np.asarray(Image.open(artifact if isinstance(artifact, Path) else artifact.path).convert("RGB"))


def all_kinds(here: Sitting) -> dict[str, Request]:
    """A request for every scheduler, from words alone and from a picture, and for a flow-matching model."""
    from io import BytesIO

    target = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(target, "PNG")
    start = here.project.artifacts.bring_in(target.getvalue())
    kinds = {name: request(scheduler=name) for name in SCHEDULERS}
    for name, asked in tuple(kinds.items()):
        with_picture = replace(asked.with_params(strength=0.8), inputs=(Input("image", start.media, start.id),))
        kinds[f"{name} from a picture"] = with_picture
    kinds["flow_euler"] = request("flux", scheduler="flow_euler")
    return kinds


def test_every_scheduler_goes_on_bit_identically_before_and_after_a_restart(home: Path, tmp_path: Path) -> None:
    roots: dict[str, tuple[str, np.ndarray]] = {}
    with sitting(home, tmp_path / "project") as here:
        kinds = all_kinds(here)
        for name, asked in kinds.items():
            steps, made = here.make(asked)
            assert made.recipe is not None
            assert list(problems(made.recipe.to_json())) == [], name
            roots[name] = (steps, pixels(made))
            branch, again = here.make(at(asked, steps, 1))
            assert np.array_equal(pixels(again), roots[name][1]), name
            assert [step.origin for step in here.project.steps.read(branch)][:3] == [steps, steps, branch], name
    with sitting(home, tmp_path / "project") as here:
        for name, asked in kinds.items():
            steps, first = roots[name]
            last = here.project.steps.read(steps)[-2].index
            branch, again = here.make(at(asked, steps, last))
            assert np.array_equal(pixels(again), first), f"{name} after a restart"
            _, other = here.make(at(asked, branch, 1, prompt="blue sea", guidance_scale=9.0))
            assert not np.array_equal(pixels(other), first), name
            assert other.recipe is not None
            assert other.recipe.whole
            assert list(problems(other.recipe.to_json())) == [], name


def test_everything_can_be_changed_and_what_cannot_is_refused_in_words(home: Path, tmp_path: Path) -> None:
    with sitting(home, tmp_path / "project") as here:
        plain, noisy = request(), request(scheduler="euler_a")
        steps, made = here.make(plain)
        first = pixels(made)
        for change in ({"negative_prompt": "a cat"}, {"guidance_scale": 9.0}, {"prompt": "blue sea"}, {"clip_skip": 1}):
            _, other = here.make(at(plain, steps, 2, **change))
            assert not np.array_equal(pixels(other), first), change
        _, sister = here.make(replace(at(plain, steps, 2), model=ModelRef("models/sister")))
        assert not np.array_equal(pixels(sister), first)
        walk, wild = here.make(noisy)
        _, new_noise = here.make(replace(at(noisy, walk, 2), seed=8))
        assert not np.array_equal(pixels(new_noise), pixels(wild))
        branch, same_noise = here.make(replace(at(noisy, walk, 2), seed=8), again=True)
        assert np.array_equal(pixels(new_noise), pixels(same_noise))
        _, further = here.make(replace(at(noisy, branch, 4), seed=8))
        assert np.array_equal(pixels(new_noise), pixels(further))
        for change, words in (({"width": 96}, "cannot be continued with these settings"),):
            assert words in here.refused(at(plain, steps, 2, **change)), change
        strange = replace(at(plain, steps, 2, scheduler="auto"), model=ModelRef("models/xl"))
        assert "another latent space" in here.refused(strange)
        assert made.path.exists()


def test_other_steps_and_another_scheduler_go_on_from_the_same_noise(home: Path, tmp_path: Path) -> None:
    """tests/studio/inference/test_crossing.py shows that they end where they should; here the row is looked at."""
    with sitting(home, tmp_path / "project") as here:
        plain, flow = request(steps=10), request("flux", scheduler="flow_euler", steps=8)
        steps, made = here.make(plain)
        for change in (
            {"steps": 20},
            {"steps": 5},
            {"scheduler": "euler"},
            {"scheduler": "dpmpp_2m_karras", "steps": 14},
            {"scheduler": "unipc", "guidance_scale": 3.0},
        ):
            branch, other = here.make(at(plain, steps, 4, **change))
            assert not np.array_equal(pixels(other), pixels(made)), change
            row = here.project.steps.read(branch)
            assert [step.index for step in row] == list(range(len(row))), change
            assert [step.origin for step in row[:5]] == [steps] * 5, change
            assert {step.origin for step in row[5:]} == {branch}, change
            assert {step.total for step in row[5:]} == {len(row)}, change
            assert len(row) > 6, change
            further, same = here.make(at(plain, branch, len(row) - 2, **change))  # and from one of its own steps
            assert np.array_equal(pixels(same), pixels(other)), change
            assert [step.index for step in here.project.steps.read(further)] == list(range(len(row)))
        last, _ = here.make(at(plain, branch, 6, scheduler="ddim"))  # and back again
        assert here.project.steps.read(last)[-1].has_state
        straight, smooth = here.make(flow)
        branch, other = here.make(at(flow, straight, 3, steps=16))
        assert len(here.project.steps.read(branch)) > 8
        assert not np.array_equal(pixels(other), pixels(smooth))
        assert "Nothing is left to do" in here.refused(at(plain, steps, 9, steps=20))


def test_a_lora_may_come_and_go_at_a_step(home: Path, tmp_path: Path) -> None:
    touch = ModelRef("models/touch.safetensors")
    with sitting(home, tmp_path / "project") as here:
        plain = request(scheduler="dpmpp_2m")
        steps, made = here.make(plain)
        seen = [pixels(made)]
        for weight in (0.5, 1.0):
            with_it = replace(at(plain, steps, 2), added=(AddedModel(touch, weight),))
            branch, other = here.make(with_it)
            assert not any(np.array_equal(pixels(other), one) for one in seen), weight
            seen.append(pixels(other))
            _, again = here.make(replace(with_it, resume=ResumePoint(branch, 3)))
            assert np.array_equal(pixels(again), pixels(other)), weight
        _, without = here.make(replace(plain, resume=ResumePoint(branch, 2)))
        assert np.array_equal(pixels(without), seen[0])


# --- the command line ------------------------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    try:
        return main(list(arguments))
    except SystemExit as ending:
        return int(ending.code or 0)


def test_the_command_line_goes_on_bit_identically_with_every_scheduler(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command opens the project and loads the model anew, so each branch comes after a restart."""
    monkeypatch.setenv("STUDIO_HOME", str(home))
    project = ["--project", str(tmp_path / "project"), "--in-process", "--quiet"]
    small = ["--width", "64", "--height", "64", "--steps", str(STEPS), "--seed", "7", "--prompt", "a red castle"]
    start = tmp_path / "start.png"
    Image.linear_gradient("L").convert("RGB").save(start)
    kinds = {name: ["--model", "models/tiny", "--scheduler", name] for name in SCHEDULERS}
    kinds |= {f"{name}-i": [*kinds[name], "--input", str(start), "--strength", "0.8"] for name in SCHEDULERS}
    kinds["flow_euler"] = ["--model", "models/flux", "--scheduler", "flow_euler"]
    seen: set[bytes] = set()
    for name, options in kinds.items():
        whole, branch = tmp_path / f"{name}.png", tmp_path / f"{name}-branch.png"
        assert run("generate", "image", *project, *small, *options, "--out", str(whole)) == 0, name
        goes_on = ["--branch-from", str(whole), "--at", "3", "--out", str(branch)]
        assert run("generate", "image", *project, *goes_on) == 0, name
        assert np.array_equal(pixels(whole), pixels(branch)), name
        seen.add(pixels(whole).tobytes())
    assert len(seen) == len(kinds)  # none of them was another one's answer


def test_the_command_line_branches_and_verifies(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(home))
    project = ["--project", str(tmp_path / "project"), "--in-process", "--quiet"]
    start, same, other = (tmp_path / name for name in ("start.png", "same.png", "other.jpg"))
    small = ["--width", "64", "--height", "64", "--steps", "6", "--model", "models/tiny", "--scheduler", "euler_a"]
    assert (
        run("generate", "image", *project, *small, "--seed", "7", "--prompt", "a red castle", "--out", str(start)) == 0
    )
    branch = ["generate", "image", *project, "--branch-from", str(start), "--at", "3"]
    assert run(*branch, "--out", str(same)) == 0
    assert np.array_equal(pixels(start), pixels(same))
    assert run(*branch, "--prompt", "blue sea", "--out", str(other)) == 0
    assert not np.array_equal(pixels(start), pixels(other))
    capsys.readouterr()
    with Project.open(tmp_path / "project") as opened:
        tree = opened.branches.tree(opened.library.search("castle")[-1].id)
    assert tree.root
    for wrong, code, words in (
        (["--at", "40"], 1, "Step 40 is not kept"),
        (["--at", "0"], 2, "from 1 on"),
        (["--branch-from", str(tmp_path)], 1, "neither a file nor a result"),
        (["--branch-from", "0" * 32], 1, "neither a file nor a result"),
    ):
        assert run(*branch, *wrong) == code
        assert words in capsys.readouterr().err
    assert run("generate", "image", *project, "--at", "3") == 2
    stranger = tmp_path / "stranger.png"
    Image.new("RGB", (8, 8)).save(stranger)
    assert run("generate", "image", *project, "--branch-from", str(stranger), "--at", "3") == 1
    capsys.readouterr()

    assert run("verify", *project, str(same)) == 0
    assert "Identical" in capsys.readouterr().out
    elsewhere = ["--project", str(tmp_path / "elsewhere"), "--in-process", "--quiet"]
    assert run("verify", *elsewhere, "--json", str(other)) == 3  # JPEG loses a little; the recipe inside is enough
    told = json.loads(capsys.readouterr().out)
    assert told["answer"] == "close"
    assert 25 < told["psnr"] < 80
    assert run("verify", *project, str(stranger)) == 1
    assert "does not tell how it was made" in capsys.readouterr().err
    assert run("verify", *project, str(tmp_path / "none.png")) == 1


def test_a_command_leaves_the_windows_paused_jobs_their_steps(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(home))
    folder = tmp_path / "project"
    with sitting(home, folder) as here:
        (job,) = here.engine.contact_sheet(request(), [3], until=0.5)
        while (here.engine.job(job.id) or job).state is not JobState.PAUSED:
            time.sleep(0.01)
    small = ["--width", "64", "--height", "64", "--steps", "2", "--model", "models/tiny", "--seed", "1"]
    assert run("generate", "image", "--project", str(folder), "--in-process", "--quiet", *small) == 0
    with sitting(home, folder) as here:
        assert here.project.steps.last(job.id) == 2
        here.engine.resume(job.id)
        ended = here.wait(job)
        artifact = here.project.artifacts.get(ended.artifacts[0])
        assert artifact is not None
        assert artifact.recipe is not None
        assert artifact.recipe.used["continued_after_step"] == 2
        _, straight = here.make(request(seed=3), again=True)
        assert np.array_equal(pixels(artifact), pixels(straight))


# --- kill -9 ---------------------------------------------------------------------------------------------------------

WINDOW = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.studio.test_branching import hosted, request, sitting
with sitting(Path({home!r}), Path({folder!r}), hosted) as here:
    job = here.engine.submit(request(scheduler="dpmpp_2m_sde", steps=200))
    while here.project.steps.last(job.id) in (None, 0, 1, 2):
        assert not here.engine.job(job.id).state.ended, here.engine.job(job.id).problem
        time.sleep(0.002)
    print(job.id, flush=True)
    time.sleep(60)
"""


def test_after_kill_9_in_the_middle_the_picture_is_the_same(home: Path, tmp_path: Path) -> None:
    asked = request(scheduler="dpmpp_2m_sde", steps=200)
    folder = tmp_path / "project"
    code = WINDOW.format(root=str(ROOT), home=str(home), folder=str(folder))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as window:
        assert window.stdout is not None
        job_id = window.stdout.readline().strip()
        window.kill()
        window.wait()
    assert job_id
    with sitting(home, folder, hosted) as here:
        job = here.engine.job(job_id)
        assert job is not None
        ended = here.wait(job)
        assert ended.state is JobState.DONE, ended.problem
        artifact = here.project.artifacts.get(ended.artifacts[0])
        assert artifact is not None
        assert artifact.recipe is not None
        assert 2 < artifact.recipe.used["continued_after_step"] < 199
        assert artifact.recipe.request.resume is None
        assert [step.index for step in here.project.steps.read(job_id)] == list(range(200))
        _, straight = here.make(asked, again=True)
        assert np.array_equal(pixels(artifact), pixels(straight))
