"""Connections to PostgreSQL; what is asked over them is left to the other modules of `db`."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.orm import Session


def connect(url: str, *, pool_size: int = 5) -> Engine:
    """Return an engine for `url`; nothing is connected yet.

    Parameters never show in errors or logs, since they hold texts. Times are read in UTC.
    """
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC", "application_name": "bellwether"},
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Yield a session inside one transaction: committed at the end, rolled back on any error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
