"""Rows into a temporary table by COPY, the fastest way in; where they go from there is left to the caller's INSERT."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session


class CopyRefused(Exception):
    """PostgreSQL refused rows; its own message is left out, since it quotes their text."""


@dataclass(frozen=True, slots=True)
class Staging:
    """A temporary table of one connection: `columns` maps names to SQL types, in the order of the rows."""

    name: str
    columns: dict[str, str]


def copy_rows(session: Session, staging: Staging, rows: Iterable[Sequence[Any]]) -> None:
    """Put `rows`, and nothing else, into `pg_temp.<staging.name>`, in the session's own transaction.

    Strings must be clean (see `db.cleaning`). The rows are gone when the transaction ends. Raises CopyRefused without a row's text.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in staging.columns.items())
    session.execute(text(f"CREATE TEMPORARY TABLE IF NOT EXISTS {staging.name} ({columns}) ON COMMIT DELETE ROWS"))
    session.execute(text(f"TRUNCATE pg_temp.{staging.name}"))
    driver: Any = session.connection().connection.driver_connection
    command = f"COPY pg_temp.{staging.name} ({', '.join(staging.columns)}) FROM STDIN"
    try:
        with driver.cursor() as cursor, cursor.copy(command) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.OperationalError as error:
        raise OperationalError(command, None, error, hide_parameters=True) from error
    except psycopg.Error as error:
        raise CopyRefused(f"{CopyRefused.__doc__} {staging.name}: {type(error).__name__}, SQLSTATE {error.sqlstate}") from None
