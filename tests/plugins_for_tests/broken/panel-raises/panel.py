"""Fails when the panel is loaded."""

raise OSError("no desk")
