"""The latents of sound: how the pipelines of diffusers lay them out, and the way from sound to them and back.

Two kinds are in use: autoencoders of the wave itself (Stable Audio, ACE-Step), and pictures of it, mel spectrograms in
an autoencoder for pictures, which a vocoder makes into sound (AudioLDM and its kind).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import torch
from transformers.audio_utils import mel_filter_bank

from .latents import scaled, unscaled
from .loading import hushed

MARGIN = 12
"""Cells on each side that a cell of an autoencoder of waves listens to, rounded up (Oobleck: 7 of them)."""
LOUD = 0.5
"""The peak that AudioLDM and its kind were shown all sound at."""
QUIET = 1e-5
"""What its spectrograms take for silence."""
MEL_SECONDS = 30.0
"""Pictures of sound can be wider than they were in training (10 s), but not by much."""
ACE_SECONDS = 240.0


class SoundSpace(ABC):
    """`rate` in Hz, `channels` of the sound, `hop` frames to a cell; `longest` is what the model makes in one go, in
    frames; `axis` is where time lies in the latents that the scheduler sees; `whole` where a part of the latents
    cannot be decoded as exactly as all of them.
    """

    rate: int
    channels: int
    hop: int
    longest: int
    axis: int
    whole: bool

    @abstractmethod
    def encode(self, sound: torch.Tensor) -> torch.Tensor:
        """[channels, frames] in -1 … 1 as the latents that the denoiser sees, one cell for each `hop` frames begun;
        always the same ones.
        """

    @abstractmethod
    def decode(self, latents: torch.Tensor, first: int, last: int) -> torch.Tensor:
        """The cells from `first` up to `last` as sound [channels, (last - first) · hop], in fp32 on the processor."""

    @abstractmethod
    def rows(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents as [values, cells] in fp32 on the processor."""

    def cells(self, frames: int) -> int:
        """How many cells so many frames take."""
        return -(-frames // self.hop)


class WaveSpace(SoundSpace):
    """Latents of an autoencoder of waves: [1, values, cells], or with the last two the other way round."""

    def __init__(self, pipe: Any, *, axis: int, seconds: float, whole: bool = False) -> None:
        vae = pipe.vae
        self._pipe, self.axis, self.whole = pipe, axis, whole
        self.rate = int(vae.config.sampling_rate)
        self.channels = int(vae.config.audio_channels)
        self.hop = _hop(vae)
        self.longest = int(seconds * self.rate) // self.hop * self.hop

    def encode(self, sound: torch.Tensor) -> torch.Tensor:
        vae = self._pipe.vae
        filled = torch.nn.functional.pad(sound, (0, self.cells(sound.shape[1]) * self.hop - sound.shape[1]))
        answer = vae.encode(_for(vae, self._pipe, filled[None]))
        latents: torch.Tensor = answer.latent_dist.mode() if hasattr(answer, "latent_dist") else answer.latents
        latents = latents.float()
        return latents if self.axis == 2 else latents.transpose(1, 2).contiguous()

    def decode(self, latents: torch.Tensor, first: int, last: int) -> torch.Tensor:
        vae = self._pipe.vae
        upright = latents if self.axis == 2 else latents.transpose(1, 2)
        begin, end = max(0, first - MARGIN), min(upright.shape[2], last + MARGIN)
        found: torch.Tensor = vae.decode(_for(vae, self._pipe, upright[:, :, begin:end])).sample[0].float().cpu()
        return found[:, (first - begin) * self.hop : (last - begin) * self.hop]

    def rows(self, latents: torch.Tensor) -> torch.Tensor:
        row = latents[0] if self.axis == 2 else latents[0].T
        return row.detach().float().cpu()


class MelSpace(SoundSpace):
    """Latents [1, channels, cells, heights] of a mel spectrogram."""

    def __init__(self, pipe: Any) -> None:
        vocoder = pipe.vocoder.config
        self._pipe, self.axis, self.whole, self.channels = pipe, 2, True, 1
        self.rate = int(vocoder.sampling_rate)
        self._step = math.prod(int(rate) for rate in vocoder.upsample_rates)
        self._bands = int(vocoder.model_in_dim)
        self.hop = self._step * int(pipe.vae_scale_factor)
        self.longest = int(MEL_SECONDS * self.rate) // self.hop * self.hop

    def spectrogram(self, sound: torch.Tensor) -> torch.Tensor:
        """[frames] as the logarithmic mel spectrogram [1, 1, rows, bands] that these models were trained on: Slaney's
        bands, magnitudes, natural logarithm (AudioLDM, arXiv:2301.12503).
        """
        # 1024 for the 160 frames a row at 16 kHz, 2048 for the 480 at 48 kHz
        window = max(1 << int(math.log2(6.4 * self._step)), 64)
        bins = window // 2 + 1
        low = 20.0 if self.rate > 32_000 else 0.0
        with hushed():
            bank = mel_filter_bank(bins, self._bands, low, self.rate / 2, self.rate, norm="slaney", mel_scale="slaney")
        rows = len(sound) // self._step
        padded = torch.nn.functional.pad(sound[None], (window // 2, window // 2), mode="constant")
        found = torch.stft(
            padded, window, hop_length=self._step, window=torch.hann_window(window), center=False, return_complex=True
        )
        bands = torch.from_numpy(bank).float().T @ found[0].abs()
        return bands.clamp(min=QUIET).log().T[None, None, :rows]

    def encode(self, sound: torch.Tensor) -> torch.Tensor:
        vae, mono = self._pipe.vae, sound.float().mean(0)
        mono = torch.nn.functional.pad(mono, (0, self.cells(len(mono)) * self.hop - len(mono)))
        mono = (mono - mono.mean()) * (LOUD / mono.abs().max().clamp(min=1e-4))
        pictured = _for(vae, self._pipe, self.spectrogram(mono))
        return scaled(vae, vae.encode(pictured).latent_dist.mode().float())

    def decode(self, latents: torch.Tensor, first: int, last: int) -> torch.Tensor:
        vae, vocoder = self._pipe.vae, self._pipe.vocoder
        plain = unscaled(vae, latents.float()[:, :, first:last])
        pictured = vae.decode(_for(vae, self._pipe, plain)).sample
        wave = vocoder(_for(vocoder, self._pipe, pictured.squeeze(1)))
        wave = wave.float().cpu().reshape(1, -1)[:, : (last - first) * self.hop]
        return torch.nn.functional.pad(wave, (0, (last - first) * self.hop - wave.shape[1]))

    def rows(self, latents: torch.Tensor) -> torch.Tensor:
        return latents[0].detach().float().cpu().permute(0, 2, 1).reshape(-1, latents.shape[2])


def space_of(pipe: Any) -> SoundSpace | None:
    """The latents of a pipeline of diffusers, or None where they are not known."""
    name = type(pipe).__name__
    if name in ("AudioLDM2Pipeline", "MusicLDMPipeline", "AudioLDMPipeline"):
        return MelSpace(pipe)
    if name == "StableAudioPipeline":
        cells = int(pipe.transformer.config.sample_size)
        return WaveSpace(pipe, axis=2, seconds=cells * _hop(pipe.vae) / int(pipe.vae.config.sampling_rate))
    if name == "StableAudio3Pipeline":
        return WaveSpace(pipe, axis=2, seconds=float(pipe.duration_embedder.config.max_val), whole=True)
    if name == "AceStepPipeline":
        return WaveSpace(pipe, axis=1, seconds=ACE_SECONDS)
    return None


def _hop(vae: Any) -> int:
    """Frames of sound to a latent."""
    ratio = getattr(vae, "downsampling_ratio", None)
    return int(ratio) if ratio else math.prod(int(step) for step in vae.config.downsampling_ratios)


def _for(part: Any, pipe: Any, values: torch.Tensor) -> torch.Tensor:
    """`values` where a part works and as it counts; its weights may lie elsewhere until its turn comes."""
    weights = next(part.parameters())
    place = getattr(pipe, "_execution_device", None) or weights.device
    return values.to(place, weights.dtype)
