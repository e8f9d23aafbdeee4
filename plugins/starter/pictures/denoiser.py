"""The denoiser: a UNet over 16 x 16 latents that listens to the words twice.

Once through cross-attention, as always, and once through a pooled text vector added to the time embedding
(`addition_embed_type="text"`, which a plain StableDiffusionPipeline feeds by itself): what concerns the whole
picture, such as style, time and place, is then learned within minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextModel, CLIPTokenizer

from ..training.checkpoint import load_checkpoint, save_checkpoint
from ..training.muon import Muon
from ..training.pace import Pace
from ..world import Scene, caption
from .data import Diet, LatentCache, Share
from .text import tokens_of


@dataclass(frozen=True)
class DenoiserPlan:
    """How large and how long."""

    channels: tuple[int, ...] = (64, 160)
    layers: int = 1
    latents: int = 16
    width: int = 192
    steps: int = 60_000
    batch: int = 32
    rate: float = 0.014
    """For Muon; what is no matrix takes a twelfth."""
    lazy: int = 2
    """Each matrix is updated every so many steps: its orthogonal update costs as much as a few pictures."""
    drop: float = 0.1
    """Captions left out, so that guidance has something to lead away from."""
    squares: Share = (2_560, 65_536)
    ornaments: Share = (512, 4_096)
    shaped: Share = (512, 4_096)
    """Scenes encoded before the first step and in the end, in each of the shapes; a shard is added every `grow_every`
    steps (or by the stage `cache` beside the training)."""
    fine_from: int = 7_400
    """The step from which on edges and textures matter most: by then nearly every thing is where it was asked for."""
    extra: int = 3
    """Ornaments in each batch beyond those that come by chance."""
    shapes_every: int = 2
    """Every so many steps the batch is in another shape than the square."""
    wide: int = 3
    """A wide shape comes so many times as often as a high one: that a thing stands in the middle once, far from both
    edges, is the hardest to learn."""
    shard: int = 256
    grow_every: int = 500
    publish: int = 500
    """Steps between two sample sheets, each with a loadable folder."""


def build_denoiser(plan: DenoiserPlan) -> UNet2DConditionModel:
    """A standard UNet2DConditionModel of about six million parameters."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=plan.latents,
        out_channels=plan.latents,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DCrossAttn",
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=plan.channels,
        layers_per_block=plan.layers,
        cross_attention_dim=plan.width,
        attention_head_dim=4,
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        time_embedding_dim=256,
    )


def build_scheduler() -> DDIMScheduler:
    """Velocity prediction on a schedule that ends in (nearly) pure noise, yet at a sigma every sampler can start from.

    A cosine schedule ends at sigma 20,000, where Karras spacing wastes its steps; Stable Diffusion's ends at 14.6,
    where 16 x 16 latents still show whether it is day or night. 64 lies between.
    """
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.02,
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing="trailing",
    )


def noise_times(count: int, generator: torch.Generator, *, fine: bool = False) -> torch.Tensor:
    """Timesteps for training, a fifth of them evenly everywhere.

    Mostly the middle at first, where it is decided what stands where, and when that is learned (`fine`) mostly
    sigmas around 1, where edges and the texture of a style come about.
    """
    bell = torch.sigmoid(torch.randn(count, generator=generator) * 1.1 + (-0.8 if fine else 0.15))
    even = torch.rand(count, generator=generator)
    pick = torch.rand(count, generator=generator) < 0.2
    return (torch.where(pick, even, bell) * 1000).long().clamp(0, 999)


