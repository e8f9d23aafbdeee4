"""Ends the program when loaded."""

raise SystemExit(2)
