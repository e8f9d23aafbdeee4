"""The Text plugin: a manuscript that writes with a language model."""
