"""Training of the prose models: vocabulary, then the model, which is published into its folder on the way."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

from ..training.checkpoint import load_checkpoint, save_checkpoint
from ..training.muon import Muon
from ..training.pace import Pace
from .data import Batch, batch
from .grammar.document import HELD_OUT, document, opening
from .model import PLANS, TINY, Plan, build, load_model, logits_of, save_model
from .tokens import make_tokenizer
from .writing import write

SAMPLES = 6


def vocabulary(plan: Plan, work: Path) -> PreTrainedTokenizerFast:
    """The tokenizer of this work folder, made if it is not there yet."""
    folder = work / "tokenizer"
    if not (folder / "tokenizer.json").exists():
        make_tokenizer(work / "tokenizer.new", documents=plan.documents, size=plan.vocabulary)
        shutil.rmtree(folder, ignore_errors=True)
        (work / "tokenizer.new").rename(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)


def loss_of(model: nn.Module, made: Batch, device: torch.device, plan: Plan | None = None) -> torch.Tensor:
    """Mean cross entropy of the next token within each document; with a plan, tokens count as it says."""
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type != "mps"):
        logits = logits_of(model, made, device)
    wanted = made.ids[:, 1:].to(device)
    weights = (made.own[:, 1:] == made.own[:, :-1]).to(device).float()
    if plan is not None:
        bound, given = (x[:, 1:].to(device) for x in (made.bound, made.given))
        weights = weights * torch.tensor([1.0, plan.binding, plan.mood], device=device)[bound]
        weights = weights.masked_fill(given, plan.reading)
    losses = F.cross_entropy(logits.flatten(0, 1).float(), wanted.flatten(), reduction="none")
    return (losses * weights.flatten()).sum() / weights.sum()


@torch.no_grad()
def held_out_loss(model: nn.Module, tokenizer: PreTrainedTokenizerFast, plan: Plan, device: torch.device) -> float:
    """The loss on documents that training never sees."""
    made = batch(tokenizer, 1, rows=plan.rows, length=plan.length, held_out=True)
    return loss_of(model, made, device).item()


def _rate(plan: Plan, step: int) -> float:
    """Warm up, stay, and fall to a twentieth over the last fifth."""
    return min(1.0, (step + 1) / plan.warm, max(0.05, (plan.steps - step) / (0.2 * plan.steps)))


def _first(kind: str, plan: Plan, work: Path, begin: Path | None) -> tuple[PreTrainedTokenizerFast, nn.Module]:
    """The vocabulary and the model before the first step: fresh, or those of a finished model; of one of the other kind
    only the vocabulary.
    """
    if begin is None:
        tokenizer = vocabulary(plan, work)
        return tokenizer, build(kind, plan, tokenizer)
    finished, known = load_model(begin)
    known.save_pretrained(work / "tokenizer")
    model = build(kind, plan, known)
    if type(finished) is type(model):
        model.load_state_dict(finished.state_dict())
    return known, model


def run(
    kind: str,
    *,
    work: Path,
    out: Path,
    tiny: bool,
    device: torch.device,
    deadline: float | None,
    begin: Path | None = None,
    steps: int = 0,
) -> None:
    """Train "prose" or "prose-gru" on from where the work folder stands, until done or the deadline.

    `steps` other than 0 is where it ends instead of the plan; the rate falls over the last fifth of the way.

    An empty work folder can begin with the weights and the vocabulary of a finished model of the same size.
    """
    disable_progress_bar()
    plan = TINY if tiny else PLANS[kind]
    plan = replace(plan, steps=steps) if steps else plan
    work.mkdir(parents=True, exist_ok=True)
    state = work / f"{kind}.safetensors"
    tokenizer, model = _first(kind, plan, work, None if state.exists() else begin)
    model.to(device).train()
    averaged = build(kind, plan, tokenizer).to(device).eval()
    rate = (plan.lr, plan.adam_lr) if kind == "prose" else (plan.lr / 2, plan.adam_lr)
    optimiser = Muon([model], lr=rate[0], adam_lr=rate[1], every=plan.lazy)
    average = {k: v.detach().clone() for k, v in model.state_dict().items()}
    info = load_checkpoint(state, models={"model": model, "average": average}, optimiser=optimiser)
    average = {k: v.to(device) for k, v in average.items()}
    pace, start = Pace(work, kind, deadline=deadline), info["step"] if info else 0

    def keep(step: int, **facts: float) -> None:
        parts = {"model": model, "average": average}
        save_checkpoint(state, models=parts, optimiser=optimiser, info={"step": step, **facts})

    def publish(step: int) -> float:
        averaged.load_state_dict(average)
        loss = held_out_loss(averaged, tokenizer, plan, device)
        save_model(averaged, tokenizer, out)
        _samples(averaged, tokenizer, work / "samples" / f"{kind}-{step:06d}.txt", count=1 if tiny else SAMPLES)
        keep(step, held_out=loss)
        return loss

    step, heard = start, 0.0
    optimiser.turn = start  # which matrices are due depends on it
    while step < plan.steps and pace.go_on():
        optimiser.pace(_rate(plan, step))
        made = batch(tokenizer, step, rows=plan.rows, length=plan.length)
        loss = loss_of(model, made, device, plan)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        part = min(plan.average, (step + 1) / (step + 20))
        for key, value in model.state_dict().items():
            average[key].lerp_(value, 1 - part) if value.is_floating_point() else average[key].copy_(value)
        heard = loss.item()
        if step % plan.publish == 0 or step == plan.steps:
            pace.note(step, plan.steps, loss=heard, held_out=publish(step), tokens=step * plan.rows * plan.length)
            continue
        if step % plan.keep == 0:
            keep(step)
        if step % max(1, plan.publish // 10) == 0:
            pace.note(step, plan.steps, loss=heard)
    if step > start and step % plan.publish and step < plan.steps:
        pace.note(step, plan.steps, loss=heard, held_out=publish(step), tokens=step * plan.rows * plan.length)


def _samples(model: nn.Module, tokenizer: PreTrainedTokenizerFast, path: Path, *, count: int) -> None:
    openings = [opening(document(HELD_OUT + i).headers) for i in range(count)]
    texts = write(model, tokenizer, openings, seed=1, longest=320 if count > 1 else 24)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n=====\n\n".join(o + t for o, t in zip(openings, texts, strict=True)), encoding="utf-8")
