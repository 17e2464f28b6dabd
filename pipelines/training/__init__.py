"""Teach the shipped model's encoder and heads, measure them, and write the model card; serving is left to `pipelines.model`."""
