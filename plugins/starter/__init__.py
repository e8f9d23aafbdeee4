"""The starter plugin: models that work at once, and everything that made them."""
