"""Devices, tensors, noise, previews, the cache of prompts: each by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from safetensors.torch import save_file

from studio.api import Model, StudioError, Tensor, media
from studio.inference import devices, latent_spaces, latents, noise, pipelines, previews
from studio.inference.embeddings import EmbeddingCache
from studio.inference.tensors import from_blob, to_blob

# --- devices ---------------------------------------------------------------------------------------------------------


def test_a_processor_never_gets_half_floats() -> None:
    for precision in ("auto", "float32", "bfloat16", "float16"):
        assert devices.pick("cpu", precision=precision).dtype in (torch.float32, torch.bfloat16)
    assert devices.pick("cpu", precision="float32").dtype == torch.float32


def test_bfloat16_is_taken_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "fast_bfloat16", lambda: True)
    assert devices.pick("cpu").dtype == torch.bfloat16
    monkeypatch.setattr(devices, "fast_bfloat16", lambda: False)
    assert devices.pick("cpu").dtype == torch.float32


def test_the_thread_count_is_fixed_and_recorded() -> None:
    before = torch.get_num_threads()
    try:
        device = devices.pick("cpu", threads=1)
        device.prepare()
        assert torch.get_num_threads() == 1
        assert device.facts() == {"device": "CPU", "dtype": device.dtype_name, "threads": 1}
    finally:
        torch.set_num_threads(before)
    assert devices.pick("cpu").threads >= 1


def test_unknown_devices_are_refused() -> None:
    for name in ("tpu", "cuda:99", "x" * 500):
        with pytest.raises(StudioError):
            devices.pick(name)


@pytest.mark.parametrize(
    ("card", "apple", "wide", "kind", "dtype"),
    [
        (True, False, True, "cuda", torch.bfloat16),
        (True, False, False, "cuda", torch.float16),
        (False, True, False, "mps", torch.float16),
        (False, False, False, "cpu", None),
    ],
)
def test_the_device_and_its_precision_are_chosen_by_what_is_there(
    monkeypatch: pytest.MonkeyPatch, card: bool, apple: bool, wide: bool, kind: str, dtype: torch.dtype | None
) -> None:
    """What torch would say on other machines; nothing is computed there."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: card)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: int(card))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "NVIDIA RTX 3070")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_options: wide)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: apple)
    device = devices.pick()
    assert device.kind == kind
    assert dtype is None or device.dtype == dtype
    assert dtype is not None or device.dtype != torch.float16
    assert devices.pick(precision="float32").dtype == torch.float32
    if card:
        assert device.name == "NVIDIA RTX 3070"
        assert devices.pick("cpu").kind == "cpu"


def test_memory_is_told() -> None:
    name, used, total = devices.status(devices.pick("cpu"))
    assert name == "CPU"
    assert 0 < used < total


# --- tensors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool]
)
def test_tensors_cross_bit_by_bit(dtype: torch.dtype) -> None:
    tensor = (torch.randn(2, 3, 5) * 10).to(dtype)
    for one in (tensor, tensor.permute(2, 0, 1), tensor[:0], tensor[0, 0, 0]):
        back = from_blob(to_blob(one))
        assert back.dtype == one.dtype
        assert back.shape == one.shape
        assert torch.equal(back, one)


@pytest.mark.parametrize(
    "blob",
    [
        Tensor("F32", (2,), b"1234"),
        Tensor("X9", (1,), b"1"),
        Tensor("F32", (-1, -1), b"1234"),
        Tensor("F32", (2**40,), b""),
    ],
)
def test_damaged_tensors_are_refused(blob: Tensor) -> None:
    with pytest.raises(StudioError, match="damaged"):
        from_blob(blob)


# --- noise -----------------------------------------------------------------------------------------------------------


def test_noise_is_the_same_in_every_precision() -> None:
    with noise.FullPrecisionNoise():
        half = torch.randn(1000, generator=noise.generator(5), dtype=torch.bfloat16)
        full = torch.randn(1000, generator=noise.generator(5))
    assert half.dtype == torch.bfloat16
    assert torch.equal(half, full.to(torch.bfloat16))
    bare = torch.randn(1000, generator=noise.generator(5), dtype=torch.bfloat16)
    assert not torch.equal(half, bare), "torch has changed: FullPrecisionNoise is no longer needed"


# --- previews --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded(tiny: Model) -> pipelines.Loaded:
    return pipelines.load(tiny, device=devices.pick("cpu", precision="float32", threads=1), check=lambda: None)


