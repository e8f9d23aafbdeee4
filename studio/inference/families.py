"""The families of models that make pictures, as plain data: hooks read it without loading torch."""

from __future__ import annotations

FROM_WORDS = (
    "AmusedPipeline", "AuraFlowPipeline", "BriaFibo2Pipeline", "BriaFiboPipeline", "BriaPipeline", "ChromaPipeline",
    "CogView3PlusPipeline", "CogView4Pipeline", "Cosmos2TextToImagePipeline", "ErnieImagePipeline",
    "Flux2KleinPipeline", "Flux2Pipeline", "FluxKontextPipeline", "FluxPipeline", "GlmImagePipeline",
    "HiDreamImagePipeline", "HunyuanDiTPAGPipeline", "HunyuanDiTPipeline", "HunyuanImagePipeline", "IFPipeline",
    "Ideogram4Pipeline", "Kandinsky3Pipeline", "Kandinsky5T2IPipeline",
    "Krea2Pipeline", "LDMTextToImagePipeline", "LatentConsistencyModelPipeline",
    "LongCatImagePipeline", "Lumina2Pipeline", "LuminaPipeline", "NucleusMoEImagePipeline", "OmniGenPipeline",
    "OvisImagePipeline", "PRXPipeline", "PRXPixelPipeline", "PixArtAlphaPipeline", "PixArtSigmaPAGPipeline",
    "PixArtSigmaPipeline", "QwenImage21Pipeline", "QwenImagePipeline", "SanaPAGPipeline", "SanaPipeline",
    "SanaSprintPipeline", "StableDiffusion3PAGPipeline", "StableDiffusion3Pipeline",
    "StableDiffusionPAGPipeline", "StableDiffusionPipeline", "StableDiffusionSAGPipeline",
    "StableDiffusionXLPAGPipeline", "StableDiffusionXLPipeline",
    "VersatileDiffusionTextToImagePipeline", "VQDiffusionPipeline",
    "ZImageOmniPipeline", "ZImagePipeline",
)  # fmt: skip
"""Pipelines of diffusers that need nothing but words to make a picture, by one model with one row of steps."""

FROM_NOTHING = (
    "ConsistencyModelPipeline", "DDIMPipeline", "DDPMPipeline", "LDMPipeline", "PNDMPipeline", "ScoreSdeVePipeline",
)  # fmt: skip
"""Pipelines that take no words either."""

IN_ONE_FILE = ("StableDiffusionPipeline", "StableDiffusionXLPipeline")
"""What a single-file checkpoint can be."""

PICTURES = (
    *(f"diffusers/{name}" for name in (*FROM_WORDS, *FROM_NOTHING)),
    *(f"single/{name}" for name in IN_ONE_FILE),
)
"""All of them as Model.family names them."""
