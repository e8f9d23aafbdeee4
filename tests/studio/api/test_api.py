"""The public surface is exactly the list of names, every hook is documented and used, and nothing heavy is imported."""

import inspect
import subprocess
import sys

import studio.api
from studio.api import hookspecs

HOOKS = {name: value for name, value in vars(hookspecs).items() if name.startswith("studio_")}


def test_every_public_name_exists_and_every_class_is_documented():
    for name in studio.api.__all__:
        value = getattr(studio.api, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, f"{name} has no docstring"


def test_every_hook_says_what_it_is_for():
    assert HOOKS
    for name, hook in HOOKS.items():
        assert hook.__doc__, name


def test_importing_the_api_is_cheap():
    code = (
        "import sys, studio.api; "
        "heavy = {'torch', 'numpy', 'PIL', 'PySide6', 'diffusers', 'transformers', 'sqlite3'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
