"""Text as people wrote it, made readable for a model: every step keeps the way back to the original characters."""
