"""Memory: what a picture needs, how the model is placed for it, and what happens when it is too much after all."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import weakref
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from studio.api import JobCancelled, Model, Request, StudioError
from studio.inference import devices, memory, pipelines
from studio.inference.diffusion import DiffusionRun, Plan
from studio.inference.needs import DEVICE, GROUP, MODEL, Needs, Placing, choose, needs, preflight
from studio.inference.placing import decode_in_tiles, free_memory
from studio.testing import FakeContext
from tests import tiny_models

GB = 10**9


@dataclass(frozen=True)
class NoParams:
    """The run takes a Plan."""


# --- arithmetic ------------------------------------------------------------------------------------------------------


def model(dtype: str = "F16", **parts: float) -> Model:
    sizes = {name: int(size * GB) for name, size in parts.items()}
    return Model("models/x", "X", "diffusers/X", Path("x"), sum(sizes.values()), dtype, facts={"parts": sizes})


SDXL = model(unet=5.14, text_encoder=0.25, text_encoder_2=1.39, vae=0.17)
FLUX = model(transformer=23.8, text_encoder=0.25, text_encoder_2=9.5, vae=0.17)


def test_weights_count_in_the_precision_they_are_used_in() -> None:
    half = needs(SDXL, 1024, 1024, itemsize=2)
    full = needs(SDXL, 1024, 1024, itemsize=4)
    assert half.denoiser == pytest.approx(5.14 * GB)
    assert (full.denoiser, full.others) == (2 * half.denoiser, 2 * half.others)
    assert needs(model("F32", unet=2), 64, 64, itemsize=2).denoiser == GB
    assert needs(model("F8_E4M3", unet=2), 64, 64, itemsize=2).denoiser == 4 * GB
    assert needs(Model("a", "A", "diffusers/X", Path("x"), size=GB, dtype="F16"), 64, 64, itemsize=2).denoiser == GB


def test_work_grows_with_the_picture_and_halves_without_guidance() -> None:
    small, large = (needs(SDXL, side, side, itemsize=2) for side in (512, 1024))
    assert large.denoise == 4 * small.denoise
    assert large.decode == 4 * small.decode
    assert needs(SDXL, 512, 512, itemsize=2, guided=False).denoise * 2 == small.denoise
    assert large.decode_in_tiles < large.decode / 1.5
    assert needs(SDXL, 256, 256, itemsize=2).decode_in_tiles == needs(SDXL, 256, 256, itemsize=2).decode


def test_each_way_needs_less_than_the_one_before() -> None:
    for weights, side in ((SDXL, 1024), (FLUX, 1024)):
        wanted = needs(weights, side, side, itemsize=2)
        order = [wanted.of(mode, tiles=True) for mode in (DEVICE, MODEL, GROUP)]
        assert order == sorted(order, reverse=True)
        assert all(wanted.of(mode, small=True) < wanted.of(mode) for mode in (DEVICE, MODEL, GROUP))
        assert all(wanted.of(mode, tiles=True) <= wanted.of(mode) for mode in (DEVICE, MODEL, GROUP))


@pytest.mark.parametrize(
    ("weights", "free", "mode", "tiles", "small"),
    [
        (SDXL, 24, DEVICE, False, False),
        (SDXL, 9, DEVICE, True, False),
        (SDXL, 8, MODEL, False, False),
        (SDXL, 4, GROUP, False, False),
        (FLUX, 48, DEVICE, False, False),
        (FLUX, 32, MODEL, False, False),
        (FLUX, 12, GROUP, False, False),
    ],
)
def test_the_quickest_way_that_fits_is_taken(weights: Model, free: int, mode: str, tiles: bool, small: bool) -> None:
    found = choose(needs(weights, 1024, 1024, itemsize=2), free=free * GB, card=True)
    assert (found.mode, found.tiles, found.small, found.fits) == (mode, tiles, small, True)


def test_on_a_processor_nothing_can_be_moved_out_of_the_way() -> None:
    wanted = needs(SDXL, 1024, 1024, itemsize=2)
    assert choose(wanted, free=24 * GB, card=False) == Placing(DEVICE, False, False, wanted.of(DEVICE), 24 * GB)
    assert choose(wanted, free=9 * GB, card=False).tiles
    eight = choose(wanted, free=6 * GB, card=False)
    assert (eight.mode, eight.small, eight.tiles) == (DEVICE, True, True)
    assert choose(wanted, free=6 * GB, card=False, mode=GROUP).mode == DEVICE
    nothing = choose(wanted, free=GB, card=False)
    assert not nothing.fits


def test_what_the_artist_has_fixed_stays_fixed() -> None:
    wanted = needs(SDXL, 1024, 1024, itemsize=2)
    assert choose(wanted, free=80 * GB, card=True, mode=GROUP).mode == GROUP
    assert choose(wanted, free=80 * GB, card=True, tiles="on").tiles
    assert choose(wanted, free=80 * GB, card=True, small="on").small
    never = choose(wanted, free=GB, card=True, mode=DEVICE, tiles="off", small="off")
    assert (never.mode, never.tiles, never.small, never.fits) == (DEVICE, False, False, False)


def test_a_model_is_not_loaded_anew_for_a_little_memory() -> None:
    wanted = needs(SDXL, 1024, 1024, itemsize=2)
    whole = wanted.of(DEVICE)
    parts = choose(wanted, free=int(wanted.of(DEVICE, tiles=True) * 0.9), card=True)
    assert parts.mode == MODEL
    assert choose(wanted, free=int(whole * 1.02), card=True).mode == DEVICE
    assert choose(wanted, free=int(whole * 1.02), card=True, before=parts).mode == MODEL
    assert choose(wanted, free=int(whole * 1.5), card=True, before=parts).mode == DEVICE
    at_once = choose(wanted, free=int(whole * 1.02), card=True)
    assert choose(wanted, free=int(whole * 0.97), card=True, before=at_once).mode == DEVICE
    assert choose(wanted, free=int(whole * 0.75), card=True, before=at_once).mode == MODEL


EIGHT_BITS = "its weights are kept in 8 bits, which is slower"


@pytest.mark.parametrize(
    ("free", "card", "words"),
    [
        (24, True, ""),
        (8, True, "Needs about 9.7 GB, 8.0 GB free: its parts take turns on the card, about 1.3 × slower."),
        (4, True, "Needs about 9.7 GB, 4.0 GB free: its layers take turns on the card, about 2 × slower."),
        (9, True, "Needs about 9.7 GB, 9.0 GB free: the picture is decoded in tiles."),
        (
            6.2,
            False,
            f"Needs about 9.7 GB, 6.2 GB free: {EIGHT_BITS}, the picture is decoded in tiles.",
        ),
    ],
)
def test_what_is_said_before_a_run(free: float, card: bool, words: str) -> None:
    wanted = needs(SDXL, 1024, 1024, itemsize=2)
    assert preflight(wanted, choose(wanted, free=int(free * GB), card=card)) == words


def test_what_will_not_fit_is_said_too() -> None:
    wanted = needs(FLUX, 1024, 1024, itemsize=4)
    words = preflight(wanted, choose(wanted, free=3 * GB, card=False))
    assert "may fail" in words
    assert "smaller" in words
    assert preflight(wanted, Placing()) == "", "nothing is known of the memory"
    close = Needs(GB, GB, 0, 0, 0, 0, 0)
    assert "close" in preflight(close, Placing(needed=GB, free=GB))


def test_free_memory_is_counted(cpu: devices.Device) -> None:
    assert GB // 10 < free_memory(cpu) < 10_000 * GB


# --- every way on a processor ----------------------------------------------------------------------------------------

WAYS = {
    "parts in turn": Placing(MODEL),
    "layers in turn": Placing(GROUP),
    "8 bits": Placing(DEVICE, small=True),
    "8 bits and layers in turn": Placing(GROUP, small=True),
    "tiles": Placing(DEVICE, tiles=True),
}
BUILDS = {
    "sd1": tiny_models.stable_diffusion,
    "sdxl": tiny_models.stable_diffusion_xl,
    "sd3": tiny_models.stable_diffusion_3,
    "flux": tiny_models.flux,
    "pixart": tiny_models.pixart_sigma,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("placed")
    return {name: tiny_models.save(build(), folder / name) for name, build in BUILDS.items()}


def load(model: Model, placing: Placing) -> pipelines.Loaded:
    device = devices.pick("cpu", precision="float32", threads=1)
    return pipelines.load(model, device=device, placing=placing, check=lambda: None)


def make(
    loaded: pipelines.Loaded, folder: Path, placing: Placing, *, start: Image.Image | None = None, **options: Any
) -> tuple[np.ndarray, FakeContext]:
    seen = FakeContext(Request("image.diffusion"), NoParams, scratch=folder, **options)
    plan = Plan("a red castle", seed=3, steps=4, width=128, height=64, guidance_scale=4.0, image=start)
    plan = replace(plan, tiles=placing.tiles)
    return DiffusionRun(loaded, plan, seen).pixels(), seen


OTHERS = ("parts in turn", "8 bits and layers in turn")
CASES = [("sd1", way) for way in WAYS] + [(family, way) for family in BUILDS if family != "sd1" for way in OTHERS]


@pytest.mark.parametrize(("family", "way"), CASES)
def test_every_way_makes_the_picture(models: dict[str, Model], family: str, way: str, tmp_path: Path) -> None:
    """The same code as on a graphics card, with the processor as the device that parts and layers are brought to."""
    placing = WAYS[way]
    plain, _ = make(load(models[family], Placing()), tmp_path, Placing())
    loaded = load(models[family], placing)
    pixels, seen = make(loaded, tmp_path, placing)
    assert pixels.shape == (64, 128, 3)
    if placing.small:  # other weights by 8 bits' rounding: nearly the same picture
        assert 0 < np.abs(pixels - plain).mean() < 0.05
        part = getattr(loaded.pipe, "unet", None) or loaded.pipe.transformer
        stored = {parameter.dtype for parameter in part.parameters()}
        assert torch.float8_e4m3fn in stored
    elif not placing.tiles:
        assert np.array_equal(pixels, plain)
    assert all(step.preview is not None for step in seen.steps)
    again, _ = make(loaded, tmp_path, placing, resume=(1, seen.states[1]))
    assert np.array_equal(pixels, again)
    with pytest.raises(JobCancelled):
        make(loaded, tmp_path, placing, cancel_at=1)
    if family != "pixart":
        start = Image.linear_gradient("L").convert("RGB").resize((128, 64))
        assert make(loaded, tmp_path, placing, start=start)[0].std() > 0.005
    assert np.array_equal(pixels, make(loaded, tmp_path, placing)[0])


def test_tiles_are_smaller_than_the_pictures_of_sdxl(models: dict[str, Model]) -> None:
    vae = tiny_models.autoencoder(sample_size=1024)
    pipe = type("Pipe", (), {"vae": vae})()
    assert vae.tile_latent_min_size == 128, "a picture of 1024 pixels would be one tile"
    for _ in range(2):
        decode_in_tiles(pipe, True)
        assert (vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size) == (True, 512, 64)
    decode_in_tiles(pipe, False)
    assert not vae.use_tiling
    decode_in_tiles(object(), True)


def test_tiles_are_for_one_picture_only(models: dict[str, Model], tmp_path: Path) -> None:
    loaded = load(models["sd1"], Placing())
    plain, _ = make(loaded, tmp_path, Placing())
    tiled, _ = make(loaded, tmp_path, Placing(tiles=True))
    assert not np.array_equal(plain, tiled), "this decoder's tiles are 64 pixels with seams"
    assert np.array_equal(plain, make(loaded, tmp_path, Placing())[0])


@pytest.mark.parametrize("way", OTHERS)
def test_dropping_lets_go_of_the_weights_wherever_they_lie(models: dict[str, Model], way: str, tmp_path: Path) -> None:
    loaded = load(models["sdxl"], WAYS[way])
    make(loaded, tmp_path, WAYS[way])
    gone = [weakref.ref(part) for part in (loaded.pipe.unet, loaded.pipe.vae, loaded.pipe.text_encoder)]
    loaded.drop()
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]


def style(loaded: pipelines.Loaded, path: Path) -> Model:
    """A LoRA for the denoiser, of random weights."""
    random, tensors = torch.Generator().manual_seed(0), {}
    for name, part in loaded.pipe.unet.named_modules():
        if name.endswith(("to_q", "to_v")):
            out, into = part.weight.shape
            tensors[f"unet.{name}.lora_A.weight"] = torch.randn(4, into, generator=random)
            tensors[f"unet.{name}.lora_B.weight"] = torch.randn(out, 4, generator=random) * 0.3
    save_file(tensors, path)
    return Model("models/style", "Style", "lora/weights", path, sha256="ef" * 32)


# diffusers looks for a graphics card by itself when it lays a LoRA over parts that take turns.
@pytest.mark.parametrize("way", [way for way in WAYS if way != "parts in turn"])
def test_loras_lie_over_weights_wherever_they_are(models: dict[str, Model], way: str, tmp_path: Path) -> None:
    placing = WAYS[way]
    loaded = load(models["sd1"], placing)
    before, _ = make(loaded, tmp_path, placing)
    added = [(style(loaded, tmp_path / "style.safetensors"), 0.8)]
    loaded.overlay.put(loaded.pipe, loaded.embeddings, added)
    over, _ = make(loaded, tmp_path, placing)
    assert np.abs(over - before).mean() > 0.001
    laid = {p.dtype for name, p in loaded.pipe.unet.named_parameters() if "lora_" in name}
    assert laid == {torch.float32}, "in the precision that the model works in"
    loaded.overlay.put(loaded.pipe, loaded.embeddings, [])
    assert np.array_equal(before, make(loaded, tmp_path, placing)[0])


def test_a_way_nobody_knows_is_refused(models: dict[str, Model]) -> None:
    with pytest.raises(StudioError, match="no way"):
        load(models["sd1"], Placing("sideways"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="the ways of a graphics card are tested there")
def test_a_graphics_card_that_is_not_there() -> None:
    with pytest.raises(StudioError, match="no graphics card"):
        devices.pick("cuda")


# --- too much after all ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
)
def test_every_shortage_is_said_in_the_same_words(
    models: dict[str, Model], tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(models["sd1"], Placing())
    whole, _ = make(loaded, tmp_path, Placing())

    def short(*_args: Any, **_kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(loaded.pipe.unet, "forward", short)
    with pytest.raises(StudioError, match="not enough memory") as caught:
        make(loaded, tmp_path, Placing())
    monkeypatch.undo()
    assert "smaller" in caught.value.hint
    assert memory.is_shortage(error)
    assert np.array_equal(whole, make(loaded, tmp_path, Placing())[0])


LIMITED = """
    import resource, sys
    from pathlib import Path
    import psutil
    sys.path.insert(0, {root!r})
    import warnings
    warnings.simplefilter("ignore")
    from studio.api import StudioError
    from tests.studio.inference.test_placing import NoParams, Plan, DiffusionRun, FakeContext, Request, load, Placing
    from tests import tiny_models

    folder = Path(sys.argv[1])
    loaded = load(tiny_models.save(tiny_models.stable_diffusion(), folder / "m"), Placing())

    def picture(side):
        context = FakeContext(Request("image.diffusion"), NoParams, scratch=folder)
        return DiffusionRun(loaded, Plan("a", seed=1, steps=1, width=side, height=side), context).pixels()

    first = picture(64)
    taken = psutil.Process().memory_info()
    resource.setrlimit(resource.RLIMIT_AS, (taken.vms + 200_000_000, resource.RLIM_INFINITY))
    held = []
    for _ in range(3):
        try:
            picture(1024)
        except StudioError as error:
            print("SAID", error.message, "|", error.hint)
        assert (picture(64) == first).all()
        held.append(psutil.Process().memory_info().rss)
    print("GROWN", (held[-1] - held[0]) // 1_000_000)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits a process's memory this way")
def test_a_process_that_may_not_take_more_goes_on(tmp_path: Path) -> None:
    """A real allocator that says no, three times: each time the words, no memory held, and the next picture works."""
    root = str(Path(__file__).parents[3])
    code = textwrap.dedent(LIMITED.format(root=root))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = [line for line in done.stdout.splitlines() if line.startswith("SAID")]
    assert len(said) == 3
    assert all("not enough memory for a picture of 1024 × 1024" in line and "smaller" in line for line in said)
    grown = int(done.stdout.rpartition("GROWN")[2])
    assert grown < 60, f"{grown} MB more are held after the third failed picture than after the first"
