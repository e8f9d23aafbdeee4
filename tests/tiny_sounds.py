"""The smallest audio models of real architectures with random weights, written to disk as people's models are."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AceStepConditionEncoder,
    AceStepPipeline,
    AceStepTransformer1DModel,
    AudioLDM2Pipeline,
    AudioLDM2ProjectionModel,
    AudioLDM2UNet2DConditionModel,
    AudioLDMPipeline,
    AutoencoderKL,
    AutoencoderOobleck,
    AutoencoderSAME,
    DDIMScheduler,
    EDMDPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    MusicLDMPipeline,
    StableAudio3DiTModel,
    StableAudio3DurationEmbedder,
    StableAudio3Pipeline,
    StableAudioDiTModel,
    StableAudioPipeline,
    StableAudioProjectionModel,
    UNet2DConditionModel,
)
from transformers import (
    ClapAudioConfig,
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    ClapTextConfig,
    ClapTextModelWithProjection,
    EncodecConfig,
    GPT2Config,
    GPT2Model,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3Model,
    RobertaTokenizer,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    T5Config,
    T5EncoderModel,
    T5GemmaConfig,
    T5GemmaEncoderModel,
    T5GemmaModuleConfig,
    T5Tokenizer,
    VitsConfig,
    VitsModel,
)

from studio.api import Model


def words(size: int = 64, *, start: bool = False) -> PreTrainedTokenizerFast:
    """A tokenizer over single letters."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    names = ["<pad>", "<s>", "</s>", "<unk>", *(chr(97 + i) for i in range(26))]
    names += [f"<extra{i}>" for i in range(size - len(names))]
    made = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=32,
    )


def roberta_words() -> RobertaTokenizer:
    """Letters, as CLAP's tokenizer reads them: AudioLDM 2 asks what class they are of."""
    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "\u0120", *(chr(97 + i) for i in range(26))]
    return RobertaTokenizer(vocab={name: i for i, name in enumerate(names)}, merges=[], model_max_length=32)


def t5_words() -> T5Tokenizer:
    letters = [(chr(97 + i), -2.0) for i in range(26)]
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -2.0), ("\u2581", -1.0), *letters]
    return T5Tokenizer(vocab=vocab, extra_ids=0, model_max_length=32)


def t5() -> T5EncoderModel:
    return T5EncoderModel(T5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=2))


def stable_audio(folder: Path, *, latents_heard: int = 8) -> Model:
    """64 frames of 8 latents, 16 samples each: two seconds at 512 Hz. The encoder makes `latents_heard` of them."""
    torch.manual_seed(0)
    pipe = StableAudioPipeline(
        vae=AutoencoderOobleck(
            encoder_hidden_size=2 * latents_heard, downsampling_ratios=[2, 8], decoder_channels=3,
            decoder_input_channels=8, audio_channels=2, channel_multiples=[2, 4], sampling_rate=512,
        ),
        text_encoder=t5(),
        projection_model=StableAudioProjectionModel(
            text_encoder_dim=32, conditioning_dim=16, min_value=0, max_value=32
        ),
        tokenizer=words(),
        transformer=StableAudioDiTModel(
            sample_size=64, in_channels=8, num_layers=1, attention_head_dim=8, num_attention_heads=4,
            num_key_value_attention_heads=2, out_channels=8, cross_attention_dim=16, cross_attention_input_dim=16,
            global_states_input_dim=32, time_proj_dim=8,
        ),
        scheduler=EDMDPMSolverMultistepScheduler(
            sigma_min=0.3, sigma_max=500, sigma_data=1.0, sigma_schedule="exponential", prediction_type="v_prediction"
        ),
    )  # fmt: skip
    pipe.save_pretrained(folder)
    # As the real one says it.
    for file in (folder / "model_index.json", folder / "scheduler" / "scheduler_config.json"):
        text = file.read_text().replace("EDMDPMSolverMultistepScheduler", "CosineDPMSolverMultistepScheduler")
        file.write_text(text)
    return Model(
        "models/sa", "Tiny Stable Audio", "sound/StableAudioPipeline", folder, sha256=f"{latents_heard:x}" * 64
    )


