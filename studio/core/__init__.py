"""Plain values and their rules. Standard library only: no Qt, no torch, no files, no threads."""
