"""Sound from the models of transformers: MusicGen, which writes codes from left to right, and VITS, which reads out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transformers
from transformers import LogitsProcessor, LogitsProcessorList

from studio.api import GeneratorContext, JobCancelled, JobPaused, Model, Request, StepState, StudioError
from studio.inference import devices
from studio.inference.loading import hushed, loading
from studio.inference.memory import shortage_in_words
from studio.inference.resampling import Frames, resample
from studio.inference.sound_joins import as_channels, carried_on, gain_to
from studio.inference.sound_view import HEARD_SECONDS, SoundView
from studio.inference.sounding import loud_enough
from studio.inference.tensors import from_blob, to_blob

from .params import SoundParams, SoundSettings
from .sound_given import Wished
from .sound_ways import CODES, VOICE

KINDS = frozenset((CODES, VOICE))
WINDOW, HEARD = 30.0, 10.0
"""Seconds that MusicGen was trained to write at once, and what of a sound it is given to go on from."""
STEPS_A_SECOND = 5
Rescue = Callable[[Frames, int, Wished | None], None]
"""Takes [frames, channels], their rate, and what of the wish that is."""
FORCED = 1e4
"""A score that no other comes near, and that guidance cannot turn into no number."""


def make(
    model: Model,
    request: Request,
    params: SoundParams,
    wish: Wished | None,
    context: GeneratorContext,
    rescue: Rescue,
) -> tuple[Frames, int]:
    """[frames, channels] and their rate: a new sound, or the given one with more. Raises JobCancelled and StudioError;
    before JobCancelled, `rescue` gets what is written so far.
    """
    device = _device(context.settings(SoundSettings))
    kind = model.family.partition("/")[2]
    key = ("speaker", str(model.path), model.sha256, device.kind, device.dtype_name)
    hint = "Make it shorter, close other programs, or choose a smaller model."
    with shortage_in_words("for this sound with this model", hint):
        tokenizer, net = context.cached(key, lambda: _load(model, kind, device, context), size=model.size)
        context.used(**device.facts(), torch=torch.__version__, transformers=transformers.__version__)
        words = tokenizer(params.prompt, return_tensors="pt").to(device.torch)
        cards = [device.torch] if device.kind == "cuda" else []
        with torch.random.fork_rng(cards), torch.inference_mode(), hushed():
            if kind == VOICE:
                return _read_out(net, words, request.seed, context)
            return _Codes(net, words, request.seed, params, context).write(params.seconds, wish, rescue)


def _read_out(net: Any, words: Any, seed: int, context: GeneratorContext) -> tuple[Frames, int]:
    torch.manual_seed(seed)
    rate = int(net.config.sampling_rate)
    sound = np.atleast_2d(net(**words).waveform[0].float().cpu().numpy()).T
    _checked(sound)
    view = SoundView(rate, 0, len(sound), context)
    view.is_there(sound, 0)
    context.step(0, 1, preview=lambda: view.shown(sound[: int(HEARD_SECONDS * rate)]))
    return loud_enough(sound), rate


class _Codes:
    """MusicGen: a second is a row of frames, a frame a code from each of its books, each book a frame later."""

    def __init__(self, net: Any, words: Any, seed: int, params: SoundParams, context: GeneratorContext) -> None:
        self._net, self._words, self._seed, self._params, self._context = net, words, seed, params, context
        coder = net.config.audio_encoder
        self.rate, self.channels = int(coder.sampling_rate), int(net.config.decoder.audio_channels)
        self._hop = int(np.prod(coder.upsampling_ratios))
        self._books = int(net.config.decoder.num_codebooks)
        self.gain: float | None = None
        """By how much louder its sound is made, to go on from what was given."""
        self.so_far = np.zeros((0, self.channels), np.float32)
        """Where a job was cancelled: the line, and what was written behind it."""

    def write(self, seconds: float, wish: Wished | None, rescue: Rescue) -> tuple[Frames, int]:
        """A new sound, or `wish` with `seconds` more behind it, in windows of what the model was trained for."""
        line = np.zeros((0, self.channels), np.float32)
        if wish is not None:
            if wish.front:
                raise StudioError(
                    "This model writes sound from left to right: it cannot go before what is there.",
                    "Extend it at the end, or choose a diffusion model such as Stable Audio.",
                )
            tail = wish.sound[-int((HEARD + 1) * wish.rate) :]
            line = resample(as_channels(tail, self.channels), wish.rate, self.rate)
        given = len(line)
        total = given + max(self._hop, round(seconds * self.rate))
        view = SoundView(self.rate, given, total, self._context)
        try:
            line = self._written(line, given, total, view)
        except JobPaused:
            raise
        except JobCancelled:
            if len(self.so_far) > given:
                until = min(total, len(self.so_far))
                part = None if wish is None else wish.up_to((until - given) / self.rate)
                sound = self._joined(self.so_far, given, until, part)
                rescue(sound, self.rate if wish is None else wish.rate, part)
            raise
        return self._joined(line, given, total, wish), self.rate if wish is None else wish.rate

    def _joined(self, line: Frames, given: int, total: int, wish: Wished | None) -> Frames:
        if wish is None:
            return loud_enough(line[:total])
        more = as_channels(resample(line[given:total], self.rate, wish.rate), wish.sound.shape[1])
        count = wish.last - wish.first
        more = np.concatenate([more, np.repeat(more[-1:], max(0, count - len(more)), axis=0)])
        return carried_on(wish.sound, more[:count], wish.rate)

    def _written(self, line: Frames, given: int, total: int, view: SoundView) -> Frames:
        number, before = 0, 0
        resume = self._context.resume
        if resume is not None:
            values, kept = resume[1].values, resume[1].tensors.get("line")
            number, before = int(values.get("part", 0)), int(values.get("before", 0))
            self.gain = float(values.get("gain", 1.0)) if number else None
            if kept is not None:
                line = from_blob(kept).numpy().copy()
                view.is_there(line[given:], given)
        while len(line) < total:
            heard = line[max(0, len(line) - int(HEARD * self.rate)) :]
            heard = heard[len(heard) % self._hop :]
            most = int(WINDOW * self.rate) - len(heard)
            frames = -(-min(most, total - len(line)) // self._hop)
            left = -(-(total - len(line)) // self._hop) - frames
            watch = _Watching(self, line, view, frames, number, before, left)
            try:
                made = self._window(heard, frames, watch)
            except JobCancelled:
                self.so_far = carried_on(line, self.decoded(watch.tokens), self.rate)
                raise
            line = carried_on(line, made, self.rate)
            view.is_there(line[given:total], given)
            number, before = number + 1, before + watch.steps
        return line

    def _window(self, heard: Frames, frames: int, watch: _Watching) -> Frames:
        torch.manual_seed(self._seed + watch.number)
        options: dict[str, Any] = {}
        if len(heard):
            wave = torch.from_numpy(np.ascontiguousarray(heard.T))[None].to(self._net.device, self._net.dtype)
            options = {"input_values": wave, "padding_mask": torch.ones_like(wave[:, :1], dtype=torch.bool)}
        made = self._net.generate(
            **self._words,
            **options,
            do_sample=True,
            guidance_scale=max(1.0, self._params.guidance_scale),
            max_new_tokens=frames + self._books,
            logits_processor=LogitsProcessorList([watch]),
        )
        sound = made[0].float().cpu().numpy().T
        _checked(sound)
        if self.gain is None:  # what comes later takes that of the first: one matched to the other would drift
            self.gain = gain_to(heard, sound[: len(heard)]) if len(heard) else 1.0
        sound = sound * np.float32(self.gain)
        new = sound[len(heard) : len(heard) + frames * self._hop]
        return np.concatenate([new, np.zeros((max(0, frames * self._hop - len(new)), self.channels), np.float32)])

    def decoded(self, codes: torch.Tensor) -> Frames:
        """Delayed codes [books, tokens] as sound, as far as all books have come."""
        delays = [book // self.channels for book in range(self._books)]
        count = codes.shape[1] - max(delays)
        if count < 1:
            return np.zeros((0, self.channels), np.float32)
        level = torch.stack([codes[book, delay : delay + count] for book, delay in enumerate(delays)])
        level = level.clamp(max=int(self._net.config.audio_encoder.codebook_size) - 1)
        sides = [level[side :: self.channels] for side in range(self.channels)]
        waves = [self._net.audio_encoder.decode(side[None, None], [None]).audio_values[0, 0] for side in sides]
        return torch.stack(waves, 1).float().cpu().numpy()

    @property
    def books(self) -> int:
        """How many codes a frame of them has."""
        return self._books

    @property
    def hop(self) -> int:
        """Frames of sound to a frame of codes."""
        return self._hop

    @property
    def context(self) -> GeneratorContext:
        """The job's."""
        return self._context