class Average:
    """An exponential average of a model's weights: what is sampled and shipped."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.top = 0.9995
        """How much of it stays at each step, once it is no longer young."""
        self.weights = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def follow(self, model: torch.nn.Module, step: int) -> None:
        """Take a step towards the model; young averages follow faster."""
        decay = min(self.top, (1 + step) / (12 + step))
        for key, value in model.state_dict().items():
            self.weights[key].lerp_(value, 1 - decay)


def draw_batch(plan: DenoiserPlan, diet: Diet, step: int) -> tuple[list[str], tuple[torch.Tensor, ...]]:
    """The captions of that step, and its latents, weights, noise and times: the same whenever it is asked for."""
    rng = np.random.default_rng([step, 31])
    generator = torch.Generator().manual_seed(step)
    fine = step >= plan.fine_from

    def pick(cache: LatentCache) -> int:
        while True:
            index = int(rng.integers(0, len(cache)))
            # Hard pixels are the finest thing to learn: then they come twice as often as by chance.
            if not fine or rng.random() < 0.5 or cache.scene(index).style == "pixel art":
                return index

    def some(cache: LatentCache, count: int) -> tuple[list[Scene], torch.Tensor, torch.Tensor]:
        chosen = [pick(cache) for _ in range(count)]
        return [cache.scene(i) for i in chosen], *cache.take(chosen)

    turn, rest = divmod(step, plan.shapes_every)
    if diet.shaped and rest == plan.shapes_every - 1:
        fine = False  # where things stand is what other shapes have to teach
        turns = [cache for cache in diet.shaped for _ in range(plan.wide if cache.frame.wide > cache.frame.high else 1)]
        scenes, latents, focus = some(turns[turn % len(turns)], plan.batch)
    else:
        world, ornaments = some(diet.squares, plan.batch - plan.extra), some(diet.ornaments, plan.extra)
        scenes = world[0] + ornaments[0]
        latents, focus = (torch.cat(pair) for pair in zip(world[1:], ornaments[1:], strict=True))
    texts = ["" if rng.random() < plan.drop else caption(scene, rng) for scene in scenes]
    times = noise_times(plan.batch, generator, fine=fine)
    return texts, (latents, focus, torch.randn(latents.shape, generator=generator), times)


def velocity_loss(
    denoiser: UNet2DConditionModel,
    latents: torch.Tensor,
    focus: torch.Tensor,
    noise: torch.Tensor,
    times: torch.Tensor,
    words: torch.Tensor,
    alphas: torch.Tensor,
) -> torch.Tensor:
    """The squared error of the velocity (app. D of Salimans and Ho 2022, arXiv:2202.00512), weighted by focus."""
    signal = alphas[times].sqrt()[:, None, None, None]
    sigma = (1 - alphas[times]).sqrt()[:, None, None, None]
    with torch.autocast(latents.device.type, torch.bfloat16):
        guess = denoiser(signal * latents + sigma * noise, times, words).sample.float()
    return (focus * (guess - (signal * noise - sigma * latents)).square()).mean() / focus.mean()


class DenoiserTraining:
    """A denoiser on its way: weights, their average, the optimiser, and how many steps it has come."""

    def __init__(
        self,
        plan: DenoiserPlan,
        *,
        encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        diet: Diet,
        device: torch.device,
    ) -> None:
        torch.manual_seed(3)
        self.plan, self.tokenizer, self.diet, self.device = plan, tokenizer, diet, device
        self.encoder = encoder.to(device).eval().requires_grad_(False)
        self.model = build_denoiser(plan).to(device)
        if device.type == "cpu":  # a fused kernel costs a fifth more here, with 64 places and 48 words
            self.model.set_attn_processor(AttnProcessor())
        for name, module in self.model.named_modules():
            if name.endswith(("conv2", "proj_out", "conv_out")):  # every block starts as nothing at all
                torch.nn.init.zeros_(module.weight)
                torch.nn.init.zeros_(module.bias)
        self.optimiser = Muon([self.model], lr=plan.rate, adam_lr=plan.rate / 12, every=plan.lazy)
        self.average = Average(self.model)
        self.alphas = build_scheduler().alphas_cumprod.to(device)
        self.step = 0

    def load(self, path: Path) -> bool:
        """Go on from a checkpoint; False where there is none."""
        models = {"model": self.model, "average": self.average.weights}
        info = load_checkpoint(path, models=models, optimiser=self.optimiser)
        if info is None:
            return False
        self.step = self.optimiser.turn = int(info["step"])
        self.average.weights = {k: v.to(self.device) for k, v in self.average.weights.items()}
        return True

    def start_from(self, weights: dict[str, torch.Tensor], step: int) -> None:
        """Go on from shipped weights: the moments are lost, nothing else."""
        self.model.load_state_dict(weights)
        self.average = Average(self.model)
        self.step = self.optimiser.turn = step

    def keep(self, path: Path) -> None:
        """Write a checkpoint."""
        models = {"model": self.model, "average": self.average.weights}
        save_checkpoint(path, models=models, optimiser=self.optimiser, info={"step": self.step})

    def averaged(self) -> UNet2DConditionModel:
        """The average as a model of its own."""
        model = build_denoiser(self.plan).to(self.device)
        model.load_state_dict(self.average.weights)
        return model.eval()

    def advance(self, rate: float) -> float:
        """One step at that part of the full rate; returns its loss."""
        self.optimiser.pace(rate)
        texts, batch = draw_batch(self.plan, self.diet, self.step)
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16):
            words = self.encoder(tokens_of(self.tokenizer, texts).to(self.device)).last_hidden_state
        loss = velocity_loss(self.model, *(part.to(self.device) for part in batch), words, self.alphas)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self.average.follow(self.model, self.step)
        return loss.item()


Publish = Callable[[UNet2DConditionModel, int], None]


def train_denoiser(training: DenoiserTraining, work: Path, pace: Pace, publish: Publish) -> None:
    """Train, or go on training; `publish` gets the averaged model every `plan.publish` steps and at the end."""
    plan, diet, path = training.plan, training.diet, work / "denoiser.safetensors"
    training.load(path)
    losses: list[float] = []
    while training.step < plan.steps and pace.go_on():
        while not diet.ready() and pace.go_on():
            diet.grow()
        if training.step % plan.grow_every == 0:
            known = len(diet)
            diet.refresh()
            # The stage `cache` may be at it already; then the same shard is not drawn twice.
            if len(diet) == known:
                diet.grow()
        losses.append(training.advance(min(1.0, (training.step + 1) / 50)))
        step = training.step
        if step % min(50, plan.steps // 4) == 0:
            pace.note(step, plan.steps, loss=sum(losses) / len(losses), scenes=len(diet), seen=step * plan.batch)
            losses.clear()
        if step % 250 == 0:
            training.keep(path)
        if step % plan.publish == 0:
            publish(training.averaged(), step)
    training.keep(path)
    publish(training.averaged(), training.step)


def polish_denoiser(training: DenoiserTraining, work: Path, pace: Pace, publish: Publish, *, steps: int) -> None:
    """Let the rate run out over so many steps, for weights to ship; the long run itself stays at its full rate.

    Interrupted, it goes on from its own checkpoint; finished, that is removed, since the next polish starts anew.
    """
    path = work / "polish.safetensors"
    start_path = work / "denoiser.safetensors"
    if not training.load(start_path):
        raise SystemExit("There is no denoiser to polish yet: run the stage denoiser first.")
    start = training.step
    if training.load(path) and not start <= training.step < start + steps:
        training.load(start_path)
    # A falling rate averages by itself; a long average would still hold what the weights were at the start.
    training.average.top = 0.997
    losses: list[float] = []
    while training.step < start + steps and pace.go_on():
        # By the clock where a time was given, or the rate would still be high when it is over.
        left = min(1 - (training.step - start) / steps, pace.left())
        losses.append(training.advance(max(0.02, left)))
        done = training.step - start
        if done % min(50, steps // 2) == 0:
            pace.note(done, steps, loss=sum(losses) / len(losses))
            losses.clear()
        if done % 250 == 0:
            training.keep(path)
    publish(training.averaged(), training.step)
    path.unlink(missing_ok=True)
