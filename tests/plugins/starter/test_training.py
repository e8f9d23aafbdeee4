"""A tiny training run through every stage: the loss falls, an interruption is survived, the folder loads and paints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from plugins.starter.pictures import stages
from plugins.starter.pictures.denoiser import build_scheduler
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
