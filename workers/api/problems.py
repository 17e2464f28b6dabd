"""Errors as RFC 9457 problems; which error deserves which status stands in `workers.errors`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from workers.errors import BellwetherError, Conflict, NotFound, Overloaded, TimedOut, Unreachable, UsageError

BASE = "/problems/"
"""Relative, so that whoever runs this API also explains its problems: GET on a type answers what it means."""

TYPES = {
    "bad-request": "The request can't be read as HTTP or JSON says it should.",
    "unauthorized": "The request has no API key, or one that doesn't work.",
    "forbidden": "This address is answered without a key only from this machine.",
    "not-found": "There is no such thing.",
    "method-not-allowed": "The address exists, but not with this method.",
    "conflict": "The request contradicts what is stored, such as an idempotency key used for other content.",
    "too-large": "The body, or the number of its records, is over the limit that the problem names.",
    "unsupported-media-type": "Records are sent as JSON or as JSON lines.",
    "invalid-parameter": "A parameter has a value that it can't have.",
    "all-rejected": "Not one record of the request could be taken; `items` says why, record by record.",
    "overloaded": "Too many records wait for analysis; send it again after `Retry-After` seconds.",
    "unavailable": "The broker or the database does not answer; nothing was taken.",
    "internal": "Bellwether failed; its log says how.",
}

_BY_ERROR = {
    UsageError: "invalid-parameter",
    NotFound: "not-found",
    Conflict: "conflict",
    Unreachable: "unavailable",
    Overloaded: "overloaded",
    TimedOut: "unavailable",
}
_BY_STATUS = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
}


class Problem(Exception):
    """An answer that is an error; `more` becomes members of its body."""

    def __init__(self, slug: str, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        """Take the type's last part, the status and one sentence."""
        super().__init__(detail)
        self.slug, self.status, self.detail = slug, status, detail
        self.headers, self.more = dict(headers or {}), more

    def response(self) -> JSONResponse:
        """Return the problem as HTTP."""
        body = {
            "type": BASE + self.slug,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        return JSONResponse(body, status_code=self.status, headers=self.headers, media_type="application/problem+json")


def install_problems(app: FastAPI) -> None:
    """Make every error that leaves `app` a problem."""
    app.add_exception_handler(Problem, _told)
    app.add_exception_handler(BellwetherError, _told)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _told)
    app.add_exception_handler(SQLAlchemyError, _told)
    app.add_exception_handler(Exception, _told)


async def _told(_: Request, error: Exception) -> JSONResponse:
    return as_problem(error).response()


def as_problem(error: Exception) -> Problem:
    """Return what a caller may know of `error`: never a traceback, and of unforeseen errors nothing."""
    match error:
        case Problem():
            return error
        case BellwetherError():
            return _foreseen(error)
        case HTTPException():
            slug = _BY_STATUS.get(error.status_code, "bad-request")
            return Problem(slug, error.status_code, str(error.detail), headers=error.headers)
        case RequestValidationError():
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"][1:])
            return Problem("invalid-parameter", 422, f"{name}: {first['msg']}", parameter=name)
        case OperationalError() | PoolTimeout():
            return Problem("unavailable", 503, "The database does not answer; nothing was taken.", headers={"Retry-After": "5"})
        case _:
            return Problem("internal", 500, TYPES["internal"])


def _foreseen(error: BellwetherError) -> Problem:
    slug = next((slug for cls, slug in _BY_ERROR.items() if isinstance(error, cls)), "internal")
    retry_after_s = error.retry_after_s if isinstance(error, Overloaded) else 5 if isinstance(error, Unreachable) else None
    return Problem(slug, error.status, str(error), headers={"Retry-After": str(retry_after_s)} if retry_after_s else None)
