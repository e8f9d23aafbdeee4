"""The vocabulary: a byte-level BPE learned from the grammar's own documents, in a standard tokenizer folder."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from .grammar.document import document

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"


def make_tokenizer(folder: Path, *, documents: int = 12_000, size: int = 4096) -> PreTrainedTokenizerFast:
    """Learn the vocabulary and write the folder's files. Every text can be spelled, since all bytes are in it."""
    core = Tokenizer(models.BPE())
    # Line ends stand alone, so that headers are the same tokens whether or not a text follows them.
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n", behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    core.decoder = decoders.ByteLevel()
    core.train_from_iterator(
        (document(seed).text for seed in range(documents)),
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[BEGIN, END, PAD],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token=BEGIN, eos_token=END, pad_token=PAD, model_max_length=1024,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
    return tokenizer
