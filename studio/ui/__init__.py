"""The shell: the main window and everything in it that belongs to no medium."""
