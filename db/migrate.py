"""Bring a database to the shape that the code expects; what that shape is, is left to `db.migrations`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from db.engine import connect

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x62656C6C  # "bell": any number, as long as everyone who migrates takes the same


def upgrade(url: str) -> None:
    """Take every step that the database at `url` has not taken yet, all of them or none.

    Whoever comes second waits for the first and then finds nothing to do.
    """
    engine = connect(url)
    try:
        with engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def current(engine: Engine) -> str | None:
    """Return the last step that the database has taken; None where it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the last step there is."""
    step = ScriptDirectory.from_config(_config(None)).get_current_head()
    assert step is not None
    return step


def is_at_head(engine: Engine) -> bool:
    """Tell whether the database has the shape that this code expects."""
    return current(engine) == head()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
