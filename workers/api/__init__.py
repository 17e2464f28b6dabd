"""The HTTP face: `uvicorn workers.api:app`; what the answers are made of is left to `workers.intake` and `db`."""

from workers.api.app import app

__all__ = ["app"]
