"""The pages below the panels on the rail. Each is a QWidget `Page(shell)`, built when it is first shown."""
