"""A tiny training run through every stage: the loss falls, an interruption is survived, the folder loads and paints."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from plugins.starter.pictures import stages
from plugins.starter.pictures.autoencoder import build_autoencoder, held_out_pictures, psnr, to_tensor
from plugins.starter.pictures.data import Diet
from plugins.starter.pictures.denoiser import DenoiserTraining, build_scheduler, draw_batch
from plugins.starter.pictures.refining import LEAST, evened, turn_latents
from plugins.starter.training.checkpoint import load_checkpoint, save_checkpoint
from plugins.starter.training.muon import Muon
from plugins.starter.training.pace import Pace

ROOT = Path(__file__).parents[3]


def lines(work: Path, name: str) -> list[dict]:
    return [json.loads(line) for line in (work / f"{name}.jsonl").read_text().splitlines()]


def test_a_checkpoint_brings_everything_back(tmp_path: Path) -> None:
    def run(steps: int, model: torch.nn.Module, optimiser: Muon, start: int = 0) -> None:
        for step in range(start, steps):
            x = torch.randn(4, 16, generator=torch.Generator().manual_seed(step))
            optimiser.zero_grad()
            (model(x) - x).square().mean().backward()
            optimiser.step()

    def fresh() -> tuple[torch.nn.Module, Muon]:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.SiLU(), torch.nn.Linear(32, 16))
        return model, Muon([model], lr=0.01)

    whole, optimiser = fresh()
    run(9, whole, optimiser)
    part, optimiser = fresh()
    run(4, part, optimiser)
    path = tmp_path / "state.safetensors"
    save_checkpoint(path, models={"model": part}, optimiser=optimiser, info={"step": 4})
    resumed, optimiser = fresh()
    info = load_checkpoint(path, models={"model": resumed}, optimiser=optimiser)
    assert info == {"step": 4}
    run(9, resumed, optimiser, start=4)
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not list(tmp_path.glob("*.tmp"))


def test_training_sleeps_while_asked_to_and_stops_in_time(tmp_path: Path) -> None:
    pace = Pace(tmp_path, "x", deadline=0.0)
    assert not pace.go_on()
    (tmp_path / "PAUSE").touch()
    assert not pace.go_on(), "a pause must not outlast the deadline"


def test_the_schedule_suits_common_samplers() -> None:
    alphas = build_scheduler().alphas_cumprod
    sigma = ((1 - alphas[-1]) / alphas[-1]).sqrt().item()
    assert 30 < sigma < 120


PAINT = """
import hashlib, json, sys
from pathlib import Path
import pytest
import torch
from plugins.starter.pictures.bundle import load_bundle
torch.set_num_threads(1)
pipe = load_bundle(Path(sys.argv[1]))
def paint():
    generator = torch.Generator().manual_seed(0)
    return pipe("a red house", num_inference_steps=2, generator=generator).images[0]
