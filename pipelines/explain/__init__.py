"""Say why the model answered as it did: which words moved it, which texts matched a topic. Answering is left to `pipelines.analyzer`."""
