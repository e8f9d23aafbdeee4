"""The model itself and its training: a Llama of three million parameters over the music vocabulary."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM
from transformers.utils.logging import disable_progress_bar

from studio.inference.notes.vocabulary import BEGIN, END, PAD, WORDS, write_vocabulary

from ..training.checkpoint import load_checkpoint, save_checkpoint
from ..training.muon import Muon
from ..training.pace import Pace
from .data import HELD_OUT, IGNORED, Lessons, collate


@dataclass(frozen=True, slots=True)
class Plan:
    """How large and how long."""

    width: int = 256
    layers: int = 4
    heads: int = 8
    inner: int = 640
    context: int = 2048
    steps: int = 40_000
    batch: int = 8
    """Pieces a step."""
    micro: int = 4
    """Pieces at a time; the gradient is summed over a step."""
    longest: int = 1024
    """Tokens of a piece that are looked at."""
    rate: float = 0.02
    """For Muon; what is no matrix takes a tenth."""
    pieces: int = 400_000
    """Different pieces, after which they come again."""
    check_every: int = 100
    keep_every: int = 20
    shard: int = 2048


TINY = Plan(
    width=64, layers=2, heads=4, inner=128, steps=24, batch=4, longest=256, check_every=12, keep_every=8, shard=16
)


def build_model(plan: Plan) -> LlamaForCausalLM:
    """A standard LlamaForCausalLM with tied embeddings."""
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=plan.width,
        intermediate_size=plan.inner,
        num_hidden_layers=plan.layers,
        num_attention_heads=plan.heads,
        num_key_value_heads=plan.heads,
        max_position_embeddings=plan.context,
        tie_word_embeddings=True,
        bos_token_id=BEGIN,
        eos_token_id=END,
        pad_token_id=PAD,
        attention_dropout=0.0,
    )
    return LlamaForCausalLM(config)


def loss_of(model: LlamaForCausalLM, inputs: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, int]:
    """The summed cross-entropy of the next token (nats), and over how many tokens."""
    with torch.autocast(inputs.device.type, torch.bfloat16):
        logits = model(input_ids=inputs[:, :-1], use_cache=False).logits
    wanted = labels[:, 1:].reshape(-1)
    total = torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]).float(), wanted, ignore_index=IGNORED, reduction="sum"
    )
    return total, int((wanted != IGNORED).sum())


@torch.no_grad()
def held_out_loss(model: LlamaForCausalLM, plan: Plan, device: torch.device, count: int) -> float:
    """Nats a token on pieces that are never trained on."""
    lessons = Lessons(Path(), pieces=2 * HELD_OUT)
    total, tokens = 0.0, 0
    for first in range(0, count, 4):
        inputs, labels = collate([lessons[HELD_OUT + first + i] for i in range(4)], plan.longest)
        loss, number = loss_of(model, inputs.to(device), labels.to(device))
        total, tokens = total + loss.item(), tokens + number
    return total / tokens


def save_model(
    model: LlamaForCausalLM, weights: dict[str, torch.Tensor], folder: Path, *, facts: dict[str, Any]
) -> None:
    """Write a transformers folder (fp16 safetensors), with the vocabulary and what is known of the training."""
    half = LlamaForCausalLM(model.config).to(torch.float16)
    half.load_state_dict({k: v.to(torch.float16) for k, v in weights.items()})
    half.generation_config = GenerationConfig(
        bos_token_id=BEGIN, eos_token_id=END, pad_token_id=PAD, do_sample=True, temperature=1.0, top_p=0.97
    )
    folder.mkdir(parents=True, exist_ok=True)
    disable_progress_bar()
    half.save_pretrained(folder)
    write_vocabulary(folder / "vocabulary.json")
    (folder / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def load_model(folder: Path) -> LlamaForCausalLM:
    """A saved model in fp32, ready to sample (fp16 is slow on a processor)."""
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()


class Training:
    """Trains, or goes on training, in one work folder.

    The trunk learns at a steady rate, for as long as there is time; a polish starts from it in a file of its own and
    lets the rate run out, which is worth as much as a doubling of the steps. So the trunk can always be taken up again.
    """

    def __init__(self, plan: Plan, work: Path, *, device: torch.device, pace: Pace, polish: int = 0) -> None:
        self.plan, self.work, self.device, self.pace, self.polish = plan, work, device, pace, polish
        self.path = work / ("polish.safetensors" if polish else "music.safetensors")
        self.model = build_model(plan).to(device)
        self.optimiser = Muon([self.model], lr=plan.rate, adam_lr=plan.rate / 10, betas=(0.9, 0.98))
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.lessons = Lessons(work, shard=plan.shard, pieces=plan.pieces)
        info = self._load(self.path)
        own = info is not None
        if polish and info is None:
            info = self._load(work / "music.safetensors")
        info = info or {}
        self.average = {k: v.to(device) for k, v in self.average.items()}
        self.step, self.tokens = int(info.get("step", 0)), int(info.get("tokens", 0))
        self.last = int(info["last"]) if polish and own else self.step + polish if polish else plan.steps
        self.checked = -1

    def _load(self, path: Path) -> dict[str, Any] | None:
        return load_checkpoint(path, models={"model": self.model, "average": self.average}, optimiser=self.optimiser)

    def facts(self) -> dict[str, Any]:
        """How far it is."""
        pieces = min(self.step * self.plan.batch, self.plan.pieces)
        return {
            "step": self.step,
            "tokens": self.tokens,
            "pieces": pieces,
            "last": self.last,
            "plan": asdict(self.plan),
        }

    def keep(self) -> None:
        """Save the state."""
        models = {"model": self.model, "average": self.average}
        save_checkpoint(self.path, models=models, optimiser=self.optimiser, info=self.facts())

    def _learn(self) -> float:
        """One step; returns nats a token."""
        plan = self.plan
        first = self.step * plan.batch
        pieces = sorted((self.lessons[first + i] for i in range(plan.batch)), key=len)
        total, tokens = 0.0, 0
        self.optimiser.zero_grad(set_to_none=True)
        groups = [collate(pieces[i : i + plan.micro], plan.longest) for i in range(0, plan.batch, plan.micro)]
        count = sum(int((labels[:, 1:] != IGNORED).sum()) for _, labels in groups)
        for inputs, labels in groups:
            loss, number = loss_of(self.model, inputs.to(self.device), labels.to(self.device))
            (loss / count).backward()
            total, tokens = total + loss.item(), tokens + number
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.tokens += tokens
        return total / tokens

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(0.998, (1 + self.step) / (10 + self.step))
        for key, value in self.model.state_dict().items():
            self.average[key].lerp_(value, 1 - decay)

    def averaged(self) -> LlamaForCausalLM:
        """A copy with the averaged weights."""
        model = build_model(self.plan).to(self.device)
        model.load_state_dict(self.average)
        return model.eval()

    def _rate(self) -> float:
        """The part of the top rate for this step."""
        if self.polish:
            return max(0.02, (self.last - self.step) / self.polish)
        return min(1.0, (self.step + 1) / 20)

    def run(self, publish: Callable[[LlamaForCausalLM, dict[str, Any]], None]) -> bool:
        """Until the last step (then True) or until the pace says stop; `publish` gets the averaged model on the way."""
        plan, losses = self.plan, []
        while self.step < self.last and self.pace.go_on():
            self.optimiser.pace(self._rate())
            losses.append(self._learn())
            self.step += 1
            self._follow()
            if self.step % min(10, plan.keep_every) == 0:
                self.pace.note(self.step, self.last, loss=sum(losses) / len(losses), tokens=self.tokens)
                losses.clear()
            if self.step % plan.keep_every == 0:
                self.keep()
            if self.step % plan.check_every == 0:
                self._check(publish)
        self.keep()
        if self.checked != self.step:
            self._check(publish)
        return self.step >= self.last

    def _check(self, publish: Callable[[LlamaForCausalLM, dict[str, Any]], None]) -> None:
        model, self.checked = self.averaged(), self.step
        unseen = held_out_loss(model, self.plan, self.device, 8 if self.plan.width < 100 else 24)
        self.pace.note(self.step, self.last, held_out=unseen)
        publish(model, self.facts() | {"held_out": unseen})


def compose_ahead(plan: Plan, work: Path, pace: Pace, *, shards: int) -> None:
    """The stage `cache`: for a graphics card, which learns faster than one processor core composes."""
    lessons = Lessons(work, shard=plan.shard)
    for number in range(shards):
        if not pace.go_on():
            return
        if lessons.make_shard(number):
            pace.note(number + 1, shards)


def run(
    stage: str, *, work: Path, out: Path, tiny: bool, device: torch.device, deadline: float | None, polish: int = 1000
) -> None:
    """`all`: trunk, then polish; `polish`: only that, from the trunk as it is; `cache`: compose lessons ahead.

    The folder `model` in the work folder is always a loadable draft; the polished model goes to `out`.
    """
    if stage not in ("all", "polish", "cache"):
        raise SystemExit("Music has the stages all, polish and cache.")
    plan, polish = (TINY, 8) if tiny else (Plan(), polish)
    if stage == "cache":
        shards = 2 if tiny else plan.pieces // plan.shard
        compose_ahead(plan, work, Pace(work, "cache", deadline=deadline), shards=shards)
        return

    def publish(model: LlamaForCausalLM, facts: dict[str, Any]) -> None:
        save_model(model, model.state_dict(), work / "model", facts=facts)

    trunk = Pace(work, "music", deadline=deadline)
    if stage == "all" and not Training(plan, work, device=device, pace=trunk).run(publish):
        return
    pace = Pace(work, "polish", deadline=deadline)
    if Training(plan, work, device=device, pace=pace, polish=polish).run(publish):
        shutil.copytree(work / "model", out, dirs_exist_ok=True)
        (work / "polish.safetensors").rename(work / "polished.safetensors")
