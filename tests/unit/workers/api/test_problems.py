import pytest
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from workers.api.problems import TYPES, as_problem
from workers.errors import BellwetherError, Conflict, NotFound, Overloaded, TimedOut, Unreachable, UsageError


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (UsageError("say which"), 422, "invalid-parameter"),
        (NotFound("no such thing"), 404, "not-found"),
        (Conflict("used before"), 409, "conflict"),
        (Overloaded("too much", retry_after_s=7), 429, "overloaded"),
        (Unreachable("no stack"), 503, "unavailable"),
        (TimedOut("too long"), 504, "unavailable"),
        (BellwetherError("failed"), 500, "internal"),
        (HTTPException(405, "Method Not Allowed"), 405, "method-not-allowed"),
        (RequestValidationError([{"loc": ("query", "limit"), "msg": "too small"}]), 422, "invalid-parameter"),
        (OperationalError("SELECT secret", {}, Exception("gone")), 503, "unavailable"),
        (PoolTimeout("no connection"), 503, "unavailable"),
        (RuntimeError("secret"), 500, "internal"),
    ],
)
def test_as_problem_gives_every_error_a_documented_type(error: Exception, status: int, slug: str) -> None:
    problem = as_problem(error)

    assert (problem.status, problem.slug) == (status, slug)
    assert slug in TYPES
    assert "secret" not in problem.detail


def test_as_problem_says_when_to_come_back() -> None:
    assert as_problem(Overloaded("too much", retry_after_s=7)).headers == {"Retry-After": "7"}
    assert "Retry-After" in as_problem(Unreachable("no stack")).headers
