"""The order of training: autoencoder, words, denoiser. Each starts from what the one before left in the folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

from ..training.checkpoint import load_checkpoint, save_checkpoint
from ..training.pace import Pace
from ..world.render import LOOK
from .autoencoder import (
    HELD_OUT,
    AutoencoderPlan,
    build_autoencoder,
    held_out_pictures,
    train_autoencoder,
    whiten,
)
from .bundle import EXAMPLES, preview_map, sample_sheet, save_bundle
from .data import FRAMES, Diet
from .denoiser import DenoiserPlan, DenoiserTraining, build_denoiser, polish_denoiser, train_denoiser
from .refining import refine, turned_back
from .text import build_text_encoder, make_tokenizer, train_text


def plans(tiny: bool) -> tuple[AutoencoderPlan, int, DenoiserPlan]:
    """Autoencoder, steps of the text stage, denoiser. The tiny ones end within seconds and show only that all works."""
    full = AutoencoderPlan(), 1500, DenoiserPlan()
    if not tiny:
        return full
    return (
        replace(full[0], channels=(8, 8, 16, 16, 32), steps=8, linear=24, batch=4, decoder=8),
        24,
        replace(
            full[2],
            channels=(32, 32),
            steps=24,
            batch=8,
            squares=(64, 64),
            ornaments=(32, 32),
            shaped=(32, 32),
            extra=1,
            grow_every=24,
            publish=24,
            shard=32,
            lazy=1,
        ),
    )


class Training:
    """One work folder and the stages run in it."""

    def __init__(self, work: Path, out: Path, *, tiny: bool, device: torch.device, deadline: float | None) -> None:
        self.work, self.out, self.device, self.deadline, self.tiny = work, out, device, deadline, tiny
        self.coder, self.reading, self.denoising = plans(tiny)
        self.words_a_step, self.pictures_shown = (16, 1) if tiny else (64, len(EXAMPLES))
        work.mkdir(parents=True, exist_ok=True)

    def pace(self, name: str) -> Pace:
        return Pace(self.work, name, deadline=self.deadline)

    def _shipped(self, part: str, module: torch.nn.Module) -> bool:
        """Warm start: fill a module from the shipped folder, where its weights are there and of the same shapes."""
        files = sorted((self.out / part).glob("*.safetensors"))
        if len(files) != 1:
            return False
        weights = {key: value.float() for key, value in load_file(files[0]).items()}
        wanted = module.state_dict()
        if any(key not in weights or weights[key].shape != value.shape for key, value in wanted.items()):
            return False
        module.load_state_dict({key: weights[key] for key in wanted})
        return True

    def autoencoder(self) -> AutoencoderKL:
        """The finished autoencoder, trained if need be; its encoder is frozen from then on."""
        done = self.work / "autoencoder-done.safetensors"
        vae = build_autoencoder(self.coder).to(self.device)
        if load_checkpoint(done, models={"model": vae}, optimiser=None) is None:
            begun = (self.work / "autoencoder.safetensors").exists()
            if begun or not self._shipped("vae", vae):
                pace = self.pace("autoencoder")
                vae = train_autoencoder(self.coder, self.work, pace, self.device)
                if not pace.go_on():
                    raise SystemExit(0)
                whiten(vae, held_out_pictures(64))
            save_checkpoint(done, models={"model": vae}, optimiser=None, info={})
        return vae.eval().requires_grad_(False)

    def decoder(self) -> None:
        """Better pictures from the same latents."""
        refine(self.autoencoder(), self.coder, self.work, self.pace("decoder"), self.device)

    def refine(self) -> None:
        """Both halves of the autoencoder at once, for better latents. Stays beside the rest until `adopt`."""
        refine(self.autoencoder(), self.coder, self.work, self.pace("refine"), self.device, encoder=True)

    def adopt(self) -> None:
        """Make the refined autoencoder the one in use. Cached latents are drawn anew, the denoiser goes on from its
        weights; its optimiser forgets where it was heading.
        """
        path, better = self.work / "refined.safetensors", {}
        before = self.autoencoder()
        if load_checkpoint(path, models={"average": better}, optimiser=None) is None:
            raise SystemExit("Nothing was refined yet: run the stage refine first.")
        vae = build_autoencoder(self.coder).to(self.device).eval().requires_grad_(False)
        vae.load_state_dict(better)
        turned_back(vae, before, held_out_pictures(8 if self.tiny else 160))
        save_checkpoint(self.work / "autoencoder-done.safetensors", models={"model": vae}, optimiser=None, info={})
        for stale in ("refined.safetensors", "decoder.safetensors"):
            (self.work / stale).unlink(missing_ok=True)
        for stale in self.work.glob(f"latents-{LOOK}*"):
            shutil.rmtree(stale, ignore_errors=True)

    def best_autoencoder(self) -> AutoencoderKL:
        """The autoencoder with the decoder's further training, where there was any."""
        vae = self.autoencoder()
        better: dict[str, torch.Tensor] = {}
        path = self.work / "decoder.safetensors"
        if load_checkpoint(path, models={"average": better}, optimiser=None) is not None:
            vae.load_state_dict(better)
        return vae

    def text(self) -> tuple[CLIPTextModel, CLIPTokenizer]:
        """Tokenizer and text encoder, made and taught if need be."""
        folder = self.work / "tokenizer"
        if not folder.exists() and (self.out / "tokenizer").exists():
            shutil.copytree(self.out / "tokenizer", folder)
        tokenizer = CLIPTokenizer.from_pretrained(folder) if folder.exists() else make_tokenizer(folder)
        encoder = build_text_encoder(tokenizer)
        done = self.work / "text.safetensors"
        if load_checkpoint(done, models={"model": encoder}, optimiser=None) is None:
            right = 0.0
            if not self._shipped("text_encoder", encoder):
                pace = self.pace("text")
                right = train_text(
                    encoder, tokenizer, pace, steps=self.reading, batch=self.words_a_step, device=self.device
                )
                if not pace.go_on():
                    raise SystemExit(0)
            save_checkpoint(done, models={"model": encoder}, optimiser=None, info={"facts": right})
        return encoder.to(self.device).eval(), tokenizer

    def diet(self, vae: AutoencoderKL) -> Diet:
        """The latents of all that the denoiser learns from."""
        plan = self.denoising
        # A toy need not draw every shape to show that all works.
        frames = FRAMES[2:3] if self.tiny else FRAMES
        return Diet(
            self.work,
            vae,
            shard=plan.shard,
            squares=plan.squares,
            ornaments=plan.ornaments,
            shaped=plan.shaped,
            frames=frames,
        )

    def cache(self) -> None:
        """Encode scenes ahead of the denoiser, in a process of its own where there is a core to spare."""
        diet, pace = self.diet(self.autoencoder()), self.pace("cache")
        while pace.go_on() and diet.grow():
            pace.note(len(diet), diet.goal)

    def denoiser(self, *, polish: int = 0) -> None:
        """Train the denoiser, or with `polish` let its rate run out over so many steps.

        Every so often the folder `model` beside the checkpoints is a loadable draft.
        """
        vae, (encoder, tokenizer) = self.autoencoder(), self.text()
        training = DenoiserTraining(
            self.denoising, encoder=encoder, tokenizer=tokenizer, diet=self.diet(vae), device=self.device
        )
        if not (self.work / "denoiser.safetensors").exists():
            shipped = build_denoiser(self.denoising)
            facts = self.out / "training.json"
            if facts.exists() and self._shipped("unet", shipped):
                training.start_from(shipped.state_dict(), int(json.loads(facts.read_text("utf-8"))["steps"]))

        def publish(model: UNet2DConditionModel, step: int) -> None:
            draft = self.work / "model"
            best = self.best_autoencoder()
            save_bundle(
                draft,
                vae=best,
                encoder=encoder,
                tokenizer_folder=self.work / "tokenizer",
                denoiser=model,
                preview=preview_map(best, HELD_OUT),
            )
            facts = {"steps": step, "pictures": step * self.denoising.batch, "polished": bool(polish)}
            (draft / "training.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
            sample_sheet(draft, self.work / "samples" / f"{step:07d}.png", EXAMPLES[: self.pictures_shown])

        if polish:
            polish_denoiser(training, self.work, self.pace("polish"), publish, steps=polish)
        else:
            train_denoiser(training, self.work, self.pace("denoiser"), publish)

    def ship(self) -> None:
        """Put the newest draft where users get it. What is committed is decided by a look at the evaluation."""
        shutil.copytree(self.work / "model", self.out, dirs_exist_ok=True)


def run(
    stage: str, *, work: Path, out: Path, tiny: bool, device: torch.device, deadline: float | None, polish: int = 1000
) -> None:
    """Run one stage, or all that are not done yet."""
    training = Training(work, out, tiny=tiny, device=device, deadline=deadline)
    if stage in ("all", "autoencoder"):
        training.autoencoder()
    if stage in ("all", "text"):
        training.text()
    if stage == "cache":
        training.cache()
    if stage == "decoder":
        training.decoder()
    if stage == "refine":
        training.refine()
    if stage == "adopt":
        training.adopt()
    if stage in ("all", "denoiser"):
        training.denoiser()
    if stage == "polish":
        training.denoiser(polish=polish)
    if stage in ("all", "ship"):
        training.ship()
