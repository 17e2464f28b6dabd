from decimal import Decimal

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from pipelines.errors import DeviceExhausted
from workers.errors import Unreachable
from workers.faults import describe, place, places

SECRET = "my card is 4111 1111 1111 1111"


def test_describe_tells_our_own_messages() -> None:
    assert describe(Unreachable("No stack runs.")) == "Unreachable: No stack runs."
    assert describe(DeviceExhausted("too small")) == "DeviceExhausted: too small"


def test_describe_tells_no_foreign_message() -> None:
    assert describe(ValueError(SECRET)) == "ValueError"


def test_describe_tells_no_value_that_the_database_refused(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT CAST(:value AS int)"), {"value": SECRET})

    assert "4111" in str(caught.value.orig)
    assert describe(caught.value) == "DataError (22P02)"


def test_describe_tells_what_ails_the_server(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 1"))
        with pytest.raises(DBAPIError) as caught:
            connection.execute(text("SELECT pg_sleep(5)"))

    assert describe(caught.value).endswith("canceling statement due to statement timeout (57014)")


def test_places_start_where_the_error_was_raised() -> None:
    with pytest.raises(ArithmeticError) as caught:
        Decimal(1) / Decimal(0)

    assert place(caught.value) == places(caught.value)[0]
    assert str(place(caught.value)).startswith("test_faults.py:")
