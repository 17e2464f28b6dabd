"""How OpenAPI tells of the problems a route may answer; their making is left to `workers.api.problems`."""

from http import HTTPStatus
from typing import Any

from workers.api.schemas import ProblemOut


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's words for these problems, and for those that any route may answer."""
    schema = {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {"application/problem+json": {"schema": schema}}}
        for status in sorted({*statuses, 401, 403, 422, 503})
    }
