"""Training, saving and judging the starter picture model."""