class LinearCodec(torch.nn.Module):
    """An autoencoder whose latents are colours mixed and scaled: a preview can be exact."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.mix = torch.nn.Parameter(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)) + torch.eye(3))
        self.side = side
        self.config: dict[str, Any] = {
            "latent_channels": 3,
            "scaling_factor": 0.5,
            "block_out_channels": [1] * (side.bit_length()),
        }

    def encode(self, picture: torch.Tensor) -> Any:
        small = torch.nn.functional.avg_pool2d(picture, self.side)
        return type("Answer", (), {"latents": torch.einsum("ij,bjhw->bihw", self.mix, small)})()


@pytest.mark.parametrize("side", [8, 16])
def test_colours_are_fitted_through_the_models_own_encoder(side: int, tmp_path: Path) -> None:
    vae = LinearCodec(side)
    pipe = type("Pipe", (), {"vae": vae})()
    colours = previews.colours_for(pipe, tmp_path)
    flat = torch.tensor([0.9, 0.2, 0.4])[:, None, None].expand(3, 64, 64)
    given = latents.scaled(vae, vae.encode(flat[None] * 2 - 1).latents)[0]
    seen = colours.picture(given)
    assert colours.side == (8 if side == 16 else 1)
    assert seen.shape == (64 // side * colours.side, 64 // side * colours.side, 3)
    assert (seen - torch.tensor([0.9, 0.2, 0.4])).abs().max() < 0.05


def test_the_file_beside_the_model_wins(tmp_path: Path) -> None:
    pipe = type("Pipe", (), {"vae": LinearCodec(8)})()
    weight, bias = torch.randn(3, 3), torch.rand(3)
    save_file({"weight": weight, "bias": bias}, tmp_path / previews.PREVIEW_FILE)
    latents = torch.randn(3, 4, 6)
    seen = previews.colours_for(pipe, tmp_path).picture(latents)
    expected = (latents.permute(1, 2, 0) @ weight + bias).clamp(0, 1)
    assert torch.allclose(seen, expected, atol=1e-5)


def test_a_fitted_map_can_be_kept_beside_the_model(tmp_path: Path) -> None:
    vae = LinearCodec(16)
    pipe = type("Pipe", (), {"vae": vae})()
    fit = previews.fitted(vae, previews.made_up_pictures(3, side=128), side=16)
    assert fit is not None
    fit.save(tmp_path / previews.PREVIEW_FILE)
    read = previews.colours_for(pipe, tmp_path)
    latents = torch.randn(3, 8, 8)
    assert torch.equal(read.picture(latents), fit.picture(latents))


@pytest.mark.parametrize("damage", ["empty", "garbage", "shape", "kernel"])
def test_a_damaged_file_beside_the_model_is_passed_over(tmp_path: Path, damage: str) -> None:
    path = tmp_path / previews.PREVIEW_FILE
    if damage == "empty":
        path.touch()
    elif damage == "garbage":
        path.write_bytes(b"\xff" * 5000)
    elif damage == "shape":
        save_file({"weight": torch.zeros(7, 3), "bias": torch.zeros(3)}, path)
    else:
        save_file({"kernel": torch.zeros(10, 3, 2, 2), "kernel_bias": torch.zeros(10)}, path)
    colours = previews.colours_for(type("Pipe", (), {"vae": LinearCodec(8)})(), tmp_path)
    assert colours.picture(torch.zeros(3, 4, 4)).std() >= 0


@pytest.mark.parametrize("space", latent_spaces.SPACES, ids=lambda space: space.name)
def test_known_latent_spaces_need_no_fit(space: latent_spaces.LatentSpace, tmp_path: Path) -> None:
    class Known:
        """An autoencoder without an encoder: nothing could be fitted through it."""

        config: ClassVar[dict[str, Any]] = {
            "latent_channels": len(space.rows),
            "scaling_factor": space.scaling,
            "shift_factor": space.shift or None,
            "block_out_channels": (128, 256, 512, 512),
        }

    colours = previews.colours_for(type("Pipe", (), {"vae": Known()})(), tmp_path)
    assert colours.channels == len(space.rows)
    grey = colours.picture(torch.zeros(colours.channels, 2, 2))
    assert 0.4 < float(grey.mean()) < 0.62
    random = torch.randn(colours.channels, 64, 64, generator=torch.Generator().manual_seed(0))
    seen = colours.picture(random)
    assert 0.03 < float(seen.std()) < 0.35, "latents have a spread of about one: neither grey nor all at the edges"


@pytest.mark.parametrize(("side", "reach"), [(1, 1), (8, 3)])
def test_pixels_are_the_picture_in_bytes(side: int, reach: int) -> None:
    random = torch.Generator().manual_seed(1)
    weight = 0.1 * torch.randn(3 * side * side, 4, reach, reach, generator=random)
    colours = previews.LatentColours(weight, torch.full((3 * side * side,), 0.5), side)
    latents = torch.randn(4, 5, 7, generator=random)
    picture, pixels = colours.picture(latents), colours.pixels(latents)
    margin = (reach // 2,) * 4
    padded = torch.nn.functional.pad(latents[None], margin, mode="replicate") if reach > 1 else latents[None]
    direct = torch.nn.functional.pixel_shuffle(torch.nn.functional.conv2d(padded, weight, colours.bias), side)[0]
    assert torch.allclose(picture, direct.permute(1, 2, 0).clamp(0, 1), atol=1e-5)
    assert pixels.dtype == torch.uint8
    assert (pixels.float() - picture * 255).abs().max() <= 0.51
    assert previews.to_preview(pixels).data == previews.to_preview(pixels.float() / 255).data


def test_previews_are_small_and_whole() -> None:
    for height, width, limit in ((16, 16, 256), (1024, 512, 256), (3, 4000, 256)):
        shown = previews.to_preview(torch.rand(height, width, 3), limit=limit)
        assert shown.media == media.RGB
        assert len(shown.data) == shown.width * shown.height * 3
        assert max(shown.width, shown.height) <= limit
    white = previews.to_preview(torch.ones(2, 2, 3))
    assert white.data == b"\xff" * 12


def test_latents_in_a_row_or_with_frames_are_spread_out() -> None:
    class Packed:
        vae_scale_factor = 8

        @staticmethod
        def _unpack_latents(latents: torch.Tensor, height: int, width: int, factor: int) -> torch.Tensor:
            rows, columns = height // factor, width // factor
            return latents.reshape(1, rows, columns, -1).permute(0, 3, 1, 2)

    flat = latents.spread_out(Packed(), torch.randn(1, 48, 16), width=64, height=48)
    assert flat is not None
    assert flat.shape == (16, 6, 8)
    video = latents.spread_out(object(), torch.randn(1, 16, 1, 6, 8), width=64, height=48)
    assert video is not None
    assert video.shape == (16, 6, 8)
    assert latents.spread_out(object(), torch.randn(1, 48, 16), width=64, height=48) is None


# --- the cache of prompts --------------------------------------------------------------------------------------------


class Reader:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def encode_prompt(self, prompt: Any, *, tensor: Any = None, **more: Any) -> str:
        self.asked.append(prompt)
        return f"{prompt} {sorted(more)}"


def test_the_same_words_are_read_once() -> None:
    cache, reader = EmbeddingCache(limit=2), Reader()
    cache.watch(reader)
    for prompt in ("a", "a", ["a", "b"], ["a", "b"], "a", "c", "d", "a"):
        assert reader.encode_prompt(prompt) == f"{prompt} []"
    assert reader.asked == ["a", ["a", "b"], "c", "d", "a"]
    reader.encode_prompt("a", clip_skip=1)
    assert reader.asked[-1] == "a"
    assert len(reader.asked) == 6
    cache.clear()
    reader.encode_prompt("a")
    assert len(reader.asked) == 7


def test_one_and_true_are_different_questions() -> None:
    cache, reader = EmbeddingCache(), Reader()
    cache.watch(reader)
    reader.encode_prompt("a", n=1)
    reader.encode_prompt("a", n=True)
    reader.encode_prompt("a", n=1.0)
    assert len(reader.asked) == 3


def test_questions_with_tensors_are_asked_every_time() -> None:
    cache, reader = EmbeddingCache(), Reader()
    cache.watch(reader)
    for _ in range(2):
        reader.encode_prompt("a", tensor=torch.zeros(1))
    assert len(reader.asked) == 2


# --- loading ---------------------------------------------------------------------------------------------------------


def test_loading_can_be_stopped(tiny: Model) -> None:
    from studio.api import JobCancelled

    def stop() -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        pipelines.load(tiny, device=devices.pick("cpu", threads=1), check=stop)
    pipelines.load(tiny, device=devices.pick("cpu", threads=1), check=lambda: None)


def test_what_was_loaded_lies_as_it_is_fastest(loaded: pipelines.Loaded) -> None:
    assert loaded.pipe.vae.decoder.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    assert not any(parameter.requires_grad for parameter in loaded.pipe.unet.parameters())
    assert loaded.size == sum(
        parameter.numel() * 4
        for part in (loaded.pipe.unet, loaded.pipe.vae, loaded.pipe.text_encoder)
        for parameter in part.parameters()
    )


def test_dropping_lets_go_of_the_weights(tiny: Model) -> None:
    import gc
    import weakref

    loaded = pipelines.load(tiny, device=devices.pick("cpu", threads=1), check=lambda: None)
    loaded.pipe_for("image")
    gone = [weakref.ref(part) for part in (loaded.pipe.unet, loaded.pipe.vae, loaded.pipe.text_encoder)]
    loaded.drop()
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]
