"""Studio: make pictures, text and music with generative models on your own machine."""

__version__ = "0.1.0"