class _Watching(LogitsProcessor):
    """Sees every token before it is drawn: steps, a chance to stop, and the tokens of a kept step once more. (MusicGen
    tells no streamer.) Those are drawn like all others, so that chance goes on where it was.
    """

    def __init__(
        self, codes: _Codes, line: Frames, view: SoundView, frames: int, number: int, before: int, left: int
    ) -> None:
        self.number, self._codes, self._line, self._view = number, codes, line, view
        self._stride = max(1, min(frames, round(codes.rate / codes.hop / STEPS_A_SECOND)))
        self._before, self._frames = before, frames
        self.steps = frames // self._stride
        self._total = before + self.steps + left // self._stride
        self._start: int | None = None
        self._forced = torch.zeros((0, 0), dtype=torch.int64)
        self._told = 0
        self.tokens = torch.zeros((codes.books, 0), dtype=torch.int64)
        resume = codes.context.resume
        if resume is not None and int(resume[1].values.get("part", 0)) == number:
            self._forced = from_blob(resume[1].tensors["tokens"])

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        if self._start is None:
            self._start = input_ids.shape[1]
        self.tokens = input_ids[:, self._start :]
        self._codes.context.check()
        done = input_ids.shape[1] - self._start
        kept = self._forced.shape[1]
        if done and done % self._stride == 0 and done > kept and done // self._stride <= self.steps:
            self._say(input_ids[:, self._start :], done)
        if done >= kept:
            return scores
        return self._once_more(scores, self._forced[:, done].to(scores.device))

    def _once_more(self, scores: torch.FloatTensor, tokens: torch.Tensor) -> torch.FloatTensor:
        only = torch.full_like(scores, -FORCED)
        rows = tokens.repeat(len(scores) // len(tokens))  # with guidance, every book comes twice
        return only.scatter(1, rows[:, None], FORCED)  # type: ignore[return-value]

    def _say(self, tokens: torch.Tensor, done: int) -> None:
        index = self._before + done // self._stride - 1
        self._codes.context.step(
            index, self._total, preview=lambda: self._look(tokens), state=lambda: self._state(tokens)
        )

    def _look(self, tokens: torch.Tensor) -> Any:
        """What is new since the last look, with a moment before it that its decoder leans on."""
        lean = max(1, round(0.25 * self._codes.rate / self._codes.hop))
        count = round(HEARD_SECONDS * self._codes.rate / self._codes.hop)
        begin = max(0, min(self._told - lean, tokens.shape[1] - count))
        heard = self._view.listen(self._maker(tokens[:, begin:]))
        if heard is not None:
            known = max(0, self._told - begin) * self._codes.hop
            self._view.is_there(heard[known:], len(self._line) + (begin * self._codes.hop) + known)
            self._told = begin + len(heard) // self._codes.hop
            heard = heard[-int(HEARD_SECONDS * self._codes.rate) :]
        return self._view.shown(heard)

    def _maker(self, tokens: torch.Tensor) -> Callable[[], Frames]:
        return lambda: self._codes.decoded(tokens)

    def _state(self, tokens: torch.Tensor) -> StepState:
        tensors = {"tokens": to_blob(tokens)}
        if self.number:
            tensors["line"] = to_blob(torch.from_numpy(self._line))
        return StepState(tensors, {"part": self.number, "before": self._before, "gain": self._codes.gain})


def _checked(sound: np.ndarray) -> None:
    if not np.isfinite(sound).all():
        raise StudioError(
            "The sound came out empty: the model's numbers ran over.", "Choose Full as the precision in Settings."
        )


def _device(settings: SoundSettings) -> devices.Device:
    device = devices.pick(settings.device, precision=settings.precision, threads=settings.threads)
    if device.kind == "cpu" and settings.precision == "auto":
        device = devices.pick("cpu", precision="float32", threads=settings.threads)
    device.prepare()
    return device


def _load(model: Model, kind: str, device: devices.Device, context: GeneratorContext) -> tuple[Any, Any]:
    with loading(model, say=context.progress, check=context.check):
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(model.path, local_files_only=True)
            net = getattr(transformers, kind).from_pretrained(
                model.path, dtype=device.dtype, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise StudioError(
                f"{model.title} could not be loaded.", "Its files may be damaged: copy them again.", details=str(error)
            ) from error
    return tokenizer, net.to(device.torch).eval()
