"""Which architecture a model has: told from headers and small configs, before anything is opened."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from studio.core.model import Model
from studio.engine.wire import model_in, model_out
from studio.store import ModelShelf
from studio.store.model_base import is_variant, nature_of, nature_of_folder
from studio.store.safetensors import Header

Shapes = Mapping[str, tuple[int, ...]]

UNET = "model.diffusion_model."
FIRST = UNET + "input_blocks.0.0.weight"
SD: Shapes = {FIRST: (320, 4, 3, 3), "first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3)}
SD1: Shapes = {**SD, "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": (49408, 768)}
SD2: Shapes = {**SD, "cond_stage_model.model.token_embedding.weight": (49408, 1024)}
SDXL: Shapes = {
    **SD,
    "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight": (49408, 768),
    "conditioner.embedders.1.model.token_embedding.weight": (49408, 1280),
}
REFINER: Shapes = {**SD, "conditioner.embedders.0.model.token_embedding.weight": (49408, 1280)}
INPAINTING: Shapes = {**SD1, FIRST: (320, 9, 3, 3)}
NO_VAE: Shapes = {name: shape for name, shape in SDXL.items() if not name.startswith("first_stage")}
NO_TEXT: Shapes = SD


def header(shapes: Shapes, **metadata: str) -> Header:
    """As it would be read; no file is that large."""
    sizes = {}
    for name, shape in shapes.items():
        size = 2
        for side in shape:
            size *= side
        sizes[name] = ("F16", tuple(shape), size)
    return Header(sizes, metadata)


@pytest.mark.parametrize(
    ("shapes", "family", "base", "side"),
    [
        (SD1, "single/StableDiffusionPipeline", "sd1", 512),
        (SD2, "single/StableDiffusionPipeline", "sd2", None),
        (SDXL, "single/StableDiffusionXLPipeline", "sdxl", 1024),
    ],
)
def test_checkpoints_in_one_file(shapes: Shapes, family: str, base: str, side: int | None) -> None:
    nature = nature_of(header(shapes))
    assert (nature.family, nature.base, nature.problem, nature.facts.get("side")) == (family, base, "", side)
    assert nature.facts["parts"]["unet"] == 320 * 4 * 9 * 2
    assert set(nature.facts["parts"]) == {"unet", "vae", "text_encoder"}


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (REFINER, "refiner"),
        (INPAINTING, "inpainting"),
        ({**SD2, FIRST: (320, 5, 3, 3)}, "depth map"),
        ({**SD2, FIRST: (256, 7, 3, 3)}, "to enlarge"),
        ({**SD2, FIRST: (256, 77, 3, 3)}, "something else"),
        (NO_VAE, "no autoencoder"),
        (NO_TEXT, "no text encoder"),
        ({**SDXL, "edm_mean": (1,)}, "Playground"),
        ({"double_blocks.0.img_attn.qkv.weight": (9, 3)}, "Flux in a single file"),
        ({"model.diffusion_model.joint_blocks.0.x": (9, 3)}, "Stable Diffusion 3 in a single file"),
    ],
)
def test_what_cannot_be_used_says_why(shapes: Shapes, words: str) -> None:
    assert words in nature_of(header(shapes)).problem


@pytest.mark.parametrize(
    ("shapes", "metadata", "prediction"),
    [
        (SD2, {}, None),
        (SD2, {"modelspec.prediction_type": "v"}, "v_prediction"),
        (SD2, {"modelspec.prediction_type": "epsilon"}, "epsilon"),
        ({**SDXL, "v_pred": (0,)}, {}, "v_prediction"),
    ],
)
def test_what_is_said_of_the_prediction(shapes: Shapes, metadata: dict[str, str], prediction: str | None) -> None:
    assert nature_of(header(shapes, **metadata)).facts.get("prediction") == prediction


@pytest.mark.parametrize(
    ("shapes", "family", "base"),
    [
        ({"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": (8, 768),
          "lora_unet_x.lora_up.weight": (320, 8)}, "lora/weights", "sd1"),
        ({"unet.down_blocks.0.attn2.to_k.lora_A.weight": (8, 1024), "unet.x.lora_B.weight": (8, 8)},
         "lora/weights", "sd2"),
        ({"lora_te2_text_model_x.lora_up.weight": (8, 8)}, "lora/weights", "sdxl"),
        ({"transformer.single_transformer_blocks.0.attn.to_k.lora_B.weight": (8, 8)}, "lora/weights", "flux"),
        ({"lora_unet_double_blocks_0_img_attn_proj.lora_up.weight": (8, 8)}, "lora/weights", "flux"),
        ({"transformer.transformer_blocks.0.attn.add_k_proj.lora_B.weight": (8, 8)}, "lora/weights", "sd3"),
        ({"lora_unet_single_blocks_0_linear1.lora_up.weight": (21504, 8)}, "lora/weights", "flux"),
        ({"diffusion_model.single_blocks.0.linear1.lora_B.weight": (27648, 8)}, "lora/weights", "flux2"),
        ({"transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj.lora_B.weight": (8, 8)},
         "lora/weights", "flux2"),
        ({"transformer.transformer_blocks.0.attn.add_k_proj.lora_B.weight": (8, 8),
          "transformer.transformer_blocks.0.img_mlp.net.2.lora_B.weight": (8, 8)}, "lora/weights", "qwen"),
        ({"lora_unet_x.lora_up.weight": (8, 8)}, "lora/weights", ""),
        ({"emb_params": (4, 768)}, "embedding/weights", "sd1"),
        ({"<cat>": (4, 1024)}, "embedding/weights", "sd2"),
        ({"clip_l": (4, 768), "clip_g": (4, 1280)}, "embedding/weights", "sdxl"),
        ({"control_model.input_blocks.0.0.weight": (320, 4, 3, 3)}, "component/ControlNetModel", ""),
        ({"decoder.conv_in.weight": (512, 4, 3, 3)}, "component/AutoencoderKL", ""),
        ({"anything": (5, 5)}, "", ""),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_parts_and_additions(shapes: Shapes, family: str, base: str) -> None:
    nature = nature_of(header(shapes))
    assert (nature.family, nature.base, nature.problem) == (family, base, "")


@pytest.mark.parametrize(
    ("metadata", "base"),
    [
        ({"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"}, "sdxl"),
        ({"ss_base_model_version": "sd_v1"}, "sd1"),
        ({"modelspec.architecture": "flux-1-dev/lora"}, "flux"),
        ({"modelspec.architecture": "something-new"}, ""),
    ],
)
def test_where_no_tensor_tells_what_a_lora_is_for_the_trainer_does(metadata: dict[str, str], base: str) -> None:
    assert nature_of(header({"lora_unet_x.lora_up.weight": (8, 8)}, **metadata)).base == base


def test_what_the_trainer_says_parts_families_whose_tensors_have_the_same_names() -> None:
    blocks = {"lora_unet_double_blocks_0_img_attn_proj.lora_up.weight": (8, 8)}
    assert nature_of(header(blocks, ss_base_model_version="chroma1_hd")).base == "chroma"
    joint = {"transformer.transformer_blocks.0.attn.add_k_proj.lora_B.weight": (8, 8)}
    assert nature_of(header(joint, **{"modelspec.architecture": "Qwen-Image/lora"})).base == "qwen"


@pytest.mark.parametrize(("sign", "title"), [("hada_w1_a", "LoHa"), ("lokr_w1", "LoKr")])
def test_other_kinds_of_small_weights_are_refused_by_name(sign: str, title: str) -> None:
    nature = nature_of(header({f"lora_unet_x.{sign}": (8, 8)}))
    assert (nature.family, nature.problem.partition(",")[0]) == ("lora/weights", f"It is a {title} (LyCORIS)")


def write(path: Path, shapes: Shapes) -> None:
    entries, end = {}, 0
    for name, shape in shapes.items():
        size = 2
        for side in shape:
            size *= side
        entries[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(entries).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


def diffusers_folder(folder: Path, name: str, unet: Mapping[str, Any]) -> None:
    write(folder / "unet" / "diffusion_pytorch_model.safetensors", {"a": (4, 4)})
    write(folder / "unet" / "diffusion_pytorch_model.fp16.safetensors", {"a": (4, 4)})
    write(folder / "vae" / "diffusion_pytorch_model.fp16.safetensors", {"b": (3,)})
    (folder / "unet" / "config.json").write_text(json.dumps({"_class_name": "UNet2DConditionModel", **unet}))
    (folder / "vae" / "config.json").write_text('{"block_out_channels": [1, 2, 3, 4]}')
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text('{"prediction_type": "v_prediction"}')
    (folder / "model_index.json").write_text(json.dumps({"_class_name": name}))


@pytest.mark.parametrize(
    ("name", "context", "base"),
    [
        ("StableDiffusionPipeline", 768, "sd1"),
        ("StableDiffusionPipeline", 1024, "sd2"),
        ("StableDiffusionPipeline", 160, ""),
        ("LatentConsistencyModelPipeline", 768, "sd1"),
        ("StableDiffusionXLPipeline", 2048, "sdxl"),
        ("StableDiffusion3Pipeline", 768, "sd3"),
        ("FluxPipeline", None, "flux"),
        ("DDPMPipeline", None, ""),
    ],
)
def test_folders(tmp_path: Path, name: str, context: int | None, base: str) -> None:
    diffusers_folder(tmp_path / "models" / "m", name, {"sample_size": 96, "cross_attention_dim": context})
    (model,) = ModelShelf([tmp_path / "models"], [], tmp_path / "cache").scan()
    assert (model.family, model.base, model.problem) == (f"diffusers/{name}", base, "")
    assert model.facts == {"parts": {"unet": 32, "vae": 6}, "side": 768, "prediction": "v_prediction"}
    assert model_in(json.loads(json.dumps(model_out(model)))) == model


def test_what_is_known_of_a_file_reaches_the_model(tmp_path: Path) -> None:
    lora = {"unet.a.attn2.to_k.lora_A.weight": (8, 768), "unet.a.lora_B.weight": (8, 8)}
    write(tmp_path / "models" / "style.safetensors", lora)
    (model,) = ModelShelf([tmp_path / "models"], [], tmp_path / "cache").scan()
    assert (model.family, model.base) == ("lora/weights", "sd1")


def test_files_in_another_precision_are_told_apart() -> None:
    assert is_variant("model.fp16.safetensors")
    assert is_variant("model.fp16-00001-of-00002.safetensors")
    assert not is_variant("model-00001-of-00002.safetensors")


def test_facts_of_a_model_cannot_be_changed() -> None:
    model = Model("a", "A", "diffusers/X", Path("x"), facts={"parts": {"unet": 1}})
    with pytest.raises(TypeError):
        model.facts["parts"]["unet"] = 2
    assert hash(model) == hash(Model("a", "A", "diffusers/X", Path("x"), facts={"parts": {"unet": 1}}))


@pytest.mark.parametrize(
    ("name", "denoiser", "vae", "side"),
    [
        ("FluxPipeline", {}, {"block_out_channels": [1, 1, 1, 1]}, 1024),
        ("QwenImagePipeline", {}, {"dim_mult": [1, 2, 4, 4]}, 1024),
        ("SanaPipeline", {"sample_size": 32}, {"encoder_block_out_channels": [1] * 6}, 1024),
        ("PixArtSigmaPipeline", {"sample_size": 128}, {"block_out_channels": [1, 1, 1, 1]}, 1024),
        ("StableDiffusionPipeline", {"sample_size": 64}, {"block_out_channels": [1, 1, 1, 1]}, 512),
        ("DDPMPipeline", {"sample_size": 32}, {}, 32),
        ("KandinskyPipeline", {}, {}, None),
        ("StableDiffusionPipeline", {"sample_size": True}, {}, None),
    ],
)
def test_the_size_that_a_folder_was_made_for(
    name: str, denoiser: dict[str, Any], vae: dict[str, Any], side: int | None
) -> None:
    part = "transformer" if "Flux" in name or "Qwen" in name else "unet"
    nature = nature_of_folder(name, {part: {"x": 1, **denoiser}, "vae": vae}, [])
    assert nature.facts.get("side") == side
