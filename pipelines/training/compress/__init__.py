"""Make a smaller or faster variant of a model, and refuse it where it reads worse; serving it is left to `pipelines.model`."""
