"""Teach a model one task of one's own: `run` does it all, the other files one concern each; the default model is left to `train`."""
