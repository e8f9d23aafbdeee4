"""The plugin host: what fails is named and set aside at its stage, and everything else works."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.engine import PluginHost
from tests.studio.engine.bench import BROKEN, WORKING

MANIFEST = 'id = "{id}"\nname = "{name}"\nversion = "1.0"\napi = "1.0"\nsummary = "For a test."\n'
HOOKS = """
from dataclasses import dataclass
from studio.api import *

@dataclass(frozen=True)
class Params:
    word: str = param("a", label="Word", help="A word.")

"""


def plugin(folder: Path, id: str, hooks: str = "", *, name: str = "", **files: str) -> Path:
    place = folder / id
    place.mkdir(parents=True)
    (place / "plugin.toml").write_text(MANIFEST.format(id=id, name=name or id.title()))
    (place / "hooks.py").write_text(HOOKS + textwrap.dedent(hooks))
    for file, text in files.items():
        (place / f"{file}.py").write_text(textwrap.dedent(text))
    return place


def loaded(bundled: Path, user: Path | None = None, **options: object) -> PluginHost:
    host = PluginHost(bundled, user, **{"entry_points": False, **options})  # type: ignore[arg-type]
    host.load()
    return host


def test_working_plugins_offer_what_they_offer() -> None:
    host = loaded(WORKING)
    assert [(info.id, info.status) for info in host.plugins] == [("stormy", "ok"), ("tiny", "ok"), ("tokens", "ok")]
    assert set(host.generators()) == {"tiny.picture", "tokens.text", "stormy.storm"}
    offer = host.generators()["tiny.picture"]
    assert offer.id == "tiny.picture"
    assert offer.plugin.name == "Tiny pictures"
    assert list(host.settings()) == ["tokens.Voice"]
    assert host.panels() == {}
    assert callable(host.code("tiny.picture", offer.spec.run))
    assert host.code("tokens", ".generate:run") is host.code("tokens.text", "generate:run")


@pytest.mark.parametrize(
    ("plugin_id", "stage", "details"),
    [
        ("manifest-toml", "manifest", "TOML"),
        ("manifest-permission", "manifest", "telepathy"),
        ("manifest-api", "manifest", "99.0"),
        ("manifest-needs", "manifest", "there_is_no_such_module"),
        ("import-error", "import", "No module named 'there_is_no_such_module'"),
        ("import-exit", "import", "SystemExit"),
        ("hook-raises", "hook", "no panels today"),
        ("hook-type", "hook", "one of them is str"),
        ("hook-unknown", "hook", "there is no hook called studio_generator"),
        ("hook-arguments", "hook", "window"),
    ],
)
def test_a_faulty_plugin_is_named_with_its_stage_and_the_others_work(plugin_id: str, stage: str, details: str) -> None:
    host = loaded(WORKING, BROKEN)
    info = host.plugin(plugin_id)
    assert (info.status, info.stage) == ("faulty", stage)
    assert details in info.problem.details + info.problem.message
    assert info.folder == BROKEN / plugin_id
    assert [other.status for other in host.plugins if other.bundled] == ["ok"] * 3
    assert {"panel-raises.say", "tiny.picture"} <= set(host.generators())
    assert not any(full.startswith(f"{plugin_id}.") for full in host.generators())


def test_a_panel_that_cannot_be_loaded_leaves_its_generator_to_the_general_panel() -> None:
    host = loaded(BROKEN)
    told: list[int] = []
    host.listen(lambda: told.append(1))
    offer = host.panels()["panel-raises.desk"]
    with pytest.raises(StudioError, match="The Panel raises plugin failed") as caught:
        host.code(offer.id, offer.spec.make)
    assert "no desk" in caught.value.details
    info = host.plugin("panel-raises")
    assert (info.status, info.stage) == ("faulty", "panel")
    assert "no desk" in info.problem.details
    assert told == [1]
    assert host.panels() == {}
    assert "panel-raises.say" in host.generators()


def test_system_exit_while_code_is_loaded_is_a_fault_like_any_other() -> None:
    host = loaded(BROKEN)
    with pytest.raises(StudioError) as caught:
        host.code("generate-import.say", "generate:run")
    assert "SystemExit" in caught.value.details
    assert host.plugin("generate-import").stage == "generate"


def test_a_name_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    plugin(tmp_path, "vague", generate="x = 1")
    host = loaded(tmp_path)
    with pytest.raises(StudioError):
        host.code("vague", "generate:run")
    with pytest.raises(StudioError, match="not available"):
        host.code("unheard-of", "generate:run")


def test_keyboard_interrupt_is_for_the_person_at_the_keyboard(tmp_path: Path) -> None:
    plugin(tmp_path, "ctrl-c", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        loaded(tmp_path)


def test_a_second_plugin_of_the_same_id_is_set_aside(tmp_path: Path) -> None:
    hooks = (
        "@hookimpl\ndef studio_generators():\n    return [GeneratorSpec('say', 'Say', 'g:run', Params, 'text/plain')]"
    )
    plugin(tmp_path / "bundled", "twin", hooks, name="First")
    plugin(tmp_path / "user", "twin", hooks, name="Second")
    host = loaded(tmp_path / "bundled", tmp_path / "user")
    assert [(info.name, info.status, info.stage) for info in host.plugins] == [
        ("First", "ok", ""),
        ("Second", "faulty", "manifest"),
    ]
    assert "already a plugin called 'twin'" in host.plugins[1].problem.message
    assert host.generators()["twin.say"].plugin.name == "First"


@pytest.mark.parametrize(
    ("hooks", "details"),
    [
        ("return [GeneratorSpec('say', 'Say', 'g:run', Params, 'text/plain')] * 2", "twice"),
        ("return [GeneratorSpec('Say!', 'Say', 'g:run', Params, 'text/plain')]", "lower-case"),
        ("return [GeneratorSpec('say', 'Say', 'os.system', Params, 'text/plain')]", "must name code"),
        ("return [GeneratorSpec('say', 'Say', 'g:run', int, 'text/plain')]", "int"),
        ("return [GeneratorSpec('say', 'Say', 'g:run', None, 'text/plain')]", "params dataclass"),
        ("return [GeneratorSpec('say', 'Say', 'g:run', Params, 'picture')]", "media type"),
        ("return [GeneratorSpec('say', 'Say', 'g:run', Params, 'text/plain', inputs=('image',))]", "pairs"),
        ("return None", "not NoneType"),
        ("yield GeneratorSpec('say', 'Say', 'g:run', Params, 'text/plain')", "not generator"),
    ],
)
def test_specs_that_cannot_work_are_found_at_once(tmp_path: Path, hooks: str, details: str) -> None:
    plugin(tmp_path, "odd", f"@hookimpl\ndef studio_generators():\n    {hooks}\n")
    plugin(tmp_path, "plain")
    host = loaded(tmp_path)
    assert host.plugin("odd").stage == "hook"
    assert details in host.plugin("odd").problem.details
    assert host.plugin("plain").status == "ok"


def test_a_panel_must_drive_generators_that_exist(tmp_path: Path) -> None:
    plugin(
        tmp_path,
        "desk",
        "@hookimpl\ndef studio_panels():\n    return [PanelSpec('d', 'D', 'p:make', generators=('x',))]",
    )
    assert "'x'" in loaded(tmp_path).plugin("desk").problem.details


def test_panels_come_in_the_order_of_the_rail(tmp_path: Path) -> None:
    for id, order in (("a", 30), ("b", 10), ("c", 20)):
        plugin(
            tmp_path, id, f"@hookimpl\ndef studio_panels():\n    return [PanelSpec('p', 'P', 'p:make', order={order})]"
        )
    assert list(loaded(tmp_path).panels()) == ["b.p", "c.p", "a.p"]


def test_a_plugin_that_is_off_is_listed_and_never_imported(tmp_path: Path) -> None:
    plugin(tmp_path, "loud", "raise AssertionError('imported')")
    host = loaded(tmp_path, disabled={"loud"})
    assert [(info.id, info.status) for info in host.plugins] == [("loud", "off")]
    with pytest.raises(StudioError):
        host.code("loud", "hooks:x")


def test_a_folder_meant_as_a_plugin_without_manifest_is_told(tmp_path: Path) -> None:
    plugin(tmp_path, "bare")
    (tmp_path / "bare" / "plugin.toml").unlink()
    (tmp_path / "notes").mkdir()
    (tmp_path / "readme.txt").write_text("x")
    host = loaded(tmp_path)
    assert [(info.id, info.stage) for info in host.plugins] == [("bare", "manifest")]


def test_folders_of_any_name_and_the_same_name_in_another_place(tmp_path: Path) -> None:
    odd = plugin(tmp_path / "one", "same", "", words="WORD = 1").rename(tmp_path / "one" / "my plugin.v2")
    assert loaded(tmp_path / "none", tmp_path / "one").code("same", "words:WORD") == 1
    plugin(tmp_path / "two", "same", "", words="WORD = 2").rename(tmp_path / "two" / odd.name)
    assert loaded(tmp_path / "none", tmp_path / "two").code("same", "words:WORD") == 2


def test_parts_of_a_plugin_import_each_other_and_its_package_may_have_an_init(tmp_path: Path) -> None:
    place = plugin(tmp_path, "parts", "from .words import WORD", words="from . import START\nWORD = START + 1")
    (place / "__init__.py").write_text("START = 1")
    assert loaded(tmp_path).code("parts", "words:WORD") == 2


def test_plugins_of_installed_packages_are_found_beside_their_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(tmp_path / "paintbox", "oil", "from .words import WORD", words="WORD = 5")
    (tmp_path / "paintbox" / "__init__.py").write_text("")
    info = tmp_path / "paintbox-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: paintbox\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[studio.plugins]\noil = paintbox.oil\ngone = no_such_package\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    host = loaded(WORKING, entry_points=True)
    assert host.plugin("oil").status == "ok"
    assert host.code("oil", "words:WORD") == 5
    assert host.plugin("gone").stage == "manifest"
    safe = loaded(WORKING, None, entry_points=False)
    assert {found.id for found in safe.plugins} == {"stormy", "tiny", "tokens"}


def test_set_aside_by_others_is_kept_and_told() -> None:
    host = loaded(WORKING)
    told: list[str] = []
    host.listen(lambda: told.append(host.plugin("tiny").stage))
    host.set_aside("tiny", "panel", ValueError("no canvas"))
    assert host.plugin("tiny").status == "faulty"
    assert "no canvas" in host.plugin("tiny").problem.details
    host.clear("tiny", "generate")
    host.clear("tiny", "panel")
    assert host.plugin("tiny").status == "ok"
    assert told == ["panel", ""]


def test_reading_plugins_loads_nothing_heavy() -> None:
    root = Path(__file__).parents[3]
    code = (
        f"import sys; sys.path.insert(0, {str(root)!r})\n"
        "from pathlib import Path\nfrom studio.engine import PluginHost, Engine\n"
        f"host = PluginHost(Path({str(WORKING)!r}), entry_points=False); host.load()\n"
        "assert host.generators()\n"
        "print(sorted({'torch', 'diffusers', 'numpy', 'PIL', 'PySide6', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
