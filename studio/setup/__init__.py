"""What must be true of a machine before Studio can start. Standard library only: nothing is installed yet."""
