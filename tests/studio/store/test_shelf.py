"""The model shelf: finds what can be used, names what cannot and why, opens nothing dangerous."""

from __future__ import annotations

import builtins
import hashlib
import json
import pickle
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.core.model import Model
from studio.store import ModelShelf
from studio.store.safetensors import BadHeader, read_header

Tensors = Mapping[str, tuple[str, list[int]]]
SIZES = {"F32": 4, "F16": 2, "BF16": 2, "U8": 1}
BOMB = pickle.dumps(print)


def pack(tensors: Tensors, *, metadata: Mapping[str, str] | None = None) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, (dtype, shape) in tensors.items():
        size = SIZES[dtype]
        for n in shape:
            size *= n
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


WEIGHTS = pack({"a.weight": ("F16", [8, 4]), "b.bias": ("F32", [2])})


def pipeline(folder: Path) -> Path:
    """A whole pipeline as diffusers writes it."""
    parts = {"unet": ["diffusers", "UNet2DConditionModel"], "scheduler": ["diffusers", "DDIMScheduler"]}
    for part in parts:
        (folder / part).mkdir(parents=True)
    index = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1", **parts}
    index["safety_checker"] = [None, None]
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "unet" / "config.json").write_text('{"_class_name": "UNet2DConditionModel"}')
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(WEIGHTS)
    (folder / "scheduler" / "scheduler_config.json").write_text("{}")
    return folder


