"""Models of other programs, models used where they lie, copies, and what cards say."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.store import ModelPlaces, ModelShelf
from studio.store.model_cards import said_in_file, said_in_folder
from studio.store.model_import import Copying, known_programs, parts_of, survey, to_trash


def weights(path: Path, width: int = 768, **metadata: str) -> Path:
    """An embedding: the smallest real file that is recognised."""
    header: dict[str, Any] = {"emb_params": {"dtype": "F16", "shape": [2, width], "data_offsets": [0, 4 * width]}}
    if metadata:
        header["__metadata__"] = {f"modelspec.{name}": value for name, value in metadata.items()}
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(4 * width))
    return path


def pipeline(folder: Path) -> Path:
    """A diffusers folder as far as headers go."""
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text(
        json.dumps({"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]})
    )
    weights(folder / "unet" / "diffusion_pytorch_model.safetensors")
    return folder


# Where other programs keep theirs


def test_programs_are_found_by_their_folders_and_only_where_models_are(tmp_path: Path) -> None:
    for part in ("ComfyUI/models/checkpoints", "ComfyUI/models/loras", "ComfyUI/venv/lib", "ComfyUI/models/upscale"):
        (tmp_path / part).mkdir(parents=True)
    for part in ("models/Stable-diffusion", "models/Lora", "embeddings", "models/ESRGAN"):
        (tmp_path / "stable-diffusion-webui" / part).mkdir(parents=True)
    (tmp_path / "cache" / "hub" / "models--a--b").mkdir(parents=True)
    found = {p.title: p.folders for p in known_programs(tmp_path, {"HF_HOME": str(tmp_path / "cache")})}
    comfy, webui = tmp_path / "ComfyUI" / "models", tmp_path / "stable-diffusion-webui"
    assert found == {
        "ComfyUI": (comfy / "checkpoints", comfy / "loras"),
        "Stable Diffusion WebUI": (webui / "models/Stable-diffusion", webui / "models/Lora", webui / "embeddings"),
        "Hugging Face cache": (tmp_path / "cache" / "hub",),
    }
    assert parts_of(comfy) == (comfy / "checkpoints", comfy / "loras")
    assert known_programs(tmp_path / "nobody", {}) == ()


def test_the_models_of_invokeai_and_of_any_folder(tmp_path: Path) -> None:
    home = tmp_path / "invokeai"
    (home / "models" / "0a1b").mkdir(parents=True)
    assert parts_of(home) == (home / "models",)
    (tmp_path / "stuff").mkdir()
    assert parts_of(tmp_path / "stuff") == (tmp_path / "stuff",)


def test_a_survey_names_what_can_be_used_and_why_the_rest_cannot(tmp_path: Path) -> None:
    weights(tmp_path / "a" / "glow.safetensors", title="Glow")
    pipeline(tmp_path / "a" / "paint")
    (tmp_path / "a" / "old.ckpt").write_bytes(b"\x80\x04.")
    found = survey([tmp_path / "a", tmp_path / "a" / "glow.safetensors", tmp_path / "a" / "paint"])
    assert [(m.title, m.family, bool(m.problem)) for m in found] == [
        ("Glow", "embedding/weights", False),
        ("paint", "diffusers/StableDiffusionPipeline", False),
        ("old", "pickle", True),
    ]


# Used where they lie


def test_what_lies_elsewhere_is_listed_forgotten_and_listed_again(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    weights(own / "mine.safetensors")
    inside = weights(other / "loras" / "theirs.safetensors")
    single = weights(tmp_path / "downloads" / "one.safetensors")
    weights(tmp_path / "downloads" / "two.safetensors")
    places = tmp_path / "models.json"
    shelf = ModelShelf((own,), (), tmp_path / "cache", places=places)
    assert shelf.places is not None
    assert [m.title for m in shelf.scan()] == ["mine"]
    shelf.places.use(other)
    shelf.places.use(other)
    shelf.places.use(single)
    assert [m.title for m in shelf.scan()] == ["mine", "one", "theirs"]
    assert [shelf.is_own(model) for model in shelf.models()] == [True, False, False]
    shelf.places.forget(inside)
    shelf.places.forget(single)
    again = ModelShelf((own,), (), tmp_path / "cache", places=places)
    assert [m.title for m in again.scan()] == ["mine"]
    assert inside.exists()
    shelf.places.use(other)
    assert [m.title for m in shelf.scan()] == ["mine", "theirs"], "adding the folder again is a wish to see it"


def test_a_damaged_list_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text('{"folders": [')
    assert ModelPlaces(path).listed().folders == ()
    assert list(tmp_path.glob("*damaged*"))
    path.write_text(json.dumps({"folders": ["relative", 7, str(tmp_path)], "files": "no", "forgotten": None}))
    assert ModelPlaces(path).listed().folders == (tmp_path,)


# Copies


def test_copies_go_where_their_kind_belongs(tmp_path: Path) -> None:
    glow, paint = weights(tmp_path / "x" / "glow.safetensors"), pipeline(tmp_path / "x" / "paint")
    copying = Copying(survey([glow, paint]), tmp_path / "own")
    made = copying.run()
    assert set(made) == {tmp_path / "own" / "embeddings" / "glow.safetensors", tmp_path / "own" / "paint"}
    assert copying.done == copying.total > 0
    assert made[0].read_bytes() == glow.read_bytes() or made[1].read_bytes() == glow.read_bytes()
    assert (tmp_path / "own" / "paint" / "unet" / "diffusion_pytorch_model.safetensors").is_file()
    (second,) = Copying(survey([glow]), tmp_path / "own").run()
    assert second.name == "glow 2.safetensors"
    assert not list((tmp_path / "own").rglob(".*"))


def test_a_cancelled_copy_leaves_nothing_half(tmp_path: Path) -> None:
    copying = Copying(survey([pipeline(tmp_path / "paint")]), tmp_path / "own")
    copying.cancel()
    assert copying.run() == ()

    class Late(Copying):
        @property
        def cancelled(self) -> bool:
            return bool(self.done)

    assert Late(survey([tmp_path / "paint"]), tmp_path / "own").run() == ()
    assert not (tmp_path / "own").exists() or not list((tmp_path / "own").iterdir())


def test_a_disk_that_is_too_small_is_said_before(tmp_path: Path) -> None:
    (model,) = survey([weights(tmp_path / "glow.safetensors")])
    with model.path.open("r+b") as file:
        file.truncate(shutil.disk_usage(tmp_path).free + (1 << 40))  # holes take no room
    with pytest.raises(StudioError, match="There is not enough room for"):
        Copying([model], tmp_path / "own").run()


def test_a_trash_that_refuses_deletes_nothing(tmp_path: Path) -> None:
    def refuse(_path: Path) -> None:
        raise OSError("no trash on this drive")

    glow = weights(tmp_path / "glow.safetensors")
    with pytest.raises(StudioError, match="could not be put into the trash"):
        to_trash(glow, refuse)
    assert glow.exists()


# Hashes


def test_reading_a_hash_can_be_stopped(tmp_path: Path) -> None:
    weights(tmp_path / "own" / "glow.safetensors")
    shelf = ModelShelf((tmp_path / "own",), (), tmp_path / "cache")
    with pytest.raises(StudioError, match="stopped"):
        shelf.sha256("models/glow.safetensors", stop=lambda: True)
    assert not shelf.models()[0].sha256
    assert len(shelf.sha256("models/glow.safetensors")) == 64


# Cards


def test_what_a_file_says_of_itself(tmp_path: Path) -> None:
    weights(
        tmp_path / "own" / "glow.safetensors",
        title="Glow",
        license="CC-BY-4.0",
        author="A. Lind",
        description="<p>Soft *light*, see [here](https://x.y)</p>",
        trigger_phrase="soft glow",
    )
    (model,) = ModelShelf((tmp_path / "own",), (), tmp_path / "cache").scan()
    assert (model.title, model.licence, model.origin, model.base) == ("Glow", "CC-BY-4.0", "A. Lind", "sd1")
    assert model.summary == "Soft light, see here"
    assert model.facts["words"] == "soft glow"
    assert said_in_file({"modelspec.title": " ", "ss_tag": "x"}) == {}


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (
            "---\r\nlicense: other\r\nlicense_name: 'rail-m'\r\nbase_model: a/b\r\n---\r\n\r\n**Oil** on old canvas.",
            {"licence": "rail-m", "origin": "made from a/b", "summary": "Oil on old canvas."},
        ),
        ("# Only a title\n\n- a list of things that are long enough\n", {}),
        ("---\nlicense: mit\n", {"licence": "mit"}),
        ("---\n" * 2000, {}),
    ],
)
def test_what_a_folder_says_of_itself(tmp_path: Path, card: str, said: dict[str, str]) -> None:
    (tmp_path / "README.md").write_bytes(card.encode())
    assert said_in_folder(tmp_path) == said


def test_a_shared_cache_says_whose_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "models--somebody--paint" / "snapshots" / "abc"
    pipeline(folder)
    (model,) = survey([tmp_path])
    assert model.title == "paint"
    assert said_in_folder(folder)["origin"] == "huggingface.co/somebody/paint"
    (made,) = Copying([model], tmp_path / "own").run()
    assert made.name == "paint"
