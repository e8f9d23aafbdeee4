"""Torch parts that any generator may use. Importing the package itself loads nothing; take what you need by module."""

from __future__ import annotations

import os

# OpenMP's default spins while it waits and costs three to five times the processor time where the cores are also wanted
# by the window. Read once, when torch is loaded, therefore here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Both libraries tell the terminal at import about packages that nobody needs here.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
