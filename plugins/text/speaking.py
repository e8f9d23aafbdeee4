"""Whether a model holds conversations, told from the files of its folder: the window has no tokenizer to ask."""

from __future__ import annotations

import json
from pathlib import Path

from studio.api import Model, Problem

_LARGEST = 16 << 20
"""Bytes of a tokenizer_config.json that is read: some list their thousands of tokens there."""

_known: dict[tuple[str, float], bool] = {}


def speaks(model: Model) -> bool | None:
    """True where the model brings a chat template, False where it does not, None where nobody can tell."""
    folder = model.path
    if not folder.is_dir():
        return None
    if (folder / "model_index.json").is_file():
        return False  # text diffusion fills passages
    if any((folder / name).exists() for name in ("chat_template.jinja", "chat_template.json")):
        return True
    return _told(folder / "tokenizer_config.json")


def _told(file: Path) -> bool | None:
    try:
        about = file.stat()
        key = str(file), about.st_mtime
        if key not in _known:
            if about.st_size > _LARGEST:
                return None
            data = json.loads(file.read_text(encoding="utf-8"))
            _known[key] = isinstance(data, dict) and bool(data.get("chat_template"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return None
    return _known[key]


def speechless(model: Model) -> Problem:
    """What to say where a model is asked to answer and cannot."""
    return Problem(
        f"{model.title} was not made for conversations: it brings no chat template.",
        "Choose a chat or instruct model on the right, or set the page to Prose and let it continue the text.",
    )
