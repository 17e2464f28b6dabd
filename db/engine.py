"""Connections to PostgreSQL; what is asked over them is left to the other modules of `db`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

T = TypeVar("T")

_COLLISIONS = ("40001", "40P01")
"""SQLSTATE of a serialization failure and of a deadlock: somebody else got ahead, and the same again will do."""
_VANISHED = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""A server that vanished without a word is an error after a minute, not after the system's two hours."""


def connect(url: str, *, pool_size: int = 5) -> Engine:
    """Return an engine for `url`; nothing is connected yet.

    Parameters never show in errors or logs, since they hold texts. Times are read in UTC.
    """
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC", "application_name": "bellwether", **_VANISHED},
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Yield a session inside one transaction: committed at the end, rolled back on any error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def settled(engine: Engine, work: Callable[[Session], T]) -> T:
    """Run `work` in a transaction of its own, and once more if it collided with another; return what it returned.

    `work` must be ready to be run again from the start; nothing of its first run is left in the database.
    """
    try:
        with transaction(engine) as session:
            return work(session)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _COLLISIONS:
            raise
    with transaction(engine) as session:
        return work(session)