def clap() -> ClapModel:
    text = ClapTextConfig(
        vocab_size=64, hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        projection_dim=8, pad_token_id=0, bos_token_id=1, eos_token_id=2, max_position_embeddings=64,
    )  # fmt: skip
    audio = ClapAudioConfig(
        spec_size=8, window_size=4, num_mel_bins=8, patch_size=2, patch_stride=2, patch_embeds_hidden_size=8,
        projection_dim=8, depths=[1, 1], num_attention_heads=[1, 1], num_hidden_layers=2, hidden_size=16,
    )  # fmt: skip
    return ClapModel(ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=8))


def mel_autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 16), in_channels=1, out_channels=1, latent_channels=4, norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip


def spectrogram_unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, sample_size=8, in_channels=4, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=(8, 16), class_embed_type="simple_projection", projection_class_embeddings_input_dim=8,
        class_embeddings_concat=True, norm_num_groups=8, attention_head_dim=4,
    )  # fmt: skip


def vocoder(rate: int = 800) -> SpeechT5HifiGan:
    """Eight bands of a spectrogram to a wave, four samples a row."""
    return SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=8, sampling_rate=rate, upsample_initial_channel=16, upsample_rates=[2, 2],
            upsample_kernel_sizes=[4, 4], resblock_kernel_sizes=[3, 7],
            resblock_dilation_sizes=[[1, 3, 5], [1, 3, 5]],
            normalize_before=False,
        )
    )  # fmt: skip


def music_ldm(folder: Path) -> Model:
    """A mel spectrogram's latents, and a vocoder."""
    torch.manual_seed(0)
    pipe = MusicLDMPipeline(
        vae=mel_autoencoder(),
        text_encoder=clap(),
        tokenizer=words(),
        feature_extractor=ClapFeatureExtractor(feature_size=8, sampling_rate=16_000),
        unet=spectrogram_unet(),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False),
        vocoder=vocoder(),
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return Model("models/ml", "Tiny MusicLDM", "sound/MusicLDMPipeline", folder, sha256="2" * 64)


def audio_ldm_2(folder: Path) -> Model:
    """Two readers, a language model that goes on from what they read, and a denoiser that looks at both."""
    torch.manual_seed(0)
    pipe = AudioLDM2Pipeline(
        vae=mel_autoencoder(),
        text_encoder=clap(),
        text_encoder_2=t5(),
        projection_model=AudioLDM2ProjectionModel(text_encoder_dim=8, text_encoder_1_dim=32, langauge_model_dim=16),
        language_model=GPT2Model(
            GPT2Config(n_embd=16, n_head=2, n_layer=1, n_ctx=99, n_positions=99, vocab_size=64)
        ),
        tokenizer=roberta_words(),
        tokenizer_2=t5_words(),
        feature_extractor=ClapFeatureExtractor(feature_size=8, sampling_rate=16_000),
        unet=AudioLDM2UNet2DConditionModel(
            block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=8, sample_size=8, in_channels=4,
            out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=([None, 16, 32], [None, 16, 32]),
        ),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False),
        vocoder=vocoder(),
    )  # fmt: skip
    pipe.language_model.config.max_new_tokens = 3
    pipe.save_pretrained(folder)
    return Model("models/a2", "Tiny AudioLDM 2", "sound/AudioLDM2Pipeline", folder, sha256="5" * 64)


def ace_step(folder: Path) -> Model:
    """Words and lyrics; 16 samples to a latent, latents with time first: two seconds are 64 of them."""
    torch.manual_seed(0)
    width = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "sliding_window": 16,
    }
    pipe = AceStepPipeline(
        vae=AutoencoderOobleck(
            encoder_hidden_size=16, downsampling_ratios=[2, 8], decoder_channels=3,
            decoder_input_channels=8, audio_channels=2, channel_multiples=[2, 4], sampling_rate=512,
        ),
        text_encoder=Qwen3Model(
            Qwen3Config(
                vocab_size=64, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
                num_key_value_heads=1, head_dim=16, max_position_embeddings=4096,
            )
        ),
        tokenizer=words(),
        transformer=AceStepTransformer1DModel(
            **width, num_hidden_layers=2, in_channels=24, audio_acoustic_hidden_dim=8, patch_size=2
        ),
        condition_encoder=AceStepConditionEncoder(
            **width, text_hidden_dim=32, timbre_hidden_dim=8, num_lyric_encoder_hidden_layers=1,
            num_timbre_encoder_hidden_layers=1
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0),
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return Model("models/as", "Tiny ACE-Step", "sound/AceStepPipeline", folder, sha256="6" * 64)


def audio_ldm(folder: Path) -> Model:
    """The first of its kind: as MusicLDM, with the reader alone."""
    torch.manual_seed(0)
    text = ClapTextConfig(
        vocab_size=64, hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        projection_dim=8, pad_token_id=0, bos_token_id=1, eos_token_id=2, max_position_embeddings=64,
    )  # fmt: skip
    pipe = AudioLDMPipeline(
        vae=mel_autoencoder(),
        text_encoder=ClapTextModelWithProjection(text),
        tokenizer=words(),
        unet=spectrogram_unet(),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False),
        vocoder=vocoder(),
    )
    pipe.save_pretrained(folder)
    return Model("models/al", "Tiny AudioLDM", "sound/AudioLDMPipeline", folder, sha256="7" * 64)


