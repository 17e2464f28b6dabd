from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db.engine import settled, transaction


def once(error: Exception) -> Callable[[Session], int]:
    """Return work that writes a row and then meets `error`, the first time."""
    errors = [error]

    def work(session: Session) -> int:
        session.execute(text("INSERT INTO rollup_touched (source_id, bucket_at) VALUES (1, now())"))
        if errors:
            raise DBAPIError("statement", {}, errors.pop())
        return 7

    return work


@pytest.fixture(autouse=True)
def _source(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(text("INSERT INTO source (id, name, kind, taxonomy) VALUES (1, 'desk', 'news', 'finance-desk')"))


def n_rows(engine: Engine) -> int:
    with transaction(engine) as session:
        return int(session.scalar(text("SELECT count(*) FROM rollup_touched")) or 0)


@pytest.mark.parametrize("error", [psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()])
def test_settled_works_once_more_after_a_collision(engine: Engine, error: Exception) -> None:
    assert settled(engine, once(error)) == 7
    assert n_rows(engine) == 1


def test_settled_raises_anything_else(engine: Engine) -> None:
    with pytest.raises(DBAPIError):
        settled(engine, once(psycopg.errors.DiskFull()))

    assert n_rows(engine) == 0