def language(folder: Path) -> Path:
    """A whole language model as transformers writes it."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def shelf(models: Path, tmp_path: Path) -> ModelShelf:
    return ModelShelf([models], [], tmp_path / "cache")


def only(shelf: ModelShelf) -> Model:
    (model,) = shelf.scan()
    return model


def test_a_pipeline(shelf: ModelShelf, models: Path) -> None:
    pipeline(models / "dreams")
    model = only(shelf)
    assert (model.id, model.title, model.family) == ("models/dreams", "dreams", "diffusers/StableDiffusionPipeline")
    assert (model.problem, model.dtype, model.bundled) == ("", "F16", False)
    assert model.size == sum(f.stat().st_size for f in (models / "dreams").rglob("*") if f.is_file())
    assert model.fits(("diffusers/*",))
    assert shelf.get("models/dreams") == model
    assert shelf.get("models/none") is None


def test_a_language_model_deep_in_folders(shelf: ModelShelf, models: Path) -> None:
    language(models / "text" / "org" / "tiny")
    assert (only(shelf).id, only(shelf).family) == ("models/text/org/tiny", "transformers/LlamaForCausalLM")


def test_the_name_in_a_shared_cache(shelf: ModelShelf, models: Path) -> None:
    language(models / "models--someone--tiny-stories" / "snapshots" / "0123abc")
    assert only(shelf).title == "tiny-stories"


def test_a_single_file(shelf: ModelShelf, models: Path) -> None:
    metadata = {"modelspec.title": "My mix", "modelspec.license": "CC0"}
    (models / "mix.safetensors").write_bytes(pack({"lora_unet_x.lora_up.weight": ("F16", [2])}, metadata=metadata))
    model = only(shelf)
    assert (model.family, model.title, model.licence, model.problem) == ("lora/weights", "My mix", "CC0", "")


def test_a_single_file_nobody_recognises(shelf: ModelShelf, models: Path) -> None:
    (models / "odd.safetensors").write_bytes(WEIGHTS)
    assert "does not recognise" in only(shelf).problem


def spoil(name: str, content: bytes | str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def index(**parts: Any) -> str:
    return json.dumps({"_class_name": "StableDiffusionPipeline", **parts})


UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (spoil("pipeline.py", "import os"), "program code (pipeline.py)"),
        (spoil("unet/evil.PY", "import os"), "program code (unet/evil.PY)"),
        (spoil("lib/x.so", b"\x7fELF"), "program code"),
        (spoil("unet/config.json", '{"auto_map": {"AutoModel": "evil.Model"}}'), "program code of its own"),
        (spoil("text_encoder/config.json", '{"trust_remote_code": true}'), "program code of its own"),
        (spoil("model_index.json", '{"_class_name": ["evil", "Pipe"]}'), "its own code"),
        (spoil("model_index.json", index(unet=["os", "system"])), "code from “os”"),
        (spoil("model_index.json", index(unet=[["os"], "system"])), "code from"),
        (spoil("model_index.json", "{"), "damaged"),
        (spoil("model_index.json", "[" * 50_000), "damaged"),
        (spoil("text_encoder/pytorch_model.bin", BOMB), "pickle"),
        (remove(UNET), "no weights"),
        (spoil(UNET, WEIGHTS[:-1]), "is incomplete"),
        (spoil(UNET, WEIGHTS + b"x"), "too many"),
        (spoil(UNET, BOMB), "is not a safetensors file"),
        (spoil(UNET, b""), "is empty or cut off"),
        (spoil("model_index.json", index(vae=["diffusers", "AutoencoderKL"])), "“vae” is missing"),
        (
            spoil("unet/diffusion_pytorch_model.safetensors.index.json", '{"weight_map": {"a": "2.safetensors"}}'),
            "“2.safetensors” is missing",
        ),
        (
            spoil("unet/diffusion_pytorch_model.safetensors.index.json", '{"weight_map": {"a": "../../x"}}'),
            "is missing",
        ),
    ],
)
def test_what_is_listed_with_its_reason_and_not_used(
    shelf: ModelShelf, models: Path, change: Callable[[Path], None], words: str
) -> None:
    change(pipeline(models / "dreams"))
    model = only(shelf)
    assert words in model.problem
    assert not model.fits(("*",))
    with pytest.raises(StudioError, match="is not used"):
        shelf.sha256(model.id)


@pytest.mark.parametrize("name", ["old.ckpt", "old.pt", "old.PTH", "old.bin", "old.pkl"])
def test_pickles_are_listed_and_never_opened(
    shelf: ModelShelf, models: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (models / name).write_bytes(BOMB)
    opened: list[str] = []
    original = builtins.open
    monkeypatch.setattr(builtins, "open", lambda file, *a, **k: (opened.append(str(file)), original(file, *a, **k))[1])
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: (opened.append(str(self)), original(self, *a, **k))[1])
    model = only(shelf)
    assert (model.title, model.family) == ("old", "pickle")
    assert "pickle" in model.problem
    assert not [path for path in opened if name in path]


def test_pickles_beside_safetensors_do_not_matter(shelf: ModelShelf, models: Path) -> None:
    folder = pipeline(models / "dreams")
    before = (only(shelf).problem, shelf.sha256("models/dreams"))
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(BOMB)
    (folder / "v1-5-pruned.ckpt").write_bytes(BOMB)
    (folder / "README.md").write_text("read me")
    assert (only(shelf).problem, shelf.sha256("models/dreams")) == before


def test_shipped_models_come_first_and_are_checked(models: Path, tmp_path: Path) -> None:
    language(models / "a")
    family = "diffusers/StableDiffusionPipeline"
    starter = Model(
        "starter/pictures", "Starter pictures", family, pipeline(tmp_path / "starter"), licence="Apache-2.0"
    )
    missing = Model("starter/none", "None", family, tmp_path / "none")
    shelf = ModelShelf([models, tmp_path / "no such folder"], [starter, missing], tmp_path / "cache")
    first, second, third = shelf.models()
    assert (first.id, first.bundled, first.problem, first.dtype) == ("starter/pictures", True, "", "F16")
    assert first.licence == "Apache-2.0"
    assert "missing" in second.problem
    assert third.id == "models/a"


def test_the_hash_of_a_file_and_of_a_folder(shelf: ModelShelf, models: Path) -> None:
    data = pack({"lora_unet_x.lora_up.weight": ("F16", [2])})
    (models / "one.safetensors").write_bytes(data)
    folder = language(models / "two")
    shelf.scan()
    assert shelf.sha256("models/one.safetensors") == hashlib.sha256(data).hexdigest()
    lines = [
        f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in ("config.json", "model.safetensors")
    ]
    assert shelf.sha256("models/two") == hashlib.sha256("".join(lines).encode()).hexdigest()
    with pytest.raises(StudioError, match="no model"):
        shelf.sha256("models/three")


def test_hashes_are_remembered_until_a_file_changes(
    shelf: ModelShelf, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = language(models / "two")
    assert only(shelf).sha256 == ""
    first = shelf.sha256("models/two")
    assert only(shelf).sha256 == first
    read: list[object] = []
    original = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, name: (read.append(file), original(file, name))[1])
    fresh = ModelShelf([models], [], tmp_path / "cache")
    assert fresh.models()[0].sha256 == fresh.sha256("models/two") == first
    assert read == []
    (folder / "config.json").write_text('{"architectures": ["OtherForCausalLM"]}')
    assert only(fresh).sha256 == ""
    assert fresh.sha256("models/two") != first
    assert len(read) == 1


def test_a_damaged_cache_of_hashes_is_no_matter(models: Path, tmp_path: Path) -> None:
    language(models / "two")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "model-hashes.json").write_text('{"files": {"x": 1')
    assert len(ModelShelf([models], [], tmp_path / "cache").sha256("models/two")) == 64


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_that_lead_in_circles(shelf: ModelShelf, models: Path) -> None:
    language(models / "a")
    (models / "loop").symlink_to(models, target_is_directory=True)
    assert [model.id for model in shelf.scan()] == ["models/a"]


def test_a_folder_with_config_json_that_is_no_model(shelf: ModelShelf, models: Path) -> None:
    (models / "app").mkdir()
    (models / "app" / "config.json").write_text('{"colour": "blue"}')
    assert "does not say what kind" in only(shelf).problem


def raw(header: str, data: bytes = b"", *, length: int | None = None) -> bytes:
    text = header.encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


LIES = [
    raw("{}", length=1 << 40),
    raw("{}", length=(1 << 63)),
    raw("[]"),
    raw("{" * 30_000),
    raw('{"a":' * 30_000),
    raw('{"a": {"dtype": "F32", "shape": [1]}}', bytes(4)),
    raw('{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}', bytes(4)),
    raw('{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}}'),
    raw('{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}', bytes(8)),
    raw('{"a": {"dtype": "F32", "shape": [99999999999999999999], "data_offsets": [0, 4]}}', bytes(4)),
    raw('{"a": {"dtype": 1, "shape": [1], "data_offsets": [0, 4]}}', bytes(4)),
    raw('{"a": {"dtype": "F32", "shape": [true], "data_offsets": [0, 4]}}', bytes(4)),
    raw('{"a": NaN}'),
    raw('{"a": 1, "a": 2}'),
    raw('{"a": "x"}'),
    raw(
        '{"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]},'
        ' "b": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]}}',
        bytes(6),
    ),
]


@pytest.mark.parametrize("content", LIES)
def test_headers_that_lie(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadHeader):
        read_header(path)


@pytest.mark.parametrize("content", [*LIES, b"", b"\x00" * 7, b"PK\x03\x04" + bytes(200), BOMB, WEIGHTS[:-1]])
def test_a_single_file_that_lies_is_listed_with_the_reason(shelf: ModelShelf, models: Path, content: bytes) -> None:
    (models / "trap.safetensors").write_bytes(content)
    model = only(shelf)
    assert (model.title, model.size) == ("trap", len(content))
    assert model.problem.startswith("“trap.safetensors” ")
    assert "again" in model.problem
    assert not model.fits(("*",))
    with pytest.raises(StudioError, match="is not used"):
        shelf.sha256(model.id)


def test_a_header_with_more_names_than_any_model(shelf: ModelShelf, models: Path) -> None:
    (models / "trap.safetensors").write_bytes(pack({f"t{number}": ("U8", [0]) for number in range(50_001)}))
    assert "more tensors than any model" in only(shelf).problem


def test_a_header_made_by_the_safetensors_library(tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    import numpy as np

    path = tmp_path / "x.safetensors"
    numpy.save_file({"w": np.zeros((3, 4), np.float16), "e": np.zeros((0, 2), np.float32)}, path, {"k": "v"})
    header = read_header(path)
    assert header.tensors["w"] == ("F16", (3, 4), 24)
    assert header.metadata == {"k": "v"}
    assert header.dtype() == "F16"
