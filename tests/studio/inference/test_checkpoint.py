"""Checkpoints in one file: the same pictures as from the parts they were made of, without a config or a network."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from studio.api import JobCancelled, Model, Request, StudioError
from studio.inference import checkpoint_config, clip_words, devices, families, pipelines
from studio.inference.diffusion import DiffusionRun, Plan
from studio.store.model_files import examine
from studio.testing import FakeContext
from tests import single_files, tiny_models

BASES = ("sd1", "sd2", "sdxl")
STEPS = 4


@dataclass(frozen=True)
class NoParams:
    """The run takes a Plan."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("files")
    return {base: single_files.save(base, folder / f"{base}.safetensors") for base in BASES}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("a model was looked for in the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def load(model: Model, precision: str = "float32") -> pipelines.Loaded:
    device = devices.pick("cpu", precision=precision, threads=1)
    return pipelines.load(model, device=device, check=lambda: None)


def make(
    loaded: pipelines.Loaded, folder: Path, *, start: Image.Image | None = None, preview: str = "off", **options: Any
) -> tuple[np.ndarray, FakeContext]:
    """Without previews unless they are looked at: to fit their colours takes longer than to make the picture."""
    seen = FakeContext(Request("image.diffusion"), NoParams, scratch=folder, **options)
    plan = Plan("a photo of a cat", seed=3, steps=STEPS, width=32, height=24, guidance_scale=4.0, image=start)
    plan = replace(plan, preview=preview)
    return DiffusionRun(loaded, plan, seen).pixels(), seen


@pytest.mark.parametrize("base", BASES)
def test_every_weight_is_where_it_was(files: dict[str, Model], base: str) -> None:
    found = examine(files[base].path)
    assert (found.family, found.base, found.problem) == (files[base].family, base, "")
    pipe = load(files[base]).pipe
    for name, part in single_files.parts_of(base).items():
        ours = getattr(pipe, name).state_dict()
        assert ours.keys() == part.state_dict().keys()
        assert all(torch.equal(ours[key], value) for key, value in part.state_dict().items()), name
    assert pipe.unet.config["cross_attention_dim"] == (64 if base == "sdxl" else 32)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_steps_branches_and_cancelling(files: dict[str, Model], base: str, precision: str, tmp_path: Path) -> None:
    loaded = load(files[base], precision)
    whole, seen = make(loaded, tmp_path, preview="estimate")
    assert whole.shape == (24, 32, 3)
    assert whole.std() > 0.005
    assert [step.index for step in seen.steps] == list(range(STEPS))
    assert len({step.preview.data for step in seen.steps if step.preview}) == STEPS
    branch, _ = make(loaded, tmp_path, resume=(1, seen.states[1]))
    assert np.array_equal(whole, branch)
    with pytest.raises(JobCancelled):
        make(loaded, tmp_path, cancel_at=1)
    start = Image.linear_gradient("L").convert("RGB").resize((32, 24))
    from_it, seen = make(loaded, tmp_path, start=start)
    assert len(seen.steps) == 2
    assert not np.array_equal(from_it, whole)
    assert np.array_equal(whole, make(loaded, tmp_path)[0])


def test_the_file_and_the_folder_make_the_same_picture(files: dict[str, Model], tmp_path: Path) -> None:
    one = load(files["sd1"])
    one.pipe.save_pretrained(tmp_path / "folder")
    folder = tiny_models.save(one.pipe, tmp_path / "folder")
    first, _ = make(one, tmp_path)
    second, _ = make(load(folder), tmp_path)
    assert np.array_equal(first, second)


def test_the_published_sizes_come_out_of_the_shapes() -> None:
    """The full architectures, as shapes without weights. The numbers of parameters are those of the real models."""
    published = {
        "sd1": {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480},
        "sd2": {"unet": 865_910_724, "vae": 83_653_863, "text_encoder": 340_387_840},
        "sdxl": {
            "unet": 2_567_463_684,
            "vae": 83_653_863,
            "text_encoder": 123_060_480,
            "text_encoder_2": 694_659_840,
        },
    }
    readers = {"text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
    for base, sizes in published.items():
        configs = {part: checkpoint_config.shipped(base, part) for part in sizes}
        with torch.device("meta"):
            parts = {
                part: UNet2DConditionModel.from_config(config)
                if part == "unet"
                else AutoencoderKL.from_config(config)
                if part == "vae"
                else readers[part](CLIPTextConfig(**config))
                for part, config in configs.items()
            }
        assert {part: sum(p.numel() for p in module.parameters()) for part, module in parts.items()} == sizes
        shapes = {name: tuple(t.shape) for name, t in single_files.tensors_of(base, parts).items()}
        assert checkpoint_config.base_of(shapes) == base
        told = {
            "unet": checkpoint_config.unet_config(shapes, base),
            "vae": checkpoint_config.vae_config(shapes, base),
        }
        if base != "sd2":
            told["text_encoder"] = checkpoint_config.clip_config(shapes, base)
        if base != "sd1":
            told["text_encoder_2" if base == "sdxl" else "text_encoder"] = checkpoint_config.open_clip_config(
                shapes, base
            )
        for part, config in told.items():
            assert configs[part].items() <= config.items(), (base, part)


@pytest.mark.parametrize("base", BASES)
def test_diffusers_reads_the_same_names(files: dict[str, Model], base: str) -> None:
    """The converters of diffusers as a second opinion on the names of the denoiser and the autoencoder."""
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint

    tensors, pipe = load_file(files[base].path), load(files[base]).pipe
    unet = convert_ldm_unet_checkpoint(dict(tensors), pipe.unet.config)
    vae = convert_ldm_vae_checkpoint(dict(tensors), pipe.vae.config)
    for theirs, ours in ((unet, pipe.unet.state_dict()), (vae, pipe.vae.state_dict())):
        assert theirs.keys() == ours.keys()
        assert all(torch.equal(value, ours[name]) for name, value in theirs.items())


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        ("a photo of an astronaut riding a horse on mars", [320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496]),
        ("Hello, World! café 日本 12345", [3306, 267, 1002, 256, 15304, 39121, 19277, 361, *range(272, 277)]),
        ("masterpiece, best quality, 1girl", [12066, 267, 949, 3027, 267, 272, 1611]),
        ("it's   don't", [585, 568, 847, 713]),
        ("", []),
    ],
)
def test_words_have_the_numbers_that_clip_gave_them(prompt: str, tokens: list[int]) -> None:
    """The numbers are those of the tokenizer that OpenAI published with CLIP."""
    words = clip_words.tokenizer()
    assert len(words) == 49408
    assert words(prompt).input_ids == [49406, *tokens, 49407]
    assert words(prompt, padding="max_length").input_ids[len(tokens) + 2 :] == [49407] * (75 - len(tokens))
    padded = clip_words.tokenizer(pad="!")(prompt, padding="max_length").input_ids
    assert padded[len(tokens) + 1 :] == [49407] + [0] * (75 - len(tokens))


