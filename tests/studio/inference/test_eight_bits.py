"""Weights in 8 bits: what is read tensor by tensor is what diffusers makes of the whole denoiser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from studio.api import Model
from studio.inference import devices, eight_bits, pipelines
from studio.inference.needs import Placing
from tests import single_files, tiny_models


def load(model: Model, *, small: bool, precision: str = "bfloat16") -> pipelines.Loaded:
    device = devices.pick("cpu", precision=precision, threads=1)
    return pipelines.load(model, device=device, placing=Placing(small=small), check=lambda: None)


def bits(part: torch.nn.Module) -> dict[str, tuple[torch.dtype, bytes]]:
    return {
        name: (one.dtype, one.contiguous().view(torch.uint8).numpy().tobytes()) for name, one in part.named_parameters()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny_models.save(tiny_models.stable_diffusion(), tmp_path_factory.mktemp("eight") / "sd1")


def made_small_afterwards(model: Model, precision: str = "bfloat16") -> dict[str, tuple[torch.dtype, bytes]]:
    loaded = load(model, small=False, precision=precision)
    eight_bits.store(loaded.pipe.unet, loaded.device.dtype)
    return bits(loaded.pipe.unet)


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_a_folder_gets_the_same_bits_as_afterwards(folder: Model, precision: str) -> None:
    loaded = load(folder, small=True, precision=precision)
    assert eight_bits.is_stored(loaded.pipe.unet)
    assert not eight_bits.is_stored(loaded.pipe.vae)
    assert bits(loaded.pipe.unet) == made_small_afterwards(folder, precision)


def test_a_single_file_does_too(tmp_path: Path) -> None:
    model = single_files.save("sd1", tmp_path / "sd1.safetensors")
    assert bits(load(model, small=True).pipe.unet) == made_small_afterwards(model)


def test_the_denoiser_is_never_there_in_full(folder: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """What diffusers reads by itself are the other parts."""
    from diffusers import UNet2DConditionModel

    monkeypatch.setattr(UNet2DConditionModel, "from_pretrained", None)
    assert eight_bits.is_stored(load(folder, small=True).pipe.unet)


def test_weights_in_several_files_and_under_a_variants_name(tmp_path: Path) -> None:
    model = tiny_models.save(tiny_models.stable_diffusion(), tmp_path / "sd1")
    wanted = made_small_afterwards(model)
    file = tmp_path / "sd1" / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    names = sorted(tensors)
    file.unlink()
    table = {}
    for number, part in enumerate((names[::2], names[1::2]), 1):
        name = f"diffusion_pytorch_model-0000{number}-of-00002.safetensors"
        save_file({key: tensors[key] for key in part}, file.with_name(name), {"format": "pt"})
        table |= dict.fromkeys(part, name)
    index = file.with_name("diffusion_pytorch_model.safetensors.index.json")
    index.write_text(json.dumps({"metadata": {}, "weight_map": table}), encoding="utf-8")
    assert bits(load(model, small=True).pipe.unet) == wanted
    for path in [*file.parent.glob("*.safetensors"), index]:
        path.unlink()
    save_file(tensors, file.with_name("diffusion_pytorch_model.fp16.safetensors"), {"format": "pt"})
    assert bits(load(model, small=True).pipe.unet) == wanted


def test_weights_that_are_called_otherwise_are_made_small_afterwards(tmp_path: Path) -> None:
    model = tiny_models.save(tiny_models.stable_diffusion(), tmp_path / "sd1")
    index = json.loads((tmp_path / "sd1" / "model_index.json").read_text(encoding="utf-8"))
    file = tmp_path / "sd1" / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    tensors["conv_in.old_weight"] = tensors.pop("conv_in.weight")
    save_file(tensors, file, {"format": "pt"})
    found = eight_bits.read_denoisers(tmp_path / "sd1", index, dtype=torch.bfloat16, variant="", check=lambda: None)
    assert found == {}, f"{model.title} is left to diffusers"