first, again = paint(), paint()
print(json.dumps([first.size, first.tobytes() == again.tobytes()]))
"""
SKILLS = """
import json, sys
from pathlib import Path
import numpy as np
import torch
from plugins.starter.pictures.bundle import load_bundle
from plugins.starter.pictures.probe import Probe
from plugins.starter.pictures.probe import single
from plugins.starter.pictures.skills import few_steps, repaint, shapes
torch.set_num_threads(1)
folder, work = Path(sys.argv[1]), Path(sys.argv[2])
pipe, probe = load_bundle(folder), Probe().eval()
wanted, prompts = np.zeros((2, 7), int), ["a red house", "a blue car"]
few = few_steps(pipe, probe, prompts, wanted, np.random.default_rng(0).random((4, 128)), work, guidance=4.0)
others = shapes(pipe, probe, [single(5), single(6)], work, steps=2, guidance=4.0)
painted = repaint(pipe, probe, work, count=2, steps=2, guidance=4.0)
print(json.dumps([few["steps"], sorted(others), sorted(painted), sorted(p.name for p in work.glob("*.jpg"))]))
"""


def python(*arguments: str | Path) -> str:
    """Run Python on its own, since loading leaves progress threads and warnings of other libraries behind."""
    ended = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.timeout(300)  # half a minute of one free core
def test_a_tiny_training_run_ends_in_a_model_that_paints(tmp_path: Path) -> None:
    work, out = tmp_path / "work", tmp_path / "out"
    python("-m", "plugins.starter.train", "pictures", "--tiny", "--device", "cpu", "--work", work, "--out", out)
    assert [line["linear_psnr"] for line in lines(work, "autoencoder") if "linear_psnr" in line][-1] > 10
    read = [line["loss"] for line in lines(work, "text")]
    noise = [line["loss"] for line in lines(work, "denoiser")]
    assert read[-1] < 0.8 * read[0]
    assert noise[-1] < noise[0]
    assert list((work / "samples").glob("*.png"))
    assert json.loads(python("-c", PAINT, out).splitlines()[-1]) == [[256, 256], True]
    steps, others, painted, sheets = json.loads(python("-c", SKILLS, out, work).splitlines()[-1])
    assert steps <= 6
    assert others == ["256 x 384", "336 x 192", "384 x 256"]
    assert painted == ["before", "count", "generated", "render"]
    assert {"few-steps.jpg", "repaint.jpg", "shape-336x192.jpg"} <= set(sheets)
    assert (out / "preview.safetensors").exists()
    assert "places" in json.loads((out / "words.json").read_text())["words"]


def test_refining_makes_new_latents_only_when_they_are_adopted(tmp_path: Path) -> None:
    def run(stage: str) -> None:
        stages.run(stage, work=tmp_path, out=tmp_path / "out", tiny=True, device=torch.device("cpu"), deadline=None)

    run("autoencoder")
    done = tmp_path / "autoencoder-done.safetensors"
    before = done.read_bytes()
    run("refine")
    assert done.read_bytes() == before
    assert [line["drift"] for line in lines(tmp_path, "refine")][-1] > 0
    run("adopt")
    assert done.read_bytes() != before
    assert not (tmp_path / "refined.safetensors").exists()


def test_no_direction_of_the_latents_is_folded_up(tmp_path: Path) -> None:
    coder, _, _ = stages.plans(tiny=True)
    torch.manual_seed(0)
    vae = build_autoencoder(coder).eval().requires_grad_(False)
    pictures = held_out_pictures(4)

    def spreads() -> torch.Tensor:
        cells = vae.encode(to_tensor(pictures)).latent_dist.mean.permute(0, 2, 3, 1).flatten(0, 2).double()
        return torch.cov(cells.T)

    before, coded = spreads(), psnr(vae, pictures)
    assert torch.linalg.eigvalsh(before).min().sqrt() < 0.9 * LEAST
    evened(vae, pictures)
    assert torch.linalg.eigvalsh(spreads()).min().sqrt() > 0.99 * LEAST
    assert psnr(vae, pictures) == pytest.approx(coded, abs=0.1), "the decoder undoes what the encoder does"
    turn_latents(vae, torch.eye(coder.latents).double() * 2, torch.zeros(coder.latents).double())
    assert torch.linalg.eigvalsh(spreads()).min().sqrt() > 1.98 * LEAST


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> tuple[stages.Training, Diet]:
    """A tiny training, and all that its denoiser learns from."""
    shipped = ROOT / "resources" / "starter" / "pictures"
    work = tmp_path_factory.mktemp("fed")
    training = stages.Training(work, shipped, tiny=True, device=torch.device("cpu"), deadline=None)
    diet = training.diet(build_autoencoder(training.coder).eval().requires_grad_(False))
    while not diet.ready():
        assert diet.grow()
    return training, diet


def test_the_denoiser_is_fed_squares_with_ornaments_and_other_shapes(fed: tuple[stages.Training, Diet]) -> None:
    training, diet = fed
    plan = replace(training.denoising, extra=3, drop=0.0)
    assert not diet.grow(), "the toy's goal is what it begins with"
    again = training.diet(build_autoencoder(training.coder))
    assert len(again) == len(diet) == diet.goal, "what was drawn outlives the process"
    for step in range(6):
        texts, (latents, focus, noise, _times) = draw_batch(plan, diet, step)
        shaped = step % plan.shapes_every == plan.shapes_every - 1
        assert latents.shape == noise.shape == (plan.batch, 16, *((12, 20) if shaped else (16, 16)))
        assert focus.shape[2:] == latents.shape[2:]
        same = draw_batch(plan, again, step)
        assert same[0] == texts
        assert torch.equal(same[1][0], latents)
    kinds = [diet.ornaments.scene(i).pattern for i in range(24)]
    assert all(kinds)
    assert len(set(kinds)) > 4
    squares = [step for step in range(9) if step % plan.shapes_every != plan.shapes_every - 1][:4]
    early, late = (
        torch.stack([draw_batch(replace(plan, fine_from=first), diet, step)[1][3] for step in squares])
        for first in (9, 0)
    )
    assert late.float().mean() < 0.85 * early.float().mean(), "later the fine steps count most"


def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path: Path, fed: tuple[stages.Training, Diet]) -> None:
    training, diet = fed
    encoder, tokenizer = training.text()

    def fresh() -> DenoiserTraining:
        # Each matrix moves only at every second step, which a resumed run has to know.
        plan = replace(training.denoising, lazy=2)
        return DenoiserTraining(plan, encoder=encoder, tokenizer=tokenizer, diet=diet, device=torch.device("cpu"))

    whole, first, path = fresh(), fresh(), tmp_path / "half.safetensors"
    losses = [whole.advance(1.0) for _ in range(5)]
    assert [first.advance(1.0) for _ in range(3)] == losses[:3]
    first.keep(path)
    resumed = fresh()
    assert resumed.load(path)
    assert resumed.step == 3
    assert [resumed.advance(1.0) for _ in range(2)] == losses[3:]
    for a, b in zip(whole.model.state_dict().values(), resumed.model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert all(torch.equal(whole.average.weights[k], v) for k, v in resumed.average.weights.items())
