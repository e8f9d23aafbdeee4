"""Pictures: the canvas, the diffusion generator, and the picture formats."""
