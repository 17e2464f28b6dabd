"""Ask a model again after its texts were changed: what it withstands, and whom it judges differently; measuring is left to `evaluation`."""
