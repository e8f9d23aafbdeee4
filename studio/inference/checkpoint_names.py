"""From the names of tensors in original checkpoints to those of diffusers and transformers.

The original layouts: CompVis/latent-diffusion (denoiser, autoencoder) and mlfoundations/open_clip (second encoder).
"""

from __future__ import annotations

import re

_RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
_UNET = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "label_emb.0.0": "add_embedding.linear_1",
    "label_emb.0.2": "add_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
_MIDDLE = {"0": "resnets.0", "1": "attentions.0", "2": "resnets.1"}
_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
_OPEN_CLIP = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
_OPEN_CLIP_TOP = {
    "token_embedding.weight": "embeddings.token_embedding.weight",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final.weight": "final_layer_norm.weight",
    "ln_final.bias": "final_layer_norm.bias",
}


def unet_name(name: str, *, per_block: int) -> str:
    """`name` without the prefix; `per_block` is a block's ResNets and what follows them. "" for what has no place."""
    stem, _, kind = name.rpartition(".")
    if stem in _UNET:
        return f"{_UNET[stem]}.{kind}"
    found = re.fullmatch(r"(input_blocks|output_blocks)\.(\d+)\.(\d+)\.(.+)\.(\w+)", name)
    if found is not None:
        side, number, place, rest, kind = found.groups()
        down = side == "input_blocks"
        block, layer = divmod(int(number) - down, per_block)
        start = f"{'down' if down else 'up'}_blocks.{block}"
        if rest == ("op" if down else "conv"):
            return f"{start}.{'downsamplers' if down else 'upsamplers'}.0.conv.{kind}"
        if place == "0":
            return f"{start}.resnets.{layer}.{_RESNET[rest]}.{kind}" if rest in _RESNET else ""
        return f"{start}.attentions.{layer}.{rest}.{kind}"
    found = re.fullmatch(r"middle_block\.([012])\.(.+)\.(\w+)", name)
    if found is None:
        return ""
    place, rest, kind = found.groups()
    return f"mid_block.{_MIDDLE[place]}.{_RESNET.get(rest, rest)}.{kind}"


def vae_name(name: str, *, levels: int) -> str:
    """`name` without the prefix; `levels` is the number of sizes that the autoencoder walks through."""
    stem, _, kind = name.rpartition(".")
    if stem in ("quant_conv", "post_quant_conv"):
        return name
    half, _, rest = stem.partition(".")
    if half not in ("encoder", "decoder"):
        return ""
    if rest in ("conv_in", "conv_out"):
        return name
    if rest == "norm_out":
        return f"{half}.conv_norm_out.{kind}"
    found = re.fullmatch(r"(down|up)\.(\d+)\.(block\.(\d+)\.(\w+)|(?:down|up)sample\.conv)", rest)
    if found is not None:
        way, number, _, layer, what = found.groups()
        block = int(number) if way == "down" else levels - 1 - int(number)  # diffusers counts the way up from its start
        if layer is None:
            return f"{half}.{way}_blocks.{block}.{way}samplers.0.conv.{kind}"
        what = "conv_shortcut" if what == "nin_shortcut" else what
        return f"{half}.{way}_blocks.{block}.resnets.{layer}.{what}.{kind}"
    found = re.fullmatch(r"mid\.(?:block_([12])|attn_1)\.(\w+)", rest)
    if found is None:
        return ""
    number, what = found.groups()
    if number is not None:
        return f"{half}.mid_block.resnets.{int(number) - 1}.{what}.{kind}"
    return f"{half}.mid_block.attentions.0.{_ATTENTION.get(what, what)}.{kind}"


def clip_name(name: str) -> str:
    """`name` without the prefix; old files lack its "text_model."."""
    return name.removeprefix("text_model.")


def open_clip_names(name: str) -> tuple[str, ...]:
    """`name` without the prefix. Three names for the tensors that hold query, key and value in one, in this order."""
    if name in _OPEN_CLIP_TOP:
        return (_OPEN_CLIP_TOP[name],)
    found = re.fullmatch(r"transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)", name)
    if found is None:
        return ()
    number, what, kind = found.groups()
    start = f"encoder.layers.{number}"
    if what == "attn.in_proj":
        return tuple(f"{start}.self_attn.{part}_proj.{kind}" for part in "qkv")
    return (f"{start}.{_OPEN_CLIP[what]}.{kind}",) if what in _OPEN_CLIP else ()
