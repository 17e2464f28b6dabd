"""What may be told of an error, none of it a record's text; where it is told is left to `workers.base` and `workers.ledger`.

Messages of foreign errors are not told: a database names the value that it refused, a parser the words that it stumbled over.
"""

import traceback
from pathlib import Path
from typing import Any

from pipelines.errors import PipelineError
from workers.errors import BellwetherError

_SERVER_FAULTS = ("08", "53", "54", "55", "57", "58")
"""Classes of SQLSTATE that tell of a server and its limits, and so of nobody's words."""
_FRAMES = 6


class TaskFailed(Exception):
    """A task failed; the message says why without any record's text, so that Celery and Flower may show it."""


def describe(error: BaseException) -> str:
    """Return an error's class, and its message where that is ours or the server's own, and so free of text."""
    name = type(error).__name__
    if isinstance(error, PipelineError | BellwetherError):
        return f"{name}: {error}"
    cause: Any = getattr(error, "orig", None)  # what psycopg raised, below SQLAlchemy's
    state: str | None = getattr(cause, "sqlstate", None)
    if state is None:
        return name
    told = cause.diag.message_primary if state.startswith(_SERVER_FAULTS) else None
    return f"{name}: {told} ({state})" if told else f"{name} ({state})"


def place(error: BaseException) -> str | None:
    """Return the innermost file and line."""
    return next(iter(places(error)), None)


def places(error: BaseException) -> list[str]:
    """Return the innermost files and lines, the place of the error first: a traceback without its last line, the message."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
