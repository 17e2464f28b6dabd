"""Celery, HTTP and the terminal: what ties `pipelines` and `db` together."""