def changed(model: Model, path: Path, metadata: dict[str, str] | None = None, **tensors: torch.Tensor) -> Model:
    kept = {**load_file(model.path), **tensors}
    save_file(kept, path, metadata)
    return single_files.described(model.base, path)


def test_what_a_model_predicts(files: dict[str, Model], tmp_path: Path) -> None:
    def prediction(model: Model) -> str:
        return str(load(model).scheduler.config["prediction_type"])

    assert prediction(files["sd1"]) == prediction(files["sd2"]) == "epsilon"
    said = changed(files["sd2"], tmp_path / "said.safetensors", {"modelspec.prediction_type": "v"})
    assert prediction(said) == "v_prediction"
    beside = changed(files["sd1"], tmp_path / "beside.safetensors")
    (tmp_path / "beside.yaml").write_text('model:\n  params:\n    parameterization: "v"\n')
    assert prediction(beside) == "v_prediction"
    marked = changed(files["sdxl"], tmp_path / "marked.safetensors", v_pred=torch.zeros(0), ztsnr=torch.zeros(0))
    scheduler = load(marked).scheduler
    assert scheduler.config["prediction_type"] == "v_prediction"
    assert scheduler.config["rescale_betas_zero_snr"]
    assert checkpoint_config.prediction_beside(tmp_path / "nothing.safetensors") == ""


