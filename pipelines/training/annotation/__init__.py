"""Labels out and in: choose the records worth a person's time, write them as Label Studio tasks, read back what people said.

Teaching a model by them is left to `pipelines.training.own`.
"""
