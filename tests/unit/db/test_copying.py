import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db.copying import CopyRefused, Staging, copy_rows

ODD = Staging("odd", {"id": "int", "body": "text"})


def test_copy_rows_replaces_what_was_there(session: Session) -> None:
    copy_rows(session, ODD, [(1, "old")])
    copy_rows(session, ODD, [(2, "tab\t newline\n backslash\\ \\N"), (3, None)])

    assert session.execute(text("SELECT * FROM pg_temp.odd")).all() == [(2, "tab\t newline\n backslash\\ \\N"), (3, None)]


def test_copy_rows_leaves_no_row_behind_in_the_next_transaction(session: Session) -> None:
    copy_rows(session, ODD, [(1, "a")])
    session.commit()
    copy_rows(session, ODD, [])

    assert session.execute(text("SELECT count(*) FROM pg_temp.odd")).scalar_one() == 0


def test_copy_rows_tells_no_text_when_it_is_refused(session: Session) -> None:
    with pytest.raises(CopyRefused, match="SQLSTATE 22P02") as caught:
        copy_rows(session, ODD, [("secret", "secret")])

    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_copy_rows_raises_a_lost_connection_as_sqlalchemy_would(session: Session) -> None:
    copy_rows(session, ODD, [])
    session.connection().connection.driver_connection.close()  # type: ignore[union-attr]

    with pytest.raises(OperationalError):
        copy_rows(session, ODD, [(1, "a")])
