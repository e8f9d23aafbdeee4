"""The finished model: a folder that any StableDiffusionPipeline loads, and what lies beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

from studio.inference.latents import pixels_per_latent
from studio.inference.previews import fitted

from ..world import captions as say
from ..world import render, sample_scene
from .autoencoder import to_tensor
from .denoiser import build_scheduler

EXAMPLES = (
    "a red house on the left in the mountains at sunset, paper cut",
    "watercolour of a lighthouse by the sea, fog, morning light",
    "a purple castle in the middle in a forest at night, full moon, oil painting",
    "pixel art, a green car on the right in the city, rain",
    "ink drawing of a white cat in a meadow on a bright day, birds",
    "a hot air balloon over a lake at dawn, flat illustration",
    "northern lights over snowy hills, cut paper art",
    "a yellow tent in the desert under a starry sky",
    "blue and white spiral, watercolour",
)

DEFAULTS = {"steps": 20, "guidance": 3.0, "width": 256, "height": 256}
"""What the model was made for; stronger guidance only makes its colours harsh."""


def words_known() -> dict[str, dict[str, list[str]]]:
    """Every word the model was taught, grouped as a prompt box would offer them."""
    groups = {
        "places": say.SAY_PLACE,
        "times": say.SAY_TIME,
        "weather": say.SAY_WEATHER,
        "sky": {**say.SAY_SKY, **say.SAY_MOON},
        "objects": say.SAY_THING,
        "colours": say.SAY_COLOUR,
        "positions": say.SAY_POSITION,
        "styles": say.SAY_STYLE,
        "patterns": say.SAY_PATTERN,
    }
    return {name: {key: list(dict.fromkeys(words)) for key, words in table.items()} for name, table in groups.items()}


def save_bundle(
    folder: Path,
    *,
    vae: AutoencoderKL,
    encoder: CLIPTextModel,
    tokenizer_folder: Path,
    denoiser: UNet2DConditionModel,
    preview: dict[str, torch.Tensor] | None = None,
) -> None:
    """Write the pipeline in half precision, part by part, and the map for previews, words and examples beside it."""
    pipe = StableDiffusionPipeline(
        vae=vae,
        text_encoder=encoder,
        tokenizer=CLIPTokenizer.from_pretrained(tokenizer_folder),
        unet=denoiser,
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    # A copy in half precision: training goes on with the full one.
    kept = {name: getattr(pipe, name) for name in ("vae", "text_encoder", "unet")}
    states = {name: {k: v.clone() for k, v in m.state_dict().items()} for name, m in kept.items()}
    pipe.to(torch.float16)
    pipe.save_pretrained(folder, safe_serialization=True)
    pipe.to(torch.float32)
    for name, module in kept.items():
        module.load_state_dict(states[name])
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(tokenizer_folder / name, folder / "tokenizer" / name)
    (folder / "words.json").write_text(
        json.dumps({"words": words_known(), "examples": EXAMPLES, "defaults": DEFAULTS}, indent=1, ensure_ascii=False)
        + "\n",
        encoding="utf-8",
    )
    if preview is not None:
        save_file({k: v.contiguous() for k, v in preview.items()}, folder / "preview.safetensors")


def load_bundle(folder: Path) -> StableDiffusionPipeline:
    """The finished model in full precision, which a processor computes fastest."""
    return StableDiffusionPipeline.from_pretrained(
        folder, local_files_only=True, safety_checker=None, dtype=torch.float32
    )


def preview_map(vae: AutoencoderKL, first: int, count: int = 32) -> dict[str, torch.Tensor]:
    """What shows latents as pictures of half the size, as `LatentColours` has it: `kernel` and `kernel_bias`."""
    pictures = to_tensor(np.stack([render(sample_scene(first + i)) for i in range(count)]))
    fit = fitted(vae, (pictures + 1) / 2, side=pixels_per_latent(vae) // 2)
    return {} if fit is None else {"kernel": fit.weight, "kernel_bias": fit.bias}


def sample_sheet(folder: Path, path: Path, prompts: tuple[str, ...], *, steps: int = 20, seed: int = 7) -> None:
    """Pictures of these prompts, three in a row, by the folder as a user would load it."""
    pipe = load_bundle(folder)
    pipe.set_progress_bar_config(disable=True)
    how = {"num_inference_steps": steps, "guidance_scale": DEFAULTS["guidance"]}
    pictures = []
    with torch.no_grad():
        for prompt in prompts:
            generator = torch.Generator().manual_seed(seed)
            pictures.append(pipe(prompt, **how, generator=generator).images[0])
    width, height = pictures[0].size
    rows = -(-len(pictures) // 3)
    sheet = Image.new("RGB", (3 * width, rows * height), "white")
    for i, picture in enumerate(pictures):
        sheet.paste(picture, (i % 3 * width, i // 3 * height))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
