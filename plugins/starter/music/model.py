"""The model itself and its training: a Llama of three million parameters over the music vocabulary."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from ..training.checkpoint import load_checkpoint, save_checkpoint
from ..training.muon import Muon
from ..training.pace import Pace
from .data import HELD_OUT, IGNORED, Lessons, collate
from .vocabulary import BEGIN, END, PAD, WORDS, write_vocabulary


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


def save_model(model: LlamaForCausalLM, weights: dict[str, torch.Tensor], folder: Path) -> None:
    """Write a transformers folder (fp16 safetensors) and the vocabulary beside it."""
    half = LlamaForCausalLM(model.config).to(torch.float16)
    half.load_state_dict({k: v.to(torch.float16) for k, v in weights.items()})
    half.generation_config = GenerationConfig(
        bos_token_id=BEGIN, eos_token_id=END, pad_token_id=PAD, do_sample=True, temperature=1.0, top_p=0.97
    )
    folder.mkdir(parents=True, exist_ok=True)
    half.save_pretrained(folder)
    write_vocabulary(folder / "vocabulary.json")


def load_model(folder: Path) -> LlamaForCausalLM:
    """A saved model in fp32, ready to sample (fp16 is slow on a processor)."""
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()


class Training:
    """Trains, or goes on training, in one work folder."""

    def __init__(self, plan: Plan, work: Path, *, device: torch.device, pace: Pace) -> None:
        self.plan, self.work, self.device, self.pace = plan, work, device, pace
        self.model = build_model(plan).to(device)
        self.optimiser = Muon([self.model], lr=plan.rate, adam_lr=plan.rate / 10, betas=(0.9, 0.98))
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.lessons = Lessons(work, shard=plan.shard, pieces=plan.pieces)
        info = load_checkpoint(
            work / "music.safetensors",
            models={"model": self.model, "average": self.average},
            optimiser=self.optimiser,
        )
        self.average = {k: v.to(device) for k, v in self.average.items()}
        self.step = int(info["step"]) if info else 0
        self.tokens = int(info["tokens"]) if info else 0

    def keep(self) -> None:
        """Save the state."""
        info = {"step": self.step, "tokens": self.tokens, "plan": asdict(self.plan)}
        save_checkpoint(
            self.work / "music.safetensors",
            models={"model": self.model, "average": self.average},
            optimiser=self.optimiser,
            info=info,
        )

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

    def run(self, publish: Callable[[LlamaForCausalLM, int], None]) -> None:
        """Until the plan is done or the pace says stop; `publish` gets the averaged model now and then."""
        plan, losses = self.plan, []
        while self.step < plan.steps and self.pace.go_on():
            warm, cool = min(1.0, (self.step + 1) / 20), min(1.0, (plan.steps - self.step) / (0.3 * plan.steps))
            self.optimiser.pace(warm * max(0.03, cool))
            losses.append(self._learn())
            self.step += 1
            self._follow()
            if self.step % min(10, plan.keep_every) == 0:
                self.pace.note(self.step, plan.steps, loss=sum(losses) / len(losses), tokens=self.tokens)
                losses.clear()
            if self.step % plan.keep_every == 0:
                self.keep()
            if self.step % plan.check_every == 0:
                model = self.averaged()
                unseen = held_out_loss(model, plan, self.device, 8 if plan.width < 100 else 16)
                self.pace.note(self.step, plan.steps, held_out=unseen)
                publish(model, self.step)
        self.keep()
        publish(self.averaged(), self.step)


def run(
    stage: str,
    *,
    work: Path,
    out: Path | None,
    tiny: bool,
    device: torch.device,
    deadline: float | None,
    steps: int | None = None,
) -> None:
    """Train, or compose lessons ahead (`cache`). The folder `model` in the work folder is always a loadable draft."""
    plan = TINY if tiny else Plan()
    if steps:
        plan = Plan(**{**asdict(plan), "steps": steps})
    pace = Pace(work, "cache" if stage == "cache" else "music", deadline=deadline)
    if stage == "cache":
        lessons, shards = Lessons(work, shard=plan.shard), plan.pieces // plan.shard
        for number in range(2 if tiny else shards):
            if not pace.go_on():
                return
            if lessons.make_shard(number):
                pace.note(number + 1, shards)
        return

    def publish(model: LlamaForCausalLM, step: int) -> None:
        save_model(model, model.state_dict(), work / "model")

    Training(plan, work, device=device, pace=pace).run(publish)
    if out is not None:
        shutil.copytree(work / "model", out, dirs_exist_ok=True)