def stable_audio_3(folder: Path) -> Model:
    """Flow matching with noise at every step; the wave in patches of eight, two patches to a latent."""
    torch.manual_seed(0)
    part = T5GemmaModuleConfig(
        vocab_size=64, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, layer_types=["full_attention"], sliding_window=32,
    )  # fmt: skip
    pipe = StableAudio3Pipeline(
        vae=AutoencoderSAME(
            patch_size=8, encoder_channels=16, encoder_c_mults=[2], encoder_strides=[2],
            encoder_transformer_depths=[1], latent_dim=8, dim_heads=8, sampling_rate=512,
        ),
        text_encoder=T5GemmaEncoderModel(T5GemmaConfig(encoder=part, decoder=part, is_encoder_decoder=False)),
        tokenizer=words(),
        duration_embedder=StableAudio3DurationEmbedder(output_dim=32, fourier_dim=16),
        transformer=StableAudio3DiTModel(
            io_channels=8, embed_dim=32, depth=1, num_heads=2, cond_token_dim=32, global_cond_dim=32,
            local_add_cond_dim=9, timestep_features_dim=16, num_memory_tokens=4,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(stochastic_sampling=True),
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return Model("models/s3", "Tiny Stable Audio 3", "sound/StableAudio3Pipeline", folder, sha256="9" * 64)


def musicgen(folder: Path) -> Model:
    """Four codebooks of 32 words."""
    torch.manual_seed(0)
    coder = EncodecConfig(
        sampling_rate=800, audio_channels=1, normalize=False, num_filters=4, num_residual_layers=1,
        upsampling_ratios=[4, 2], hidden_size=8, codebook_size=32, codebook_dim=8, num_lstm_layers=1,
        target_bandwidths=[2.0], use_causal_conv=False,
    )  # fmt: skip
    decoder = MusicgenDecoderConfig(
        vocab_size=32, hidden_size=16, ffn_dim=16, num_hidden_layers=1, num_attention_heads=2, num_codebooks=4,
        pad_token_id=32, bos_token_id=32, eos_token_id=None, audio_channels=1,
    )  # fmt: skip
    text = T5Config(vocab_size=64, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    config = MusicgenConfig(text_encoder=text.to_dict(), audio_encoder=coder.to_dict(), decoder=decoder.to_dict())
    net = MusicgenForConditionalGeneration(config)
    net.generation_config.decoder_start_token_id = 32
    net.generation_config.pad_token_id = 32
    net.save_pretrained(folder)
    words().save_pretrained(folder)
    return Model("models/mg", "Tiny MusicGen", "sound/MusicgenForConditionalGeneration", folder, sha256="3" * 64)


def vits(folder: Path) -> Model:
    """A voice."""
    torch.manual_seed(0)
    config = VitsConfig(
        vocab_size=64, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, ffn_dim=16, flow_size=16,
        spectrogram_bins=9, duration_predictor_num_flows=2, duration_predictor_filter_channels=16,
        prior_encoder_num_flows=2, posterior_encoder_num_wavenet_layers=2, prior_encoder_num_wavenet_layers=2,
        upsample_initial_channel=16, upsample_rates=[4, 4], upsample_kernel_sizes=[8, 8],
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]], sampling_rate=800, depth_separable_num_layers=1,
    )  # fmt: skip
    VitsModel(config).save_pretrained(folder)
    words().save_pretrained(folder)
    return Model("models/vi", "Tiny VITS", "sound/VitsModel", folder, sha256="4" * 64)