@pytest.mark.parametrize(("spread", "prediction"), [(0.05, "epsilon"), (0.2, "v_prediction")])
def test_weights_of_sd2_tell_what_it_predicts(
    files: dict[str, Model], tmp_path: Path, spread: float, prediction: str
) -> None:
    """With as many blocks as the real ones: the tensor that tells lies in the last."""
    parts = single_files.parts_of("sd2")
    four = ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",)
    rising = ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3
    parts["unet"] = single_files.denoiser(
        32,
        use_linear_projection=True,
        attention_head_dim=(1, 1, 1, 1),
        block_out_channels=(32, 32, 32, 32),
        down_block_types=four,
        up_block_types=rising,
        layers_per_block=2,
    )
    last = parts["unet"].up_blocks[3].attentions[2].transformer_blocks[0].norm1.bias
    with torch.no_grad():
        last.copy_(torch.linspace(-1, 1, 32) * spread)
    path = tmp_path / "sd2.safetensors"
    single_files.write(single_files.tensors_of("sd2", parts), path)
    loaded = load(single_files.described("sd2", path))
    assert loaded.scheduler.config["prediction_type"] == prediction
    assert torch.equal(loaded.pipe.unet.up_blocks[3].attentions[2].transformer_blocks[0].norm1.bias, last)


def test_old_files_without_a_text_model(files: dict[str, Model], tmp_path: Path) -> None:
    tensors = {
        name.replace("transformer.text_model.", "transformer."): t for name, t in load_file(files["sd1"].path).items()
    }
    save_file(tensors, tmp_path / "old.safetensors")
    old, _ = make(load(single_files.described("sd1", tmp_path / "old.safetensors")), tmp_path)
    assert np.array_equal(old, make(load(files["sd1"]), tmp_path)[0])


def test_half_precision_files(tmp_path: Path) -> None:
    for dtype in (torch.float16, torch.bfloat16, torch.float8_e4m3fn):
        model = single_files.save("sd1", tmp_path / f"{dtype}.safetensors", dtype=dtype)
        loaded = load(model)
        assert loaded.pipe.unet.dtype == torch.float32
        assert make(loaded, tmp_path)[0].std() > 0.005


def test_a_file_that_lacks_something_is_said(files: dict[str, Model], tmp_path: Path) -> None:
    whole = load_file(files["sd1"].path)
    for lacking in ("out_layers.3.weight", "middle_block.1.norm.bias", "encoder.down.0.block.0.conv1.weight"):
        path = tmp_path / "lacking.safetensors"
        save_file({name: tensor for name, tensor in whole.items() if not name.endswith(lacking)}, path)
        with pytest.raises(StudioError, match="cannot be loaded"):
            load(single_files.described("sd1", path))
    (tmp_path / "short.safetensors").write_bytes(files["sd1"].path.read_bytes()[:5000])
    with pytest.raises(StudioError, match="cannot be loaded"):
        load(single_files.described("sd1", tmp_path / "short.safetensors"))
    with pytest.raises(StudioError, match="gone"):
        load(single_files.described("sd1", tmp_path / "gone.safetensors"))
    (tmp_path / "model.ckpt").write_bytes(b"pickle")
    with pytest.raises(StudioError, match="cannot be used"):
        load(single_files.described("sd1", tmp_path / "model.ckpt"))
    load(files["sd1"])


def test_loading_stops_at_any_tensor(files: dict[str, Model], tiny: Model) -> None:
    for model in (files["sd1"], tiny):
        looks = 0

        def count() -> None:
            nonlocal looks
            looks += 1

        device = devices.pick("cpu", precision="bfloat16", threads=1)
        pipelines.load(model, device=device, check=count)
        assert looks > 100
        for share in (0.1, 0.5, 0.9):
            left = int(looks * share)

            def stop() -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    raise JobCancelled

            with pytest.raises(JobCancelled):
                pipelines.load(model, device=device, check=stop)
            assert left > -20, "it went on after it was told to stop"
            assert torch.get_default_dtype() == torch.float32
        assert pipelines.load(model, device=device, check=lambda: None).pipe.unet.conv_in.weight.device.type == "cpu"


def test_the_families_are_those_that_diffusers_knows() -> None:
    import inspect

    from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING as AUTO

    # Not to be made from words alone (they want a second picture), not a picture, or two models one after the other.
    others = ("ControlNet", "Control", "Helios", "Combined")
    automatic = {cls.__name__ for cls in AUTO.values()}
    missing = {name for name in automatic if not any(other in name for other in others)} - {*families.FROM_WORDS}
    assert not missing
    for name in (*families.FROM_WORDS, *families.FROM_NOTHING):
        parameters = list(inspect.signature(getattr(diffusers, name).__call__).parameters.values())[1:]
        needed = {p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD}
        assert needed <= {"prompt"}, name
        assert ("prompt" in {p.name for p in parameters}) == (name in families.FROM_WORDS), name
